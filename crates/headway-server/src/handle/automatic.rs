//! How the schedules and watched folders of this server stand. They tell it themselves, as they run outside this crate.

use std::collections::BTreeMap;

use super::Server;
use headway_model::summary::{LastStart, ScheduleView, WatchedFolderView};
use headway_model::{ApiError, JobStatus};

/// What schedules and watched folders last reported, by their names.
#[derive(Default)]
pub(super) struct ToldStarters {
    schedules: BTreeMap<String, ScheduleView>,
    watched: BTreeMap<String, WatchedFolderView>,
}

impl Server {
    /// The schedules, by name, each with the status of its last job now.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn schedule_views(&self) -> Result<Vec<ScheduleView>, ApiError> {
        let mut views = self.schedules();
        for view in &mut views {
            view.last_status = self.status_of(view.last).await?;
        }
        Ok(views)
    }

    /// The watched folders, by name, each with the status of its last job now.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn watched_folder_views(&self) -> Result<Vec<WatchedFolderView>, ApiError> {
        let mut views = self.watched_folders();
        for view in &mut views {
            view.last_status = self.status_of(view.last).await?;
        }
        Ok(views)
    }

    /// The status of a job that was started; `None` if nothing was started or it is not known.
    async fn status_of(&self, last: Option<LastStart>) -> Result<Option<JobStatus>, ApiError> {
        let Some(last) = last else { return Ok(None) };
        match self.store().job(last.job).await {
            Ok(row) => Ok(row.map(|row| row.summary.status)),
            Err(error) if error.is_set_aside() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The schedules, by name.
    pub fn schedules(&self) -> Vec<ScheduleView> {
        self.inner.automatic.lock().schedules.values().cloned().collect()
    }

    /// The watched folders, by name.
    pub fn watched_folders(&self) -> Vec<WatchedFolderView> {
        self.inner.automatic.lock().watched.values().cloned().collect()
    }

    /// Takes in how a schedule stands.
    pub fn tell_schedule(&self, view: ScheduleView) {
        self.inner.automatic.lock().schedules.insert(view.name.clone(), view);
    }

    /// Takes in that a schedule has ended.
    pub fn forget_schedule(&self, name: &str) {
        self.inner.automatic.lock().schedules.remove(name);
    }

    /// Takes in how a watched folder stands.
    pub fn tell_watched_folder(&self, view: WatchedFolderView) {
        self.inner.automatic.lock().watched.insert(view.name.clone(), view);
    }

    /// Takes in that a folder is no longer watched.
    pub fn forget_watched_folder(&self, name: &str) {
        self.inner.automatic.lock().watched.remove(name);
    }
}
