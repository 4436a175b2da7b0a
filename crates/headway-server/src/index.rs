//! The index of the libraries' files, which pages list, search and sort. It caches two sources: the disk, read when a folder is
//! opened and on demand, and the log, whose outcomes it follows with a cursor. Jobs never rely on it.

mod outcomes;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::error::{StartError, internal, unreadable};
use headway_files::{Library, ScanError, scan};
use headway_model::error::ApiError;
use headway_model::library::{FolderPage, FolderView, ScanProgress, Unread};
use headway_model::{RelPath, SeenPart};
use headway_store::{FileIndex, Head, Store, StoreError};
use outcomes::OutcomeFollower;

/// How long a page waits for a scan. After that it shows the last known state, and loads again when the scan is over.
const SCAN_WAIT: Duration = Duration::from_millis(80);

/// The same, for a folder that has not been scanned before.
const FIRST_SCAN_WAIT: Duration = Duration::from_secs(1);

/// A search scans the library again if the last scan is older than this, in milliseconds.
const STALE_AFTER_MS: u64 = 60_000;

/// One transaction of the index takes this many entries or this many parts of folders, whichever comes first.
const BATCH: (usize, usize) = (2_000, 500);

/// How long a batch can stay incomplete, so that the files of a slow disk appear as they are found.
const BATCH_WAIT: Duration = Duration::from_millis(100);

/// A folder of a library, or the whole library if `None`.
type Scope = (String, Option<RelPath>);

/// The index, with its scans of the disk and its follower of the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Index {
    files: Arc<FileIndex>,
    libraries: Arc<Vec<Arc<Library>>>,
    readings: Arc<Mutex<HashMap<Scope, ScanUnderWay>>>,
    /// What the last scan of each library could not read, by the library's name.
    unread: Arc<Mutex<HashMap<String, Unread>>>,
    outcomes: OutcomeFollower,
}

/// A scan under way.
#[derive(Clone)]
struct ScanUnderWay {
    progress: Arc<ScanCounts>,
    /// `None` until it is over.
    done: watch::Receiver<Option<Result<(), IndexScanError>>>,
}

