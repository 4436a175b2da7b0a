//! Names of files that are not for a job yet.

use headway_model::RelPath;

/// The endings of the names of files that a program is still writing.
const UNFINISHED: [&str; 6] = [".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download"];

/// Whether a file is hidden or still being written, by its path.
pub(super) fn is_unfinished(path: &RelPath) -> bool {
    let name = path.name().to_ascii_lowercase();
    path.as_str().split('/').any(|part| part.starts_with('.')) || UNFINISHED.iter().any(|end| name.ends_with(end))
}
