//! Planning: lists the files of a job, in order, in steps that are each durable before the next.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use globset::{Glob, GlobSet, GlobSetBuilder};
use tokio::sync::mpsc;

use super::place::target;
use super::{Context, Order};
use crate::model::event::{JobEvent, MESSAGE_LIMIT, Outcome, PLANNED_AT_ONCE, cut};
use crate::model::id::JobId;
use crate::model::library::{Pattern, Show};
use crate::model::request::{FolderQuery, ItemsQuery, Which};
use crate::model::status::EndReason;
use crate::model::{Digest, ItemStatus, Place, Query, RelPath, SkipReason};
use crate::server::files::{Found, inspect, io_text, walk};
use crate::server::recipes::Work;
use crate::server::rows::PlannedFile;
use crate::server::writer::{AppendError, DETAIL_LIMIT};

/// So many runs of skipped items fit into one event beside its other fields.
const RUNS_LIMIT: usize = 100;

/// So many files are looked up in the log at a time, if only those of some outcome are asked for.
const LOOKED_UP_AT_ONCE: usize = 500;

/// So many items of another job are read at a time.
const ITEMS_AT_ONCE: u32 = 1_000;

/// How these files last ended in a job, as the log has it.
type Outcomes<'a> = dyn Fn(&[RelPath]) -> Result<Vec<(RelPath, ItemStatus)>, String> + 'a;

/// One `planned` event in the making.
#[derive(Default)]
struct Step {
    files: Vec<PlannedFile>,
    skips: Vec<(u32, u32, SkipReason)>,
    bytes: usize,
}

/// Plans a job to its end, or until it is cancelled.
pub(super) async fn plan(context: &Context, job: JobId, order: Result<Arc<Order>, String>) {
    let planned = match order {
        Ok(order) => match order.work(context).await {
            Ok(work) => list(context, &order, work).await,
            Err(message) => Err(Stop::Failed(message)),
        },
        Err(message) => Err(Stop::Failed(message)),
    };
    let event = match planned {
        Ok(total) => JobEvent::PlanEnded { total },
        Err(Stop::Failed(message)) => {
            let outcome = Outcome::Failed { reason: EndReason::Plan, message: cut(&message, MESSAGE_LIMIT) };
            JobEvent::Ended { outcome }
        }
        Err(Stop::Cancelled) => return,
    };
    context.log.send(vec![(job, event, None)]).await;
}

enum Stop {
    Failed(String),
    Cancelled,
}

async fn list(context: &Context, order: &Arc<Order>, work: Arc<dyn Work>) -> Result<u32, Stop> {
    let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
    let row = context.store.job(order.job).await.map_err(|error| failed(&error))?;
    let mut first = row.map_or(0, |row| row.summary.counters.total);
    let behind = match first.checked_sub(1) {
        None => None,
        Some(last) => {
            let items = context.store.items(order.job_no, last, 1, None).await.map_err(|error| failed(&error))?;
            items.into_iter().next().map(|row| row.file.path)
        }
    };
    let named = named(context, order).await.map_err(Stop::Failed)?;
    let (steps, mut listed) = mpsc::channel::<Step>(2);
    let stop = order.begin_plan();
    let walker = {
        let (context, order, stop) = (context.clone(), Arc::clone(order), Arc::clone(&stop));
        tokio::task::spawn_blocking(move || {
            let outcomes = |paths: &[RelPath]| {
                let found = context.handle.block_on(context.store.outcomes(&order.library.name, paths));
                found.map_err(|error| error.to_string())
            };
            let lister = Lister { order: &order, work: &*work, stop: &stop, steps: &steps, outcomes: &outcomes };
            lister.find(named, behind.as_ref(), first)
        })
    };
    while let Some(step) = listed.recv().await {
        let count = u32::try_from(step.files.len()).unwrap_or(u32::MAX);
        let detail = serde_json::to_string(&step.files).unwrap_or_default();
        let event = JobEvent::Planned { first, count, skips: step.skips, detail: Digest::of(detail.as_bytes()) };
        match context.log.append(order.job, event, Some(detail)).await {
            Ok(_) => first += count,
            Err(AppendError::TooLarge) => return Err(Stop::Failed("a part of the list is too large to record".into())),
            Err(AppendError::Refused(_) | AppendError::Dead) => return Err(Stop::Cancelled),
        }
    }
    match walker.await {
        Ok(Ok(())) if stop.load(Ordering::Relaxed) => Err(Stop::Cancelled),
        Ok(Ok(())) => Ok(first),
        Ok(Err(message)) => Err(Stop::Failed(message)),
        Err(error) => Err(failed(&error)),
    }
}

/// The files of a query that names items of another job, in their order there; `None` for any other query.
async fn named(context: &Context, order: &Order) -> Result<Option<Vec<RelPath>>, String> {
    let Query::Items(ItemsQuery { job, which }) = &order.request.query else { return Ok(None) };
    if *which == Which::Placed {
        let placed = order.placed(&*context.store).await?;
        return Ok(Some(placed.iter().map(|placement| placement.target.clone()).collect()));
    }
    let row = context.store.job(*job).await.map_err(|error| error.to_string())?;
    let job_no = row.ok_or_else(|| format!("job {job} is not in the log"))?.job_no;
    let status = match which {
        Which::Failed => Some("failed"),
        Which::Cancelled => Some("cancelled"),
        Which::Placed | Which::These(_) => None,
    };
    let (mut paths, mut from) = (Vec::new(), 0);
    loop {
        let rows = context.store.items(job_no, from, ITEMS_AT_ONCE, status).await.map_err(|error| error.to_string())?;
        let Some(last) = rows.last() else { return Ok(Some(paths)) };
        from = last.item + 1;
        let wanted = rows.into_iter().filter(|row| match which {
            Which::These(items) => items.binary_search(&row.item).is_ok(),
            Which::Failed | Which::Cancelled | Which::Placed => true,
        });
        paths.extend(wanted.map(|row| row.file.path));
    }
}

