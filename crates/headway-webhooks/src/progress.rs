//! How far a webhook is: a small file for each, which is replaced durably after each delivery.

use std::io;
use std::path::{Path, PathBuf};

use headway_files::{Found, private};
use headway_model::Cursor;
use headway_model::id::Millis;
use serde::{Deserialize, Serialize};

/// The folder of these files in the data folder.
const FOLDER: &str = "webhooks";

/// Maximum size of such a file in bytes.
const LIMIT_BYTES: u64 = 1 << 20;

/// How many messages that were given up are remembered.
const GAVE_UP: usize = 100;

/// How far a webhook is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookProgress {
    /// Everything up to here is delivered, given up, or not wanted.
    pub cursor: Cursor,
    /// The id of the last message that was delivered or given up.
    pub previous: Option<String>,
    /// The message that is being delivered, if an attempt has failed.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// How many messages were delivered.
    #[serde(default)]
    pub delivered: u64,
    /// Why nothing is sent any more. Cleared at the next start of the server.
    #[serde(default)]
    pub disabled: Option<String>,
    /// The last messages that were given up, oldest first.
    #[serde(default)]
    pub gave_up: Vec<GaveUp>,
}

/// A message whose attempts have failed so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its id.
    pub id: String,
    /// How many attempts have failed.
    pub attempts: u32,
    /// When the first one was made.
    pub since: Millis,
    /// Why the last one failed.
    pub why: String,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaveUp {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Millis,
    /// Why its last attempt failed.
    pub why: String,
}

impl WebhookProgress {
    /// Begins here: what happened before is not sent.
    pub(crate) fn from(cursor: Cursor) -> Self {
        WebhookProgress { cursor, previous: None, pending: None, delivered: 0, disabled: None, gave_up: Vec::new() }
    }

    /// The progress of a webhook; `None` if it has never run. Blocking.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn read(data: &Path, webhook: &str) -> io::Result<Option<Self>> {
        let Some(text) = Found::of(private::read(&place(data, webhook), LIMIT_BYTES)).known()? else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(io::Error::other)
    }

    /// The names of the webhooks that have run on a data folder. Blocking.
    ///
    /// # Errors
    /// Of the file system.
    pub fn names(data: &Path) -> io::Result<Vec<String>> {
        private::names(&data.join(FOLDER))
    }

    /// Stores it durably. Blocking.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn store(&self, data: &Path, webhook: &str) -> io::Result<()> {
        let content = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        private::store(&data.join(FOLDER), &format!("{webhook}.json"), &content)
    }

    /// Notes the end of a message: it was delivered, or given up for this reason.
    pub(crate) fn passed(&mut self, id: String, cursor: Cursor, gave_up: Option<GaveUp>) {
        self.delivered += u64::from(gave_up.is_none());
        self.gave_up.extend(gave_up);
        let excess = self.gave_up.len().saturating_sub(GAVE_UP);
        self.gave_up.drain(..excess);
        (self.cursor, self.previous, self.pending) = (cursor, Some(id), None);
    }
}

fn place(data: &Path, webhook: &str) -> PathBuf {
    data.join(FOLDER).join(format!("{webhook}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_and_what_is_damaged_is_not_taken_for_a_beginning() {
        let data = tempfile::tempdir().expect("a folder");
        assert_eq!(WebhookProgress::read(data.path(), "ops").expect("no file"), None);
        let mut progress = WebhookProgress::from(Cursor::start());
        for number in 0..150 {
            let gave_up = GaveUp { id: number.to_string(), at: 1, why: "no".into() };
            progress.passed(number.to_string(), Cursor::start(), Some(gave_up));
        }
        assert_eq!((progress.gave_up.len(), progress.gave_up[0].id.as_str(), progress.delivered), (GAVE_UP, "50", 0));
        progress.store(data.path(), "ops").expect("stored");
        assert_eq!(WebhookProgress::read(data.path(), "ops").expect("a file"), Some(progress));
        std::fs::write(place(data.path(), "ops"), "{").expect("damage");
        assert!(WebhookProgress::read(data.path(), "ops").is_err());
    }
}
