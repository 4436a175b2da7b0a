//! What callers can read of jobs, items and libraries.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::steer::OnDisk;
use super::{Keeping, Server, build, checks};
use crate::error::internal;
use headway_files::{Library, Trashed, io_text};
use headway_model::attempt::AttemptLog;
use headway_model::causes::{CAUSES_LIMIT, Causes, Sorter};
use headway_model::find::FindJobs;
use headway_model::item::ITEM_LABELS;
use headway_model::library::{FolderPage, FolderView};
use headway_model::load::Load;
use headway_model::message::Now;
use headway_model::summary::{
    ItemPage, ItemView, JobPage, JobView, LibraryName, RecipeInfo, Room, Start, TrashHolds, TrashRoom,
};
use headway_model::{ApiError, Cursor, JobId, JobSummary, Output, StartJob};
use headway_store::JobFilter;
use headway_store::rows::{ItemRow, JobRow};

/// The most jobs or items in one page.
const PAGE_LIMIT: u32 = 1_000;

impl Server {
    /// One job.
    pub async fn job(&self, id: JobId) -> Result<JobView, ApiError> {
        // The cursor is read before the job, so that it never promises more than the summary holds.
        let cursor = self.cursor().await?;
        let row = self.row(id).await?;
        let request = self.store().request(row.job_no).await?;
        let request = request.and_then(|text| serde_json::from_str::<StartJob>(&text).ok());
        let replaces = request.as_ref().and_then(|request| request.output.as_ref()).is_some_and(Output::replaces);
        let OnDisk { trash, mut note, is_replaced } = self.on_disk(&row.library, id, replaces).await;
        let outputs = self.inner.context.data.outputs(&id).names().unwrap_or_else(|error| {
            let unknown = format!("The files that this job wrote cannot be listed: {}.", io_text(&error));
            note = Some([Some(unknown), note.take()].into_iter().flatten().collect::<Vec<_>>().join(" "));
            Vec::new()
        });
        let recipe = self.inner.context.recipe(&row.summary.recipe);
        let has_output = request.as_ref().is_some_and(|request| request.output.is_some());
        let can_undo = has_output || recipe.is_some_and(|recipe| recipe.renames_files());
        let undone = if can_undo { self.undone(id).await? } else { None };
        Ok(JobView {
            waits: self.waits(&row.summary, is_replaced),
            outputs,
            summary: row.summary,
            cursor,
            request,
            note,
            trash,
            // A recipe that is no longer configured might have run programs whose output is kept.
            runs_programs: recipe.is_none_or(|recipe| recipe.runs_programs()),
            can_undo,
            undone,
        })
    }

