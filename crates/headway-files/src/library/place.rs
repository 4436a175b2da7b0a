//! Putting an output into place: in one step where the file system can, so that the name is never empty, and no half-written
//! file is ever seen.
//!
//! A `Placement` is durable in the log before the first rename. If the process dies on the way, looking at the disk says how far
//! it came: contents are told apart by their hashes.

use std::io;

use rustix::io::Errno;

use super::rename::{At, held};
use super::{Library, OpenFile, Stamp, fails, fault, io_text, on_disk};
use headway_model::{Digest, Effect, JobEvent, PauseReason, RelPath, SkipReason};

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
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, or was brought to its end: the new file is in place, the old one in the trash.
    Done(Effect),
    /// It had not begun, or the original is back; the temporary file is removed.
    TakenBack,
    /// What lies there is neither; nothing was touched.
    Conflict(String),
    /// It cannot be looked at now, for this reason: nothing is known, and it is judged when that has passed.
    NotKnown(PauseReason),
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

/// The three names of a placement, with all that its steps need open. Taken before it is recorded, so that want of descriptors or
/// of memory is met while there is nothing to take back.
pub struct Ground {
    temp: At,
    target: At,
    trash: Option<At>,
}

/// What lies under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lies {
    Nothing,
    /// A regular file with this content.
    Content(Digest),
    /// Something that is no regular file.
    Other,
}

impl Lies {
    fn is(self, content: Option<Digest>) -> bool {
        content.is_some_and(|content| self == Lies::Content(content))
    }
}

impl Library {
    /// Whether a file is still at its path, and as it was when it was opened; an error if that is not known.
    pub fn is_still(&self, path: &RelPath, opened: &OpenFile) -> io::Result<bool> {
        let found = self.find(path).known()?;
        Ok(opened.is_unchanged()? && found.is_some_and(|found| Stamp::of(&found) == opened.stamp))
    }

    /// Opens what a placement needs.
    pub fn ground(&self, placement: &Placement) -> io::Result<Ground> {
        Ok(Ground {
            temp: self.at(&placement.temp)?,
            target: self.at(&placement.target)?,
            trash: placement.trash.as_ref().map(|trash| self.at(trash)).transpose()?,
        })
    }

    /// Puts the output into place. `original` is the file to be replaced, as it was read. With a reason to skip, nothing has
    /// changed but that the output is gone.
    pub fn place(
        &self,
        placement: &Placement,
        ground: &Ground,
        original: &OpenFile,
    ) -> io::Result<Result<(), SkipReason>> {
        let Ground { temp, target, trash } = ground;
        let taken = match trash {
            None => match temp.rename_new(target) {
                Ok(()) => Ok(()),
                Err(Errno::EXIST) => Err(SkipReason::Collision),
                Err(error) => return Err(error.into()),
            },
            Some(trash) => swap(temp, target, trash, original)?,
        };
        if let Err(reason) = taken {
            self.removed(&placement.temp, temp.remove().map_err(io::Error::from));
            return Ok(Err(reason));
        }
        fault("placed");
        for changed in [target].into_iter().chain(trash) {
            changed.sync()?;
        }
        fault("synced");
        Ok(Ok(()))
    }

    /// Brings an interrupted placement to an end, as the contract says: by looking, by hash. An error if what lies there cannot be
    /// looked at, or not be moved: then it is as it was, and can be judged again.
    pub fn judge(&self, placement: &Placement) -> io::Result<Verdict> {
        if fails("judging") {
            return Err(Errno::MFILE.into());
        }
        let Placement { temp, target, trash, old, new } = placement;
        let (at_temp, mut at_target) = (self.lies(temp)?, self.lies(target)?);
        let at_trash = trash.as_ref().map(|trash| self.lies(trash)).transpose()?.unwrap_or(Lies::Nothing);
        // What keeps the name free for the output is ours. It is empty for a moment; where an original has just left, too.
        let (held, empty) = (on_disk(temp).file_name().map(held), Some(Digest::of(b"")));
        if at_target.is(held) || at_target.is(empty) && at_trash.is(*old) && !at_target.is(Some(*new)) {
            self.at(target)?.remove()?;
            at_target = Lies::Nothing;
        }
        let (new, old) = (Some(*new), *old);
        // It is the output, or nothing: that it stays for a while does no harm.
        let remove_temp = || match self.at(temp) {
            Ok(at) => self.removed(temp, at.remove().map_err(io::Error::from).and_then(|()| at.sync())),
            Err(error) => self.removed(temp, Err(error)),
        };
        let done = || Ok(Verdict::Done(placement.effect()));
        let Some(trash) = trash else {
            return match (at_target.is(new), at_temp) {
                (true, Lies::Nothing) => done(),
                // Nothing lies there, or somebody else's file: the item meets it again, and says so.
                (false, Lies::Nothing) => Ok(Verdict::TakenBack),
                (is_placed, at_temp) if at_temp.is(new) => {
                    remove_temp();
                    if is_placed { done() } else { Ok(Verdict::TakenBack) }
                }
                _ => Ok(Verdict::Conflict(untouched(lying(placement, [&Ok(at_target), &Ok(at_temp), &Ok(at_trash)])))),
            };
        };
        if at_target.is(old)
            && (at_temp.is(new) || at_temp == Lies::Nothing)
            && (at_trash.is(old) || at_trash == Lies::Nothing)
        {
            // If it came as far as a second name for the original, that name goes again. (By content, for there are file
            // systems on which two names of a file have two inode numbers. No other attempt has a file of this name.)
            if at_trash.is(old) {
                self.at(trash)?.remove()?;
            }
            remove_temp();
            return Ok(Verdict::TakenBack);
        }
        // The original has gone to the trash, and nothing has come yet.
        if at_target == Lies::Nothing && at_trash.is(old) {
            let (at, target, trash) = (self.at(temp)?, self.at(target)?, self.at(trash)?);
            if fill(&at, &target, &trash, at_temp.is(new))? {
                return done();
            }
            if at_temp.is(new) {
                remove_temp();
            }
            return Ok(Verdict::TakenBack);
        }
        if at_target.is(new) && at_temp.is(old) && at_trash == Lies::Nothing {
            self.move_to_trash(temp, trash)?;
            return done();
        }
        if at_target.is(new) && at_trash.is(old) && at_temp == Lies::Nothing {
            return done();
        }
        Ok(Verdict::Conflict(untouched(lying(placement, [&Ok(at_target), &Ok(at_temp), &Ok(at_trash)]))))
    }

