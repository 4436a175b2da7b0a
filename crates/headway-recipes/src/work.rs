//! What a recipe does to the items of one job.

use serde_json::Value;

use super::{Attempt, Failure, OpenFile, Outputs, Staged, Success, Unable};
use headway_model::{FailReason, Output, PlannedFile, RelPath, SkipReason};

/// Plan, then items, then finish: what a recipe does in the last two, for one job.
pub trait Work: Send + Sync + 'static {
    /// Where the output of this file goes; `None` if it has none. The job's default unless said otherwise.
    fn output(&self, _path: &RelPath, default: Option<&Output>) -> Option<Output> {
        default.cloned()
    }

    /// The plan is made. Only this process may have seen it: after a restart the rest of the plan comes without a beginning.
    fn plan(&self, _plan: Plan<'_>) {}

    /// Which names this file, the item's own, and others that belong to it are to have; none unless said otherwise. All of them are
    /// changed together once it has run, or none is. Asked by the plan and by each attempt, with the item's number from 1: the
    /// answer may depend on nothing else. Blocking.
    fn renames(&self, _file: &PlannedFile, _number: u32) -> Result<Vec<Rename>, Failure> {
        Ok(Vec::new())
    }

    /// Whether its files may take names from each other, along a chain or around a cycle. Then the plan is made once all files are known.
    fn exchanges_names(&self) -> bool {
        false
    }

    /// Whether the item's file goes to the trash, once it has run and together with its [`Work::renames`].
    fn removes(&self, _file: &PlannedFile) -> bool {
        false
    }

    /// Whether the output that takes the place of a file has the same content: it is another name of one of the files that the item
    /// [reads](Work::reads), or shares its blocks. The item's own file goes to the trash.
    fn shares(&self) -> bool {
        false
    }

    /// Other files that must not change while an item is worked on: no other job writes them meanwhile.
    fn reads(&self, _path: &RelPath) -> Vec<RelPath> {
        Vec::new()
    }

    /// Where an item's file lies, if that is a trash, and the item's path is the one that it had.
    fn lies_at(&self, _path: &RelPath) -> Option<RelPath> {
        None
    }

    /// Whether it changes its input other than by an output.
    fn writes(&self) -> bool {
        false
    }

    /// What an output without a single byte means, where the file is not empty itself.
    fn empty_output(&self) -> EmptyOutput {
        EmptyOutput::Failure
    }

    /// Asked when the file is not there: what an earlier attempt on it did that was not recorded, as the process died. `None`, which is
    /// the default, leaves the file out as missing. Blocking.
    fn done_before(&self, _attempt: &Attempt) -> Result<Option<Success>, Failure> {
        Ok(None)
    }

    /// Works on one file. If it has an output that replaces the file, and says that nothing changed, no output is expected; with
    /// [renames](Work::renames), the output gets the new name of the file. Blocking; looks at [`Attempt::is_stopped`] often.
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure>;

    /// Looks at a finished output before it goes anywhere. Blocking.
    fn check(&self, _output: &Staged, _attempt: &Attempt) -> Result<(), Failure> {
        Ok(())
    }

    /// The last step, over all items but the cancelled ones, in the plan's order. It can be stopped and run again. A result that
    /// cannot be read, or that comes after a stop, is the last one, and no output may be written after it: return the error. What
    /// takes long beside the results asks [`Outputs::is_wanted`] now and then.
    fn finish(&self, _results: &mut ItemResults<'_>, _outputs: &Outputs) -> anyhow::Result<()> {
        Ok(())
    }
}

/// How a plan is made.
#[derive(Debug, Clone, Copy)]
pub enum Plan<'a> {
    /// From its first file on.
    Begins,
    /// A file that is to be worked on.
    File(&'a PlannedFile),
    /// All files are known.
    Ends,
}

/// A file gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The name that it has.
    pub from: RelPath,
    /// The name that it is to have. Nothing is overwritten that already has it.
    pub to: RelPath,
}

/// What an output without a single byte means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyOutput {
    /// Something went wrong and was not said: it never takes the place of a file.
    Failure,
    /// It may be what was wanted.
    Result,
}

/// An item that succeeded or failed, as the last step sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The file.
    pub path: RelPath,
    /// What the recipe found.
    pub result: Value,
    /// Why it failed, if it did.
    pub failure: Option<(FailReason, String)>,
    /// Why it was skipped, if it was. What was done before has the result of that time, as far as it is still in the log.
    pub skip: Option<SkipReason>,
}

/// The items that the last step is about, or why the rest of them cannot be read.
pub type ItemResults<'a> = dyn Iterator<Item = Result<ItemResult, Unable>> + 'a;
