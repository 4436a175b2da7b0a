//! How a new job treats files that an earlier job has processed.

use serde::{Deserialize, Serialize};

use super::serde_defaults::is_default;
use crate::read::FromJson;

/// How a job treats files that the same recipe has processed with the same settings, and that have not changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDone {
    /// Skip them.
    Skip,
    /// Skip them, and also files with the same content as a processed file: those that were moved. Every file must be
    /// read to find these.
    SkipMoved,
    /// Process them again.
    Again,
}

/// Why a file that was already processed runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rerun {
    /// It changed since, or its output is gone.
    Changed,
    /// It was processed with other settings.
    Settings,
}

/// How many already processed files run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reruns {
    /// Files that changed since, or whose output is gone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub changed: u32,
    /// Files that were processed with other settings.
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
    /// Its word in SQL and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Rerun::Changed => "changed",
            Rerun::Settings => "settings",
        }
    }

    /// Parses its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Rerun::Changed, Rerun::Settings].into_iter().find(|rerun| rerun.word() == word)
    }

    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            Rerun::Changed => "changed since it was done",
            Rerun::Settings => "done before with other settings",
        }
    }
}
