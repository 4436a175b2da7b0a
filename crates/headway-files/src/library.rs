//! Libraries: the only way to a user's files. Each root is opened once, and no path can lead out of it.

mod enter;
mod environment;
mod fault;
mod found;
mod judge;
mod left;
mod litter;
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
mod trash;
mod walk;
mod workshop;

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock, RwLock};

use cap_std::fs::{Dir, Metadata};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub use environment::{environment, free_bytes, is_storage_error, memory_available};
pub use fault::{fails, fault, fault_of, hold};
pub use found::Found;
pub use judge::Verdict;
pub use litter::is_litter;
pub use moves::{Change, Moves, Reach, Unfit};
pub use open::{OpenError, OpenFile};
pub use placement::Placement;
pub use rename::Swap;
pub use root::Identity;
use root::Root;
pub use scan::scan;
pub use stage::{Sealed, Staged};
pub use strays::{Maker, OwnName};
pub use swap::Ground;
pub use trash::Trashed;
pub use walk::{Listed, inspect, walk};
pub use workshop::Workshop;

use left::Left;
use open::Stamp;

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
    /// What was found at the path when it was last used, in this process or an earlier one.
    known: Mutex<Option<Identity>>,
    /// How often a person has taken what is at the path for the library.
    accepted: AtomicU64,
    /// Folders that are on the disk for certain.
    durable: Mutex<HashSet<RelPath>>,
    /// How an output can take the name of its original here, once that was tried.
    swap: OnceLock<Swap>,
    /// Temporary files that could not be removed yet.
    left: Left,
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
