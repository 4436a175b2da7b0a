//! The root of a library, which can come and go: a disk that is mounted late, taken away, or plugged in again.

mod identity;
mod idle;
mod link;
mod reach;

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt};
use parking_lot::{Mutex, RwLock};
use rustix::io::Errno;

use super::calls::again;
use super::enter::admit_root;
use super::environment::uninterrupted;
use super::folder_calls::FolderCalls;
use super::folders_in_use::FoldersInUse;
use super::{Library, LibraryFolder, environment, is_litter};
use crate::error::FolderError;
use headway_model::path::is_reserved;
pub use identity::Identity;
pub(super) use identity::file_system_of;
use idle::running_ms;
pub(super) use link::NamingPath;

#[derive(Debug, Clone)]
pub(super) struct Root {
    /// The open folder; `None` while nobody needs it, so that its disk can be unmounted.
    dir: Option<Arc<Dir>>,
    /// Device and inode: they tell whether the folder is still the one at its path.
    place: (u64, u64),
    identity: Identity,
}

impl Root {
    fn open(path: &Path) -> io::Result<Self> {
        admit_root(path)?;
        let dir = uninterrupted(|| Dir::open_ambient_dir(path, ambient_authority()))?;
        let found = dir.own_metadata()?;
        Ok(Root { place: (found.dev(), found.ino()), identity: Identity::of(&dir)?, dir: Some(Arc::new(dir)) })
    }

    /// Whether another root is this one, opened again. If the file system has no id, device and inode decide.
    fn is_again(&self, other: &Root) -> bool {
        self.identity == other.identity && (self.identity.file_system != 0 || self.place == other.place)
    }

    /// Whether it holds no user's files, like a mount point without its disk.
    fn is_empty(&self) -> io::Result<bool> {
        let Some(dir) = &self.dir else { return Err(Errno::NODEV.into()) };
        is_empty(dir)
    }
}

/// What identifies the disk of an open folder; 0 if nothing does.
pub(super) fn disk_of(dir: &Dir) -> io::Result<u64> {
    Ok(Identity::of(dir)?.file_system)
}

/// Whether a folder holds no user's files.
pub(super) fn is_empty(dir: &Dir) -> io::Result<bool> {
    for entry in dir.list()? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_bytes();
        if !is_reserved(name) && !is_litter(name, true) && !is_litter(name, false) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Library {
    /// Opens the root.
    ///
    /// # Errors
    /// If it cannot be opened; the text says why.
    pub fn open(name: &str, root: &Path) -> Result<Self, FolderError> {
        let (library, error) = Library::open_or_wait(name, root, None);
        error.map_or(Ok(library), Err)
    }

    /// Opens the root. If that fails, the library counts as gone until its root can be opened. `known` is the
    /// identity of the root when it was last used: an empty folder on another file system is not accepted in its
    /// place.
    pub fn open_or_wait(name: &str, root: &Path, known: Option<Identity>) -> (Self, Option<FolderError>) {
        let opened = Root::open(root);
        Library::with(name, root, known, opened)
    }

    /// A library whose storage has not answered yet. Its root is opened when it is first used. `known` as in
    /// [`Library::open_or_wait`].
    pub fn unopened(name: &str, root: &Path, known: Option<Identity>) -> Self {
        Library::with(name, root, known, Err(Errno::TIMEDOUT.into())).0
    }

    fn with(name: &str, root: &Path, known: Option<Identity>, opened: io::Result<Root>) -> (Self, Option<FolderError>) {
        let failed = |error| FolderError(format!("cannot open the folder {}: {error}", root.display()));
        let (opened, error) = opened.map_or_else(|error| (None, Some(failed(error))), |root| (Some(root), None));
        let folder = LibraryFolder {
            name: name.to_owned(),
            path: root.to_owned(),
            naming: OnceLock::new(),
            known: Mutex::new(known.or(opened.as_ref().map(|root| root.identity))),
            root: RwLock::new(opened),
            used: AtomicU64::new(running_ms()),
            inner_mounts: Mutex::default(),
            seen_disks: Mutex::default(),
            durable: Mutex::default(),
            in_use: FoldersInUse::default(),
            swap: OnceLock::new(),
            left: Default::default(),
            data_folder: OnceLock::new(),
        };
        (Library { folder: Arc::new(folder), gone_without: Mutex::default() }, error)
    }

    /// The root as last opened. An error if it could never be opened, or if something else took its place while
    /// nobody needed it, or since an earlier server used it.
    pub(super) fn root(&self) -> io::Result<Arc<Dir>> {
        self.root_if_first(|known, found| known == found)
    }

    /// The same, for a check that decides itself about what an earlier server did not know: it is opened.
    fn root_to_check(&self) -> io::Result<Arc<Dir>> {
        self.root_if_first(|_, _| true)
    }

    /// The root. What is opened first has to be what `is_right` takes, given what is remembered.
    fn root_if_first(&self, is_right: impl Fn(Identity, Identity) -> bool) -> io::Result<Arc<Dir>> {
        self.used.store(running_ms(), Ordering::Relaxed);
        let opened = |root: &Option<Root>| root.as_ref().and_then(|root| root.dir.clone());
        if let Some(dir) = opened(&self.root.read()) {
            return Ok(dir);
        }
        // "No such folder" would be read as a fact about a file.
        let root = uninterrupted(|| Root::open(&self.path)).map_err(|error| match environment(&error) {
            Some(_) => error,
            None => Errno::NODEV.into(),
        })?;
        let known = *self.known.lock().get_or_insert(root.identity);
        let mut held = self.root.write();
        let is_expected = match held.as_ref() {
            // An empty mount point can have been opened before the disk came back.
            Some(before) => before.is_again(&root) || known.is_surely(&root.identity),
            None => is_right(known, root.identity),
        };
        if !is_expected {
            return Err(Errno::NODEV.into());
        }
        let dir = root.dir.clone();
        *held = Some(root);
        dir.ok_or(Errno::NODEV.into())
    }

    /// Device and inode of the root as last opened; zeros if it never was.
    pub(super) fn root_number(&self) -> (u64, u64) {
        self.root.read().as_ref().map(|root| root.place).unwrap_or_default()
    }

    fn take(&self, root: Root) {
        *self.known.lock() = Some(root.identity);
        *self.root.write() = Some(root);
    }

    /// Whether another library, as both were last opened, is the same folder, whatever their names and paths.
    pub fn is_same_folder(&self, other: &Library) -> bool {
        let place = |library: &Library| library.root.read().as_ref().map(|root| root.place);
        self.path == other.path || place(self).is_some_and(|here| place(other) == Some(here))
    }

    /// The identity of the root as last opened by this server, or that of an earlier one as long as it was not opened;
    /// `None` if the root was never there. What an earlier server used says nothing about what is there now.
    pub fn identity(&self) -> Option<Identity> {
        let opened = self.root.read().as_ref().map(|root| root.identity);
        opened.or_else(|| self.remembered())
    }

    /// The identity of the root that was last accepted as the library, for storing: an empty folder in its place has another
    /// one. `None` if the root was never there.
    pub fn remembered(&self) -> Option<Identity> {
        *self.known.lock()
    }

    /// Whether its file system is mounted writable; an error if that is not known.
    pub fn is_writable(&self) -> io::Result<bool> {
        let disk = again(|| rustix::fs::statvfs(&self.path))?;
        Ok(!disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }
}
