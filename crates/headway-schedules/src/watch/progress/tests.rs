//! What a watch knows, after each kind of look.

use std::collections::BTreeMap;

use headway_model::{JobId, Query, RelPath, StartJob};
use headway_server::{MadeFiles, SizeAndTime, WatchedFiles};

use super::super::config::ExistingFiles;
use super::jobs::{is_of, job_of};
use super::{WatchProgress, left};

fn path(text: &str) -> RelPath {
    text.parse().expect("a path")
}

fn state(size: u64) -> SizeAndTime {
    SizeAndTime { size, mtime_ns: 7 }
}

fn look(files: &[(&str, u64)], unread: &[&str]) -> WatchedFiles {
    WatchedFiles {
        library: "files".into(),
        root: "/srv/files".into(),
        folder: path("in"),
        files: files.iter().map(|(name, size)| (path(name), state(*size))).collect(),
        unread: unread.iter().map(|name| path(name)).collect(),
        ..WatchedFiles::default()
    }
}

fn request() -> StartJob {
    StartJob::new("files", "checksum", Query::Paths(vec![path("in/a")]))
}

#[test]
fn the_id_of_a_job_tells_whose_it_is() {
    let job = job_of("inbox", 7, 1_764_000_000_000);
    assert!(is_of("inbox", job) && !is_of("scans", job));
    assert_ne!(job, job_of("inbox", 8, 1_764_000_000_000));
    assert!(!is_of("inbox", JobId::mint(1_764_000_000_000, [7; 10])));
}

/// The name that it has now can have been that of another watch.
#[test]
fn the_jobs_of_a_renamed_watch_are_known_by_the_name_with_which_it_began() {
    let mut renamed = WatchProgress::of_jobs("inbox".into());
    renamed.prepare("scans", 5, request(), BTreeMap::new());
    let job = renamed.pending.as_ref().expect("a job").start.job;
    assert!(is_of("inbox", job) && renamed.is_own("scans", job));
    assert!(!renamed.is_own("scans", job_of("scans", 1, 5)));
}

#[test]
fn a_file_is_known_from_before_its_job_is_started_until_that_is_refused() {
    let mut progress = WatchProgress::default();
    let files = BTreeMap::from([(path("in/a"), state(1))]);
    progress.prepare("inbox", 5, request(), files.clone());
    assert!(progress.knows(&path("in/a"), state(1)) && !progress.knows(&path("in/a"), state(2)));
    // As a restart finds it.
    let text = serde_json::to_vec(&progress).expect("JSON");
    let mut again: WatchProgress = serde_json::from_slice(&text).expect("the same");
    assert_eq!(again, progress);
    again.started();
    assert!(again.knows(&path("in/a"), state(1)) && again.pending.is_none() && again.last.is_some());
    progress.refused();
    assert!(!progress.knows(&path("in/a"), state(1)) && progress.pending.is_none() && progress.last.is_none());
    progress.prepare("inbox", 5, request(), files);
    assert_ne!(progress.pending.map(|pending| pending.start), again.last, "an id is used once");
}

#[test]
fn what_its_jobs_made_is_known_and_so_is_what_it_was_before() {
    let mut progress = WatchProgress::default();
    progress.remember(path("in/a"), state(9));
    let made = || MadeFiles {
        files: vec![(path("in/a"), state(4)), (path("in/b"), state(5))],
        up_to: 12,
        ..MadeFiles::default()
    };
    assert!(progress.take_made(made()) && !progress.take_made(made()));
    assert_eq!(progress.position(), 12);
    for (name, size) in [("in/a", 9), ("in/a", 4), ("in/b", 5)] {
        assert!(progress.knows(&path(name), state(size)), "{name} {size}");
    }
    (10..20).for_each(|size| progress.remember(path("in/a"), state(size)));
    assert!(progress.knows(&path("in/a"), state(19)) && !progress.knows(&path("in/a"), state(9)));
}

