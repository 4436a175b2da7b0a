//! The configured libraries, which can change while the server runs.

use std::sync::Arc;

use tokio::sync::watch;

use headway_files::Library;

/// A list of libraries as it was at one moment.
pub(crate) type LibraryList = Arc<Vec<Arc<Library>>>;

/// The configured libraries. Cheap to clone; all clones change together.
#[derive(Clone)]
pub(crate) struct Libraries(Arc<watch::Sender<LibraryList>>);

impl Libraries {
    pub(crate) fn new(libraries: Vec<Arc<Library>>) -> Self {
        Libraries(Arc::new(watch::Sender::new(Arc::new(libraries))))
    }

    /// The libraries now.
    pub(crate) fn now(&self) -> LibraryList {
        Arc::clone(&self.0.borrow())
    }

    /// The library with this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Library>> {
        self.0.borrow().iter().find(|library| library.name == name).map(Arc::clone)
    }

    /// From now on these are configured.
    pub(crate) fn set(&self, libraries: Vec<Arc<Library>>) {
        self.0.send_replace(Arc::new(libraries));
    }

    /// The list, to wait for its changes.
    pub(crate) fn changes(&self) -> watch::Receiver<LibraryList> {
        self.0.subscribe()
    }
}
