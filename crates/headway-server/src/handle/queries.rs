//! What callers can read about jobs, items and libraries.

mod causes;
mod changed;
mod items;
mod job;
mod jobs;
mod kept;
mod makers;
mod noted;
mod over;
mod planned;
mod retries;
mod sizes;
mod start;
mod totals;
mod trials;

use super::{Server, checks};
use crate::error::unreadable;
use headway_files::{Found, ScanError};
use headway_model::library::{FolderPage, FolderView};
use headway_model::message::Now;
use headway_model::{ApiError, Cursor, JobId, RelPath};
pub(super) use items::item_view;
pub(super) use sizes::InputSizes;

/// The most jobs or items in one page.
pub(super) const PAGE_LIMIT: u32 = 1_000;

impl Server {
    /// A page of a library's entries. With `refresh` the disk is read first, as far as that is quick.
    pub async fn folder(&self, view: &FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
        self.library(&view.library)?;
        checks::entered(&view.folder).map_err(|error| ApiError::invalid(error.to_string()))?;
        checks::search(&view.search).map_err(|error| ApiError::invalid(error.to_string()))?;
        if view.skip > 0 && (view.after.is_some() || view.before.is_some()) {
            let reason = "`skip` counts from the first row: omit it, or `after` and `before`";
            return Err(ApiError::invalid(reason));
        }
        let folder = self.folder_without_links(&view.library, &view.folder).await?;
        let view = FolderView { folder, limit: view.limit.clamp(1, PAGE_LIMIT), ..view.clone() };
        let mut page = self.inner.index.page(&view, refresh).await?;
        self.say_more(&view.library, &mut page.entries).await?;
        Ok(page)
    }

    /// The folder of a library to which a path leads. A path that leads to none, or to storage that does not answer, stays as
    /// it is.
    ///
    /// # Errors
    /// If the folder cannot be looked at, so that it is not known where the path leads.
    pub async fn folder_without_links(&self, library: &str, folder: &RelPath) -> Result<RelPath, ApiError> {
        let known = self.library(library)?;
        if folder.is_root() || checks::entered(folder).is_err() {
            return Ok(folder.clone());
        }
        let asked = folder.clone();
        let look = move || {
            known.reach().map_err(|why| ScanError::unreachable(&known, why))?;
            Found::of(known.folder_at(&asked)).known().map_err(|error| ScanError::of(&known, &asked, &error))
        };
        let led = self.inner.looks.look(library, look).await.unwrap_or(Ok(None));
        let led = led.map_err(|unlisted| unreadable(unlisted.reason, unlisted.to_string()))?;
        Ok(led.unwrap_or_else(|| folder.clone()))
    }

    /// Begins to scan a library again.
    pub fn scan(&self, library: &str) -> Result<(), ApiError> {
        self.library(library)?;
        self.inner.index.refresh(library);
        Ok(())
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
