//! The files that are only in the report of a job. The page and the API offer the report itself.

use futures::StreamExt;

use super::follow::plain;
use headway_client::Client;
use headway_model::RelPath;
use headway_model::summary::JobView;

/// The report of verify.
const VERIFIED: &str = "REPORT.txt";

/// Maximum number of bytes that are read of a report in which every line counts: more than 500,000 lines.
const WHOLE: usize = 64 * 1_024 * 1_024;

/// The verdicts of files that are not items of the job, because they are missing or cannot be inspected.
const ABSENT: [&str; 2] = ["missing", "unreadable"];

/// The files that a verify names in its report alone, each with what is wrong with it; none if it has no report, `None` if
/// that cannot be read.
pub(super) async fn absent(client: &Client, view: &JobView) -> Option<Vec<(RelPath, String)>> {
    if !view.outputs.iter().any(|output| output == VERIFIED) {
        return Some(Vec::new());
    }
    let text = output(client, view, VERIFIED, WHOLE).await?;
    Some(text.lines().filter_map(absent_file).collect())
}

/// The file of a line, if it is one of those.
fn absent_file(line: &str) -> Option<(RelPath, String)> {
    let (path, why) = line.split_once('\t').filter(|_| !line.starts_with("# "))?;
    let is_absent = ABSENT.iter().any(|verdict| why.strip_prefix(verdict).is_some_and(|rest| rest.starts_with(':')));
    Some((path.parse().ok().filter(|_| is_absent)?, plain(why)))
}

/// The beginning of a file that a job wrote, at least this many bytes of it.
async fn output(client: &Client, view: &JobView, name: &str, bytes: usize) -> Option<String> {
    let path = format!("/api/v1/jobs/{}/outputs/{name}", view.summary.job);
    let mut parts = std::pin::pin!(client.bytes(&path).await.ok()?);
    let mut text = Vec::new();
    while text.len() < bytes
        && let Some(part) = parts.next().await
    {
        text.extend(part.ok()?);
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_read_from_its_line() {
        let line = "a b/c%0A\tmissing: the manifest names it, and it is not there (line 3)";
        let (path, why) = absent_file(line).expect("a missing file");
        assert_eq!(path.to_bytes().as_slice(), b"a b/c\n");
        assert!(why.starts_with("missing: the manifest"), "{why}");
        for line in ["# a\tmissing: x", "a\tchanged: x", "a\tmissing", "line 3: x (not checked)"] {
            assert_eq!(absent_file(line), None, "{line}");
        }
    }
}
