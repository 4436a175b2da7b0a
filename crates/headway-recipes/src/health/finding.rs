//! What was found about a file that is not damaged.

use serde_json::{Value, json};

use crate::kind::FileKind;
use headway_model::event::cut;

/// Maximum length of the notes about a file, in bytes.
const NOTES_LIMIT: usize = 2_000;

/// What was found about a file that is not damaged.
#[derive(Debug, Default)]
pub(super) struct HealthFinding {
    /// What is wrong with it, although common programs open it.
    pub(super) doubts: Vec<String>,
    /// What was not decoded, and why.
    pub(super) unchecked: Vec<String>,
    /// What is odd, and not wrong.
    pub(super) notes: Vec<String>,
}

impl HealthFinding {
    /// A healthy file, with these notes.
    pub(super) fn healthy(notes: Vec<String>) -> Self {
        HealthFinding { notes, ..HealthFinding::default() }
    }

    /// Adds a note about `count` bytes behind the end of the content. Zeros are padding, anything else is a doubt.
    pub(super) fn behind(&mut self, count: u64, is_zero: bool) {
        match is_zero {
            true => self.notes.push(format!("there are {count} zeros after its end")),
            false => self.doubts.push(format!("there are {count} bytes after its end")),
        }
    }

    /// The result of the item.
    pub(super) fn result(self, kind: FileKind) -> Value {
        let verdict = match (self.doubts.is_empty(), self.unchecked.is_empty()) {
            (false, _) => "doubtful",
            (true, false) => "healthy as far as checked",
            (true, true) => "healthy",
        };
        let mut result = json!({ "verdict": verdict, "type": kind.word() });
        let notes = [self.doubts, self.unchecked, self.notes].concat();
        if !notes.is_empty() {
            result["notes"] = cut(&notes.join("; "), NOTES_LIMIT).into();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_counts_more_than_what_was_not_checked_and_that_more_than_a_note() {
        let verdict = |doubt: bool, unchecked: bool| {
            let list = |is_there: bool, text: &str| if is_there { vec![text.to_owned()] } else { Vec::new() };
            let notes = vec!["a note".to_owned()];
            let finding = HealthFinding { doubts: list(doubt, "a"), unchecked: list(unchecked, "b"), notes };
            let result = finding.result(FileKind::Pdf);
            (result["verdict"].as_str().unwrap().to_owned(), result["notes"].as_str().unwrap().to_owned())
        };
        assert_eq!(verdict(true, true), ("doubtful".into(), "a; b; a note".into()));
        assert_eq!(verdict(false, true), ("healthy as far as checked".into(), "b; a note".into()));
        assert_eq!(verdict(false, false), ("healthy".into(), "a note".into()));
    }
}
