//! How far a schedule is: a small file for each, which is replaced durably after each decision.

use std::io;
use std::path::{Path, PathBuf};

use headway_files::{Found, private};
use headway_model::id::Millis;
use headway_model::summary::LastStart;
use serde::{Deserialize, Serialize};

use crate::config::PresetSchedule;

/// The folder of these files in the data folder.
const FOLDER: &str = "schedules";

/// Maximum size of such a file in bytes.
const LIMIT_BYTES: u64 = 1 << 16;

/// A time that is decided further in the future than this was decided by a wrong clock.
const WRONG_CLOCK_MS: Millis = 24 * 60 * 60 * 1_000;

/// How far a schedule is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleProgress {
    /// Its expression and time zone. If they change, it begins again: it never starts a job for a time before the change.
    pub times: String,
    /// Everything up to this time is decided.
    pub decided: Millis,
    /// The last job that it started.
    #[serde(default)]
    pub last: Option<LastStart>,
    /// How many times were missed, because no server ran or nothing could be started.
    #[serde(default)]
    pub missed: u64,
    /// How many times were left out, because the job of the time before was not over.
    #[serde(default)]
    pub skipped: u64,
    /// Why no job was started at the last time. Cleared by the next start.
    #[serde(default)]
    pub failed: Option<FailedStart>,
}

/// A time at which no job could be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedStart {
    /// The time.
    pub time: Millis,
    /// Why.
    pub why: String,
}

impl ScheduleProgress {
    /// A schedule that begins now.
    pub(crate) fn begin(schedule: &PresetSchedule, now: Millis) -> Self {
        ScheduleProgress { times: times(schedule), decided: now, last: None, missed: 0, skipped: 0, failed: None }
    }

    /// The progress of a schedule whose times can have changed since. If it was last decided in the far future, a wrong
    /// clock did that: then it goes on from now, and a time whose job exists already starts no other.
    pub(crate) fn of_now(self, schedule: &PresetSchedule, now: Millis) -> Self {
        let times = times(schedule);
        let decided = if self.decided > now + WRONG_CLOCK_MS { now } else { self.decided };
        let decided = if self.times == times { decided } else { decided.max(now) };
        ScheduleProgress { times, decided, ..self }
    }

    /// Forgets the schedules that are no longer configured, so that one that comes back begins with its next time. Blocking.
    ///
    /// # Errors
    /// Of the file system.
    pub fn forget_others(data: &Path, configured: &[PresetSchedule]) -> io::Result<()> {
        for name in ScheduleProgress::names(data)? {
            if configured.iter().all(|schedule| schedule.name != name) {
                private::remove(&place(data, &name))?;
            }
        }
        Ok(())
    }

    /// The progress of a schedule; `None` if it has never run. Blocking.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn read(data: &Path, schedule: &str) -> io::Result<Option<Self>> {
        let Some(text) = Found::of(private::read(&place(data, schedule), LIMIT_BYTES)).known()? else {
            return Ok(None);
        };
        serde_json::from_slice(&text).map(Some).map_err(io::Error::other)
    }

    /// The names of the schedules that have run on a data folder. Blocking.
    ///
    /// # Errors
    /// Of the file system.
    pub fn names(data: &Path) -> io::Result<Vec<String>> {
        private::names(&data.join(FOLDER))
    }

    /// Stores it durably. Blocking.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn store(&self, data: &Path, schedule: &str) -> io::Result<()> {
        let content = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        private::store(&data.join(FOLDER), &format!("{schedule}.json"), &content)
    }
}

fn times(schedule: &PresetSchedule) -> String {
    format!("{} {}", schedule.times.expression(), schedule.times.zone())
}

fn place(data: &Path, schedule: &str) -> PathBuf {
    data.join(FOLDER).join(format!("{schedule}.json"))
}
