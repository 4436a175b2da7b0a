//! The steps of a change of names. None overwrites somebody else's file, even on file systems with fewer
//! abilities: some cannot exchange two names (NFS, most of FUSE), and FAT and exFAT cannot give a file a second name
//! either.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::calls::{linkat, openat, renameat, renameat_with, unlinkat};
use super::{fault, readable, sync_folder};
use headway_model::Digest;

/// An entry of a folder. Everything that its calls need is open.
pub(super) struct FolderEntry {
    pub(super) dir: Dir,
    pub(super) name: OsString,
    /// The folder, to be synced.
    folder: OwnedFd,
}

/// How an output takes the name of its original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// The two names are exchanged in one step.
    Exchange,
    /// The original gets a second name in the trash; then the output takes the original's first name in one step.
    SecondName,
    /// The original is moved to the trash; then the output gets its name. For a moment nothing has that name.
    TwoMoves,
}

impl FolderEntry {
    pub(super) fn new(dir: Dir, name: OsString) -> io::Result<FolderEntry> {
        Ok(FolderEntry { folder: readable(&dir)?, dir, name })
    }

    /// Syncs the folder to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_folder(&self.folder)
    }

    /// Exchanges two names; returns `false` if this file system cannot.
    pub(super) fn exchange(&self, with: &FolderEntry) -> Result<bool, Errno> {
        is_supported(renameat_with(&self.dir, &self.name, &with.dir, &with.name, RenameFlags::EXCHANGE))
    }

    /// Gives the file a second name. Fails with `EXIST` if that name is taken; returns `false` if this file system
    /// cannot do it.
    pub(super) fn link(&self, second: &FolderEntry) -> Result<bool, Errno> {
        match linkat(&self.dir, &self.name, &second.dir, &second.name) {
            Err(Errno::PERM) => Ok(false),
            other => is_supported(other),
        }
    }

    /// Renames the file, replacing any file that has the new name.
    pub(super) fn rename_over(&self, to: &FolderEntry) -> Result<(), Errno> {
        renameat(&self.dir, &self.name, &to.dir, &to.name)
    }

    /// Renames the file if the new name is free; otherwise fails with `EXIST` and changes nothing.
    pub(super) fn rename_new(&self, to: &FolderEntry) -> Result<(), Errno> {
        if is_supported(renameat_with(&self.dir, &self.name, &to.dir, &to.name, RenameFlags::NOREPLACE))? {
            return Ok(());
        }
        if self.link(to)? {
            return self.remove();
        }
        // Creating a file fails in the same way if the name is taken. Our own placeholder can then be overwritten.
        to.hold(&self.name)?;
        fault("held");
        self.rename_over(to).inspect_err(|_| {
            // If it stays there, it is recognised as ours by its content.
            to.remove().ok();
        })
    }

    /// Removes the name.
    pub(super) fn remove(&self) -> Result<(), Errno> {
        unlinkat(&self.dir, &self.name, AtFlags::empty())
    }

    /// Creates an empty file under this name, which must be free.
    pub(super) fn make(&self) -> Result<(), Errno> {
        self.create().map(drop)
    }

    fn create(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        openat(&self.dir, &self.name, flags, Mode::RUSR | Mode::WUSR)
    }

    /// Creates a placeholder that keeps the name free for another file.
    fn hold(&self, by: &OsStr) -> Result<(), Errno> {
        let file = self.create()?;
        match rustix::io::write(&file, &held_for(by)) {
            Ok(_) => Ok(()),
            Err(error) => self.remove().and(Err(error)),
        }
    }
}

/// The hash of the content of a placeholder for the file `by`.
pub(super) fn held(by: &OsStr) -> Digest {
    Digest::of(&held_for(by))
}

fn held_for(by: &OsStr) -> Vec<u8> {
    [b"this name is held for ", by.as_bytes(), b"\n"].concat()
}

/// Returns `false` if the file system does not support the call.
fn is_supported(done: Result<(), Errno>) -> Result<bool, Errno> {
    match done {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error),
    }
}
