//! What the pages show of jobs, items and recipes without folding events.

mod word;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::cursor::Cursor;
use super::digest::Digest;
use super::done::{Rerun, Reruns};
use super::fold::Fold;
use super::id::{JobId, Millis, Seq};
use super::load::FileTotals;
use super::output::Output;
use super::path::RelPath;
use super::policy::Policy;
use super::request::StartJob;
use super::serde_defaults::is_default;
use super::setting::Setting;
use super::status::JobStatus;
use super::worked::Worked;

/// A job's state at a `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobSummary {
    /// The job.
    pub job: JobId,
    /// The `seq` that it describes.
    pub seq: Seq,
    /// The digest at that `seq`.
    pub digest: Digest,
    /// Name of the recipe.
    pub recipe: String,
    /// The title that a person reads.
    pub title: String,
    /// Its status.
    #[serde(flatten)]
    pub status: JobStatus,
    /// Items by status.
    pub counters: Counters,
    /// When it was created.
    pub created: Millis,
    /// When it began to process.
    pub began: Option<Millis>,
    /// When it ended.
    pub ended: Option<Millis>,
    /// How long it has been at work; `None` if it has not begun, or if that is unknown.
    #[serde(default, skip_serializing_if = "is_default")]
    pub worked: Option<Worked>,
    /// Why the job as a whole failed.
    pub message: Option<String>,
    /// Whether its history was removed.
    #[serde(default)]
    pub pruned: bool,
    /// How many already processed items run again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reruns: Reruns,
    /// Whether its files are still being listed: `total` counts those listed so far, and the final number is unknown.
    #[serde(default, skip_serializing_if = "is_default")]
    pub listing: bool,
}

impl From<&Fold> for JobSummary {
    fn from(fold: &Fold) -> Self {
        JobSummary {
            job: fold.id,
            seq: fold.seq,
            digest: fold.digest,
            recipe: fold.recipe.clone(),
            title: fold.title.clone(),
            status: fold.status,
            counters: fold.counters,
            created: fold.created,
            began: fold.began,
            ended: fold.ended,
            worked: fold.worked,
            message: fold.message.clone(),
            pruned: fold.pruned,
            reruns: fold.reruns,
            listing: !fold.plan_ended,
        }
    }
}

/// A summary, and the cursor from which to follow the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobView {
    /// The job.
    #[serde(flatten)]
    pub summary: JobSummary,
    /// The summary includes every event up to here.
    pub cursor: Cursor,
    /// Files the job wrote for its user, such as a manifest.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// The request, with every default filled in.
    #[serde(default)]
    pub request: Option<StartJob>,
    /// What the job waits for, as a text.
    #[serde(default)]
    pub waits: Option<String>,
    /// Whether the job goes on only if a person does something about its library.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asks: bool,
    /// A remark on how the job runs on this server, as a text.
    #[serde(default)]
    pub note: Option<String>,
    /// The number of files in the job's trash, and their size in bytes.
    #[serde(default)]
    pub trash: (u64, u64),
    /// The same of what is left of the trash that a process began to empty and did not finish. No undo puts it back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trash_left: (u64, u64),
    /// Whether what the trash holds could not be read, so that nothing is known about it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trash_unknown: bool,
    /// The library's folder, for the user who runs the server only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub folder: Option<String>,
    /// Whether its recipe runs programs, whose output might be stored.
    #[serde(default)]
    pub runs_programs: bool,
    /// Whether what it does can be undone: it writes outputs or renames files.
    #[serde(default, skip_serializing_if = "is_default")]
    pub can_undo: bool,
    /// The job that undoes, or has undone, this one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub undone: Option<JobSummary>,
}

/// Jobs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobSummary>,
    /// Pass this as `before` to get the next page.
    pub next: Option<JobId>,
    /// The summaries include every event up to here.
    pub cursor: Cursor,
}

/// One item of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemView {
    /// Its index in the plan, from 0.
    pub item: u32,
    /// Its file.
    pub path: RelPath,
    /// Its size in bytes when it was planned.
    pub size: u64,
    /// The label of its status.
    pub status: String,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// The failure message that a person reads.
    pub message: Option<String>,
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

