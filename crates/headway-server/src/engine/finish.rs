//! The recipe's last step, over all items that succeeded or failed.

use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::{Context, Order, died};
use crate::steps::Step;
use headway_files::{fault_of, hold, unable_of_any};
use headway_model::ItemStatus;
use headway_recipes::{ItemResult, ItemResults, Unable};
use headway_store::rows::ItemRow;

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
    let (store, job_no) = (Arc::clone(&context.store), order.job_no);
    let pages = stream::try_unfold(0, move |from| {
        let store = Arc::clone(&store);
        async move {
            let page = store.items(job_no, from, PAGE, None).await?;
            let Some(last) = page.last() else { return Ok(None) };
            let from = last.item + 1;
            let results = page.into_iter().filter_map(|row| result(row).transpose()).collect::<Result<_, _>>()?;
            Ok(Some((results, from)))
        }
    });
    over(pages, step).await
}

/// Runs a step over pages of results while they are read. It sees the end of the results only if all of them could be read, and is
/// over when this is.
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
        // A step that has ended early says why below.
        if results.send(page).await.is_err() || unread.is_err() {
            break;
        }
    }
    drop(results);
    let ended = step.await.unwrap_or_else(|error| Err(Unable::Failed(died(error))));
    unread.and(ended)
}

/// What became of an item; `None` if it neither succeeded nor failed.
fn result(row: ItemRow) -> Result<Option<ItemResult>, Unable> {
    let failure = match row.state.status {
        ItemStatus::Succeeded(_) => None,
        ItemStatus::Failed(reason) => Some(row.state.message.unwrap_or_else(|| reason.text().into())),
        _ => return Ok(None),
    };
    let read = |text: &str| {
        let unreadable = |error| Unable::Failed(format!("the result of item {} cannot be read: {error}", row.item));
        serde_json::from_str(text).map_err(unreadable)
    };
    let result = row.state.result.as_deref().map(read).transpose()?.unwrap_or_default();
    Ok(Some(ItemResult { path: row.file.path, result, failure }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::{PauseReason, RelPath};
    use std::sync::Mutex;

    fn page(number: u32) -> Vec<ItemResult> {
        let path = RelPath::from_bytes(format!("file-{number}").as_bytes()).expect("a path");
        vec![ItemResult { path, result: serde_json::Value::Null, failure: None }]
    }

    /// Runs a step that counts over so many pages, and then this; how many results it counted, if it came to their end.
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
