//! The schedules and watched folders of a running server, which start jobs without a person.

use std::path::{Path, PathBuf};

use super::running::Running;
use crate::cli::schedules::ConfiguredStarters;
use headway_schedules::watch::{FolderWatch, WatchNames};
use headway_schedules::{PresetSchedule, ScheduleProgress, watch};
use headway_server::Server;

/// The schedules and watched folders that run.
pub(super) struct RunningStarters {
    data: PathBuf,
    schedules: Running<PresetSchedule>,
    watches: Running<FolderWatch>,
    names: WatchNames,
}

impl RunningStarters {
    /// Runs these. `data` is the data folder.
    pub(super) async fn begin(server: &Server, data: &Path, wanted: ConfiguredStarters) -> Self {
        forget_others(data, &wanted.schedules);
        let (of_schedules, of_watches) = ((server.clone(), data.to_owned()), (server.clone(), data.to_owned()));
        let schedules = Running::new(move |schedule, stopping| {
            headway_schedules::start(&of_schedules.0, &of_schedules.1, vec![schedule], stopping)
        });
        let names = WatchNames::default();
        let all_names = names.clone();
        let watches = Running::new(move |watched, stopping| {
            watch::start(&of_watches.0, &of_watches.1, vec![watched], &all_names, stopping)
        });
        let mut starters = RunningStarters { data: data.to_owned(), schedules, watches, names };
        starters.replace(wanted).await;
        starters
    }

    /// Runs these from now on. Returns which kinds have changed, in words.
    pub(super) async fn replace(&mut self, wanted: ConfiguredStarters) -> Vec<&'static str> {
        let ConfiguredStarters { schedules, watches } = wanted;
        let mut changed = Vec::new();
        if self.schedules.replace(schedules.clone()).await {
            forget_others(&self.data, &schedules);
            changed.push("the schedules");
        }
        // The state of a watch stays: without it, every file would be processed again. A renamed one takes over that of its old
        // name, which must have ended before it is known to be given up.
        let has_ended = self.watches.keep(&watches).await;
        self.names.replace(&watches).await;
        if self.watches.replace(watches).await || has_ended {
            changed.push("the watched folders");
        }
        changed
    }

    /// Ends all of them. They store their positions.
    pub(super) async fn end(&mut self) {
        self.schedules.end().await;
        self.watches.end().await;
    }
}

/// Removes the state of schedules that are no longer configured. If that fails, a schedule that is configured again
/// continues where it was. Blocking.
fn forget_others(data: &Path, configured: &[PresetSchedule]) {
    if let Err(error) = ScheduleProgress::forget_others(data, configured) {
        tracing::warn!(%error, "schedules that are no longer configured cannot be forgotten");
    }
}