/// Why a scan failed. Only the first says anything about the folder.
#[derive(Debug, Clone, thiserror::Error)]
enum IndexScanError {
    /// The folder cannot be listed.
    #[error(transparent)]
    Folder(#[from] ScanError),
    /// The index cannot be written.
    #[error("the index of files failed: {0}")]
    Index(#[from] StoreError),
    /// The scan ended by itself.
    #[error("the scan ended early: {0}")]
    Died(String),
}

impl From<IndexScanError> for ApiError {
    fn from(error: IndexScanError) -> Self {
        match error {
            IndexScanError::Folder(unlisted) => unreadable(unlisted.reason, unlisted.to_string()),
            IndexScanError::Index(_) | IndexScanError::Died(_) => internal(&error),
        }
    }
}

#[derive(Default)]
struct ScanCounts {
    folders: AtomicU64,
    entries: AtomicU64,
}

impl Index {
    /// Opens the index, and begins to scan every library and to follow the log.
    pub(crate) fn start(
        path: &std::path::Path,
        libraries: Arc<Vec<Arc<Library>>>,
        store: Arc<dyn Store>,
        head: watch::Receiver<Head>,
    ) -> Result<Self, StartError> {
        let files = Arc::new(FileIndex::open(path)?);
        let outcomes = OutcomeFollower::follow(Arc::clone(&files), store, head);
        let index = Index { files, libraries, readings: Arc::default(), unread: Arc::default(), outcomes };
        for library in index.libraries.iter() {
            index.read(&library.name, None);
        }
        Ok(index)
    }

    /// A page of a library's entries. With `refresh` the disk is read first, as far as that is quick.
    pub(crate) async fn page(&self, view: &FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
        let scope = (!view.is_deep()).then(|| view.folder.clone());
        if refresh {
            self.look(view, &scope).await?;
        }
        self.outcomes.caught_up().await;
        // The progress is read before the rows. If a scan ends in between, the page still shows it as running and loads again.
        let scan = self.progress(&(view.library.clone(), scope));
        let mut page = self.files.page(view).await?;
        page.scan = scan;
        if view.is_deep() {
            page.unread = self.unread.lock().get(&view.library).cloned();
        }
        Ok(page)
    }

    /// Scans the disk for a view, and waits for a short time.
    async fn look(&self, view: &FolderView, scope: &Option<RelPath>) -> Result<(), ApiError> {
        let seen = self.files.seen(view).await?;
        if view.is_deep() && seen.is_some_and(|seen| super::now().saturating_sub(seen) <= STALE_AFTER_MS) {
            return Ok(());
        }
        let Some(mut reading) = self.read(&view.library, scope.clone()) else { return Ok(()) };
        let patience = if seen.is_some() { SCAN_WAIT } else { FIRST_SCAN_WAIT };
        let done = timeout(patience, reading.done.wait_for(Option::is_some)).await;
        if let Ok(Ok(done)) = done
            && let Some(Err(error)) = &*done
        {
            return Err(error.clone().into());
        }
        Ok(())
    }

    /// Begins to scan the whole library, unless a scan is under way.
    pub(crate) fn refresh(&self, library: &str) {
        self.read(library, None);
    }

    fn progress(&self, scope: &Scope) -> Option<ScanProgress> {
        let readings = self.readings.lock();
        let reading = readings.get(scope)?;
        Some(ScanProgress {
            folders: reading.progress.folders.load(Ordering::Relaxed),
            entries: reading.progress.entries.load(Ordering::Relaxed),
        })
    }

    /// The scan of this scope: the one under way, or a new one.
    fn read(&self, library: &str, folder: Option<RelPath>) -> Option<ScanUnderWay> {
        let at = self.libraries.iter().position(|known| known.name == library)?;
        let scope = (library.to_owned(), folder.clone());
        let mut readings = self.readings.lock();
        if let Some(reading) = readings.get(&scope) {
            return Some(reading.clone());
        }
        let (tell, done) = watch::channel(None);
        let reading = ScanUnderWay { progress: Arc::default(), done };
        readings.insert(scope.clone(), reading.clone());
        let (index, progress) = (self.clone(), Arc::clone(&reading.progress));
        tokio::spawn(async move {
            let read = index.fill(at, folder, &progress).await;
            if let Err(error) = &read {
                tracing::debug!(library = scope.0, %error, "a folder was not read");
            }
            index.readings.lock().remove(&scope);
            tell.send_replace(Some(read));
        });
        Some(reading)
    }

    async fn fill(&self, at: usize, folder: Option<RelPath>, progress: &ScanCounts) -> Result<(), IndexScanError> {
        let name = &self.libraries[at].name;
        let deep = folder.is_none();
        let (batches, mut seen) = mpsc::channel::<Vec<SeenPart>>(2);
        let libraries = Arc::clone(&self.libraries);
        let reader = tokio::task::spawn_blocking(move || {
            let library = &libraries[at];
            // A disk that was mounted after the start is what a person wants to see.
            library.look_again().map_err(|why| ScanError::unreachable(library, why))?;
            let mut batch = Vec::new();
            let (mut entries, mut begun) = (0, Instant::now());
            let scanned = scan(library, &folder.unwrap_or_default(), deep, &mut |part| {
                entries += part.entries.len();
                batch.push(part);
                if entries < BATCH.0 && batch.len() < BATCH.1 && begun.elapsed() < BATCH_WAIT {
                    return true;
                }
                (entries, begun) = (0, Instant::now());
                batches.blocking_send(std::mem::take(&mut batch)).is_ok()
            });
            let unread = scanned?;
            batches.blocking_send(batch).ok();
            Ok::<_, IndexScanError>(unread)
        });
        while let Some(batch) = seen.recv().await {
            let folders = batch.iter().filter(|part| part.whole.is_some()).count();
            let entries: usize = batch.iter().map(|part| part.entries.len()).sum();
            self.files.see(name, batch).await?;
            progress.folders.fetch_add(folders as u64, Ordering::Relaxed);
            progress.entries.fetch_add(entries as u64, Ordering::Relaxed);
        }
        let unread = reader.await.map_err(|error| IndexScanError::Died(error.to_string()))??;
        if deep {
            match unread {
                Some(unread) => drop(self.unread.lock().insert(name.clone(), unread)),
                None => drop(self.unread.lock().remove(name)),
            }
        }
        Ok(self.files.settle(name, deep.then(super::now)).await?)
    }
}
