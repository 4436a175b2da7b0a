//! A job as the engine's tasks need it: its request, with the library and the recipe looked up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as Plain, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use super::Context;
use super::schedule::Terms;
use crate::placements::changes;
use crate::steps::Step;
use headway_files::{Change, DataFolder, Identity, Library, fault_of};
use headway_model::policy::{BACKOFF_MS, OnInterrupt, TRIES, Timeout};
use headway_model::request::{ItemsQuery, Which};
use headway_model::{Digest, JobId, OnDone, PauseReason, PlannedFile, Query, RelPath, StartJob};
use headway_recipes::{Binding, Recipe, Unable, Work};
use headway_store::Store;

/// How many items are read ahead at a time.
const AHEAD: u32 = 256;

/// How many bytes of a file are read to see whether the storage has recovered.
const TRIAL_READ: u64 = 64 * 1024 * 1024;

/// The median duration is taken over this many of the last successes.
const DURATIONS: usize = 999;

/// With fewer successes than this there is no median.
const FEW: usize = 3;

/// Items faster than this, in microseconds, are *quick*: recording one costs a noticeable share of running it.
const QUICK_BELOW_US: u64 = 5_000;

/// How much work, in microseconds, is claimed ahead for each worker: about as long as a disk takes to make a record durable.
const STOCK_US: u64 = 2_000;

/// The most items that are claimed ahead for each worker, however quick they are.
const MOST_AHEAD: u64 = 16;

/// Slower attempts count as this slow, so that a few quick ones suffice to change the pace.
const SLOW_US: u64 = 2 * QUICK_BELOW_US;

/// The pace is a moving average: each new attempt weighs one part in this many.
const PACE_PARTS: u64 = 8;

/// A job to carry out.
pub(crate) struct Order {
    pub(super) job: JobId,
    pub(super) job_no: u64,
    pub(super) library: Arc<Library>,
    /// What the library was when this job was planned or taken up, and how often a person had accepted what is there.
    ground: Plain<(Option<Identity>, u64)>,
    pub(super) request: StartJob,
    /// Hash of everything that determines what the job does to a file.
    pub(super) identity: Option<Digest>,
    recipe: Arc<dyn Recipe>,
    work: OnceCell<Result<Arc<dyn Work>, String>>,
    undone: OnceCell<Arc<[Change]>>,
    /// Set to stop the listing under way.
    stop_plan: Plain<Arc<AtomicBool>>,
    /// The file at which the storage last reported an error.
    unreadable: Plain<Option<RelPath>>,
    /// Files of items that will run soon, so that one read of the log serves many.
    ahead: Plain<Ahead>,
    /// Held while more of them are read.
    reading: Mutex<()>,
    /// How many items the job has. Valid once one of them runs.
    pub(super) items: AtomicU32,
    /// How long the last successes took, in milliseconds.
    durations_ms: Plain<Vec<u64>>,
    /// The moving average of how long attempts take, in microseconds.
    pace_us: AtomicU64,
}

/// Files of items that will run soon.
#[derive(Default)]
struct Ahead {
    files: HashMap<u32, PlannedFile>,
    /// The first item that has not been read.
    up_to: u32,
    /// Whether a read of more is already requested.
    asked: bool,
}

impl Order {
    /// Reads a job's request; the reason if it cannot be carried out.
    pub(super) async fn read(context: &Context, job: JobId) -> Result<Order, Unable> {
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
        Ok(Order {
            job,
            job_no: row.job_no,
            ground: Plain::new(match context.data.ground(&job) {
                Some(planned) => (Some(planned), library.identity().1),
                None => library.identity(),
            }),
            library,
            request,
            identity: row.work,
            recipe: Arc::clone(recipe),
            work: OnceCell::new(),
            undone: OnceCell::new(),
            stop_plan: Plain::default(),
            unreadable: Plain::default(),
            ahead: Plain::default(),
            reading: Mutex::default(),
            items: AtomicU32::new(row.summary.counters.total),
            durations_ms: Plain::default(),
            pace_us: AtomicU64::new(SLOW_US),
        })
    }

