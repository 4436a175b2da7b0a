//! Looks at one watched folder again and again, and starts jobs on its new files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use headway_files::{InnerMounts, fault_of};
use headway_model::library::OutcomeFilter;
use headway_model::request::{FolderQuery, PATHS_LIMIT};
use headway_model::summary::{LastStart, WatchedFolderView};
use headway_model::{ApiError, JobId, Millis, Query, RelPath, StartJob};
use headway_server::{MadeFiles, Server, SizeAndTime, WatchedFiles, now};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::changes::FolderChanges;
use super::config::FolderWatch;
use super::progress::{REMEMBERED, WatchProgress};
use crate::stored::{read_stored, stops_within};

/// How many files a watched folder can have.
const FILES_LIMIT: usize = 100_000;

/// How long to wait before a request that was refused is made again.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// Starts to watch these folders. Watching ends after `stopping` holds `true`. `data` is the data folder.
pub fn start(
    server: &Server,
    data: &Path,
    watches: Vec<FolderWatch>,
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let worker = |watch: FolderWatch| WatchWorker {
        // The file of settings is the owner's, and the owner can name any folder.
        server: server.for_owner(),
        data: data.to_owned(),
        watch,
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
        let (data, name, mut stopping) = (self.data.clone(), self.watch.name.clone(), self.stopping.clone());
        let read = move || WatchProgress::read(&data, &name);
        let failed = |error, is_first| self.tell_unread(&error, is_first);
        read_stored(&mut stopping, read, failed).await.map(Option::unwrap_or_default)
    }

    /// Reports that what it knows cannot be read. To begin again instead would process every file again.
    fn tell_unread(&self, error: &io::Error, is_first: bool) {
        let why = format!("which files were processed cannot be read, so nothing is started: {error}");
        if is_first {
            tracing::error!(
                watch = self.watch.name,
                why,
                "repair watches/NAME.json in the data folder, or remove it to process all files of the folder again"
            );
        }
        let mut unknown = WatchProgress::default();
        unknown.problem = Some(why);
        self.tell(&unknown);
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
        let look = tokio::select! {
            stopped = self.stopping.wait_for(|stop| *stop) => {
                drop(stopped);
                return progress.problem.clone().map_or(Ok(()), Err);
            }
            look = self.server.watched_files(&request, FILES_LIMIT) => look.map_err(|error| error.to_string())?,
        };
        let times = (began, self.since.elapsed());
        self.looked = Some(now());
        self.found = Some((look.library.clone(), look.folder.clone()));
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
        self.take_unchanged(progress, request, &look, running).await?;
        unseen(&look, &self.watch).map_or(Ok(()), Err)
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

    /// Starts a job on the files that have stopped changing, unless one was running when the look began.
    async fn take_unchanged(
        &mut self,
        progress: &mut WatchProgress,
        request: StartJob,
        look: &WatchedFiles,
        running: Option<JobId>,
    ) -> Result<(), String> {
        let files = self.unchanged();
        self.waits_for = running.filter(|_| !files.is_empty());
        if self.waits_for.is_some() || files.is_empty() {
            return Ok(());
        }
        if let Some((until, why)) = &self.refused
            && self.since.elapsed() < *until
        {
            return Err(why.clone());
        }
        progress.must_end(&files)?;
        progress.trim(look, REMEMBERED);
        let query = Query::Paths(files.keys().cloned().collect());
        let request = StartJob { library: look.library.clone(), query, ..request };
        progress.prepare(&self.watch.name, now(), request, files);
        if let Err(why) = self.store(progress).await {
            progress.refused();
            return Err(why);
        }
        self.start(progress).await?;
        self.changes.leave_out(progress);
        Ok(())
    }

    fn unchanged(&self) -> BTreeMap<RelPath, SizeAndTime> {
        self.changes.unchanged(self.watch.quiet, PATHS_LIMIT)
    }

    /// Starts the job that is stored as the next one, or finds that it was started before.
    async fn start(&mut self, progress: &mut WatchProgress) -> Result<(), String> {
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
    async fn request(&self) -> Result<StartJob, String> {
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

    /// Takes in the problem, if it is another one than before.
    async fn note(&self, progress: &mut WatchProgress, problem: Option<String>) {
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
    fn tell(&self, progress: &WatchProgress) {
        self.server.tell_watched_folder(self.view(progress.last, progress.problem.clone()));
    }

    /// How the watch stands.
    fn view(&self, last: Option<LastStart>, problem: Option<String>) -> WatchedFolderView {
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

    async fn store(&self, progress: &WatchProgress) -> Result<(), String> {
        let (data, name, progress) = (self.data.clone(), self.watch.name.clone(), progress.clone());
        let stored = tokio::task::spawn_blocking(move || progress.store(&data, &name)).await;
        let stored = stored.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        stored.map_err(|error| format!("which files are processed cannot be stored, so nothing is started: {error}"))
    }
}

/// A missing disk, such as `in/usb (/dev/sdb1)`.
fn shown_disk((mount, device): (&RelPath, &String)) -> String {
    format!("{} ({device})", mount.shown())
}

/// What a look could not see, and the settings of the watch do not accept, in words.
fn unseen(look: &WatchedFiles, watch: &FolderWatch) -> Option<String> {
    let disks: Vec<_> = look.missing.iter().filter(|(mount, _)| !watch.without.contains(mount)).collect();
    let missing = disks.first().map(|(mount, _)| {
        let listed = disks.iter().map(|disk| shown_disk(*disk)).collect::<Vec<_>>().join(", ");
        format!(
            "disks below the folder are missing, so nothing is known of their files: {listed}; add without = [{:?}] to the section \
             of the watch if that is as it should be",
            mount.shown()
        )
    });
    let unread = look.unread.first().map(|first| {
        let (count, first) = (look.unread.len(), first.shown());
        format!("{count} of its folders and files cannot be read, so nothing is known of them: {first:?} is the first")
    });
    missing.into_iter().chain(unread).reduce(|one, other| format!("{one}; {other}"))
}

#[cfg(test)]
mod tests {
    use super::super::config::ExistingFiles;
    use super::*;

    #[test]
    fn a_missing_disk_is_named_unless_its_absence_is_accepted() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let watch = |without: &[&str]| FolderWatch {
            name: "inbox".into(),
            preset: "each".into(),
            library: None,
            folder: None,
            quiet: Duration::from_secs(1),
            every: Duration::from_secs(1),
            existing: ExistingFiles::Process,
            without: without.iter().map(|mount| path(mount)).collect(),
        };
        let missing = ["in/a", "in/b"].map(|mount| (path(mount), "/dev/sdb1".to_owned()));
        let look = WatchedFiles { missing: InnerMounts::from(missing), ..WatchedFiles::default() };
        let said = |without: &[&str]| unseen(&look, &watch(without)).unwrap_or_default();
        assert!(said(&[]).contains("in/a (/dev/sdb1), in/b (/dev/sdb1)"), "{}", said(&[]));
        assert!(!said(&["in/a"]).contains("in/a (") && said(&["in/a"]).contains("without = [\"in/b\"]"));
        assert_eq!(said(&["in/a", "in/b"]), "");
        let unread = WatchedFiles { unread: vec![path("in/locked")], ..look };
        assert!(unseen(&unread, &watch(&["in/a", "in/b"])).is_some_and(|why| why.contains("\"in/locked\"")));
    }
}
