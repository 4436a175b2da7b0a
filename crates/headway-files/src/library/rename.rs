//! Names that change hands. No step overwrites a file of somebody else's, also on file systems that can do less than Linux asks:
//! some cannot exchange two names (NFS, most of FUSE), FAT and exFAT cannot give a file a second one either.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::{fault, readable, sync_folder};
use headway_model::Digest;

/// An entry of a folder. All that its calls need is open.
pub(super) struct FolderEntry {
    pub(super) dir: Dir,
    pub(super) name: OsString,
    /// The folder, to be synced.
    folder: OwnedFd,
}

/// How an output takes the name of its original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// The two names are exchanged, in one step.
    Exchange,
    /// The original gets a second name in the trash, then the output takes its first, in one step.
    SecondName,
    /// The original is moved to the trash, then the output gets its name: for a moment there is nothing of that name.
    TwoMoves,
}

impl FolderEntry {
    pub(super) fn new(dir: Dir, name: OsString) -> io::Result<FolderEntry> {
        Ok(FolderEntry { folder: readable(&dir)?, dir, name })
    }

    /// Brings the names in its folder to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_folder(&self.folder)
    }

    /// Exchanges two names; `false` if this file system cannot.
    pub(super) fn exchange(&self, with: &FolderEntry) -> Result<bool, Errno> {
        known(renameat_with(&self.dir, &self.name, &with.dir, &with.name, RenameFlags::EXCHANGE))
    }

    /// Gives the file a second name, if that is free: `EXIST` otherwise; `false` if this file system cannot.
    pub(super) fn link(&self, second: &FolderEntry) -> Result<bool, Errno> {
        match linkat(&self.dir, &self.name, &second.dir, &second.name, AtFlags::empty()) {
            Err(Errno::PERM) => Ok(false),
            other => known(other),
        }
    }

    /// Renames the file, over another one if there is one.
    pub(super) fn rename_over(&self, to: &FolderEntry) -> Result<(), Errno> {
        renameat(&self.dir, &self.name, &to.dir, &to.name)
    }

    /// Renames the file, if the name is free: `EXIST` otherwise, and nothing has changed.
    pub(super) fn rename_new(&self, to: &FolderEntry) -> Result<(), Errno> {
        if known(renameat_with(&self.dir, &self.name, &to.dir, &to.name, RenameFlags::NOREPLACE))? {
            return Ok(());
        }
        if self.link(to)? {
            return self.remove();
        }
        // To make a file is refused just the same where there is one; ours may then be overwritten.
        to.hold(&self.name)?;
        fault("held");
        self.rename_over(to).inspect_err(|_| {
            // What stays there then is known as ours by its content.
            to.remove().ok();
        })
    }

    /// Removes the name.
    pub(super) fn remove(&self) -> Result<(), Errno> {
        unlinkat(&self.dir, &self.name, AtFlags::empty())
    }

    /// Makes an empty file of that name, which nothing has.
    pub(super) fn make(&self) -> Result<(), Errno> {
        self.create().map(drop)
    }

    fn create(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        openat(&self.dir, &self.name, flags, Mode::RUSR | Mode::WUSR)
    }

    /// Makes a file that keeps the name free for another one.
    fn hold(&self, by: &OsStr) -> Result<(), Errno> {
        let file = self.create()?;
        match rustix::io::write(&file, &held_for(by)) {
            Ok(_) => Ok(()),
            Err(error) => self.remove().and(Err(error)),
        }
    }
}

/// The content of a file that only keeps a name free for the file `by`, hashed.
pub(super) fn held(by: &OsStr) -> Digest {
    Digest::of(&held_for(by))
}

fn held_for(by: &OsStr) -> Vec<u8> {
    [b"this name is held for ", by.as_bytes(), b"\n"].concat()
}

/// `false` if the file system does not know how to do it.
fn known(done: Result<(), Errno>) -> Result<bool, Errno> {
    match done {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error),
    }
}
