//! A lock per file: an attempt that finds its file locked waits for a moment, then gives its worker back and shows which job it
//! waits for. Readers share a lock. A thread that recovers a change of an earlier job waits for as long as it takes.

mod keys;
mod waiting;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use headway_model::{JobId, RelPath};
use headway_recipes::{Attempt, Failure};
use keys::HoldKey;
pub(super) use keys::WantedFiles;
use waiting::HeldItem;

/// How often one that waits checks whether it was stopped.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// How long an attempt waits for its files before it gives its worker back.
const PATIENCE: Duration = Duration::from_millis(100);

/// The files that are held. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Exclusion {
    inner: Arc<ExclusionInner>,
    /// The files of changes that nobody works on and whose end is not recorded, by item.
    open: Arc<Mutex<HashMap<(JobId, u32), FileHold>>>,
    /// The items whose attempts gave their worker back, because one of their files was held.
    waiting: Arc<Mutex<BTreeMap<(JobId, u32), HeldItem>>>,
}

#[derive(Default)]
struct HoldTable {
    files: HashMap<HoldKey, Held>,
    /// How many wait for a file.
    waiting: usize,
}

#[derive(Default)]
struct ExclusionInner {
    held: Mutex<HoldTable>,
    freed: Condvar,
}

/// Why a job holds a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldReason {
    /// It works on the file.
    AtWork,
    /// Nobody works on the file, and it is not known how far a change of it got.
    OpenChange,
    /// One of these two.
    Either,
}

struct Held {
    /// The job of each holder.
    holders: Vec<JobId>,
    /// Whether they only read it.
    is_shared: bool,
}

impl HoldTable {
    fn add(&mut self, key: HoldKey, job: JobId, write: bool) {
        let held = self.files.entry(key).or_insert(Held { holders: Vec::new(), is_shared: true });
        held.holders.push(job);
        held.is_shared &= !write;
    }

    /// The job that keeps others from one of these files.
    fn holder(&self, wanted: &WantedFiles) -> Option<JobId> {
        let taken = |(key, write): &(HoldKey, bool)| self.files.get(key).filter(|held| *write || !held.is_shared);
        wanted.keys().iter().find_map(taken).and_then(|held| held.holders.first().copied())
    }
}

/// Held files, released on drop.
pub(super) struct FileHold {
    inner: Arc<ExclusionInner>,
    job: JobId,
    keys: Vec<HoldKey>,
}

impl Exclusion {
    /// Takes all of these files together: no attempt waits while holding some.
    ///
    /// # Errors
    /// If the attempt was stopped, or one of the files is still held after a moment. Then the item is offered again once all of them
    /// are free.
    pub(super) fn hold(&self, wanted: WantedFiles, attempt: &Attempt) -> Result<FileHold, Failure> {
        let until = Instant::now() + PATIENCE;
        let held = self.hold_for(attempt.job, &wanted, |other| {
            attempt.waits_for(other);
            attempt.is_stopped() || Instant::now() >= until
        });
        match held {
            Some(hold) => Ok(hold),
            None if attempt.is_stopped() => Err(Failure::Stopped),
            None => {
                self.wait((attempt.job, attempt.item), HeldItem::new(attempt.path.clone(), wanted));
                Err(Failure::Held)
            }
        }
    }

    /// The same for a job, which waits for as long as it takes. `waits` gets the job that it waits for, or `None` once it no longer
    /// waits, and returns whether it was stopped.
    pub(super) fn hold_for(
        &self,
        job: JobId,
        wanted: &WantedFiles,
        waits: impl Fn(Option<JobId>) -> bool,
    ) -> Option<FileHold> {
        let mut table = self.inner.held.lock();
        loop {
            let other = table.holder(wanted);
            let is_stopped = waits(other);
            if other.is_none() {
                break;
            }
            if is_stopped {
                return None;
            }
            table.waiting += 1;
            self.inner.freed.wait_for(&mut table, STOP_CHECK);
            table.waiting -= 1;
        }
        let mut keys = Vec::with_capacity(wanted.keys().len());
        for (key, write) in wanted.keys() {
            table.add(key.clone(), job, *write);
            keys.push(key.clone());
        }
        Some(FileHold { inner: Arc::clone(&self.inner), job, keys })
    }
}

