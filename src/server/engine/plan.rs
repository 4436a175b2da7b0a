//! Planning: lists the files of a job, in order, in steps that are each durable before the next.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use globset::{Glob, GlobSet, GlobSetBuilder};
use tokio::sync::mpsc;

use super::{Context, Order};
use crate::model::event::{JobEvent, MESSAGE_LIMIT, Outcome, PLANNED_AT_ONCE, cut};
use crate::model::id::JobId;
use crate::model::library::{Pattern, Show};
use crate::model::status::EndReason;
use crate::model::{Digest, ItemStatus, Query, RelPath, SkipReason};
use crate::server::files::{Found, Library, inspect, io_text, walk};
use crate::server::rows::PlannedFile;
use crate::server::writer::{AppendError, DETAIL_LIMIT};

/// So many runs of skipped items fit into one event beside its other fields.
const RUNS_LIMIT: usize = 100;

/// So many files are looked up in the log at a time, if only those of some outcome are asked for.
const LOOKED_UP_AT_ONCE: usize = 500;

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
        Ok(order) => match order.recipe(context).await {
            Ok(_) => list(context, &order).await,
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

async fn list(context: &Context, order: &Arc<Order>) -> Result<u32, Stop> {
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
    let (steps, mut listed) = mpsc::channel::<Step>(2);
    let walker = {
        let (context, order) = (context.clone(), Arc::clone(order));
        let handle = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let Some(library) = context.library(&order.library) else {
                return Err(format!("this server has no library {:?}", order.library));
            };
            let outcomes = |paths: &[RelPath]| {
                let found = handle.block_on(context.store.outcomes(&order.library, paths));
                found.map_err(|error| error.to_string())
            };
            find(library, &order, behind.as_ref(), first, &steps, &outcomes)
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
        Ok(Ok(())) if order.cancelled.load(Ordering::Relaxed) => Err(Stop::Cancelled),
        Ok(Ok(())) => Ok(first),
        Ok(Err(message)) => Err(Stop::Failed(message)),
        Err(error) => Err(failed(&error)),
    }
}

/// Lists the files and sends them in steps. Blocking.
fn find(
    library: &Library,
    order: &Order,
    behind: Option<&RelPath>,
    first: u32,
    steps: &mpsc::Sender<Step>,
    outcomes: &Outcomes<'_>,
) -> Result<(), String> {
    let mut step = Step::default();
    let mut index = first;
    let mut visit = |found: Found| {
        step.push(index, found);
        index += 1;
        if step.is_full() && steps.blocking_send(std::mem::take(&mut step)).is_err() {
            return false;
        }
        !order.cancelled.load(Ordering::Relaxed)
    };
    match &order.request.query {
        Query::Paths(paths) => {
            for path in paths.iter().skip_while(|path| behind.is_some_and(|behind| *path <= behind)) {
                if !visit(inspect(library, path)) {
                    return Ok(());
                }
            }
        }
        Query::Folder(query) => {
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
            let mut sift = |found: Option<Found>| {
                let is_last = found.is_none();
                waiting.extend(found.filter(|found| matches(&found.file.path)));
                if query.show != Show::All && waiting.len() < LOOKED_UP_AT_ONCE && !is_last {
                    return !order.cancelled.load(Ordering::Relaxed);
                }
                let kept = shown(std::mem::take(&mut waiting), query.show, outcomes);
                match kept {
                    Ok(kept) => kept.into_iter().all(&mut visit) && !order.cancelled.load(Ordering::Relaxed),
                    Err(error) => {
                        failed = Some(error);
                        false
                    }
                }
            };
            walk(library, &query.path, behind, &mut |found| sift(Some(found))).map_err(|error| {
                format!("the folder {:?} of {} cannot be listed: {}", query.path.shown(), library.name, io_text(&error))
            })?;
            sift(None);
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
    }
    if !step.files.is_empty() {
        steps.blocking_send(step).ok();
    }
    Ok(())
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
