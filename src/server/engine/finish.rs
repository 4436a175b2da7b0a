//! The recipe's last step, over all items that succeeded or failed.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::work::panic_text;
use super::{Context, Order};
use crate::model::ItemStatus;
use crate::server::recipes::{ItemResult, Unable};

const PAGE: u32 = 1_000;

pub(super) async fn finish(context: &Context, order: Result<Arc<Order>, String>) -> Result<(), Unable> {
    let order = order?;
    let work = order.work(context).await?;
    let (results, mut queue) = mpsc::channel::<Vec<ItemResult>>(2);
    let step = {
        let outputs = context.data.outputs(&order.job);
        tokio::task::spawn_blocking(move || {
            let mut results = std::iter::from_fn(|| queue.blocking_recv()).flatten();
            work.finish(&mut results, &outputs).map_err(|error| Unable::of_any(&error))
        })
    };
    let mut from = 0;
    loop {
        let page = context.store.items(order.job_no, from, PAGE, None).await;
        let page = page.map_err(|error| error.to_string())?;
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
    match step.await {
        Ok(result) => result,
        Err(error) => Err(match error.try_into_panic() {
            Ok(panic) => panic_text(&*panic).into(),
            Err(error) => error.to_string().into(),
        }),
    }
}
