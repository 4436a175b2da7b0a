//! One attempt on one item, on a blocking thread. A panic fails that item alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::attempt_id::AttemptId;
use super::change::{change, names};
use super::place::{outcome, place, target};
use super::pool::{Pool, Task};
use super::schedule::{Input, WorkOutcome};
use super::{Context, Order, caught};
use crate::steps::Step;
use headway_files::{OpenError, fault_of};
use headway_model::{Effect, FailReason, OnDone, Output, PlannedFile, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Rename, Success, Unable, Work, output_of};

/// Begins an attempt. Returns a task for the pool if everything it needs is in memory; otherwise looks that up first, in a task
/// that hands it to the pool.
pub(super) fn start(
    tasks: &mut JoinSet<Option<Input>>,
    context: &Arc<Context>,
    pool: &Pool,
    order: Result<Arc<Order>, Unable>,
    which: AttemptId,
) -> Option<Task> {
    context.running.begin(which);
    if let Ok(order) = &order
        && let Some(ready) = order.ready(which.item)
    {
        if order.wants_more(which.item) {
            let (context, order) = (Arc::clone(context), Arc::clone(order));
            tasks.spawn(async move {
                order.read_on(&*context.store).await;
                None
            });
        }
        return Some(task(Arc::clone(context), Arc::clone(order), ready, which));
    }
    let (context, pool) = (Arc::clone(context), pool.clone());
    tasks.spawn(async move {
        match caught(look_up(&context, order, which.item)).await {
            Ok(Ok((order, ready))) => pool.push([task(context, order, ready, which)]),
            Ok(Err(Unable::Failed(message))) => pool.end(which, WorkOutcome::Failed(FailReason::Recipe, message)),
            Ok(Err(Unable::Environment(reason))) => pool.end(which, WorkOutcome::Environment(reason)),
            Err(panic) => pool.end(which, WorkOutcome::Failed(FailReason::Panic, panic)),
        }
        None
    });
    None
}

type Ready = (Arc<dyn Work>, PlannedFile);

async fn look_up(
    context: &Context,
    order: Result<Arc<Order>, Unable>,
    item: u32,
) -> Result<(Arc<Order>, Ready), Unable> {
    let order = order?;
    let file = order.file(&*context.store, item).await?;
    let work = order.work(context).await?;
    Ok((order, (work, file)))
}

fn task(context: Arc<Context>, order: Arc<Order>, (work, file): Ready, which: AttemptId) -> Task {
    Task::new(which, order.is_quick(), move |slot| attempt(&context, &order, &*work, &file, which, slot))
}