#[test]
fn a_file_that_was_tried_without_success_is_known_as_the_next_look_sees_it() {
    let mut progress = WatchProgress::default();
    progress.remember(path("in/a"), state(1));
    let tried = ["in/a", "in/locked/b", "in/gone"].map(path).to_vec();
    assert!(progress.take_made(MadeFiles { tried, ..MadeFiles::default() }));
    assert!(progress.take_tried(&look(&[("in/a", 2), ("in/c", 1)], &["in/locked"])));
    assert!(progress.knows(&path("in/a"), state(2)) && !progress.knows(&path("in/c"), state(1)));
    // As a restart finds it.
    let text = serde_json::to_vec(&progress).expect("JSON");
    let mut again: WatchProgress = serde_json::from_slice(&text).expect("the same");
    assert!(!again.take_tried(&look(&[("in/a", 3)], &["in/locked"])), "still not seen");
    assert!(again.take_tried(&look(&[("in/a", 3), ("in/locked/b", 1), ("in/gone", 1)], &[])));
    assert!(again.knows(&path("in/locked/b"), state(1)) && !again.knows(&path("in/gone"), state(1)));
    assert!(!again.knows(&path("in/a"), state(3)), "it changed later");
}

#[test]
fn what_is_known_of_the_files_of_a_library_says_nothing_of_another() {
    let mut progress = WatchProgress::default();
    let found = look(&[("in/a", 1)], &[]);
    assert_eq!(progress.begin(&found, ExistingFiles::Process), Ok(true));
    progress.remember(path("in/a"), state(1));
    let renamed = WatchedFiles { library: "photos".into(), ..found.clone() };
    assert_eq!(progress.begin(&renamed, ExistingFiles::Process), Ok(false));
    assert_eq!(progress.library, "photos");
    let subfolder = WatchedFiles { folder: path("in/new"), ..found.clone() };
    assert_eq!(progress.begin(&subfolder, ExistingFiles::Process), Ok(true));
    assert!(progress.knows(&path("in/a"), state(1)), "the same library");
    let other = WatchedFiles { root: "/srv/other".into(), ..found };
    assert_eq!(progress.begin(&other, ExistingFiles::Process), Ok(true));
    assert!(!progress.knows(&path("in/a"), state(1)));
}

#[test]
fn files_that_are_gone_are_forgotten_even_while_a_folder_cannot_be_read() {
    let mut progress = WatchProgress::default();
    ["in/a", "in/gone", "in/locked/b"].into_iter().for_each(|name| progress.remember(path(name), state(1)));
    let found = look(&[("in/a", 1)], &["in/locked"]);
    progress.trim(&found, 3);
    assert!(progress.knows(&path("in/gone"), state(1)), "not very many");
    progress.trim(&found, 2);
    let known = ["in/a", "in/gone", "in/locked/b"].map(|name| progress.knows(&path(name), state(1)));
    assert_eq!(known, [true, false, true]);
}

#[test]
fn files_that_came_into_a_folder_while_another_one_was_watched_are_new_there() {
    let (mut progress, skip) = (WatchProgress::default(), ExistingFiles::Skip);
    let first = look(&[("in/a", 1)], &[]);
    assert_eq!(progress.begin(&first, skip), Ok(true));
    let other = WatchedFiles { folder: path("other"), ..look(&[("other/x", 1)], &[]) };
    assert_eq!(progress.begin(&other, skip), Ok(true));
    assert!(progress.knows(&path("other/x"), state(1)), "it was there at the beginning");
    // As a restart finds it.
    let text = serde_json::to_vec(&progress).expect("JSON");
    let mut progress: WatchProgress = serde_json::from_slice(&text).expect("the same");
    let again = look(&[("in/a", 1), ("in/b", 1)], &["in/locked"]);
    assert_eq!(progress.begin(&again, skip), Ok(true), "nothing is decided about what cannot be read");
    assert!(progress.knows(&path("in/a"), state(1)) && !progress.knows(&path("in/b"), state(1)));
    let around = WatchedFiles { folder: RelPath::default(), ..look(&[("in/b", 1), ("c", 1)], &[]) };
    assert_eq!(progress.begin(&around, skip), Ok(true));
    assert!(progress.knows(&path("c"), state(1)) && !progress.knows(&path("in/b"), state(1)));
    // What is forgotten is decided again.
    assert_eq!(progress.begin(&other, skip), Ok(true));
    progress.trim(&other, 0);
    assert_eq!(progress.begin(&first, skip), Ok(true));
    assert!(progress.knows(&path("in/a"), state(1)));
}