/// Lists the files of one job.
struct Lister<'a> {
    order: &'a Order,
    work: &'a dyn Work,
    stop: &'a AtomicBool,
    steps: &'a mpsc::Sender<Step>,
    outcomes: &'a Outcomes<'a>,
}

impl Lister<'_> {
    /// Lists the files and sends them in steps. Blocking.
    fn find(&self, named: Option<Vec<RelPath>>, behind: Option<&RelPath>, first: u32) -> Result<(), String> {
        let library = &*self.order.library;
        let mut step = Step::default();
        let mut index = first;
        let mut targets = HashSet::new();
        let mut visit = |mut found: Found| {
            found.skip = found.skip.or_else(|| self.collision(&found, index, &mut targets));
            step.push(index, found);
            index += 1;
            if step.is_full() && self.steps.blocking_send(std::mem::take(&mut step)).is_err() {
                return false;
            }
            !self.is_stopped()
        };
        match (&self.order.request.query, named) {
            (_, Some(paths)) => {
                let left = paths.iter().skip(first as usize);
                if !left.map(|path| inspect(library, path)).all(&mut visit) {
                    return Ok(());
                }
            }
            (Query::Paths(paths), None) => {
                let left = paths.iter().skip_while(|path| behind.is_some_and(|behind| *path <= behind));
                if !left.map(|path| inspect(library, path)).all(&mut visit) {
                    return Ok(());
                }
            }
            (Query::Folder(query), None) => self.walk(query, behind, &mut visit)?,
            (Query::Items(_), None) => return Err("the items of the other job were not read".into()),
        }
        if !step.files.is_empty() {
            self.steps.blocking_send(step).ok();
        }
        Ok(())
    }

    fn walk(
        &self,
        query: &FolderQuery,
        behind: Option<&RelPath>,
        visit: &mut dyn FnMut(Found) -> bool,
    ) -> Result<(), String> {
        let library = &*self.order.library;
        let (include, exclude) = (globs(&query.include)?, globs(&query.exclude)?);
        let search = Pattern::new(&query.search);
        let matches = |path: &RelPath| {
            let (text, name) = (path.as_str(), path.name());
            let wanted = include.is_empty() || include.is_match(text) || include.is_match(name);
            let unwanted = exclude.is_match(text) || exclude.is_match(name);
            let found = search.as_ref().is_none_or(|search| search.matches(&Pattern::searched(name)));
            wanted && !unwanted && found
        };
        let mut waiting = Vec::new();
        let mut failed = None;
        let mut pass_on = |waiting: &mut Vec<Found>| match shown(std::mem::take(waiting), query.show, self.outcomes) {
            Ok(kept) => kept.into_iter().all(&mut *visit) && !self.is_stopped(),
            Err(error) => {
                failed = Some(error);
                false
            }
        };
        let at_once = if query.show == Show::All { 1 } else { LOOKED_UP_AT_ONCE };
        let walked = walk(library, &query.path, behind, &mut |found| {
            if matches(&found.file.path) {
                waiting.push(found);
            }
            if waiting.len() >= at_once { pass_on(&mut waiting) } else { !self.is_stopped() }
        });
        walked.map_err(|error| {
            format!("the folder {:?} of {} cannot be listed: {}", query.path.shown(), library.name, io_text(&error))
        })?;
        pass_on(&mut waiting);
        failed.map_or(Ok(()), Err)
    }

    /// Whether the output of a file would have a name that is taken, on the disk or by an earlier file of this plan.
    fn collision(&self, found: &Found, index: u32, targets: &mut HashSet<RelPath>) -> Option<SkipReason> {
        let output = self.work.output(&found.file.path, self.order.request.output.as_ref());
        let output = output.filter(|output| output.place != Place::Replace)?;
        let target = target(&output, &found.file.path, index + 1, 0).ok()?;
        let taken = self.order.library.has(&target) || !targets.insert(target);
        taken.then_some(SkipReason::Collision)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Those of the files that are asked for by how they last ended.
fn shown(files: Vec<Found>, show: Show, outcomes: &Outcomes<'_>) -> Result<Vec<Found>, String> {
    if show == Show::All || files.is_empty() {
        return Ok(files);
    }
    let paths: Vec<_> = files.iter().map(|found| found.file.path.clone()).collect();
    let known: HashMap<_, _> = outcomes(&paths)?.into_iter().collect();
    let is = |found: &Found| known.get(&found.file.path).map_or(Show::Unprocessed, |status| status.shown_as()) == show;
    Ok(files.into_iter().filter(is).collect())
}

/// The patterns as one matcher.
pub(in crate::server) fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| format!("pattern {pattern:?}: {}", error.kind()))?);
    }
    set.build().map_err(|error| error.to_string())
}

impl Step {
    fn push(&mut self, index: u32, found: Found) {
        // As JSON: the path, its escapes, two numbers and the field names.
        self.bytes += 2 * found.file.path.as_str().len() + 90;
        self.files.push(found.file);
        let Some(reason) = found.skip else { return };
        match self.skips.last_mut() {
            Some((start, length, last)) if *last == reason && *start + *length == index => *length += 1,
            _ => self.skips.push((index, 1, reason)),
        }
    }

    fn is_full(&self) -> bool {
        self.files.len() >= PLANNED_AT_ONCE as usize
            || self.skips.len() >= RUNS_LIMIT
            || self.bytes > DETAIL_LIMIT - 16 * 1024
    }
}
