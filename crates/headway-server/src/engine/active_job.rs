//! A job as the engine's tasks need it: its request, with the library and the recipe looked up.

mod durations;
mod ground;
mod pace;
mod read_ahead;
mod together;
mod undone;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::died::Died;
use super::plan::absent_mount;
use super::schedule::Terms;
use super::stop::{StepFailure, StepStop};
use super::{Context, Pulse};
use crate::steps::Step;
use durations::Durations;
use ground::PlannedRoot;
pub(crate) use ground::{ground, ground_of};
use headway_files::{Ground, Library, NotedFolders, fault_of, hold};
use headway_model::policy::{BACKOFF_MS, OnInterrupt, TRIES, Timeout};
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::{Digest, JobId, OnDone, PauseReason, PlannedFile, Query, RelPath, StartJob};
use headway_recipes::{Binding, Recipe, Unable, Work};
use headway_store::Store;
use pace::Pace;
use read_ahead::ReadAhead;
use together::RenamedTogether;
pub(super) use undone::Undone;

/// How many bytes of a file are read to see whether the storage has recovered.
const TRIAL_READ_BYTES: u64 = 64 * 1024 * 1024;

/// A job that the engine carries out.
pub(crate) struct ActiveJob {
    pub(super) job: JobId,
    pub(super) job_no: u64,
    pub(super) library: Arc<Library>,
    pub(super) request: StartJob,
    /// Hash of everything that determines what the job does to a file.
    pub(super) identity: Option<Digest>,
    recipe: Arc<dyn Recipe>,
    /// Bound on first use; or why it never can be.
    work: OnceCell<Result<Arc<dyn Work>, Unable>>,
    undone: OnceCell<Undone>,
    together: OnceCell<RenamedTogether>,
    ground: PlannedRoot,
    read_ahead: ReadAhead,
    durations: Durations,
    pace: Pace,
    /// When its plan last got on.
    pub(super) plan_pulse: Pulse,
    /// Stops the preparation, the listing or the last step under way.
    stop: Mutex<StepStop>,
    /// The folders for outputs that are noted, so that an undo can remove them.
    pub(super) noted_folders: NotedFolders,
    /// The file at which the storage last reported an error.
    unreadable: Mutex<Option<RelPath>>,
    /// Whether a disk inside the library was gone when a file could not be reached.
    has_missed_disk: AtomicBool,
}

impl ActiveJob {
    /// Reads a job's request; the reason if it cannot be carried out.
    pub(super) async fn read(context: &Context, job: JobId) -> Result<Self, Unable> {
        let failed = |message: String| move || Unable::Failed(message);
        let row = context.store.job(job).await?.ok_or_else(failed("the job is not in the log".into()))?;
        let request = context.store.request(row.job_no).await?;
        let request = request.ok_or_else(failed("the request is not in the log".into()))?;
        let request: StartJob = serde_json::from_str(&request).map_err(|error| Unable::Failed(error.to_string()))?;
        let recipe = context.recipe(&request.recipe);
        let recipe = recipe.ok_or_else(failed(format!("this server has no recipe {:?} any more", request.recipe)))?;
        let library = context.library_of_job(&request.library).await?;
        let library =
            library.ok_or_else(failed(format!("this server has no library {:?} any more", request.library)))?;
        Ok(ActiveJob {
            job,
            job_no: row.job_no,
            ground: PlannedRoot::of(job, &request, &library, Arc::clone(&context.data)),
            library,
            request,
            identity: row.work,
            recipe: Arc::clone(recipe),
            work: OnceCell::new(),
            undone: OnceCell::new(),
            together: OnceCell::new(),
            read_ahead: ReadAhead::new(job, row.job_no, row.summary.counters.total),
            durations: Durations::default(),
            pace: Pace::default(),
            plan_pulse: Pulse::new(),
            stop: Mutex::default(),
            noted_folders: NotedFolders::default(),
            unreadable: Mutex::default(),
            has_missed_disk: AtomicBool::new(false),
        })
    }

    /// How the job runs, as the schedule needs to know it.
    pub(super) fn terms(&self) -> Terms {
        let policy = &self.request.policy;
        Terms {
            library: self.library.name.as_str().into(),
            repeatable: self.recipe.effect().only_reads,
            tries: policy.tries.unwrap_or(TRIES).max(1),
            backoff_ms: policy.backoff_ms.unwrap_or(BACKOFF_MS),
            halt: policy.halt,
            ask: policy.on_interrupt.unwrap_or_else(|| self.recipe.effect().on_interrupt) == OnInterrupt::Ask,
        }
    }

