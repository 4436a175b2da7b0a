//! Libraries: the only way to a user's files. Each root is opened once, and no path can lead out of it.

pub(crate) mod calls;
mod copy_content;
mod copy_metadata;
mod empty_folders;
mod empty_trash;
mod enter;
mod environment;
mod fault;
mod file_ids;
mod folder_calls;
mod folders_in_use;
mod found;
mod give_back;
mod hash;
mod inspect;
mod inspect_placement;
mod kind_of_entry;
mod leftovers;
mod library_file;
mod listed;
mod litter;
mod look;
mod make_folder;
mod mirror_folder;
mod missing_disks;
mod mount_table;
mod mounts;
mod moves;
mod named_folder;
mod open;
mod open_file;
mod placement;
mod prediction;
mod probe;
mod recover_placement;
mod rename;
mod rescue;
mod root;
mod scan;
mod scan_error;
mod seal;
mod stage;
mod strays;
mod swap;
mod temporary;
mod trash;
mod walk;
mod whole_list;
mod workshop;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use cap_std::fs::{Dir, Metadata};
use parking_lot::{Mutex, RwLock};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub use enter::is_own_folder;
pub(crate) use environment::uninterrupted;
pub use environment::{
    DiskRoom, disk_room, environment, environment_of_start, free_bytes, is_storage_error, memory_available,
};
pub use fault::{fails, fault, fault_of, hold};
pub use file_ids::{FileId, FileIds};
pub use found::{Found, is_absent};
pub use inspect::{Inspected, as_named, inspect, inspect_again, inspect_alone, inspect_at, inspect_named};
pub use library_file::LibraryFile;
pub use listed::ListedFile;
pub use litter::is_litter;
pub use mounts::{InnerMounts, mounted_below};
pub use moves::{BadChange, Change, Moved, Moves, Reach, Unfit};
pub use open::OpenError;
pub use open_file::OpenFile;
pub use placement::Placement;
pub use prediction::Prediction;
pub use recover_placement::PlacementState;
pub use rename::Swap;
pub use rescue::might_be_in;
pub use root::Identity;
use root::{NamingPath, Root};
pub use scan::scan;
pub use scan_error::ScanError;
pub use seal::{NoOutput, Sealed};
pub use stage::Staged;
pub use strays::{Maker, OwnName};
pub use swap::OpenPlacement;
pub use trash::Trashed;
pub use walk::walk;
pub use workshop::Workshop;

use calls::{fsync, openat};
use folder_calls::FolderCalls;
use folders_in_use::FoldersInUse;
use leftovers::Leftovers;
use open_file::FileStamp;

use headway_model::RelPath;
use headway_model::library::EntryKind;

/// Length in bytes of the longest path that the system opens in one call: Linux's PATH_MAX without the NUL at the
/// end.
const LONGEST_PATH: usize = 4_095;

/// Length in bytes of the longest name of a file: Linux's NAME_MAX.
pub const LONGEST_NAME: usize = 255;

/// A handle to a named root folder. All handles of a folder share what is known of it. Only the handle of a job knows
/// which missing disks a person has let that job go on without.
#[derive(Debug)]
pub struct Library {
    folder: Arc<LibraryFolder>,
    /// Mounts that are gone and without which a person has the job of this handle go on.
    gone_without: Mutex<InnerMounts>,
}

/// A named root folder, with what is known of it.
#[derive(Debug)]
pub struct LibraryFolder {
    /// Its name.
    pub name: String,
    /// The path of the root.
    pub path: PathBuf,
    /// The path that it was named by, if links lead from there to its root.
    naming: OnceLock<NamingPath>,
    root: RwLock<Option<Root>>,
    /// When the root was last needed, as [`running_ms`](root::running_ms) counts.
    used: AtomicU64,
    /// The identity of the root when it was last used, in this process or an earlier one.
    known: Mutex<Option<Identity>>,
    /// What was mounted inside it when a job was planned, in this process or an earlier one.
    inner_mounts: Mutex<InnerMounts>,
    /// What each disk inside it was when it was last looked at, by its mount point.
    seen_disks: Mutex<BTreeMap<RelPath, Identity>>,
    /// Folders that are known to be durable.
    durable: Mutex<HashSet<RelPath>>,
    /// Folders in which an attempt is about to make something.
    in_use: FoldersInUse,
    /// How an output can take the name of its original on this file system, once that was tried.
    swap: OnceLock<Swap>,
    /// Temporary files that could not be removed yet.
    left: Leftovers,
    /// The device and the inode of the data folder, which a library that is named by its path can contain.
    data_folder: OnceLock<(u64, u64)>,
}

impl Deref for Library {
    type Target = LibraryFolder;

    fn deref(&self) -> &LibraryFolder {
        &self.folder
    }
}

impl Library {
    /// A handle for one job: what a person accepts for this job is accepted for no other.
    #[must_use]
    pub fn for_job(&self) -> Self {
        Library { folder: Arc::clone(&self.folder), gone_without: Mutex::default() }
    }

    /// Whether a library of this name is named by the path of its root, because no operator gave it a name.
    pub fn is_named_by_path(name: &str) -> bool {
        name.starts_with('/')
    }

    /// The absolute path, as it is passed to programs.
    pub fn absolute(&self, path: &RelPath) -> PathBuf {
        self.path.join(on_disk(path))
    }

    /// Opens any folder, to reach what is in it; the root for the empty path.
    fn folder(&self, path: &RelPath) -> io::Result<Dir> {
        self.check_on_disk(path)?;
        let root = self.root()?;
        if path.is_root() { root.try_clone() } else { root.enter(on_disk(path)) }
    }
}

/// The text of a system error, without its number.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Opens a folder for listing. The handle of a [`Dir`] only serves to resolve paths.
fn readable(dir: &Dir) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(dir, c".", flags, Mode::empty())?)
}

/// Syncs the names in a folder to the disk.
fn sync(dir: &Dir) -> io::Result<()> {
    sync_folder(&readable(dir)?)
}

/// Syncs the names in a folder that is open for reading.
fn sync_folder(folder: &OwnedFd) -> io::Result<()> {
    match fsync(folder) {
        // Some network file systems, and some of FUSE, can sync files only.
        Ok(()) | Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether the path is too long for any system call.
fn is_too_long(path: &RelPath) -> bool {
    // The encoded form of a path is never shorter than its bytes.
    path.as_str().len() > LONGEST_PATH && path.to_bytes().len() > LONGEST_PATH
}

pub(crate) fn on_disk(path: &RelPath) -> PathBuf {
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
