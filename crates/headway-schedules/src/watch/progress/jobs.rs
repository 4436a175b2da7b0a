//! The jobs that a watch starts, one after the other.

use std::collections::BTreeMap;

use headway_model::id::Millis;
use headway_model::summary::LastStart;
use headway_model::{JobId, RelPath, StartJob};
use headway_server::SizeAndTime;

use super::super::new_names;
use super::{PendingJob, WatchProgress};

impl WatchProgress {
    /// Whether this is a job of the watch, which has this name now.
    pub(in crate::watch) fn is_own(&self, watch: &str, job: JobId) -> bool {
        is_of(watch, job) || self.earlier_names.iter().any(|name| is_of(name, job))
    }

    /// How many jobs in a row would have only files that are called after those of the job before, with a job of these.
    fn called_after_with(&self, files: &BTreeMap<RelPath, SizeAndTime>) -> u32 {
        if new_names::are_called_after(&self.last_files, files) { self.called_after + 1 } else { 0 }
    }

    /// Refuses a job of these files if jobs go on making files for the next one.
    pub(in crate::watch) fn must_end(&self, files: &BTreeMap<RelPath, SizeAndTime>) -> Result<(), String> {
        new_names::must_end(self.called_after_with(files), files)
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
        files.iter().for_each(|(path, state)| self.remember(path.clone(), *state));
        let start = LastStart { time: now, job: job_of(watch, self.jobs, now) };
        self.pending = Some(PendingJob { start, request, files });
    }

    /// Takes in that the job is started.
    pub(in crate::watch) fn started(&mut self) {
        let Some(PendingJob { start, files, .. }) = self.pending.take() else { return };
        self.called_after = self.called_after_with(&files);
        (self.last, self.last_files, self.was_left) = (Some(start), files, false);
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