/// Makes the attempt. `slot` is its number among those running at the same time. Blocking.
fn attempt(
    context: &Context,
    order: &Order,
    work: &dyn Work,
    file: &PlannedFile,
    which: AttemptId,
    slot: u32,
) -> WorkOutcome {
    context.running.taken(which);
    let mut attempt = Attempt::new(which.job, which.item, which.attempt, file.path.clone(), file.size);
    attempt.items = order.items.load(Ordering::Relaxed);
    attempt.slot = slot;
    let staged = catch_unwind(AssertUnwindSafe(|| {
        let output = work.output(&file.path, order.request.output.as_ref());
        let staged = output.as_ref().map(|output| stage(order, output, file, &attempt)).transpose()?;
        let renames = work.renames(file, which.item + 1)?;
        as_planned(file, &renames)?;
        Ok((output, staged, renames))
    }));
    let (output, renames) = match staged.unwrap_or_else(|panic| Err(panicked(&*panic))) {
        Ok((output, staged, renames)) => {
            attempt.output = staged;
            (output, renames)
        }
        Err(failure) => return outcome(Err(failure), &attempt),
    };
    let attempt = Arc::new(attempt);
    if !context.running.working(&attempt) {
        if let Some(staged) = &attempt.output {
            order.library.discard(staged);
        }
        return WorkOutcome::Stopped;
    }
    let has_run = AtomicBool::new(false);
    let working = || {
        let working = || held(context, order, work, file, (output.as_ref(), &renames), &attempt, &has_run);
        catch_unwind(AssertUnwindSafe(working)).unwrap_or_else(|panic| Err(panicked(&*panic)))
    };
    let mut result = working();
    if matches!(result, Err(Failure::Storage(..))) && can_start_over(order, work, &attempt, &has_run) {
        if let Some(staged) = &attempt.output {
            order.library.discard(staged);
        }
        attempt.start_over();
        result = working();
    }
    if matches!(result, Err(Failure::Storage(..))) {
        order.note_unreadable(&attempt.path);
    }
    if let (Err(_), Some(staged)) = (&result, &attempt.output) {
        order.library.discard_unplaced(staged);
    }
    order.library.tidy_now_and_then();
    if result.is_ok() {
        order.took(u64::try_from(attempt.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    outcome(result, &attempt)
}

/// Whether the work can be done once more within the attempt: nothing was changed that a second try does not replace.
fn can_start_over(order: &Order, work: &dyn Work, attempt: &Attempt, has_run: &AtomicBool) -> bool {
    let has_changed = has_run.load(Ordering::Relaxed) && (order.runs_programs() || work.writes());
    !has_changed && !attempt.is_stopped() && !attempt.is_placing()
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    Failure::Failed(FailReason::Panic, panic_text(panic))
}

fn stage(
    order: &Order,
    output: &Output,
    file: &PlannedFile,
    attempt: &Attempt,
) -> Result<headway_files::Staged, Failure> {
    let fail = |message| Failure::Failed(FailReason::Write, message);
    let target = target(output, &file.path, attempt.item + 1, attempt.items).map_err(fail)?;
    let has = |target| order.library.has(target);
    let looking = |error| Failure::of(FailReason::Write, "looking for the output's name", &error);
    if !output.replaces() && has(&target).map_err(looking)? {
        return Err(Failure::Skipped(SkipReason::Collision));
    }
    let staged = order.library.stage(&file.path, target, attempt.job, attempt.item, attempt.number);
    staged.map_err(|error| Failure::of(FailReason::Write, "making the output's folder", &error))
}

/// What was approved is what runs: a file gets the name that the plan says.
fn as_planned(file: &PlannedFile, renames: &[Rename]) -> Result<(), Failure> {
    match renames.first() {
        Some(rename) if file.becomes.as_ref() != Some(&rename.to) => {
            let planned = file.becomes.as_ref().map_or("no other name".into(), RelPath::shown);
            let message = format!("it would become {}, and the plan says {planned}", rename.to.shown());
            Err(Failure::Failed(FailReason::Recipe, message))
        }
        _ => Ok(()),
    }
}

/// Does the work while holding the files, so that no other attempt touches them.
fn held(
    context: &Context,
    order: &Order,
    work: &dyn Work,
    file: &PlannedFile,
    (output, renames): (Option<&Output>, &[Rename]),
    attempt: &Attempt,
    has_run: &AtomicBool,
) -> Result<Success, Failure> {
    let writes = work.writes() || output.is_some_and(Output::replaces) || !renames.is_empty();
    let mut files = vec![(file.path.clone(), writes)];
    files.extend(names(renames).map(|name| (name, true)));
    files.extend(attempt.output.as_ref().map(|staged| (staged.target.clone(), true)));
    files.dedup_by(|one, other| one.0 == other.0);
    let hold = context.exclusion.hold(&order.library.path, &files, attempt).ok_or(Failure::Stopped)?;
    let step = if order.runs_programs() { Step::Run(attempt.item) } else { Step::Work(attempt.item) };
    let step = context.steps.begin(attempt.job, step, || attempt.is_stopped());
    attempt.begin();
    fault_of("working", order.request.title.as_deref().unwrap_or_default());
    context.shortage.check(order, output.is_some())?;
    let mut input = order.library.open_file(file).map_err(|error| match error {
        OpenError::Skip(reason) => Failure::Skipped(reason),
        OpenError::Fail(message) => Failure::Failed(FailReason::Read, message),
        OpenError::Storage(message) => Failure::Storage(FailReason::Read, message),
        OpenError::Environment(reason) => Failure::Environment(reason),
    })?;
    let replaces = output.filter(|output| output.replaces());
    if input.has_other_names() && replaces.is_some_and(|output| !output.hard_links) {
        return Err(Failure::Skipped(SkipReason::HardLinks));
    }
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    has_run.store(true, Ordering::Relaxed);
    let mut success = work.run(&mut input, attempt)?;
    drop(step);
    if order.on_done() == OnDone::SkipMoved {
        let hash = input.hash().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        success.note(serde_json::Map::from_iter([("input".to_owned(), serde_json::json!(hash))]));
    }
    let done = match (output, &attempt.output) {
        (Some(_), _) if !renames.is_empty() => {
            let message = "the recipe wants to write an output and to rename files at the same time";
            return Err(Failure::Failed(FailReason::Recipe, message.into()));
        }
        (Some(output), Some(staged)) => place(context, order, work, (&input, attempt), (output, staged), success)?,
        _ if !renames.is_empty() => change(context, order, (&input, attempt), renames, success)?,
        _ => {
            if success.effect == Effect::Changed {
                success.note(output_of(&order.library, &file.path, None));
            }
            success
        }
    };
    drop(hold);
    Ok(done)
}

/// The message of a panic.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
