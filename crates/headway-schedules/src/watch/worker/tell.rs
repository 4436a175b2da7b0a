//! Tells the server and its log how a watch stands.

use std::io;

use headway_model::summary::{LastStart, WatchedFolderView};

use super::super::config::FolderWatch;
use super::super::progress::WatchProgress;
use super::super::unseen::shown_disk;
use super::WatchWorker;

impl WatchWorker {
    /// Reports that what it knows cannot be read. To begin again instead would process every file again.
    pub(super) fn tell_unread(&self, error: &io::Error, is_first: bool) {
        let why = format!("which files were processed is not known, so nothing is started: {error}");
        if is_first {
            tracing::error!(
                watch = self.watch.name,
                why,
                "repair this file in the data folder, or remove it to process all files of the folder again"
            );
        }
        let mut unknown = WatchProgress::default();
        unknown.problem = Some(why);
        self.tell(&unknown);
    }

    /// Takes in the problem, if it is another one than before.
    pub(super) async fn note(&self, progress: &mut WatchProgress, problem: Option<String>) {
        if progress.problem == problem {
            return;
        }
        match &problem {
            Some(why) => tracing::warn!(watch = self.watch.name, why, "a watched folder has a problem"),
            None => tracing::info!(watch = self.watch.name, "a watched folder has no problem any more"),
        }
        progress.problem = problem;
        if let Err(error) = self.store(progress).await {
            tracing::error!(watch = self.watch.name, error, "the problem of a watched folder cannot be stored");
        }
    }

    /// Tells the server how the watch stands.
    pub(super) fn tell(&self, progress: &WatchProgress) {
        self.server.tell_watched_folder(self.view(progress.last, progress.problem.clone()));
    }

    /// How the watch stands.
    pub(super) fn view(&self, last: Option<LastStart>, problem: Option<String>) -> WatchedFolderView {
        let FolderWatch { name, preset, library, folder, .. } = &self.watch;
        let (library, folder) = match &self.found {
            Some((library, folder)) => (Some(library), Some(folder)),
            None => (library.as_ref(), folder.as_ref()),
        };
        WatchedFolderView {
            name: name.clone(),
            preset: preset.clone(),
            library: library.cloned(),
            folder: folder.cloned(),
            looked: self.looked,
            missing: self.missing.iter().map(shown_disk).collect(),
            waiting: self.changes.waiting() as u64,
            waits_for: self.waits_for,
            last,
            last_status: None,
            problem,
        }
    }
}
