//! The engine: a thin loop around [`schedule`], which makes the decisions, and the tasks that plan, work and finish.

mod attempt_id;
mod by_path;
mod change;
mod context;
mod examinations;
mod exclusion;
mod finish;
mod leases;
mod order;
mod place;
mod plan;
mod pool;
mod pulse;
mod recovery;
mod running;
pub(crate) mod schedule;
mod shortage;
mod take_up;
mod work;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub(crate) use by_path::ByPath;
pub(crate) use context::Context;
pub(crate) use examinations::Examinations;
pub(crate) use exclusion::Exclusion;
pub(crate) use leases::worker;
pub(crate) use order::Order;
pub(super) use plan::Choice;
pub(crate) use pulse::Pulse;
pub(crate) use running::Running;
pub use shortage::Floor;
pub(crate) use shortage::ShortageCheck;
pub(crate) use take_up::take_up_all;

use super::writer::Report;
use attempt_id::AttemptId;
use headway_model::id::JobId;
use headway_model::{FailReason, PauseReason};
use headway_recipes::Unable;
use pool::{Ended, Pool, Task};
use running::WrittenOff;
use schedule::{Effect, Input, Schedule, WorkOutcome};

/// How often the loop checks for timeouts, due retries and shortages that have passed.
const TICK: Duration = Duration::from_millis(100);

/// How long an attempt that only reads can take to end when it is asked to. What takes longer waits for storage.
const GRACE: Duration = Duration::from_secs(4);

/// The same for all others: a program has a grace of its own before it is killed, and a large output is hashed to its end.
const LONG_GRACE: Duration = Duration::from_secs(5 * 60);

/// An attempt that has not got further for so long hangs: jobs of other libraries do not wait for its worker.
const STALLED_AFTER: Duration = Duration::from_secs(5);

/// How often the loop checks while there is no live job.
const IDLE_TICK: Duration = Duration::from_millis(500);

/// How long the end of a quick attempt can wait to be handled together with others.
const GATHER: Duration = Duration::from_millis(1);

