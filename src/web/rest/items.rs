//! The call for a job's items.

use axum::Json;
use axum::extract::{Path, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parameters::{Parameters, of_text};
use super::{RestResult, job_id};
use headway_model::Seq;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::item_filter::ItemFilter;
use headway_model::summary::{ItemPage, ItemView};
use headway_server::Server;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemsParameters {
    /// Items after this one: the `next` of the previous page.
    after: Option<u32>,
    /// How many; 100 if omitted.
    limit: Option<u32>,
    /// The label of their status; or `left_out`, `missed` or `errors`.
    status: Option<String>,
    /// The key of the cause of their failure.
    cause: Option<String>,
    /// A part of their path, or a pattern with `*` and `?`.
    name: Option<String>,
    /// Only this item and those after it.
    first: Option<u32>,
    /// Only this item and those before it.
    last: Option<u32>,
}

/// A window of a job's items, in order, each with the number that people know.
#[derive(Serialize, JsonSchema)]
pub(super) struct NumberedItems {
    /// The items.
    items: Vec<CountedItem>,
    /// Pass this as `after` to get the next window.
    next: Option<u32>,
    /// The `seq` that the window describes.
    seq: Seq,
}

/// An item with its number.
#[derive(Serialize, JsonSchema)]
struct CountedItem {
    /// Its number in the plan, from 1, as in `{#}`, in reports, and on the command line; `item` counts from 0.
    number: u64,
    #[serde(flatten)]
    view: ItemView,
}

impl From<ItemPage> for NumberedItems {
    fn from(ItemPage { items, next, seq }: ItemPage) -> Self {
        let counted = |view: ItemView| CountedItem { number: u64::from(view.item) + 1, view };
        NumberedItems { items: items.into_iter().map(counted).collect(), next, seq }
    }
}

pub(super) async fn items(
    State(server): State<Server>,
    Path(id): Path<String>,
    Parameters(query): Parameters<ItemsParameters>,
) -> RestResult<Json<NumberedItems>> {
    let ItemsParameters { after, limit, status, cause, name, first, last } = query;
    let job = job_id(&id)?;
    let filter = ItemFilter { status: status_filter(status)?, cause, name, first, last };
    Ok(Json(server.items(job, after, limit.unwrap_or(100), &filter).await?.into()))
}

/// The filter with this name.
fn status_filter(name: Option<String>) -> RestResult<Option<StatusFilter>> {
    let Some(name) = name else { return Ok(None) };
    let names = ItemLabel::ALL.map(StatusFilter::from).into_iter().chain(StatusFilter::OTHERS).map(StatusFilter::name);
    Ok(Some(of_text("status", &name, &format!("one of {}", names.collect::<Vec<_>>().join(", ")))?))
}
