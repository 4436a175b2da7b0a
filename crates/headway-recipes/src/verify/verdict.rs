//! The verdicts: each line of a manifest gets one of six. A file that no line names gets none; the report calls it `new`.

use headway_model::FailReason;

/// The word in the report for a file that no line names. It is skipped: nothing was compared.
pub(super) const NEW: &str = "new";
/// The word for a finding about a manifest itself.
pub(super) const MANIFEST: &str = "the manifest";

/// The content matches the line.
pub(super) const OK: &str = "ok";
/// The content does not match the line.
pub(super) const CHANGED: &str = "changed";
/// The content does not match the line, although size and modification time are those that were recorded with the
/// checksum.
pub(super) const BIT_ROT: &str = "bit rot";
/// The file does not exist.
pub(super) const MISSING: &str = "missing";
/// The system could not read the file.
pub(super) const UNREADABLE: &str = "unreadable";
/// Nothing was compared.
pub(super) const NOT_CHECKED: &str = "not checked";

/// The six verdicts, in the order of the report's counts. A failure's text begins with its verdict, and the
/// report recognises it by that.
pub(super) const ALL: [&str; 6] = [OK, CHANGED, BIT_ROT, MISSING, UNREADABLE, NOT_CHECKED];

/// The verdict on an item that failed for this reason, with this text.
pub(super) fn of_failure(reason: FailReason, text: &str) -> &'static str {
    match reason {
        FailReason::Recipe => {
            let first = text.split(':').next().unwrap_or_default();
            ALL.into_iter().find(|verdict| *verdict == first).unwrap_or(UNREADABLE)
        }
        FailReason::Read => UNREADABLE,
        // The attempt ended before the file was read, for another reason.
        FailReason::Write
        | FailReason::Panic
        | FailReason::Timeout
        | FailReason::Interrupted
        | FailReason::Conflict
        | FailReason::Command
        | FailReason::Verify
        | FailReason::Unable => NOT_CHECKED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_text_begins_with_its_verdict_or_means_unreadable() {
        for (reason, text, expected) in [
            (FailReason::Recipe, "bit rot: its content", BIT_ROT),
            (FailReason::Recipe, "not checked: lines 1 and 2", NOT_CHECKED),
            (FailReason::Read, "Permission denied", UNREADABLE),
            (FailReason::Read, "missing: a link", UNREADABLE),
            (FailReason::Timeout, "ended after 3.0 s", NOT_CHECKED),
            (FailReason::Panic, "ok: a panic", NOT_CHECKED),
            (FailReason::Unable, "the log cannot be read", NOT_CHECKED),
        ] {
            assert_eq!(of_failure(reason, text), expected, "{text}");
        }
    }
}
