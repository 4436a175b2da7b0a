//! The recipe's last step, over all items but the cancelled ones.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::{Context, Order, died};
use crate::steps::Step;
use headway_files::{fault_of, hold, unable_of_any};
use headway_model::{ItemStatus, RelPath, SkipReason};
use headway_recipes::{ItemResult, ItemResults, Unable};
use headway_store::rows::ItemRow;
use headway_store::{ItemPages, Store};

const PAGE: u32 = 1_000;

pub(super) async fn finish(context: &Context, order: Result<Arc<Order>, Unable>) -> Result<(), Unable> {
    let order = order?;
    let work = order.work(context).await?;
    let (outputs, steps, of) = (context.data.outputs(&order.job), context.steps.clone(), Arc::clone(&order));
    let step = move |results: &mut ItemResults<'_>| {
        let _step = steps.begin(of.job, Step::Finish, || false);
        fault_of("finishing", of.request.title.as_deref().unwrap_or_default());
        hold("finishing");
        work.finish(results, &outputs)
    };
    let store = Arc::clone(&context.store);
    let pages = stream::try_unfold(ItemPages::new(Arc::clone(&store), order.job_no, PAGE), move |mut pages| {
        let (store, order) = (Arc::clone(&store), Arc::clone(&order));
        async move {
            let Some(page) = pages.next().await? else { return Ok(None) };
            let earlier = earlier(&*store, &order, &page).await?;
            let results = page.into_iter().filter_map(|row| result(row, &earlier).transpose());
            Ok(Some((results.collect::<Result<_, _>>()?, pages)))
        }
    });
    over(pages, step).await
}

/// Runs a step over pages of results while they are being read. The step sees the end of the results only if all of them could be
/// read. This returns once the step has ended.
async fn over(
    pages: impl Stream<Item = Result<Vec<ItemResult>, Unable>> + Send,
    step: impl FnOnce(&mut ItemResults<'_>) -> anyhow::Result<()> + Send + 'static,
) -> Result<(), Unable> {
    let (results, mut queue) = mpsc::channel::<Result<Vec<ItemResult>, Unable>>(2);
    let step = tokio::task::spawn_blocking(move || {
        let pages = std::iter::from_fn(|| queue.blocking_recv());
        let mut results = pages.flat_map(|page| match page {
            Ok(page) => page.into_iter().map(Ok).collect(),
            Err(why) => vec![Err(why)],
        });
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
    let ended = step.await.unwrap_or_else(|error| Err(Unable::Failed(died(error))));
    unread.and(ended)
}

/// The results of those items that were done before: by path, of the last job that did this same work.
async fn earlier(store: &dyn Store, order: &Order, page: &[ItemRow]) -> Result<HashMap<RelPath, String>, Unable> {
    let is_done = |row: &&ItemRow| matches!(row.state.status, ItemStatus::Skipped { reason: SkipReason::Done, .. });
    let paths: Vec<_> = page.iter().filter(is_done).map(|row| row.file.path.clone()).collect();
    if paths.is_empty() {
        return Ok(HashMap::new());
    }
    let mut rows = store.done(&order.library.name, &order.request.recipe, &paths).await?;
    rows.retain(|row| row.work == order.identity);
    rows.sort_by_key(|row| row.job_no);
    Ok(rows.into_iter().filter_map(|row| Some((row.file.path, row.result?))).collect())
}

/// What became of an item; `None` if it was cancelled.
fn result(row: ItemRow, earlier: &HashMap<RelPath, String>) -> Result<Option<ItemResult>, Unable> {
    let (failure, skip) = match row.state.status {
        ItemStatus::Succeeded(_) => (None, None),
        ItemStatus::Skipped { reason, .. } => (None, Some(reason)),
        ItemStatus::Failed(reason) => (Some((reason, row.state.message.unwrap_or_else(|| reason.text().into()))), None),
        ItemStatus::Waiting
        | ItemStatus::Running
        | ItemStatus::Placing
        | ItemStatus::Interrupted
        | ItemStatus::Cancelled => return Ok(None),
    };
    let read = |text: &str| {
        let unreadable = |error| Unable::Failed(format!("the result of item {} cannot be read: {error}", row.item));
        serde_json::from_str(text).map_err(unreadable)
    };
    let told = row.state.result.as_deref().or_else(|| earlier.get(&row.file.path).map(String::as_str));
    let result = told.map(read).transpose()?.unwrap_or_default();
    Ok(Some(ItemResult { path: row.file.path, result, failure, skip }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PauseReason;
    use std::sync::Mutex;

    fn page(number: u32) -> Vec<ItemResult> {
        let path = RelPath::from_bytes(format!("file-{number}").as_bytes()).expect("a path");
        vec![ItemResult { path, result: serde_json::Value::Null, failure: None, skip: None }]
    }

    /// Runs a counting step over this many pages, then an error if there is one; returns the count if the step saw the end.
    async fn counted(pages: u32, then: Option<Unable>) -> (Result<(), Unable>, Option<usize>) {
        let counted = Arc::new(Mutex::new(None));
        let pages = (0..pages).map(page).map(Ok).chain(then.map(Err));
        let told = Arc::clone(&counted);
        let step = move |results: &mut ItemResults<'_>| {
            let mut count = 0;
            for result in results {
                result?;
                count += 1;
            }
            *told.lock().expect("no panic") = Some(count);
            Ok(())
        };
        let ended = over(stream::iter(pages), step).await;
        let count = *counted.lock().expect("no panic");
        (ended, count)
    }

    #[tokio::test]
    async fn a_step_over_results_that_cannot_all_be_read_never_comes_to_their_end() {
        assert_eq!(counted(5, None).await, (Ok(()), Some(5)));
        for why in [Unable::Environment(PauseReason::MemoryLow), Unable::Failed("the log is damaged".into())] {
            for pages in [0, 1, 5] {
                assert_eq!(counted(pages, Some(why.clone())).await, (Err(why.clone()), None), "after {pages} pages");
            }
        }
    }

    #[tokio::test]
    async fn a_step_that_fails_early_says_why() {
        let ended = over(stream::iter([Ok(page(1))]), |_: &mut ItemResults<'_>| anyhow::bail!("enough")).await;
        assert_eq!(ended, Err(Unable::Failed("enough".into())));
    }
}
