//! The results of a job, for a terminal: the totals of the report that it wrote, and the files that are only in the
//! report. The page and the API offer the report itself.

use futures::StreamExt;
use serde::Deserialize;

use super::follow::plain;
use super::out::{count, counted};
use headway_client::Client;
use headway_model::RelPath;
use headway_model::summary::JobView;

/// The report of verify. Its first lines begin with `#` and count the verdicts.
const VERIFIED: &str = "REPORT.txt";

/// The totals of duplicates.
const DUPLICATES: &str = "DUPLICATES.json";

/// How much of a report is read, in bytes. Its totals come first.
const HEAD: usize = 64 * 1_024;

/// Maximum number of bytes that are read of a report in which every line counts: more than 500,000 lines.
const WHOLE: usize = 64 * 1_024 * 1_024;

/// The verdicts of files that are not items of the job, because they are missing or cannot be inspected.
const ABSENT: [&str; 2] = ["missing", "unreadable"];

/// The totals of a job's report, a line each; none if its recipe writes none, or they cannot be read.
pub(super) async fn reported(client: &Client, view: &JobView) -> Vec<String> {
    let has = |name: &str| view.outputs.iter().any(|output| output == name);
    let text = async |name: &str| output(client, view, name, HEAD).await;
    if has(VERIFIED) {
        return text(VERIFIED).await.map(|text| verdicts(&text)).unwrap_or_default();
    }
    if has(DUPLICATES) {
        return text(DUPLICATES).await.and_then(|text| duplicates(&text)).into_iter().collect();
    }
    Vec::new()
}

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

/// How many lines of a manifest have each verdict.
fn verdicts(report: &str) -> Vec<String> {
    report.lines().map_while(|line| line.strip_prefix("# ")).map(plain).collect()
}

#[derive(Deserialize)]
struct DuplicateTotals {
    groups: u64,
    files: u64,
    remove: u64,
    bytes: u64,
    unread: u64,
}

/// The number of files with the same content, and the space that they take.
fn duplicates(totals: &str) -> Option<String> {
    let totals: DuplicateTotals = serde_json::from_str(totals).ok()?;
    let groups = counted(totals.groups, "group of files", "groups of files");
    let unread =
        (totals.unread > 0).then(|| format!("; {} not read", counted(totals.unread, "file was", "files were")));
    let could = match totals.groups {
        0 => String::new(),
        _ => format!(
            ": {}; removing {} of them frees {}",
            counted(totals.files, "file", "files"),
            count(totals.remove),
            counted(totals.bytes, "byte", "bytes")
        ),
    };
    Some(format!("{groups} with the same content{could}{}", unread.unwrap_or_default()))
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

    #[test]
    fn the_totals_of_a_report_are_formatted_for_people() {
        let report =
            "# SHA256SUMS: 3 lines: ok 1, changed 1, missing 1\n# beside them: new 2\nb\tchanged\n# c\tmissing\n";
        assert_eq!(verdicts(report), ["SHA256SUMS: 3 lines: ok 1, changed 1, missing 1", "beside them: new 2"]);
        let totals = |groups, unread| {
            format!(r#"{{"library":"x","groups":{groups},"files":5,"remove":3,"bytes":12000,"unread":{unread}}}"#)
        };
        assert_eq!(
            duplicates(&totals(2, 0)).as_deref(),
            Some("2 groups of files with the same content: 5 files; removing 3 of them frees 12,000 bytes")
        );
        assert_eq!(
            duplicates(&totals(0, 1)).as_deref(),
            Some("0 groups of files with the same content; 1 file was not read")
        );
        assert_eq!(duplicates("{"), None);
    }
}
