//! Putting an output into place: in one step, so that the name is never empty and no half-written file is ever seen.
//!
//! A `Placement` is durable in the log before the first rename. If the process dies on the way, looking at the disk says how far
//! it came: contents are told apart by their hashes.

use std::ffi::OsString;
use std::io;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::stage::hash;
use super::{Library, OpenFile, Stamp, fault, on_disk, sync};
use crate::model::{Digest, Effect, JobEvent, RelPath, SkipReason};

/// What a `placing` event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The temporary file.
    pub temp: RelPath,
    /// The name it gets.
    pub target: RelPath,
    /// Where the old file goes, if there is one.
    pub trash: Option<RelPath>,
    /// Hash of the old content, if there is one.
    pub old: Option<Digest>,
    /// Hash of the new content.
    pub new: Digest,
}

/// How far an interrupted placement came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, or was brought to its end: the new file is in place, the old one in the trash.
    Done(Effect),
    /// It had not begun; the temporary file is removed.
    TakenBack,
    /// What lies there is neither; nothing was touched.
    Conflict(String),
}

/// An entry of a folder.
struct At {
    dir: Dir,
    name: OsString,
}

impl Placement {
    /// As an event.
    pub fn event(&self, item: u32, attempt: u32) -> JobEvent {
        JobEvent::Placing {
            item,
            attempt,
            temp: self.temp.to_string(),
            target: self.target.to_string(),
            trash: self.trash.as_ref().map(ToString::to_string),
            old: self.old,
            new: self.new,
        }
    }

    /// Of an event; `None` of any other, or of one with a path that is none.
    pub fn of(event: &JobEvent) -> Option<Placement> {
        let JobEvent::Placing { temp, target, trash, old, new, .. } = event else { return None };
        let trash = trash.as_ref().map(|trash| trash.parse()).transpose().ok()?;
        Some(Placement { temp: temp.parse().ok()?, target: target.parse().ok()?, trash, old: *old, new: *new })
    }

    /// What it does to the disk.
    pub fn effect(&self) -> Effect {
        if self.trash.is_some() { Effect::Changed } else { Effect::Created }
    }
}

impl Library {
    /// Whether a file is still at its path, and as it was when it was opened.
    pub fn is_still(&self, path: &RelPath, opened: &OpenFile) -> bool {
        let found = self.root().symlink_metadata(on_disk(path));
        opened.is_unchanged() && found.is_ok_and(|found| Stamp::of(&found) == opened.stamp)
    }

    /// Puts the output into place. `original` is the file to be replaced, as it was read. With a reason to skip, nothing has
    /// changed but that the output is gone.
    pub fn place(&self, placement: &Placement, original: &OpenFile) -> io::Result<Result<(), SkipReason>> {
        let (temp, target) = (self.at(&placement.temp)?, self.at(&placement.target)?);
        let Some(trash) = &placement.trash else {
            let placed = renameat_with(&temp.dir, &temp.name, &target.dir, &target.name, RenameFlags::NOREPLACE);
            let placed = match placed {
                // This file system cannot; a link to a name that exists is refused just the same.
                Err(Errno::INVAL | Errno::NOSYS) => {
                    linkat(&temp.dir, &temp.name, &target.dir, &target.name, AtFlags::empty()).map(|()| {
                        unlinkat(&temp.dir, &temp.name, AtFlags::empty()).ok();
                    })
                }
                other => other,
            };
            match placed {
                Ok(()) => {}
                Err(Errno::EXIST) => {
                    unlinkat(&temp.dir, &temp.name, AtFlags::empty())?;
                    return Ok(Err(SkipReason::Collision));
                }
                Err(error) => return Err(error.into()),
            }
            fault("placed");
            sync(&target.dir)?;
            return Ok(Ok(()));
        };
        let trash = self.at(trash)?;
        match renameat_with(&temp.dir, &temp.name, &target.dir, &target.name, RenameFlags::EXCHANGE) {
            Ok(()) => {
                fault("exchanged");
                // Somebody may have put another file there since it was looked at: then theirs stays.
                let out = temp.dir.symlink_metadata(&temp.name)?;
                if !same_file(&Stamp::of(&out), &original.stamp) {
                    renameat_with(&temp.dir, &temp.name, &target.dir, &target.name, RenameFlags::EXCHANGE)?;
                    unlinkat(&temp.dir, &temp.name, AtFlags::empty())?;
                    return Ok(Err(SkipReason::Changed));
                }
                renameat_with(&temp.dir, &temp.name, &trash.dir, &trash.name, RenameFlags::NOREPLACE)?;
            }
            // This file system cannot exchange: a second name for the original, then over its first.
            Err(Errno::INVAL | Errno::NOSYS) => {
                linkat(&target.dir, &target.name, &trash.dir, &trash.name, AtFlags::empty())?;
                fault("linked");
                if !same_file(&Stamp::of(&trash.dir.symlink_metadata(&trash.name)?), &original.stamp) {
                    unlinkat(&trash.dir, &trash.name, AtFlags::empty())?;
                    unlinkat(&temp.dir, &temp.name, AtFlags::empty())?;
                    return Ok(Err(SkipReason::Changed));
                }
                sync(&trash.dir)?;
                renameat(&temp.dir, &temp.name, &target.dir, &target.name)?;
            }
            Err(Errno::NOENT) => {
                unlinkat(&temp.dir, &temp.name, AtFlags::empty()).ok();
                return Ok(Err(SkipReason::Missing));
            }
            Err(error) => return Err(error.into()),
        }
        fault("trashed");
        sync(&target.dir)?;
        sync(&trash.dir)?;
        fault("synced");
        Ok(Ok(()))
    }

