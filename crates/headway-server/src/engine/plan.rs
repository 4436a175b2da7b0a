//! Planning: lists the files of a job in order, in batches. Each batch is durable before the next.

mod absent;
mod asked_paths;
mod batch;
mod choice;
mod done;
mod excludes;
mod file_types;
mod first_files;
mod has_files;
mod lineage;
mod listed_before;
mod lister;
mod named;
mod names;
mod plan_stop;
mod tried;
mod unfinished;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub(crate) use absent::{absent_disks, disks_of, is_missed, missed_disks, missing_disks};
use batch::PlanBatch;
pub(crate) use choice::QueryPatterns;
use done::AlreadyDone;
pub(crate) use first_files::first_files;
pub(crate) use has_files::has_files;
use listed_before::{ListedBefore, listed_before};
use lister::{Lister, OutcomeLookup};
use named::{AskedItems, named};
use plan_stop::PlanStop;
pub(super) use tried::tried_first;
pub(super) use unfinished::Unfinished;

use super::panicked::{Panicked, caught};
use super::past::Past;
use super::stop::StepStop;
use super::{ActiveJob, Context};
use crate::steps::Step;
use headway_files::fault_of;
use headway_model::event::{JobEvent, Outcome, shortened};
use headway_model::id::JobId;
use headway_model::status::EndReason;
use headway_model::{Digest, OnDone, PauseReason, RelPath, Reruns};
use headway_recipes::{Unable, Work};
use headway_store::AppendError;

/// Plans a job until its list is complete, or its flag stops it.
pub(super) async fn plan(context: &Context, job: JobId, active: Result<(Arc<ActiveJob>, StepStop), Unable>) {
    let planned = caught(async {
        let (active, stop) = active?;
        context.running.plan_begins(job, &active.plan_pulse);
        let listed = accept_and_list(context, &active, &stop).await;
        if let Err(PlanStop::Environment(PauseReason::LibraryGone) | PlanStop::Call(PauseReason::LibraryGone, _)) =
            &listed
        {
            active.note_missed_disk();
        }
        listed
    });
    let planned = planned.await;
    context.running.plan_ends(job);
    let event = match planned.unwrap_or_else(|died| Err(died.into())) {
        Ok((total, reruns)) => JobEvent::PlanEnded { total, reruns },
        Err(PlanStop::Failed(message)) => {
            let outcome = Outcome::Failed { reason: EndReason::Plan, message: shortened(&message) };
            JobEvent::Ended { outcome }
        }
        // The files listed so far stay; the rest is listed when the job is resumed.
        Err(PlanStop::Environment(reason)) => {
            context.pause_notes.forget(job);
            JobEvent::Paused { reason }
        }
        Err(PlanStop::Call(reason, message)) => {
            context.pause_notes.note(job, reason, message);
            JobEvent::Paused { reason }
        }
        Err(PlanStop::Cancelled) => return,
    };
    context.log.send(vec![(job, event, None)]).await;
}

async fn accept_and_list(
    context: &Context,
    active: &Arc<ActiveJob>,
    stop: &StepStop,
) -> Result<(u32, Reruns), PlanStop> {
    let ground = if !active.has_items() { Some(accept_root(context, active, stop).await?) } else { None };
    active.plan_pulse.beat();
    let work = active.work_for_plan(context, stop).await?;
    active.plan_pulse.beat();
    list(context, active, work, ground, stop).await
}

/// Accepts the library's present root, and begins to store its identity. The first files are listed in the meantime,
/// because a durable write takes longer than listing them.
async fn accept_root(context: &Context, active: &Arc<ActiveJob>, stop: &StepStop) -> Result<JoinHandle<()>, PlanStop> {
    let fresh = Arc::clone(active);
    let looked = tokio::task::spawn_blocking(move || fresh.accept_present_root());
    let looked = stop.wait_for(looked).await.ok_or(PlanStop::Cancelled)?;
    let found = looked.map_err(Panicked::from)?.map_err(PlanStop::Environment)?;
    let (data, job, active) = (Arc::clone(&context.data), active.job, Arc::clone(active));
    Ok(tokio::task::spawn_blocking(move || {
        data.remember_mounts(&active.library);
        data.remember_libraries(&[Arc::clone(&active.library)]);
        if let Some(ground) = found {
            data.keep_ground(&job, &active.library.name, &ground);
        }
    }))
}

