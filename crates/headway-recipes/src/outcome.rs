//! How an attempt ends: what a success did and found, and the kinds of failures.

use serde_json::{Map, Value, json};

use super::Library;
use headway_files::{
    Change, Found, Moves, OpenError, Placement, environment, environment_of_start, io_text, is_storage_error,
};
use headway_model::{Digest, DiskEffect, FailReason, PauseReason, RelPath, SkipReason};

/// A successful attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// What it did to the disk.
    pub effect: DiskEffect,
    /// What it found.
    pub result: Value,
}

impl Success {
    /// Adds that an output was placed.
    pub fn with_output(mut self, library: &Library, placement: &Placement) -> Self {
        self.effect = placement.effect();
        self.note(output_of(library, &placement.target, Some(placement.new)));
        self
    }

    /// Adds that files were renamed.
    pub fn with_names(mut self, library: &Library, moves: &Moves) -> Self {
        self.effect = DiskEffect::Changed;
        self.note(moved_to(library, moves));
        self
    }

    /// Adds fields to the result.
    pub fn note(&mut self, more: Map<String, Value>) {
        if let Value::Object(fields) = &mut self.result {
            fields.extend(more);
        }
    }
}

/// Describes the file that is now at an output's path, as fields of a result. Later jobs compare them to see whether
/// the file is unchanged. Unknown values are left out.
pub fn output_of(library: &Library, path: &RelPath, hash: Option<Digest>) -> Map<String, Value> {
    let mut output = match library.size_and_time(path) {
        Found::There((size, mtime_ns)) => json!({ "path": path, "size": size, "mtime_ns": mtime_ns }),
        Found::Absent => json!({ "path": path }),
        Found::Unknown(error) => json!({ "path": path, "unknown": io_text(&error) }),
    };
    if let Some(hash) = hash {
        output["hash"] = json!(hash);
    }
    Map::from_iter([("output".to_owned(), output)])
}

/// The new path of the item's file, as a field of a result.
fn moved_to(library: &Library, moves: &Moves) -> Map<String, Value> {
    let main = moves.main();
    if main.is_removed() {
        return Map::from_iter([("removed".to_owned(), json!(main.to))]);
    }
    let mut fields = match main.is_output() {
        true => output_of(library, &main.to, main.file.hash),
        false => Map::new(),
    };
    // A substitute that took the place of the file has its name.
    let is_in_place = main.is_output() && moves.files().iter().any(|other| other.is_removed() && other.from == main.to);
    if !is_in_place {
        fields.insert("moved".to_owned(), json!(main.to));
    }
    fields
}

/// Describes a change that was made, as fields of a result.
pub fn details_of(library: &Library, change: &Change) -> Map<String, Value> {
    match change {
        Change::Output(placement) => output_of(library, &placement.target, Some(placement.new)),
        Change::Names(moves) => moved_to(library, moves),
    }
}

/// Why an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was asked to end, and did.
    Stopped,
    /// There was nothing to do, for this reason.
    Skipped(SkipReason),
    /// It failed: the kind of failure, and a message for people.
    Failed(FailReason, String),
    /// It failed as with [`Failure::Failed`], and the last step needs to know this of it, beside the message.
    Differs(FailReason, String, Value),
    /// The storage reported an input/output error. If an immediate retry fails too, the item fails with this kind and
    /// message.
    Storage(FailReason, String),
    /// It failed with this message, but might succeed later. Counts as a try.
    Retry(String),
    /// No item can succeed now, for this reason. Does not count as a try.
    Environment(PauseReason),
    /// The same, and this call failed: what was to be done, and the system's error.
    Call(PauseReason, String),
    /// Its output was being placed, and it cannot be determined now how far that got, for this reason: this call failed.
    NotRecovered(PauseReason, String),
    /// The process that did the work is gone, and it is not known how far it got.
    Lost,
    /// Somebody else holds one of its files. Nothing was done, and it does not count as a try.
    Held,
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Skip(reason) => Failure::Skipped(reason),
            OpenError::Fail(message) => Failure::Failed(FailReason::Read, message),
            OpenError::Storage(message) => Failure::Storage(FailReason::Read, message),
            OpenError::Environment(reason) => Failure::Environment(reason),
            OpenError::Call(reason, message) => Failure::Call(reason, format!("opening: {message}")),
        }
    }
}

impl Failure {
    /// The failure that an error of a program's start means: of the environment, or of this item alone.
    pub fn of_start(reason: FailReason, doing: &str, error: &std::io::Error) -> Failure {
        match environment_of_start(error) {
            Some(pause) => Failure::Call(pause, format!("{doing}: {}", io_text(error))),
            None => Failure::of(reason, doing, error),
        }
    }

    /// The failure that a system error means: of the environment, of the storage, or of this item alone.
    pub fn of(reason: FailReason, doing: &str, error: &std::io::Error) -> Failure {
        let text = format!("{doing}: {}", io_text(error));
        match environment(error) {
            Some(pause) => Failure::Call(pause, text),
            None if is_storage_error(error) => Failure::Storage(reason, text),
            None => Failure::Failed(reason, text),
        }
    }
}
