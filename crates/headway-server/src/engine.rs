//! The engine: a thin loop around [`schedule`], which makes the decisions, and the tasks that plan, work and finish.

mod attempt_id;
mod exclusion;
mod finish;
mod leases;
mod order;
mod place;
mod plan;
mod pool;
mod recovery;
mod running;
pub mod schedule;
mod shortage;
mod take_up;
mod work;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub use exclusion::Exclusion;
pub use leases::worker;
pub use order::Order;
pub(super) use plan::globs;
pub use running::Running;
pub use shortage::{Floor, ShortageCheck};
pub use take_up::take_up;

use super::steps::Steps;
use super::writer::{Log, Report};
use attempt_id::AttemptId;
use headway_files::DataFolder;
use headway_files::Library;
use headway_guard::Guard;
use headway_model::PauseReason;
use headway_model::id::JobId;
use headway_recipes::{Recipe, Unable};
use headway_store::Store;
use pool::{Ended, Pool};
use schedule::{Effect, Input, Schedule};

/// How often the loop checks for timeouts, due retries and shortages that have passed.
const TICK: Duration = Duration::from_millis(100);

/// The same, while there is no live job.
const IDLE_TICK: Duration = Duration::from_millis(500);

/// How long the end of a quick attempt can wait to be handled together with others.
const GATHER: Duration = Duration::from_millis(1);

/// Everything that running work needs. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Reads the log.
    pub store: Arc<dyn Store>,
    /// Records events.
    pub log: Log,
    /// The served libraries.
    pub libraries: Arc<Vec<Arc<Library>>>,
    /// The recipes on offer.
    pub recipes: Arc<Vec<Arc<dyn Recipe>>>,
    /// The data folder, where jobs write their output files.
    pub data: Arc<DataFolder>,
    /// The attempts under way.
    pub running: Running,
    /// Locks on the files that attempts work on.
    pub exclusion: Exclusion,
    /// Checks that there is enough disk and memory before an item begins.
    pub shortage: Arc<ShortageCheck>,
    /// Starts and supervises child processes.
    pub guard: Arc<Guard>,
    /// The engine's own runtime, which blocking threads use to wait for the log.
    pub handle: Handle,
    /// How long running items can continue after a stop.
    pub drain: Duration,
    /// This process's name in leases.
    pub worker: String,
    /// Records the steps under way that could crash the process.
    pub steps: Steps,
}

