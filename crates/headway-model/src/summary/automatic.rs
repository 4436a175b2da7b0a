//! What starts jobs without a person: schedules and watched folders.

use serde::{Deserialize, Serialize};

use crate::id::{JobId, Millis};
use crate::path::RelPath;
use crate::status::JobStatus;

/// A schedule of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// The preset that it starts.
    pub preset: String,
    /// When, as a cron expression.
    pub at: String,
    /// The time zone of the expression.
    pub zone: String,
    /// The next time; absent if there is none.
    pub next: Option<Millis>,
    /// The last job that it started.
    pub last: Option<LastStart>,
    /// The status of the last job; absent if there was none, or if it is not known: its events cannot be read, or nothing of it
    /// is left.
    pub last_status: Option<JobStatus>,
    /// How many times passed while no job could be started.
    pub missed: u64,
    /// How many times were left out, because the job of the time before was not over.
    pub skipped: u64,
    /// Why no job was started at the last time, or why the schedule starts nothing.
    pub problem: Option<String>,
}

/// The last job that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastStart {
    /// When: for a schedule, the time whose job it is.
    pub time: Millis,
    /// The job.
    pub job: JobId,
}

/// A watched folder of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WatchedFolderView {
    /// Its name.
    pub name: String,
    /// The preset that runs on new files.
    pub preset: String,
    /// The library; absent if the preset names it and has not been read yet.
    pub library: Option<String>,
    /// The folder; absent if the preset names it and has not been read yet.
    pub folder: Option<RelPath>,
    /// When the folder was last listed; absent if it was not since the server started.
    pub looked: Option<Millis>,
    /// How many files of the last look wait for a job: they have not been unchanged for long enough, or an earlier job is not over.
    pub waiting: u64,
    /// Disks below the folder that were missing at the last look, such as `in/usb (/dev/sdb1)`: nothing is known of their files.
    pub missing: Vec<String>,
    /// The earlier job that is not over, whose end the files wait for.
    pub waits_for: Option<JobId>,
    /// The last job that was started.
    pub last: Option<LastStart>,
    /// The status of the last job; absent if there was none, or if it is not known: its events cannot be read, or nothing of it
    /// is left.
    pub last_status: Option<JobStatus>,
    /// Why the folder, or a part of it, is not known, or why no job can be started.
    pub problem: Option<String>,
}
