//! Finds out how far an interrupted placement got, by looking at its three names. Contents are compared by their
//! hashes.

use std::io;

use rustix::io::Errno;

use super::placement::Placement;
use super::rename::{FolderEntry, held};
use super::{Found, Library, fails, io_text, on_disk};
use headway_model::{Digest, DiskEffect, PauseReason, RelPath};

/// The state of an interrupted placement or change of names, once it has been examined.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementState {
    /// It was complete, or has now been completed: the new file is in place, the old one in the trash.
    Done(DiskEffect),
    /// It had not begun, or was taken back: the original has its name, and the temporary file is removed.
    TakenBack,
    /// The files there match neither state; nothing was touched.
    Conflict(String),
    /// It cannot be examined now, for this reason, so nothing is known. It must be examined later.
    NotKnown(PauseReason),
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameContent {
    Nothing,
    /// A regular file with this content.
    Content(Digest),
    /// Something that is not a regular file.
    Other,
}

impl NameContent {
    fn is(self, content: Option<Digest>) -> bool {
        content.is_some_and(|content| self == NameContent::Content(content))
    }
}

impl Library {
    /// Completes an interrupted placement or takes it back, judging by the hashes of what is there. An error means that
    /// something cannot be examined, moved or made durable: the placement can be recovered again.
    pub fn recover_placement(&self, placement: &Placement) -> io::Result<PlacementState> {
        if fails("judging") {
            return Err(Errno::MFILE.into());
        }
        let state = self.recover_names(placement)?;
        let Placement { temp, target, trash, .. } = placement;
        self.durably(state, [Some(target), trash.as_ref(), Some(temp)].into_iter().flatten())
    }

