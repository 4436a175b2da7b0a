//! Moves on a real file system.

use std::collections::BTreeMap;
use std::io;

use rustix::io::Errno;

use super::super::rename::{At, held};
use super::super::{Found, Library, fails, fault, io_text, mtime_ns, on_disk};
use super::{Lies, Moves, Names, NotMade};
use crate::library::Verdict;
use cap_fs_ext::MetadataExt;
use cap_std::fs::Metadata;
use headway_model::{Move, RelPath, SkipReason};

/// All names of some moves, with what their steps need open. Taken before the moves are recorded, so that want of descriptors or of
/// memory is met while there is nothing to take back.
pub struct Reach {
    at: BTreeMap<RelPath, At>,
}

impl Library {
    /// Opens what the moves need, and makes the folders that are missing.
    pub fn reach_for(&self, moves: &Moves) -> io::Result<Reach> {
        let mut at = BTreeMap::new();
        for step in moves.steps() {
            let from = step.from.parent().unwrap_or_default();
            let to = step.to.parent().unwrap_or_default();
            for (path, dir) in [(&step.from, self.folder(&from)?), (&step.to, self.make_folder(&to, Some(&from))?)] {
                self.admit(&dir)?;
                let name = on_disk(path).file_name().unwrap_or_default().to_owned();
                at.insert(path.clone(), At::new(dir, name)?);
            }
        }
        Ok(Reach { at })
    }

    /// Makes the moves. With a reason to skip, nothing has changed. After an error it must be [settled](Library::settle) how far it
    /// came.
    pub fn make(&self, moves: &Moves, reach: &Reach) -> io::Result<Result<(), SkipReason>> {
        let made = match moves.make(reach) {
            Ok(()) => Ok(()),
            Err(NotMade::Skip(reason)) => Err(reason),
            Err(NotMade::Error(error) | NotMade::Open(error)) => return Err(error),
        };
        reach.sync(moves)?;
        fault("synced");
        Ok(made)
    }

    /// Brings moves to an end that a process did not live to see, by looking at the disk. An error if it cannot be looked at, or
    /// nothing can be moved: then it can be settled again.
    pub fn settle(&self, moves: &Moves) -> io::Result<Verdict> {
        if fails("judging") {
            return Err(Errno::MFILE.into());
        }
        let verdict = moves.settle(&Disk(self))?;
        if verdict != Verdict::TakenBack && !matches!(verdict, Verdict::Done(_)) {
            return Ok(verdict);
        }
        for path in moves.steps().iter().flat_map(|step| [&step.to, &step.from]) {
            // A folder that was to be made for a new name may be missing: then there is nothing in it to be synced.
            if let Some(at) = Found::of(self.at(path)).known()? {
                at.sync()?;
            }
        }
        Ok(verdict)
    }

    /// What lies under the names of moves, in words.
    pub(super) fn lying_of(&self, moves: &Moves) -> String {
        moves
            .whereabouts(&Disk(self))
            .unwrap_or_else(|error| format!("what lies there cannot be looked at ({})", io_text(&error)))
    }

    /// Whether the folder lists exactly this name. On a file system that ignores case, a file is found by more names than are listed.
    pub fn lists(&self, path: &RelPath) -> io::Result<bool> {
        if self.find(path).known()?.is_none() {
            return Ok(false);
        }
        let wanted = on_disk(path);
        let dir = self.folder(&path.parent().unwrap_or_default())?;
        for entry in dir.entries()? {
            if Some(entry?.file_name().as_os_str()) == wanted.file_name() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Reach {
    fn at(&self, path: &RelPath) -> Result<&At, Errno> {
        self.at.get(path).ok_or(Errno::NOENT)
    }

    /// Brings the names to the disk: each folder once, those of the new names first.
    fn sync(&self, moves: &Moves) -> io::Result<()> {
        let mut synced = Vec::new();
        for path in moves.steps().iter().map(|step| &step.to).chain(moves.steps().iter().map(|step| &step.from)) {
            let folder = path.parent();
            if !synced.contains(&folder) {
                self.at(path)?.sync()?;
                synced.push(folder);
            }
        }
        Ok(())
    }
}

/// While the moves are made. Contents were compared before.
impl Names for Reach {
    fn lies(&self, name: &RelPath, file: &Move, _: &[&RelPath]) -> io::Result<Lies> {
        let at = self.at(name)?;
        let found = Found::of(at.dir.symlink_metadata(&at.name)).known()?;
        Ok(found.map_or(Lies::Nothing, |found| if is_like(&found, file) { ours(&found) } else { Lies::Theirs }))
    }

    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno> {
        self.at(from)?.rename_new(self.at(to)?)
    }

    fn remove(&self, name: &RelPath) -> Result<(), Errno> {
        self.at(name)?.remove()
    }
}

/// After a crash: each name is looked up in its folder's list, and contents are compared where they are known.
struct Disk<'a>(&'a Library);

impl Names for Disk<'_> {
    fn lies(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<Lies> {
        let Disk(library) = self;
        let Some(found) = library.find(name).known()? else { return Ok(Lies::Nothing) };
        if !library.lists(name)? {
            return Ok(Lies::Nothing);
        }
        if is_like(&found, file) && (file.hash.is_none() || library.content(name)? == file.hash) {
            return Ok(ours(&found));
        }
        let holds = |content, by: &RelPath| on_disk(by).file_name().is_some_and(|by| held(by) == content);
        let is_small = found.is_file() && found.len() <= HELD_LIMIT;
        let content = if is_small { library.content(name)? } else { None };
        let is_held = content.is_some_and(|content| names.iter().any(|by| holds(content, by)));
        Ok(if is_held { Lies::Held } else { Lies::Theirs })
    }

    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno> {
        let at = |path| self.0.at(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
        at(from)?.rename_new(&at(to)?)
    }

    fn remove(&self, name: &RelPath) -> Result<(), Errno> {
        let at = self.0.at(name).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        at.remove()
    }
}

/// What only keeps a name free is never larger, in bytes.
const HELD_LIMIT: u64 = 512;

fn is_like(found: &Metadata, file: &Move) -> bool {
    found.is_file() && (found.len(), mtime_ns(found)) == (file.size, file.mtime_ns)
}

fn ours(found: &Metadata) -> Lies {
    Lies::Ours { device: MetadataExt::dev(found), inode: MetadataExt::ino(found) }
}