/// Lists the files. Nothing is recorded before `ground` has stored the identity of the root that the job is planned
/// on.
async fn list(
    context: &Context,
    active: &Arc<ActiveJob>,
    work: Arc<dyn Work>,
    mut ground: Option<JoinHandle<()>>,
    stop: &StepStop,
) -> Result<(u32, Reruns), PlanStop> {
    let row = context.store.job(active.job).await.map_err(Unable::from)?;
    let mut first = row.map_or(0, |row| row.summary.counters.total);
    let before = listed_before(context, active).await?;
    let mut reruns = before.reruns;
    let past = Past::of(context, active).await?;
    let contents = contents(&past, active).await?;
    let named = named(context, active, stop).await?;
    let input = PlanInput { work, past, contents, named, before, first };
    let (batches, mut listed) = mpsc::channel::<PlanBatch>(2);
    let walker = {
        let (context, active, stop) = (context.clone(), Arc::clone(active), stop.clone());
        tokio::task::spawn_blocking(move || list_files(&context, &active, &stop, input, &batches))
    };
    loop {
        let batch = tokio::select! {
            batch = listed.recv() => batch,
            () = stop.overdue() => return Err(PlanStop::Cancelled),
        };
        let Some(batch) = batch else { break };
        if let Some(ground) = ground.take() {
            ground.await.map_err(Panicked::from)?;
        }
        batch.files.iter().filter_map(|file| file.rerun).for_each(|rerun| reruns.add(rerun));
        first += record(context, active.job, first, batch).await?;
    }
    match walker.await {
        Ok(Ok(())) if stop.is_asked() => Err(PlanStop::Cancelled),
        Ok(Ok(())) => Ok((first, reruns)),
        Ok(Err(why)) => Err(why.into()),
        Err(error) => Err(Panicked::from(error).into()),
    }
}

/// What is known before the files are listed.
struct PlanInput {
    work: Arc<dyn Work>,
    past: Past,
    /// The contents that moved files are recognised by; `None` if files that are done are processed again.
    contents: Option<HashSet<(u64, Digest)>>,
    /// The items of another job that this one is for.
    named: Option<AskedItems>,
    before: ListedBefore,
    /// The index of the next item.
    first: u32,
}

/// Lists the files that are not listed yet, and sends them in batches. Blocking.
fn list_files(
    context: &Context,
    active: &ActiveJob,
    stop: &StepStop,
    PlanInput { work, past, contents, named, before, first }: PlanInput,
    batches: &mpsc::Sender<PlanBatch>,
) -> Result<(), Unable> {
    let _step = context.steps.begin(active.job, Step::List(first), || stop.is_asked());
    fault_of("listing", active.request.title.as_deref().unwrap_or_default());
    let outcomes = |paths: &[RelPath]| context.handle.block_on(past.shown_as(paths));
    let lookup = |paths: &[RelPath]| context.handle.block_on(past.done(&active.request.recipe, paths));
    let done = contents.and_then(|contents| {
        Some(AlreadyDone {
            library: &active.library,
            work: active.identity?,
            recipe: &*work,
            lookup: &lookup,
            contents,
        })
    });
    let unfinished = Unfinished::of(context, active, &past);
    let outcomes: &OutcomeLookup<'_> = &outcomes;
    let known = (outcomes, done, unfinished);
    let lister = Lister::new((active, &*work), (stop.flag(), batches), known, (first, before.taken));
    lister.list(named, &before.listed)
}

/// Records a part of the list, beginning with the item `first`. Returns how many items it has.
async fn record(context: &Context, job: JobId, first: u32, batch: PlanBatch) -> Result<u32, PlanStop> {
    let count = u32::try_from(batch.files.len()).unwrap_or(u32::MAX);
    let detail = serde_json::to_string(&batch.files).expect("every key is a text, so it is JSON");
    let event = JobEvent::Planned { first, count, skips: batch.skips, detail: Digest::of(detail.as_bytes()) };
    match context.log.append(job, event, Some(detail)).await {
        Ok(_) => Ok(count),
        Err(AppendError::TooLarge) => Err(PlanStop::Failed("a part of the list is too large to record".into())),
        Err(AppendError::Refused(_) | AppendError::Dead) => Err(PlanStop::Cancelled),
    }
}

/// The contents that moved files are recognised by; `None` if the job processes files again even though they are done.
async fn contents(past: &Past, active: &ActiveJob) -> Result<Option<HashSet<(u64, Digest)>>, Unable> {
    match (active.on_done(), active.identity) {
        (OnDone::Again, _) | (_, None) => Ok(None),
        (OnDone::Skip, _) => Ok(Some(HashSet::new())),
        (OnDone::SkipMoved, Some(work)) => Ok(Some(past.done_contents(work).await?)),
    }
}
