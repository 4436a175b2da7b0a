//! What the pages show of jobs, items and files without folding them.

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::cursor::Cursor;
use super::digest::Digest;
use super::done::{Rerun, Reruns};
use super::fold::Fold;
use super::id::{JobId, Millis, Seq};
use super::output::Output;
use super::path::RelPath;
use super::request::StartJob;
use super::serde_defaults::is_default;
use super::status::JobStatus;
use super::worked::Worked;

/// A job's state at its `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSummary {
    /// The job.
    pub job: JobId,
    /// The event it is true at.
    pub seq: Seq,
    /// The chain up to that event.
    pub digest: Digest,
    /// Name of the recipe.
    pub recipe: String,
    /// What a person calls it.
    pub title: String,
    /// Where it stands.
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
    /// How long it has been at work; `None` if it has not begun, or if that is not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub worked: Option<Worked>,
    /// Why it failed as a whole.
    pub message: Option<String>,
    /// Whether its history is removed.
    #[serde(default)]
    pub pruned: bool,
    /// How many items were done before and run again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reruns: Reruns,
    /// Whether the list of its files is not whole: `total` counts those listed so far, and says nothing of how many there are.
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

/// A summary, and the place in the log from which to follow on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// The job.
    #[serde(flatten)]
    pub summary: JobSummary,
    /// Everything up to here is in the summary.
    pub cursor: Cursor,
    /// Files the job wrote for its user, such as a manifest.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// What was asked for, with every default filled in.
    #[serde(default)]
    pub request: Option<StartJob>,
    /// What the job waits for, in words.
    #[serde(default)]
    pub waits: Option<String>,
    /// What there is to know about how it is carried out here, in words.
    #[serde(default)]
    pub note: Option<String>,
    /// Files in the job's trash, and their bytes.
    #[serde(default)]
    pub trash: (u64, u64),
    /// Whether its recipe runs programs, whose output may be kept.
    #[serde(default)]
    pub runs_programs: bool,
    /// The job that puts back, or has put back, what this one did.
    #[serde(default, skip_serializing_if = "is_default")]
    pub undone: Option<JobSummary>,
}

/// Jobs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobSummary>,
    /// Give this as `before` to get the next page.
    pub next: Option<JobId>,
    /// Everything up to here is in the summaries.
    pub cursor: Cursor,
}

/// One item of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemView {
    /// Its index in the plan.
    pub item: u32,
    /// Its file.
    pub path: RelPath,
    /// Its size in bytes when it was planned.
    pub size: u64,
    /// Its status, as a word.
    pub status: String,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// The failure in a person's words.
    pub message: Option<String>,
    /// Its last attempt; 0 if none.
    pub attempt: u32,
    /// What the recipe found.
    pub result: Option<serde_json::Value>,
    /// Why it runs again, though it was done before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rerun: Option<Rerun>,
}

/// A window of a job's items, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPage {
    /// The items.
    pub items: Vec<ItemView>,
    /// Give this as `after` to get the next window.
    pub next: Option<u32>,
    /// The event this is true at.
    pub seq: Seq,
}

/// A library, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryName {
    /// Its name.
    pub name: String,
}

/// A recipe, as the pages offer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeInfo {
    /// Its name.
    pub name: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// Its settings.
    pub settings: Vec<SettingInfo>,
    /// Where its output goes unless the request says otherwise; `None` if it has none.
    #[serde(default)]
    pub output: Option<Output>,
    /// Whether it is only started by other means than the list of recipes.
    #[serde(default)]
    pub hidden: bool,
}

/// One setting of a recipe: a choice of one among a few words, or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingInfo {
    /// Its name.
    pub name: String,
    /// What it means, in a few words.
    pub label: String,
    /// The words to choose from, each with its label; the first is the default. None: a text.
    pub choices: Vec<(String, String)>,
    /// The text if none is given; empty if one must be.
    #[serde(default)]
    pub default: String,
}

impl Start {
    /// Nothing at all, from the beginning of the log.
    pub fn empty() -> Self {
        Start {
            build: String::new(),
            now: 0,
            cursor: Cursor::start(),
            libraries: Vec::new(),
            recipes: Vec::new(),
            live: Vec::new(),
        }
    }
}

/// All a page needs for its first paint, of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The build of the server; a page of another build reloads.
    pub build: String,
    /// The server's clock.
    pub now: Millis,
    /// Follow from here.
    pub cursor: Cursor,
    /// The libraries.
    pub libraries: Vec<LibraryName>,
    /// The recipes.
    pub recipes: Vec<RecipeInfo>,
    /// Jobs that are not over, oldest first.
    pub live: Vec<JobSummary>,
}
