//! Libraries that are not configured: those that jobs name by their absolute path, and those of earlier jobs. Each is opened
//! when a job first needs it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::open_library;
use super::single_flight::SingleFlight;
use crate::steps::Steps;
use headway_files::{DataFolder, Library, unable};
use headway_model::PauseReason;
use headway_recipes::Unable;

/// How long the storage of a library has to answer when it is opened.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// The libraries by path that were opened so far. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ByPath {
    data: Arc<DataFolder>,
    steps: Steps,
    opened: Arc<Mutex<BTreeMap<String, Arc<Library>>>>,
    opening: SingleFlight<String, Result<Arc<Library>, Unable>>,
}

impl ByPath {
    pub(crate) fn new(data: Arc<DataFolder>, steps: Steps) -> Self {
        ByPath { data, steps, opened: Arc::default(), opening: SingleFlight::within(OPEN_TIMEOUT) }
    }

    /// Whether a library's name is its path.
    pub(crate) fn is_path(name: &str) -> bool {
        Library::is_named_by_path(name)
    }

    /// A library that is open.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Library>> {
        self.opened.lock().get(name).map(Arc::clone)
    }

    /// Keeps a library that is no longer configured, for its jobs.
    pub(crate) fn keep(&self, library: &Arc<Library>) {
        self.opened.lock().insert(library.name.clone(), Arc::clone(library));
    }

    /// Forgets a library that is configured now.
    pub(crate) fn forget(&self, name: &str) {
        self.opened.lock().remove(name);
    }

    /// Every library that is open.
    pub(crate) fn all(&self) -> Vec<Arc<Library>> {
        self.opened.lock().values().map(Arc::clone).collect()
    }

    /// Opens a library, which need not be reachable now; its jobs then wait for it.
    ///
    /// # Errors
    /// If its storage does not answer, or what is known of it cannot be read in the data folder.
    pub(crate) async fn open(&self, name: &str) -> Result<Arc<Library>, Unable> {
        self.open_at(name, name.into()).await
    }

    /// Opens a library with this root, which need not be reachable now.
    pub(crate) async fn open_at(&self, name: &str, root: PathBuf) -> Result<Arc<Library>, Unable> {
        if let Some(library) = self.get(name) {
            return Ok(library);
        }
        let (data, steps, owned) = (Arc::clone(&self.data), self.steps.clone(), name.to_owned());
        let unread = |error: io::Error| unable("what is known of the libraries cannot be read", &error);
        let open = move || -> Result<Arc<Library>, Unable> {
            // Before the folder is taken for the library: it can be the empty mount point of its disk.
            let known = data.known_libraries().map_err(unread)?;
            let mounts = data.known_mounts(&owned).map_err(unread)?;
            let disks = data.known_disks().map_err(unread)?;
            let (library, error) = open_library(&steps, &owned, &root, known.get(&owned).copied());
            if let Some(error) = error {
                tracing::warn!("{error}; its jobs wait for it");
            }
            library.expect_mounts(mounts);
            if let Err(error) = library.expect_disks(&disks) {
                tracing::warn!(library = owned, %error, "what is mounted cannot be read, so a missing disk might not be noticed");
            }
            library.keep_out_of(&data);
            let library = Arc::new(library);
            data.remember_libraries(&[Arc::clone(&library)]);
            Ok(library)
        };
        match self.opening.look(&Handle::current(), name.to_owned(), open).await {
            Some(Ok(library)) => Ok(Arc::clone(self.opened.lock().entry(name.to_owned()).or_insert(library?))),
            Some(Err(died)) => Err(Unable::Failed(died.to_string())),
            None => Err(Unable::Environment(PauseReason::StorageSilent)),
        }
    }
}