    /// How the job runs, as the schedule needs to know it.
    pub(super) fn terms(&self) -> Terms {
        let policy = &self.request.policy;
        Terms {
            library: self.library.name.as_str().into(),
            repeatable: self.recipe.is_repeatable(),
            tries: policy.tries.unwrap_or(TRIES).max(1),
            backoff_ms: policy.backoff_ms.unwrap_or(BACKOFF_MS),
            halt: policy.halt,
            ask: policy.on_interrupt.unwrap_or_else(|| self.recipe.on_interrupt()) == OnInterrupt::Ask,
        }
    }

    /// Before the first file is listed: takes what is at the library's path now.
    pub(super) fn settle_on_library(&self, data: &DataFolder) -> Result<(), PauseReason> {
        self.library.look_again()?;
        let now = self.library.identity();
        *self.ground() = now;
        if let (Some(identity), _) = now {
            data.keep_ground(&self.job, identity);
        }
        Ok(())
    }

    /// Whether the job can go on with the library: with what it was planned on or, before its first file is listed, with what is there.
    pub(super) fn has_library(&self) -> bool {
        match self.items.load(Ordering::Relaxed) {
            0 => self.library.look_again().is_ok(),
            _ => self.library.reach().is_ok() && self.is_same_library(),
        }
    }

    /// Whether the library still is what it was for this job, or a person has accepted what is there now.
    pub(super) fn is_same_library(&self) -> bool {
        let (now, mut ground) = (self.library.identity(), self.ground());
        if ground.0.is_none() || now.1 != ground.1 {
            *ground = now;
        }
        now == *ground
    }

