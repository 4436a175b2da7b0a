//! What was done before, and what becomes of it in a new job.

use serde::{Deserialize, Serialize};

use super::serde_defaults::is_default;

/// What becomes of files that were done before: by the same recipe with the same settings, and unchanged since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDone {
    /// They are skipped.
    Skip,
    /// As [`OnDone::Skip`], and so are files with the content of one that was done: those that were moved. Every file
    /// is read to know it.
    SkipMoved,
    /// They run again.
    Again,
}

/// Why a file that was done before runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rerun {
    /// It changed since, or its output is gone.
    Changed,
    /// It was done with other settings.
    Settings,
}

/// How many files that were done before run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reruns {
    /// They changed since.
    #[serde(default, skip_serializing_if = "is_default")]
    pub changed: u32,
    /// They were done with other settings.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: u32,
}

impl Reruns {
    /// Counts one more.
    pub fn add(&mut self, rerun: Rerun) {
        match rerun {
            Rerun::Changed => self.changed += 1,
            Rerun::Settings => self.settings += 1,
        }
    }
}

impl Rerun {
    /// The word for it, in SQL and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Rerun::Changed => "changed",
            Rerun::Settings => "settings",
        }
    }

    /// From its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Rerun::Changed, Rerun::Settings].into_iter().find(|rerun| rerun.word() == word)
    }

    /// In a person's words.
    pub fn text(self) -> &'static str {
        match self {
            Rerun::Changed => "changed since it was done",
            Rerun::Settings => "done before with other settings",
        }
    }
}
