//! A job's items, as pages and reports list them.

use serde::{Deserialize, Serialize};

use crate::done::Rerun;
use crate::id::{JobId, Seq};
use crate::item::ItemLabel;
use crate::path::RelPath;
use crate::read::FromJson;
use crate::request::ItemSelection;
use crate::serde_defaults::is_default;

/// One item of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemView {
    /// Its index in the plan, from 0.
    pub item: u32,
    /// Its file.
    pub path: RelPath,
    /// Its size in bytes when it was planned.
    pub size: u64,
    /// The label of its status.
    pub status: ItemLabel,
    /// Why it was skipped or failed, or that its file is as it was.
    pub reason: Option<String>,
    /// The failure message that a person reads.
    pub message: Option<String>,
    /// Whether it was skipped although it was asked for: see `missed` of the counters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed: bool,
    /// Its last attempt; 0 if none.
    pub attempt: u32,
    /// The recipe's result.
    pub result: Option<serde_json::Value>,
    /// Why it runs again although an earlier job processed it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rerun: Option<Rerun>,
    /// The name that its file is to have, or got, if the job renames it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub becomes: Option<RelPath>,
    /// Of an item that waits: the file that its output is to be, unless it replaces the item's own file.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Option<RelPath>,
    /// Of an item that waits: what is going to be done to its file besides, in words, such as that it is only read, the command that
    /// runs, or which file with the same content is kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub will: Option<String>,
    /// Of an item that did not succeed: how the newest job that ran its file again has left it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retried: Option<ItemRetry>,
}

/// A job that is not over and runs files of another one again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LiveRetry {
    /// The job that runs them.
    pub job: JobId,
    /// Its title.
    pub title: String,
    /// Which items of the other job it was started for.
    pub which: ItemSelection,
}

/// How another job that ran the file of an item again has left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemRetry {
    /// The other job.
    pub job: JobId,
    /// The label of the file's status there.
    pub status: ItemLabel,
}

/// An item as reports list it: with its number, which people count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NumberedItem<'a> {
    /// Its number in the plan, from 1, as in `{#}`, in a job log, and on the command line.
    pub number: u64,
    /// The item, whose `item` is its index from 0.
    #[serde(flatten)]
    pub view: &'a ItemView,
}

impl<'a> From<&'a ItemView> for NumberedItem<'a> {
    fn from(view: &'a ItemView) -> Self {
        NumberedItem { number: u64::from(view.item) + 1, view }
    }
}

/// A window of a job's items, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemPage {
    /// The items.
    pub items: Vec<ItemView>,
    /// Pass this as `after` to get the next window.
    pub next: Option<u32>,
    /// The `seq` that the window describes.
    pub seq: Seq,
}

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// For spreadsheets.
    Csv,
    /// A line of JSON for each item.
    Jsonl,
}
