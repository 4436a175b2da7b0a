//! [`Server`]: the one handle to everything, with a method for each thing that a caller can do.

mod adopt;
mod automatic;
mod checked;
mod checks;
mod export;
mod health;
mod joblog;
mod lacking_disks;
mod log_reader;
mod looks;
mod metrics;
mod on_disk;
mod only_retry;
mod planned_job;
pub(crate) mod presets;
mod preview;
mod queries;
mod reload;
mod report;
mod report_indexes;
mod rights;
mod room;
mod same;
mod start;
mod start_up;
mod steer;
mod sweep;
mod told;
mod trash;
mod undo;
mod waits;
mod watched;
mod whole_log;

pub use log_reader::LogReader;
pub use start::Started;
pub use watched::{MadeFiles, SizeAndTime, WatchedFiles};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use super::clock::LastLook;
use super::engine::Context;
use super::engine::schedule::{Input, ScheduleLimits};
use super::error::internal;
use super::index::Index;
use super::recent::Recent;
use super::retention::Retention;
use super::writer::Log;
use headway_files::{DataFolder, Library};
use headway_model::summary::JobView;
use headway_model::{ApiError, JobEvent, JobId, PauseReason, StartJob, Unable};
use headway_store::rows::JobRow;
use headway_store::{AppendError, Head, Store};
use start_up::OwnRuntime;

/// How long the end of a server waits for a database that is away.
const LONGEST_AWAY: Duration = Duration::from_secs(5);

/// A running Headway. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    inner: Arc<ServerInner>,
    /// Whether the caller is the user who runs the server.
    is_owner: bool,
}

/// When old originals and old history are removed.
#[derive(Clone, Copy)]
struct Keeping {
    trash_age: Option<Duration>,
    retention: Retention,
}

struct ServerInner {
    keeping: parking_lot::Mutex<Keeping>,
    /// What the last look at the clock found, once there was one: pages say for how long nothing is removed by age.
    clock: parking_lot::Mutex<Option<LastLook>>,
    context: Context,
    /// The store of the log for calls and pages, which learn at once that it is away.
    store: Arc<dyn Store>,
    index: Index,
    looks: looks::Looks,
    /// Looks whether libraries can be reached, which do not wait for those that read a trash.
    reaches: looks::Looks,
    /// What each paused job was last reported to wait for.
    told: told::ToldDisks,
    stop: watch::Sender<bool>,
    engine: Mutex<Option<JoinHandle<()>>>,
    /// Sends inputs to the schedule that are not events of a job.
    tell: mpsc::UnboundedSender<Input>,
    limits: parking_lot::Mutex<ScheduleLimits>,
    /// The values in the settings; a person can have changed them since.
    configured_limits: parking_lot::Mutex<ScheduleLimits>,
    /// Recipes that only the owner can start.
    owner_only: BTreeSet<String>,
    build: String,
    /// Held while the file of presets is read and written.
    presets: parking_lot::Mutex<()>,
    /// Held from the check that a job has no undo until the new one is recorded.
    undo_starts: Mutex<()>,
    /// Held from the check that no job runs the same items again until the new one is recorded.
    retry_starts: Mutex<()>,
    read_logs: whole_log::ReadLogs,
    report_indexes: Arc<report_indexes::ReportIndexes>,
    /// The sums over jobs that are over.
    totals: metrics::Totals,
    /// How large the files of jobs that are over were.
    input_sizes: queries::InputSizes,
    /// What schedules and watched folders last reported.
    automatic: parking_lot::Mutex<automatic::ToldStarters>,
    /// The jobs to work on; `None` for all.
    adopted: Option<adopt::Adopted>,
    /// Runs the engine and the writer only, so that many readers cannot delay them.
    _runtime: OwnRuntime,
}

impl Server {
    /// Begins to stop: nothing more is claimed. Call it at once when the process is asked to stop, because a process that then takes
    /// too long is often killed, and from here on that does not count as a crash. [`Server::stop`] waits for the end.
    pub fn begin_to_stop(&self) {
        self.inner.context.steps.close();
        self.inner.stop.send_replace(true);
    }

    /// Stops: nothing more is claimed, running items are returned without counting their try, and the engine ends. Wait for it before
    /// the process ends; otherwise its end counts as a crash for everything under way.
    pub async fn stop(&self) {
        self.begin_to_stop();
        if let Some(engine) = self.inner.engine.lock().await.take() {
            self.unless_away(engine).await;
        }
        self.unless_away(self.log().flush()).await;
        if !self.is_away() {
            self.unless_away(async {
                if let Err(error) = self.store().leave().await {
                    tracing::warn!(%error, "whoever takes over next waits for this server, although it has ended");
                }
            })
            .await;
        }
    }

