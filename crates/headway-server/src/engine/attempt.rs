//! One attempt on one item, on a blocking thread. A panic fails that item alone.

mod apply;
mod open_input;
mod prepare;

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apply::apply;
use open_input::open_input;
use prepare::prepared;

use super::attempt_id::AttemptId;
use super::change::names;
use super::conflicts::can_be_open;
use super::exclusion::WantedFiles;
use super::outcome::outcome;
use super::panicked::Panicked;
use super::schedule::WorkOutcome;
use super::wanted_moves::WantedChange;
use super::{ActiveJob, Context};
use crate::steps::Step;
use headway_files::fault_of;
use headway_model::{
    DiskEffect, FailReason, ItemStatus, OnDone, Output, PauseReason, PlannedFile, RelPath, SkipReason,
};
use headway_recipes::{Attempt, Failure, Rename, Success, Unable, Work};

/// Makes the attempt. `slot` is its number among those running at the same time. Blocking.
pub(super) fn attempt(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    file: &PlannedFile,
    which: AttemptId,
    slot: u32,
) -> WorkOutcome {
    context.running.taken(which);
    let mut attempt = Attempt::new(which.job, which.item, which.attempt, file.path.clone(), file.size);
    attempt.items = active.items();
    attempt.slot = slot;
    let (output, renames) = match prepared(context, active, work, (file, which), &attempt) {
        Ok((output, staged, renames)) => {
            attempt.output = staged;
            (output, renames)
        }
        Err(failure) => {
            let failure = or_missing(active, &attempt, failure, Failure::Environment);
            note(context, active, &attempt, &failure);
            return outcome(Err(failure), &attempt);
        }
    };
    let attempt = Arc::new(attempt);
    if !context.running.working(&attempt, active.took()) {
        if let Some(staged) = &attempt.output {
            active.library.discard(staged);
        }
        return WorkOutcome::Stopped;
    }
    let has_run = AtomicBool::new(false);
    let working = || {
        or_panicked(|| match file.is_unlisted() {
            true => Err(unlisted(context, active, file, &attempt)),
            false => held(context, active, work, file, (output.as_ref(), &renames), &attempt, &has_run),
        })
    };
    let mut result = working();
    if matches!(result, Err(Failure::Storage(..))) && can_start_over(active, work, &attempt, &has_run) {
        if let Some(staged) = &attempt.output {
            active.library.discard(staged);
        }
        attempt.start_over();
        result = working();
    }
    // What is being placed is recovered.
    if !attempt.is_placing() {
        let has_acted = has_run.load(Ordering::Relaxed) && active.runs_programs() && work.writes();
        // How far a program got that changes its file is not known, and it is not repeated without asking.
        let missing: fn(PauseReason) -> Failure = if has_acted { |_| Failure::Lost } else { Failure::Environment };
        result = result.map_err(|failure| or_missing(active, &attempt, failure, missing));
    }
    if let Err(failure) = &result {
        note(context, active, &attempt, failure);
    }
    if let (Err(_), Some(staged)) = (&result, &attempt.output) {
        active.library.discard_unplaced(staged);
    }
    active.library.tidy_now_and_then();
    if result.is_ok() {
        active.note_duration(attempt.total, u64::try_from(attempt.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    outcome(result, &attempt)
}

/// Notes what decides when the job can go on if this pauses it, and what a person is told of that.
fn note(context: &Context, active: &ActiveJob, attempt: &Attempt, failure: &Failure) {
    let (reason, why) = match failure {
        Failure::Storage(_, why) => (PauseReason::StorageErrors, Some(why)),
        Failure::Call(reason, why) | Failure::NotRecovered(reason, why) => (*reason, Some(why)),
        Failure::Environment(reason) => (*reason, None),
        _ => return,
    };
    match (reason, failure) {
        (_, Failure::Storage(..)) => active.note_unreadable(&attempt.path),
        (PauseReason::LibraryGone, Failure::Environment(_) | Failure::Call(..)) => active.note_missed_disk(),
        _ => {}
    }
    match why {
        Some(why) => context.pause_notes.note(attempt.job, reason, format!("{}: {why}", attempt.path.shown())),
        None => context.pause_notes.forget(attempt.job),
    }
}

/// Whether the work can be retried within the same attempt, because a second try would replace everything that the
/// first has changed.
fn can_start_over(active: &ActiveJob, work: &dyn Work, attempt: &Attempt, has_run: &AtomicBool) -> bool {
    let has_changed = has_run.load(Ordering::Relaxed) && (active.runs_programs() || work.writes());
    !has_changed && !attempt.is_stopped() && !attempt.is_placing()
}

/// The failure, unless the library, or a disk inside it on which the file or its output lies, is not there or is another
/// one: then nothing that failed says anything about the file, and it is what `missing` makes of the reason. A time limit says
/// nothing about it either.
fn or_missing(
    active: &ActiveJob,
    attempt: &Attempt,
    failure: Failure,
    missing: impl FnOnce(PauseReason) -> Failure,
) -> Failure {
    let blames_file = match failure {
        Failure::Skipped(_) | Failure::Failed(..) | Failure::Differs(..) | Failure::Storage(..) | Failure::Retry(_) => {
            true
        }
        Failure::Stopped => attempt.is_late(),
        Failure::Environment(_) | Failure::Call(..) | Failure::NotRecovered(..) | Failure::Lost | Failure::Held => {
            false
        }
    };
    if blames_file { active.lacks(attempt.paths()).map_or(failure, missing) } else { failure }
}

/// Does the work. A panic is a failure.
fn or_panicked<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let panicked = |panic: Box<dyn Any + Send>| Err(Failure::Failed(FailReason::Panic, Panicked::from(panic).0));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked)
}

/// The failure of an item whose job cannot look up what it needs.
fn unable(why: Unable) -> Failure {
    match why {
        Unable::Environment(reason) => Failure::Environment(reason),
        Unable::Call(reason, message) => Failure::Call(reason, message),
        Unable::Failed(message) => Failure::Failed(FailReason::Unable, message),
    }
}

/// Why a folder that the plan could not list fails. Its recipe is not asked about it.
fn unlisted(context: &Context, active: &ActiveJob, folder: &PlannedFile, attempt: &Attempt) -> Failure {
    let _step = context.steps.begin(attempt.job, Step::Work(attempt.item), || attempt.is_stopped());
    attempt.begin();
    // What is there can be anything but a folder by now.
    active.library.open_file(folder).map_or_else(Failure::from, |_| Failure::Skipped(SkipReason::Changed))
}

/// Does the work while holding the files, so that no other attempt touches them. If it might have left them half changed, they stay
/// held until it is recorded how the change ended.
fn held(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    file: &PlannedFile,
    (output, renames): (Option<&Output>, &[Rename]),
    attempt: &Attempt,
    has_run: &AtomicBool,
) -> Result<Success, Failure> {
    let removes = work.removes(file);
    let writes = work.writes() || output.is_some_and(Output::replaces) || !renames.is_empty() || removes;
    let mut files = vec![(file.path.clone(), writes)];
    files.extend(names(renames).map(|name| (name, true)));
    // Giving a file another hard link changes its ctime. On storage that keeps an old count of names for a while, other attempts
    // would take that for a change of the file.
    files.extend(work.reads(&file.path).into_iter().map(|read| (read, work.shares())));
    files.extend(attempt.output.as_ref().map(|staged| (staged.target.clone(), true)));
    files.dedup_by(|one, other| one.0 == other.0);
    let hold = context.exclusion.hold(WantedFiles::of(&active.library, &files), attempt)?;
    // A panic is caught here, because it must not let go of the files.
    let done =
        or_panicked(|| done_alone(context, active, work, file, (output, renames, removes), &files, (attempt, has_run)));
    if attempt.is_placing() && done.as_ref().is_err_and(leaves_open) {
        context.exclusion.hold_open(hold, (attempt.job, attempt.item));
    }
    done
}

/// Whether a change that ended like this can be half made.
fn leaves_open(failure: &Failure) -> bool {
    match failure {
        Failure::Failed(reason, _) => can_be_open(ItemStatus::Failed(*reason)),
        // The item stays in its placing until a later look tells.
        Failure::NotRecovered(..) => true,
        _ => false,
    }
}

/// Does the work while nobody else works on the files.
fn done_alone(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    file: &PlannedFile,
    (output, renames, removes): (Option<&Output>, &[Rename], bool),
    files: &[(RelPath, bool)],
    (attempt, has_run): (&Attempt, &AtomicBool),
) -> Result<Success, Failure> {
    let step = if active.runs_programs() { Step::Run(attempt.item) } else { Step::Work(attempt.item) };
    let mut step = context.steps.begin(attempt.job, step, || attempt.is_stopped());
    attempt.begin();
    fault_of("working", active.request.title.as_deref().unwrap_or_default());
    let target = attempt.output.as_ref().map(|staged| &staged.target);
    context.shortage.check(active, target, files)?;
    let at = work.lies_at(&file.path);
    let mut input = match open_input(context, active, work, file, (attempt, at.as_ref()))? {
        ControlFlow::Continue(input) => input,
        ControlFlow::Break(done) => return Ok(done),
    };
    let replaces = output.filter(|output| output.replaces());
    if input.has_other_names() && replaces.is_some_and(|output| !output.hard_links) {
        return Err(Failure::Skipped(SkipReason::HardLinks));
    }
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    has_run.store(true, Ordering::Relaxed);
    let mut success = work.run(&mut input, attempt)?;
    let checks = output.is_some() || !renames.is_empty() || removes || active.on_done() == OnDone::SkipMoved;
    match checks {
        true => step = step.go_on(Step::Check(attempt.item), || attempt.is_stopped()),
        false => step.pass(),
    }
    fault_of("between", active.request.title.as_deref().unwrap_or_default());
    if active.on_done() == OnDone::SkipMoved {
        let hash = input.hash().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        success.note(serde_json::Map::from_iter([("input".to_owned(), serde_json::json!(hash))]));
    }
    let at = at.as_ref().unwrap_or(&file.path);
    let mut output = output.zip(attempt.output.as_ref());
    if let Some((_, staged)) = output.filter(|(output, _)| output.replaces() && success.effect == DiskEffect::Unchanged)
    {
        active.library.discard(staged);
        output = None;
    }
    let wanted = WantedChange { renames, output, removes, shares: work.shares() };
    apply(context, active, work, (&input, attempt, at), &wanted, (success, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_cannot_look_up_is_no_verdict_on_a_file() {
        let failure = unable(Unable::Failed("the manifest cannot be read".into()));
        assert!(matches!(failure, Failure::Failed(reason, _) if !reason.is_of_file()));
    }
}
