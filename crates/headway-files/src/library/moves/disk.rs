//! Moves on a real file system.

use std::collections::BTreeMap;
use std::io;

use rustix::io::Errno;

use super::super::folder_calls::FolderCalls;
use super::super::folders_in_use::FolderInUse;
use super::super::rename::{FolderEntry, held};
use super::super::{Found, Library, fails, fault, io_text, mtime_ns, on_disk};
use super::{FileNames, Moves, NameState, NotMade};
use crate::library::{PlacementState, Prediction};
use cap_fs_ext::MetadataExt;
use cap_std::fs::Metadata;
use headway_model::{Move, RelPath, SkipReason};

/// All names of some moves, with everything open that their steps need. It is made before the moves are recorded, so
/// that a shortage of descriptors or memory shows while there is nothing to take back.
pub struct Reach {
    at: BTreeMap<RelPath, FolderEntry>,
    /// Until the files have their new names, the folders might be empty.
    _in_use: Vec<FolderInUse>,
}

impl Library {
    /// Opens what the moves need, and creates missing folders.
    pub fn reach_for(&self, moves: &Moves) -> io::Result<Reach> {
        let (mut at, mut in_use) = (BTreeMap::new(), Vec::new());
        for step in moves.steps() {
            let from = step.from.parent().unwrap_or_default();
            let to = step.to.parent().unwrap_or_default();
            in_use.push(self.in_use.begin(to.clone()));
            for (path, dir) in [(&step.from, self.folder(&from)?), (&step.to, self.make_folder(&to, Some(&from))?)] {
                // Only the engine itself can name a trash.
                if !path.parent().unwrap_or_default().is_reserved() {
                    self.admit(&dir)?;
                }
                let name = on_disk(path).file_name().unwrap_or_default().to_owned();
                at.insert(path.clone(), FolderEntry::new(dir, name)?);
            }
        }
        Ok(Reach { at, _in_use: in_use })
    }

    /// The folders that must be created for the new names, outermost first.
    pub fn missing_folders(&self, moves: &Moves) -> io::Result<Vec<RelPath>> {
        let mut missing = Vec::new();
        for step in moves.steps() {
            for folder in self.missing_above(&step.to)? {
                if !missing.contains(&folder) {
                    missing.push(folder);
                }
            }
        }
        Ok(missing)
    }

    /// Makes the moves. If it returns a reason to skip, nothing has changed. After an error, the moves must be
    /// [recovered](Library::recover_moves).
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

    /// Recovers moves that a process began before it died, by inspecting the disk. An error means that something cannot
    /// be inspected or moved now: they can be recovered again later.
    pub fn recover_moves(&self, moves: &Moves) -> io::Result<PlacementState> {
        if fails("recovering") {
            return Err(Errno::MFILE.into());
        }
        let state = moves.recover(&Disk(self))?;
        self.durably(state, moves.steps().iter().flat_map(|step| [&step.to, &step.from]))
    }

    /// What recovering moves would come to, as far as their names tell now. Touches nothing.
    pub(super) fn predict_moves(&self, moves: &Moves, path: &RelPath) -> io::Result<Prediction> {
        moves.predict(path, &Disk(self))
    }

    /// The inode number of a file; `None` if there is none.
    pub fn inode(&self, path: &RelPath) -> io::Result<Option<u64>> {
        Ok(self.find(path).known()?.map(|found| MetadataExt::ino(&found)))
    }

    /// Describes what is at each name of some moves.
    pub(super) fn lying_of(&self, moves: &Moves) -> String {
        moves
            .whereabouts(&Disk(self))
            .unwrap_or_else(|error| format!("what lies there cannot be looked at ({})", io_text(&error)))
    }

    /// Whether the folder lists exactly this name. A file system that ignores case finds a file under more names than
    /// it lists.
    pub fn lists(&self, path: &RelPath) -> io::Result<bool> {
        if self.find(path).known()?.is_none() {
            return Ok(false);
        }
        let wanted = on_disk(path);
        let dir = self.folder(&path.parent().unwrap_or_default())?;
        for entry in dir.list()? {
            if Some(entry?.file_name().as_os_str()) == wanted.file_name() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Reach {
    fn at(&self, path: &RelPath) -> Result<&FolderEntry, Errno> {
        self.at.get(path).ok_or(Errno::NOENT)
    }

    /// Syncs each folder once, those of the new names first.
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

/// Used while the moves are made, when contents have already been compared.
impl FileNames for Reach {
    fn state_at(&self, name: &RelPath, file: &Move, _: &[&RelPath]) -> io::Result<NameState> {
        let at = self.at(name)?;
        let found = Found::of(at.dir.look_at(&at.name)).known()?;
        Ok(found
            .map_or(NameState::Nothing, |found| if is_like(&found, file) { ours(&found) } else { NameState::Theirs }))
    }

    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno> {
        self.at(from)?.rename_new(self.at(to)?)
    }

    fn remove(&self, name: &RelPath) -> Result<(), Errno> {
        self.at(name)?.remove()
    }

    fn sync(&self, name: &RelPath) -> io::Result<()> {
        self.at(name)?.sync()
    }
}

/// Used after a crash: looks each name up in its folder's list, and compares contents where they are known.
struct Disk<'a>(&'a Library);

impl FileNames for Disk<'_> {
    fn state_at(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<NameState> {
        let Disk(library) = self;
        let Some(found) = library.find(name).known()? else { return Ok(NameState::Nothing) };
        if !library.lists(name)? {
            return Ok(NameState::Nothing);
        }
        if is_like(&found, file) && (file.hash.is_none() || library.content(name)? == file.hash) {
            return Ok(ours(&found));
        }
        let holds = |content, by: &RelPath| on_disk(by).file_name().is_some_and(|by| held(by) == content);
        let is_small = found.is_file() && found.len() <= HELD_LIMIT;
        let content = if is_small { library.content(name)? } else { None };
        let is_held = content.is_some_and(|content| names.iter().any(|by| holds(content, by)));
        Ok(if is_held { NameState::Held } else { NameState::Theirs })
    }

    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno> {
        let at = |path| self.0.at(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
        at(from)?.rename_new(&at(to)?)
    }

    fn remove(&self, name: &RelPath) -> Result<(), Errno> {
        let at = self.0.at(name).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        at.remove()
    }

    fn sync(&self, name: &RelPath) -> io::Result<()> {
        self.0.at(name)?.sync()
    }
}

/// Maximum size of a placeholder in bytes.
const HELD_LIMIT: u64 = 512;

fn is_like(found: &Metadata, file: &Move) -> bool {
    let is_same = file.inode.is_none_or(|inode| inode == MetadataExt::ino(found));
    found.is_file() && (found.len(), mtime_ns(found)) == (file.size, file.mtime_ns) && is_same
}

fn ours(found: &Metadata) -> NameState {
    NameState::Ours { device: MetadataExt::dev(found), inode: MetadataExt::ino(found) }
}
