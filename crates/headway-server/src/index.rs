//! The index of the libraries' files, which pages list, search and sort. It caches two sources: the disk, read when a folder is
//! opened, when jobs have changed it, and on demand; and the log, whose outcomes it follows with a cursor. Jobs never rely on
//! it.

mod outcomes;
mod scans;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::engine::Libraries;
use super::error::{StartError, internal, unreadable};
use super::steps::{GivenUpWork, Steps};
use headway_files::{DataFolder, ScanError};
use headway_model::RelPath;
use headway_model::error::ApiError;
use headway_model::library::{EntryKind, FolderPage, FolderView, ScanProgress};
use headway_store::{FileIndex, Head, Store, StoreError};
use outcomes::OutcomeFollower;
use scans::Scans;

/// How long a page waits for a scan. After that it shows the last known state, and loads again when the scan is over.
const SCAN_WAIT: Duration = Duration::from_millis(80);

/// How long a page waits for the scan of a folder that has not been scanned before.
const FIRST_SCAN_WAIT: Duration = Duration::from_secs(1);

/// A folder of a library, or the whole library if `None`.
type Scope = (String, Option<RelPath>);

/// The index, with its scans of the disk and its follower of the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Index {
    files: Arc<FileIndex>,
    scans: Scans,
    /// `None` without libraries: no page can be asked for.
    outcomes: Option<OutcomeFollower>,
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
    /// The server crashed at it again and again.
    #[error(transparent)]
    GivenUp(#[from] GivenUpWork),
    /// The scan ended by itself.
    #[error("the scan ended early: {0}")]
    Died(String),
}

impl From<IndexScanError> for ApiError {
    fn from(error: IndexScanError) -> Self {
        match error {
            IndexScanError::Folder(unlisted) => unreadable(unlisted.reason, unlisted.to_string()),
            IndexScanError::GivenUp(given_up) => ApiError::Unavailable { message: given_up.to_string() },
            IndexScanError::Index(_) | IndexScanError::Died(_) => internal(&error),
        }
    }
}

impl Index {
    /// Opens the index, and begins to scan every library and to follow the log.
    pub(crate) fn start(
        data: &Arc<DataFolder>,
        libraries: Libraries,
        store: Arc<dyn Store>,
        head: watch::Receiver<Head>,
        steps: Steps,
    ) -> Result<Self, StartError> {
        let files = Arc::new(FileIndex::open(&data.index())?);
        let scans = Scans::new(Arc::clone(&files), libraries.clone(), steps);
        let is_served = !libraries.now().is_empty();
        let outcomes = is_served.then(|| {
            OutcomeFollower::follow(Arc::clone(&files), scans.clone(), (Arc::downgrade(data), libraries), store, head)
        });
        scans.all();
        Ok(Index { files, scans, outcomes })
    }

    /// Whether it knows how files ended: a server that was started without libraries has no use for that.
    pub(crate) fn follows_log(&self) -> bool {
        self.outcomes.is_some()
    }

    /// Begins to scan libraries that were not configured before. (The follower of the log notices by itself.)
    pub(crate) fn libraries_changed(&self) {
        self.scans.new_ones();
    }

    /// A page of a library's entries. With `refresh` the disk is read first, as far as that is quick.
    pub(crate) async fn page(&self, view: &FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
        let scope = (!view.is_deep()).then(|| view.folder.clone());
        if refresh {
            self.look(view, &scope).await?;
        }
        let knows_jobs = match &self.outcomes {
            Some(outcomes) => outcomes.caught_up().await,
            None => true,
        };
        // The progress is read before the rows. If a scan ends in between, the page still shows it as running and loads again.
        let scan = self.scans.progress(&(view.library.clone(), scope.clone()));
        let whole = self.scans.progress(&(view.library.clone(), None));
        let mut page = self.files.page(view).await?;
        let folders = page.entries.iter().filter(|entry| entry.kind == EntryKind::Folder);
        let (folders, unread) = (folders.clone().count(), folders.filter(|entry| entry.under.is_none()).count());
        // A folder that was never read is one that somebody has just made.
        let begun = if unread > 0 && whole.is_none() { self.read_if_stale(&view.library) } else { None };
        page.scan = scan.or(whole.filter(|_| folders > 0)).or(begun);
        if !knows_jobs {
            page.scan = page.scan.or(Some(ScanProgress::default()));
        }
        if view.is_deep() {
            page.unread = self.scans.unread(&view.library);
        }
        Ok(page)
    }

    /// Scans the disk for a view, and waits for a short time.
    async fn look(&self, view: &FolderView, scope: &Option<RelPath>) -> Result<(), ApiError> {
        if view.is_deep() && self.scans.is_fresh(&view.library) {
            return Ok(());
        }
        let seen = self.files.seen(view).await?;
        let Some(mut reading) = self.scans.read(&view.library, scope.clone()) else { return Ok(()) };
        let patience = match seen {
            None => FIRST_SCAN_WAIT,
            // A search of a large library shows what was read last, and shows more when the scan is over.
            Some(_) if view.is_deep() && !self.scans.is_quick(&view.library) => Duration::ZERO,
            Some(_) => SCAN_WAIT,
        };
        // The borrow of the channel ends before the next await.
        let failed = match timeout(patience, reading.done.wait_for(Option::is_some)).await {
            Ok(Ok(done)) => done.as_ref().and_then(|done| done.as_ref().err().cloned()),
            Ok(Err(_)) | Err(_) => None,
        };
        if let Some(error) = failed {
            return Err(error.into());
        }
        // The page counts what is in the folders below as well.
        let whole = if view.is_deep() || !self.scans.is_quick(&view.library) {
            None
        } else {
            self.scans.read(&view.library, None)
        };
        if let Some(mut whole) = whole {
            timeout(SCAN_WAIT, whole.done.wait_for(Option::is_some)).await.ok();
        }
        Ok(())
    }

    /// Begins to scan the whole library, unless that was done a short time ago. A folder that cannot be read stays unread.
    fn read_if_stale(&self, library: &str) -> Option<ScanProgress> {
        if self.scans.is_given_up(library) || self.scans.is_fresh(library) {
            return None;
        }
        self.scans.read(library, None).map(|_| ScanProgress::default())
    }

    /// Begins to scan the whole library, as a person asked, unless a scan is under way. A scan that was given up is tried
    /// again.
    pub(crate) fn refresh(&self, library: &str) {
        self.scans.try_again(library);
        self.scans.read(library, None);
    }
}
