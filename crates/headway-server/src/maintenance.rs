//! Maintenance of a data folder while no server uses it.

mod store_copy;

use std::collections::HashSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use headway_files::is_held;
pub use headway_files::private::make_folder;
use headway_files::{DataFolder, Library, io_text};
use headway_model::{PauseReason, Position, RelPath};
use headway_store::{Rebuilt, Store, StoreError};

use crate::config::StoreAddress;
pub use crate::doctor::Finding;
use crate::doctor::{self, Diagnosis, LibraryNow, OpenWork, PlacedFiles, Remedy, Stray};
use crate::error::{StartError, unknown_libraries};
use crate::handle::presets;
use crate::log_place::{LogUse, open_log};
use crate::steps::Steps;
pub use store_copy::StoreCopy;

/// A locked data folder: no server can use it meanwhile.
pub struct Maintenance {
    store: Arc<dyn Store>,
    head: Position,
    folder: DataFolder,
}

/// What is left in a library under Headway's own names.
#[derive(Debug, Default)]
pub struct LeftNames {
    /// The names that no live job owns, each with what can be done about it.
    pub names: Vec<String>,
    /// The folders that must stay, because a file might be in them.
    pub findings: Vec<Finding>,
    /// The folders that could not be read.
    pub unread: Vec<RelPath>,
    /// How many of the names a person must look at first, because an original might have one of them.
    pub kept: u64,
}

impl LeftNames {
    /// Takes in a name. Removes it if that is wanted and possible. Blocking.
    fn take(&mut self, library: &Library, stray: &Stray, remove: bool) {
        let (own, input) = (&stray.own, stray.input.as_ref());
        let path = own.path.shown();
        let mut keeps = stray.kept.map(str::to_owned);
        match library.might_have_input(own, input) {
            Ok(None) => {}
            Ok(Some(what)) => {
                keeps = Some("a file in it might be an original".to_owned());
                self.findings.push(Finding { what, remedy: Remedy::MoveBack });
            }
            Err(error) => {
                keeps = Some(format!("it cannot be looked at: {}", io_text(&error)));
                self.unread.push(own.path.clone());
            }
        }
        if stray.is_owned {
            return;
        }
        self.kept += u64::from(keeps.is_some());
        self.names.push(match keeps {
            Some(why) => format!("{path} is left for you to look at: {why}"),
            None if !remove => format!("{path} can be removed (--remove)"),
            None => match library.remove_own(own, input) {
                Ok(()) => format!("{path} was removed"),
                Err(error) => format!("{path} cannot be removed: {}", io_text(&error)),
            },
        });
    }
}

impl Maintenance {
    /// Opens a data folder, and the database with its log if the log is not there. `libraries` are the folders that its
    /// server serves, by name.
    ///
    /// # Errors
    /// If a server uses the folder or the database, or the folder or its log cannot be opened.
    pub async fn open(
        data: &Path,
        libraries: &[(String, PathBuf)],
        store: Option<&StoreAddress>,
    ) -> Result<Self, StartError> {
        let folder = DataFolder::open(data, libraries)?;
        let store = open_log(&folder, store, LogUse::Maintenance).await?;
        let head = store.head().await?.position;
        Ok(Maintenance { store, head, folder })
    }

    /// The last position of the log.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Rebuilds the rows of jobs and items from the events, and sets the jobs aside whose events cannot be read. `progress` is
    /// called with the position reached.
    ///
    /// # Errors
    /// If the log cannot be read. The log itself is never changed.
    pub async fn rebuild(&self, progress: impl FnMut(Position)) -> Result<Rebuilt, StoreError> {
        headway_store::rebuild(&*self.store, progress).await
    }

