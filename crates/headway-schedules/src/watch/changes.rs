//! Which new files of a folder have stopped changing. Pure: the looks at the folder and their times are given.

use std::collections::BTreeMap;
use std::time::Duration;

use headway_model::RelPath;
use headway_server::{SizeAndTime, WatchedFiles};

use super::progress::WatchProgress;
use super::unfinished::is_unfinished;

/// What looks at a folder have found of files that no job was started for.
#[derive(Debug, Default)]
pub(super) struct FolderChanges {
    /// The files of the last look, each with what it was then, and since when it has been that. All times are those for which
    /// the server has been running: no clock can be set back here.
    files: BTreeMap<RelPath, (SizeAndTime, Duration)>,
    /// When the last look began.
    looked: Duration,
}

impl FolderChanges {
    /// Takes in a look, which lasted from `began` to `ended`. A file that the look could not see
    /// starts its quiet time again at the next look that sees it.
    pub(super) fn take(&mut self, look: &WatchedFiles, progress: &WatchProgress, (began, ended): (Duration, Duration)) {
        let before = std::mem::take(&mut self.files);
        for (path, state) in &look.files {
            if is_unfinished(path, &look.folder) || progress.knows(path, *state) {
                continue;
            }
            let same = before.get(path).filter(|(was, _)| was == state);
            let since = same.map_or(ended, |(_, since)| *since);
            self.files.insert(path.clone(), (*state, since));
        }
        self.looked = began;
    }

    /// Leaves out the files that have become known.
    pub(super) fn leave_out(&mut self, progress: &WatchProgress) {
        self.files.retain(|path, (state, _)| !progress.knows(path, *state));
    }

    /// How many files wait for a job.
    pub(super) fn waiting(&self) -> usize {
        self.files.len()
    }

    /// The files that were unchanged for this long, in order.
    pub(super) fn unchanged(&self, quiet: Duration) -> impl Iterator<Item = (&RelPath, SizeAndTime)> {
        let is_unchanged = move |since: Duration| self.looked.checked_sub(since).is_some_and(|time| time >= quiet);
        let files = self.files.iter().filter(move |(_, (_, since))| is_unchanged(*since));
        files.map(|(path, (state, _))| (path, *state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(10);

    fn look(files: &[(&str, u64)]) -> WatchedFiles {
        let state = |size: u64| SizeAndTime { size, mtime_ns: 7 };
        let files = files.iter().map(|(name, size)| (name.parse().expect("a path"), state(*size))).collect();
        WatchedFiles { library: "files".into(), files, ..WatchedFiles::default() }
    }

    /// The names of the unchanged files after looks that took a second each.
    fn after(looks: &[(u64, &[(&str, u64)])], progress: &WatchProgress) -> Vec<String> {
        let mut changes = FolderChanges::default();
        for (began, files) in looks {
            let times = (Duration::from_secs(*began), Duration::from_secs(began + 1));
            changes.take(&look(files), progress, times);
        }
        changes.unchanged(QUIET).map(|(path, _)| path.to_string()).collect()
    }

    #[test]
    fn a_file_is_taken_once_it_was_the_same_for_long_enough() {
        let new = WatchProgress::default();
        assert!(after(&[(0, &[("a", 1)])], &new).is_empty(), "one look says nothing");
        assert!(after(&[(0, &[("a", 1)]), (10, &[("a", 1)])], &new).is_empty(), "the first look ended a second later");
        assert_eq!(after(&[(0, &[("a", 1)]), (11, &[("a", 1)])], &new), ["a"]);
        let looks: &[(u64, &[(&str, u64)])] =
            &[(0, &[("a", 1), ("b", 1)]), (8, &[("a", 2), ("b", 1)]), (18, &[("a", 2), ("b", 1)])];
        assert_eq!(after(looks, &new), ["b"], "it grew until the second look, which ended later");
        let looks: &[(u64, &[(&str, u64)])] =
            &[(0, &[("a", 1), ("b", 1)]), (8, &[("a", 2), ("b", 1)]), (19, &[("a", 2), ("b", 1)])];
        assert_eq!(after(looks, &new), ["a", "b"]);
    }

    #[test]
    fn a_file_that_was_not_seen_in_between_begins_again() {
        let new = WatchProgress::default();
        assert!(after(&[(0, &[("a", 1)]), (6, &[]), (12, &[("a", 1)])], &new).is_empty());
        assert_eq!(after(&[(0, &[("a", 1)]), (6, &[]), (12, &[("a", 1)]), (23, &[("a", 1)])], &new), ["a"]);
    }

    #[test]
    fn known_and_unfinished_files_are_left_out_until_they_change() {
        let mut known = WatchProgress::default();
        known.remember("a".parse().expect("a path"), SizeAndTime { size: 1, mtime_ns: 7 });
        let files: &[(&str, u64)] = &[("a", 1), (".hidden", 1), (".sync/b", 1), ("c.PART", 1), ("d", 1)];
        assert_eq!(after(&[(0, files), (20, files)], &known), ["d"]);
        assert_eq!(after(&[(0, files), (20, &[("a", 2)]), (40, &[("a", 2)])], &known), ["a"]);
    }

    #[test]
    fn files_that_have_become_known_are_left_out() {
        let mut changes = FolderChanges::default();
        let (found, mut progress) = (look(&[("a", 1), ("b", 1)]), WatchProgress::default());
        for began in [0, 20] {
            changes.take(&found, &progress, (Duration::from_secs(began), Duration::from_secs(began)));
        }
        let first = changes.unchanged(QUIET).next().map(|(path, state)| (path.clone(), state)).expect("a file");
        progress.remember(first.0, first.1);
        changes.leave_out(&progress);
        assert_eq!((changes.waiting(), changes.unchanged(QUIET).count()), (1, 1));
    }
}
