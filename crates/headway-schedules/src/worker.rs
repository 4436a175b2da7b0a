//! Starts the jobs of one schedule at their times.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use headway_model::id::Millis;
use headway_model::summary::{LastStart, ScheduleView};
use headway_model::{ApiError, JobId, StartJob};
use headway_server::{Server, now};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Overlap, PresetSchedule};
use crate::decide::{ScheduledAction, decide};
use crate::progress::{FailedStart, ScheduleProgress};
use crate::stored::{read_stored, stops_within};

/// How often the time is compared with the schedule at least, because a clock can be set and a machine can sleep.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// How long to wait before a job that could not be started is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(20);

/// Starts to follow these schedules. They end after `stopping` holds `true`. `data` is the data folder.
pub fn start(
    server: &Server,
    data: &Path,
    schedules: Vec<PresetSchedule>,
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let worker = |schedule: PresetSchedule| ScheduleWorker {
        // The file of settings is the owner's, and the owner can name any folder.
        server: server.for_owner(),
        data: data.to_owned(),
        schedule,
        stopping: stopping.clone(),
    };
    schedules.into_iter().map(|schedule| tokio::spawn(worker(schedule).run())).collect()
}

struct ScheduleWorker {
    server: Server,
    data: PathBuf,
    schedule: PresetSchedule,
    stopping: watch::Receiver<bool>,
}

impl Drop for ScheduleWorker {
    fn drop(&mut self) {
        self.server.forget_schedule(&self.schedule.name);
    }
}

/// How a start ended.
enum StartEnd {
    /// The job is in the log.
    Started(JobId),
    /// It was not to be: the job of the time before is not over.
    Skipped(JobId),
    /// The request is refused.
    Refused(String),
    /// It could not be tried now.
    Unavailable(String),
}

impl ScheduleWorker {
    async fn run(mut self) {
        let Some(mut progress) = self.begin().await else { return };
        let mut unavailable: Option<String> = None;
        loop {
            let wait = match decide(&self.schedule, progress.decided, now()) {
                ScheduledAction::Wait(next) => until(next),
                ScheduledAction::Miss { time, missed } => {
                    tracing::warn!(schedule = self.schedule.name, missed, "times passed while no job could be started");
                    progress.missed += u64::from(missed);
                    progress.decided = time;
                    // Why the last of them could not be started, if that was tried.
                    progress.failed = unavailable.take().map(|why| FailedStart { time, why }).or(progress.failed);
                    self.store(&progress).await
                }
                ScheduledAction::Start { time, missed } => match self.start(time, &progress).await {
                    StartEnd::Unavailable(why) => {
                        if unavailable.is_none() {
                            progress.failed = Some(FailedStart { time, why: why.clone() });
                            self.store(&progress).await;
                            tracing::warn!(
                                schedule = self.schedule.name,
                                why,
                                "the job cannot be started now; it is tried again"
                            );
                        }
                        unavailable = Some(why);
                        RETRY_AFTER
                    }
                    end => {
                        unavailable = None;
                        self.note(&mut progress, time, missed, end);
                        self.store(&progress).await
                    }
                },
            };
            self.tell(&progress);
            if stops_within(&mut self.stopping, wait).await {
                return;
            }
        }
    }

    /// Tells the server how the schedule stands.
    fn tell(&self, progress: &ScheduleProgress) {
        let ScheduleProgress { last, missed, skipped, .. } = *progress;
        let problem = progress.failed.as_ref().map(|failed| failed.why.clone());
        self.server.tell_schedule(ScheduleView { last, missed, skipped, problem, ..self.unread_view() });
    }

    /// What is known of the schedule without its progress.
    fn unread_view(&self) -> ScheduleView {
        let PresetSchedule { name, preset, times, .. } = &self.schedule;
        ScheduleView {
            name: name.clone(),
            preset: preset.clone(),
            at: times.expression().to_owned(),
            zone: times.zone().to_owned(),
            next: times.after(now()),
            last: None,
            last_status: None,
            missed: 0,
            skipped: 0,
            problem: None,
        }
    }

    /// How far it is; `None` if the server stops first.
    async fn begin(&self) -> Option<ScheduleProgress> {
        let (data, name, mut stopping) = (self.data.clone(), self.schedule.name.clone(), self.stopping.clone());
        let read = move || ScheduleProgress::read(&data, &name);
        let failed = |error, is_first| self.tell_unread(&error, is_first);
        let stored = read_stored(&mut stopping, read, failed).await?;
        let progress = match &stored {
            None => ScheduleProgress::begin(&self.schedule, now()),
            Some(stored) => stored.clone().of_now(&self.schedule, now()),
        };
        if stored.as_ref() != Some(&progress) {
            self.store(&progress).await;
        }
        Some(progress)
    }

