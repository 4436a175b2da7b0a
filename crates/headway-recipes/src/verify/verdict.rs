//! The verdicts: each line of a manifest has one of six, and a file that no line names has a word of its own.

use headway_model::FailReason;

/// The verdict about a file that no line names.
pub(super) const NEW: &str = "new";
/// The verdict about a manifest itself.
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

/// The verdict of an item that failed for this reason, with this text.
pub(super) fn of_failure(reason: FailReason, text: &str) -> &'static str {
    match reason {
        FailReason::Recipe => {
            let first = text.split(':').next().unwrap_or_default();
            ALL.into_iter().find(|verdict| *verdict == first).unwrap_or(UNREADABLE)
        }
        FailReason::Read => UNREADABLE,
        // The attempt ended before the file was read, and not because of that file.
        FailReason::Write
        | FailReason::Panic
        | FailReason::Timeout
        | FailReason::Interrupted
        | FailReason::Conflict
        | FailReason::Command
        | FailReason::Verify => NOT_CHECKED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_verdict_that_it_says_and_else_the_file_could_not_be_read() {
        for (reason, text, expected) in [
            (FailReason::Recipe, "bit rot: its content", BIT_ROT),
            (FailReason::Recipe, "not checked: lines 1 and 2", NOT_CHECKED),
            (FailReason::Read, "Permission denied", UNREADABLE),
            (FailReason::Read, "missing: a link", UNREADABLE),
            (FailReason::Timeout, "ended after 3.0 s", NOT_CHECKED),
            (FailReason::Panic, "ok: a panic", NOT_CHECKED),
        ] {
            assert_eq!(of_failure(reason, text), expected, "{text}");
        }
    }
}
