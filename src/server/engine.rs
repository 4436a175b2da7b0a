//! The engine: the thin loop around [`schedule`], which decides, and the tasks that plan, work and finish.

mod finish;
mod now;
mod plan;
pub mod schedule;
mod work;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OnceCell, mpsc, watch};
use tokio::task::JoinSet;

pub use now::Running;
pub(super) use plan::globs;

use super::data::DataFolder;
use super::files::Library;
use super::recipes::{Recipe, Settings};
use super::rows::PlannedFile;
use super::store::Store;
use super::writer::{Log, Report};
use crate::model::StartJob;
use crate::model::id::JobId;
use schedule::{Effect, Input, Schedule};
use work::Which;

/// How many items' files are read at once.
const AHEAD: u32 = 256;

/// So long after a start the ends of quick items are gathered before they are recorded: a part of what a commit takes.
const GATHER: Duration = Duration::from_micros(250);

/// The most facts that may wait for a commit before no more is claimed.
const HELD: usize = 1_000;

/// What running work needs. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Where the log is read.
    pub store: Arc<dyn Store>,
    /// Where facts are recorded.
    pub log: Log,
    /// The folders that may be read.
    pub libraries: Arc<Vec<Library>>,
    /// What can be done.
    pub recipes: Arc<Vec<Arc<dyn Recipe>>>,
    /// Where jobs write for their users.
    pub data: Arc<DataFolder>,
    /// What runs at this moment.
    pub running: Running,
}

/// A job as the engine's tasks need it: what was asked, with the names looked up.
pub struct Order {
    job: JobId,
    job_no: u64,
    library: String,
    /// As it is offered; [`Order::recipe`] is what runs.
    offered: Arc<dyn Recipe>,
    bound: OnceCell<Result<Arc<dyn Recipe>, String>>,
    settings: Settings,
    request: StartJob,
    cancelled: AtomicBool,
    /// Files of items that will soon run, so that the log is read once for many.
    ahead: Mutex<HashMap<u32, PlannedFile>>,
}

impl Order {
    /// The recipe, bound to this job by whoever needs it first; the reason if that cannot be done.
    async fn recipe(&self, context: &Context) -> Result<Arc<dyn Recipe>, String> {
        let bind = async || {
            let (context, library) = (context.clone(), self.library.clone());
            let (offered, settings) = (Arc::clone(&self.offered), self.settings.clone());
            let bound = tokio::task::spawn_blocking(move || {
                let library = context.library(&library);
                let library = library.ok_or_else(|| "this server no longer has the library".to_owned())?;
                Ok(offered.bind(&settings, library)?.unwrap_or(offered))
            });
            bound.await.map_err(|error| error.to_string())?
        };
        self.bound.get_or_init(bind).await.clone()
    }

    /// What the work on an item needs, if it is known already.
    fn ready(&self, item: u32) -> Option<(Arc<dyn Recipe>, PlannedFile)> {
        let recipe = self.bound.get()?.as_ref().ok()?;
        let file = self.ahead.try_lock().ok()?.remove(&item)?;
        Some((Arc::clone(recipe), file))
    }

    /// The file of an item; the reason if the log cannot say.
    async fn file(&self, store: &dyn Store, item: u32) -> Result<PlannedFile, String> {
        let mut ahead = self.ahead.lock().await;
        if let Some(file) = ahead.remove(&item) {
            return Ok(file);
        }
        let rows = store.items(self.job_no, item, AHEAD, None).await.map_err(|error| error.to_string())?;
        *ahead = rows.into_iter().map(|row| (row.item, row.file)).collect();
        ahead.remove(&item).ok_or_else(|| "the item is not in the log".into())
    }
}

