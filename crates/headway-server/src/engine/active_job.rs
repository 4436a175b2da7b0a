//! A job as the engine's tasks need it: its request, with the library and the recipe looked up.

mod bind;
mod claim_ahead;
mod durations;
mod earlier;
mod failed_since;
mod ground;
mod half_changed;
mod on_disk;
mod read_ahead;
mod recover_earlier;
mod together;
mod tried_by;
mod undone;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::schedule::Terms;
use super::stop::{StepFailure, StepStop};
use super::took_by_size::TookBySize;
use super::{Context, Pulse};
use claim_ahead::ClaimAhead;
use durations::Durations;
use failed_since::FailedSince;
use ground::PlannedGround;
pub(crate) use ground::{ground, ground_of};
pub(super) use half_changed::{HalfChanged, Verdict};
use headway_files::{Library, NotedFolders, unable};
use headway_model::policy::{BACKOFF_MS, OnInterrupt, TRIES, Timeout};
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::{Digest, JobId, OnDone, PlannedFile, Query, RelPath, SkipReason, StartJob};
use headway_recipes::{Recipe, Unable, Work};
use headway_store::Store;
use read_ahead::ReadAhead;
use together::RenamedTogether;
pub(super) use together::wish;
use tried_by::TrialJob;
pub(super) use undone::Undone;

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
    /// The same, as predicted for its plan.
    predicted_undone: OnceCell<Undone>,
    together: OnceCell<RenamedTogether>,
    /// The files that are skipped once what earlier jobs left half changed is recovered.
    recovered_earlier: OnceCell<HashMap<RelPath, SkipReason>>,
    /// The other jobs that might have left files half changed since this one was created.
    failed_since: FailedSince,
    /// The jobs that tried some of its files first.
    tried_by: OnceCell<Vec<TrialJob>>,
    ground: PlannedGround,
    read_ahead: ReadAhead,
    durations: Durations,
    took: Arc<TookBySize>,
    claim_ahead: ClaimAhead,
    /// When its plan last made progress.
    pub(super) plan_pulse: Pulse,
    /// Stops the preparations, the listing or the last step under way.
    stop: Mutex<StepStop>,
    /// The folders for outputs that are noted, so that an undo can remove them.
    pub(super) noted_folders: NotedFolders,
    /// The file at which the storage last reported an error.
    unreadable: Mutex<Option<RelPath>>,
    /// Whether it is noted that it might have temporary files.
    is_untidy: AtomicBool,
    /// Whether an attempt was written off, whose thread can come back.
    was_written_off: AtomicBool,
    /// Whether a disk inside the library was gone when a file could not be reached.
    has_missed_disk: AtomicBool,
}

