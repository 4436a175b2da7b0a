//! What the jobs of a watch made, worked on, or tried without success.

use headway_model::id::Position;
use headway_server::{MadeFiles, WatchedFiles};

use super::{WatchProgress, unseen_by};

impl WatchProgress {
    /// The position after which its jobs can have made files that are not known yet.
    pub(in crate::watch) fn position(&self) -> Position {
        self.position
    }

    /// Takes in what its jobs made. Returns whether a file was not known before, or was tried without success.
    pub(in crate::watch) fn take_made(&mut self, made: MadeFiles) -> bool {
        self.position = made.up_to;
        let was_tried = !made.tried.is_empty();
        self.tried.extend(made.tried);
        let of_last = made.worked_on.into_iter().filter(|path| self.last_files.contains_key(path));
        self.worked_on.extend(of_last);
        let new: Vec<_> = made.files.into_iter().filter(|(path, state)| !self.knows(path, *state)).collect();
        let is_any = !new.is_empty();
        new.into_iter().for_each(|(path, state)| self.remember(path, state));
        is_any || was_tried
    }

    /// Takes in what a look found at the files that were tried without success: as they are now, they are not tried again.
    /// The look began after the end of these jobs. Returns whether there was any.
    pub(in crate::watch) fn take_tried(&mut self, look: &WatchedFiles) -> bool {
        let before = self.tried.len();
        let unseen = unseen_by(look);
        for path in std::mem::take(&mut self.tried) {
            match look.files.get(&path) {
                Some(state) => self.remember(path, *state),
                None if unseen(&path) => {
                    self.tried.insert(path);
                }
                None => {}
            }
        }
        self.tried.len() != before
    }
}
