//! [`Server`]: the one handle to everything, with a method for each thing that a caller can do.

mod checks;
mod export;
mod same;
mod start;
mod steer;
mod sweep;

pub use start::Started;

use std::sync::Arc;

use tokio::runtime::{self, Runtime};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use super::config::Config;
use super::engine::schedule::{Input, Limits, Schedule};
use super::engine::{self, Context};
use super::error::{StartError, internal};
use super::index::Index;
use super::recent::Recent;
use super::steps::Steps;
use super::writer::{self, AppendError, Log, Writer};
use headway_files::{DataFolder, remove_tree};
use headway_files::{Library, io_text};
use headway_guard::Guard;
use headway_model::attempt::AttemptLog;
use headway_model::item::ITEM_LABELS;
use headway_model::library::{FolderPage, FolderView};
use headway_model::message::Now;
use headway_model::summary::{ItemPage, ItemView, JobPage, JobView, LibraryName, Start};
use headway_model::{ApiError, Cursor, Digest, Fold, JobEvent, JobId, JobSummary, Output, StartJob};
use headway_recipes::Recipe;
use headway_store::rows::{ItemRow, JobKey, JobRow};
use headway_store::{Head, JobFilter, SqliteStore, Store};

/// The most jobs or items in one page.
const PAGE_LIMIT: u32 = 1_000;

/// A running Headway. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    context: Context,
    index: Index,
    stop: watch::Sender<bool>,
    engine: Mutex<Option<JoinHandle<()>>>,
    /// Sends inputs to the schedule that are not events of a job.
    tell: mpsc::UnboundedSender<Input>,
    limits: std::sync::Mutex<Limits>,
    /// Runs the engine and the writer only, so that many readers cannot delay them.
    _runtime: OwnRuntime,
}