    /// Moves a file into a trash, where nothing of its name is.
    pub fn move_to_trash(&self, path: &RelPath, trash: &RelPath) -> io::Result<()> {
        let (from, to) = (self.at(path)?, self.at(trash)?);
        from.rename_new(&to)?;
        from.sync()?;
        to.sync()
    }

    /// What lies where of a placement that could not be brought to its end, in words.
    pub fn whereabouts(&self, placement: &Placement) -> String {
        let trash = placement.trash.as_ref().map_or(Ok(Lies::Nothing), |trash| self.lies(trash));
        lying(placement, [&self.lies(&placement.target), &self.lies(&placement.temp), &trash])
    }

    /// The hash of a file's content; `None` if there is nothing of that name.
    pub fn hash(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        self.open_plain(path).known()?.map(|opened| opened.hash()).transpose()
    }

    /// The hash of the regular file of this name; `None` if there is none.
    pub fn content(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        Ok(match self.lies(path)? {
            Lies::Content(content) => Some(content),
            Lies::Nothing | Lies::Other => None,
        })
    }

    /// What lies under a name; an error if that is not known.
    fn lies(&self, path: &RelPath) -> io::Result<Lies> {
        match self.find(path).known()? {
            None => Ok(Lies::Nothing),
            Some(found) if found.is_file() => Ok(self.hash(path)?.map_or(Lies::Nothing, Lies::Content)),
            Some(_) => Ok(Lies::Other),
        }
    }

    fn at(&self, path: &RelPath) -> io::Result<At> {
        let dir = self.folder(&path.parent().unwrap_or_default())?;
        At::new(dir, on_disk(path).file_name().unwrap_or_default().to_owned())
    }
}

/// How a swap ended: by a reason to skip all is as it was.
type Swapped = Result<(), SkipReason>;

/// The output takes the name of its original, which lies in the trash then. With a reason to skip, all is as it was.
fn swap(temp: &At, target: &At, trash: &At, original: &OpenFile) -> io::Result<Swapped> {
    for way in [by_exchange, by_second_name] {
        if let Some(swapped) = way(temp, target, trash, original)? {
            return Ok(swapped);
        }
    }
    by_two_moves(temp, target, trash, original)
}

/// Whether another file than the original has this name. Somebody may have put it there since it was looked at: then theirs stays.
fn is_theirs(at: &At, original: &OpenFile) -> io::Result<bool> {
    Ok(!same_file(&stamp(at)?, &original.stamp))
}

fn stamp(at: &At) -> io::Result<Stamp> {
    Ok(Stamp::of(&at.dir.symlink_metadata(&at.name)?))
}

/// `None` if this file system cannot.
fn by_exchange(temp: &At, target: &At, trash: &At, original: &OpenFile) -> io::Result<Option<Swapped>> {
    let output = stamp(temp)?;
    match unless_missing(temp.exchange(target))? {
        None => return Ok(Some(Err(SkipReason::Missing))),
        Some(false) => return Ok(None),
        Some(true) => {}
    }
    fault("exchanged");
    if is_theirs(temp, original)? {
        temp.exchange(target)?;
        // What has come back is removed by the caller, so it must be the output: between the two exchanges somebody may have put
        // one more file there.
        if !same_file(&stamp(temp)?, &output) {
            return Err(io::Error::other("another program changed it twice in the same moment"));
        }
        return Ok(Some(Err(SkipReason::Changed)));
    }
    temp.rename_new(trash)?;
    Ok(Some(Ok(())))
}

