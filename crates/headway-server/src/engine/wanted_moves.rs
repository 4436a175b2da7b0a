//! The moves that an item's change consists of, in the order in which they can be made.

use std::io;

use super::name_availability::{Availability, availability};
use super::place::{fail, finished};
use headway_files::{Library, Moves, OpenFile, Staged};
use headway_model::{Digest, FailReason, Move, Output, RelPath, SkipReason};
use headway_recipes::{Attempt, Failure, Rename, Work};

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

/// The moves that a change consists of, in the order in which they can be made. Checks the output, if there is one.
pub(super) fn wanted_moves(
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

/// The move that gives an output its name, which must be free.
fn created(library: &Library, staged: &Staged, hash: Digest) -> Result<Move, Failure> {
    let written = written(library, staged)?;
    if library.has(&staged.target).map_err(looking_at_output)? {
        return Err(Failure::Skipped(SkipReason::Collision));
    }
    let (from, to) = (staged.temp.clone(), staged.target.clone());
    Ok(Move { from, to, size: written.size(), mtime_ns: written.mtime_ns(), hash: Some(hash), inode: None })
}

/// The move that gives a hard link or a clone the name of the item's own file. Both have the same content, so only the
/// inode distinguishes them.
fn shared(library: &Library, staged: &Staged) -> Result<Move, Failure> {
    let made = written(library, staged)?;
    let (from, to, (_, inode)) = (staged.temp.clone(), staged.target.clone(), made.identity());
    Ok(Move { from, to, size: made.size(), mtime_ns: made.mtime_ns(), hash: None, inode: Some(inode) })
}

/// The output as it was written.
fn written(library: &Library, staged: &Staged) -> Result<OpenFile, Failure> {
    let gone = || Failure::Failed(FailReason::Verify, "the output is gone".into());
    library.open_staged(staged).known().map_err(looking_at_output)?.ok_or_else(gone)
}

fn looking_at_output(error: io::Error) -> Failure {
    Failure::of(FailReason::Write, "looking at the output", &error)
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
        return Err(Failure::Skipped(SkipReason::Reserved));
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
        false if !library.has_file(from).map_err(looking)? => {
            return if library.has_file(to).map_err(looking)? {
                Ok(Vec::new())
            } else {
                Err(Failure::Skipped(SkipReason::Changed))
            };
        }
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
    match availability(library, from, to).map_err(looking)? {
        Availability::Free => return Ok(vec![step(from, to)]),
        Availability::Taken => return Err(Failure::Skipped(SkipReason::Collision)),
        Availability::Same => {}
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

/// Records the inodes of files that exchange a name and have the same size and time, so that they can be distinguished
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
