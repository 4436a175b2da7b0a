//! Whether a name is free for a file, on case-sensitive disks and on others.

use std::io;

use headway_files::Library;
use headway_model::RelPath;

/// Whether a name is free for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Availability {
    /// Nothing has it.
    Free,
    /// The folder ignores case, and the name is the file's own in another case.
    Same,
    /// Another file has it.
    Taken,
}

/// Whether a name is free for a file, as the disk is now.
pub(super) fn availability(library: &Library, from: &RelPath, to: &RelPath) -> io::Result<Availability> {
    if !library.has(to)? {
        return Ok(Availability::Free);
    }
    let is_same = differs_in_case(from, to) && !library.lists(to)?;
    Ok(if is_same { Availability::Same } else { Availability::Taken })
}

/// Whether two names in the same folder differ only in case.
fn differs_in_case(one: &RelPath, other: &RelPath) -> bool {
    let folded = |path: &RelPath| path.as_str().to_uppercase().to_lowercase();
    one != other && one.parent() == other.parent() && folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_more_than_case_are_two() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let differs = |one: &str, other: &str| differs_in_case(&path(one), &path(other));
        assert!(differs("a/IMG.JPG", "a/img.jpg") && differs("Straße", "STRASSE"));
        assert!(!differs("a/x", "a/x") && !differs("a/x", "A/x") && !differs("a/x", "a/y"));
    }
}