    /// Waits for an end before which something is recorded, but not for a database that stays away.
    async fn unless_away(&self, end: impl Future) {
        tokio::select! {
            _ = end => {}
            () = stays_away(&**self.store()) => {
                tracing::warn!("the server ends while the database of its log is away: what runs counts as interrupted");
            }
        }
    }

    /// Stops as [`Server::stop`], without letting running items continue for a while first. A program that does not end within
    /// a fifth of a second is killed.
    pub async fn stop_now(&self) {
        self.begin_to_stop();
        // The engine is gone if this fails.
        self.inner.tell.send(Input::DrainOver).ok();
        self.stop().await;
    }

    /// Requests a cancel. On a job that is already cancelled or over this changes nothing. A job that no server works on is taken up
    /// for it, because a cancel is carried out by the server that works on the job.
    pub async fn cancel(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if row.summary.status.can_cancel() {
            // First, so that a job that is taken up for this begins with no file.
            match self.log().append(id, JobEvent::CancelRequested {}, None).await {
                Ok(_) | Err(AppendError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
            self.adopt(id).await?;
        }
        self.job(id).await
    }

    /// The id of this build, in pages and streams.
    pub fn build(&self) -> &str {
        &self.inner.build
    }

    /// The head of the log. Wakes whenever it moves.
    pub fn head(&self) -> watch::Receiver<Head> {
        self.log().head()
    }

    /// The newest commits, encoded.
    pub(crate) fn recent(&self) -> &Recent {
        self.log().recent()
    }

    /// Whether the log can be written.
    pub fn is_recording(&self) -> bool {
        self.log().is_recording()
    }

    /// The store of the log.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    fn log(&self) -> &Log {
        &self.inner.context.log
    }

    /// The library of a job in the log.
    async fn library_of_job(&self, name: &str) -> Result<Arc<Library>, ApiError> {
        match self.inner.context.library_of_job(name).await {
            Ok(Some(library)) => Ok(library),
            Ok(None) => self.library(name),
            Err(Unable::Environment(PauseReason::StorageSilent)) => {
                Err(ApiError::Conflict { message: format!("no answer from the storage of {name} so far") })
            }
            Err(why) => Err(ApiError::Unavailable { message: format!("the folder {name} cannot be opened: {why}") }),
        }
    }

    /// The library with this name, if the caller may name it. Only the owner may name one that is not configured.
    fn library(&self, name: &str) -> Result<Arc<Library>, ApiError> {
        let context = &self.inner.context;
        let opened = || context.by_path.get(name).filter(|_| self.is_owner);
        context.configured(name).or_else(opened).ok_or_else(|| {
            let libraries = context.libraries.now();
            let names: Vec<_> = libraries.iter().map(|library| library.name.as_str()).collect();
            let others = match names.as_slice() {
                [] => String::new(),
                names => format!("; this server has {}", names.join(", ")),
            };
            ApiError::NotFound { message: format!("there is no library {name:?}{others}") }
        })
    }

    async fn row(&self, id: JobId) -> Result<JobRow, ApiError> {
        let row = self.store().job(id).await?;
        let row = row.ok_or_else(|| ApiError::NotFound { message: format!("there is no job {id}") })?;
        if row.summary.pruned { Err(ApiError::Pruned { job: id }) } else { Ok(row) }
    }

    /// Reads something in the data folder, on a thread that can wait for the disk.
    async fn read_data<T: Send + 'static>(
        &self,
        read: impl FnOnce(&DataFolder) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let data = Arc::clone(&self.inner.context.data);
        tokio::task::spawn_blocking(move || read(&data)).await.map_err(|error| internal(&error))
    }

    /// The request of a job; `None` if this version does not understand it.
    async fn request_of(&self, row: &JobRow) -> Result<Option<StartJob>, ApiError> {
        let request = self.store().request(row.job_no).await?;
        Ok(request.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// Ends once the log has been away for [`LONGEST_AWAY`] without a break.
async fn stays_away(store: &dyn Store) {
    let mut since = Instant::now();
    while since.elapsed() < LONGEST_AWAY {
        tokio::time::sleep(LONGEST_AWAY / 20).await;
        if store.away().is_none() {
            since = Instant::now();
        }
    }
}
