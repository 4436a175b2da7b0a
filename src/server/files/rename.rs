//! Names that change hands. No step overwrites a file of somebody else's, also on file systems that can do less than Linux asks:
//! some cannot exchange two names (NFS, most of FUSE), FAT and exFAT cannot give a file a second one either.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::{Library, fault};
use crate::model::Digest;

/// An entry of a folder.
pub(super) struct At {
    pub(super) dir: Dir,
    pub(super) name: OsString,
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

impl At {
    /// Exchanges two names; `false` if this file system cannot.
    pub(super) fn exchange(&self, with: &At) -> Result<bool, Errno> {
        known(renameat_with(&self.dir, &self.name, &with.dir, &with.name, RenameFlags::EXCHANGE))
    }

    /// Gives the file a second name, if that is free: `EXIST` otherwise; `false` if this file system cannot.
    pub(super) fn link(&self, second: &At) -> Result<bool, Errno> {
        match linkat(&self.dir, &self.name, &second.dir, &second.name, AtFlags::empty()) {
            Err(Errno::PERM) => Ok(false),
            other => known(other),
        }
    }

    /// Renames the file, over another one if there is one.
    pub(super) fn rename_over(&self, to: &At) -> Result<(), Errno> {
        renameat(&self.dir, &self.name, &to.dir, &to.name)
    }

    /// Renames the file, if the name is free: `EXIST` otherwise, and nothing has changed.
    pub(super) fn rename_new(&self, to: &At) -> Result<(), Errno> {
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
            to.remove().ok();
        })
    }

    /// Removes the name.
    pub(super) fn remove(&self) -> Result<(), Errno> {
        unlinkat(&self.dir, &self.name, AtFlags::empty())
    }

    /// Makes a file that keeps the name free for another one.
    fn hold(&self, by: &OsStr) -> Result<(), Errno> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(&self.dir, &self.name, flags, Mode::RUSR | Mode::WUSR)?;
        match rustix::io::write(&file, &held_for(by)) {
            Ok(_) => Ok(()),
            Err(error) => self.remove().and(Err(error)),
        }
    }
}

impl Library {
    /// What its file system can do; found out once, with empty files. `None` if nothing can be written here.
    pub fn swap(&self) -> Option<Swap> {
        *self.swap.get_or_init(|| {
            let at = |name: &str| self.root().try_clone().map(|dir| At { dir, name: name.into() });
            let (one, other) = (at(".headway-probe-1").ok()?, at(".headway-probe-2").ok()?);
            let made = [&one, &other].iter().all(|at| at.dir.create(&at.name).is_ok());
            let found = made.then(|| match one.exchange(&other) {
                Ok(false) => match other.remove().and_then(|()| one.link(&other)) {
                    Ok(false) => Swap::TwoMoves,
                    _ => Swap::SecondName,
                },
                _ => Swap::Exchange,
            });
            for at in [one, other] {
                at.remove().ok();
            }
            found
        })
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
