//! Names of files that are not for a job yet.

use headway_model::RelPath;

/// The endings of the names of files that a program is still writing.
const UNFINISHED: [&str; 6] = [".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download"];

/// Whether a file of a watched folder is hidden there or still being written, by its path. The folder itself can be hidden.
pub(super) fn is_unfinished(path: &RelPath, folder: &RelPath) -> bool {
    let name = path.name().to_ascii_lowercase();
    let below = path.seen_from(folder);
    let mut parts = below.as_ref().unwrap_or(path).as_str().split('/');
    parts.any(|part| part.starts_with('.')) || UNFINISHED.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_below_the_watched_folder_is_left_out_wherever_the_folder_is() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let folder = path("x/.sync/in");
        assert!(!is_unfinished(&path("x/.sync/in/a"), &folder));
        for left_out in ["x/.sync/in/.a", "x/.sync/in/.b/a", "x/.sync/in/a.part"] {
            assert!(is_unfinished(&path(left_out), &folder), "{left_out}");
        }
        assert!(is_unfinished(&path(".sync/a"), &RelPath::default()));
    }
}
