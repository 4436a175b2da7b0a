//! The verdicts: each line of a manifest has one of six, and a file that no line names has a word of its own.

/// What is said of a file that no line names.
pub(super) const NEW: &str = "new";
/// What is said of a manifest itself.
pub(super) const MANIFEST: &str = "the manifest";

/// The content is what the line says.
pub(super) const OK: &str = "ok";
/// The content is not what the line says.
pub(super) const CHANGED: &str = "changed";
/// The same, while size and time of change are those that were recorded with the checksum.
pub(super) const BIT_ROT: &str = "bit rot";
/// It was looked for, and is not there.
pub(super) const MISSING: &str = "missing";
/// The system could not read it.
pub(super) const UNREADABLE: &str = "unreadable";
/// Nothing was compared.
pub(super) const NOT_CHECKED: &str = "not checked";

/// The six, in the order in which a report counts them. The words are the first of a failure's text, by which a report knows it.
pub(super) const ALL: [&str; 6] = [OK, CHANGED, BIT_ROT, MISSING, UNREADABLE, NOT_CHECKED];

/// An attempt that ended so did not read its file, and not because of that file.
const ENDED: [&str; 4] = ["ended after ", "took too long", "interrupted", "the recipe crashed"];

/// The verdict of an item that failed with this text.
pub(super) fn of_failure(text: &str) -> &'static str {
    let first = text.split(':').next().unwrap_or_default();
    if let Some(verdict) = ALL.into_iter().find(|verdict| *verdict == first) {
        return verdict;
    }
    let is_ended = ENDED.iter().any(|ended| text.starts_with(ended));
    if is_ended { NOT_CHECKED } else { UNREADABLE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_verdict_that_it_says_and_else_the_file_could_not_be_read() {
        assert_eq!(of_failure("bit rot: its content"), BIT_ROT);
        assert_eq!(of_failure("not checked: lines 1 and 2"), NOT_CHECKED);
        assert_eq!(of_failure("Permission denied"), UNREADABLE);
        assert_eq!(of_failure("ended after 3.0 s"), NOT_CHECKED);
        assert_eq!(of_failure("missing link"), UNREADABLE);
    }
}