    /// Notes the file at which the storage reported an error.
    pub(super) fn note_unreadable(&self, path: &RelPath) {
        *self.unreadable.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.clone());
    }

    /// Whether the file at which the storage last reported an error can be read now, as far as that is known. Blocking.
    pub(super) fn reads_again(&self) -> bool {
        let path = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).clone();
        path.is_none_or(|path| self.library.reads(&path, TRIAL_READ))
    }

    fn ground(&self) -> MutexGuard<'_, (Option<Identity>, u64)> {
        self.ground.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its items are processed by programs, not in this process.
    pub(super) fn runs_programs(&self) -> bool {
        self.recipe.runs_programs()
    }

    /// What the job does with files that were done before.
    pub(super) fn on_done(&self) -> OnDone {
        self.request.policy.on_done.unwrap_or_else(|| self.recipe.on_done())
    }

    /// The recipe's work, bound to this job on first use; the reason if it cannot be bound. After a failure that might pass by
    /// itself the next caller tries again.
    pub(super) async fn work(&self, context: &Context) -> Result<Arc<dyn Work>, Unable> {
        let bind = async || {
            let undone = self.undone(&*context.store).await?;
            let (request, library) = (self.request.clone(), Arc::clone(&self.library));
            let recipe = Arc::clone(&self.recipe);
            let (guard, data) = (Arc::clone(&context.guard), Arc::clone(&context.data));
            let (steps, job) = (context.steps.clone(), self.job);
            let bound = tokio::task::spawn_blocking(move || {
                let _step = steps.begin(job, Step::Prepare, || false);
                fault_of("preparing", request.title.as_deref().unwrap_or_default());
                let (guard, data) = (&guard, &data);
                recipe.bind(&Binding { request: &request, library: &library, undone: &undone, guard, data })
            });
            match bound.await.map_err(super::died)? {
                Ok(work) => Ok(Ok(Arc::from(work))),
                Err(Unable::Failed(message)) => Ok(Err(message)),
                Err(passing) => Err(passing),
            }
        };
        Ok(self.work.get_or_try_init(bind).await?.clone()?)
    }

    /// What the work on an item needs, if it is already in memory.
    pub(super) fn ready(&self, item: u32) -> Option<(Arc<dyn Work>, PlannedFile)> {
        let work = self.work.get()?.as_ref().ok()?;
        let file = self.ahead().files.remove(&item)?;
        Some((Arc::clone(work), file))
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to [read ahead](Order::read_on), now that this item runs. True once for each read.
    pub(super) fn wants_more(&self, item: u32) -> bool {
        let mut ahead = self.ahead();
        let wants = !ahead.asked && ahead.up_to < self.items.load(Ordering::Relaxed) && item + AHEAD / 2 >= ahead.up_to;
        ahead.asked |= wants;
        wants
    }

    /// Reads the files of the next items, so that no item has to wait for the log.
    pub(super) async fn read_on(&self, store: &dyn Store) {
        let _turn = self.reading.lock().await;
        let from = self.ahead().up_to;
        // A failed read is repeated, and reported, when the item runs.
        let rows = store.items(self.job_no, from, AHEAD, None).await.unwrap_or_default();
        let mut ahead = self.ahead();
        ahead.asked = false;
        ahead.up_to = from + rows.len() as u32;
        // Items that the plan skipped are never taken out, so they are dropped here.
        ahead.files.retain(|item, _| item + AHEAD >= from);
        ahead.files.extend(rows.into_iter().map(|row| (row.item, row.file)));
    }

    /// The file of an item; the reason if the log cannot be read.
    pub(super) async fn file(&self, store: &dyn Store, item: u32) -> Result<PlannedFile, Unable> {
        let _turn = self.reading.lock().await;
        if let Some(file) = self.ahead().files.remove(&item) {
            return Ok(file);
        }
        let row = store.job(self.job).await?;
        self.items.store(row.map_or(0, |row| row.summary.counters.total), Ordering::Relaxed);
        let rows = store.items(self.job_no, item, AHEAD, None).await?;
        let mut ahead = self.ahead();
        ahead.up_to = item + rows.len() as u32;
        ahead.files = rows.into_iter().map(|row| (row.item, row.file)).collect();
        ahead.files.remove(&item).ok_or_else(|| Unable::Failed("the item is not in the log".into()))
    }

    /// The changes of the job that this one undoes; empty for any other job.
    pub(super) async fn undone(&self, store: &dyn Store) -> Result<Arc<[Change]>, Unable> {
        let read = async || match &self.request.query {
            Query::Items(ItemsQuery { job, which: Which::Placed }) => {
                let row = store.job(*job).await?;
                let row = row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?;
                Ok(changes(store, row.job_no).await?.into())
            }
            _ => Ok(Arc::default()),
        };
        self.undone.get_or_try_init(read).await.cloned()
    }

    /// Begins a listing, and returns the flag that stops it.
    pub(super) fn begin_plan(&self) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        *self.stop_plan.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&stop);
        stop
    }

    /// Stops the listing under way.
    pub(super) fn stop_plan(&self) {
        self.stop_plan.lock().unwrap_or_else(PoisonError::into_inner).store(true, Ordering::Relaxed);
    }

    /// Notes how long a successful attempt took, in milliseconds.
    pub(super) fn took(&self, ms: u64) {
        if !matches!(self.request.policy.timeout, Some(Timeout::Percent(_))) {
            return;
        }
        let mut durations = self.durations_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if durations.len() == DURATIONS {
            durations.remove(0);
        }
        durations.push(ms);
    }

    /// Notes how long an attempt took; `None` if it was given back because it had to wait. Returns how many items to claim ahead for
    /// each worker, if that has changed. Only the engine's loop calls this.
    pub(super) fn pace(&self, took: Option<Duration>) -> Option<usize> {
        let before = self.pace_us.load(Ordering::Relaxed);
        let took = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(SLOW_US).min(SLOW_US));
        let after = took.map_or(SLOW_US, |took| (before * (PACE_PARTS - 1) + took) / PACE_PARTS);
        self.pace_us.store(after, Ordering::Relaxed);
        (ahead(after) != ahead(before)).then(|| ahead(after))
    }

    /// Whether its items take much less time than recording them.
    pub(super) fn is_quick(&self) -> bool {
        ahead(self.pace_us.load(Ordering::Relaxed)) > 1
    }

    /// The present time limit of an attempt, in milliseconds.
    pub(super) fn time_limit(&self) -> Option<u64> {
        match self.request.policy.timeout? {
            Timeout::After(ms) => Some(ms),
            Timeout::Percent(percent) => {
                let mut durations = self.durations_ms.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if durations.len() < FEW {
                    return None;
                }
                let middle = durations.len() / 2;
                let (_, median, _) = durations.select_nth_unstable(middle);
                // A percentage of less than a tick of the clock means nothing.
                Some(((*median).max(10)).saturating_mul(u64::from(percent)) / 100)
            }
        }
    }
}

/// How many items to claim ahead for each worker at this pace, in microseconds an item.
fn ahead(pace: u64) -> usize {
    match pace {
        QUICK_BELOW_US.. => 0,
        _ => (STOCK_US / pace.max(1)).clamp(1, MOST_AHEAD) as usize,
    }
}
