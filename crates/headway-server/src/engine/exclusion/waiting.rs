//! Items that wait for files which others hold, without a worker. They are offered again once all of their files are free.

use std::collections::{BTreeSet, HashMap};

use super::Exclusion;
use super::keys::{HoldKey, WantedFiles};
use headway_model::{JobId, RelPath};

/// An item whose attempt gave its worker back, because one of its files was held.
pub(super) struct HeldItem {
    path: RelPath,
    wanted: WantedFiles,
    /// Whether the engine knows that the attempt is over. An item is not offered before.
    is_over: bool,
}

impl HeldItem {
    /// The item of this file, whose attempt wants to hold these files.
    pub(super) fn new(path: RelPath, wanted: WantedFiles) -> Self {
        HeldItem { path, wanted, is_over: false }
    }
}

/// What keeps the items of a job waiting.
pub(crate) struct HeldUp {
    /// One of the items.
    pub(crate) path: RelPath,
    /// The job that holds a file of this item.
    pub(crate) by: JobId,
    /// The jobs that hold files of any of the items.
    pub(crate) jobs: BTreeSet<JobId>,
    /// How many items wait.
    pub(crate) items: usize,
}

impl Exclusion {
    /// Notes that an item waits for files.
    pub(super) fn wait(&self, item: (JobId, u32), held: HeldItem) {
        self.waiting.lock().insert(item, held);
    }

    /// Notes that the attempt on an item that waits for files is over.
    pub(in crate::engine) fn given_back(&self, item: (JobId, u32)) {
        if let Some(held) = self.waiting.lock().get_mut(&item) {
            held.is_over = true;
        }
    }

    /// The items whose files are free by now: they no longer wait. Of several items that want the same file, one is offered.
    pub(in crate::engine) fn offered(&self) -> Vec<(JobId, u32)> {
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            return Vec::new();
        }
        let table = self.inner.held.lock();
        let (mut offered, mut taken) = (Vec::new(), HashMap::<HoldKey, bool>::new());
        waiting.retain(|item, held| {
            let is_taken = |(key, write): &(HoldKey, bool)| taken.get(key).is_some_and(|writes| *write || *writes);
            if !held.is_over || table.holder(&held.wanted).is_some() || held.wanted.keys().iter().any(is_taken) {
                return true;
            }
            for (key, write) in held.wanted.keys() {
                *taken.entry(key.clone()).or_default() |= *write;
            }
            offered.push(*item);
            false
        });
        offered
    }

    /// What keeps items of this job waiting; `None` if none waits for a file that is held.
    pub(crate) fn held_up(&self, job: JobId) -> Option<HeldUp> {
        let waiting = self.waiting.lock();
        let table = self.inner.held.lock();
        let of_job = waiting.range((job, 0)..=(job, u32::MAX)).map(|(_, held)| held);
        let mut found: Option<HeldUp> = None;
        for (held, by) in of_job.filter_map(|held| Some((held, table.holder(&held.wanted)?))) {
            let none = || HeldUp { path: held.path.clone(), by, jobs: BTreeSet::new(), items: 0 };
            let found = found.get_or_insert_with(none);
            found.jobs.insert(by);
            found.items += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use headway_files::FileIds;
    use headway_model::testing::job_id;
    use headway_recipes::{Attempt, Failure, StopReason};

    fn file(write: bool) -> WantedFiles {
        let file: [(RelPath, bool); 1] = [("file".parse().expect("a path"), write)];
        WantedFiles::below(Path::new("/library"), &file, |_| FileIds::default())
    }

    fn attempt(item: u32) -> Attempt {
        Attempt::new(job_id(2), item, 1, "file".parse().expect("a path"), 1)
    }

    #[test]
    fn an_item_whose_file_is_held_gives_its_worker_back_and_is_offered_once_the_file_is_free() {
        let exclusion = Exclusion::default();
        let holds = exclusion.hold_for(job_id(1), &file(true), |_| false).expect("it is free");
        for item in 0..3 {
            let not_held = exclusion.hold(file(item == 0), &attempt(item)).err();
            assert!(matches!(not_held, Some(Failure::Held)), "{item}");
        }
        let held_up = exclusion.held_up(job_id(2)).expect("three items wait");
        assert_eq!((held_up.by, held_up.items, held_up.jobs), (job_id(1), 3, BTreeSet::from([job_id(1)])));
        assert!(exclusion.held_up(job_id(1)).is_none());
        (0..3).for_each(|item| exclusion.given_back((job_id(2), item)));
        assert_eq!(exclusion.offered(), [], "the file is held");
        drop(holds);
        assert_eq!(exclusion.offered(), [(job_id(2), 0)], "this one writes, and has the file alone");
        assert_eq!(exclusion.offered(), [(job_id(2), 1), (job_id(2), 2)], "these share it");
        assert_eq!(exclusion.offered(), [], "no item waits");
    }

    #[test]
    fn an_item_is_not_offered_before_its_attempt_is_over_nor_after_its_job() {
        let exclusion = Exclusion::default();
        let holds = exclusion.hold_for(job_id(1), &file(true), |_| false).expect("it is free");
        assert!(exclusion.hold(file(true), &attempt(0)).is_err());
        drop(holds);
        assert_eq!(exclusion.offered(), [], "the attempt is not over");
        exclusion.given_back((job_id(2), 0));
        exclusion.let_go_of_job(job_id(2));
        assert_eq!(exclusion.offered(), [], "the job is over");
    }

    #[test]
    fn an_attempt_that_is_stopped_does_not_wait() {
        let exclusion = Exclusion::default();
        let _holds = exclusion.hold_for(job_id(1), &file(true), |_| false).expect("it is free");
        let stopped = attempt(0);
        stopped.stop(StopReason::Asked);
        assert!(matches!(exclusion.hold(file(true), &stopped).err(), Some(Failure::Stopped)));
        assert!(exclusion.held_up(job_id(2)).is_none());
    }
}