impl ActiveJob {
    /// Reads a job's request; the reason if it cannot be carried out.
    pub(super) async fn read(context: &Context, job: JobId) -> Result<Self, Unable> {
        let failed = |message: String| move || Unable::Failed(message);
        let row = context.store.job(job).await?.ok_or_else(failed("the job is not in the log".into()))?;
        let request = context.request(row.job_no).await?;
        let request = request.ok_or_else(failed("the request is not in the log".into()))?;
        let recipe = context.recipe(&request.recipe);
        let recipe = recipe.ok_or_else(failed(format!("this server has no recipe {:?} any more", request.recipe)))?;
        let library = context.library_of_job(&request.library).await?;
        let library =
            library.ok_or_else(failed(format!("this server has no library {:?} any more", request.library)))?;
        // A person's acceptance for this job does not apply to other jobs.
        let library = Arc::new(library.for_job());
        let ground = PlannedGround::of(job, &request, &library, Arc::clone(&context.data));
        let ground = ground.map_err(|error| unable("on what the job was planned cannot be read", &error))?;
        Ok(ActiveJob {
            job,
            job_no: row.job_no,
            ground,
            library,
            request,
            identity: row.work,
            recipe: Arc::clone(recipe),
            work: OnceCell::new(),
            undone: OnceCell::new(),
            predicted_undone: OnceCell::new(),
            together: OnceCell::new(),
            recovered_earlier: OnceCell::new(),
            failed_since: FailedSince::since(row.created_position),
            tried_by: OnceCell::new(),
            read_ahead: ReadAhead::new(job, row.job_no, row.summary.counters.total),
            durations: Durations::default(),
            took: Arc::default(),
            claim_ahead: ClaimAhead::default(),
            plan_pulse: Pulse::new(),
            stop: Mutex::default(),
            noted_folders: NotedFolders::default(),
            unreadable: Mutex::default(),
            is_untidy: AtomicBool::new(false),
            was_written_off: AtomicBool::new(false),
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

    /// Whether its items are processed by programs, not in this process.
    pub(super) fn runs_programs(&self) -> bool {
        self.recipe.runs_programs()
    }

    /// Whether its attempts change nothing but temporary files before the change is recorded. Of a program that is not known.
    pub(super) fn records_its_changes(&self) -> bool {
        !self.runs_programs() && self.recipe.effect().on_interrupt == OnInterrupt::Retry
    }

    /// Whether it changes no file.
    pub(super) fn only_reads(&self) -> bool {
        self.recipe.effect().only_reads
    }

    /// What the job does with files that were already processed.
    pub(super) fn on_done(&self) -> OnDone {
        self.request.policy.on_done.unwrap_or_else(|| self.recipe.effect().on_done)
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
        if !self.is_clear_of_earlier() {
            return None;
        }
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
    pub(super) async fn undone(self: &Arc<Self>, context: &Context, stop: &StepStop) -> Result<&Undone, StepFailure> {
        let read = async || {
            stop.check_wanted()?;
            match self.undoes() {
                Some(job) => Undone::read(context, self, job, stop).await,
                None => Ok(Undone::default()),
            }
        };
        self.undone.get_or_try_init(read).await
    }

    /// What an undo takes back, for its plan if that waits for approval; `None` for any other job. How far an unclear
    /// change got is only predicted, so nothing is touched. The prediction is made once, so that the list and the names
    /// in it agree.
    pub(super) async fn predicted_undone(
        self: &Arc<Self>,
        context: &Context,
        stop: &StepStop,
    ) -> Result<Option<&Undone>, StepFailure> {
        let Some(job) = self.undoes().filter(|_| self.request.approval) else { return Ok(None) };
        let predict = async || {
            stop.check_wanted()?;
            Undone::predict(context, self, job, stop).await
        };
        self.predicted_undone.get_or_try_init(predict).await.map(Some)
    }

    /// The job that this one undoes, if it is an undo.
    pub(super) fn undoes(&self) -> Option<JobId> {
        match &self.request.query {
            Query::Items(ItemsQuery { job, which: ItemSelection::Placed }) => Some(*job),
            _ => None,
        }
    }

    /// Begins a preparation, a listing or the last step, and returns what stops it. Steps that begin before a stop is
    /// asked for share it, because attempts prepare their job together, even while it is being listed. Only the
    /// engine's loop calls this, so that a stop asks each step that began before it, and none that begins after it.
    pub(super) fn begin_step(&self) -> StepStop {
        let mut stop = self.stop.lock();
        if stop.is_asked() {
            *stop = StepStop::default();
        }
        stop.clone()
    }

    /// Stops the preparations, the listing or the last step under way.
    pub(super) fn stop_step(&self) {
        self.stop.lock().ask();
    }

    /// How long its finished files took, by their size.
    pub(super) fn took(&self) -> &Arc<TookBySize> {
        &self.took
    }

    /// Notes how long a successful attempt took, in milliseconds, on a file of this size in bytes.
    pub(super) fn note_duration(&self, size: u64, ms: u64) {
        self.took.note(size, ms);
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
    pub(super) fn note_attempt_time(&self, took: Option<Duration>) -> Option<usize> {
        self.claim_ahead.note(took)
    }

    /// Whether its attempts are *brief*: at most a millisecond on average, so that their ends are reported together.
    pub(super) fn is_brief(&self) -> bool {
        self.claim_ahead.is_brief()
    }
}
