//! [`Server`]: the one handle to everything, with a method for each thing that a caller can do.

mod checks;
mod export;
mod same;
mod start;
mod start_up;
mod steer;
mod sweep;

pub use start::Started;

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use super::engine::Context;
use super::engine::schedule::{Input, Limits};
use super::error::internal;
use super::index::Index;
use super::recent::Recent;
use super::writer::{AppendError, Log};
use headway_files::{Library, io_text};
use headway_model::attempt::AttemptLog;
use headway_model::item::ITEM_LABELS;
use headway_model::library::{FolderPage, FolderView};
use headway_model::message::Now;
use headway_model::summary::{ItemPage, ItemView, JobPage, JobView, LibraryName, Start};
use headway_model::{ApiError, Cursor, Digest, JobEvent, JobId, JobSummary, Output, StartJob};
use headway_store::rows::{ItemRow, JobRow};
use headway_store::{Head, JobFilter, Store};
use start_up::OwnRuntime;

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