    /// Accepts the folder that is at the library's path now. Only before the first file is listed. Blocking.
    pub(super) fn settle_on_library(&self) -> Result<Option<Ground>, PauseReason> {
        self.ground.settle(&self.library, &self.request)
    }

    /// Whether the job can go on with the library: with the root that it was planned on or, before its first file is
    /// listed, with any root that it can be planned on. Blocking.
    pub(super) fn has_library(&self) -> bool {
        let is_there = match self.has_items() {
            false => self.library.look_again().is_ok() && self.ground.admits(&self.library),
            true => self.library.reach().is_ok() && self.is_same_library(),
        };
        // What was planned by an earlier job can lie on any disk.
        let on_any = matches!(self.request.query, Query::Items(_)) || self.has_missed_disk.load(Ordering::Relaxed);
        let is_absent = if on_any { self.library.absent_mounts().map(|absent| !absent.is_empty()) } else { Ok(false) };
        is_there
            && matches!(is_absent, Ok(false))
            && matches!(absent_mount(&self.library, &self.request), Ok(None))
            && !(self.has_items() && self.has_exchanged_disk())
    }

    /// Whether another disk is in the place of one that the job was planned on. Blocking.
    pub(super) fn has_exchanged_disk(&self) -> bool {
        self.ground.exchanged(&self.library, None).is_some()
    }

    /// The mount point of the disk of a file, if another disk is there than the job was planned on. Blocking.
    pub(super) fn exchanged_disk_of(&self, path: &RelPath) -> Option<RelPath> {
        self.ground.exchanged(&self.library, Some(path))
    }

    /// A file of this job cannot be reached: if a disk inside the library is gone, the job waits for it.
    pub(super) fn note_missed_disk(&self) {
        let is_absent = self.library.absent_mounts().is_ok_and(|absent| !absent.is_empty());
        self.has_missed_disk.store(is_absent, Ordering::Relaxed);
    }

    /// Whether the library's root is still the one that the job was planned on, or a person has accepted the present
    /// one for this job.
    pub(super) fn is_same_library(&self) -> bool {
        self.ground.is_same(&self.library)
    }

    /// Notes the file at which the storage reported an error.
    pub(super) fn note_unreadable(&self, path: &RelPath) {
        *self.unreadable.lock() = Some(path.clone());
    }

    /// Whether the file at which the storage last reported an error can be read now, as far as that is known. Blocking.
    pub(super) fn reads_again(&self) -> bool {
        let path = self.unreadable.lock().clone();
        path.is_none_or(|path| self.library.reads(&path, TRIAL_READ_BYTES))
    }

    /// Whether its items are processed by programs, not in this process.
    pub(super) fn runs_programs(&self) -> bool {
        self.recipe.runs_programs()
    }

    /// Whether it changes no file.
    pub(super) fn only_reads(&self) -> bool {
        self.recipe.effect().only_reads
    }

    /// What the job does with files that were already processed.
    pub(super) fn on_done(&self) -> OnDone {
        self.request.policy.on_done.unwrap_or_else(|| self.recipe.effect().on_done)
    }

    /// The recipe's work, bound to this job on first use; the reason if it cannot be bound. After a failure that might pass by
    /// itself, or a stop, the next caller tries again. `stop` stops it; without one [`ActiveJob::stop_step`] does.
    pub(super) async fn work(&self, context: &Context, stop: Option<StepStop>) -> Result<Arc<dyn Work>, StepFailure> {
        let bind = async || {
            let stop = stop.unwrap_or_else(|| self.begin_step());
            let flag = Arc::clone(stop.flag());
            let undone = Arc::clone(&self.undone(context).await?.made);
            let (request, library) = (self.request.clone(), Arc::clone(&self.library));
            let recipe = Arc::clone(&self.recipe);
            let (guard, data) = (Arc::clone(&context.guard), Arc::clone(&context.data));
            let (steps, job) = (context.steps.clone(), self.job);
            let bound = tokio::task::spawn_blocking(move || {
                let _step = steps.begin(job, Step::Prepare, || false);
                fault_of("preparing", request.title.as_deref().unwrap_or_default());
                hold("preparing");
                let (guard, data) = (&guard, &data);
                recipe.bind(&Binding {
                    request: &request,
                    library: &library,
                    undone: &undone,
                    guard,
                    data,
                    stop: &flag,
                })
            });
            let Some(bound) = stop.wait_for(bound).await else { return Err(StepFailure::Stopped) };
            match bound.map_err(|error| Unable::from(Died::from(error)))? {
                Err(_) if stop.is_asked() => Err(StepFailure::Stopped),
                Ok(work) => Ok(Ok(Arc::from(work))),
                Err(lasting @ Unable::Failed(_)) => Ok(Err(lasting)),
                Err(passing @ Unable::Environment(_)) => Err(passing.into()),
            }
        };
        Ok(self.work.get_or_try_init(bind).await?.clone()?)
    }

