//! Scans of the disk for the index: of a folder, or of a whole library. At most one scan of each is under way.

mod read;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use read::read_folder;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::{IndexScanError, Scope};
use crate::engine::Libraries;
use crate::steps::{OwnWork, Step, Steps, Subject};
use headway_files::Library;
use headway_model::library::{ScanProgress, Unread};
use headway_model::{RelPath, SeenPart};
use headway_store::{FileIndex, LibraryFolders};

/// If jobs changed more folders than this, the whole library is scanned instead of each of them.
const FOLDERS: usize = 200;

/// After this time, what is left of the changed folders is read in the next round. A scan that takes longer continues
/// in the background.
const ROUND_TIMEOUT: Duration = Duration::from_secs(10);

/// A scan of a whole library that took less than this is worth repeating for each page.
const QUICK: Duration = Duration::from_millis(50);

/// A search scans the library again if the last scan ended longer ago.
const STALE_AFTER: Duration = Duration::from_secs(60);

/// Minimum time between scans of whole libraries because of what jobs did.
const BETWEEN: Duration = Duration::from_secs(60);

/// The scans. Cheap to clone.
#[derive(Clone)]
pub(super) struct Scans {
    files: Arc<FileIndex>,
    libraries: Libraries,
    steps: Steps,
    readings: Arc<Mutex<HashMap<Scope, ScanUnderWay>>>,
    /// The names of the libraries whose first scan has begun.
    scanned: Arc<Mutex<BTreeSet<String>>>,
    /// The folders that the last scan of each library could not read, by the library's name.
    unread: Arc<Mutex<HashMap<String, Unread>>>,
    /// When whole libraries were last read because of what jobs did.
    scanned_all: Arc<Mutex<Option<Instant>>>,
    /// The last whole scan of each library that succeeded, by the library's name.
    whole: Arc<Mutex<HashMap<String, WholeScan>>>,
}

/// A scan of a whole library that is over.
struct WholeScan {
    ended: Instant,
    took: Duration,
}

/// A scan under way.
#[derive(Clone)]
pub(super) struct ScanUnderWay {
    progress: Arc<ScanCounts>,
    /// `None` until it is over.
    pub(super) done: watch::Receiver<Option<Result<(), IndexScanError>>>,
}

#[derive(Default)]
struct ScanCounts {
    folders: AtomicU64,
    entries: AtomicU64,
}

impl Scans {
    pub(super) fn new(files: Arc<FileIndex>, libraries: Libraries, steps: Steps) -> Self {
        Scans {
            files,
            libraries,
            steps,
            readings: Arc::default(),
            scanned: Arc::default(),
            unread: Arc::default(),
            scanned_all: Arc::default(),
            whole: Arc::default(),
        }
    }

    /// Begins to scan every library.
    pub(super) fn all(&self) {
        self.new_ones();
    }

    /// Begins to scan every library that this has not scanned yet.
    pub(super) fn new_ones(&self) {
        let libraries = self.libraries.now();
        // One that leaves and comes back is scanned again.
        self.scanned.lock().retain(|name| libraries.iter().any(|library| library.name == *name));
        for library in libraries.iter() {
            if self.scanned.lock().insert(library.name.clone()) {
                self.read(&library.name, None);
            }
        }
    }

    /// The folders that the last scan of a library could not read.
    pub(super) fn unread(&self, library: &str) -> Option<Unread> {
        self.unread.lock().get(library).cloned()
    }

    /// How far the scan of this scope is, if one is under way.
    pub(super) fn progress(&self, scope: &Scope) -> Option<ScanProgress> {
        let readings = self.readings.lock();
        let reading = readings.get(scope)?;
        Some(ScanProgress {
            folders: reading.progress.folders.load(Ordering::Relaxed),
            entries: reading.progress.entries.load(Ordering::Relaxed),
        })
    }

    /// Scans folders that jobs have changed, and the folders above them, because these can be new too. Waits for the end, for
    /// some time at most. Returns the folders that are still to be read.
    pub(super) async fn changed(&self, mut folders: LibraryFolders) -> LibraryFolders {
        let begun = Instant::now();
        if folders.len() > FOLDERS {
            if !self.may_scan_all() {
                return folders;
            }
            let libraries: BTreeSet<_> = std::mem::take(&mut folders).into_iter().map(|(library, _)| library).collect();
            for library in libraries {
                timeout(ROUND_TIMEOUT, self.read_again(&library, None)).await.ok();
            }
            return folders;
        }
        let mut read = BTreeSet::new();
        while let Some((library, folder)) = folders.pop_first() {
            if begun.elapsed() > ROUND_TIMEOUT {
                folders.insert((library, folder));
                break;
            }
            for above in folder.ancestors() {
                if read.insert((library.clone(), above.clone())) {
                    timeout(ROUND_TIMEOUT, self.read_again(&library, Some(above))).await.ok();
                }
            }
        }
        folders
    }