/// What a job did to the files, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobTotals {
    /// Its items, by their statuses.
    pub counters: Counters,
    /// The originals that outputs replaced.
    pub replaced: FileTotals,
    /// Total size of these outputs, in bytes.
    pub replaced_by: u64,
    /// New files.
    pub created: FileTotals,
    /// Files that were moved to the trash, or whose content was replaced by a link to another file's.
    pub removed: FileTotals,
    /// Outputs whose size is not known.
    pub unknown: u64,
}

impl JobTotals {
    /// How many bytes smaller the library's files are once the trash is emptied; negative if they are larger. New
    /// files do not count.
    pub fn saved(&self) -> i64 {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        signed(self.replaced.bytes.saturating_add(self.removed.bytes)).saturating_sub(signed(self.replaced_by))
    }
}

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// For spreadsheets.
    Csv,
    /// A line of JSON for each item.
    Jsonl,
}

/// A window of a job's items, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemPage {
    /// The items.
    pub items: Vec<ItemView>,
    /// Pass this as `after` to get the next window.
    pub next: Option<u32>,
    /// The `seq` that the window describes.
    pub seq: Seq,
}

/// A library, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LibraryName {
    /// Its name.
    pub name: String,
}

/// How much room Headway's own files take, in bytes, and when old ones are removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Room {
    /// The log.
    pub log: u64,
    /// What jobs wrote into the data folder: manifests, reports, and the output of programs.
    pub outputs: u64,
    /// The trash of each library.
    pub trashes: Vec<TrashRoom>,
    /// What the trashes of folders hold that are not served: those that jobs named by their paths, and libraries that were removed; missing if there is nothing to say.
    #[serde(default, skip_serializing_if = "is_default")]
    pub elsewhere: TrashElsewhere,
    /// Milliseconds after which a job's originals are removed from its trash; never if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash_age: Option<u64>,
    /// Milliseconds after which a job's history is removed; never if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_age: Option<u64>,
    /// Bytes of `log` and `outputs` together above which old history is removed; no limit if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_bytes: Option<u64>,
    /// Milliseconds for which nothing is removed by age, because the clock jumped; missing if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<u64>,
}

/// How much room the originals in a library's trash take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrashRoom {
    /// The library.
    pub library: String,
    /// What it holds; missing if that cannot be determined now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<TrashHolds>,
}

/// What the trashes of folders hold that are not served. Their paths are the owner's, and are not named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrashElsewhere {
    /// What those hold that can be seen.
    pub holds: TrashHolds,
    /// In how many folders that cannot be determined now.
    pub unknown: u64,
}

/// What a trash holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrashHolds {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A recipe, as pages offer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecipeInfo {
    /// Its name.
    pub name: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// Where its output goes unless the request says otherwise; `None` if it has none.
    #[serde(default)]
    pub output: Option<Output>,
    /// What happens to the files, in one sentence; empty if that follows from where the output goes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to_files: String,
    /// Whether the list of recipes omits it, because it is started elsewhere.
    #[serde(default)]
    pub hidden: bool,
}

impl Start {
    /// An empty start, from the beginning of the log.
    pub fn empty() -> Self {
        Start {
            build: String::new(),
            now: 0,
            cursor: Cursor::start(),
            libraries: Vec::new(),
            recipes: Vec::new(),
            policies: BTreeMap::new(),
            live: Vec::new(),
            rights: PageRights::All,
        }
    }
}

/// Everything a page needs for its first paint, taken at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Start {
    /// The build of the server; a page of another build reloads.
    pub build: String,
    /// The server's clock.
    pub now: Millis,
    /// The position from which to follow.
    pub cursor: Cursor,
    /// The libraries.
    pub libraries: Vec<LibraryName>,
    /// The recipes.
    pub recipes: Vec<RecipeInfo>,
    /// By recipe: its default policy for files that were already processed and for interrupted items.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// Jobs that are not over, oldest first.
    pub live: Vec<JobSummary>,
    /// What the page can do.
    #[serde(default)]
    pub rights: PageRights,
}

/// What a page can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PageRights {
    /// Everything.
    #[default]
    All,
    /// Everything, and make links for those who only look on.
    Sharing,
    /// Look on: it offers nothing that changes anything.
    Reading,
}
