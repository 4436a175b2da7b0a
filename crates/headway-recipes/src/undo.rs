//! undo: what a job put into place goes to this job's own trash, and the originals come back, verified by hash; files that it renamed
//! get their names back. A file that is no longer what the job left is kept, and said.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use serde_json::json;

use super::{Attempt, Binding, EmptyOutput, Failure, Recipe, Rename, Success, Unable, Work};
use headway_files::{Change, Library, Moves, OpenFile};
use headway_model::policy::OnInterrupt;
use headway_model::summary::RecipeInfo;
use headway_model::{Effect, FailReason, JobKind, Keep, OnDone, Output, Place, PlannedFile, RelPath, SkipReason};

pub(super) struct Undo;

struct Bound {
    library: Arc<Library>,
    undone: HashMap<RelPath, Change>,
}

impl Recipe for Undo {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: JobKind::UNDO.into(),
            summary: "Puts back what another job replaced or renamed, and takes away what it made.".into(),
            settings: Vec::new(),
            output: None,
            hidden: true,
        }
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn on_interrupt(&self) -> OnInterrupt {
        // It looks at each file first, so it may begin again.
        OnInterrupt::Retry
    }

    fn on_done(&self) -> OnDone {
        OnDone::Again
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let undone = job.undone.iter().map(|change| (change.path().clone(), change.clone()));
        Ok(Box::new(Bound { library: Arc::clone(job.library), undone: undone.collect() }))
    }
}

impl Work for Bound {
    fn output(&self, path: &RelPath, _: Option<&Output>) -> Option<Output> {
        let replaced = matches!(self.undone.get(path), Some(Change::Output(placement)) if placement.trash.is_some());
        // What is kept comes with the original itself.
        replaced.then(|| Output { keep: Keep::NONE, ..Output::to(Place::Replace) })
    }

    fn renames(&self, file: &PlannedFile, _: u32) -> Result<Vec<Rename>, Failure> {
        match self.undone.get(&file.path) {
            Some(Change::Names(moves)) => self.names_back(file, moves),
            _ => Ok(Vec::new()),
        }
    }

    fn writes(&self) -> bool {
        true
    }

    fn empty_output(&self) -> EmptyOutput {
        // An original may have been empty, and its hash says so.
        EmptyOutput::Result
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let gone = || Failure::Skipped(SkipReason::NotOurs);
        let placement = match self.undone.get(&attempt.path).ok_or_else(gone)? {
            Change::Output(placement) => placement,
            Change::Names(moves) => {
                let result = json!({ "put_back": moves.main().0 });
                return Ok(Success { effect: Effect::Changed, result });
            }
        };
        let present = input.hash().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        if present != placement.new {
            return Err(gone());
        }
        let Some(trash) = &placement.trash else { return self.take_away(input, attempt) };
        let output = attempt.output.as_ref().ok_or_else(gone)?;
        let original = self.library.open_trashed(trash).known();
        let original = original.map_err(|error| Failure::of(FailReason::Read, "reading the trash", &error))?;
        let original = original
            .ok_or_else(|| Failure::Failed(FailReason::Read, "the original is no longer in the trash".into()))?;
        let advance = |bytes| {
            attempt.advance(bytes);
            !attempt.is_stopped()
        };
        let hash = output.fill_from(&original, advance);
        match hash.map_err(|error| Failure::of(FailReason::Write, "copying the original", &error))? {
            None => Err(Failure::Stopped),
            Some(hash) if Some(hash) == placement.old => {
                Ok(Success { effect: Effect::Changed, result: json!({ "put_back": trash }) })
            }
            Some(_) => {
                let message = "what lies in the trash is no longer the original; nothing was touched".into();
                Err(Failure::Failed(FailReason::Verify, message))
            }
        }
    }
}

impl Bound {
    /// The names that a file and those that went with it had before. One that is no longer there stays away.
    fn names_back(&self, file: &PlannedFile, moves: &Moves) -> Result<Vec<Rename>, Failure> {
        let left = &moves.steps()[0];
        if file.was_seen() && (file.size, file.mtime_ns) != (left.size, left.mtime_ns) {
            return Err(Failure::Skipped(SkipReason::NotOurs));
        }
        let mut renames = Vec::new();
        for (to, from) in moves.ends() {
            let there = from == file.path
                || self.library.has_file(&from).map_err(|error| {
                    Failure::of(FailReason::Read, "looking for the files that were renamed with it", &error)
                })?;
            if there {
                renames.push(Rename { from, to });
            }
        }
        Ok(renames)
    }

    /// A file that the job made goes to the trash of this one.
    fn take_away(&self, input: &OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let fail = |error: io::Error| Failure::of(FailReason::Write, "moving it to the trash", &error);
        let trash = self.library.trash(&attempt.path, attempt.job, attempt.item, attempt.number).map_err(fail)?;
        if !self.library.is_still(&attempt.path, input).map_err(fail)? {
            return Err(Failure::Skipped(SkipReason::NotOurs));
        }
        // Once nobody waits for this attempt any more, nothing is moved.
        if attempt.is_stopped() || !attempt.begin_placing() {
            return Err(Failure::Stopped);
        }
        self.library.move_to_trash(&attempt.path, &trash).map_err(fail)?;
        Ok(Success { effect: Effect::Changed, result: json!({ "moved_to": trash }) })
    }
}