/// The same; between the last look and the rename another program's file could be lost, so nothing slow stands between them.
fn by_second_name(temp: &At, target: &At, trash: &At, original: &OpenFile) -> io::Result<Option<Swapped>> {
    match unless_missing(target.link(trash))? {
        None => return Ok(Some(Err(SkipReason::Missing))),
        Some(false) => return Ok(None),
        Some(true) => {}
    }
    fault("linked");
    trash.sync()?;
    if is_theirs(trash, original)? || is_theirs(target, original)? {
        trash.remove()?;
        return Ok(Some(Err(SkipReason::Changed)));
    }
    temp.rename_over(target)?;
    Ok(Some(Ok(())))
}

/// Every file system can: for a moment nothing has the name.
fn by_two_moves(temp: &At, target: &At, trash: &At, original: &OpenFile) -> io::Result<Swapped> {
    // The name in the trash is this attempt's alone.
    let Some(()) = unless_missing(target.rename_over(trash))? else { return Ok(Err(SkipReason::Missing)) };
    fault("moved");
    if is_theirs(trash, original)? {
        trash.rename_new(target)?;
        return Ok(Err(SkipReason::Changed));
    }
    trash.sync()?;
    temp.rename_new(target)?;
    Ok(Ok(()))
}

/// Fills a name that nothing has: by the output, if that is whole and can have it, else by the original again. Whether by the
/// output.
fn fill(temp: &At, target: &At, trash: &At, whole: bool) -> io::Result<bool> {
    // Whyever it cannot, the original can come back.
    let filled = whole && temp.rename_new(target).is_ok();
    if !filled {
        trash.rename_new(target)?;
    }
    target.sync()?;
    trash.sync()?;
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

/// What lies at target, temporary name and trash, in words.
fn lying(placement: &Placement, [target, temp, trash]: [&io::Result<Lies>; 3]) -> String {
    let lies = |path: &RelPath, found: &io::Result<Lies>| match found {
        Ok(Lies::Nothing) => format!("nothing at {}", path.shown()),
        Ok(found) if found.is(placement.old) => format!("the original at {}", path.shown()),
        Ok(found) if found.is(Some(placement.new)) => format!("the output at {}", path.shown()),
        Ok(Lies::Content(_)) => format!("another file at {}", path.shown()),
        Ok(Lies::Other) => format!("something that is no file at {}", path.shown()),
        Err(error) => format!("what cannot be looked at ({}) at {}", io_text(error), path.shown()),
    };
    let mut lie = vec![lies(&placement.target, target), lies(&placement.temp, temp)];
    lie.extend(placement.trash.as_ref().map(|path| lies(path, trash)));
    format!("there is {}", lie.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::fault::MEANWHILE;
    use headway_model::PlannedFile;

    /// An original, its output, and a name in the trash.
    fn three(library: &Library) -> (OpenFile, [At; 3]) {
        for (name, content) in [("file", "original"), ("temp", "output")] {
            std::fs::write(library.path.join(name), content).expect("a file");
        }
        std::fs::create_dir(library.path.join("trash")).expect("a folder");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let (size, mtime_ns) = library.size_and_time(&path("file")).known().expect("known").expect("there");
        let planned = PlannedFile { path: path("file"), size, mtime_ns, rerun: None };
        let original = library.open_file(&planned).unwrap_or_else(|_| panic!("it can be opened"));
        (original, ["temp", "file", "trash/file"].map(|name| library.at(&path(name)).expect("a folder")))
    }

    /// Another program's file takes the name at this point.
    fn meanwhile(library: &Library, point: &'static str) {
        let (theirs, target) = (library.path.join("theirs"), library.path.join("file"));
        MEANWHILE.set(Some(Box::new(move |at| {
            if at == point {
                std::fs::write(&theirs, "theirs").and_then(|()| std::fs::rename(&theirs, &target)).expect("a file");
            }
        })));
    }

    fn library() -> (tempfile::TempDir, Library) {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        (folder, library)
    }

    #[test]
    fn a_file_that_comes_between_two_exchanges_is_never_taken_for_the_output() {
        let (_folder, library) = library();
        let (original, [temp, target, trash]) = three(&library);
        let first = library.path.join("first");
        std::fs::write(&first, "first")
            .and_then(|()| std::fs::rename(&first, library.path.join("file")))
            .expect("a file");
        meanwhile(&library, "exchanged");
        let swapped = by_exchange(&temp, &target, &trash, &original);
        MEANWHILE.set(None);
        assert!(swapped.is_err(), "the caller would remove what lies under the temporary name");
        let content = |name: &str| std::fs::read_to_string(library.path.join(name)).expect("a file");
        assert_eq!((content("file"), content("temp")), ("first".into(), "theirs".into()));
    }

    #[test]
    fn a_file_that_comes_after_the_second_name_is_not_overwritten() {
        let (_folder, library) = library();
        let (original, [temp, target, trash]) = three(&library);
        meanwhile(&library, "linked");
        let swapped = by_second_name(&temp, &target, &trash, &original).expect("it can be looked at");
        MEANWHILE.set(None);
        assert_eq!(swapped, Some(Err(SkipReason::Changed)));
        assert_eq!(std::fs::read_to_string(library.path.join("file")).expect("a file"), "theirs");
        assert!(!library.path.join("trash/file").exists());
    }
}