/// What others tell the engine.
pub(crate) struct Inbox {
    /// Reports of the writer.
    pub reports: mpsc::UnboundedReceiver<Vec<Report>>,
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
            inputs = engine.hear(every).await;
        }
        // However busy the loop is, these checks must not starve.
        if engine.looked.elapsed() >= every {
            inputs.extend(engine.look_around());
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
    orders: HashMap<JobId, Arc<Order>>,
    tasks: JoinSet<Option<Input>>,
    /// Looks at whether the reason for a pause has passed, on threads that can wait for storage.
    easing: JoinSet<(JobId, PauseReason, bool)>,
    /// The jobs of these.
    easing_jobs: HashSet<JobId>,
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
            orders: HashMap::new(),
            tasks: JoinSet::new(),
            easing: JoinSet::new(),
            easing_jobs: HashSet::new(),
            stalled: BTreeMap::new(),
            working: 0,
            stopping: None,
            looked: Instant::now(),
        }
    }

    fn begin(&mut self) -> Vec<Effect> {
        self.schedule.step(Input::Time(super::now()));
        self.schedule.begin()
    }

    fn look_interval(&self) -> Duration {
        if self.schedule.is_idle() { IDLE_TICK } else { TICK }
    }

    fn is_over(&self) -> bool {
        self.stopping.is_some() && self.tasks.is_empty() && self.working == 0
    }

    /// Carries out effects. Returns what the schedule must know before it goes on.
    async fn perform(&mut self, effects: Vec<Effect>) -> Vec<Input> {
        let (mut inputs, mut facts, mut ready) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Append { job, event, detail } => facts.push((job, event, detail)),
                Effect::Plan { job } => inputs.extend(self.plan(job).await),
                Effect::Start { job, item, attempt } => {
                    ready.extend(self.start(AttemptId { job, item, attempt }).await)
                }
                Effect::Stop { job, item } => {
                    self.context.running.stop(job, item);
                    self.pool.give_back(|which| (which.job, which.item) == (job, item));
                }
                Effect::TakeUp { job } => {
                    let context = Arc::clone(&self.context);
                    self.tasks.spawn(async move { Some(take_up::again(&context, job).await) });
                }
                Effect::StopPlan { job } => {
                    if let Some(order) = self.orders.get(&job) {
                        order.stop_plan();
                    }
                }
                Effect::Judge { job, item } => self.judge(job, item).await,
                Effect::Finish { job } => self.finish(job).await,
                Effect::Over { job } => self.forget(job),
            }
        }
        if !ready.is_empty() {
            self.pool.push(ready);
        }
        // The writer gathers these while it commits, so that one commit holds the ends of some items and the starts of the next.
        if !facts.is_empty() {
            self.context.log.send(facts).await;
        }
        inputs
    }

    async fn plan(&mut self, job: JobId) -> Option<Input> {
        let order = self.order(job).await;
        let terms = order.as_ref().ok().map(|order| Input::Terms { job, terms: order.terms() });
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            plan::plan(&context, job, order).await;
            Some(Input::PlanOver { job })
        });
        terms
    }

    async fn start(&mut self, which: AttemptId) -> Option<Task> {
        let order = self.order(which.job).await;
        self.working += 1;
        work::start(&mut self.tasks, &self.context, &self.pool, order, which)
    }

    async fn judge(&mut self, job: JobId, item: u32) {
        let order = self.order(job).await;
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let (verdict, detail) = recovery::judge(&context, job, order, item).await;
            Some(Input::Judged { job, item, verdict, detail })
        });
    }

    async fn finish(&mut self, job: JobId) {
        let order = self.order(job).await;
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let result = caught(finish::finish(&context, order)).await;
            Some(Input::Finished { job, result: result.unwrap_or_else(|panic| Err(Unable::Failed(panic))) })
        });
    }

    fn forget(&mut self, job: JobId) {
        self.context.steps.forget(job);
        self.context.examinations.forget(job);
        if let Some(order) = self.orders.remove(&job) {
            self.tasks.spawn_blocking(move || {
                order.library.tidy();
                None
            });
        }
    }

    /// Waits until there is something to do, but no longer than until the next look around.
    async fn hear(&mut self, every: Duration) -> Vec<Input> {
        let mut until = self.looked + every;
        if self.pool.gathers() {
            until = until.min(Instant::now() + GATHER);
        }
        let mut inputs = tokio::select! {
            biased;
            told = self.inbox.reports.recv() => told.map_or(vec![Input::Dead], |told| told.into_iter().map(heard).collect()),
            () = self.pool.told() => Vec::new(),
            Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => done_with(done).into_iter().collect(),
            Some(input) = self.inbox.inputs.recv() => {
                match input {
                    Input::DrainOver => {
                        // What ends now is taken back, not cancelled.
                        self.stopping.get_or_insert_with(Instant::now);
                        self.pool.give_back(|_| true);
                        vec![Input::Drain, Input::DrainOver]
                    }
                    Input::Limits(limits) => {
                        self.pool.set_limit(limits.workers);
                        vec![Input::Limits(limits)]
                    }
                    other => vec![other],
                }
            }
            _ = self.inbox.stop.changed(), if self.stopping.is_none() => {
                self.stopping = Some(Instant::now());
                self.pool.give_back(|_| true);
                vec![Input::Drain]
            }
            () = tokio::time::sleep_until(until.into()) => {
                self.pool.rouse();
                Vec::new()
            }
        };
        for ended in self.pool.ends() {
            self.working -= 1;
            inputs.extend(self.worked(ended));
        }
        inputs
    }

    /// Turns the end of an attempt into inputs: the end itself and, if it changed, the job's pace.
    fn worked(&self, ended: Ended) -> impl Iterator<Item = Input> + use<> {
        let Ended { which: AttemptId { job, item, attempt }, outcome, took } = ended;
        self.context.running.end(job, item);
        let ahead = self.orders.get(&job).and_then(|order| order.pace(took));
        let done = Input::Done { job, item, attempt, outcome };
        ahead.map(|ahead| Input::Pace { job, ahead }).into_iter().chain([done])
    }

    /// Checks for timeouts, attempts that wait too long, shortages, and a drain that takes too long.
    fn look_around(&mut self) -> Vec<Input> {
        self.looked = Instant::now();
        self.context.running.end_late(|job| self.orders.get(&job)?.time_limit().map(Duration::from_millis));
        self.write_off_overdue();
        self.pool.give_back_late();
        self.context.steps.pass_long();
        let mut inputs = self.look_for_shortages();
        inputs.extend(self.look_for_stalled());
        if self.stopping.is_some_and(|since| since.elapsed() > self.context.drain) {
            inputs.push(Input::DrainOver);
        }
        inputs
    }

    /// Storage that does not answer holds up neither a cancel, nor a time limit, nor the end of the server.
    fn write_off_overdue(&self) {
        let only_reads =
            |job: JobId| self.orders.get(&job).is_some_and(|order| order.terms().repeatable && !order.runs_programs());
        let grace = |job| if only_reads(job) { GRACE } else { LONG_GRACE };
        for WrittenOff { which, elapsed, is_late, had_begun } in
            self.context.running.write_off(self.pool.may_lose(), GRACE, grace)
        {
            let seconds = elapsed.as_secs_f64();
            let outcome = match is_late {
                true => WorkOutcome::Failed(
                    FailReason::Timeout,
                    format!("ended after {seconds:.1} s; the storage of its file does not answer, or is very slow"),
                ),
                false if had_begun => WorkOutcome::Lost,
                false => WorkOutcome::Stopped,
            };
            let AttemptId { job, item, .. } = which;
            tracing::warn!(job.id = %job, item, "the storage of a file does not answer; its attempt is written off");
            self.pool.write_off(which, outcome);
        }
    }

    /// Attempts that hang on storage, if others hang than before: other threads work in their place meanwhile.
    fn look_for_stalled(&mut self) -> Option<Input> {
        let stalled = self.context.running.stalled(STALLED_AFTER, self.pool.may_lose());
        if stalled == self.stalled {
            return None;
        }
        self.stalled = stalled;
        self.pool.set_spare(self.stalled.values().sum());
        Some(Input::Stalled(self.stalled.clone()))
    }

    /// Environment changes that pause or resume jobs: a disk that has filled up, a library that is back.
    fn look_for_shortages(&mut self) -> Vec<Input> {
        let Context { shortage, data, .. } = &*self.context;
        if shortage.is_data_short() {
            data.release_ballast();
            return vec![Input::Short(PauseReason::DiskFull)];
        }
        // Storage that does not answer holds up its own job alone.
        for (job, reason) in self.schedule.paused() {
            // What is still examined would not be ready if the job went on.
            if !self.context.examinations.is_under_way(job) && self.easing_jobs.insert(job) {
                let (context, order) = (Arc::clone(&self.context), self.orders.get(&job).map(Arc::clone));
                let looked = async move {
                    let order = match order {
                        Some(order) => Some(order),
                        // What cannot be read is told when the job is taken up.
                        None => Order::read(&context, job).await.ok().map(Arc::new),
                    };
                    let look = move || {
                        let has_eased = context.shortage.has_eased(reason, order.as_deref());
                        // What could not be removed while the library was away can be now.
                        order.filter(|_| has_eased).into_iter().for_each(|order| order.library.clean_up());
                        has_eased
                    };
                    tokio::task::spawn_blocking(look).await.unwrap_or(false)
                };
                // Also after a panic the job is looked at again.
                self.easing.spawn(async move { (job, reason, caught(looked).await.unwrap_or(false)) });
            }
        }
        let mut inputs = Vec::new();
        while let Some(looked) = self.easing.try_join_next() {
            let Ok((job, reason, has_eased)) = looked else { continue };
            self.easing_jobs.remove(&job);
            if has_eased {
                if reason == PauseReason::DiskFull {
                    data.keep_ballast();
                }
                inputs.push(Input::Eased { job, reason });
            }
        }
        inputs
    }

    /// Gives the schedule its inputs, and claims new work if the writer has room.
    fn decide(&mut self, inputs: Vec<Input>) -> Vec<Effect> {
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

    /// The job's order, read from its request on first use; the reason if the request cannot be carried out.
    async fn order(&mut self, job: JobId) -> Result<Arc<Order>, Unable> {
        if let Some(order) = self.orders.get(&job) {
            return Ok(Arc::clone(order));
        }
        let order = Arc::new(Order::read(&self.context, job).await?);
        self.orders.insert(job, Arc::clone(&order));
        Ok(order)
    }
}

/// Turns a report of the writer into an input.
fn heard(report: Report) -> Input {
    match report {
        Report::Recorded(job, recorded, digest) => Input::Recorded { job, recorded, digest },
        Report::Refused(job, event, refusal) => {
            tracing::debug!(job.id = %job, event = event.name(), %refusal, "not recorded");
            Input::Refused { job, event }
        }
        Report::Dead => Input::Dead,
    }
}

/// The input that a finished task returned, if any.
fn done_with(done: Result<Option<Input>, tokio::task::JoinError>) -> Option<Input> {
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a task of the engine ended badly");
        None
    })
}

/// Runs a task and catches its panic as a message.
async fn caught<T>(task: impl Future<Output = T>) -> Result<T, String> {
    let ended = AssertUnwindSafe(task).catch_unwind().await;
    ended.map_err(|panic| {
        let text = work::panic_text(&*panic);
        tracing::error!(panic = text, "a task of the engine panicked");
        text
    })
}

/// Why a blocking task did not return: its panic message, or that it was cancelled.
fn died(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => work::panic_text(&*panic),
        Err(error) => error.to_string(),
    }
}
