//! The root of a library, which can come and go: a disk that is mounted late, taken away, or plugged in again.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt};
use parking_lot::{Mutex, RwLock};
use rustix::io::Errno;

use super::enter::admit_root;
use super::left::LeftFiles;
use super::{Found, Library, environment, is_litter};
use crate::error::FolderError;
use headway_model::PauseReason;
use headway_model::path::is_reserved;

/// Identifies a folder: by the id of its file system, which for most file systems stays the same wherever the disk is
/// plugged in, and by its inode. See `f_fsid` in statfs(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The id of the file system; 0 if it has none.
    pub file_system: u64,
    /// The inode of the folder.
    pub inode: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Root {
    /// The open folder; `None` while nobody needs it, so that its disk can be unmounted.
    dir: Option<Arc<Dir>>,
    /// Device and inode, by which the folder is recognised at its path.
    place: (u64, u64),
    identity: Identity,
}

impl Identity {
    /// The identity of an open folder.
    fn of(dir: &Dir) -> io::Result<Self> {
        Ok(Identity { file_system: file_system_of(dir)?, inode: dir.dir_metadata()?.ino() })
    }

    /// The identity of the folder at a path. Blocking.
    pub fn at(path: &Path) -> io::Result<Self> {
        Identity::of(&Dir::open_ambient_dir(path, ambient_authority())?)
    }
}

impl Root {
    fn open(path: &Path) -> io::Result<Self> {
        admit_root(path)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        let found = dir.dir_metadata()?;
        Ok(Root { place: (found.dev(), found.ino()), identity: Identity::of(&dir)?, dir: Some(Arc::new(dir)) })
    }

    /// Whether another root is this one, opened again. If the file system has no id, device and inode decide.
    fn is_again(&self, other: &Root) -> bool {
        self.identity == other.identity && (self.identity.file_system != 0 || self.place == other.place)
    }

