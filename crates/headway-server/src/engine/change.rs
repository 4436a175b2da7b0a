//! Renames files: all names of an item are checked, recorded as `changing`, and then changed together. An output
//! whose name differs from its original's, and a file that goes to the trash, are renamed in the same way.

use super::place::{fail, record, until_sure};
use super::recover_change::{made_or_recovered, recover_change};
use super::wanted_moves::{WantedChange, wanted_moves};
use super::{ActiveJob, Context};
use crate::steps::{Step, UnderWay};
use headway_files::{Change, Library, Moves, OpenFile, PlacementState, fault, fault_of, io_text};
use headway_model::{FailReason, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Rename, Success, Work};

/// All old and new names, which an attempt must lock.
pub(super) fn names(renames: &[Rename]) -> impl Iterator<Item = RelPath> + '_ {
    renames.iter().flat_map(|rename| [rename.from.clone(), rename.to.clone()])
}

/// Renames an item's files as its work wants. The item's own file is `at` this path. `step` is the check of the
/// work. Blocking.
pub(super) fn change(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    (input, attempt, at): (&OpenFile, &Attempt, &RelPath),
    wanted: &WantedChange<'_>,
    (success, step): (Success, UnderWay),
) -> Result<Success, Failure> {
    let library = &active.library;
    let moves = wanted_moves(library, work, (input, attempt, at), wanted)?;
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    let missing = library.missing_folders(&moves).map_err(fail("looking for the folder of its new name"))?;
    if !missing.is_empty() {
        let noted = context.data.note_made(&attempt.job, &missing, &active.noted_folders);
        noted.map_err(fail("noting the folder of its new name"))?;
    }
    let moves = moves.with_folders(missing);
    let reach = library.reach_for(&moves).map_err(fail("making the folder of its new name"))?;
    // Other hard links of a file that goes to the trash might be removed at the same time.
    let still = match wanted.removes || wanted.shares {
        true => library.is_still_whatever_its_names(at, input),
        false => library.is_still(at, input),
    };
    if !still.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
        return Err(Failure::Skipped(SkipReason::Changed));
    }
    if !attempt.begin_placing() {
        return Err(Failure::Stopped);
    }
    record(context, attempt, moves.event(attempt.item, attempt.number))?;
    if let Some((_, staged)) = wanted.output {
        staged.recorded();
    }
    let _step = step.go_on(Step::Place(attempt.item), || attempt.is_stopped());
    fault_of("placing", active.request.title.as_deref().unwrap_or_default());
    fault("recorded");
    until_sure(context)?;
    let made = library.make(&moves, &reach);
    made_or_recovered(library, &Change::Names(moves.clone()), "renaming it", made)?;
    if wanted.removes
        && let Err(why) = work.holds(attempt)
    {
        return Err(taken_back(library, &moves, why));
    }
    Ok(success.with_names(library, &moves))
}

/// Takes back a change that is made, for this reason. If that is not possible, it is a conflict: the trash can have the only
/// copy of a file.
fn taken_back(library: &Library, moves: &Moves, why: Failure) -> Failure {
    let back = moves.inverse();
    let made = library.reach_for(&back).and_then(|reach| library.make(&back, &reach));
    let stays = match made {
        Ok(Ok(())) => return why,
        Ok(Err(reason)) => reason.text().to_owned(),
        Err(error) => match recover_change(library, &Change::Names(back)) {
            PlacementState::Done(_) => return why,
            _ => io_text(&error),
        },
    };
    let message = format!("it was to come back from the trash, and could not: {stays}; undo the job");
    Failure::Failed(FailReason::Conflict, message)
}