impl Exclusion {
    /// Goes on holding the files of this item, because its attempt might have left them half changed: nobody works on them before the
    /// log says how the change ended.
    pub(super) fn hold_open(&self, hold: FileHold, item: (JobId, u32)) {
        self.open.lock().insert(item, hold);
    }

    /// Holds the files of a change that an earlier process left open. Does not wait: two of them can have a file in common.
    pub(super) fn hold_left(&self, wanted: &WantedFiles, item: (JobId, u32)) {
        let keys: Vec<_> = wanted.keys().iter().map(|(key, _)| key.clone()).collect();
        let mut table = self.inner.held.lock();
        keys.iter().for_each(|key| table.add(key.clone(), item.0, true));
        drop(table);
        self.hold_open(FileHold { inner: Arc::clone(&self.inner), job: item.0, keys }, item);
    }

    /// Why a file that an attempt waits for is held by this job, as far as the attempt's own file tells: it can wait for another
    /// file, such as its output.
    pub(crate) fn why_held(&self, job: JobId, root: &Path, file: &RelPath) -> HoldReason {
        let (open, key) = (self.open.lock(), HoldKey::path(root, file));
        let of_job: Vec<_> = open.iter().filter(|((of, _), _)| *of == job).collect();
        match of_job.as_slice() {
            [] => HoldReason::AtWork,
            changes if changes.iter().any(|(_, hold)| hold.keys.contains(&key)) => HoldReason::OpenChange,
            _ => HoldReason::Either,
        }
    }

    /// Lets go of the files of an item: how its change ended is recorded.
    pub(super) fn let_go(&self, item: (JobId, u32)) {
        self.open.lock().remove(&item);
    }

    /// Lets go of all files of a job that is over, and forgets those that it waits for.
    pub(super) fn let_go_of_job(&self, job: JobId) {
        self.open.lock().retain(|(of, _), _| *of != job);
        self.waiting.lock().retain(|(of, _), _| *of != job);
    }
}

