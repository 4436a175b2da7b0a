//! Starts the jobs of a watch.

use std::time::Duration;

use headway_model::library::OutcomeFilter;
use headway_model::request::{FolderQuery, PATHS_LIMIT};
use headway_model::{ApiError, JobId, Query, StartJob};
use headway_server::{WatchedFiles, now};

use super::super::batch::NextFiles;
use super::super::config::FolderWatch;
use super::super::progress::{REMEMBERED, WatchProgress};
use super::WatchWorker;

/// How long to wait before a request that was refused is made again.
const REFUSED_FOR: Duration = Duration::from_secs(60);

impl WatchWorker {
    /// Starts a job on the files that have stopped changing, unless one was running when the look began. Returns why none is
    /// started for others.
    pub(super) async fn take_unchanged(
        &mut self,
        progress: &mut WatchProgress,
        request: StartJob,
        look: &WatchedFiles,
        running: Option<JobId>,
    ) -> Result<Option<String>, String> {
        let next = NextFiles::of(&self.changes, progress, self.watch.quiet, PATHS_LIMIT);
        let (files, others_refused) = (next.files, next.refused);
        self.waits_for = running.filter(|_| !files.is_empty());
        if self.waits_for.is_some() || files.is_empty() {
            return Ok(others_refused);
        }
        if let Some((until, why)) = &self.refused
            && self.since.elapsed() < *until
        {
            return Err(why.clone());
        }
        let query = Query::Paths(files.keys().cloned().collect());
        let request = StartJob { library: look.library.clone(), query, ..request };
        progress.prepare(&self.watch.name, now(), request, files);
        progress.take_before(look);
        // Only now: the names of its files can be made from those of files that are gone.
        progress.trim(look, REMEMBERED);
        if let Err(why) = self.store(progress).await {
            progress.refused();
            return Err(why);
        }
        self.start(progress).await?;
        self.changes.leave_out(progress);
        Ok(others_refused)
    }

    /// Starts the job that is stored as the next one, or finds that it was started before.
    pub(super) async fn start(&mut self, progress: &mut WatchProgress) -> Result<(), String> {
        let Some(pending) = &progress.pending else { return Ok(()) };
        let (job, files) = (pending.start.job, pending.files.len());
        let refused = match self.server.start_job(job, &pending.request).await {
            Ok(_) => None,
            Err(error) => match self.server.job(job).await {
                Ok(_) | Err(ApiError::Pruned { .. }) => None,
                Err(ApiError::NotFound { .. }) if error.status() < 500 => Some(error),
                Err(_) => return Err(format!("the job cannot be started now, and is tried again: {error}")),
            },
        };
        match refused {
            None => {
                tracing::info!(watch = self.watch.name, %job, files, "a job was started on new files");
                progress.started();
                self.refused = None;
                self.store(progress).await
            }
            Some(error) => {
                let why = format!("the job is refused, and is tried again later: {error}");
                progress.refused();
                self.refused = Some((self.since.elapsed() + REFUSED_FOR, why.clone()));
                self.store(progress).await?;
                Err(why)
            }
        }
    }

    /// The request of the preset, for all files of the folder.
    pub(super) async fn request(&self) -> Result<StartJob, String> {
        let FolderWatch { name, preset, library, folder, .. } = &self.watch;
        let mut presets = self.server.presets().await.map_err(|error| error.to_string())?;
        let mut request = presets
            .remove(preset)
            .ok_or_else(|| format!("there is no preset {preset:?}; store one with headway preset"))?;
        let query = match (&request.query, folder) {
            (Query::Folder(query), None) => query.clone(),
            (Query::Folder(query), Some(folder)) => FolderQuery { path: folder.clone(), ..query.clone() },
            (Query::Paths(_) | Query::Items(_), Some(folder)) => {
                FolderQuery { path: folder.clone(), ..FolderQuery::default() }
            }
            (Query::Paths(_) | Query::Items(_), None) => {
                return Err(format!("the preset {preset:?} is about single files; name the folder of the watch"));
            }
        };
        request.query = Query::Folder(FolderQuery { show: OutcomeFilter::All, ..query });
        request.library = library.clone().unwrap_or(request.library);
        request.title.get_or_insert_with(|| name.clone());
        Ok(StartJob { sample: None, parent: None, ..request })
    }
}
