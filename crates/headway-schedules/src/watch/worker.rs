//! Looks at one watched folder again and again, and starts jobs on its new files.

mod jobs;
mod tell;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use headway_files::{InnerMounts, fault_of};
use headway_model::{JobId, Millis, RelPath};
use headway_server::{MadeFiles, Server, WatchedFiles, now};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::changes::FolderChanges;
use super::config::FolderWatch;
use super::progress::WatchProgress;
use super::renamed::{WatchNames, read_or_begin};
use super::unseen::unseen;
use crate::stored::{read_stored, stops_within};

/// How many files a watched folder can have.
const FILES_LIMIT: usize = 100_000;

/// Starts to watch these folders. Watching ends after `stopping` holds `true`. `data` is the data folder, and `names` are those of
/// all watches that are configured.
pub fn start(
    server: &Server,
    data: &Path,
    watches: Vec<FolderWatch>,
    names: &WatchNames,
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let worker = |watch: FolderWatch| WatchWorker {
        // The file of settings is the owner's, and the owner can name any folder.
        server: server.for_owner(),
        data: data.to_owned(),
        watch,
        names: names.clone(),
        stopping: stopping.clone(),
        since: Instant::now(),
        changes: FolderChanges::default(),
        found: None,
        looked: None,
        missing: InnerMounts::new(),
        waits_for: None,
        refused: None,
    };
    watches.into_iter().map(|watch| tokio::spawn(watched(worker(watch)))).collect()
}

/// Watches a folder. If that panics, what it told last stays until the watch is stopped.
async fn watched(worker: WatchWorker) {
    let (server, name) = (worker.server.for_owner(), worker.watch.name.clone());
    let mut stopping = worker.stopping.clone();
    if let Err(error) = tokio::spawn(worker.run()).await {
        tracing::error!(watch = name, %error, "a watched folder is no longer watched");
        drop(stopping.wait_for(|stop| *stop).await);
        server.forget_watched_folder(&name);
    }
}

struct WatchWorker {
    server: Server,
    data: PathBuf,
    watch: FolderWatch,
    names: WatchNames,
    stopping: watch::Receiver<bool>,
    /// The beginning of all times that are compared.
    since: Instant,
    changes: FolderChanges,
    /// The library and the folder, as they were last found.
    found: Option<(String, RelPath)>,
    looked: Option<Millis>,
    /// The disks below the folder that were missing at the last look.
    missing: InnerMounts,
    waits_for: Option<JobId>,
    /// Until when no job is started, because the last request was refused, and why it was.
    refused: Option<(Duration, String)>,
}

impl Drop for WatchWorker {
    fn drop(&mut self) {
        let name = &self.watch.name;
        if std::thread::panicking() {
            let told = self.server.watched_folders().into_iter().find(|told| told.name == *name);
            let problem = "the watch ended by an error of Headway; the log has it".to_owned();
            self.server.tell_watched_folder(self.view(told.and_then(|told| told.last), Some(problem)));
        } else {
            self.server.forget_watched_folder(name);
        }
    }
}

impl WatchWorker {
    async fn run(mut self) {
        let Some(mut progress) = self.begin().await else { return };
        loop {
            let problem = self.step(&mut progress).await.err();
            self.note(&mut progress, problem).await;
            self.tell(&progress);
            let every = self.watch.every;
            if stops_within(&mut self.stopping, every).await {
                return;
            }
        }
    }

    /// What it knows; `None` if the server stops first.
    async fn begin(&self) -> Option<WatchProgress> {
        let (data, watch, names) = (self.data.clone(), self.watch.clone(), self.names.clone());
        let read = move || read_or_begin(&data, &watch, &names);
        let failed = |error, is_first| self.tell_unread(&error, is_first);
        let mut stopping = self.stopping.clone();
        read_stored(&mut stopping, read, failed).await.map(Option::unwrap_or_default)
    }

    /// Looks at the folder, and starts a job if there is anything to do. The error is the problem that a person is told.
    async fn step(&mut self, progress: &mut WatchProgress) -> Result<(), String> {
        fault_of("watching", &self.watch.name);
        self.start(progress).await?;
        let request = self.request().await?;
        // Before the look: what is seen while a job still runs can be half of what it makes.
        let made = self.made(progress).await?;
        let running = made.running;
        let began = self.since.elapsed();
        let mut look = tokio::select! {
            stopped = self.stopping.wait_for(|stop| *stop) => {
                drop(stopped);
                return progress.problem.clone().map_or(Ok(()), Err);
            }
            look = self.server.watched_files(&request, FILES_LIMIT, progress.root_disk()) => {
                look.map_err(|error| error.to_string())?
            }
        };
        let times = (began, self.since.elapsed());
        self.looked = Some(now());
        self.found = Some((look.library.clone(), look.folder.clone()));
        if progress.take_disks(&mut look, self.watch.other_disks)? {
            self.store(progress).await?;
        }
        self.missing.clone_from(&look.missing);
        self.check_overlap(&look)?;
        let is_new = progress.take_made(made);
        let has_begun = progress.begin(&look, self.watch.existing)?;
        let was_tried = progress.take_tried(&look);
        let is_back = progress.take_returned(&look);
        let is_left = progress.take_renamed(&look, running);
        let is_moved = progress.take_section(self.watch.place());
        if has_begun {
            self.store(progress).await.inspect_err(|_| progress.begun = false)?;
        } else if is_new || was_tried || is_back || is_left || is_moved {
            self.store(progress).await?;
        }
        self.changes.take(&look, progress, times);
        let refused = self.take_unchanged(progress, request, &look, running).await?;
        let problems = refused.into_iter().chain(unseen(&look, &self.watch));
        problems.reduce(|one, other| format!("{one}; {other}")).map_or(Ok(()), Err)
    }

    /// Refuses to work beside another watch of the same files. Each would take what the other makes for new files, without end.
    fn check_overlap(&self, look: &WatchedFiles) -> Result<(), String> {
        let meets =
            |folder: &RelPath| folder.seen_from(&look.folder).is_some() || look.folder.seen_from(folder).is_some();
        let watches = self.server.watched_folders();
        let other = watches.iter().find(|other| {
            other.name != self.watch.name
                && other.library.as_ref() == Some(&look.library)
                && other.folder.as_ref().is_some_and(meets)
        });
        match other {
            None => Ok(()),
            Some(other) => Err(format!(
                "the watch {:?} watches the same files, and each would process what the other makes; give them folders that are not \
                 inside each other",
                other.name
            )),
        }
    }

    /// What its jobs made since it last asked, and which of them is not over.
    async fn made(&self, progress: &WatchProgress) -> Result<MadeFiles, String> {
        let is_first = !progress.begun && progress.jobs == 0;
        let after = if is_first { self.server.head().borrow().position } else { progress.position() };
        let last = progress.last.map(|last| last.job);
        let ours = |job| progress.is_own(&self.watch.name, job);
        let made = self.server.made_after(after, &progress.root, last, ours).await;
        made.map_err(|error| format!("what earlier jobs made is not known: {error}"))
    }

    /// Stores what it knows.
    async fn store(&self, progress: &WatchProgress) -> Result<(), String> {
        let (data, name, progress) = (self.data.clone(), self.watch.name.clone(), progress.clone());
        let stored = tokio::task::spawn_blocking(move || progress.store(&data, &name)).await;
        let stored = stored.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        stored.map_err(|error| format!("which files are processed cannot be stored, so nothing is started: {error}"))
    }
}