    /// Whether whole libraries can be read again because of what jobs did: at most once a minute.
    fn may_scan_all(&self) -> bool {
        let mut last = self.scanned_all.lock();
        let may = last.is_none_or(|last| last.elapsed() >= BETWEEN);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    /// Scans this scope from now on: a scan that is under way can have missed what has just changed.
    async fn read_again(&self, library: &str, folder: Option<RelPath>) {
        let scope = (library.to_owned(), folder.clone());
        let under_way = self.readings.lock().get(&scope).cloned();
        for reading in [under_way, None] {
            let Some(mut reading) = reading.or_else(|| self.read(library, folder.clone())) else { return };
            reading.done.wait_for(Option::is_some).await.ok();
        }
    }

    /// Whether the whole library can be scanned each time when a page shows a part of it.
    pub(super) fn is_quick(&self, library: &str) -> bool {
        self.whole.lock().get(library).is_some_and(|scan| scan.took < QUICK)
    }

    /// Whether a scan of the whole library ended a short time ago.
    pub(super) fn is_fresh(&self, library: &str) -> bool {
        self.whole.lock().get(library).is_some_and(|scan| scan.ended.elapsed() <= STALE_AFTER)
    }

    /// Whether the scan of the whole library is given up, because the server crashed at it again and again.
    pub(super) fn is_given_up(&self, library: &str) -> bool {
        self.steps.is_stuck_at(Subject::library(library), Step::Scan)
    }

    /// Lets those scans of a library that are given up be tried again, as a person asked.
    pub(super) fn try_again(&self, library: &str) {
        self.steps.forgive_library(library);
    }

    /// The scan of this scope: the one under way, or a new one.
    pub(super) fn read(&self, library: &str, folder: Option<RelPath>) -> Option<ScanUnderWay> {
        let known = self.libraries.get(library)?;
        let scope = (library.to_owned(), folder.clone());
        let mut readings = self.readings.lock();
        if let Some(reading) = readings.get(&scope) {
            return Some(reading.clone());
        }
        let (tell, done) = watch::channel(None);
        let reading = ScanUnderWay { progress: Arc::default(), done };
        readings.insert(scope.clone(), reading.clone());
        let (scans, progress) = (self.clone(), Arc::clone(&reading.progress));
        tokio::spawn(async move {
            let read = scans.fill(known, folder, &progress).await;
            if let Err(error) = &read {
                tracing::debug!(library = scope.0, %error, "a folder was not read");
            }
            scans.readings.lock().remove(&scope);
            tell.send_replace(Some(read));
        });
        Some(reading)
    }

    async fn fill(
        &self,
        library: Arc<Library>,
        folder: Option<RelPath>,
        progress: &ScanCounts,
    ) -> Result<(), IndexScanError> {
        let name = &library.name.clone();
        let deep = folder.is_none();
        let (batches, mut seen) = mpsc::channel::<Vec<SeenPart>>(2);
        let (steps, own) = (self.steps.clone(), OwnWork::scan(name, folder.as_ref()));
        let read = move || read_folder(&library, folder, &batches);
        // What is read is as it was at this time or later.
        let (begun, from) = (Instant::now(), crate::now());
        let reader = tokio::task::spawn_blocking(move || steps.carry_out(&own, read));
        while let Some(batch) = seen.recv().await {
            let folders = batch.iter().filter(|part| part.whole.is_some()).count();
            let entries: usize = batch.iter().map(|part| part.entries.len()).sum();
            self.files.see(name, batch).await?;
            progress.folders.fetch_add(folders as u64, Ordering::Relaxed);
            progress.entries.fetch_add(entries as u64, Ordering::Relaxed);
        }
        let unread = reader.await.map_err(|error| IndexScanError::Died(error.to_string()))???;
        if deep {
            match unread {
                Some(unread) => drop(self.unread.lock().insert(name.clone(), unread)),
                None => drop(self.unread.lock().remove(name)),
            }
        }
        self.files.finish_scan(name, deep.then_some(from)).await?;
        if deep {
            let scan = WholeScan { ended: Instant::now(), took: begun.elapsed() };
            self.whole.lock().insert(name.clone(), scan);
        }
        Ok(())
    }
}
