//! Planning: lists the files of a job in order, in batches. Each batch is durable before the next.

mod batch;
mod choice;
mod done;
mod lister;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use batch::Batch;
pub(crate) use choice::Choice;
use done::Done;
use lister::Lister;

use super::{Context, Order, caught, died};
use crate::steps::Step;
use crate::writer::AppendError;
use headway_files::fault_of;
use headway_model::event::{JobEvent, MESSAGE_LIMIT, Outcome, cut};
use headway_model::id::JobId;
use headway_model::request::{ItemsQuery, Which};
use headway_model::status::EndReason;
use headway_model::{Digest, OnDone, PauseReason, Query, RelPath, Reruns};
use headway_recipes::{Unable, Work};
use headway_store::ItemPages;

/// How many items of a job are read at a time.
const ITEMS_AT_ONCE: u32 = 1_000;

/// Plans a job until its list is complete or it is cancelled.
pub(super) async fn plan(context: &Context, job: JobId, order: Result<Arc<Order>, Unable>) {
    let planned = caught(async {
        let order = order?;
        if order.items.load(Ordering::Relaxed) == 0 {
            let (fresh, data) = (Arc::clone(&order), Arc::clone(&context.data));
            let looked = tokio::task::spawn_blocking(move || fresh.settle_on_library(&data));
            looked.await.map_err(|error| Stop::Failed(died(error)))?.map_err(Stop::Environment)?;
        }
        let work = order.work(context).await?;
        list(context, &order, work).await
    });
    let event = match planned.await.unwrap_or_else(|panic| Err(Stop::Failed(panic))) {
        Ok((total, reruns)) => JobEvent::PlanEnded { total, reruns },
        Err(Stop::Failed(message)) => {
            let outcome = Outcome::Failed { reason: EndReason::Plan, message: cut(&message, MESSAGE_LIMIT) };
            JobEvent::Ended { outcome }
        }
        // The files listed so far stay; the rest is listed when the job is resumed.
        Err(Stop::Environment(reason)) => JobEvent::Paused { reason },
        Err(Stop::Cancelled) => return,
    };
    context.log.send(vec![(job, event, None)]).await;
}

enum Stop {
    Failed(String),
    Environment(PauseReason),
    Cancelled,
}

impl From<Unable> for Stop {
    fn from(why: Unable) -> Self {
        match why {
            Unable::Environment(reason) => Stop::Environment(reason),
            Unable::Failed(message) => Stop::Failed(message),
        }
    }
}

async fn list(context: &Context, order: &Arc<Order>, work: Arc<dyn Work>) -> Result<(u32, Reruns), Stop> {
    let row = context.store.job(order.job).await.map_err(Unable::from)?;
    let mut first = row.map_or(0, |row| row.summary.counters.total);
    let (behind, mut reruns) = listed_before(context, order).await?;
    let contents = contents(context, order).await?;
    let named = named(context, order).await?;
    let (batches, mut listed) = mpsc::channel::<Batch>(2);
    let stop = order.begin_plan();
    let walker = {
        let (context, order, stop) = (context.clone(), Arc::clone(order), Arc::clone(&stop));
        tokio::task::spawn_blocking(move || {
            let _step = context.steps.begin(order.job, Step::List(first), || stop.load(Ordering::Relaxed));
            fault_of("listing", order.request.title.as_deref().unwrap_or_default());
            let outcomes = |paths: &[RelPath]| {
                let found = context.handle.block_on(context.store.outcomes(&order.library.name, paths));
                found.map_err(Unable::from)
            };
            let lookup = |paths: &[RelPath]| {
                let found = context.store.done(&order.library.name, &order.request.recipe, paths);
                context.handle.block_on(found).map_err(Unable::from)
            };
            let done = contents.and_then(|contents| {
                Some(Done { library: &order.library, work: order.identity?, lookup: &lookup, contents })
            });
            let lister = Lister::new((&order, &*work), (&stop, &batches), &outcomes, done, first);
            lister.list(named, behind.as_ref())
        })
    };
    while let Some(batch) = listed.recv().await {
        let count = u32::try_from(batch.files.len()).unwrap_or(u32::MAX);
        batch.files.iter().filter_map(|file| file.rerun).for_each(|rerun| reruns.add(rerun));
        let detail = serde_json::to_string(&batch.files).expect("every key is a text, so it is JSON");
        let event = JobEvent::Planned { first, count, skips: batch.skips, detail: Digest::of(detail.as_bytes()) };
        match context.log.append(order.job, event, Some(detail)).await {
            Ok(_) => first += count,
            Err(AppendError::TooLarge) => return Err(Stop::Failed("a part of the list is too large to record".into())),
            Err(AppendError::Refused(_) | AppendError::Dead) => return Err(Stop::Cancelled),
        }
    }
    match walker.await {
        Ok(Ok(())) if stop.load(Ordering::Relaxed) => Err(Stop::Cancelled),
        Ok(Ok(())) => Ok((first, reruns)),
        Ok(Err(why)) => Err(why.into()),
        Err(error) => Err(Stop::Failed(died(error))),
    }
}

/// The last file that was listed before a restart, and how many of those listed run again.
async fn listed_before(context: &Context, order: &Order) -> Result<(Option<RelPath>, Reruns), Unable> {
    let (mut last, mut reruns) = (None, Reruns::default());
    let mut pages = ItemPages::new(&*context.store, order.job_no, ITEMS_AT_ONCE);
    while let Some(rows) = pages.next().await? {
        for row in rows {
            if let Some(rerun) = row.file.rerun {
                reruns.add(rerun);
            }
            last = Some(row.file.path);
        }
    }
    Ok((last, reruns))
}

/// The contents by which moved files are recognised; `None` if the job processes files again even though they are done.
async fn contents(context: &Context, order: &Order) -> Result<Option<HashSet<(u64, Digest)>>, Unable> {
    match (order.on_done(), order.identity) {
        (OnDone::Again, _) | (_, None) => Ok(None),
        (OnDone::Skip, _) => Ok(Some(HashSet::new())),
        (OnDone::SkipMoved, Some(work)) => {
            let contents = context.store.done_contents(&order.library.name, work).await?;
            Ok(Some(contents.into_iter().collect()))
        }
    }
}

/// The files of a query for items of another job, in the order of that job; `None` for any other query.
async fn named(context: &Context, order: &Order) -> Result<Option<Vec<RelPath>>, Unable> {
    let Query::Items(ItemsQuery { job, which }) = &order.request.query else { return Ok(None) };
    if *which == Which::Placed {
        let undone = order.undone(&*context.store).await?;
        return Ok(Some(undone.iter().map(|change| change.path().clone()).collect()));
    }
    let row = context.store.job(*job).await?;
    let job_no = row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?.job_no;
    let status = match which {
        Which::Failed => Some("failed"),
        Which::Cancelled => Some("cancelled"),
        Which::Placed | Which::These(_) => None,
    };
    let mut paths = Vec::new();
    let mut pages = ItemPages::new(&*context.store, job_no, ITEMS_AT_ONCE).with_status(status);
    while let Some(rows) = pages.next().await? {
        let wanted = rows.into_iter().filter(|row| match which {
            Which::These(items) => items.binary_search(&row.item).is_ok(),
            Which::Failed | Which::Cancelled | Which::Placed => true,
        });
        paths.extend(wanted.map(|row| row.file.path));
    }
    Ok(Some(paths))
}