    /// Checks that events, digests and rows are consistent. `progress` is called with the position reached.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn inspect(&self, progress: impl FnMut(Position)) -> Result<Diagnosis, StoreError> {
        doctor::inspect(&*self.store, progress).await
    }

    /// Lists the stuck jobs, the work of its own that the server gave up, and the other jobs that are not over.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn open_work(&self) -> Result<OpenWork, StoreError> {
        doctor::open_work(&*self.store, &self.folder).await
    }

    /// Checks that the presets can be read.
    pub fn presets(&self) -> Option<Finding> {
        let error = presets::read(&self.folder).err()?;
        Some(Finding { what: error.to_string(), remedy: Remedy::PutRight })
    }

    /// Lets the next server try again everything at which servers crashed again and again.
    pub fn try_again(&self) {
        Steps::forgive_all(self.folder.root());
    }

    /// Every library that the data folder knows: a name for each folder, and the folder; `None` if it is not known where a library
    /// of this name is.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn libraries(&self) -> Result<Vec<(String, Option<PathBuf>)>, StartError> {
        let all = self.folder.every_library().map_err(|error| unknown_libraries(&self.folder, &error))?;
        let mut seen = HashSet::new();
        Ok(all.into_iter().filter(|(_, root)| root.as_ref().is_none_or(|root| seen.insert(root.clone()))).collect())
    }

    /// Lists Headway's own names in a library that no live job owns, and the folders that must stay, because a file might be in
    /// them. With `remove`, deletes those names that can be deleted; each of the others says why not. What lies in the folders
    /// `apart` is left out. `progress` is called with the number of folders that were looked into.
    ///
    /// # Errors
    /// If the library or the log cannot be read.
    pub async fn left_names(
        &self,
        (name, root): (&str, &Path),
        remove: bool,
        apart: &[PathBuf],
        mut progress: impl FnMut(u64),
    ) -> Result<LeftNames, StartError> {
        let library = self.library(name, root)?;
        let below =
            |other: &PathBuf| other.strip_prefix(root).map(|path| RelPath::from_bytes(path.as_os_str().as_bytes()));
        let apart: Vec<_> = apart.iter().filter_map(|other| below(other).ok()?.ok()).collect();
        let unread = |error: io::Error| StartError(format!("the folder {} cannot be read: {error}", root.display()));
        let (names, unread) = library.own_names(&apart, &mut progress).map_err(unread)?;
        let mut left = LeftNames { unread, ..LeftNames::default() };
        for stray in doctor::strays(&*self.store, &self.now(&library)?, names).await? {
            left.take(&library, &stray, remove);
        }
        Ok(left)
    }

    /// Checks that outputs and originals are where the log says.
    ///
    /// # Errors
    /// If the library or the log cannot be read.
    pub async fn placements(&self, name: &str, root: &Path) -> Result<(PlacedFiles, Vec<Finding>), StartError> {
        let library = self.library(name, root)?;
        Ok(doctor::look_at_places(&*self.store, &self.now(&library)?).await?)
    }

    /// A library with every name that jobs gave it, or a folder inside it or around it.
    fn now<'a>(&'a self, library: &'a Library) -> Result<LibraryNow<'a>, StartError> {
        let names = self.folder.known_as(library).map_err(|error| unknown_libraries(&self.folder, &error))?;
        Ok(LibraryNow { data: &self.folder, library, names })
    }

    /// Opens a library as the server knows it: nothing is reported about a disk that is absent.
    fn library(&self, name: &str, root: &Path) -> Result<Library, StartError> {
        let unread = |error: io::Error| unknown_libraries(&self.folder, &error);
        let known = self.folder.known_libraries().map_err(unread)?.get(name).copied();
        let mounts = self.folder.known_mounts(name).map_err(unread)?;
        let (library, error) = Library::open_or_wait(name, root, known);
        error.map_or(Ok(()), |error| Err(StartError::from(error)))?;
        let missing =
            |why: PauseReason| StartError(format!("{} was not checked: {}", root.display(), why.text_of_root()));
        library.reach().map_err(missing)?;
        library.expect_mounts(mounts);
        Ok(library)
    }
}
