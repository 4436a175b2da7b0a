//! Files that a job of a watch renamed by itself. Nothing records these names: they are recognized by the first look after the job.

use std::collections::{BTreeMap, BTreeSet};

use headway_model::{JobId, RelPath};
use headway_server::{SizeAndTime, WatchedFiles};
use serde::{Deserialize, Serialize};

use super::{WatchProgress, unseen_by};

/// Times that are a multiple of this were not taken from a fine clock: several files can have the same one.
pub(in crate::watch) const FINE_NS: i64 = 1_000_000;

/// What the look before a job found, by which the files that the job renamed are told from all others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::watch) struct BeforeJob {
    /// The inode numbers of its files. Without those of their disks, which can be others after a restart of the machine.
    inodes: BTreeMap<RelPath, u64>,
    /// The other files that waited: the job has given none of them its name.
    waited: BTreeSet<RelPath>,
}

/// What stays the same when a file is renamed: its inode number, its size and its time. Each of them alone is also that of others: the
/// number of a removed file goes to a new one, and copies keep size and time.
type RenamedKey = (u64, u64, i64);

fn key(inode: u64, state: SizeAndTime) -> RenamedKey {
    (inode, state.size, state.mtime_ns)
}

impl WatchProgress {
    /// Takes in what the last look before the next job found. The files of that job are known already.
    pub(in crate::watch) fn take_before(&mut self, look: &WatchedFiles) {
        let is_waiting = |(path, state): &(&RelPath, &SizeAndTime)| !self.knows(path, **state);
        let waited = look.files.iter().filter(is_waiting).map(|(path, _)| path.clone()).collect();
        let Some(pending) = &mut self.pending else { return };
        let inode = |path: &RelPath| look.inodes.get(path).map(|inode| (path.clone(), *inode));
        pending.before = BeforeJob { inodes: pending.files.keys().filter_map(inode).collect(), waited };
    }

    /// Takes in which files its last job has renamed, at the first look that began after the end of all its jobs. Returns
    /// whether this was that look.
    pub(in crate::watch) fn take_renamed(&mut self, look: &WatchedFiles, running: Option<JobId>) -> bool {
        if self.was_left || running.is_some() || self.last.is_none() {
            return false;
        }
        self.was_left = true;
        let renamed = self.renamed(look);
        renamed.into_iter().for_each(|(path, state)| self.remember(path, state));
        self.worked_on.clear();
        true
    }

    /// The files of a look that files of the last job have become. A file that no attempt worked on was renamed by somebody else,
    /// and each file has become at most one.
    fn renamed(&self, look: &WatchedFiles) -> Vec<(RelPath, SizeAndTime)> {
        let unseen = unseen_by(look);
        let is_gone = |path: &RelPath| !look.files.contains_key(path) && !unseen(path);
        let mut gone = BTreeMap::<RenamedKey, u32>::new();
        for path in self.worked_on.iter().filter(|path| is_gone(path)) {
            let (state, inode) = (self.last_files.get(path), self.last_before.inodes.get(path));
            if let (Some(state), Some(inode)) = (state, inode)
                && state.mtime_ns % FINE_NS != 0
            {
                *gone.entry(key(*inode, *state)).or_default() += 1;
            }
        }
        let mut renamed = Vec::new();
        for (path, state) in &look.files {
            let is_other = self.last_before.waited.contains(path) || self.knows(path, *state);
            let of_job = look.inodes.get(path).and_then(|inode| gone.get_mut(&key(*inode, *state)));
            if let Some(left) = of_job.filter(|left| **left > 0 && !is_other) {
                *left -= 1;
                renamed.push((path.clone(), *state));
            }
        }
        renamed
    }
}
