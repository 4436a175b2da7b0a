//! The recipe's last step, over all items that succeeded or failed.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Context, Order, died};
use crate::steps::Step;
use headway_files::fault_of;
use headway_model::ItemStatus;
use headway_recipes::{ItemResult, Unable};

const PAGE: u32 = 1_000;

pub(super) async fn finish(context: &Context, order: Result<Arc<Order>, Unable>) -> Result<(), Unable> {
    let order = order?;
    let work = order.work(context).await?;
    let (results, mut queue) = mpsc::channel::<Vec<ItemResult>>(2);
    let step = {
        let (outputs, steps, order) = (context.data.outputs(&order.job), context.steps.clone(), Arc::clone(&order));
        tokio::task::spawn_blocking(move || {
            let _step = steps.begin(order.job, Step::Finish, || false);
            fault_of("finishing", order.request.title.as_deref().unwrap_or_default());
            let mut results = std::iter::from_fn(|| queue.blocking_recv()).flatten();
            work.finish(&mut results, &outputs).map_err(|error| headway_files::unable_of_any(&error))
        })
    };
    let mut from = 0;
    loop {
        let page = context.store.items(order.job_no, from, PAGE, None).await?;
        let Some(last) = page.last() else { break };
        from = last.item + 1;
        let read = page.into_iter().filter_map(|row| {
            let failure = match row.state.status {
                ItemStatus::Succeeded(_) => None,
                ItemStatus::Failed(reason) => Some(row.state.message.unwrap_or_else(|| reason.text().into())),
                _ => return None,
            };
            let result = row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
            Some(ItemResult { path: row.file.path, result: result.unwrap_or_default(), failure })
        });
        // A step that has ended early says why below.
        if results.send(read.collect()).await.is_err() {
            break;
        }
    }
    drop(results);
    step.await.unwrap_or_else(|error| Err(Unable::Failed(died(error))))
}