    /// The state, once the folders of these names are on the disk: after a power failure, it must still be true.
    pub(super) fn durably<'a>(
        &self,
        state: PlacementState,
        names: impl IntoIterator<Item = &'a RelPath>,
    ) -> io::Result<PlacementState> {
        if matches!(state, PlacementState::Done(_) | PlacementState::TakenBack) {
            let mut synced = Vec::new();
            for name in names {
                let folder = name.parent();
                if !synced.contains(&folder) {
                    // The folder of a new name might not exist; then there is nothing to sync.
                    if let Some(at) = Found::of(self.at(name)).known()? {
                        at.sync()?;
                    }
                    synced.push(folder);
                }
            }
        }
        Ok(state)
    }

    fn recover_names(&self, placement: &Placement) -> io::Result<PlacementState> {
        let Placement { temp, target, trash, old, new } = placement;
        let (at_temp, mut at_target) = (self.state_at(temp)?, self.state_at(target)?);
        let at_trash = trash.as_ref().map(|trash| self.state_at(trash)).transpose()?.unwrap_or(NameContent::Nothing);
        // The file that keeps the name free for the output is ours. It is briefly empty; so is one where an original
        // has just left.
        let (held, empty) = (on_disk(temp).file_name().map(held), Some(Digest::of(b"")));
        if at_target.is(held) || at_target.is(empty) && at_trash.is(*old) && !at_target.is(Some(*new)) {
            self.at(target)?.remove()?;
            at_target = NameContent::Nothing;
        }
        let (new, old) = (Some(*new), *old);
        // It is the output or nothing, so it does no harm if it stays for a while.
        let remove_temp = || match self.at(temp) {
            Ok(at) => self.removed(temp, at.remove().map_err(io::Error::from)),
            Err(error) => self.removed(temp, Err(error)),
        };
        let done = || Ok(PlacementState::Done(placement.effect()));
        let Some(trash) = trash else {
            return match (at_target.is(new), at_temp) {
                (true, NameContent::Nothing) => done(),
                // The name is free, or somebody else's file has it: then the next attempt meets that file and reports
                // it.
                (false, NameContent::Nothing) => Ok(PlacementState::TakenBack),
                (is_placed, at_temp) if at_temp.is(new) => {
                    remove_temp();
                    if is_placed { done() } else { Ok(PlacementState::TakenBack) }
                }
                _ => Ok(PlacementState::Conflict(untouched(lying(
                    placement,
                    [&Ok(at_target), &Ok(at_temp), &Ok(at_trash)],
                )))),
            };
        };
        if at_target.is(old)
            && (at_temp.is(new) || at_temp == NameContent::Nothing)
            && (at_trash.is(old) || at_trash == NameContent::Nothing)
        {
            // If the original got a second name, that name is removed again. (Recognised by content, because on some
            // file systems two names of a file have two inode numbers. No other attempt uses this name.)
            if at_trash.is(old) {
                self.at(trash)?.remove()?;
            }
            remove_temp();
            return Ok(PlacementState::TakenBack);
        }
        // The original is in the trash, and nothing has taken its name yet.
        if at_target == NameContent::Nothing && at_trash.is(old) {
            let (at, target, trash) = (self.at(temp)?, self.at(target)?, self.at(trash)?);
            if fill(&at, &target, &trash, at_temp.is(new))? {
                return done();
            }
            if at_temp.is(new) {
                remove_temp();
            }
            return Ok(PlacementState::TakenBack);
        }
        if at_target.is(new) && at_temp.is(old) && at_trash == NameContent::Nothing {
            self.move_to_trash(temp, trash)?;
            return done();
        }
        if at_target.is(new) && at_trash.is(old) && at_temp == NameContent::Nothing {
            return done();
        }
        Ok(PlacementState::Conflict(untouched(lying(placement, [&Ok(at_target), &Ok(at_temp), &Ok(at_trash)]))))
    }

    /// Describes what is at each name of a placement that could not be completed.
    pub fn whereabouts(&self, placement: &Placement) -> String {
        let trash = placement.trash.as_ref().map_or(Ok(NameContent::Nothing), |trash| self.state_at(trash));
        lying(placement, [&self.state_at(&placement.target), &self.state_at(&placement.temp), &trash])
    }

    /// The hash of a file's content; `None` if nothing has that name.
    pub fn hash(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        self.open_plain(path).known()?.map(|opened| opened.hash()).transpose()
    }

    /// The hash of the regular file of this name; `None` if there is none.
    pub fn content(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        Ok(match self.state_at(path)? {
            NameContent::Content(content) => Some(content),
            NameContent::Nothing | NameContent::Other => None,
        })
    }

    /// What has a name; an error if that is not known.
    fn state_at(&self, path: &RelPath) -> io::Result<NameContent> {
        match self.find(path).known()? {
            None => Ok(NameContent::Nothing),
            Some(found) if found.is_file() => Ok(self.hash(path)?.map_or(NameContent::Nothing, NameContent::Content)),
            Some(_) => Ok(NameContent::Other),
        }
    }
}

/// Fills a free name: with the output if it is whole and can have the name, otherwise with the original again.
/// Returns whether the output has it.
fn fill(temp: &FolderEntry, target: &FolderEntry, trash: &FolderEntry, whole: bool) -> io::Result<bool> {
    // Whatever the reason for a failure, the original can come back.
    let filled = whole && temp.rename_new(target).is_ok();
    if !filled {
        trash.rename_new(target)?;
    }
    Ok(filled)
}

fn untouched(lying: String) -> String {
    format!("{lying}; nothing was touched")
}

/// Describes what is at the target, the temporary name and the trash name.
fn lying(placement: &Placement, [target, temp, trash]: [&io::Result<NameContent>; 3]) -> String {
    let lies = |path: &RelPath, found: &io::Result<NameContent>| match found {
        Ok(NameContent::Nothing) => format!("nothing at {}", path.shown()),
        Ok(found) if found.is(placement.old) => format!("the original at {}", path.shown()),
        Ok(found) if found.is(Some(placement.new)) => format!("the output at {}", path.shown()),
        Ok(NameContent::Content(_)) => format!("another file at {}", path.shown()),
        Ok(NameContent::Other) => format!("something other than a file at {}", path.shown()),
        Err(error) => format!("what cannot be looked at ({}) at {}", io_text(error), path.shown()),
    };
    let mut lie = vec![lies(&placement.target, target), lies(&placement.temp, temp)];
    lie.extend(placement.trash.as_ref().map(|path| lies(path, trash)));
    format!("there is {}", lie.join(", "))
}
