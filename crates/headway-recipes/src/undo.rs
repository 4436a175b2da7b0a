//! undo: what a job put into place goes to this job's own trash, and the originals come back, verified by hash. A file that is no
//! longer what the job put there is kept, and said.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use serde_json::json;

use super::{Attempt, Binding, EmptyOutput, Failure, Recipe, Success, Unable, Work};
use headway_files::{Library, OpenFile, Placement};
use headway_model::policy::OnInterrupt;
use headway_model::summary::RecipeInfo;
use headway_model::{Effect, FailReason, JobKind, Keep, OnDone, Output, Place, RelPath, SkipReason};

pub(super) struct Undo;

struct Bound {
    library: Arc<Library>,
    placed: HashMap<RelPath, Placement>,
}

impl Recipe for Undo {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: JobKind::UNDO.into(),
            summary: "Puts back what another job replaced, and takes away what it made.".into(),
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
        let placed = job.placed.iter().map(|placement| (placement.target.clone(), placement.clone()));
        Ok(Box::new(Bound { library: Arc::clone(job.library), placed: placed.collect() }))
    }
}

impl Work for Bound {
    fn output(&self, path: &RelPath, _: Option<&Output>) -> Option<Output> {
        let replaced = self.placed.get(path).is_some_and(|placement| placement.trash.is_some());
        // What is kept comes with the original itself.
        replaced.then(|| Output { keep: Keep::NONE, ..Output::to(Place::Replace) })
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
        let placement = self.placed.get(&attempt.path).ok_or_else(gone)?;
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
