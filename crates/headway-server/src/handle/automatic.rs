//! How the schedules and watched folders of this server stand. They tell it themselves, as they run outside this crate.

use std::collections::BTreeMap;

use super::Server;
use headway_model::summary::{ScheduleView, WatchedFolderView};

/// What schedules and watched folders last reported, by their names.
#[derive(Default)]
pub(super) struct ToldStarters {
    schedules: BTreeMap<String, ScheduleView>,
    watched: BTreeMap<String, WatchedFolderView>,
}

impl Server {
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
