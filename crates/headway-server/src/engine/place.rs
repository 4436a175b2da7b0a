//! Puts a finished output into place: check it, flush it to the disk, record the placing, then swap.

use super::schedule::WorkOutcome;
use super::{Context, Order};
use crate::steps::Step;
use crate::writer::AppendError;
use headway_files::template::{Template, Values};
use headway_files::{
    Change, Library, OpenFile, Placement, Sealed, Staged, Verdict, environment, fault, fault_of, io_text,
};
use headway_model::{Effect, FailReason, JobEvent, Output, Place, RelPath, SkipReason};
use headway_recipes::{Attempt, EmptyOutput, Failure, Success, Work};

/// `NAME_MAX` of Linux, in bytes.
const LONGEST_NAME: usize = 255;

/// Where the output of a file goes.
pub(super) fn target(output: &Output, path: &RelPath, number: u32, total: u32) -> Result<RelPath, String> {
    let folder = path.parent().unwrap_or_default();
    let named = |folder: &RelPath, template: &str| {
        let input = path.to_bytes();
        let values = Values { input: &input, number, total, slot: 0, out: b"", tmp: b"" };
        let name = Template::new(template).expand(&values);
        if name.len() > LONGEST_NAME {
            return Err(format!("the output's name would have {} bytes, and {LONGEST_NAME} are possible", name.len()));
        }
        folder.join(&name).map_err(|error| format!("the output's name {template:?} does not fit: {error}"))
    };
    match &output.place {
        Place::Replace => Ok(path.clone()),
        Place::Beside { name } => named(&folder, name),
        Place::Folder { path: other, name } => {
            let mirrored = match folder.is_root() {
                true => other.clone(),
                false => other.join_all(&folder.to_bytes()).map_err(|error| error.to_string())?,
            };
            named(&mirrored, name.as_deref().unwrap_or("{/}"))
        }
    }
}

/// Puts the output of a successful run into place. Blocking.
pub(super) fn place(
    context: &Context,
    order: &Order,
    work: &dyn Work,
    (input, attempt): (&OpenFile, &Attempt),
    (output, staged): (&Output, &Staged),
    success: Success,
) -> Result<Success, Failure> {
    let library = &order.library;
    let fail = |doing: &'static str| move |error| Failure::of(FailReason::Write, doing, &error);
    let sealed = library.seal(staged, output.keep, input).map_err(fail("writing the output"))?;
    let Some(sealed) = sealed else {
        return Err(Failure::Failed(FailReason::Verify, "there is no output, or it is no regular file".into()));
    };
    fault("sealed");
    judge_size(work.empty_output(), output, &sealed, input)?;
    work.check(staged, attempt)?;
    let replaces = output.replaces();
    let old = match replaces {
        true => Some(input.hash().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?),
        false => None,
    };
    if old == Some(sealed.hash) {
        library.discard(staged);
        return Ok(Success { effect: Effect::Unchanged, ..success });
    }
    let trash = match replaces {
        true => {
            Some(library.trash(&staged.target, attempt.job, attempt.item, attempt.number).map_err(fail("the trash"))?)
        }
        false => None,
    };
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    let still = library.is_still(&attempt.path, input);
    if !still.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
        return Err(Failure::Skipped(SkipReason::Changed));
    }
    if !attempt.begin_placing() {
        return Err(Failure::Stopped);
    }
    let (temp, target) = (staged.temp.clone(), staged.target.clone());
    let placement = Placement { temp, target, trash, old, new: sealed.hash };
    let ground = library.ground(&placement).map_err(fail("putting the output into place"))?;
    record(context, attempt, placement.event(attempt.item, attempt.number))?;
    staged.recorded();
    let _step = context.steps.begin(attempt.job, Step::Place(attempt.item), || attempt.is_stopped());
    fault_of("placing", order.request.title.as_deref().unwrap_or_default());
    fault("recorded");
    match library.place(&placement, &ground, input) {
        Ok(Ok(())) => Ok(success.with_output(library, &placement)),
        Ok(Err(reason)) => Err(Failure::Skipped(reason)),
        // The placing is recorded, so it is concluded as after a crash: by looking at the disk.
        Err(error) => match judged(library, &Change::Output(placement.clone())) {
            Verdict::Done(_) => Ok(success.with_output(library, &placement)),
            Verdict::TakenBack => Err(fail("putting the output into place")(error)),
            Verdict::Conflict(message) => {
                Err(Failure::Failed(FailReason::Conflict, format!("{}: {message}", io_text(&error))))
            }
            Verdict::NotKnown(reason) => Err(Failure::Unjudged(reason)),
        },
    }
}

/// How far a change got. If the disk cannot be examined for a reason that might pass, it is judged later; any other error is a
/// conflict, with its message.
pub(super) fn judged(library: &Library, change: &Change) -> Verdict {
    library.conclude(change).unwrap_or_else(|error| match environment(&error) {
        Some(reason) => Verdict::NotKnown(reason),
        None => Verdict::Conflict(format!("{}: {}", io_text(&error), library.lying(change))),
    })
}

/// Checks the output's size: not empty if that is a failure, and smaller if the request asks for that.
fn judge_size(empty: EmptyOutput, output: &Output, sealed: &Sealed, input: &OpenFile) -> Result<(), Failure> {
    if empty == EmptyOutput::Failure && sealed.size == 0 && input.size() > 0 {
        return Err(Failure::Failed(FailReason::Verify, "the output is empty".into()));
    }
    let Some(percent) = output.smaller else { return Ok(()) };
    let most = u128::from(input.size()) * u128::from(100 - percent.min(100));
    let fits = u128::from(sealed.size) * 100 <= most && sealed.size < input.size();
    if fits { Ok(()) } else { Err(Failure::Skipped(SkipReason::NotSmaller)) }
}

/// Records a change. Nothing is moved before it is durable, nor if the attempt no longer holds the item.
pub(super) fn record(context: &Context, attempt: &Attempt, event: JobEvent) -> Result<(), Failure> {
    match context.handle.block_on(context.log.append(attempt.job, event, None)) {
        Ok(_) => Ok(()),
        Err(AppendError::TooLarge) => {
            Err(Failure::Failed(FailReason::Write, "the paths of its files are too long to record".into()))
        }
        Err(AppendError::Refused(_) | AppendError::Dead) => Err(Failure::Stopped),
    }
}

/// Turns the result of an attempt into what the schedule takes.
pub(super) fn outcome(result: Result<Success, Failure>, attempt: &Attempt) -> WorkOutcome {
    match result {
        Ok(success) => WorkOutcome::Succeeded(success.effect, success.result.to_string()),
        Err(Failure::Stopped) if attempt.is_late() => {
            let seconds = attempt.elapsed().as_secs_f64();
            WorkOutcome::Failed(FailReason::Timeout, format!("ended after {seconds:.1} s"))
        }
        Err(Failure::Stopped) => WorkOutcome::Stopped,
        Err(Failure::Skipped(reason)) => WorkOutcome::Skipped(reason),
        Err(Failure::Failed(reason, message)) => WorkOutcome::Failed(reason, message),
        Err(Failure::Storage(reason, message)) => WorkOutcome::Storage(reason, message),
        Err(Failure::Retry(message)) => WorkOutcome::Retry(message),
        Err(Failure::Environment(reason)) => WorkOutcome::Environment(reason),
        Err(Failure::Unjudged(reason)) => WorkOutcome::Unjudged(reason),
        Err(Failure::Lost) => WorkOutcome::Lost,
    }
}