/// A runtime that can be dropped anywhere, also in async code: it does not wait for its tasks. What was acknowledged is on the disk.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Server {
    /// Opens the data folder and the libraries, takes up every live job, and starts the engine.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Server::start_with(config, headway_recipes::all()).await
    }

    /// Like [`Server::start`], with these recipes.
    pub async fn start_with(config: Config, recipes: Vec<Arc<dyn Recipe>>) -> Result<Self, StartError> {
        let data = DataFolder::open(&config.data, &config.libraries)?;
        let open = |(name, root): &(String, std::path::PathBuf)| Library::open(name, root);
        let libraries: Vec<_> =
            config.libraries.iter().map(open).map(|library| library.map(Arc::new)).collect::<Result<_, _>>()?;
        data.keep_ballast();
        for library in &libraries {
            if let Err(error) = library.clear_probes() {
                tracing::warn!(library = library.name, %error, "probes of an earlier run cannot be removed");
            }
        }
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&data.log()).await?);

        let rows = store.jobs(JobFilter::Live, u32::MAX).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.summary.job).collect();
        let (_, folds) = store.folds(&ids).await?;
        let key = |row: &JobRow| JobKey {
            job_no: row.job_no,
            created_position: row.created_position,
            library: row.library.clone(),
            work: row.work,
        };
        let live = rows.iter().map(key).zip(folds.iter().cloned()).collect();
        let head = store.head().await?;
        let no_thread = |error| StartError(format!("the engine's threads cannot be started: {error}"));
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("engine")
            .enable_all()
            .build()
            .map_err(no_thread)?;
        let (handle, runtime) = (runtime.handle().clone(), OwnRuntime(Some(runtime)));
        let worker = engine::worker();
        let (log, reports) = {
            let _within = handle.enter();
            writer::spawn(Arc::clone(&store), head, Writer::new(head, live).named(&worker)).map_err(no_thread)?
        };

        let limits = Limits { jobs: config.jobs.max(1), workers: config.workers.max(1) };
        let steps = Steps::open(data.root());
        let context = Context {
            store,
            log,
            libraries: Arc::new(libraries),
            recipes: Arc::new(recipes),
            running: engine::Running::default(),
            exclusion: engine::Exclusion::default(),
            shortage: Arc::new(engine::ShortageCheck::new(config.floor, data.root().to_owned())),
            data: Arc::new(data),
            handle: handle.clone(),
            guard: Arc::new(Guard::new(config.program)),
            drain: config.drain,
            worker,
            steps,
        };
        end_left_over(&folds).await?;
        clear_scratch(&context.data);
        let leases = context.store.leases().await?;
        let mut live = Vec::new();
        for (row, fold) in rows.iter().zip(folds) {
            live.push(engine::take_up(&context, &leases, row, fold).await);
        }
        let schedule = Schedule::new(limits, super::now(), live);
        let index = Index::start(
            &context.data.index(),
            Arc::clone(&context.libraries),
            Arc::clone(&context.store),
            context.log.head(),
        )?;
        let (stop, stopped) = watch::channel(false);
        let (tell, inputs) = mpsc::unbounded_channel();
        let inbox = engine::Inbox { reports, inputs, stop: stopped };
        let engine = Mutex::new(Some(handle.spawn(engine::run(context.clone(), schedule, inbox))));
        let limits = std::sync::Mutex::new(limits);
        let inner = Arc::new(Inner { context, index, stop, engine, tell, limits, _runtime: runtime });
        tokio::spawn(sweep::sweep(Arc::downgrade(&inner), config.sweep, config.trash_age, config.retention));
        Ok(Server { inner })
    }

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
            engine.await.ok();
        }
        self.log().flush().await;
    }

    /// Requests a cancel. On a job that is already cancelled or over this changes nothing.
    pub async fn cancel(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if row.summary.status.can_cancel() {
            match self.log().append(id, JobEvent::CancelRequested {}, None).await {
                Ok(_) | Err(AppendError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.job(id).await
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<JobView, ApiError> {
        // The cursor is read before the job, so that it never promises more than the summary holds.
        let cursor = self.cursor().await?;
        let row = self.row(id).await?;
        let request = self.store().request(row.job_no).await?;
        let request = request.and_then(|text| serde_json::from_str::<StartJob>(&text).ok());
        let replaces = request.as_ref().and_then(|request| request.output.as_ref()).is_some_and(Output::replaces);
        let (trash, mut note) = self.on_disk(&row.library, id, replaces).await;
        let outputs = self.inner.context.data.outputs(&id).names().unwrap_or_else(|error| {
            let unknown = format!("The files that this job wrote cannot be listed: {}.", io_text(&error));
            note = Some([Some(unknown), note.take()].into_iter().flatten().collect::<Vec<_>>().join(" "));
            Vec::new()
        });
        // Only a job with an output can be undone.
        let made = request.as_ref().is_some_and(|request| request.output.is_some());
        let undone = if made { self.undone(id).await? } else { None };
        let recipe = self.inner.context.recipe(&row.summary.recipe);
        Ok(JobView {
            waits: self.waits(&row.summary),
            outputs,
            summary: row.summary,
            cursor,
            request,
            note,
            trash,
            // A recipe that is no longer configured might have run programs whose output is kept.
            runs_programs: recipe.is_none_or(|recipe| recipe.runs_programs()),
            undone,
        })
    }

    /// A page of jobs, newest first.
    pub async fn jobs(&self, before: Option<JobId>, limit: u32) -> Result<JobPage, ApiError> {
        let cursor = self.cursor().await?;
        let limit = limit.clamp(1, PAGE_LIMIT);
        let rows = self.store().jobs(JobFilter::Before(before), limit).await?;
        let next = if rows.len() < limit as usize { None } else { rows.last().map(|row| row.summary.job) };
        Ok(JobPage { jobs: rows.into_iter().map(|row| row.summary).collect(), next, cursor })
    }

    /// A page of a job's items.
    pub async fn items(
        &self,
        id: JobId,
        after: Option<u32>,
        limit: u32,
        status: Option<&str>,
    ) -> Result<ItemPage, ApiError> {
        if let Some(status) = status.filter(|status| !ITEM_LABELS.contains(status)) {
            let words = ITEM_LABELS.join(", ");
            return Err(ApiError::Malformed { message: format!("status must be one of {words}, not {status:?}") });
        }
        let row = self.row(id).await?;
        let limit = limit.clamp(1, PAGE_LIMIT);
        let from = after.map_or(0, |after| after.saturating_add(1));
        let rows = self.store().items(row.job_no, from, limit, status).await?;
        let next = if rows.len() < limit as usize { None } else { rows.last().map(|row| row.item) };
        Ok(ItemPage { items: rows.into_iter().map(item_view).collect(), next, seq: row.summary.seq })
    }

    /// These items of a job, in order; at most one page of them.
    pub async fn items_at(&self, id: JobId, items: &[u32]) -> Result<Vec<ItemView>, ApiError> {
        let row = self.row(id).await?;
        let items = items.get(..PAGE_LIMIT as usize).unwrap_or(items);
        let rows = self.store().items_at(row.job_no, items).await?;
        Ok(rows.into_iter().map(item_view).collect())
    }

    /// The output of an item's attempts, as far as it is kept.
    pub async fn attempts(&self, id: JobId, item: u32) -> Result<Vec<AttemptLog>, ApiError> {
        self.row(id).await?;
        let data = Arc::clone(&self.inner.context.data);
        let logs = tokio::task::spawn_blocking(move || data.attempts_of(id, item)).await;
        logs.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
    }

    /// The path of a file that a job wrote for its users.
    pub fn output(&self, id: JobId, name: &str) -> Result<std::path::PathBuf, ApiError> {
        let path = self.inner.context.data.outputs(&id).path(name).map_err(|error| internal(&error))?;
        path.ok_or_else(|| ApiError::NotFound { message: format!("job {id} has no file {name:?}") })
    }

    /// The libraries.
    pub fn libraries(&self) -> Vec<LibraryName> {
        let libraries = self.inner.context.libraries.iter();
        libraries.map(|library| LibraryName { name: library.name.clone() }).collect()
    }

    /// A page of a library's entries. With `refresh` the disk is read first, as far as that is quick.
    pub async fn folder(&self, view: &FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
        self.library(&view.library)?;
        checks::entered(&view.folder).map_err(ApiError::invalid)?;
        let view = FolderView { limit: view.limit.clamp(1, PAGE_LIMIT), ..view.clone() };
        self.inner.index.page(&view, refresh).await
    }

    /// Begins to scan a library again.
    pub fn scan(&self, library: &str) -> Result<(), ApiError> {
        self.library(library)?;
        self.inner.index.refresh(library);
        Ok(())
    }

    /// What a page needs for its first paint.
    pub async fn page_start(&self) -> Result<Start, ApiError> {
        let cursor = self.cursor().await?;
        let live = self.store().jobs(JobFilter::Live, PAGE_LIMIT).await?;
        let mut live: Vec<JobSummary> = live.into_iter().map(|row| row.summary).collect();
        live.sort_by_key(|summary| (summary.created, summary.job));
        let context = &self.inner.context;
        let recipes = context.recipes.iter().map(|recipe| recipe.info()).filter(|info| !info.hidden).collect();
        Ok(Start { build: build().into(), now: super::now(), cursor, libraries: self.libraries(), recipes, live })
    }

    /// The items of a job that run at this moment.
    pub fn running(&self, summary_seq: u64, job: JobId) -> Now {
        Now { job, seq: summary_seq, running: self.inner.context.running.of(job) }
    }

    /// The id of this build, in pages and streams.
    pub fn build(&self) -> &'static str {
        build()
    }

    /// The head of the log. Wakes whenever it moves.
    pub fn head(&self) -> watch::Receiver<Head> {
        self.log().head()
    }

    /// The newest commits, encoded.
    pub fn recent(&self) -> &Recent {
        self.log().recent()
    }

    /// Whether the log can be written.
    pub fn is_recording(&self) -> bool {
        self.log().is_recording()
    }

    /// The store of the log.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.context.store
    }

    fn log(&self) -> &Log {
        &self.inner.context.log
    }

    fn library(&self, name: &str) -> Result<&Arc<Library>, ApiError> {
        let context = &self.inner.context;
        context.library(name).ok_or_else(|| {
            let names: Vec<_> = context.libraries.iter().map(|library| library.name.as_str()).collect();
            ApiError::NotFound {
                message: format!("there is no library {name:?}; this server has {}", names.join(", ")),
            }
        })
    }

    async fn row(&self, id: JobId) -> Result<JobRow, ApiError> {
        let row = self.store().job(id).await?;
        let row = row.ok_or_else(|| ApiError::NotFound { message: format!("there is no job {id}") })?;
        if row.summary.pruned { Err(ApiError::Pruned { job: id }) } else { Ok(row) }
    }

    async fn cursor(&self) -> Result<Cursor, ApiError> {
        let head = self.store().head().await?;
        Ok(head.digest.map_or_else(Cursor::start, |digest| Cursor::at(head.position, &digest)))
    }
}

/// The id of this build: a hash of the program itself.
fn build() -> &'static str {
    static BUILD: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    BUILD.get_or_init(|| {
        let program = std::env::current_exe().and_then(std::fs::read).unwrap_or_default();
        Digest::of(&program).check()
    })
}

