//! Libraries: the only way to a user's files. Each root is opened once, and no path can lead out of it.

mod enter;
mod environment;
mod fault;
mod found;
mod hash;
mod inspect;
mod judge;
mod keep;
mod left;
mod listed;
mod litter;
mod make_folder;
mod mounts;
mod moves;
mod open;
mod placement;
mod probe;
mod rename;
mod root;
mod scan;
mod stage;
mod strays;
mod swap;
mod temporary;
mod trash;
mod walk;
mod workshop;

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use cap_std::fs::{Dir, Metadata};
use parking_lot::{Mutex, RwLock};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub use enter::is_own_folder;
pub use environment::{environment, free_bytes, is_storage_error, memory_available};
pub use fault::{fails, fault, fault_of, hold};
pub use found::Found;
pub use inspect::{Inspected, inspect, inspect_at, inspect_named};
pub use judge::Verdict;
pub use listed::ListedFile;
pub use litter::is_litter;
pub use mounts::InnerMounts;
pub use moves::{Change, Moved, Moves, Reach, Unfit};
pub use open::{OpenError, OpenFile};
pub use placement::Placement;
pub use rename::Swap;
pub use root::Identity;
use root::Root;
pub use scan::{ScanError, scan};
pub use stage::{Sealed, Staged};
pub use strays::{Maker, OwnName};
pub use swap::OpenPlacement;
pub use trash::Trashed;
pub use walk::walk;
pub use workshop::Workshop;

use left::LeftFiles;
use open::FileStamp;

use headway_model::RelPath;
use headway_model::library::EntryKind;

/// The longest path that the system opens in one call, in bytes: PATH_MAX of Linux without the NUL at its end.
const LONGEST_PATH: usize = 4_095;

/// A named root folder.
#[derive(Debug)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    root: RwLock<Option<Root>>,
    /// When the root was last needed, in milliseconds of running time.
    used: AtomicU64,
    /// What was found at the path when it was last used, in this process or an earlier one.
    known: Mutex<Option<Identity>>,
    /// What was mounted inside it when a job was planned, in this process or an earlier one.
    inner_mounts: Mutex<InnerMounts>,
    /// How often a person has taken what is at the path for the library.
    accepted: AtomicU64,
    /// Folders that are on the disk for certain.
    durable: Mutex<HashSet<RelPath>>,
    /// How an output can take the name of its original here, once that was tried.
    swap: OnceLock<Swap>,
    /// Temporary files that could not be removed yet.
    left: LeftFiles,
}

impl Library {
    /// A path as programs outside are told it.
    pub fn absolute(&self, path: &RelPath) -> PathBuf {
        self.path.join(on_disk(path))
    }

    /// Any folder, for what is in it; the root for the empty path.
    fn folder(&self, path: &RelPath) -> io::Result<Dir> {
        if path.is_root() { self.root()?.try_clone() } else { self.root()?.open_dir(on_disk(path)) }
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
    sync_folder(&readable(dir)?)
}

/// The same for a folder that is open for reading.
fn sync_folder(folder: &OwnedFd) -> io::Result<()> {
    match rustix::fs::fsync(folder) {
        // Some file systems of other machines sync files alone.
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether the system cannot open it by its path, however it is asked.
fn is_too_long(path: &RelPath) -> bool {
    // Coded, a path is never shorter.
    path.as_str().len() > LONGEST_PATH && path.to_bytes().len() > LONGEST_PATH
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
