//! The files of the next job: those that have stopped changing, unless their names were made up by the jobs before.

use std::collections::BTreeMap;
use std::time::Duration;

use headway_model::RelPath;
use headway_server::SizeAndTime;

use super::changes::FolderChanges;
use super::new_names::{self, GENERATIONS};
use super::progress::WatchProgress;

/// The files of the next job.
#[derive(Debug, Default)]
pub(super) struct NextFiles {
    /// The files, each as it is.
    pub(super) files: BTreeMap<RelPath, SizeAndTime>,
    /// Why there is no job for others.
    pub(super) refused: Option<String>,
}

impl NextFiles {
    /// At most `limit` of the files that were unchanged for this long.
    pub(super) fn of(changes: &FolderChanges, progress: &WatchProgress, quiet: Duration, limit: usize) -> Self {
        let mut next = NextFiles::default();
        let mut unchanged = changes.unchanged(quiet).peekable();
        if unchanged.peek().is_none() {
            return next;
        }
        let known = progress.known_files();
        for (path, state) in unchanged {
            if known.generation(path) > GENERATIONS {
                next.refused.get_or_insert_with(|| new_names::must_end(path));
            } else if next.files.len() < limit {
                next.files.insert(path.clone(), state);
            } else {
                break;
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::{Query, StartJob};
    use headway_server::WatchedFiles;

    const QUIET: Duration = Duration::from_secs(10);

    /// A watched folder, and what the watch knows.
    #[derive(Default)]
    struct WatchedInbox {
        progress: WatchProgress,
        found: WatchedFiles,
    }

    impl WatchedInbox {
        /// Adds these files, and takes the next ones.
        fn next(&mut self, new: &[&str], limit: usize) -> NextFiles {
            let new = new.iter().map(|name| name.parse::<RelPath>().expect("a path"));
            self.found.files.extend(new.map(|path| (path, SizeAndTime { size: 1, mtime_ns: 7 })));
            let mut changes = FolderChanges::default();
            for began in [0, 20] {
                changes.take(&self.found, &self.progress, (Duration::from_secs(began), Duration::from_secs(began)));
            }
            NextFiles::of(&changes, &self.progress, QUIET, limit)
        }

        /// Starts a job of the next files, and returns their names.
        fn run(&mut self, new: &[&str]) -> Vec<String> {
            let files = self.next(new, 100).files;
            let names = files.keys().map(ToString::to_string).collect();
            let request = StartJob::new("files", "checksum", Query::Paths(files.keys().cloned().collect()));
            self.progress.prepare("inbox", 5, request, files);
            self.progress.started();
            names
        }
    }

    #[test]
    fn a_job_takes_no_more_than_its_limit() {
        let mut inbox = WatchedInbox::default();
        assert_eq!(inbox.next(&[], 2).files.len(), 0);
        let next = inbox.next(&["a", "b", "c"], 2);
        assert_eq!(next.files.keys().map(RelPath::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(next.refused, None);
    }

    /// A camera that delivers photos all day does not hide that each of them gets a new name again and again.
    #[test]
    fn names_that_are_made_from_names_end_also_in_a_steady_inbox() {
        let mut inbox = WatchedInbox::default();
        let (mut name, mut started) = ("a.jpg".to_owned(), 0);
        for number in 0..40 {
            // The next name is there only after a job of other files.
            let (photo, other) = (format!("photo{number:03}.jpg"), format!("scan{number:03}.pdf"));
            assert_eq!(inbox.run(&[photo.as_str()]), [photo.as_str()]);
            let taken = inbox.run(&[other.as_str(), name.as_str()]);
            assert!(taken.contains(&other), "{taken:?}");
            if taken.contains(&name) {
                started += 1;
                name = format!("{}-small.jpg", name.trim_end_matches(".jpg"));
            }
            // As a restart finds it.
            let text = serde_json::to_vec(&inbox.progress).expect("JSON");
            inbox.progress = serde_json::from_slice(&text).expect("the same");
        }
        assert_eq!(started, GENERATIONS + 1);
        let next = inbox.next(&["other"], 1);
        assert!(next.refused.is_some_and(|why| why.contains(&name) && why.contains("new name")));
        assert_eq!(next.files.keys().map(RelPath::as_str).collect::<Vec<_>>(), ["other"], "it takes no place in a job");
    }

    #[test]
    fn numbers_and_changed_files_are_no_new_names() {
        let mut inbox = WatchedInbox::default();
        for number in 0..120 {
            let name = format!("scan.{number}");
            assert_eq!(inbox.run(&[name.as_str()]), [name.as_str()]);
        }
        for size in 0..30 {
            let path: RelPath = "scan.pdf".parse().expect("a path");
            inbox.found.files.insert(path, SizeAndTime { size, mtime_ns: 8 });
            assert_eq!(inbox.run(&[]), ["scan.pdf"], "{size}");
        }
    }
}