    /// Whether two names here can be exchanged in one step; found out once, with two empty files. `None` if nothing can be
    /// written here.
    pub fn exchanges(&self) -> Option<bool> {
        *self.exchanges.get_or_init(|| {
            let root = self.root();
            let names = [".headway-probe-1", ".headway-probe-2"];
            let made = names.iter().all(|name| root.create(name).is_ok());
            let tried = made.then(|| renameat_with(&*root, names[0], &*root, names[1], RenameFlags::EXCHANGE));
            names.iter().for_each(|name| drop(root.remove_file(name)));
            tried.map(|tried| !matches!(tried, Err(Errno::INVAL | Errno::NOSYS)))
        })
    }

    /// Brings an interrupted placement to an end, as the contract says: by looking, by hash.
    pub fn judge(&self, placement: &Placement) -> io::Result<Verdict> {
        let Placement { temp, target, trash, old, new } = placement;
        let lies = |path: &RelPath| self.content(path);
        let (at_temp, at_target) = (lies(temp)?, lies(target)?);
        let at_trash = trash.as_ref().map(lies).transpose()?.flatten();
        let is = |found: Option<Digest>, wanted: Option<Digest>| found.is_some() && found == wanted;
        let (new, old) = (Some(*new), *old);
        let remove_temp = || {
            let temp = self.at(temp)?;
            temp.dir.remove_file(&temp.name)?;
            sync(&temp.dir)
        };
        let Some(trash) = trash else {
            return Ok(match (is(at_target, new), is(at_temp, new)) {
                (true, false) => Verdict::Done(placement.effect()),
                (true, true) => {
                    remove_temp()?;
                    Verdict::Done(placement.effect())
                }
                (false, true) => {
                    remove_temp()?;
                    Verdict::TakenBack
                }
                (false, false) => Verdict::Conflict(untouched(lying(placement, at_target, at_temp, None))),
            });
        };
        if is(at_target, old) && is(at_temp, new) {
            // If it came as far as a second name for the original, that name goes again. (By content, for there are file
            // systems on which two names of a file have two inode numbers. No other attempt has a file of this name.)
            if is(at_trash, old) {
                let trash = self.at(trash)?;
                trash.dir.remove_file(&trash.name)?;
            }
            remove_temp()?;
            return Ok(Verdict::TakenBack);
        }
        if is(at_target, new) && is(at_temp, old) && at_trash.is_none() {
            self.move_to_trash(temp, trash)?;
            return Ok(Verdict::Done(placement.effect()));
        }
        if is(at_target, new) && is(at_trash, old) && at_temp.is_none() {
            return Ok(Verdict::Done(placement.effect()));
        }
        Ok(Verdict::Conflict(untouched(lying(placement, at_target, at_temp, at_trash))))
    }

    /// Moves a file into a trash, where nothing of its name is.
    pub fn move_to_trash(&self, path: &RelPath, trash: &RelPath) -> io::Result<()> {
        let (from, to) = (self.at(path)?, self.at(trash)?);
        renameat_with(&from.dir, &from.name, &to.dir, &to.name, RenameFlags::NOREPLACE)?;
        sync(&from.dir)?;
        sync(&to.dir)
    }

    /// What lies where of a placement that could not be brought to its end, in words.
    pub fn whereabouts(&self, placement: &Placement) -> String {
        let lies = |path: &RelPath| self.content(path).ok().flatten();
        let trash = placement.trash.as_ref().and_then(lies);
        lying(placement, lies(&placement.target), lies(&placement.temp), trash)
    }

    /// The hash of a file's content.
    pub fn hash(&self, path: &RelPath) -> io::Result<Digest> {
        hash(&self.open_plain(path)?)
    }

    /// The hash of the regular file at a path; `None` if there is nothing, or something else.
    fn content(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        match self.root().symlink_metadata(on_disk(path)) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        self.hash(path).map(Some)
    }

    fn at(&self, path: &RelPath) -> io::Result<At> {
        let dir = self.folder(&path.parent().unwrap_or_default())?;
        let name = on_disk(path).file_name().unwrap_or_default().to_owned();
        Ok(At { dir, name })
    }
}

/// Whether it is the same file with the same content; a rename changes its ctime.
fn same_file(one: &Stamp, other: &Stamp) -> bool {
    let key = |stamp: &Stamp| (stamp.device, stamp.inode, stamp.size, stamp.mtime_ns);
    key(one) == key(other)
}

fn untouched(lying: String) -> String {
    format!("{lying}; nothing was touched")
}

fn lying(placement: &Placement, target: Option<Digest>, temp: Option<Digest>, trash: Option<Digest>) -> String {
    let lies = |path: &RelPath, found: Option<Digest>| {
        let what = match found {
            None => "nothing",
            Some(hash) if Some(hash) == placement.old => "the original",
            Some(hash) if hash == placement.new => "the output",
            Some(_) => "another file",
        };
        format!("{what} at {}", path.shown())
    };
    let mut lie = vec![lies(&placement.target, target), lies(&placement.temp, temp)];
    lie.extend(placement.trash.as_ref().map(|path| lies(path, trash)));
    format!("there is {}", lie.join(", "))
}
