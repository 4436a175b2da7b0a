//! Removes temporary files of jobs that are over. An attempt can leave some after the end of its job: it was written off
//! while its program or its storage went on, or the library was missing when the job ended.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::panicked::Panicked;
use super::super::{ActiveJob, Context};
use super::temps::{can_have_left, left_by, remove_temps_of};
use crate::placements::{Changes, each_event};
use crate::steps::{OwnWork, Step};
use headway_files::Change;
use headway_model::item::ItemStatus;
use headway_model::{JobId, PauseReason};
use headway_recipes::Unable;

/// Looks for what earlier servers left of jobs that are over. What cannot be looked at now is looked at after the next start.
pub(crate) async fn tidy_finished_jobs(context: Context) {
    for job in noted(&context).await {
        tidy_or_warn(&context, job).await;
    }
}

/// Looks for what an earlier server left of a job that is over now, and on which this server did not work.
pub(in crate::engine) async fn tidy_if_noted(context: &Context, job: JobId) {
    if noted(context).await.contains(&job) {
        tidy_or_warn(context, job).await;
    }
}

/// The jobs that might have temporary files; none if that cannot be read.
async fn noted(context: &Context) -> Vec<JobId> {
    let data = Arc::clone(&context.data);
    match tokio::task::spawn_blocking(move || data.untidy_jobs()).await {
        Ok(Ok(noted)) => return noted,
        Ok(Err(error)) => tracing::warn!(%error, "which jobs might have temporary files cannot be read"),
        // The server is stopping.
        Err(_) => {}
    }
    Vec::new()
}

async fn tidy_or_warn(context: &Context, job: JobId) {
    if let Err(why) = tidy(context, job).await {
        let why = match why {
            Unable::Environment(reason) => reason.text().to_owned(),
            Unable::Failed(message) => message,
        };
        tracing::warn!(job.id = %job, why, "temporary files of a job that is over might stay until the next start");
    }
}

async fn tidy(context: &Context, job: JobId) -> Result<(), Unable> {
    let row = context.store.job(job).await?;
    if row.as_ref().is_some_and(|row| !row.summary.status.is_terminal()) {
        return Ok(());
    }
    // If its history is gone, an original cannot be distinguished from a temporary file. `doctor` names them.
    let known = row.is_some_and(|row| !row.summary.pruned);
    let fold = if known { context.store.folds(&[job]).await?.1.pop() } else { None };
    let Some(fold) = fold else { return forget_note(context, job).await };
    let active = Arc::new(ActiveJob::read(context, job).await?);
    // This includes an item that succeeded although its temporary file could not be removed. That is rare, so only jobs
    // that have a note are searched for such items.
    let tried = fold.items().filter(|item| match item.1 {
        ItemStatus::Succeeded(_) => !active.only_reads(),
        _ => can_have_left(&active, &fold, *item),
    });
    let left = left_by(&*context.store, &active, tried.map(|(item, _)| item)).await?;
    let mut changes = Changes::default();
    each_event(&*context.store, active.job_no, super::is_open_change, |event| changes.follow(&event)).await?;
    let kept: HashSet<_> = changes.open.values().filter_map(Change::temp).collect();
    let (steps, within) = (context.steps.clone(), context.clone());
    let clean_up = move || {
        let own = OwnWork::of_job(job, Step::CleanUp);
        let remove = || {
            if !active.is_same_library() || !active.has_its_disks() {
                return Err(Unable::Environment(PauseReason::LibraryGone));
            }
            let are_temps_gone = remove_temps_of(&within, &active, &left, &kept);
            let are_folders_gone = active.remove_empty_folders(&within.data);
            let are_folders_gone =
                are_folders_gone.map_err(|error| headway_files::unable("removing its empty folders", &error))?;
            match are_temps_gone && are_folders_gone {
                true => Ok(()),
                false => Err(Unable::Failed("not all of them can be removed now".to_owned())),
            }
        };
        steps.carry_out(&own, remove).map_err(|given_up| Unable::Failed(given_up.to_string()))?
    };
    tokio::task::spawn_blocking(clean_up).await.map_err(Panicked::from)??;
    forget_note(context, job).await
}

async fn forget_note(context: &Context, job: JobId) -> Result<(), Unable> {
    let data = Arc::clone(&context.data);
    let noted = tokio::task::spawn_blocking(move || data.forget_untidy(job)).await.map_err(Panicked::from)?;
    noted.map_err(|error| headway_files::unable("noting that it is tidy", &error))
}