    /// Whether any of its files are listed, as far as is known.
    pub(super) fn has_items(&self) -> bool {
        self.read_ahead.items() > 0
    }

    /// How many items it has. Valid once one of them runs.
    pub(super) fn items(&self) -> u32 {
        self.read_ahead.items()
    }

    /// What the work on an item needs, if it is already in memory.
    pub(super) fn ready(&self, item: u32) -> Option<(Arc<dyn Work>, PlannedFile)> {
        let work = self.work.get()?.as_ref().ok()?;
        let file = self.read_ahead.take(item)?;
        Some((Arc::clone(work), file))
    }

    /// Whether it is time to [read ahead](ActiveJob::read_on), now that this item runs. True once for each read.
    pub(super) fn wants_more(&self, item: u32) -> bool {
        self.read_ahead.wants_more(item)
    }

    /// Reads the files of the next items, so that no item has to wait for the log.
    pub(super) async fn read_on(&self, store: &dyn Store) {
        self.read_ahead.read_on(store).await;
    }

    /// The file of an item; the reason if the log cannot be read.
    pub(super) async fn file(&self, store: &dyn Store, item: u32) -> Result<PlannedFile, Unable> {
        self.read_ahead.file(store, item).await
    }

    /// The files of the job that are renamed together with others.
    pub(super) async fn renamed_together(
        &self,
        store: &dyn Store,
        work: &dyn Work,
    ) -> Result<&RenamedTogether, Unable> {
        self.together.get_or_try_init(|| RenamedTogether::read(store, self.job_no, work)).await
    }

    /// The changes of the job that this one undoes; none for any other job.
    pub(super) async fn undone(&self, context: &Context) -> Result<&Undone, Unable> {
        let read = async || match &self.request.query {
            Query::Items(ItemsQuery { job, which: ItemSelection::Placed }) => Undone::read(context, self, *job).await,
            _ => Ok(Undone::default()),
        };
        self.undone.get_or_try_init(read).await
    }

    /// Begins a preparation, a listing or the last step, and returns what stops it.
    pub(super) fn begin_step(&self) -> StepStop {
        let stop = StepStop::default();
        *self.stop.lock() = stop.clone();
        stop
    }

    /// Stops the preparation, the listing or the last step under way.
    pub(super) fn stop_step(&self) {
        self.stop.lock().ask();
    }

    /// Notes how long a successful attempt took, in milliseconds.
    pub(super) fn note_duration(&self, ms: u64) {
        if matches!(self.request.policy.timeout, Some(Timeout::Percent(_))) {
            self.durations.note(ms);
        }
    }

    /// The current time limit of an attempt, in milliseconds.
    pub(super) fn time_limit_ms(&self) -> Option<u64> {
        match self.request.policy.timeout? {
            Timeout::After(ms) => Some(ms),
            Timeout::Percent(percent) => self.durations.percent_of_median(percent),
        }
    }

    /// Notes how long an attempt took; `None` if it was given back because it had to wait. Returns how many items to claim ahead for
    /// each worker, if that has changed. Only the engine's loop calls this.
    pub(super) fn note_pace(&self, took: Option<Duration>) -> Option<usize> {
        self.pace.note(took)
    }

    /// Whether its attempts are *brief*: at most a millisecond on average, so that their ends are reported together.
    pub(super) fn is_brief(&self) -> bool {
        self.pace.is_brief()
    }
}
