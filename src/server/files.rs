//! Libraries: the only way to a user's files. Each root is opened once, and no path can lead out of it.

mod scan;
mod walk;

use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cap_fs_ext::{FollowSymlinks, MetadataExt, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions};

pub use scan::scan;
pub use walk::{Found, inspect, walk};

use super::error::StartError;
use super::rows::PlannedFile;
use crate::model::library::EntryKind;
use crate::model::{RelPath, SkipReason};

/// A named root folder.
#[derive(Debug)]
pub struct Library {
    /// Its name.
    pub name: String,
    root: Dir,
}

/// A file that was opened, and what it was at that moment.
#[derive(Debug)]
pub struct OpenFile {
    /// For reading.
    pub file: cap_std::fs::File,
    stamp: Stamp,
}

/// What must stay the same while a file is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mtime_ns: i64,
}

/// Why a file cannot be worked on.
#[derive(Debug)]
pub enum OpenError {
    /// There is nothing to do.
    Skip(SkipReason),
    /// It cannot be read.
    Fail(String),
}

impl Library {
    /// Opens the root.
    pub fn open(name: &str, root: &Path) -> Result<Self, StartError> {
        let opened = Dir::open_ambient_dir(root, ambient_authority());
        let root = opened.map_err(|error| StartError(format!("cannot open the folder {}: {error}", root.display())))?;
        Ok(Library { name: name.to_owned(), root })
    }

    /// Opens a file that was planned, if it is still the same.
    pub fn open_file(&self, planned: &PlannedFile) -> Result<OpenFile, OpenError> {
        let path = on_disk(&planned.path);
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => OpenError::Skip(SkipReason::Missing),
            _ => OpenError::Fail(io_text(&error)),
        };
        match kind(&self.root.symlink_metadata(&path).map_err(fail)?) {
            EntryKind::File => {}
            EntryKind::Symlink => return Err(OpenError::Skip(SkipReason::Symlink)),
            // The plan lists a folder only if it could not look inside.
            EntryKind::Folder => return Err(OpenError::Fail("the folder could not be listed".into())),
            EntryKind::Other => return Err(OpenError::Skip(SkipReason::NotAFile)),
        }
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        let file = self.root.open_with(&path, &options).map_err(fail)?;
        let stamp = Stamp::of(&file.metadata().map_err(fail)?);
        if (stamp.size, stamp.mtime_ns) != (planned.size, planned.mtime_ns) {
            return Err(OpenError::Skip(SkipReason::Changed));
        }
        Ok(OpenFile { file, stamp })
    }

    /// A whole file of at most `limit` bytes, and when its content last changed, in nanoseconds since 1970.
    pub fn read(&self, path: &RelPath, limit: u64) -> io::Result<(Vec<u8>, i64)> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        let file = self.root.open_with(on_disk(path), &options)?;
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
        self.root.symlink_metadata(on_disk(path)).is_ok_and(|metadata| metadata.is_file())
    }

    /// A folder for reading its entries; the root for the empty path.
    fn folder(&self, path: &RelPath) -> io::Result<Dir> {
        if path.is_root() { self.root.try_clone() } else { self.root.open_dir(on_disk(path)) }
    }
}

impl OpenFile {
    /// Whether the file is still what it was when it was opened.
    pub fn is_unchanged(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp)
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
        Stamp { device: metadata.dev(), inode: metadata.ino(), size: metadata.len(), mtime_ns: mtime_ns(metadata) }
    }
}

/// What the system says of an error, without its number.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
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