    /// Whether it holds no user's files, like a mount point without its disk.
    fn is_empty(&self) -> io::Result<bool> {
        let Some(dir) = &self.dir else { return Err(Errno::NODEV.into()) };
        for entry in dir.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.as_bytes();
            if !is_reserved(name) && !is_litter(name, true) && !is_litter(name, false) {
                return Ok(false);
            }
        }
        Ok(true)
    }
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
        let library = Library {
            name: name.to_owned(),
            path: root.to_owned(),
            known: Mutex::new(known.or(opened.as_ref().map(|root| root.identity))),
            root: RwLock::new(opened),
            used: AtomicU64::new(running_ms()),
            inner_mounts: Mutex::default(),
            accepted: AtomicU64::new(0),
            durable: Mutex::default(),
            swap: OnceLock::new(),
            left: LeftFiles::default(),
        };
        (library, error)
    }

    /// The root as last opened. An error if it could never be opened, or if something else took its place while
    /// nobody needed it.
    pub(super) fn root(&self) -> io::Result<Arc<Dir>> {
        self.used.store(running_ms(), Ordering::Relaxed);
        let opened = |root: &Option<Root>| root.as_ref().and_then(|root| root.dir.clone());
        if let Some(dir) = opened(&self.root.read()) {
            return Ok(dir);
        }
        // "No such folder" would be read as a fact about a file.
        let root = Root::open(&self.path).map_err(|error| match environment(&error) {
            Some(_) => error,
            None => Errno::NODEV.into(),
        })?;
        self.known.lock().get_or_insert(root.identity);
        let mut held = self.root.write();
        if held.as_ref().is_some_and(|before| !before.is_again(&root)) {
            return Err(Errno::NODEV.into());
        }
        let dir = root.dir.clone();
        *held = Some(root);
        dir.ok_or(Errno::NODEV.into())
    }

    /// Whether the root is open although nothing has used it for this long.
    pub fn is_idle(&self, time: Duration) -> bool {
        self.is_unused(time)
            && self.root.try_read().is_some_and(|root| root.as_ref().is_some_and(|root| root.dir.is_some()))
    }

    fn is_unused(&self, time: Duration) -> bool {
        let since = running_ms().saturating_sub(self.used.load(Ordering::Relaxed));
        u128::from(since) >= time.as_millis()
    }

    /// Closes the root if nothing has used it for this long, so that its disk can be unmounted. The next use opens it
    /// again, and it must then be the same folder. Blocking.
    pub fn let_go(&self, time: Duration) {
        let mut root = self.root.write();
        let is_free = |dir: &mut Arc<Dir>| Arc::strong_count(dir) == 1 && self.is_unused(time);
        let held = root.as_mut().and_then(|root| root.dir.take_if(is_free));
        drop(root);
        drop(held);
    }

    /// Checks that the open root is still the folder at its path: not removed, not unmounted, nothing mounted over
    /// it. If the same file system comes back as another device, it is opened again. The error says why nothing can
    /// be done with the library's files.
    pub fn reach(&self) -> Result<(), PauseReason> {
        let gone = |error: &io::Error| environment(error).unwrap_or(PauseReason::LibraryGone);
        self.root().map_err(|error| gone(&error))?;
        let found = rustix::fs::stat(&self.path).map_err(|error| gone(&error.into()))?;
        if self.root_number() == (found.st_dev, found.st_ino) {
            return self.is_known();
        }
        let root = Root::open(&self.path).map_err(|error| gone(&error))?;
        if root.identity.file_system == 0 || Some(root.identity) != *self.known.lock() {
            return Err(PauseReason::LibraryGone);
        }
        *self.root.write() = Some(root);
        Ok(())
    }

    /// Whether the folder at the path is not the one on which a job was `planned`, although new jobs can use it. Blocking.
    pub fn is_another(&self, planned: Option<Identity>) -> bool {
        self.reach().is_ok() && planned.is_some_and(|planned| Some(planned) != *self.known.lock())
    }

    /// Whether the folder at the path is not the one that was last used, so that no job can use it. Blocking.
    pub fn is_replaced(&self) -> bool {
        self.reach().is_err()
            && Root::open(&self.path).is_ok_and(|root| self.known.lock().is_some_and(|known| known != root.identity))
    }

    /// Whether the root is not at its path although its file system is there: it was moved, renamed or removed, so no disk
    /// brings it back. Blocking.
    pub fn was_moved(&self) -> bool {
        let known = *self.known.lock();
        let Some(known) = known.filter(|known| known.file_system != 0 && self.reach().is_err()) else { return false };
        for folder in self.path.ancestors() {
            match Found::of(Identity::at(folder)) {
                Found::There(there) => return there != known && there.file_system == known.file_system,
                Found::Absent => {}
                Found::Unknown(error) => {
                    tracing::debug!(folder = %folder.display(), %error, "whether a library was moved is not known");
                    return false;
                }
            }
        }
        false
    }

    /// Refuses an empty folder where there used to be another file system.
    fn is_known(&self) -> Result<(), PauseReason> {
        let known = *self.known.lock();
        // Neither lock is held while waiting for the other, or for the disk.
        let root = self.root.read().clone();
        let Some(root) = root.filter(|root| known.is_some_and(|known| known != root.identity)) else { return Ok(()) };
        match root.is_empty() {
            Ok(false) => {
                *self.known.lock() = Some(root.identity);
                Ok(())
            }
            Ok(true) => Err(PauseReason::LibraryGone),
            Err(error) => Err(environment(&error).unwrap_or(PauseReason::LibraryGone)),
        }
    }

    /// Whether its file system is mounted writable; an error if that is not known.
    pub fn is_writable(&self) -> io::Result<bool> {
        let disk = rustix::fs::statvfs(&self.path)?;
        Ok(!disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }

    /// Opens what is at the path now, for a job that is about to be planned; refuses an empty folder where there used
    /// to be another file system.
    pub fn look_again(&self) -> Result<(), PauseReason> {
        if self.reach().is_ok() {
            return Ok(());
        }
        let gone = |error: io::Error| environment(&error).unwrap_or(PauseReason::LibraryGone);
        let root = Root::open(&self.path).map_err(gone)?;
        if root.is_empty().map_err(gone)? {
            return Err(PauseReason::LibraryGone);
        }
        self.take(root);
        Ok(())
    }

    /// Accepts what is at the path now as the library, including what is mounted inside it now, because a person said
    /// so.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn reopen(&self) -> io::Result<()> {
        self.take(Root::open(&self.path)?);
        self.accept_mounts()?;
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Ok(())
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

    /// The identity of the root, for storing (`None` if the root was never there), and how often a person has
    /// accepted a new root.
    pub fn identity(&self) -> (Option<Identity>, u64) {
        (*self.known.lock(), self.accepted.load(Ordering::Relaxed))
    }
}

