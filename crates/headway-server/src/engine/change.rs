//! Gives files other names: all names of an item are looked at, recorded as `changing`, and then changed together.

use std::io;

use super::place::{judged, record};
use super::{Context, Order};
use crate::steps::Step;
use headway_files::{Change, Library, Moves, OpenFile, Verdict, fault, fault_of, io_text};
use headway_model::path::RESERVED;
use headway_model::{FailReason, Move, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Rename, Success};

/// How a name begins under which a file is parked while it gets its own name in other letters. No temporary file begins like this, so
/// nothing removes it.
const PARKED: &str = ".headway-kept-";

/// The names that change hands; an attempt holds them all for itself.
pub(super) fn names(renames: &[Rename]) -> impl Iterator<Item = RelPath> + '_ {
    renames.iter().flat_map(|rename| [rename.from.clone(), rename.to.clone()])
}

/// Gives an item's files the names that its work wants. Blocking.
pub(super) fn change(
    context: &Context,
    order: &Order,
    (input, attempt): (&OpenFile, &Attempt),
    renames: &[Rename],
    success: Success,
) -> Result<Success, Failure> {
    let library = &order.library;
    let fail = |doing: &'static str| move |error| Failure::of(FailReason::Write, doing, &error);
    let of = |(number, rename)| steps(library, (input, attempt), number, rename);
    let moves = renames.iter().enumerate().map(of).collect::<Result<Vec<_>, _>>()?;
    let moves = Moves::new(moves.concat()).map_err(|unfit| Failure::Failed(FailReason::Write, unfit.to_string()))?;
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    let reach = library.reach_for(&moves).map_err(fail("making the folder of its new name"))?;
    let still = library.is_still(&attempt.path, input);
    if !still.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
        return Err(Failure::Skipped(SkipReason::Changed));
    }
    if !attempt.begin_placing() {
        return Err(Failure::Stopped);
    }
    record(context, attempt, moves.event(attempt.item, attempt.number))?;
    let _step = context.steps.begin(attempt.job, Step::Place(attempt.item), || attempt.is_stopped());
    fault_of("placing", order.request.title.as_deref().unwrap_or_default());
    fault("recorded");
    match library.make(&moves, &reach) {
        Ok(Ok(())) => Ok(success.with_names(&moves)),
        Ok(Err(reason)) => Err(Failure::Skipped(reason)),
        // The change is recorded, so it is concluded as after a crash: by looking at the disk.
        Err(error) => match judged(library, &Change::Names(moves.clone())) {
            Verdict::Done(_) => Ok(success.with_names(&moves)),
            Verdict::TakenBack => Err(fail("renaming it")(error)),
            Verdict::Conflict(message) => {
                Err(Failure::Failed(FailReason::Conflict, format!("{}: {message}", io_text(&error))))
            }
            Verdict::NotKnown(reason) => Err(Failure::Unjudged(reason)),
        },
    }
}

/// The moves by which a file gets its name: one; or two by way of a parked name, where only its letters change in case, and the folder
/// takes both spellings for one name.
fn steps(
    library: &Library,
    (input, attempt): (&OpenFile, &Attempt),
    number: usize,
    rename: &Rename,
) -> Result<Vec<Move>, Failure> {
    let Rename { from, to } = rename;
    let looking = |error| Failure::of(FailReason::Read, "looking at its names", &error);
    if to.is_reserved() {
        let text = format!("its name would begin with {RESERVED}, which is reserved for Headway");
        return Err(Failure::Failed(FailReason::Write, text));
    }
    let (size, mtime_ns) = match *from == attempt.path {
        true => (input.size(), input.mtime_ns()),
        false if !library.has_file(from).map_err(looking)? => return Err(Failure::Skipped(SkipReason::Changed)),
        false => {
            let found = library.size_and_time(from).known().map_err(looking)?;
            found.ok_or(Failure::Skipped(SkipReason::Changed))?
        }
    };
    let step = |from: &RelPath, to: &RelPath| Move { from: from.clone(), to: to.clone(), size, mtime_ns, hash: None };
    match standing(library, from, to).map_err(looking)? {
        Standing::Free => return Ok(vec![step(from, to)]),
        Standing::Taken => return Err(Failure::Skipped(SkipReason::Collision)),
        Standing::Same => {}
    }
    let parked = format!("{PARKED}{}-{number}", attempt.name());
    let parked = from.parent().unwrap_or_default().join(parked.as_bytes());
    let parked = parked.map_err(|error| Failure::Failed(FailReason::Write, error.to_string()))?;
    Ok(vec![step(from, &parked), step(&parked, to)])
}

/// Whether a file can have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing has it.
    Free,
    /// To this folder it is the name that the file has, in other letters.
    Same,
    /// Another file has it.
    Taken,
}

/// Whether a file can have a name, as the disk is now.
pub(super) fn standing(library: &Library, from: &RelPath, to: &RelPath) -> io::Result<Standing> {
    if !library.has(to)? {
        return Ok(Standing::Free);
    }
    let is_same = differs_in_case(from, to) && !library.lists(to)?;
    Ok(if is_same { Standing::Same } else { Standing::Taken })
}

/// Whether two names of one folder differ in case alone.
fn differs_in_case(one: &RelPath, other: &RelPath) -> bool {
    let folded = |path: &RelPath| path.as_str().to_uppercase().to_lowercase();
    one != other && one.parent() == other.parent() && folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_more_than_case_are_two() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let differs = |one: &str, other: &str| differs_in_case(&path(one), &path(other));
        assert!(differs("a/IMG.JPG", "a/img.jpg") && differs("Straße", "STRASSE"));
        assert!(!differs("a/x", "a/x") && !differs("a/x", "A/x") && !differs("a/x", "a/y"));
    }
}
