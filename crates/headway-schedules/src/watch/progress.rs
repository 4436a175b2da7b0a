//! What a watch knows: the files that it has started jobs for, and those that these jobs made. It is one small file for each
//! watch, which is replaced durably before a job is started.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use headway_files::{Found, private};
use headway_model::id::{Millis, Position};
use headway_model::summary::LastStart;
use headway_model::{JobId, RelPath, StartJob};
use headway_server::{MadeFiles, SizeAndTime, WatchedFiles};
use serde::{Deserialize, Serialize};

use super::config::{ExistingFiles, WatchedPlace};
use super::new_names;
use super::unfinished::is_unfinished;

/// The folder of these files in the data folder.
const FOLDER: &str = "watches";

/// Maximum size of such a file in bytes.
const LIMIT_BYTES: u64 = 1 << 27;

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
    /// Whether a look has seen what that job left.
    #[serde(default)]
    was_left: bool,
    /// How many jobs in a row had only files that are called after those of the job before.
    #[serde(default)]
    called_after: u32,
    /// The section of the watch but for its name, as it was last.
    #[serde(default)]
    pub(super) section: Option<WatchedPlace>,
    /// The names that the watch had before.
    #[serde(default)]
    pub(super) earlier_names: BTreeSet<String>,
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
}

impl WatchProgress {
    /// What a watch knows; `None` if it has never run. Blocking.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn read(data: &Path, watch: &str) -> io::Result<Option<Self>> {
        let Some(text) = Found::of(private::read(&place(data, watch), LIMIT_BYTES)).known()? else {
            return Ok(None);
        };
        serde_json::from_slice(&text).map(Some).map_err(io::Error::other)
    }

    /// Stores it durably. Blocking.
    ///
    /// # Errors
    /// Of the file system; [`io::ErrorKind::FileTooLarge`] if it could not be read again.
    pub(super) fn store(&self, data: &Path, watch: &str) -> io::Result<()> {
        let content = serde_json::to_vec(self).map_err(io::Error::other)?;
        if content.len() as u64 > LIMIT_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the names of the files are too long together"));
        }
        private::store(&data.join(FOLDER), &format!("{watch}.json"), &content)
    }

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

    /// Decides at the first look at this folder what happens to the files in it. Those in a folder that was watched before
    /// are not decided about again: what came there meanwhile is new. Of another library, nothing is known. Returns whether
    /// anything was decided.
    ///
    /// # Errors
    /// If not all of them are known, and they are to be skipped.
    pub(super) fn begin(&mut self, look: &WatchedFiles, existing: ExistingFiles) -> Result<bool, String> {
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

    /// Takes in what is on the disks that were missing when the files that were there were to be skipped, and are back.
    /// Returns whether there was any.
    pub(super) fn take_returned(&mut self, look: &WatchedFiles) -> bool {
        let before = self.undecided.len();
        let (unseen, folder) = (unseen_by(look), &look.folder);
        let is_back = |mount: &RelPath| {
            let is_read = !unseen(mount) && look.unread.iter().all(|unread| unread.seen_from(mount).is_none());
            is_read && mount.seen_from(folder).is_some()
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

    /// Whether this is a job of the watch, which has this name now.
    pub(super) fn is_own(&self, watch: &str, job: JobId) -> bool {
        is_of(watch, job) || self.earlier_names.iter().any(|name| is_of(name, job))
    }

    /// Takes in where the watch works. Returns whether that has changed.
    pub(super) fn take_section(&mut self, place: WatchedPlace) -> bool {
        self.section.replace(place.clone()) != Some(place)
    }

    /// The position after which its jobs can have made files that are not known yet.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Takes in what its jobs made. Returns whether a file was not known before, or was tried without success.
    pub(super) fn take_made(&mut self, made: MadeFiles) -> bool {
        self.position = made.up_to;
        let was_tried = !made.tried.is_empty();
        self.tried.extend(made.tried);
        let new: Vec<_> = made.files.into_iter().filter(|(path, state)| !self.knows(path, *state)).collect();
        let is_any = !new.is_empty();
        new.into_iter().for_each(|(path, state)| self.remember(path, state));
        is_any || was_tried
    }

    /// Takes in which files its last job has renamed, at the first look that began after the end of all its jobs. Returns
    /// whether this was that look.
    pub(super) fn take_renamed(&mut self, look: &WatchedFiles, running: Option<JobId>) -> bool {
        if self.was_left || running.is_some() || self.last.is_none() {
            return false;
        }
        self.was_left = true;
        let renamed = new_names::renamed(&self.last_files, look, unseen_by(look));
        renamed.into_iter().for_each(|(path, state)| self.remember(path, state));
        true
    }

    /// How many jobs in a row would have only files that are called after those of the job before, with a job of these.
    fn called_after_with(&self, files: &BTreeMap<RelPath, SizeAndTime>) -> u32 {
        if new_names::are_called_after(&self.last_files, files) { self.called_after + 1 } else { 0 }
    }

    /// Refuses a job of these files if jobs go on making files for the next one.
    pub(super) fn must_end(&self, files: &BTreeMap<RelPath, SizeAndTime>) -> Result<(), String> {
        new_names::must_end(self.called_after_with(files), files)
    }

    /// Takes in what a look found at the files that were tried without success: as they are now, they are not tried again.
    /// The look began after the end of these jobs. Returns whether there was any.
    pub(super) fn take_tried(&mut self, look: &WatchedFiles) -> bool {
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

    /// Takes in that a job is about to be started for these files. From now on they are known.
    pub(super) fn prepare(
        &mut self,
        watch: &str,
        now: Millis,
        request: StartJob,
        files: BTreeMap<RelPath, SizeAndTime>,
    ) {
        self.jobs += 1;
        files.iter().for_each(|(path, state)| self.remember(path.clone(), *state));
        let start = LastStart { time: now, job: job_of(watch, self.jobs, now) };
        self.pending = Some(PendingJob { start, request, files });
    }

    /// Takes in that the job is started.
    pub(super) fn started(&mut self) {
        let Some(PendingJob { start, files, .. }) = self.pending.take() else { return };
        self.called_after = self.called_after_with(&files);
        (self.last, self.last_files, self.was_left) = (Some(start), files, false);
    }

    /// Takes in that the job was not started, and will not be: its files wait again.
    pub(super) fn refused(&mut self) {
        let files = self.pending.take().map(|pending| pending.files).unwrap_or_default();
        for (path, state) in &files {
            if let Some(states) = self.known.get_mut(path) {
                states.retain(|known| known != state);
            }
        }
        self.known.retain(|_, states| !states.is_empty());
    }

    /// Forgets files that are no longer in the folder, if it remembers more than `limit`. What the look could not see might
    /// be there.
    pub(super) fn trim(&mut self, look: &WatchedFiles, limit: usize) {
        if self.known.len() > limit {
            let unseen = unseen_by(look);
            self.known.retain(|path, _| look.files.contains_key(path) || unseen(path));
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

/// The names of the watches that have run on a data folder. Blocking.
pub(super) fn names(data: &Path) -> io::Result<Vec<String>> {
    private::names(&data.join(FOLDER))
}

/// Removes what a watch knows. Blocking.
pub(super) fn remove(data: &Path, watch: &str) -> io::Result<()> {
    private::remove(&place(data, watch))
}

fn place(data: &Path, watch: &str) -> PathBuf {
    data.join(FOLDER).join(format!("{watch}.json"))
}

/// The job of a watch with this number, at a time.
fn job_of(watch: &str, number: u32, at: Millis) -> JobId {
    let mut random = [0; 10];
    random[..6].copy_from_slice(&blake3::hash(format!("watch {watch}").as_bytes()).as_bytes()[..6]);
    random[6..].copy_from_slice(&number.to_be_bytes());
    JobId::mint(at, random)
}

/// Whether this is a job of a watch of this name: the id says so.
fn is_of(watch: &str, job: JobId) -> bool {
    job.bytes()[6..12] == job_of(watch, 0, 0).bytes()[6..12]
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Query;

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
        let missing = |names: &[&str]| names.iter().map(|name| (path(name), "/dev/sdb1".to_owned())).collect();
        let without = WatchedFiles { missing: missing(&["in/usb"]), ..look(&[("in/a", 1)], &[]) };
        let back = look(&[("in/a", 1), ("in/usb/b", 1), ("in/usb/c.part", 1)], &[]);
        let mut known = WatchProgress::default();
        known.remember(path("in/usb/b"), state(1));
        known.tried.insert(path("in/usb/d"));
        known.trim(&without, 0);
        assert!(known.knows(&path("in/usb/b"), state(1)) && !known.take_tried(&without));
        let mut skip = WatchProgress::default();
        assert_eq!(skip.begin(&without, ExistingFiles::Skip), Ok(true));
        assert!(!skip.take_returned(&without), "still missing");
        let half = WatchedFiles { unread: vec![path("in/usb/locked")], ..back.clone() };
        assert!(!skip.take_returned(&half), "not all of it is known");
        assert!(skip.take_returned(&back) && skip.knows(&path("in/usb/b"), state(1)));
        assert!(!skip.knows(&path("in/usb/c.part"), state(1)));
        assert!(!skip.take_returned(&look(&[("in/usb/e", 1)], &[])), "it came later");
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

    fn files(names: &[(&str, i64)]) -> BTreeMap<RelPath, SizeAndTime> {
        names.iter().map(|(name, mtime_ns)| (path(name), SizeAndTime { size: 1, mtime_ns: *mtime_ns })).collect()
    }

    fn run(progress: &mut WatchProgress, names: &[(&str, i64)]) {
        progress.prepare("inbox", 5, request(), files(names));
        progress.started();
    }

    #[test]
    fn a_new_name_of_a_file_of_the_last_job_is_known_from_the_first_look_after_it() {
        let look = |names: &[(&str, i64)]| WatchedFiles { files: files(names), ..WatchedFiles::default() };
        let mut progress = WatchProgress::default();
        assert!(!progress.take_renamed(&look(&[("in/x", 7)]), None), "there was no job");
        run(&mut progress, &[("in/a", 7), ("in/b", 8), ("in/c", new_names::FINE_NS)]);
        let running = progress.last.map(|last| last.job);
        assert!(!progress.take_renamed(&look(&[("in/a.x", 7)]), running));
        let left =
            look(&[("in/a.x", 7), ("in/b", 8), ("in/copy of b", 8), ("in/c.x", new_names::FINE_NS), ("in/new", 9)]);
        assert!(progress.take_renamed(&left, None));
        let known = left.files.iter().filter(|(path, state)| progress.knows(path, **state));
        let known: Vec<_> = known.map(|(path, _)| path.to_string()).collect();
        assert_eq!(known, ["in/a.x", "in/b"], "a coarse time says nothing");
        assert!(!progress.take_renamed(&look(&[("in/b.x", 8)]), None), "a person renamed it later");
        assert!(!progress.knows(&path("in/b.x"), SizeAndTime { size: 1, mtime_ns: 8 }));
    }

    #[test]
    fn jobs_that_go_on_making_files_for_the_next_one_end() {
        let mut progress = WatchProgress::default();
        let mut name = "in/a.jpg".to_owned();
        for number in 0..=i64::from(new_names::IN_A_ROW) {
            assert_eq!(progress.must_end(&files(&[(name.as_str(), number)])), Ok(()), "{name}");
            run(&mut progress, &[(name.as_str(), number)]);
            name.push_str(".x");
        }
        let refused = progress.must_end(&files(&[(name.as_str(), 20)])).expect_err("refused");
        assert!(refused.contains(&name) && refused.contains("new name"), "{refused}");
        // As a restart finds it.
        let text = serde_json::to_vec(&progress).expect("JSON");
        let mut progress: WatchProgress = serde_json::from_slice(&text).expect("the same");
        assert!(progress.must_end(&files(&[(name.as_str(), 20)])).is_err());
        assert_eq!(progress.must_end(&files(&[(name.as_str(), 20), ("in/other", 20)])), Ok(()), "another file came");
        run(&mut progress, &[(name.as_str(), 20), ("in/other", 20)]);
        assert_eq!(progress.called_after, 0);
    }

    #[test]
    fn numbers_and_changed_files_are_no_new_names() {
        let mut progress = WatchProgress::default();
        for number in 0..30 {
            let name = format!("in/scan.{number:03}");
            assert_eq!(progress.must_end(&files(&[(name.as_str(), number)])), Ok(()), "{name}");
            run(&mut progress, &[(name.as_str(), number)]);
        }
        for number in 0..30 {
            run(&mut progress, &[("in/scan.pdf", number)]);
            assert_eq!(progress.called_after, 0);
        }
    }
}
