//! Commands that give their file a new name by themselves: without care, each new name would be a new file, without end.

use std::collections::{BTreeMap, BTreeSet};

use headway_model::RelPath;
use headway_server::{SizeAndTime, WatchedFiles};

/// How many jobs in a row can have only files that are called after those of the job before.
pub(super) const IN_A_ROW: u32 = 5;

/// Times that are a multiple of this were not taken from a fine clock: several files can have the same one.
pub(super) const FINE_NS: i64 = 1_000_000;

/// The files of a look that files of a job have become: one of the job is gone, and another name has its size and time.
pub(super) fn renamed(
    of_job: &BTreeMap<RelPath, SizeAndTime>,
    look: &WatchedFiles,
    unseen: impl Fn(&RelPath) -> bool,
) -> Vec<(RelPath, SizeAndTime)> {
    let is_gone = |path: &RelPath| !look.files.contains_key(path) && !unseen(path);
    let gone = of_job.iter().filter(|(path, state)| state.mtime_ns % FINE_NS != 0 && is_gone(path));
    let gone: BTreeSet<_> = gone.map(|(_, state)| (state.size, state.mtime_ns)).collect();
    let found = look.files.iter().filter(|(_, state)| gone.contains(&(state.size, state.mtime_ns)));
    found.map(|(path, state)| (path.clone(), *state)).collect()
}

/// Whether each of these files has a longer name than one of a job, which contains that one.
pub(super) fn are_called_after(
    of_job: &BTreeMap<RelPath, SizeAndTime>,
    files: &BTreeMap<RelPath, SizeAndTime>,
) -> bool {
    let stems = of_job.keys().map(|path| (stem(path.name()), path.name().len()));
    let stems: BTreeSet<_> = stems.filter(|(stem, _)| !stem.is_empty()).collect();
    files.keys().all(|path| {
        let name = path.name();
        stems.iter().any(|(stem, length)| name.len() > *length && name.contains(stem))
    })
}

/// Refuses a job of these files, with which so many jobs in a row would go on making files for the next one.
pub(super) fn must_end(in_a_row: u32, files: &BTreeMap<RelPath, SizeAndTime>) -> Result<(), String> {
    if in_a_row <= IN_A_ROW {
        return Ok(());
    }
    let example = files.keys().next().map(RelPath::shown).unwrap_or_default();
    Err(format!(
        "each of the last {IN_A_ROW} jobs had only files that are called after those of the job before, and so would the next one \
         ({example:?}): the command seems to give each file a new name. Nothing is started until another file comes. Have the command \
         write elsewhere, or exclude these names by a pattern of the preset"
    ))
}

/// A name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).trim_matches('.')
}
