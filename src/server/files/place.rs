//! Putting an output into place: in one step where the file system can, so that the name is never empty, and no half-written
//! file is ever seen.
//!
//! A `Placement` is durable in the log before the first rename. If the process dies on the way, looking at the disk says how far
//! it came: contents are told apart by their hashes.

use std::io;

use rustix::io::Errno;

use super::rename::{At, held};
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
    /// It had not begun, or the original is back; the temporary file is removed.
    TakenBack,
    /// What lies there is neither; nothing was touched.
    Conflict(String),
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
        let trash = placement.trash.as_ref().map(|trash| self.at(trash)).transpose()?;
        let taken = match &trash {
            None => match temp.rename_new(&target) {
                Ok(()) => Ok(()),
                Err(Errno::EXIST) => Err(SkipReason::Collision),
                Err(error) => return Err(error.into()),
            },
            Some(trash) => swap(&temp, &target, trash, original)?,
        };
        if let Err(reason) = taken {
            unless_missing(temp.remove())?;
            return Ok(Err(reason));
        }
        fault("placed");
        for changed in [&target].into_iter().chain(&trash) {
            sync(&changed.dir)?;
        }
        fault("synced");
        Ok(Ok(()))
    }

    /// Brings an interrupted placement to an end, as the contract says: by looking, by hash.
    pub fn judge(&self, placement: &Placement) -> io::Result<Verdict> {
        let Placement { temp, target, trash, old, new } = placement;
        let lies = |path: &RelPath| self.content(path);
        let (at_temp, mut at_target) = (lies(temp)?, lies(target)?);
        let at_trash = trash.as_ref().map(lies).transpose()?.flatten();
        let is = |found: Option<Digest>, wanted: Option<Digest>| found.is_some() && found == wanted;
        // What keeps the name free for the output is ours. It is empty for a moment; where an original has just left, too.
        let (held, empty) = (on_disk(temp).file_name().map(held), Some(Digest::of(b"")));
        if is(at_target, held) || is(at_target, empty) && is(at_trash, *old) && at_target != Some(*new) {
            self.at(target)?.remove()?;
            at_target = None;
        }
        let (new, old) = (Some(*new), *old);
        let remove_temp = || {
            let temp = self.at(temp)?;
            temp.remove()?;
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
                self.at(trash)?.remove()?;
            }
            remove_temp()?;
            return Ok(Verdict::TakenBack);
        }
        // The original has gone to the trash, and nothing has come yet.
        if at_target.is_none() && is(at_trash, old) {
            let (temp, target, trash) = (self.at(temp)?, self.at(target)?, self.at(trash)?);
            let filled = fill(&temp, &target, &trash, is(at_temp, new))?;
            return Ok(if filled { Verdict::Done(placement.effect()) } else { Verdict::TakenBack });
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
        from.rename_new(&to)?;
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

/// The output takes the name of its original, which lies in the trash then. With a reason to skip, all is as it was.
fn swap(temp: &At, target: &At, trash: &At, original: &OpenFile) -> io::Result<Result<(), SkipReason>> {
    // Somebody may have put another file there since it was looked at: then theirs stays.
    let is_theirs = |at: &At| {
        let found = Stamp::of(&at.dir.symlink_metadata(&at.name)?);
        Ok::<_, io::Error>(!same_file(&found, &original.stamp))
    };
    let Some(exchanged) = unless_missing(temp.exchange(target))? else { return Ok(Err(SkipReason::Missing)) };
    if exchanged {
        fault("exchanged");
        if is_theirs(temp)? {
            temp.exchange(target)?;
            return Ok(Err(SkipReason::Changed));
        }
        temp.rename_new(trash)?;
        return Ok(Ok(()));
    }
    let Some(linked) = unless_missing(target.link(trash))? else { return Ok(Err(SkipReason::Missing)) };
    if linked {
        fault("linked");
        if is_theirs(trash)? {
            trash.remove()?;
            return Ok(Err(SkipReason::Changed));
        }
        sync(&trash.dir)?;
        temp.rename_over(target)?;
        return Ok(Ok(()));
    }
    // The name in the trash is this attempt's alone.
    let Some(()) = unless_missing(target.rename_over(trash))? else { return Ok(Err(SkipReason::Missing)) };
    fault("moved");
    if is_theirs(trash)? {
        trash.rename_new(target)?;
        return Ok(Err(SkipReason::Changed));
    }
    sync(&trash.dir)?;
    temp.rename_new(target)?;
    Ok(Ok(()))
}

/// Fills a name that nothing has: by the output, if that is whole and can have it, else by the original again. Whether by the
/// output.
fn fill(temp: &At, target: &At, trash: &At, whole: bool) -> io::Result<bool> {
    let filled = whole && temp.rename_new(target).is_ok();
    if !filled {
        trash.rename_new(target)?;
        if whole {
            temp.remove()?;
        }
    }
    sync(&target.dir)?;
    sync(&trash.dir)?;
    Ok(filled)
}

/// `None` if there is nothing of that name.
fn unless_missing<T>(done: Result<T, Errno>) -> io::Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
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