    /// A page of jobs, newest first.
    pub async fn jobs(&self, before: Option<JobId>, limit: u32, find: &FindJobs) -> Result<JobPage, ApiError> {
        let cursor = self.cursor().await?;
        let limit = limit.clamp(1, PAGE_LIMIT) as usize;
        // All jobs are read as they come; of some, more at a time, as few may be among them.
        let read = if find.is_all() { limit } else { PAGE_LIMIT as usize };
        let (mut jobs, mut before) = (Vec::new(), before);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), read as u32).await?;
            let is_end = rows.len() < read;
            for JobRow { summary, .. } in rows {
                before = Some(summary.job);
                if find.has(&summary) {
                    jobs.push(summary);
                }
                if jobs.len() == limit {
                    return Ok(JobPage { jobs, next: before, cursor });
                }
            }
            if is_end {
                return Ok(JobPage { jobs, next: None, cursor });
            }
        }
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

    /// How many files of a job are done and open, and their bytes.
    pub async fn load(&self, id: JobId) -> Result<Load, ApiError> {
        let row = self.row(id).await?;
        Ok(self.store().load(row.job_no).await?)
    }

    /// Why the failed items of a job failed, by cause.
    pub async fn causes(&self, id: JobId) -> Result<Causes, ApiError> {
        let row = self.row(id).await?;
        let (mut sorter, mut from, mut seen) = (Sorter::default(), 0, 0);
        while seen < CAUSES_LIMIT {
            let rows = self.store().items(row.job_no, from, PAGE_LIMIT, Some("failed")).await?;
            let Some(last) = rows.last() else { break };
            from = last.item.saturating_add(1);
            seen += rows.len();
            rows.into_iter().for_each(|row| sorter.add(&item_view(row)));
        }
        // Counted before they were read: of a job that runs more may have failed since, which the next call sees.
        let more = (row.summary.counters.failed as usize).saturating_sub(seen);
        Ok(sorter.sorted(u32::try_from(more).unwrap_or(u32::MAX)))
    }

    /// The output of an item's attempts, as far as it is kept.
    pub async fn attempts(&self, id: JobId, item: u32) -> Result<Vec<AttemptLog>, ApiError> {
        self.row(id).await?;
        let data = Arc::clone(&self.inner.context.data);
        let logs = tokio::task::spawn_blocking(move || data.attempts_of(id, item)).await;
        logs.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
    }

    /// The path of a file that a job wrote for its users.
    pub fn output(&self, id: JobId, name: &str) -> Result<PathBuf, ApiError> {
        let path = self.inner.context.data.outputs(&id).path(name).map_err(|error| internal(&error))?;
        path.ok_or_else(|| ApiError::NotFound { message: format!("job {id} has no file {name:?}") })
    }

    /// The libraries.
    pub fn libraries(&self) -> Vec<LibraryName> {
        let libraries = self.inner.context.libraries.iter();
        libraries.map(|library| LibraryName { name: library.name.clone() }).collect()
    }

    /// The recipes that are offered.
    pub fn recipes(&self) -> Vec<RecipeInfo> {
        self.inner
            .context
            .recipes
            .iter()
            .map(|recipe| recipe.info())
            .filter(|info| !info.hidden && self.offers(&info.name))
            .collect()
    }

    /// How much room the log, what jobs wrote, and the trashes take.
    pub async fn room(&self) -> Result<Room, ApiError> {
        let (log, outputs) = (self.store().bytes().await?, self.data_bytes().await?);
        let look = async |library: &Arc<Library>| {
            let looked = Arc::clone(library);
            let seen = self.inner.looks.look(&library.name, move || looked.all_trashed()).await;
            let holds = |trashed: Trashed| TrashHolds { files: trashed.files, bytes: trashed.bytes };
            TrashRoom { library: library.name.clone(), holds: seen.and_then(Result::ok).map(holds) }
        };
        let trashes = join_all(self.inner.context.libraries.iter().map(look)).await;
        let ms = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let Keeping { trash_age, retention } = self.inner.keeping;
        Ok(Room {
            log,
            outputs,
            trashes,
            trash_age: trash_age.map(ms),
            keep_age: retention.age.map(ms),
            keep_bytes: retention.bytes,
        })
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
        let recipes = self.recipes();
        Ok(Start { build: build().into(), now: crate::now(), cursor, libraries: self.libraries(), recipes, live })
    }

    /// The items of a job that run at this moment.
    pub fn running(&self, summary_seq: u64, job: JobId) -> Now {
        Now { job, seq: summary_seq, running: self.inner.context.running.of(job) }
    }

    async fn cursor(&self) -> Result<Cursor, ApiError> {
        let head = self.store().head().await?;
        Ok(head.digest.map_or_else(Cursor::start, |digest| Cursor::at(head.position, &digest)))
    }
}

fn item_view(row: ItemRow) -> ItemView {
    ItemView {
        item: row.item,
        path: row.file.path,
        size: row.file.size,
        rerun: row.file.rerun,
        becomes: row.file.becomes,
        status: row.state.status.label().into(),
        reason: row.state.status.reason().map(Into::into),
        message: row.state.message,
        attempt: row.state.attempt,
        result: row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}
