//! The recipe's last step, over all items but the cancelled ones.

mod results;

use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::panicked::Panicked;
use super::past::Past;
use super::plan::has_files;
use super::stop::{FinishFailure, StepFailure, StepStop};
use super::{ActiveJob, Context};
use crate::nothing_found::{all_left_out, no_match};
use crate::steps::Step;
use headway_files::{StepStopped, fault_of, hold, unable, unable_of_any};
use headway_model::{PauseReason, Query};
use headway_recipes::{ItemResult, ItemResults, Unable};
use headway_store::ItemPages;
use results::{earlier, result};

const ITEMS_PER_READ: u32 = 1_000;

/// Runs the step until it ends or is stopped.
pub(super) async fn finish(
    context: &Context,
    active: Result<(Arc<ActiveJob>, StepStop), Unable>,
) -> Result<(), FinishFailure> {
    let (active, stop) = active?;
    active.recover_earlier(context, &stop).await?;
    let work = active.work(context, &stop).await?;
    let row = context.store.job(active.job).await.map_err(Unable::from)?;
    let row = row.ok_or_else(|| Unable::Failed(format!("job {} is not in the log", active.job)))?;
    let counters = row.summary.counters;
    // Nothing was looked at, so the job is not to be taken for one that found everything in order.
    if counters.total == 0
        && let Some(message) = nothing_to_do(context, &active, &stop).await?
    {
        return Err(FinishFailure::NoMatch(message));
    }
    let is_halted = counters.cancelled > 0;
    let outputs = context.data.outputs(&active.job);
    let outputs = if is_halted { outputs.of_halted() } else { outputs };
    let (steps, of) = (context.steps.clone(), Arc::clone(&active));
    let flag = Arc::clone(stop.flag());
    let step = move |results: &mut ItemResults<'_>| {
        let _step = steps.begin(of.job, Step::Finish, || false);
        fault_of("finishing", of.request.title.as_deref().unwrap_or_default());
        hold("finishing");
        let outputs =
            outputs.for_step(flag).map_err(|error| unable("what the last step left cannot be removed", &error))?;
        let finished = work.finish(results, &outputs);
        let why = finished.as_ref().err().map(unable_of_any);
        if why.and_then(|why| why.pause()) == Some(PauseReason::LibraryGone) {
            of.note_missed_disk();
        }
        finished
    };
    let store = Arc::clone(&context.store);
    let past = Past::of(context, &active).await?;
    let pages = stream::try_unfold(ItemPages::new(store, active.job_no, ITEMS_PER_READ), move |mut pages| {
        let (past, active) = (past.clone(), Arc::clone(&active));
        async move {
            let Some(page) = pages.next().await? else { return Ok(None) };
            let earlier = earlier(&past, &active, &page).await?;
            let results = page.into_iter().filter_map(|row| result(row, &earlier).transpose());
            Ok(Some((results.collect::<Result<_, _>>()?, pages)))
        }
    });
    tokio::select! {
        ended = over(pages, &stop, step) => match ended {
            Err(_) if stop.is_asked() => Err(StepFailure::Stopped.into()),
            ended => Ok(ended?),
        },
        () = stop.overdue() => Err(StepFailure::Stopped.into()),
    }
}

/// Why a job that found no file fails, if it does: it asked for names that no file has, or it left out every file.
async fn nothing_to_do(
    context: &Context,
    active: &Arc<ActiveJob>,
    stop: &StepStop,
) -> Result<Option<String>, StepFailure> {
    if let Some(message) = no_match(&active.request.query) {
        return Ok(Some(message));
    }
    let Query::Folder(query) = &active.request.query else { return Ok(None) };
    let Some(message) = all_left_out(query) else { return Ok(None) };
    let (steps, of, query) = (context.steps.clone(), Arc::clone(active), query.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let _step = steps.begin(of.job, Step::Finish, || false);
        has_files(&of.library, &query)
    });
    let looked = stop.wait_for(looked).await.ok_or(StepFailure::Stopped)?;
    let has_files = looked.map_err(|error| Unable::from(Panicked::from(error)))??;
    Ok(has_files.then_some(message))
}

