//! What the pages show of jobs, items and recipes without folding events.

mod automatic;
mod item;
mod listed;
mod room;
mod shown;
mod start;
mod totals;
mod word;

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::cursor::Cursor;
use super::digest::Digest;
use super::done::Reruns;
use super::fold::Fold;
use super::id::{JobId, Millis, Seq};
use super::request::StartJob;
use super::serde_defaults::is_default;
use super::status::{JobStatus, WaitEnd};
use super::worked::Worked;
use crate::read::FromJson;
pub use automatic::{LastStart, ScheduleView, WatchedFolderView};
pub use item::{ItemPage, ItemRetry, ItemView, LiveRetry, NumberedItem, ReportFormat};
pub use listed::ListedJobs;
pub use room::{Room, TrashElsewhere, TrashHolds, TrashRoom};
pub use shown::{JobsWithFiles, OverJobs, ShownJobs};
pub use start::{LibraryName, PageRights, RecipeInfo, Start};
pub use totals::JobTotals;

/// A job's state at a `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
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
    /// In a list of jobs: how far another job took back what it did, as a word for people.
    #[serde(default, skip_serializing_if = "is_default")]
    pub undone_as: Option<String>,
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
            undone_as: None,
        }
    }
}

/// A summary, and the cursor from which to follow the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
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
    /// Its priority now: that of the request, until a person changes it.
    #[serde(default)]
    pub priority: i32,
    /// How many of its items run at once now, at most; 0 lets the server decide.
    #[serde(default)]
    pub concurrency: u32,
    /// What the job waits for, as a text.
    #[serde(default)]
    pub waits: Option<String>,
    /// Whether only a person can end what the job waits for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asks: bool,
    /// Whether the job is not over and no server works on it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_server: bool,
    /// A remark on how the job runs on this server, or on what its plan did not find, as a text.
    #[serde(default)]
    pub note: Option<String>,
    /// The number of files in the job's trash, and their size in bytes.
    #[serde(default)]
    pub trash: (u64, u64),
    /// The number of files left of a trash that a process began to empty and did not finish, and their bytes. No undo puts them back.
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
    /// The earlier job whose files this one runs again, or which it undoes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub earlier: Option<JobSummary>,
    /// The newest jobs that ran files of this one again, newest first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retries: Vec<JobSummary>,
    /// Those of these jobs that are not over, with the items that they were started for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retrying: Vec<LiveRetry>,
    /// The newest jobs that tried some of its files first, while its plan waited for its approval, newest first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tried: Vec<JobSummary>,
    /// Which of its items later jobs have done, by index and in order: of those that failed or were missed; of a plan that waits, of
    /// those that are to run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub done_since: Vec<u32>,
    /// What a report says in all, a line each: the one that it wrote, or of a plan that waits the one that the plan rests on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub report: Vec<String>,
    /// The request for the job that makes use of what this one found, such as a check by the manifest that it made.
    #[serde(default, skip_serializing_if = "is_default")]
    pub next: Option<StartJob>,
}

impl JobView {
    /// Who ends what the job waits for; `None` if it waits for nothing.
    pub fn wait_end(&self) -> Option<WaitEnd> {
        let by_itself = self.waits.as_ref().map(|_| WaitEnd::Itself);
        if self.asks { Some(WaitEnd::Person) } else { self.summary.status.wait_end().or(by_itself) }
    }

    /// Whether no server works on the job, although neither its plan nor a pause keeps it from going on.
    pub fn has_no_server(&self) -> bool {
        self.no_server
            && self.summary.status.wait_end() != Some(WaitEnd::Person)
            && self.summary.status.pause_reason().is_none()
    }
}

/// Jobs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobSummary>,
    /// Pass this as `before` to get the next page.
    pub next: Option<JobId>,
    /// The summaries include every event up to here.
    pub cursor: Cursor,
    /// The jobs that are set aside, so that they stand in no list; only on the first page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<AsideJob>,
}

/// A job that is set aside: its events cannot be read, so nothing else is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AsideJob {
    /// The job, if its id is known.
    pub job: Option<JobId>,
    /// What it is, why, and what to do.
    pub message: String,
}