/// Removes the scratch folders of a killed process's attempts, in the background because they can be large.
fn clear_scratch(data: &DataFolder) {
    let warn = |error: &std::io::Error| tracing::warn!(%error, "a folder that a killed attempt left cannot be removed");
    match data.left_scratch() {
        Err(error) => warn(&error),
        Ok(folders) if folders.is_empty() => {}
        Ok(folders) => drop(tokio::task::spawn_blocking(move || {
            folders.iter().filter_map(|folder| remove_tree(folder).err()).for_each(|error| warn(&error));
        })),
    }
}

/// Ends the processes that attempts of these jobs left behind, and waits until they are gone: no item must run again before.
async fn end_left_over(folds: &[Fold]) -> Result<(), StartError> {
    let held = folds.iter().filter(|fold| fold.counters.running > 0);
    let jobs: Vec<_> = held.map(|fold| fold.id.to_string()).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let of = move |attempt: &str| jobs.iter().any(|job| attempt.starts_with(job.as_str()));
    match tokio::task::spawn_blocking(move || headway_guard::end_attempts(of)).await {
        Ok(true) => Ok(()),
        _ => Err(StartError(
            "commands of the last run are still running and cannot be killed; kill them, then start again".into(),
        )),
    }
}

fn item_view(row: ItemRow) -> ItemView {
    ItemView {
        item: row.item,
        path: row.file.path,
        size: row.file.size,
        rerun: row.file.rerun,
        status: row.state.status.label().into(),
        reason: row.state.status.reason().map(Into::into),
        message: row.state.message,
        attempt: row.state.attempt,
        result: row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}
