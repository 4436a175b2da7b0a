//! Starts a server: opens everything it needs, takes up live jobs, and starts the engine.

mod opened;

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::{Mutex, mpsc, watch};

use super::adopt::Adopted;
use super::looks::Looks;
use super::{Keeping, Server, ServerInner, sweep};
use crate::config::Config;
use crate::engine::schedule::{Schedule, ScheduleLimits};
use crate::engine::{self, ByPath, Context};
use crate::error::StartError;
use crate::index::Index;
use crate::steps::{OwnWork, Step, Steps};
use crate::writer::{self, WriterReport};
use headway_files::{DataFolder, remove_tree};
use headway_guard::Guard;
use headway_model::{Fold, JobId, JobStatus};
use headway_recipes::Recipe;
use headway_store::rows::JobRow;
use headway_store::{SetAside, Writer};
use opened::OpenedState;
pub(super) use opened::open_libraries;

impl Server {
    /// Opens the data folder and the libraries, takes up every live job, and starts the engine.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Server::start_with(config, headway_recipes::all()).await
    }

    /// Like [`Server::start`], with these recipes.
    pub async fn start_with(config: Config, recipes: Vec<Arc<dyn Recipe>>) -> Result<Self, StartError> {
        let opened = OpenedState::open(&config).await?;
        let steps = opened.steps.clone();
        let runtime = OwnRuntime::start().map_err(no_thread)?;
        let (context, reports) = context(&opened, &config, recipes, runtime.handle()).await?;
        let store = Arc::clone(&opened.store);
        end_left_over(&context, &opened.folds, &opened.aside).await?;
        engine::hold_left_open(&context, opened.rows.iter().zip(&opened.folds)).await?;

        let limits = ScheduleLimits { jobs: config.jobs.max(1), workers: config.workers.max(1) };
        let leases = context.store.leases().await?;
        // What somebody has cancelled is ended by any server. It might have been cancelled by a command that ended too soon.
        let is_taken = |row: &JobRow| config.takes_up || row.summary.status == JobStatus::Cancelling;
        let cancelled: Vec<_> = opened.rows.iter().filter(|row| is_taken(row)).map(|row| row.summary.job).collect();
        let jobs = opened.rows.iter().zip(opened.folds).filter(|(row, _)| is_taken(row));
        let live = engine::take_up_all(&context, &leases, jobs, opened.silent).await;
        // Nothing else is under way while jobs are taken up, so a crash there has one culprit.
        clear_scratch(&context.data, &steps);
        let schedule = Schedule::new(limits, crate::now(), live);
        let (stop, stopped) = watch::channel(false);
        drop(runtime.handle().spawn(engine::tidy_finished_jobs(context.clone(), stopped.clone())));
        let (libraries, patient) = (context.libraries.clone(), Arc::clone(&context.store));
        let index = Index::start(&context.data, libraries, patient, context.log.head(), steps)?;
        let (tell, inputs) = mpsc::unbounded_channel();
        let inbox = engine::Inbox { reports, inputs, stop: stopped };
        let engine = Mutex::new(Some(runtime.handle().spawn(engine::run(context.clone(), schedule, inbox))));
        let keeping = Keeping { trash_age: config.trash_age, retention: config.retention };
        let inner = Arc::new(ServerInner {
            keeping: parking_lot::Mutex::new(keeping),
            clock: parking_lot::Mutex::default(),
            context,
            store,
            index,
            looks: Looks::default(),
            reaches: Looks::default(),
            told: Default::default(),
            stop,
            engine,
            tell,
            limits: parking_lot::Mutex::new(limits),
            configured_limits: parking_lot::Mutex::new(limits),
            owner_only: config.owner_only,
            build: config.build,
            presets: Default::default(),
            undo_starts: Default::default(),
            retry_starts: Default::default(),
            read_logs: Default::default(),
            report_indexes: Default::default(),
            totals: Default::default(),
            input_sizes: Default::default(),
            automatic: Default::default(),
            adopted: (!config.takes_up).then(|| Adopted::with(cancelled)),
            _runtime: runtime,
        });
        tokio::spawn(sweep::sweep(Arc::downgrade(&inner), config.sweep));
        Ok(Server { inner, is_owner: false })
    }
}

fn no_thread(error: io::Error) -> StartError {
    StartError(format!("the engine's threads cannot be started: {error}"))
}

