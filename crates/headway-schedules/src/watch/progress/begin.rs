//! What happens to the files that are in the folder at the beginning.

use std::collections::BTreeSet;

use headway_model::RelPath;
use headway_server::{SizeAndTime, WatchedFiles};

use super::super::config::ExistingFiles;
use super::super::unfinished::is_unfinished;
use super::{WatchProgress, unseen_by};

impl WatchProgress {
    /// Decides at the first look at this folder what happens to the files in it. Those in a folder that was watched before
    /// are not decided about again: what came there meanwhile is new. Of another library, nothing is known. Returns whether
    /// anything was decided.
    ///
    /// # Errors
    /// If not all of them are known, and they are to be skipped.
    pub(in crate::watch) fn begin(&mut self, look: &WatchedFiles, existing: ExistingFiles) -> Result<bool, String> {
        let is_same_library = self.root == look.root;
        if self.begun && is_same_library && self.folder == look.folder {
            self.library.clone_from(&look.library);
            return Ok(false);
        }
        let mut begun_in = if is_same_library { self.begun_in.clone() } else { BTreeSet::new() };
        if self.begun && is_same_library {
            // What an older version stored has no list of them.
            begun_in.insert(self.folder.clone());
        }
        let is_new = |path: &RelPath| !begun_in.iter().any(|folder| path.seen_from(folder).is_some());
        if existing == ExistingFiles::Skip
            && let Some(unread) = look.unread.iter().find(|path| is_new(path))
        {
            let what = unread.shown();
            return Err(format!("the files that are to be skipped are not all known: {what:?} cannot be read"));
        }
        if !is_same_library {
            self.known.clear();
            self.generations.clear();
            self.tried.clear();
            self.undecided.clear();
        }
        if existing == ExistingFiles::Skip {
            for (path, state) in look.files.iter().filter(|(path, _)| is_new(path)) {
                self.skip(path, *state, &look.folder);
            }
            self.undecided.extend(look.missing.keys().filter(|mount| is_new(mount)).cloned());
        }
        begun_in.insert(look.folder.clone());
        self.begun_in = begun_in;
        (self.library, self.root, self.folder) = (look.library.clone(), look.root.clone(), look.folder.clone());
        self.begun = true;
        Ok(true)
    }

    /// Takes in a file that was there at the beginning and is left alone.
    fn skip(&mut self, path: &RelPath, state: SizeAndTime, folder: &RelPath) {
        if !is_unfinished(path, folder) {
            self.remember(path.clone(), state);
        }
    }

    /// Takes in what is on the disks that were missing when the files that were there were to be skipped, and are back: they are
    /// mounted. One that is no longer expected is not missing, and not back either. Returns whether there was any.
    pub(in crate::watch) fn take_returned(&mut self, look: &WatchedFiles) -> bool {
        let before = self.undecided.len();
        let (unseen, folder) = (unseen_by(look), &look.folder);
        let is_back = |mount: &RelPath| {
            let is_read = !unseen(mount) && look.unread.iter().all(|unread| unread.seen_from(mount).is_none());
            is_read && look.mounted.contains_key(mount) && mount.seen_from(folder).is_some()
        };
        for mount in std::mem::take(&mut self.undecided) {
            if is_back(&mount) {
                for (path, state) in look.files.iter().filter(|(path, _)| path.seen_from(&mount).is_some()) {
                    self.skip(path, *state, folder);
                }
            } else {
                self.undecided.insert(mount);
            }
        }
        self.undecided.len() != before
    }
}
