//! Libraries: the only way to a user's files. Each root is opened once, and no path can lead out of it.

mod environment;
mod fault;
mod place;
mod rename;
mod scan;
mod stage;
mod trash;
mod walk;

use std::collections::HashSet;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use cap_fs_ext::{FollowSymlinks, MetadataExt, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub use environment::{environment, free_bytes, memory_available};
pub use fault::fault;
pub use place::{Placement, Verdict};
pub use rename::Swap;
pub use scan::scan;
pub use stage::{Sealed, Staged};
pub use walk::{Found, inspect, walk};

use super::error::StartError;
use super::rows::PlannedFile;
use crate::model::library::EntryKind;
use crate::model::{PauseReason, RelPath, SkipReason};

/// Names that begin like this are Headway's own: temporary files and trashes. No job and no list has them.
pub const RESERVED: &[u8] = b".headway-";

/// A named root folder.
#[derive(Debug)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    root: RwLock<Root>,
    /// Folders that are on the disk for certain.
    durable: Mutex<HashSet<RelPath>>,
    /// How an output can take the name of its original here, once that was tried.
    swap: OnceLock<Option<Swap>>,
}

#[derive(Debug)]
struct Root {
    dir: Arc<Dir>,
    /// Device and inode: what must be found at the path as long as the library is there.
    identity: (u64, u64),
}

/// A file that was opened, and what it was at that moment.
#[derive(Debug)]
pub struct OpenFile {
    /// For reading.
    pub file: File,
    stamp: Stamp,
}

/// What must stay the same while a file is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    links: u64,
}

/// Why a file cannot be worked on.
#[derive(Debug)]
pub enum OpenError {
    /// There is nothing to do.
    Skip(SkipReason),
    /// It cannot be read.
    Fail(String),
    /// No file can be read, for this reason.
    Environment(PauseReason),
}

impl Library {
    /// Opens the root.
    pub fn open(name: &str, root: &Path) -> Result<Self, StartError> {
        let opened = Root::open(root);
        let opened =
            opened.map_err(|error| StartError(format!("cannot open the folder {}: {error}", root.display())))?;
        Ok(Library {
            name: name.to_owned(),
            path: root.to_owned(),
            root: RwLock::new(opened),
            durable: Mutex::default(),
            swap: OnceLock::new(),
        })
    }

    /// The root as it was last opened.
    fn root(&self) -> Arc<Dir> {
        Arc::clone(&self.root.read().unwrap_or_else(PoisonError::into_inner).dir)
    }

    /// Whether what was opened is still what is found at its path: not removed, not unmounted, nothing mounted over it.
    pub fn is_there(&self) -> bool {
        let identity = self.root.read().unwrap_or_else(PoisonError::into_inner).identity;
        rustix::fs::stat(&self.path).is_ok_and(|found| (found.st_dev, found.st_ino) == identity)
    }

    /// Whether its file system takes no changes.
    pub fn is_read_only(&self) -> bool {
        let flags = rustix::fs::statvfs(&self.path).map(|disk| disk.f_flag);
        flags.is_ok_and(|flags| flags.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }

    /// Takes what is found at the path now for the library, whatever it was before.
    pub fn reopen(&self) -> io::Result<()> {
        let opened = Root::open(&self.path)?;
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(())
    }

    /// Opens a file that was planned, if it is still the same.
    pub fn open_file(&self, planned: &PlannedFile) -> Result<OpenFile, OpenError> {
        let path = on_disk(&planned.path);
        if !self.is_there() {
            return Err(OpenError::Environment(PauseReason::LibraryGone));
        }
        let fail = |error: io::Error| match (error.kind(), environment(&error)) {
            (_, Some(reason)) => OpenError::Environment(reason),
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, None) => OpenError::Skip(SkipReason::Missing),
            _ => OpenError::Fail(io_text(&error)),
        };
        match kind(&self.root().symlink_metadata(&path).map_err(fail)?) {
            EntryKind::File => {}
            EntryKind::Symlink => return Err(OpenError::Skip(SkipReason::Symlink)),
            // The plan lists a folder only if it could not look inside.
            EntryKind::Folder => return Err(OpenError::Fail("the folder could not be listed".into())),
            EntryKind::Other => return Err(OpenError::Skip(SkipReason::NotAFile)),
        }
        let file = self.open_plain(&planned.path).map_err(fail)?;
        let stamp = Stamp::of(&file.metadata().map_err(fail)?);
        if (stamp.size, stamp.mtime_ns) != (planned.size, planned.mtime_ns) {
            return Err(OpenError::Skip(SkipReason::Changed));
        }
        Ok(OpenFile { file, stamp })
    }