    /// Reports that its progress cannot be read. To begin again instead would lose the times since without a word.
    fn tell_unread(&self, error: &io::Error, is_first: bool) {
        let problem = Some(format!("how far the schedule is cannot be read, so it starts nothing: {error}"));
        self.server.tell_schedule(ScheduleView { problem, ..self.unread_view() });
        if is_first {
            tracing::error!(
                schedule = self.schedule.name,
                %error,
                "how far the schedule is cannot be read; it starts nothing until schedules/NAME.json in the data folder is put right, or removed to begin now"
            );
        }
    }

    async fn start(&self, time: Millis, progress: &ScheduleProgress) -> StartEnd {
        let job = job_at(&self.schedule.name, time);
        let request = match self.request().await {
            Ok(request) => request,
            Err(end) => return end,
        };
        if self.schedule.overlap == Overlap::Skip
            && let Some(last) = progress.last.filter(|last| last.job != job)
        {
            match self.server.job(last.job).await {
                Ok(view) if !view.summary.status.is_terminal() => return StartEnd::Skipped(last.job),
                Ok(_) | Err(ApiError::Pruned { .. } | ApiError::NotFound { .. }) => {}
                Err(error) => return StartEnd::Unavailable(error.to_string()),
            }
        }
        let error = match self.server.start_job(job, &request).await {
            Ok(_) => return StartEnd::Started(job),
            Err(error) => error,
        };
        // The job of this time can already exist, started from an earlier version of the preset.
        match self.server.job(job).await {
            Ok(_) | Err(ApiError::Pruned { .. }) => StartEnd::Started(job),
            Err(ApiError::NotFound { .. }) if error.status() < 500 => StartEnd::Refused(error.to_string()),
            Err(_) => StartEnd::Unavailable(error.to_string()),
        }
    }

    async fn request(&self) -> Result<StartJob, StartEnd> {
        let mut presets = self.server.presets().await.map_err(|error| StartEnd::Unavailable(error.to_string()))?;
        let name = &self.schedule.preset;
        let mut request = presets
            .remove(name)
            .ok_or_else(|| StartEnd::Refused(format!("there is no preset {name:?}; store one with headway preset")))?;
        request.title.get_or_insert_with(|| self.schedule.name.clone());
        Ok(request)
    }

    fn note(&self, progress: &mut ScheduleProgress, time: Millis, missed: u32, end: StartEnd) {
        let name = &self.schedule.name;
        if missed > 0 {
            tracing::warn!(schedule = name, missed, "earlier times passed while no job could be started");
            progress.missed += u64::from(missed);
        }
        progress.decided = time;
        progress.failed = None;
        match end {
            StartEnd::Started(job) => {
                tracing::info!(schedule = name, %job, "a job was started by its schedule");
                progress.last = Some(LastStart { time, job });
            }
            StartEnd::Skipped(job) => {
                tracing::warn!(schedule = name, %job, "the job of the time before is not over, so this time is skipped");
                progress.skipped += 1;
            }
            StartEnd::Refused(why) | StartEnd::Unavailable(why) => {
                tracing::error!(schedule = name, why, "no job was started");
                progress.failed = Some(FailedStart { time, why });
            }
        }
    }

    /// Stores how far it is. What cannot be stored is decided again after a restart, for the same job.
    async fn store(&self, progress: &ScheduleProgress) -> Duration {
        let (data, name, progress) = (self.data.clone(), self.schedule.name.clone(), progress.clone());
        let stored = tokio::task::spawn_blocking(move || progress.store(&data, &name)).await;
        if let Err(error) = stored.unwrap_or_else(|error| Err(io::Error::other(error))) {
            tracing::error!(schedule = self.schedule.name, %error, "how far the schedule is cannot be stored");
        }
        Duration::ZERO
    }
}

/// How long to wait for the next time.
fn until(next: Option<Millis>) -> Duration {
    next.map_or(LOOK_EVERY, |next| Duration::from_millis(next.saturating_sub(now())).min(LOOK_EVERY))
}

/// The job of a schedule at a time: always the same one.
fn job_at(schedule: &str, time: Millis) -> JobId {
    let mut random = [0; 10];
    random.copy_from_slice(&blake3::hash(format!("schedule {schedule}").as_bytes()).as_bytes()[..10]);
    JobId::mint(time, random)
}
