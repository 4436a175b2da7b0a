//! What an attempt needs before its work begins: the temporary file of its output, and the new names.

use super::super::attempt_id::AttemptId;
use super::super::output_name::{OutputNameError, target};
use super::super::plan::tried_first;
use super::super::{ActiveJob, Context};
use super::{or_panicked, unable};
use crate::steps::Step;
use headway_files::{Staged, fault_of};
use headway_model::{FailReason, Output, PlannedFile, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Rename, Work};

/// Where the output goes, the file that it is made in, and the new names.
pub(super) type Prepared = (Option<Output>, Option<Staged>, Vec<Rename>);

/// Prepares the attempt. After an input/output error it is prepared a second time: the first try has changed nothing but
/// folders, which the second looks for.
pub(super) fn prepared(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    (file, which): (&PlannedFile, AttemptId),
    attempt: &Attempt,
) -> Result<Prepared, Failure> {
    let prepare = || {
        if file.is_unlisted() {
            return Ok((None, None, Vec::new()));
        }
        // Before its output's name is looked for, which is taken then.
        if let Some(reason) = tried_first(context, active, work, file).map_err(unable)? {
            return Err(Failure::Skipped(reason));
        }
        active.note_untidy(&context.data)?;
        let output = work.output(&file.path, active.request.output.as_ref());
        let renames = names_of(context, active, work, file, which)?;
        as_planned(file, &renames)?;
        let renames = together(context, active, work, renames)?;
        let becomes = renames.iter().find(|rename| rename.from == file.path).map(|rename| &rename.to);
        let staged =
            output.as_ref().map(|output| stage(context, active, output, (file, becomes), attempt)).transpose()?;
        Ok((output, staged, renames))
    };
    match or_panicked(prepare) {
        Err(Failure::Storage(..)) => or_panicked(prepare),
        prepared => prepared,
    }
}

fn stage(
    context: &Context,
    active: &ActiveJob,
    output: &Output,
    (file, becomes): (&PlannedFile, Option<&RelPath>),
    attempt: &Attempt,
) -> Result<Staged, Failure> {
    let fail = |error: OutputNameError| Failure::Failed(FailReason::Write, error.to_string());
    let target = match becomes.filter(|_| output.replaces()) {
        Some(becomes) => becomes.clone(),
        None => target(output, &file.path, attempt.item + 1, attempt.items).map_err(fail)?,
    };
    let has = |target| active.library.has(target);
    let looking = |error| Failure::of(FailReason::Write, "looking for the output's name", &error);
    if !output.replaces() && has(&target).map_err(looking)? {
        return Err(Failure::Skipped(SkipReason::Collision));
    }
    let missing = active.library.missing_above(&target).map_err(looking)?;
    if !missing.is_empty() {
        let noted = context.data.note_made(&attempt.job, &missing, &active.noted_folders);
        noted.map_err(|error| Failure::of(FailReason::Write, "noting the output's folder", &error))?;
    }
    let staged = active.library.stage(&file.path, target, attempt.job, attempt.item, attempt.number);
    staged.map_err(|error| Failure::of(FailReason::Write, "making the output's folder", &error))
}

/// The new names that the recipe wants. A job that only reads has none, and pays for no note.
fn names_of(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    file: &PlannedFile,
    which: AttemptId,
) -> Result<Vec<Rename>, Failure> {
    // Nothing can stop the attempt before it has begun.
    let noted = || context.steps.begin(which.job, Step::Name(which.item), || false);
    let _step = (!active.only_reads()).then(noted);
    fault_of("naming", active.request.title.as_deref().unwrap_or_default());
    work.renames(file, which.item + 1)
}

/// Refuses a name, new or not, that differs from the one in the plan, because a person might have approved that one.
fn as_planned(file: &PlannedFile, renames: &[Rename]) -> Result<(), Failure> {
    let message = match (renames.first().map(|rename| &rename.to), &file.becomes) {
        (None, None) => return Ok(()),
        (Some(wanted), Some(planned)) if wanted == planned => return Ok(()),
        (Some(wanted), Some(planned)) => {
            format!("it would become {}, and the plan says {}", wanted.shown(), planned.shown())
        }
        (Some(wanted), None) => format!("it would become {}, and the plan has no new name for it", wanted.shown()),
        (None, Some(planned)) => format!("it would keep its name, and the plan says {}", planned.shown()),
    };
    Err(Failure::Failed(FailReason::Unable, message))
}

/// Adds the renames of all other files of the job that the plan renames together with this one.
fn together(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    mut renames: Vec<Rename>,
) -> Result<Vec<Rename>, Failure> {
    if !work.exchanges_names() || renames.is_empty() {
        return Ok(renames);
    }
    let others = context.handle.block_on(active.renamed_together(&*context.store, work));
    let others = others.map_err(super::unable)?;
    let mut at = 0;
    while let Some(Rename { from, to }) = renames.get(at).cloned() {
        at += 1;
        for name in [&from, &to] {
            for (file, more) in others.meeting(name) {
                if !renames.iter().any(|rename| rename.from == file.path) {
                    let more = more.as_ref().map_err(|failure| of_other(file, failure))?;
                    as_planned(file, more)?;
                    // Two files can share a sidecar.
                    let new: Vec<_> = more.iter().filter(|rename| !renames.contains(rename)).cloned().collect();
                    renames.extend(new);
                }
            }
        }
    }
    Ok(renames)
}

/// Why a file is not renamed whose name depends on that of another one.
fn of_other(file: &PlannedFile, failure: &Failure) -> Failure {
    let told = |why: &str| format!("{}, which is renamed with it: {why}", file.path.shown());
    match failure {
        Failure::Failed(reason, why) => Failure::Failed(*reason, told(why)),
        Failure::Storage(reason, why) => Failure::Storage(*reason, told(why)),
        Failure::Retry(why) => Failure::Retry(told(why)),
        failure => failure.clone(),
    }
}