/// The engine's loop. It ends once `stop` has fired and nothing runs any more. Inputs from outside the engine arrive on `told`.
pub async fn run(
    context: Context,
    mut schedule: Schedule,
    mut reports: mpsc::UnboundedReceiver<Vec<Report>>,
    mut told: mpsc::UnboundedReceiver<Input>,
    mut stop: watch::Receiver<bool>,
) {
    let context = Arc::new(context);
    let renewal =
        tokio::spawn(leases::renew(Arc::clone(&context.store), context.running.clone(), context.worker.clone()));
    let mut orders: HashMap<JobId, Arc<Order>> = HashMap::new();
    let mut tasks: JoinSet<Option<Input>> = JoinSet::new();
    let pool = Pool::new(schedule.limits().workers);
    let mut working = 0_usize;
    schedule.step(Input::Time(super::now()));
    let mut effects = schedule.begin();
    let mut stopping = None;
    let mut looked = Instant::now();
    loop {
        let every = if schedule.is_idle() { IDLE_TICK } else { TICK };
        let (mut inputs, mut facts, mut ready) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { job, event, detail } => facts.push((job, event, detail)),
                Effect::Plan { job } => {
                    let order = order(&context, &mut orders, job).await;
                    inputs.extend(order.iter().map(|order| Input::Terms { job, terms: order.terms() }));
                    let context = Arc::clone(&context);
                    tasks.spawn(async move {
                        plan::plan(&context, job, order).await;
                        Some(Input::PlanOver { job })
                    });
                }
                Effect::Start { job, item, attempt } => {
                    let order = order(&context, &mut orders, job).await;
                    working += 1;
                    ready.extend(work::start(&mut tasks, &context, &pool, order, AttemptId { job, item, attempt }));
                }
                Effect::Stop { job, item } => {
                    context.running.stop(job, item);
                    pool.give_back(|which| (which.job, which.item) == (job, item));
                }
                Effect::TakeUp { job } => {
                    let context = Arc::clone(&context);
                    tasks.spawn(async move { Some(take_up::again(&context, job).await) });
                }
                Effect::StopPlan { job } => orders.get(&job).into_iter().for_each(|order| order.stop_plan()),
                Effect::Judge { job, item } => {
                    let order = order(&context, &mut orders, job).await;
                    let context = Arc::clone(&context);
                    tasks.spawn(async move {
                        let (verdict, detail) = recovery::judge(&context, job, order, item).await;
                        Some(Input::Judged { job, item, verdict, detail })
                    });
                }
                Effect::Finish { job } => {
                    let order = order(&context, &mut orders, job).await;
                    let context = Arc::clone(&context);
                    tasks.spawn(async move {
                        let result = caught(finish::finish(&context, order)).await;
                        Some(Input::Finished { job, result: result.unwrap_or_else(|panic| Err(Unable::Failed(panic))) })
                    });
                }
                Effect::Over { job } => {
                    context.steps.forget(job);
                    if let Some(order) = orders.remove(&job) {
                        tasks.spawn_blocking(move || {
                            order.library.tidy();
                            None
                        });
                    }
                }
            }
        }
        if !ready.is_empty() {
            pool.push(ready);
        }
        let over = stopping.is_some() && tasks.is_empty() && working == 0;
        // The writer gathers these while it commits, so that one commit holds the ends of some items and the starts of the next.
        if !facts.is_empty() {
            context.log.send(facts).await;
        }
        if over {
            renewal.abort();
            return;
        }
        if inputs.is_empty() {
            let mut until = looked + every;
            if pool.gathers() {
                until = until.min(Instant::now() + GATHER);
            }
            inputs = tokio::select! {
                biased;
                told = reports.recv() => told.map_or(vec![Input::Dead], |told| told.into_iter().map(heard).collect()),
                () = pool.told() => Vec::new(),
                Some(done) = tasks.join_next(), if !tasks.is_empty() => done_with(done).into_iter().collect(),
                Some(input) = told.recv() => {
                    if let Input::Limits(limits) = input {
                        pool.set_limit(limits.workers);
                    }
                    vec![input]
                }
                _ = stop.changed(), if stopping.is_none() => {
                    stopping = Some(Instant::now());
                    pool.give_back(|_| true);
                    vec![Input::Drain]
                }
                () = tokio::time::sleep_until(until.into()) => {
                    pool.rouse();
                    Vec::new()
                }
            };
            let ended = pool.ends();
            working -= ended.len();
            inputs.extend(ended.into_iter().flat_map(|ended| worked(&context, &orders, ended)));
        }
        // However busy the loop is, these checks must not starve.
        if looked.elapsed() >= every {
            looked = Instant::now();
            context.running.end_late(|job| orders.get(&job)?.time_limit().map(Duration::from_millis));
            pool.give_back_late();
            context.steps.pass_long();
            inputs.extend(look(&context, &schedule, &orders));
            inputs.extend(stopping.filter(|since| since.elapsed() > context.drain).map(|_| Input::DrainOver));
        }
        schedule.step(Input::Time(super::now()));
        effects.extend(inputs.into_iter().flat_map(|input| schedule.step(input)));
        if context.log.has_room() {
            effects.extend(schedule.claim());
        }
        if schedule.has_moved() {
            context.running.queue(schedule.queue());
        }
    }
}

/// Turns the end of an attempt into inputs: the end itself and, if it changed, the job's pace.
fn worked(context: &Context, orders: &HashMap<JobId, Arc<Order>>, ended: Ended) -> impl Iterator<Item = Input> {
    let Ended { which: AttemptId { job, item, attempt }, outcome, took } = ended;
    context.running.end(job, item);
    let ahead = orders.get(&job).and_then(|order| order.pace(took));
    let done = Input::Done { job, item, attempt, outcome };
    ahead.map(|ahead| Input::Pace { job, ahead }).into_iter().chain([done])
}

/// Environment changes that pause or resume jobs: a disk that has filled up, a library that is back.
fn look(context: &Context, schedule: &Schedule, orders: &HashMap<JobId, Arc<Order>>) -> Vec<Input> {
    let mut inputs = Vec::new();
    if context.shortage.is_data_short() {
        context.data.release_ballast();
        inputs.push(Input::Short(PauseReason::DiskFull));
        return inputs;
    }
    for (job, reason) in schedule.paused() {
        let library = orders.get(&job).map(|order| &*order.library);
        if context.shortage.has_eased(reason, library) {
            if reason == PauseReason::DiskFull {
                context.data.keep_ballast();
            }
            inputs.push(Input::Eased { job, reason });
        }
    }
    inputs
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

/// The job's order, read from its request on first use; the reason if the request cannot be carried out.
async fn order(context: &Context, orders: &mut HashMap<JobId, Arc<Order>>, job: JobId) -> Result<Arc<Order>, Unable> {
    if let Some(order) = orders.get(&job) {
        return Ok(Arc::clone(order));
    }
    let order = Arc::new(Order::read(context, job).await?);
    orders.insert(job, Arc::clone(&order));
    Ok(order)
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

impl Context {
    /// The library with this name.
    pub fn library(&self, name: &str) -> Option<&Arc<Library>> {
        self.libraries.iter().find(|library| library.name == name)
    }

    /// The recipe with this name.
    pub fn recipe(&self, name: &str) -> Option<&Arc<dyn Recipe>> {
        self.recipes.iter().find(|recipe| recipe.info().name == name)
    }
}
