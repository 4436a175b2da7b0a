//! Removes temporary files of jobs that are over. An attempt can leave some after the end of its job: it was written off
//! while its program or its storage went on, or the library or a disk inside it was missing when the attempt ended.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::super::panicked::Panicked;
use super::super::untidy_jobs::REST;
use super::super::{ActiveJob, Context};
use super::temps::{can_have_left, left_by, remove_temps_of};
use crate::placements::{Changes, each_event};
use crate::steps::{OwnWork, Step};
use headway_files::Change;
use headway_model::item::ItemStatus;
use headway_model::{JobId, PauseReason};
use headway_recipes::Unable;

/// The longest time between two looks for files that cannot be removed although their disk is there.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// Looks for what earlier servers left of jobs that are over. What cannot be removed now, also of jobs of this server, is looked
/// for again until the server stops, and after the next start.
pub(crate) async fn tidy_finished_jobs(context: Context, mut stop: watch::Receiver<bool>) {
    for job in noted(&context).await {
        tidy_or_put_off(&context, job).await;
    }
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(REST) => {}
        }
        for job in context.untidy_jobs.due() {
            tidy_or_put_off(&context, job).await;
        }
    }
}

/// Looks for what an earlier server left of a job that is over now, and on which this server did not work.
pub(in crate::engine) async fn tidy_if_noted(context: &Context, job: JobId) {
    if noted(context).await.contains(&job) {
        tidy_or_put_off(context, job).await;
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

async fn tidy_or_put_off(context: &Context, job: JobId) {
    let untidy = &context.untidy_jobs;
    let (why, longest) = match tidy(context, job).await {
        Ok(true) => return untidy.forget(job),
        Ok(false) => return untidy.put_off(job, REST),
        Err(Unable::Environment(reason)) => (reason.text().to_owned(), REST),
        Err(Unable::Call(_, message)) => (message, REST),
        Err(Unable::Failed(message)) => (message, LONGEST_REST),
    };
    if untidy.note(job) {
        tracing::warn!(job.id = %job, why, "temporary files of a job that is over might stay for a while");
    } else {
        tracing::debug!(job.id = %job, why, "temporary files of a job that is over might still be there");
        untidy.put_off(job, longest);
    }
}

/// Removes them all. Returns `false` if the job is not over: then its attempts can make more.
async fn tidy(context: &Context, job: JobId) -> Result<bool, Unable> {
    let row = context.store.job(job).await?;
    if row.as_ref().is_some_and(|row| !row.summary.status.is_terminal()) {
        return Ok(false);
    }
    // If its history is gone, an original cannot be distinguished from a temporary file. `doctor` names them.
    let known = row.is_some_and(|row| !row.summary.pruned);
    let fold = if known { context.store.folds(&[job]).await?.1.pop() } else { None };
    let Some(fold) = fold else { return forget_note(context, job).await };
    let active = Arc::new(ActiveJob::read(context, job).await?);
    // Before the log is read, because a disk can be missing for long.
    let looked = Arc::clone(&active);
    let is_there = tokio::task::spawn_blocking(move || looked.is_on_own_ground()).await.map_err(Panicked::from)?;
    if !is_there {
        return Err(Unable::Environment(PauseReason::LibraryGone));
    }
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

async fn forget_note(context: &Context, job: JobId) -> Result<bool, Unable> {
    let data = Arc::clone(&context.data);
    let noted = tokio::task::spawn_blocking(move || data.forget_untidy(job)).await.map_err(Panicked::from)?;
    noted.map_err(|error| headway_files::unable("noting that it is tidy", &error))?;
    Ok(true)
}
