//! Leaves files out of a plan that the recipe is not for, by their names and their first bytes.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use super::done::for_the_attempt;
use headway_files::{Library, ListedFile};
use headway_model::{PauseReason, RelPath, SkipReason};
use headway_recipes::{HEAD, Work};

/// How many threads look at files: storage answers several at a time.
const THREADS: usize = 8;

/// Skips each of these files that the recipe is not for. A file that cannot be read stays in the plan, because its
/// attempt reports what is wrong.
pub(super) fn leave_out(
    (library, work): (&Library, &dyn Work),
    stop: &AtomicBool,
    files: &mut [ListedFile],
) -> Result<(), PauseReason> {
    in_parts(files, |part| leave_out_part((library, work), stop, part))
}

/// Looks at files on several threads, each of which looks at a part of them.
pub(super) fn in_parts(
    files: &mut [ListedFile],
    look: impl Fn(&mut [ListedFile]) -> Result<(), PauseReason> + Sync,
) -> Result<(), PauseReason> {
    let share = files.len().div_ceil(THREADS).max(1);
    std::thread::scope(|scope| {
        let looks = files.chunks_mut(share).map(|part| scope.spawn(|| look(part)));
        let looks: Vec<_> = looks.collect();
        looks.into_iter().try_for_each(|look| match look.join() {
            Ok(looked) => looked,
            Err(died) => std::panic::resume_unwind(died),
        })
    })
}

fn leave_out_part(
    (library, work): (&Library, &dyn Work),
    stop: &AtomicBool,
    files: &mut [ListedFile],
) -> Result<(), PauseReason> {
    for found in files.iter_mut().filter(|found| found.is_asked_about() && found.file.was_seen()) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        found.skip = (!is_for(library, work, found)?).then_some(SkipReason::Recipe);
    }
    Ok(())
}

/// Whether the recipe is for this file, as far as that is known.
pub(super) fn is_for(library: &Library, work: &dyn Work, found: &ListedFile) -> Result<bool, PauseReason> {
    let path = &found.file.path;
    Ok(for_the_attempt(work.is_for(path, &|| head(library, path, HEAD)))?.unwrap_or(true))
}

/// The first bytes of a file, at most this many.
pub(super) fn head(library: &Library, path: &RelPath, length: usize) -> io::Result<Vec<u8>> {
    let (file, _) = library.readable(path, u64::MAX)?;
    let mut head = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut head)?;
    Ok(head)
}
