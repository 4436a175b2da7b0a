//! The engine: a thin loop around [`schedule`], which makes the decisions, and the tasks that plan, work and finish.

mod active_job;
mod attempt;
mod attempt_id;
mod by_path;
mod change;
mod conflicts;
mod context;
mod exclusion;
mod finish;
mod half_changed_since;
mod inputs;
mod known_names;
mod leases;
mod left_open;
mod libraries;
mod name_availability;
mod opening;
mod outcome;
mod output_name;
mod panicked;
mod past;
mod pause_checks;
mod pause_notes;
mod perform;
mod periodic_checks;
mod place;
mod plan;
mod pool;
mod pulse;
mod recover_change;
mod recoveries;
mod recovery;
mod running;
pub(crate) mod schedule;
mod shortage;
mod single_flight;
mod start_attempt;
mod stop;
mod surviving_programs;
mod take_up;
mod took_by_size;
mod untidy_jobs;
mod wanted_moves;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub(crate) use active_job::{ActiveJob, ground, ground_of};
pub(crate) use by_path::ByPath;
pub(crate) use conflicts::Conflicts;
pub(crate) use context::Context;
pub(crate) use exclusion::{Exclusion, HoldReason};
pub(crate) use leases::worker;
pub(crate) use left_open::hold_left_open;
pub(crate) use libraries::{Libraries, LibraryList};
pub(crate) use opening::open_library;
pub(super) use output_name::target;
pub(crate) use pause_notes::PauseNotes;
pub(super) use plan::{QueryPatterns, first_files, is_missed, missed_disks};
pub(crate) use pulse::Pulse;
pub(crate) use recoveries::Recoveries;
pub(crate) use recovery::{input_of, temp_folder, tidy_finished_jobs};
pub(crate) use running::RunningAttempts;
pub use shortage::Floor;
pub(crate) use shortage::ShortageCheck;
pub(crate) use surviving_programs::SurvivingPrograms;
pub(crate) use take_up::take_up_all;
pub(crate) use untidy_jobs::UntidyJobs;

use super::steps::UnderWay;
use super::writer::WriterReport;
use headway_model::id::JobId;
use headway_recipes::Unable;
use pause_checks::PauseChecks;
use pool::Pool;
use schedule::{Input, Schedule, ScheduleEffect};

/// How often the loop checks for timeouts, due retries and shortages that have passed.
const TICK: Duration = Duration::from_millis(100);

/// How often the loop checks while there is no live job.
const IDLE_TICK: Duration = Duration::from_millis(500);

/// What others tell the engine.
pub(crate) struct Inbox {
    /// Reports of the writer.
    pub reports: mpsc::UnboundedReceiver<Vec<WriterReport>>,
    /// Inputs for the schedule from outside the engine.
    pub inputs: mpsc::UnboundedReceiver<Input>,
    /// Becomes `true` when the server stops.
    pub stop: watch::Receiver<bool>,
}

/// The engine's loop. It ends once a stop is requested and nothing runs any more.
pub(crate) async fn run(context: Context, schedule: Schedule, inbox: Inbox) {
    let renewal = leases::renew(Arc::clone(&context.store), context.running.clone(), context.worker.clone());
    let renewal = tokio::spawn(renewal);
    let mut engine = Engine::new(context, schedule, inbox);
    let mut effects = engine.begin();
    loop {
        let every = engine.look_interval();
        let mut inputs = engine.perform(effects).await;
        if engine.is_over() {
            renewal.abort();
            return;
        }
        if inputs.is_empty() {
            inputs = engine.next_inputs(every).await;
        }
        // However busy the loop is, these checks must not starve.
        if engine.looked.elapsed() >= every {
            inputs.extend(engine.check_periodically());
        }
        engine.context.pulse.beat();
        effects = engine.decide(inputs);
    }
}

/// The engine between two turns of its loop.
struct Engine {
    context: Arc<Context>,
    schedule: Schedule,
    inbox: Inbox,
    active_jobs: HashMap<JobId, Arc<ActiveJob>>,
    /// Jobs that are over and whose empty folders another job was about to use.
    untidy: Arc<Mutex<Vec<Arc<ActiveJob>>>>,
    /// The notes of the jobs at work.
    at_work: HashMap<JobId, UnderWay>,
    tasks: JoinSet<Option<Input>>,
    /// Looks at whether the reasons for pauses have passed.
    pause_checks: PauseChecks,
    pool: Pool,
    /// How many attempts of each job hung on storage when that was last looked at.
    stalled: BTreeMap<JobId, usize>,
    /// How many attempts have begun and not ended.
    working: usize,
    /// When a stop was requested.
    stopping: Option<Instant>,
    /// When the engine last looked around.
    looked: Instant,
}

impl Engine {
    fn new(context: Context, schedule: Schedule, inbox: Inbox) -> Self {
        Engine {
            pool: Pool::new(schedule.limits().workers),
            context: Arc::new(context),
            schedule,
            inbox,
            active_jobs: HashMap::new(),
            untidy: Arc::default(),
            at_work: HashMap::new(),
            tasks: JoinSet::new(),
            pause_checks: PauseChecks::default(),
            stalled: BTreeMap::new(),
            working: 0,
            stopping: None,
            looked: Instant::now(),
        }
    }

    fn begin(&mut self) -> Vec<ScheduleEffect> {
        self.schedule.step(Input::Time(super::now()));
        self.schedule.begin()
    }

    fn look_interval(&self) -> Duration {
        if self.schedule.is_idle() { IDLE_TICK } else { TICK }
    }

    fn is_over(&self) -> bool {
        self.stopping.is_some() && self.tasks.is_empty() && self.working == 0
    }

    /// Gives the schedule its inputs, and claims new work if the writer has room.
    fn decide(&mut self, inputs: Vec<Input>) -> Vec<ScheduleEffect> {
        self.schedule.step(Input::Time(super::now()));
        let mut effects: Vec<_> = inputs.into_iter().flat_map(|input| self.schedule.step(input)).collect();
        if self.context.log.has_room() {
            effects.extend(self.schedule.claim());
        }
        if self.schedule.has_moved() {
            self.context.running.queue(self.schedule.queue());
        }
        effects
    }

    /// The job, looked up and read from its request on first use; the reason if the request cannot be carried out.
    async fn active_job(&mut self, job: JobId) -> Result<Arc<ActiveJob>, Unable> {
        self.at_work.entry(job).or_insert_with(|| self.context.steps.at_work(job));
        if let Some(active) = self.active_jobs.get(&job) {
            return Ok(Arc::clone(active));
        }
        let active = Arc::new(ActiveJob::read(&self.context, job).await?);
        active.take_up_accepted();
        self.active_jobs.insert(job, Arc::clone(&active));
        Ok(active)
    }
}