    /// A whole file of at most `limit` bytes, and when its content last changed, in nanoseconds since 1970.
    pub fn read(&self, path: &RelPath, limit: u64) -> io::Result<(Vec<u8>, i64)> {
        let file = self.open_plain(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if metadata.len() > limit {
            return Err(io::Error::other(format!("it is larger than {limit} bytes")));
        }
        let mut content = Vec::new();
        file.take(limit).read_to_end(&mut content)?;
        Ok((content, mtime_ns(&metadata)))
    }

    /// Whether there is a regular file of this name.
    pub fn has_file(&self, path: &RelPath) -> bool {
        self.root().symlink_metadata(on_disk(path)).is_ok_and(|metadata| metadata.is_file())
    }

    /// Whether there is anything of this name.
    pub fn has(&self, path: &RelPath) -> bool {
        self.root().symlink_metadata(on_disk(path)).is_ok()
    }

    /// A path as programs outside are told it.
    pub fn absolute(&self, path: &RelPath) -> PathBuf {
        self.path.join(on_disk(path))
    }

    /// Opens a file for reading; a symbolic link is not followed.
    fn open_plain(&self, path: &RelPath) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        self.root().open_with(on_disk(path), &options)
    }

    /// A folder for reading its entries; the root for the empty path.
    fn folder(&self, path: &RelPath) -> io::Result<Dir> {
        if path.is_root() { self.root().try_clone() } else { self.root().open_dir(on_disk(path)) }
    }
}

impl Root {
    fn open(path: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        let found = dir.dir_metadata()?;
        Ok(Root { identity: (found.dev(), found.ino()), dir: Arc::new(dir) })
    }
}

impl OpenFile {
    /// Whether the file is still what it was when it was opened.
    pub fn is_unchanged(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp)
    }

    /// Whether other names share its content.
    pub fn has_other_names(&self) -> bool {
        self.stamp.links > 1
    }

    /// When its content last changed, in nanoseconds since 1970.
    pub fn mtime_ns(&self) -> i64 {
        self.stamp.mtime_ns
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        use cap_std::fs::MetadataExt as Unix;
        let (seconds, nanos) = (Unix::ctime(metadata), Unix::ctime_nsec(metadata));
        Stamp {
            device: MetadataExt::dev(metadata),
            inode: MetadataExt::ino(metadata),
            size: metadata.len(),
            mtime_ns: mtime_ns(metadata),
            ctime_ns: seconds.saturating_mul(1_000_000_000).saturating_add(nanos),
            links: MetadataExt::nlink(metadata),
        }
    }
}

/// What the system says of an error, without its number.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// A folder for reading what is in it: the handle of a [`Dir`] is for paths only.
fn readable(dir: &Dir) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(dir, c".", flags, Mode::empty())?)
}

/// Brings the names in a folder to the disk.
fn sync(dir: &Dir) -> io::Result<()> {
    match rustix::fs::fsync(readable(dir)?) {
        // Some file systems of other machines sync files alone.
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn on_disk(path: &RelPath) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(&path.to_bytes()))
}

fn kind(metadata: &Metadata) -> EntryKind {
    if metadata.is_symlink() {
        EntryKind::Symlink
    } else if metadata.is_dir() {
        EntryKind::Folder
    } else if metadata.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    }
}

fn mtime_ns(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    let modified = modified.into_std();
    match modified.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}
