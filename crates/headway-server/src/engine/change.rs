//! Renames files: all names of an item are checked, recorded as `changing`, and then changed together. An output
//! whose name differs from its original's, and a file that goes to the trash, are renamed in the same way.

use std::io;

use super::place::{finished, judged, record};
use super::{ActiveJob, Context};
use crate::steps::Step;
use headway_files::{Change, Library, Moves, OpenFile, Staged, Verdict, fault, fault_of, io_text};
use headway_model::path::RESERVED;
use headway_model::{Digest, FailReason, Move, Output, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Rename, Success, Work};

/// The prefix of a parking name, under which a file waits while another name is freed or while its own name changes
/// case. No temporary file has this prefix, so nothing removes such a file.
const PARKED: &str = ".headway-kept-";

/// What an item wants to change about its files.
pub(super) struct WantedChange<'a> {
    /// The renames.
    pub(super) renames: &'a [Rename],
    /// The output that is to get the new name of the item's own file, while that file goes to the trash.
    pub(super) output: Option<(&'a Output, &'a Staged)>,
    /// Whether the item's own file goes to the trash in any case.
    pub(super) removes: bool,
    /// Whether the output has the same content as the file, and still takes its place: a hard link or a clone.
    pub(super) shares: bool,
}

/// All old and new names, which an attempt must lock.
pub(super) fn names(renames: &[Rename]) -> impl Iterator<Item = RelPath> + '_ {
    renames.iter().flat_map(|rename| [rename.from.clone(), rename.to.clone()])
}

/// Renames an item's files as its work wants. The item's own file is `at` this path. Blocking.
pub(super) fn change(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    (input, attempt, at): (&OpenFile, &Attempt, &RelPath),
    wanted: &WantedChange<'_>,
    success: Success,
) -> Result<Success, Failure> {
    let library = &active.library;
    let moves = wanted_moves(library, work, (input, attempt, at), wanted)?;
    if attempt.is_stopped() {
        return Err(Failure::Stopped);
    }
    let missing = library.missing_folders(&moves);
    let moves = moves.with_folders(missing.map_err(fail("looking for the folder of its new name"))?);
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
    let _step = context.steps.begin(attempt.job, Step::Place(attempt.item), || attempt.is_stopped());
    fault_of("placing", active.request.title.as_deref().unwrap_or_default());
    fault("recorded");
    match library.make(&moves, &reach) {
        Ok(Ok(())) => Ok(success.with_names(library, &moves)),
        Ok(Err(reason)) => Err(Failure::Skipped(reason)),
        // The change is recorded, so it is concluded as after a crash: by looking at the disk.
        Err(error) => match judged(library, &Change::Names(moves.clone())) {
            Verdict::Done(_) => Ok(success.with_names(library, &moves)),
            Verdict::TakenBack => Err(fail("renaming it")(error)),
            Verdict::Conflict(message) => {
                Err(Failure::Failed(FailReason::Conflict, format!("{}: {message}", io_text(&error))))
            }
            Verdict::NotKnown(reason) => Err(Failure::Unjudged(reason)),
        },
    }
}

/// The moves that a change consists of, in the order in which they can be made. Checks the output, if there is one.
fn wanted_moves(
    library: &Library,
    work: &dyn Work,
    (input, attempt, at): (&OpenFile, &Attempt, &RelPath),
    wanted: &WantedChange<'_>,
) -> Result<Moves, Failure> {
    let mut moves = Vec::new();
    let mut original = None;
    if let Some((_, staged)) = wanted.output.filter(|_| wanted.shares) {
        moves.push(shared(library, staged)?);
        original = Some(None);
    } else if let Some((output, staged)) = wanted.output {
        let (sealed, old) = finished(library, work, (input, attempt), (output, staged))?;
        match old == Some(sealed.hash) {
            // The output equals the original, so the original gets the name.
            true => library.discard(staged),
            false => {
                moves.push(created(library, staged, sealed.hash)?);
                original = Some(old);
            }
        }
    }
    for (number, rename) in wanted.renames.iter().enumerate() {
        if original.is_none() || rename.from != *at {
            // The file that has the name now goes to the trash, or is renamed at the same time.
            let is_free_then = |left: &RelPath| *left == rename.to && *left != rename.from;
            let is_left =
                wanted.removes && is_free_then(at) || wanted.renames.iter().any(|other| is_free_then(&other.from));
            moves.extend(steps(library, (input, attempt, at), number, rename, is_left)?);
        }
    }
    if let Some(hash) = original.or(wanted.removes.then_some(None)) {
        // The file that then takes this name might look just like the original.
        let is_replaced = wanted.shares || wanted.renames.iter().any(|rename| rename.to == *at);
        moves.push(removed(library, (input, attempt), hash, is_replaced).map_err(fail("the trash"))?);
    }
    let park = |number| parked(at, attempt, &format!("for-{number}")).ok().filter(|_| wanted.output.is_none());
    let mut moves = Moves::arrange(moves, park);
    tell_apart(library, &mut moves).map_err(fail("looking at its files"))?;
    Moves::new(moves).map_err(|unfit| Failure::Failed(FailReason::Write, unfit.to_string()))
}

fn fail(doing: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::of(FailReason::Write, doing, &error)
}

/// The move that gives an output its name, which must be free.
fn created(library: &Library, staged: &Staged, hash: Digest) -> Result<Move, Failure> {
    let looking = |error| Failure::of(FailReason::Write, "looking at the output", &error);
    let gone = || Failure::Failed(FailReason::Verify, "the output is gone".into());
    let written = library.open_staged(staged).known().map_err(looking)?.ok_or_else(gone)?;
    if library.has(&staged.target).map_err(looking)? {
        return Err(Failure::Skipped(SkipReason::Collision));
    }
    let (from, to) = (staged.temp.clone(), staged.target.clone());
    Ok(Move { from, to, size: written.size(), mtime_ns: written.mtime_ns(), hash: Some(hash), inode: None })
}

