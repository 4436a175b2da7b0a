//! How an attempt ended: what a success did and found, and the kinds of failures.

use serde_json::{Map, Value, json};

use super::Library;
use headway_files::{Change, Found, Moves, Placement, environment, io_text, is_storage_error};
use headway_model::{Digest, DiskEffect, FailReason, PauseReason, RelPath, SkipReason};

/// How an attempt succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// What it did to the disk.
    pub effect: DiskEffect,
    /// What it found.
    pub result: Value,
}

impl Success {
    /// It put an output into place.
    pub fn with_output(mut self, library: &Library, placement: &Placement) -> Self {
        self.effect = placement.effect();
        self.note(output_of(library, &placement.target, Some(placement.new)));
        self
    }

    /// Its files got other names.
    pub fn with_names(mut self, library: &Library, moves: &Moves) -> Self {
        self.effect = DiskEffect::Changed;
        self.note(moved_to(library, moves));
        self
    }

    /// Adds fields to what was found.
    pub fn note(&mut self, more: Map<String, Value>) {
        if let Value::Object(fields) = &mut self.result {
            fields.extend(more);
        }
    }
}

/// What is there now at the path of an output, as a field of a result: by this it is known later whether it is still so. What is
/// not known is left out.
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

/// Where the item's file has gone, as a field of a result.
fn moved_to(library: &Library, moves: &Moves) -> Map<String, Value> {
    let main = moves.main();
    if main.is_removed() {
        return Map::from_iter([("removed".to_owned(), json!(main.to))]);
    }
    let mut fields = match main.is_output() {
        true => output_of(library, &main.to, main.file.hash),
        false => Map::new(),
    };
    // What took the place of a file has its name.
    let is_in_place = main.is_output() && moves.files().iter().any(|other| other.is_removed() && other.from == main.to);
    if !is_in_place {
        fields.insert("moved".to_owned(), json!(main.to));
    }
    fields
}

/// What there is to say of a change that was made, as fields of a result.
pub fn details_of(library: &Library, change: &Change) -> Map<String, Value> {
    match change {
        Change::Output(placement) => output_of(library, &placement.target, Some(placement.new)),
        Change::Names(moves) => moved_to(library, moves),
    }
}

/// How an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was told to end, and did.
    Stopped,
    /// There was nothing to do.
    Skipped(SkipReason),
    /// It failed: why, and in a person's words.
    Failed(FailReason, String),
    /// The storage reported an input/output error: why the item fails if another try at once fails as well, and in a person's words.
    Storage(FailReason, String),
    /// It failed now, and may go well later, in a person's words; counts as a try.
    Retry(String),
    /// No item could go well, for this reason; does not count as a try.
    Environment(PauseReason),
    /// Its output was about to be put into place, and how far that came cannot be looked at now, for this reason.
    Unjudged(PauseReason),
    /// What did the work is gone, and how far it came is not known.
    Lost,
}

impl Failure {
    /// Of an error of the system: the environment's, the storage's at this item, or this item's.
    pub fn of(reason: FailReason, doing: &str, error: &std::io::Error) -> Failure {
        let text = || format!("{doing}: {}", io_text(error));
        match environment(error) {
            Some(pause) => Failure::Environment(pause),
            None if is_storage_error(error) => Failure::Storage(reason, text()),
            None => Failure::Failed(reason, text()),
        }
    }
}
