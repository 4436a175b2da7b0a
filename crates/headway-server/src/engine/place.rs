//! Puts a finished output into place: check it, flush it to the disk, record the placing, then swap.

use std::io;
use std::time::{Duration, Instant};

use super::recover_change::made_or_recovered;
use super::{ActiveJob, Context};
use crate::steps::{Step, UnderWay};
use headway_files::{Change, Library, OpenFile, Placement, Sealed, Staged, fault, fault_of};
use headway_model::{Digest, DiskEffect, FailReason, JobEvent, Output, SkipReason};
use headway_recipes::{Attempt, EmptyOutput, Failure, Success, Work};
use headway_store::AppendError;

/// How often it is looked whether the log is certainly this process's.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long that can be uncertain while the log is there: then another process has it.
const LONGEST_DOUBT: Duration = Duration::from_secs(10);

/// Puts the output of a successful run into place. `step` is the check of it. Blocking.
pub(super) fn place(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    (input, attempt): (&OpenFile, &Attempt),
    (output, staged): (&Output, &Staged),
    (success, step): (Success, UnderWay),
) -> Result<Success, Failure> {
    let library = &active.library;
    let (sealed, old) = finished(library, work, (input, attempt), (output, staged))?;
    let replaces = output.replaces();
    let still = || {
        let still = library.is_still(&attempt.path, input);
        match still.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
            true => Ok(()),
            false => Err(Failure::Skipped(SkipReason::Changed)),
        }
    };
    if old == Some(sealed.hash) {
        still()?;
        library.discard(staged);
        return Ok(Success { effect: DiskEffect::Unchanged, ..success });
    }
    let trash = match replaces {
        true => {
            Some(library.trash(&staged.target, attempt.job, attempt.item, attempt.number).map_err(fail("the trash"))?)
        }
        false => None,
    };
    let (temp, target) = (staged.temp.clone(), staged.target.clone());
    let placement = Placement { temp, target, trash, old, new: sealed.hash };
    // Whatever can hang on storage comes first: from the placing on, the attempt is always waited for.
    let opened = library.open_placement(&placement).map_err(fail("putting the output into place"))?;
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    still()?;
    if !attempt.begin_placing() {
        return Err(Failure::Stopped);
    }
    record(context, attempt, placement.event(attempt.item, attempt.number))?;
    staged.recorded();
    let _step = step.go_on(Step::Place(attempt.item), || attempt.is_stopped());
    fault_of("placing", active.request.title.as_deref().unwrap_or_default());
    fault("recorded");
    until_sure(context)?;
    let made = library.place(&placement, &opened, input);
    made_or_recovered(library, &Change::Output(placement.clone()), "putting the output into place", made)?;
    Ok(success.with_output(library, &placement))
}

/// A failure to write during this action.
pub(super) fn fail(doing: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::of(FailReason::Write, doing, &error)
}

/// Syncs an output and checks it. Returns what was written, and the hash of the original if that is to be replaced.
pub(super) fn finished(
    library: &Library,
    work: &dyn Work,
    (input, attempt): (&OpenFile, &Attempt),
    (output, staged): (&Output, &Staged),
) -> Result<(Sealed, Option<Digest>), Failure> {
    let sealed = library.seal(staged, output.keep, input);
    let sealed = sealed.map_err(|error| Failure::of(FailReason::Write, "writing the output", &error))?;
    let sealed = sealed.map_err(|instead| Failure::Failed(FailReason::Verify, instead.text().into()))?;
    fault("sealed");
    check_size(work.empty_output(), output, &sealed, input)?;
    work.check(staged, attempt)?;
    let old = match output.replaces() {
        true => Some(input.hash().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?),
        false => None,
    };
    Ok((sealed, old))
}

/// Checks the output's size: not empty if that is a failure, and smaller if the request asks for that.
fn check_size(empty: EmptyOutput, output: &Output, sealed: &Sealed, input: &OpenFile) -> Result<(), Failure> {
    if empty == EmptyOutput::Failure && sealed.size == 0 && input.size() > 0 {
        return Err(Failure::Failed(FailReason::Verify, "the output is empty".into()));
    }
    let Some(percent) = output.smaller else { return Ok(()) };
    let most = u128::from(input.size()) * u128::from(100 - percent.min(100));
    let fits = u128::from(sealed.size) * 100 <= most && sealed.size < input.size();
    if fits { Ok(()) } else { Err(Failure::Skipped(SkipReason::NotSmaller)) }
}

/// Waits until it is certain that no other process has taken over the log: the change is recorded, and whoever takes
/// over looks at how far it got. Only a moment must pass between this and the change.
pub(super) fn until_sure(context: &Context) -> Result<(), Failure> {
    let begun = Instant::now();
    while !context.store.is_sure() {
        let is_away = context.store.away().is_some();
        if !context.log.is_recording() || !is_away && begun.elapsed() > LONGEST_DOUBT {
            return Err(Failure::Stopped);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

/// Records a change. Nothing is moved before it is durable, nor if the attempt no longer holds the item.
pub(super) fn record(context: &Context, attempt: &Attempt, event: JobEvent) -> Result<(), Failure> {
    match context.handle.block_on(context.log.append(attempt.job, event, None)) {
        Ok(_) => Ok(()),
        Err(AppendError::TooLarge) => Err(Failure::Failed(
            FailReason::Write,
            "the paths of its files, its output and its place in the trash are together too long to record".into(),
        )),
        Err(AppendError::Refused(_) | AppendError::Dead) => Err(Failure::Stopped),
    }
}