/// The id of the file system of an open file or folder; 0 if it has none.
pub(super) fn file_system_of(opened: impl AsFd) -> io::Result<u64> {
    // `f_fsid` is two numbers, whose types differ from system to system.
    let parts = format!("{:?}", rustix::fs::fstatfs(opened)?.f_fsid);
    let parts = parts.split(|char: char| !char.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    Ok(parts.fold(0, |all, part| all << 32 | u64::from(part)))
}

/// Milliseconds since this process first used a library.
fn running_ms() -> u64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGUN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_comes_late_is_taken_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("late");
        let (library, error) = Library::open_or_wait("late", &path, None);
        assert!(error.is_some() && library.reach() == Err(PauseReason::LibraryGone));
        let asked = library.root().map(drop).expect_err("no root");
        assert_eq!(environment(&asked), Some(PauseReason::LibraryGone), "no fact about a file");
        std::fs::create_dir(&path).expect("a folder");
        assert_eq!(library.reach(), Ok(()));
    }

    #[test]
    fn an_empty_folder_is_not_taken_for_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let elsewhere = Some(Identity { file_system: 7, inode: 2 });
        let (library, _) = Library::open_or_wait("disk", folder.path(), elsewhere);
        assert_eq!(
            (library.reach(), library.look_again()),
            (Err(PauseReason::LibraryGone), Err(PauseReason::LibraryGone))
        );
        library.reopen().expect("a person wants that");
        assert_eq!(library.reach(), Ok(()));
        // The same disk under another device number has files in it.
        std::fs::write(folder.path().join("file"), "x").expect("a file");
        let (library, _) = Library::open_or_wait("disk", folder.path(), elsewhere);
        assert_eq!(library.reach(), Ok(()));
    }

    #[test]
    fn an_idle_library_holds_nothing_and_is_the_same_when_it_is_needed_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("files");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::write(path.join("file"), "x").expect("a file");
        let library = Library::open("files", &path).expect("a library");
        let held = library.root().expect("a root");
        library.let_go(Duration::ZERO);
        assert!(library.is_idle(Duration::ZERO), "somebody has it");
        drop(held);
        library.let_go(Duration::from_secs(3_600));
        assert!(library.is_idle(Duration::ZERO), "it was used a moment ago");
        library.let_go(Duration::ZERO);
        assert!(!library.is_idle(Duration::ZERO), "nothing is held");
        assert_eq!(library.reach(), Ok(()));
        assert!(library.is_idle(Duration::ZERO), "it is held again");
        library.let_go(Duration::ZERO);
        // In the meantime something else takes its place.
        std::fs::rename(&path, folder.path().join("away")).expect("a rename");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::write(path.join("other"), "x").expect("a file");
        assert_eq!(library.reach(), Err(PauseReason::LibraryGone), "also for a job under way");
        assert!(library.root().is_err());
        assert_eq!(library.look_again(), Ok(()), "a new job takes what is there");
    }

    #[test]
    fn a_root_that_was_moved_is_told_from_one_whose_disk_is_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("above/files");
        std::fs::create_dir_all(&path).expect("a folder");
        let library = Library::open("files", &path).expect("a library");
        assert!(!library.was_moved());
        std::fs::rename(folder.path().join("above"), folder.path().join("elsewhere")).expect("a rename");
        assert!(library.was_moved());
        std::fs::create_dir_all(&path).expect("a folder");
        assert!(library.was_moved(), "an empty folder in its place is not it");
        std::fs::remove_dir(&path).expect("a folder");
        let elsewhere = Some(Identity { file_system: 7, inode: 2 });
        assert!(!Library::open_or_wait("disk", &path, elsewhere).0.was_moved(), "its disk can come back");
        assert!(!Library::open_or_wait("new", &path, None).0.was_moved(), "nothing is known of it");
    }

    #[test]
    fn another_folder_at_the_path_is_for_new_jobs_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("files");
        let make = |name: &str| {
            std::fs::create_dir(&path).expect("a folder");
            std::fs::write(path.join(name), "x").expect("a file");
        };
        make("first");
        let library = Library::open("files", &path).expect("a library");
        let before = library.identity();
        std::fs::rename(&path, folder.path().join("away")).expect("a rename");
        make("second");
        assert_eq!(library.reach(), Err(PauseReason::LibraryGone));
        assert_eq!(library.look_again(), Ok(()));
        assert_ne!(library.identity(), before, "which an earlier job sees");
        assert_eq!(library.reach(), Ok(()));
    }
}