/// Starts the writer, and collects everything that the engine's tasks share. Also returns the writer's reports.
async fn context(
    opened: &OpenedState,
    config: &Config,
    recipes: Vec<Arc<dyn Recipe>>,
    handle: &Handle,
) -> Result<(Context, mpsc::UnboundedReceiver<Vec<WriterReport>>), StartError> {
    let worker = engine::worker();
    let head = opened.store.head().await?;
    let (log, reports) = {
        let _within = handle.enter();
        let writer = Writer::new(head, opened.live()).named(&worker);
        writer::spawn(Arc::clone(&opened.store), head, writer).map_err(no_thread)?
    };
    let data = Arc::clone(&opened.data);
    let context = Context {
        // What the engine asks is asked again and again until it is known.
        store: opened.store.patient().unwrap_or_else(|| Arc::clone(&opened.store)),
        log,
        libraries: engine::Libraries::new(opened.libraries.clone()),
        by_path: ByPath::new(Arc::clone(&data), opened.steps.clone()),
        recipes: Arc::new(recipes),
        running: engine::RunningAttempts::default(),
        recoveries: engine::Recoveries::default(),
        untidy_jobs: engine::UntidyJobs::default(),
        left: engine::SurvivingPrograms::default(),
        exclusion: engine::Exclusion::default(),
        conflicts: engine::Conflicts::default(),
        pause_notes: engine::PauseNotes::default(),
        shortage: Arc::new(engine::ShortageCheck::new(config.floor, data.root().to_owned())),
        steps: opened.steps.clone(),
        data,
        handle: handle.clone(),
        guard: Arc::new(Guard::new(config.program.clone())),
        drain: config.drain,
        stands_by: config.standby.is_some(),
        worker,
        pulse: engine::Pulse::new(),
    };
    Ok((context, reports))
}

/// The engine's runtime. It can be dropped anywhere, even in async code, because it does not wait for its tasks.
/// Whatever was acknowledged is already durable.
pub(super) struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    fn start() -> io::Result<Self> {
        let mut runtime = runtime::Builder::new_multi_thread();
        Ok(OwnRuntime(Some(runtime.worker_threads(1).thread_name("engine").enable_all().build()?)))
    }

    fn handle(&self) -> &Handle {
        self.0.as_ref().expect("it is taken only when dropped").handle()
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// Removes the scratch folders of a killed process's attempts, in the background because they can be large. Each is
/// removed on its own: one that cannot be removed does not keep the others.
fn clear_scratch(data: &DataFolder, steps: &Steps) {
    let folders = match steps.carry_out(&OwnWork::of_data(Step::ClearScratch), || data.left_scratch()) {
        Ok(Ok(folders)) => folders,
        Ok(Err(error)) => return tracing::warn!(%error, "what killed attempts left is not removed"),
        // The log says it.
        Err(_) => return,
    };
    if folders.is_empty() {
        return;
    }
    let steps = steps.clone();
    drop(tokio::task::spawn_blocking(move || {
        for folder in folders {
            let own = job_of(&folder)
                .map_or_else(|| OwnWork::of_data(Step::ClearScratch), |job| OwnWork::of_job(job, Step::ClearScratch));
            if let Ok(Err(error)) = steps.carry_out(&own, || remove_tree(&folder)) {
                let folder = folder.display();
                tracing::warn!(%folder, %error, "a folder that a killed attempt left cannot be removed");
            }
        }
    }));
}

/// The job whose attempt had this scratch folder: its name begins with the job's id.
fn job_of(folder: &Path) -> Option<JobId> {
    const ID: usize = 36;
    folder.file_name()?.to_str()?.get(..ID)?.parse().ok()
}

/// Ends the programs that attempts of these jobs left behind: no item must run again before they are gone.
async fn end_left_over(context: &Context, folds: &[Fold], aside: &[SetAside]) -> Result<(), StartError> {
    let held = folds.iter().filter(|fold| fold.counters.running > 0);
    // It is not known whether a job that is set aside had any.
    let jobs: Vec<_> = held.map(|fold| fold.id).chain(aside.iter().filter_map(|aside| aside.job)).collect();
    let left = context.left.clone();
    let ended = tokio::task::spawn_blocking(move || left.end(&jobs)).await;
    ended.map_err(|error| StartError(format!("what the last run left cannot be ended: {error}")))
}
