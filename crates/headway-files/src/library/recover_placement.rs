//! Completes an interrupted placement, or takes it back.

use std::io;

use rustix::io::Errno;

use super::inspect_placement::Resolution;
use super::placement::Placement;
use super::rename::FolderEntry;
use super::{Found, Library, fails};
use headway_model::{DiskEffect, PauseReason, RelPath};

/// The state of an interrupted placement or change of names, once it has been inspected.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementState {
    /// It was complete, or has now been completed: the new file is in place, the old one in the trash.
    Done(DiskEffect),
    /// It had not begun, or was taken back: the original has its name, and the temporary file is removed.
    TakenBack,
    /// The files there match neither state; nothing was touched.
    Conflict(String),
    /// It cannot be inspected now, for this reason, so nothing is known. It must be inspected later.
    NotKnown(PauseReason),
}

impl Library {
    /// Completes an interrupted placement or takes it back, by the hashes of what is there. An error means that
    /// something cannot be inspected, moved or made durable: the placement can be recovered again.
    pub fn recover_placement(&self, placement: &Placement) -> io::Result<PlacementState> {
        if fails("recovering") {
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
        let Placement { temp, target, new, .. } = placement;
        let found = self.names_found(placement)?;
        if found.is_held {
            self.at(target)?.remove()?;
        }
        // It is the output or nothing, so it does no harm if it stays for a while.
        let remove_temp = || match self.at(temp) {
            Ok(at) => self.removed(temp, at.remove().map_err(io::Error::from)),
            Err(error) => self.removed(temp, Err(error)),
        };
        let is_whole = found.temp.is(Some(*new));
        match found.resolution(placement) {
            Resolution::Done => {
                if is_whole {
                    remove_temp();
                }
            }
            Resolution::TakenBack(second_name) => {
                if let Some(trash) = second_name {
                    self.at(trash)?.remove()?;
                }
                if is_whole || placement.trash.is_some() {
                    remove_temp();
                }
                return Ok(PlacementState::TakenBack);
            }
            Resolution::ToTrash(trash) => self.move_to_trash(temp, trash)?,
            Resolution::Fill(trash) => {
                let (at, target, trash) = (self.at(temp)?, self.at(target)?, self.at(trash)?);
                if !fill(&at, &target, &trash, is_whole)? {
                    if is_whole {
                        remove_temp();
                    }
                    return Ok(PlacementState::TakenBack);
                }
            }
            Resolution::Conflict => return Ok(PlacementState::Conflict(untouched(found.lying(placement)))),
        }
        Ok(PlacementState::Done(placement.effect()))
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
