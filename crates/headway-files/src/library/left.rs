//! Temporary files that could not be removed at once: they are tried again.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Found, Library, on_disk};
use crate::data_folder::remove_tree;
use headway_model::RelPath;

/// They are tried again no more often than this, as there can be one for each file of a job.
const REST: Duration = Duration::from_secs(10);

/// What is left, and when it was last tried.
#[derive(Debug, Default)]
pub(super) struct LeftFiles {
    state: Mutex<LeftState>,
    /// Whether the probes of an earlier process are gone.
    are_probes_cleared: AtomicBool,
}

#[derive(Debug, Default)]
struct LeftState {
    temps: BTreeSet<RelPath>,
    tried: Option<Instant>,
}

impl LeftFiles {}

impl Library {
    /// A temporary file was to be removed. If that failed, it is done later; only what holds no original may be given here.
    pub(super) fn removed(&self, temp: &RelPath, answer: io::Result<()>) {
        // Of a library that went away nothing is known to be gone.
        if let Found::Unknown(error) = self.believed(Found::of(answer))
            && self.left.state.lock().temps.insert(temp.clone())
        {
            tracing::warn!(%temp, %error, "a temporary file cannot be removed now");
        }
    }

    /// What was to be removed as a file can be the folder in which a program made an output: then all of it goes.
    pub(super) fn or_as_folder(&self, temp: &RelPath, answer: io::Result<()>) -> io::Result<()> {
        match answer {
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => remove_tree(&self.absolute(temp)),
            answer => answer,
        }
    }

    /// Removes a temporary file, or the folder in which a program made an output, whatever it is by now.
    pub(super) fn remove_temp(&self, temp: &RelPath) -> io::Result<()> {
        let root = self.root()?;
        // A folder is asked for no removal as a file, which a failing disk may refuse in other words.
        let found = Found::of(root.symlink_metadata(on_disk(temp))).known()?;
        if let Some(found) = found
            && found.is_dir()
        {
            return remove_tree(&self.absolute(temp));
        }
        self.or_as_folder(temp, root.remove_file(on_disk(temp)))
    }

    /// For whenever the library is reached: removes what an earlier process left of its probes, once, and what could not be removed
    /// before. Blocking.
    pub fn clean_up(&self) {
        if self.reach().is_err() {
            return;
        }
        if !self.left.are_probes_cleared.load(Ordering::Relaxed) {
            match self.clear_probes() {
                Ok(()) => self.left.are_probes_cleared.store(true, Ordering::Relaxed),
                Err(error) => {
                    tracing::warn!(library = self.name, %error, "probes of an earlier run cannot be removed");
                }
            }
        }
        self.tidy_now_and_then();
    }

    /// Tries again to remove what could not be removed, unless that was tried a moment ago.
    pub fn tidy_now_and_then(&self) {
        let is_due = {
            let state = self.left.state.lock();
            !state.temps.is_empty() && state.tried.is_none_or(|tried| tried.elapsed() >= REST)
        };
        if is_due {
            self.tidy();
        }
    }

    /// Tries again to remove what could not be removed.
    pub fn tidy(&self) {
        let left = {
            let mut state = self.left.state.lock();
            state.tried = Some(Instant::now());
            state.temps.clone()
        };
        for temp in left {
            let answer = self.remove_temp(&temp);
            if !matches!(self.believed(Found::of(answer)), Found::Unknown(_)) {
                self.left.state.lock().temps.remove(&temp);
            }
        }
    }
}