impl Drop for FileHold {
    fn drop(&mut self) {
        let mut table = self.inner.held.lock();
        for key in &self.keys {
            let last = table.files.get_mut(key).is_none_or(|held| {
                if let Some(at) = held.holders.iter().position(|job| *job == self.job) {
                    held.holders.swap_remove(at);
                }
                held.holders.is_empty()
            });
            if last {
                table.files.remove(key);
            }
        }
        // Notifying costs a system call each time.
        if table.waiting > 0 {
            self.inner.freed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::FileIds;
    use headway_model::testing::job_id;

    /// Files that are known by their path alone.
    fn named(root: &Path, files: &[(RelPath, bool)]) -> WantedFiles {
        WantedFiles::below(root, files, |_| FileIds::default())
    }

    #[test]
    fn who_is_stopped_does_not_wait_for_a_file_and_who_waits_has_it_alone() {
        let (exclusion, root) = (Exclusion::default(), Path::new("/library"));
        let names = |names: &[&str]| {
            let files = names.iter().map(|name| (name.parse::<RelPath>().expect("a path"), true));
            named(root, &files.collect::<Vec<_>>())
        };
        let hangs = exclusion.hold_for(job_id(1), &names(&["file", "temp"]), |_| false).expect("it is free");
        assert!(exclusion.hold_for(job_id(1), &names(&["temp"]), |_| true).is_none(), "not even by the same job");
        assert!(exclusion.hold_for(job_id(2), &names(&["other"]), |_| true).is_some(), "it is free");
        let (held, waits) = std::sync::mpsc::channel();
        let has_it = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let hold = exclusion.hold_for(job_id(2), &names(&["file"]), |other| {
                    held.send(other).ok();
                    false
                });
                hold.is_some()
            });
            assert_eq!(waits.recv(), Ok(Some(job_id(1))), "it waits");
            drop(hangs);
            waiting.join().expect("no panic")
        });
        assert!(has_it);
    }

    #[test]
    fn files_that_might_be_half_changed_stay_held_until_that_is_recorded() {
        let (exclusion, root) = (Exclusion::default(), Path::new("/library"));
        let file = [("file".parse::<RelPath>().expect("a path"), true)];
        let take = |job| exclusion.hold_for(job_id(job), &named(root, &file), |_| true);
        let ways: [fn(&Exclusion); 2] =
            [|exclusion| exclusion.let_go((job_id(1), 7)), |exclusion| exclusion.let_go_of_job(job_id(1))];
        for let_go in ways {
            exclusion.hold_open(take(1).expect("it is free"), (job_id(1), 7));
            exclusion.let_go((job_id(1), 8));
            exclusion.let_go_of_job(job_id(2));
            assert!(take(2).is_none(), "it is held");
            let_go(&exclusion);
            assert!(take(2).is_some(), "it is free again");
        }
    }

    #[test]
    fn what_an_earlier_process_left_open_is_held_until_the_last_of_its_changes_is_over() {
        let (exclusion, root) = (Exclusion::default(), Path::new("/library"));
        let name: RelPath = "file".parse().expect("a path");
        let is_free = || exclusion.hold_for(job_id(3), &named(root, &[(name.clone(), false)]), |_| true).is_some();
        for job in [1, 2] {
            exclusion.hold_left(&named(root, &[(name.clone(), true)]), (job_id(job), 0));
        }
        let why = |job, name: &RelPath| exclusion.why_held(job_id(job), root, name);
        let other = "other".parse().expect("a path");
        assert_eq!(
            [1, 2, 3].map(|job| why(job, &name)),
            [HoldReason::OpenChange, HoldReason::OpenChange, HoldReason::AtWork]
        );
        assert_eq!(why(1, &other), HoldReason::Either, "it can be at work on that one");
        exclusion.let_go((job_id(1), 0));
        assert_eq!(why(1, &name), HoldReason::AtWork);
        let waits_for = Mutex::new(None);
        exclusion.hold_for(job_id(3), &named(root, &[(name.clone(), false)]), |other| {
            *waits_for.lock() = other;
            true
        });
        assert_eq!(*waits_for.lock(), Some(job_id(2)), "the job that has not ended its change is named");
        assert!(!is_free());
        exclusion.let_go((job_id(2), 0));
        assert!(is_free());
    }

    #[test]
    fn readers_share_a_file_and_the_last_one_frees_it() {
        let (exclusion, root) = (Exclusion::default(), Path::new("/library"));
        let take = |job, write| {
            let file = [("file".parse::<RelPath>().expect("a path"), write)];
            exclusion.hold_for(job_id(job), &named(root, &file), |_| true)
        };
        let (one, other) = (take(1, false).expect("it is free"), take(2, false).expect("they share it"));
        drop(one);
        assert!(take(3, true).is_none(), "one still reads it");
        drop(other);
        assert!(take(3, true).is_some(), "it is free");
    }

    #[test]
    fn two_paths_of_one_file_hold_each_other() {
        let exclusion = Exclusion::default();
        let file = [("file".parse::<RelPath>().expect("a path"), true)];
        let known = |root: &str, folder, file_id| {
            WantedFiles::below(Path::new(root), &file, |_| FileIds { folder: Some((1, folder)), file: file_id })
        };
        let _hold =
            exclusion.hold_for(job_id(1), &known("/library", 10, Some((1, 11))), |_| false).expect("it is free");
        let is_free = |wanted| exclusion.hold_for(job_id(2), &wanted, |_| true).is_some();
        assert!(!is_free(known("/mount", 10, None)), "its folder at another path, even after the file was swapped");
        assert!(!is_free(known("/other", 20, Some((1, 11)))), "another name of the file");
        assert!(is_free(known("/other", 20, Some((2, 11)))), "a file of another disk");
    }
}
