//! What a recipe does to the items of one job.

use std::io;

use serde_json::Value;

use super::{Attempt, Failure, OpenFile, Outputs, Staged, Success, Unable};
use headway_model::{FailReason, Output, PlannedFile, RelPath, SkipReason};

/// Reads the first bytes of a file: [`HEAD`](super::HEAD) of them, or all if there are fewer.
pub type ReadHead<'a> = &'a dyn Fn() -> io::Result<Vec<u8>>;

/// A recipe's work for one job. A job is planned, then its items run, then the last step runs; all methods have
/// defaults except [`Work::run`].
pub trait Work: Send + Sync + 'static {
    /// Where the output of this file goes; `None` if it has none. By default, where the job says.
    fn output(&self, _path: &RelPath, default: Option<&Output>) -> Option<Output> {
        default.cloned()
    }

    /// Whether the recipe applies to a file with this name, and with the first [`HEAD`](super::HEAD) bytes that `head`
    /// reads. A plan that somebody waits for asks this of every file, on several threads, and leaves out the files to
    /// which the recipe does not apply. [`Work::run`] must skip exactly these files. A recipe that applies to every
    /// file does not call `head`. Blocking.
    fn is_for(&self, _path: &RelPath, _head: ReadHead<'_>) -> io::Result<bool> {
        Ok(true)
    }

    /// Whether a file that has not changed since an earlier job processed it, with this result, need not be processed again. No
    /// result: the content was processed under another name. A recipe that compares files with something outside them, such as
    /// a manifest, answers whether that still says the same.
    fn still_holds(&self, _path: &RelPath, _result: Option<&Value>) -> bool {
        true
    }

    /// Whether this work includes the file of this path, or a file in the folder of this path, although it is litter,
    /// which plans leave out.
    fn names(&self, _path: &RelPath, _is_folder: bool) -> bool {
        false
    }

    /// The files that the work expects in the library, such as those that a manifest names. A file that is expected in
    /// the folder of a job and does not exist is an item of the job all the same, so that it counts as missed.
    fn expects(&self) -> Vec<RelPath> {
        Vec::new()
    }

    /// Called while the plan is made. After a restart, only the rest of the plan is passed, without [`Plan::Begins`].
    fn plan(&self, _plan: Plan<'_>) {}

    /// The renames of the item's own file and its sidecar files; none by default. After the item has run, all of them
    /// are made together, or none is. Both the plan and each attempt ask, with the item's number from 1; the answer
    /// must depend on nothing else. Blocking.
    fn renames(&self, _file: &PlannedFile, _number: u32) -> Result<Vec<Rename>, Failure> {
        Ok(Vec::new())
    }

    /// Whether its files can take names from each other, along a chain or around a cycle. Then the plan is checked once
    /// all files are known.
    fn exchanges_names(&self) -> bool {
        false
    }

    /// Whether the item's file goes to the trash after the item has run, together with its [`Work::renames`].
    fn removes(&self, _file: &PlannedFile) -> bool {
        false
    }

    /// Whether the output that replaces a file has the same content, as a hard link to or a clone of a file that the
    /// item [reads](Work::reads). The item's own file goes to the trash.
    fn shares(&self) -> bool {
        false
    }

    /// Other files that must not change while an item is worked on. No other job writes them in the meantime.
    fn reads(&self, _path: &RelPath) -> Vec<RelPath> {
        Vec::new()
    }

    /// The path of the item's file in a trash, if it is in one; the item's own path is then the file's former path.
    fn lies_at(&self, _path: &RelPath) -> Option<RelPath> {
        None
    }

    /// Whether it changes its input by other means than an output.
    fn writes(&self) -> bool {
        false
    }

    /// What an empty output means if the input is not empty.
    fn empty_output(&self) -> EmptyOutput {
        EmptyOutput::Failure
    }

    /// Called when the file is missing: what an earlier attempt did to it that was not recorded because the process
    /// died. `None`, the default, skips the file as missing. Blocking.
    fn done_before(&self, _attempt: &Attempt) -> Result<Option<Success>, Failure> {
        Ok(None)
    }

    /// Works on one file. If the output replaces the file and the effect is "unchanged", no output is expected. If
    /// there are [renames](Work::renames), the output gets the file's new name. Blocking; must check
    /// [`Attempt::is_stopped`] often.
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure>;

    /// Checks a finished output before it is placed. Blocking.
    fn check(&self, _output: &Staged, _attempt: &Attempt) -> Result<(), Failure> {
        Ok(())
    }

    /// Called once a file that this work [removes](Work::removes) is in the trash, before the removal is reported: an
    /// error if the file that the removal relies on does not exist, or if that is not known. Then the removed file
    /// comes back. Blocking.
    fn holds(&self, _attempt: &Attempt) -> Result<(), Failure> {
        Ok(())
    }

    /// The last step, over all items except cancelled ones, in the plan's order. It can be stopped and run again. If
    /// a result is an error, because it cannot be read or the step was stopped, return that error and write nothing
    /// more. Long work besides reading results must check [`Outputs::check_wanted`] from time to time.
    fn finish(&self, _results: &mut ItemResults<'_>, _outputs: &Outputs) -> anyhow::Result<()> {
        Ok(())
    }
}

/// The progress of a plan.
#[derive(Debug, Clone, Copy)]
pub enum Plan<'a> {
    /// The plan begins with its first file.
    Begins,
    /// A file that will be worked on.
    File(&'a PlannedFile),
    /// All files are known.
    Ends,
}

/// A file to be renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// Its present name.
    pub from: RelPath,
    /// Its new name. A file that already has this name is never overwritten.
    pub to: RelPath,
}

/// What an empty output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyOutput {
    /// Something went wrong unnoticed. It never replaces a file.
    Failure,
    /// It can be the right result.
    Result,
}

/// An item that has ended, as the last step sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The file.
    pub path: RelPath,
    /// What the recipe found, also if that is a failure.
    pub result: Value,
    /// Why it failed, if it did.
    pub failure: Option<(FailReason, String)>,
    /// Why it was skipped, if it was. If it was already processed, it has its earlier result, as far as that is still
    /// in the log.
    pub skip: Option<SkipReason>,
}

/// The items for the last step, or why the rest of them cannot be read.
pub type ItemResults<'a> = dyn Iterator<Item = Result<ItemResult, Unable>> + 'a;
