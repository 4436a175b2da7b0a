//! The jobs that a watch starts, one after the other.

use std::collections::BTreeMap;

use headway_model::id::Millis;
use headway_model::summary::LastStart;
use headway_model::{JobId, RelPath, StartJob};
use headway_server::SizeAndTime;

use super::super::new_names::KnownNames;
use super::left::BeforeJob;
use super::{PendingJob, WatchProgress};

impl WatchProgress {
    /// Whether this is a job of the watch, which has this name now.
    pub(in crate::watch) fn is_own(&self, watch: &str, job: JobId) -> bool {
        is_of(self.job_name(watch), job) || self.earlier_names.iter().any(|name| is_of(name, job))
    }

    /// The name from which the ids of its jobs are made: that with which the watch, which has this name now, has begun.
    pub(in crate::watch) fn job_name<'a>(&'a self, watch: &'a str) -> &'a str {
        self.job_name.as_deref().unwrap_or(watch)
    }

    /// What a watch knows that begins, and makes the ids of its jobs from this name.
    pub(in crate::watch) fn of_jobs(job_name: String) -> Self {
        WatchProgress { job_name: Some(job_name), ..WatchProgress::default() }
    }

    /// The names of the files that it knows.
    pub(in crate::watch) fn known_files(&self) -> KnownNames<'_> {
        let generation = |path: &RelPath| self.generations.get(path).copied().unwrap_or_default();
        KnownNames::new(self.known.keys().map(|path| (path, generation(path))))
    }

    /// Takes in that a job is about to be started for these files. From now on they are known.
    pub(in crate::watch) fn prepare(
        &mut self,
        watch: &str,
        now: Millis,
        request: StartJob,
        files: BTreeMap<RelPath, SizeAndTime>,
    ) {
        self.jobs += 1;
        let known = self.known_files();
        let generations = files.keys().map(|path| (path.clone(), known.generation(path)));
        let generations: Vec<_> = generations.filter(|(_, generation)| *generation > 0).collect();
        self.generations.extend(generations);
        files.iter().for_each(|(path, state)| self.remember(path.clone(), *state));
        let start = LastStart { time: now, job: job_of(self.job_name(watch), self.jobs, now) };
        self.pending = Some(PendingJob { start, request, files, before: BeforeJob::default() });
    }

    /// Takes in that the job is started.
    pub(in crate::watch) fn started(&mut self) {
        let Some(PendingJob { start, files, before, .. }) = self.pending.take() else { return };
        (self.last, self.last_files, self.last_before, self.was_left) = (Some(start), files, before, false);
        self.worked_on.clear();
    }

    /// Takes in that the job was not started, and will not be: its files wait again.
    pub(in crate::watch) fn refused(&mut self) {
        let files = self.pending.take().map(|pending| pending.files).unwrap_or_default();
        for (path, state) in &files {
            if let Some(states) = self.known.get_mut(path) {
                states.retain(|known| known != state);
            }
        }
        self.known.retain(|_, states| !states.is_empty());
        self.generations.retain(|path, _| self.known.contains_key(path));
    }
}

/// The job of a watch with this number, at a time.
pub(super) fn job_of(watch: &str, number: u32, at: Millis) -> JobId {
    let mut random = [0; 10];
    random[..6].copy_from_slice(&blake3::hash(format!("watch {watch}").as_bytes()).as_bytes()[..6]);
    random[6..].copy_from_slice(&number.to_be_bytes());
    JobId::mint(at, random)
}

/// Whether this is a job of a watch of this name: the id says so.
pub(super) fn is_of(watch: &str, job: JobId) -> bool {
    job.bytes()[6..12] == job_of(watch, 0, 0).bytes()[6..12]
}