/// Runs a step over pages of results while they are being read. The step sees the end of the results only if all of them could be
/// read and it was not stopped. This returns once the step has ended.
async fn over(
    pages: impl Stream<Item = Result<Vec<ItemResult>, Unable>> + Send,
    stop: &StepStop,
    step: impl FnOnce(&mut ItemResults<'_>) -> anyhow::Result<()> + Send + 'static,
) -> Result<(), Unable> {
    let stop = stop.clone();
    let stopped = move || stop.is_asked().then(|| Err(Unable::Failed(StepStopped.to_string())));
    let (results, mut queue) = mpsc::channel::<Result<Vec<ItemResult>, Unable>>(2);
    let step = tokio::task::spawn_blocking(move || {
        let pages = std::iter::from_fn(|| queue.blocking_recv());
        let results = pages.flat_map(|page| match page {
            Ok(page) => page.into_iter().map(Ok).collect(),
            Err(why) => vec![Err(why)],
        });
        let results = results.map(|result| stopped().unwrap_or(result));
        let mut results = results.chain(std::iter::once_with(&stopped).flatten());
        step(&mut results).map_err(|error| unable_of_any(&error))
    });
    let mut unread = Ok(());
    let mut pages = pin!(pages);
    while let Some(page) = pages.next().await {
        unread = page.as_ref().map(drop).map_err(Clone::clone);
        // The step has ended early; its result below says why.
        if results.send(page).await.is_err() || unread.is_err() {
            break;
        }
    }
    drop(results);
    let ended = step.await.unwrap_or_else(|error| Err(Panicked::from(error).into()));
    unread.and(ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::RelPath;
    use parking_lot::Mutex;

    fn page(number: u32) -> Vec<ItemResult> {
        let path = RelPath::from_bytes(format!("file-{number}").as_bytes()).expect("a path");
        vec![ItemResult { path, result: serde_json::Value::Null, failure: None, skip: None }]
    }

    /// Runs a counting step over this many pages, then an error if there is one; returns the count if the step saw the end.
    async fn counted(pages: u32, then: Option<Unable>, stop: &StepStop) -> (Result<(), Unable>, Option<usize>) {
        let counted = Arc::new(Mutex::new(None));
        let pages = (0..pages).map(page).map(Ok).chain(then.map(Err));
        let last = Arc::clone(&counted);
        let step = move |results: &mut ItemResults<'_>| {
            let mut count = 0;
            for result in results {
                result?;
                count += 1;
            }
            *last.lock() = Some(count);
            Ok(())
        };
        let ended = over(stream::iter(pages), stop, step).await;
        let count = *counted.lock();
        (ended, count)
    }

    #[tokio::test]
    async fn a_step_over_results_that_cannot_all_be_read_never_comes_to_their_end() {
        let stop = StepStop::default();
        assert_eq!(counted(5, None, &stop).await, (Ok(()), Some(5)));
        for why in [Unable::Environment(PauseReason::MemoryLow), Unable::Failed("the log is damaged".into())] {
            for pages in [0, 1, 5] {
                let ended = counted(pages, Some(why.clone()), &stop).await;
                assert_eq!(ended, (Err(why.clone()), None), "after {pages} pages");
            }
        }
    }

    #[tokio::test]
    async fn a_step_that_is_stopped_never_comes_to_the_end_of_the_results() {
        let stop = StepStop::default();
        stop.ask();
        for pages in [0, 1, 5] {
            assert_eq!(counted(pages, None, &stop).await.1, None, "{pages} pages");
        }
    }

    #[tokio::test]
    async fn a_step_ends_when_it_is_stopped_among_its_results() {
        let stop = StepStop::default();
        let asked = stop.clone();
        let step = move |results: &mut ItemResults<'_>| {
            for (count, result) in results.enumerate() {
                result?;
                if count == 10 {
                    asked.ask();
                }
            }
            Ok(())
        };
        let endless = stream::iter((0..).map(page).map(Ok));
        assert_eq!(over(endless, &stop, step).await, Err(Unable::Failed(StepStopped.to_string())));
    }

    #[tokio::test]
    async fn a_step_that_fails_early_says_why() {
        let ended =
            over(stream::iter([Ok(page(1))]), &StepStop::default(), |_: &mut ItemResults<'_>| anyhow::bail!("enough"))
                .await;
        assert_eq!(ended, Err(Unable::Failed("enough".into())));
    }
}