/// The move that gives a hard link or a clone the name of the item's own file. Both have the same content, so only
/// the inode tells them apart.
fn shared(library: &Library, staged: &Staged) -> Result<Move, Failure> {
    let looking = |error| Failure::of(FailReason::Write, "looking at the output", &error);
    let gone = || Failure::Failed(FailReason::Verify, "the output is gone".into());
    let made = library.open_staged(staged).known().map_err(looking)?.ok_or_else(gone)?;
    let (from, to, (_, inode)) = (staged.temp.clone(), staged.target.clone(), made.identity());
    Ok(Move { from, to, size: made.size(), mtime_ns: made.mtime_ns(), hash: None, inode: Some(inode) })
}

/// The move that takes the item's own file to the trash.
fn removed(
    library: &Library,
    (input, attempt): (&OpenFile, &Attempt),
    hash: Option<Digest>,
    is_replaced: bool,
) -> io::Result<Move> {
    let from = attempt.path.clone();
    let to = library.trash(&from, attempt.job, attempt.item, attempt.number)?;
    let inode = is_replaced.then_some(input.identity().1);
    Ok(Move { from, to, size: input.size(), mtime_ns: input.mtime_ns(), hash, inode })
}

/// The moves that rename a file: one, or two through a parking name if only the case of the name changes and the
/// folder ignores case.
fn steps(
    library: &Library,
    (input, attempt, at): (&OpenFile, &Attempt, &RelPath),
    number: usize,
    rename: &Rename,
    is_left: bool,
) -> Result<Vec<Move>, Failure> {
    let Rename { from, to } = rename;
    let looking = |error| Failure::of(FailReason::Read, "looking at its names", &error);
    if to.is_reserved() {
        let text = format!("its name would begin with {RESERVED}, which is reserved for Headway");
        return Err(Failure::Failed(FailReason::Write, text));
    }
    let (size, mtime_ns) = match *from == *at {
        true => (input.size(), input.mtime_ns()),
        // An original comes back from the trash.
        false if from.is_reserved() => {
            let original = library.open_trashed(from).known().map_err(looking)?;
            let gone = || Failure::Failed(FailReason::Read, "the original is no longer in the trash".into());
            let original = original.ok_or_else(gone)?;
            (original.size(), original.mtime_ns())
        }
        // Two files can share a sidecar, which was already renamed with the other one.
        false if !library.has_file(from).map_err(looking)? && library.has_file(to).map_err(looking)? => {
            return Ok(Vec::new());
        }
        false if !library.has_file(from).map_err(looking)? => return Err(Failure::Skipped(SkipReason::Changed)),
        false => {
            let found = library.size_and_time(from).known().map_err(looking)?;
            found.ok_or(Failure::Skipped(SkipReason::Changed))?
        }
    };
    let step = |from: &RelPath, to: &RelPath| Move {
        from: from.clone(),
        to: to.clone(),
        size,
        mtime_ns,
        hash: None,
        inode: None,
    };
    if is_left {
        return Ok(vec![step(from, to)]);
    }
    match standing(library, from, to).map_err(looking)? {
        Standing::Free => return Ok(vec![step(from, to)]),
        Standing::Taken => return Err(Failure::Skipped(SkipReason::Collision)),
        Standing::Same => {}
    }
    let parked = parked(from, attempt, &number.to_string())?;
    Ok(vec![step(from, &parked), step(&parked, to)])
}

/// The parking name of a file, in its folder.
fn parked(from: &RelPath, attempt: &Attempt, which: &str) -> Result<RelPath, Failure> {
    let name = format!("{PARKED}{}-{which}", attempt.name());
    let parked = from.parent().unwrap_or_default().join(name.as_bytes());
    parked.map_err(|error| Failure::Failed(FailReason::Write, error.to_string()))
}

/// Records the inodes of files that exchange a name and have the same size and time, so that they can be told apart
/// after a crash.
fn tell_apart(library: &Library, moves: &mut [Move]) -> io::Result<()> {
    let is_like = |one: &Move, other: &Move| (one.size, one.mtime_ns) == (other.size, other.mtime_ns);
    for at in 0..moves.len() {
        let step = moves[at].clone();
        if step.inode.is_some() || step.hash.is_some() || is_parked(&step.from) {
            continue;
        }
        // If a file is parked on the way, both of its moves get the same inode.
        let next = moves.iter().position(|other| is_parked(&step.to) && other.from == step.to);
        let to = next.map_or(&step.to, |next| &moves[next].to).clone();
        let changes_hands = |other: &Move| other.from == to || (other.to == step.from && !is_parked(&other.to));
        if moves.iter().any(|other| is_like(&step, other) && changes_hands(other)) {
            let inode = library.inode(&step.from)?;
            moves[at].inode = inode;
            next.into_iter().for_each(|next| moves[next].inode = inode);
        }
    }
    Ok(())
}

fn is_parked(path: &RelPath) -> bool {
    path.name().starts_with(PARKED)
}

/// Whether a name is free for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing has it.
    Free,
    /// The folder ignores case, and the name is the file's own in another case.
    Same,
    /// Another file has it.
    Taken,
}

/// Whether a name is free for a file, as the disk is now.
pub(super) fn standing(library: &Library, from: &RelPath, to: &RelPath) -> io::Result<Standing> {
    if !library.has(to)? {
        return Ok(Standing::Free);
    }
    let is_same = differs_in_case(from, to) && !library.lists(to)?;
    Ok(if is_same { Standing::Same } else { Standing::Taken })
}

/// Whether two names in the same folder differ only in case.
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
