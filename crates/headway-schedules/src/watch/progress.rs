//! What a watch knows: the files that it has started jobs for, and those that these jobs made. It is one small file for each
//! watch, which is replaced durably before a job is started.

mod begin;
pub(super) mod disks;
mod jobs;
mod left;
mod made;
pub(super) mod stored;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use headway_model::id::Position;
use headway_model::summary::LastStart;
use headway_model::{RelPath, StartJob};
use headway_server::{SizeAndTime, WatchedFiles};
use serde::{Deserialize, Serialize};

use super::config::WatchedPlace;
use left::BeforeJob;

/// How many states of a file are remembered.
const STATES: usize = 4;

/// Above this number of remembered files, those that are no longer in the folder are forgotten.
pub(super) const REMEMBERED: usize = 200_000;

/// What a watch knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchProgress {
    /// The library.
    #[serde(default)]
    pub library: String,
    /// The path of its root, which identifies the library whatever its name.
    #[serde(default)]
    pub(super) root: String,
    /// The folder.
    #[serde(default)]
    pub folder: RelPath,
    /// Whether it was decided what happens to the files that were in this folder at the beginning.
    #[serde(default)]
    pub begun: bool,
    /// The folders of this library for which that was decided.
    #[serde(default)]
    begun_in: BTreeSet<RelPath>,
    /// The disks that were missing when the files that were there were to be skipped: those on them are, too.
    #[serde(default)]
    undecided: BTreeSet<RelPath>,
    /// The root of the library, at the empty path, and the disks inside it on which the folder has files, by their mount points:
    /// the id of each file system, and the inode of its folder.
    #[serde(default)]
    disks: BTreeMap<RelPath, (u64, u64)>,
    /// How many jobs it was about to start.
    #[serde(default)]
    pub jobs: u32,
    /// The job that is started next. It might have been started already.
    #[serde(default)]
    pub pending: Option<PendingJob>,
    /// The last job that it started.
    #[serde(default)]
    pub last: Option<LastStart>,
    /// The files of that job, each as it was then.
    #[serde(default)]
    last_files: BTreeMap<RelPath, SizeAndTime>,
    /// What the look before that job found.
    #[serde(default)]
    last_before: BeforeJob,
    /// Its files that an attempt worked on, until a look has seen what the job left.
    #[serde(default)]
    worked_on: BTreeSet<RelPath>,
    /// Whether a look has seen what that job left.
    #[serde(default)]
    was_left: bool,
    /// How many names in a row led to each of the known files that is called after another one.
    #[serde(default)]
    generations: BTreeMap<RelPath, u32>,
    /// The section of the watch but for its name, as it was last.
    #[serde(default)]
    pub(super) section: Option<WatchedPlace>,
    /// The name from which the ids of its jobs are made, if the watch was renamed or another one has its name there.
    #[serde(default)]
    pub(super) job_name: Option<String>,
    /// Other such names, which an older version stored.
    #[serde(default)]
    earlier_names: BTreeSet<String>,
    /// Why the folder is not known, or why no job can be started.
    #[serde(default)]
    pub problem: Option<String>,
    /// The position of the log up to which it is known what its jobs made.
    #[serde(default)]
    position: Position,
    /// The files that a job was started for or made, each as it was then.
    #[serde(default)]
    known: BTreeMap<RelPath, Vec<SizeAndTime>>,
    /// The files at which an attempt of its jobs ended without success, until a look has seen what it left there.
    #[serde(default)]
    tried: BTreeSet<RelPath>,
}

/// A job that is about to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingJob {
    /// The job.
    pub start: LastStart,
    /// Its request.
    pub request: StartJob,
    /// Its files.
    pub files: BTreeMap<RelPath, SizeAndTime>,
    /// What the look before it found.
    #[serde(default)]
    pub(super) before: BeforeJob,
}

impl WatchProgress {
    /// Whether a job was started for this file as it is, or made it.
    pub(super) fn knows(&self, path: &RelPath, state: SizeAndTime) -> bool {
        self.known.get(path).is_some_and(|states| states.contains(&state))
    }

    /// Takes in a file that is not to be processed as it is.
    pub(super) fn remember(&mut self, path: RelPath, state: SizeAndTime) {
        let states = self.known.entry(path).or_default();
        if !states.contains(&state) {
            states.push(state);
            states.drain(..states.len().saturating_sub(STATES));
        }
    }

    /// Takes in where the watch works. Returns whether that has changed.
    pub(super) fn take_section(&mut self, place: WatchedPlace) -> bool {
        self.section.replace(place.clone()) != Some(place)
    }

    /// Forgets files that are no longer in the folder, if it remembers more than `limit`. What the look could not see might
    /// be there.
    pub(super) fn trim(&mut self, look: &WatchedFiles, limit: usize) {
        if self.known.len() > limit {
            let unseen = unseen_by(look);
            self.known.retain(|path, _| look.files.contains_key(path) || unseen(path));
            self.generations.retain(|path, _| self.known.contains_key(path));
            // Of the files of other folders nothing is known from now on.
            self.begun_in.retain(|folder| folder.seen_from(&look.folder).is_some());
        }
    }
}

/// Whether a look could not see what is at a path.
fn unseen_by(look: &WatchedFiles) -> impl Fn(&RelPath) -> bool {
    let unseen: BTreeSet<&RelPath> = look.unread.iter().chain(look.missing.keys()).collect();
    move |path: &RelPath| path.ancestors().iter().any(|above| unseen.contains(above))
}
