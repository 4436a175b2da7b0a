//! Which folder a root is, however its path or its device number changes.

mod mounted;

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt};

use crate::library::calls::again;
use crate::library::environment::uninterrupted;
use crate::library::folder_calls::FolderCalls;

/// Identifies a folder: by the id of its file system, which for most file systems stays the same wherever the disk is
/// plugged in, and by its inode. See `f_fsid` in statfs(2). Where that is 0, as for FUSE, by what is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The id of the file system; 0 if it has none, and nothing else identifies it.
    pub file_system: u64,
    /// The inode of the folder.
    pub inode: u64,
}

impl Identity {
    /// The identity of an open folder.
    pub(super) fn of(dir: &Dir) -> io::Result<Self> {
        let file_system = match file_system_of(dir)? {
            0 => mounted::source_id(dir)?,
            id => id,
        };
        Ok(Identity { file_system, inode: dir.own_metadata()?.ino() })
    }

    /// Whether both are the same folder; `None` if nothing identifies the file system of either.
    pub fn is_same(&self, other: &Identity) -> Option<bool> {
        match self == other {
            true if self.file_system == 0 => None,
            is_same => Some(is_same),
        }
    }

    /// Whether both are known to be the same folder.
    pub fn is_surely(&self, other: &Identity) -> bool {
        self.is_same(other) == Some(true)
    }

    /// The identity of the folder at a path. Blocking.
    pub fn at(path: &Path) -> io::Result<Self> {
        Identity::of(&uninterrupted(|| Dir::open_ambient_dir(path, ambient_authority()))?)
    }
}

/// The id of the file system of an open file or folder; 0 if it has none.
pub(in crate::library) fn file_system_of(opened: impl AsFd) -> io::Result<u64> {
    // `f_fsid` is two numbers, whose types differ from system to system.
    let parts = format!("{:?}", again(|| rustix::fs::fstatfs(&opened))?.f_fsid);
    let parts = parts.split(|char: char| !char.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    Ok(parts.fold(0, |all, part| all << 32 | u64::from(part)))
}