#[test]
fn what_is_on_a_missing_disk_is_neither_removed_nor_new_when_the_disk_is_back() {
    let disk = || BTreeMap::from([(path("in/usb"), "/dev/sdb1".to_owned())]);
    let without = WatchedFiles { missing: disk(), ..look(&[("in/a", 1)], &[]) };
    let back = WatchedFiles { mounted: disk(), ..look(&[("in/a", 1), ("in/usb/b", 1), ("in/usb/c.part", 1)], &[]) };
    let mut known = WatchProgress::default();
    known.remember(path("in/usb/b"), state(1));
    known.tried.insert(path("in/usb/d"));
    known.trim(&without, 0);
    assert!(known.knows(&path("in/usb/b"), state(1)) && !known.take_tried(&without));
    let mut skip = WatchProgress::default();
    assert_eq!(skip.begin(&without, ExistingFiles::Skip), Ok(true));
    assert!(!skip.take_returned(&without), "still missing");
    let forgotten = look(&[("in/a", 1)], &[]);
    assert!(!skip.take_returned(&forgotten), "it is no longer expected, which says nothing of its files");
    let half = WatchedFiles { unread: vec![path("in/usb/locked")], ..back.clone() };
    assert!(!skip.take_returned(&half), "not all of it is known");
    assert!(skip.take_returned(&back) && skip.knows(&path("in/usb/b"), state(1)));
    assert!(!skip.knows(&path("in/usb/c.part"), state(1)));
    let later = WatchedFiles { mounted: disk(), ..look(&[("in/usb/e", 1)], &[]) };
    assert!(!skip.take_returned(&later), "it came later");
    let mut process = WatchProgress::default();
    assert_eq!(process.begin(&without, ExistingFiles::Process), Ok(true));
    assert!(!process.take_returned(&back) && !process.knows(&path("in/usb/b"), state(1)));
}

#[test]
fn files_that_are_there_at_the_beginning_are_new_or_known_as_the_settings_say() {
    let found = look(&[("in/a", 1), ("in/b.part", 1)], &[]);
    let mut process = WatchProgress::default();
    assert_eq!(process.begin(&found, ExistingFiles::Process), Ok(true));
    assert!(!process.knows(&path("in/a"), state(1)));
    let mut skip = WatchProgress::default();
    assert!(skip.begin(&look(&[("in/a", 1)], &["in/locked"]), ExistingFiles::Skip).is_err());
    assert!(!skip.begun && !skip.knows(&path("in/a"), state(1)), "nothing is decided");
    assert_eq!(skip.begin(&found, ExistingFiles::Skip), Ok(true));
    assert!(skip.knows(&path("in/a"), state(1)) && !skip.knows(&path("in/b.part"), state(1)));
    let later = look(&[("in/a", 1), ("in/c", 1)], &[]);
    assert_eq!(skip.begin(&later, ExistingFiles::Skip), Ok(false));
    assert!(!skip.knows(&path("in/c"), state(1)), "it came later");
}