/// The engine's loop. It ends when `stop` says so and nothing runs any more.
pub async fn run(
    context: Context,
    mut schedule: Schedule,
    mut reports: mpsc::UnboundedReceiver<Vec<Report>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut orders: HashMap<JobId, Arc<Order>> = HashMap::new();
    let mut tasks: JoinSet<Option<Input>> = JoinSet::new();
    let mut effects = schedule.begin();
    let mut stopping = false;
    // What is to be recorded waits while a commit is under way, as it could not be written earlier anyway, and then for
    // the ends of items that are as quick as a commit: one commit holds the ends of some items and the starts of the next.
    let mut facts = Vec::new();
    let mut committing = false;
    let mut started = Instant::now();
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { job, event, detail } => facts.push((job, event, detail)),
                Effect::Plan { job } => {
                    let order = order(&context, &mut orders, job).await;
                    let context = context.clone();
                    tasks.spawn(async move {
                        plan::plan(&context, job, order).await;
                        None
                    });
                }
                Effect::Start { job, item, attempt } => {
                    started = Instant::now();
                    let order = order(&context, &mut orders, job).await.ok();
                    context.running.begin(job, item, attempt);
                    start(&mut tasks, context.clone(), order, Which { job, item, attempt });
                }
                Effect::Stop { job, item } => context.running.stop(job, item),
                Effect::StopPlan { job } => {
                    orders.get(&job).into_iter().for_each(|order| order.cancelled.store(true, Ordering::Relaxed));
                }
                Effect::Finish { job } => {
                    let order = order(&context, &mut orders, job).await;
                    let context = context.clone();
                    tasks.spawn(
                        async move { Some(Input::Finished { job, result: finish::finish(&context, order).await }) },
                    );
                }
                Effect::Over { job } => drop(orders.remove(&job)),
            }
        }
        let over = stopping && tasks.is_empty();
        let gathering = !tasks.is_empty() && started.elapsed() < GATHER;
        if !facts.is_empty() && (over || !committing && !gathering) {
            context.log.send(std::mem::take(&mut facts)).await;
            committing = true;
        }
        if over {
            return;
        }
        let inputs = tokio::select! {
            biased;
            told = reports.recv() => {
                committing = false;
                told.map_or(vec![Input::Dead], |told| told.into_iter().map(heard).collect())
            }
            Some(done) = tasks.join_next(), if !tasks.is_empty() => ended(done).into_iter().collect(),
            _ = stop.changed(), if !stopping => {
                stopping = true;
                vec![Input::Drain]
            }
            () = tokio::task::yield_now(), if gathering && !committing && !facts.is_empty() => Vec::new(),
        };
        effects.extend(inputs.into_iter().flat_map(|input| schedule.step(input)));
        if context.log.has_room() && facts.len() < HELD {
            effects.extend(schedule.claim());
        }
    }
}

/// Begins an attempt, at once if all that it needs is at hand.
fn start(tasks: &mut JoinSet<Option<Input>>, context: Context, order: Option<Arc<Order>>, which: Which) {
    let Which { job, item, attempt } = which;
    let done = move |context: &Context, outcome| {
        context.running.end(job, item);
        Some(Input::Done { job, item, attempt, outcome })
    };
    let ready = order.as_ref().and_then(|order| Some((Arc::clone(order), order.ready(item)?)));
    match ready {
        Some((order, (recipe, file))) => tasks.spawn_blocking(move || {
            let outcome = work::attempt(&context, &order, &*recipe, &file, which);
            done(&context, outcome)
        }),
        None => tasks.spawn(async move {
            let outcome = work::work(context.clone(), order, which).await;
            done(&context, outcome)
        }),
    };
}

/// A report as the schedule takes it in.
fn heard(report: Report) -> Input {
    match report {
        Report::Recorded(job, recorded, payload) => Input::Recorded { job, recorded, payload },
        Report::Refused(job, event, refusal) => {
            tracing::debug!(job.id = %job, event = event.name(), %refusal, "not recorded");
            Input::Refused { job, event }
        }
        Report::Dead => Input::Dead,
    }
}

/// What a task that is over has to say.
fn ended(done: Result<Option<Input>, tokio::task::JoinError>) -> Option<Input> {
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a task of the engine ended badly");
        None
    })
}

/// The job's order, read once from its request; the reason if that can no longer be carried out.
async fn order(context: &Context, orders: &mut HashMap<JobId, Arc<Order>>, job: JobId) -> Result<Arc<Order>, String> {
    if let Some(order) = orders.get(&job) {
        return Ok(Arc::clone(order));
    }
    let read = async {
        let row = context.store.job(job).await.map_err(|error| error.to_string())?;
        let row = row.ok_or("the job is not in the log")?;
        let request = context.store.request(row.job_no).await.map_err(|error| error.to_string())?;
        let request = request.ok_or("the request is not in the log")?;
        let request: StartJob = serde_json::from_str(&request).map_err(|error| error.to_string())?;
        let recipe = context.recipes.iter().find(|recipe| recipe.info().name == request.recipe);
        let recipe = recipe.ok_or_else(|| format!("this Headway has no recipe {:?}", request.recipe))?;
        let settings = recipe.settings(&request.settings).map_err(|wrong| wrong.join("; "))?;
        Ok::<_, String>(Order {
            job,
            job_no: row.job_no,
            library: request.library.clone(),
            offered: Arc::clone(recipe),
            bound: OnceCell::new(),
            settings,
            request,
            cancelled: AtomicBool::new(false),
            ahead: Mutex::new(HashMap::new()),
        })
    };
    let order = Arc::new(read.await?);
    orders.insert(job, Arc::clone(&order));
    Ok(order)
}

impl Context {
    /// The library of this name.
    pub fn library(&self, name: &str) -> Option<&Library> {
        self.libraries.iter().find(|library| library.name == name)
    }
}
