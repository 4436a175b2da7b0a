//! Opens the file of an attempt, if it still is as it was planned.

use std::ops::ControlFlow;

use super::super::half_changed_since::half_changed_since;
use super::super::{ActiveJob, Context};
use super::unable;
use headway_files::{OpenFile, might_be_in};
use headway_model::{FailReason, PlannedFile, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Success, Work};

/// The file, opened where it is (`at`, if its path is another one); or the result, if an earlier attempt did all the work.
pub(super) fn open_input(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    file: &PlannedFile,
    (attempt, at): (&Attempt, Option<&RelPath>),
) -> Result<ControlFlow<Success, OpenFile>, Failure> {
    let opened = at.map_or_else(|| active.library.open_file(file), |at| active.library.open_file_at(file, at));
    let opened = opened.map_err(Failure::from);
    if matches!(opened, Err(Failure::Skipped(SkipReason::Missing)))
        && let Some(done) = work.done_before(attempt)?
    {
        return Ok(ControlFlow::Break(done));
    }
    if let Some(reason) = half_changed_since(context, active, &file.path).map_err(unable)? {
        return Err(Failure::Skipped(reason));
    }
    if let Err(Failure::Skipped(reason @ (SkipReason::Missing | SkipReason::Changed))) = opened {
        not_kept(active, attempt, reason)?;
    }
    Ok(ControlFlow::Continue(opened?))
}

/// Fails if the file is not as it was planned, and might be in a folder that an earlier attempt left: only a person can tell.
fn not_kept(active: &ActiveJob, attempt: &Attempt, reason: SkipReason) -> Result<(), Failure> {
    let kept = active.library.kept_folder(attempt.job, attempt.item);
    let looking = |error| Failure::of(FailReason::Read, "looking for what an earlier attempt left", &error);
    match kept.map_err(looking)? {
        None => Ok(()),
        Some(folder) => {
            let message = format!("{}, and {}", reason.text(), might_be_in(&folder, &attempt.path));
            Err(Failure::Failed(FailReason::Read, message))
        }
    }
}