/// Files of one byte, each with its name, its time and its inode number.
type NumberedFiles<'a> = &'a [(&'a str, i64, u64)];

fn numbered(names: NumberedFiles<'_>) -> WatchedFiles {
    let state = |mtime_ns: i64| SizeAndTime { size: 1, mtime_ns };
    WatchedFiles {
        files: names.iter().map(|(name, mtime_ns, _)| (path(name), state(*mtime_ns))).collect(),
        inodes: names.iter().map(|(name, _, inode)| (path(name), *inode)).collect(),
        ..WatchedFiles::default()
    }
}

/// Starts a job on the first files, while the others wait.
fn run(progress: &mut WatchProgress, names: NumberedFiles<'_>, others: NumberedFiles<'_>) {
    progress.prepare("inbox", 5, request(), numbered(names).files);
    progress.take_before(&numbered(&[names, others].concat()));
    progress.started();
}

/// Ends its attempts at these files.
fn work_on(progress: &mut WatchProgress, names: &[&str]) {
    let worked_on = names.iter().map(|name| path(name)).collect();
    progress.take_made(MadeFiles { worked_on, ..MadeFiles::default() });
}

/// Those of the files of a look that are known.
fn known(progress: &WatchProgress, look: &WatchedFiles) -> Vec<String> {
    let known = look.files.iter().filter(|(path, state)| progress.knows(path, **state));
    known.map(|(path, _)| path.to_string()).collect()
}

#[test]
fn a_new_name_of_a_file_of_the_last_job_is_known_from_the_first_look_after_it() {
    let mut progress = WatchProgress::default();
    assert!(!progress.take_renamed(&numbered(&[("in/x", 7, 1)]), None), "there was no job");
    run(&mut progress, &[("in/a", 7, 1), ("in/b", 8, 2), ("in/c", left::FINE_NS, 3)], &[]);
    let running = progress.last.map(|last| last.job);
    assert!(!progress.take_renamed(&numbered(&[("in/a.x", 7, 1)]), running));
    work_on(&mut progress, &["in/a", "in/b", "in/c", "in/of another job"]);
    // As a restart finds it.
    let text = serde_json::to_vec(&progress).expect("JSON");
    let mut progress: WatchProgress = serde_json::from_slice(&text).expect("the same");
    let left = numbered(&[
        ("in/a.x", 7, 1),
        ("in/b", 8, 2),
        ("in/copy of b", 8, 4),
        ("in/c.x", left::FINE_NS, 3),
        ("in/new", 9, 5),
    ]);
    assert!(progress.take_renamed(&left, None));
    assert_eq!(known(&progress, &left), ["in/a.x", "in/b"], "a coarse time says nothing");
    let later = numbered(&[("in/b.x", 8, 2)]);
    assert!(!progress.take_renamed(&later, None), "a person renamed it later");
    assert_eq!(known(&progress, &later), [""; 0]);
}

/// Otherwise it would never be processed.
#[test]
fn a_file_that_somebody_else_renamed_while_the_job_ran_is_a_new_one() {
    let mut progress = WatchProgress::default();
    run(&mut progress, &[("in/a", 7, 1), ("in/b", 8, 2), ("in/c", 9, 3), ("in/d", 10, 4)], &[("in/e", 8, 5)]);
    work_on(&mut progress, &["in/b", "in/c", "in/d"]);
    let left = numbered(&[
        ("in/a.x", 7, 1),
        ("in/b, copied before", 8, 6),
        ("in/c.x", 9, 3),
        ("in/c.y", 9, 3),
        ("in/e", 10, 4),
    ]);
    assert!(progress.take_renamed(&left, None));
    // No attempt worked on a, b has another inode, each file has one new name, and e waited before.
    assert_eq!(known(&progress, &left), ["in/c.x"]);
}

#[test]
fn what_an_earlier_version_stored_is_read() {
    let text =
        r#"{ "folder": "in", "begun": true, "called_after": 3, "known": { "in/a": [{ "size": 1, "mtime_ns": 7 }] } }"#;
    let progress: WatchProgress = serde_json::from_str(text).expect("what was stored");
    assert!(progress.begun && progress.knows(&path("in/a"), state(1)));
    assert_eq!(progress.known_files().generation(&path("in/a.x")), 1, "names are counted from now on");
}
