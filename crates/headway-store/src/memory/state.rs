//! The tables in memory, and the questions that need more than one of them.

use std::collections::BTreeMap;

use super::super::{Head, JobFilter, SetAside};
use crate::rows::{DoneContent, DoneRow, EventRow, ItemRow, JobRow, Lease, OutcomeRow};
use headway_model::id::{JobId, Position};
use headway_model::item::ItemLabel;
use headway_model::{Digest, JobKind, PlannedFile, RelPath};

#[derive(Default, Debug, Clone)]
pub(super) struct MemoryState {
    pub(super) head: Option<Head>,
    pub(super) events: BTreeMap<Position, EventRow>,
    pub(super) jobs: BTreeMap<u64, JobRow>,
    pub(super) items: BTreeMap<(u64, u32), ItemRow>,
    pub(super) leases: BTreeMap<(u64, u32), Lease>,
    pub(super) aside: BTreeMap<u64, SetAside>,
}

impl MemoryState {
    pub(super) fn head(&self) -> Head {
        self.head.unwrap_or(Head { position: 0, digest: None, next_job_no: 1 })
    }

    pub(super) fn job(&self, id: JobId) -> Option<&JobRow> {
        self.jobs.values().find(|row| row.summary.job == id)
    }

    pub(super) fn jobs(&self, filter: JobFilter, limit: u32) -> Vec<JobRow> {
        let mut rows: Vec<_> = self.jobs.values().cloned().collect();
        match filter {
            JobFilter::Live => rows.retain(|row| !row.summary.status.is_terminal()),
            JobFilter::ChangedAfter(position) => rows.retain(|row| row.last_position > position),
            JobFilter::Over(job_no) => {
                let left = |row: &JobRow| !row.summary.pruned || row.created_position < row.last_position;
                rows.retain(|row| row.summary.status.is_terminal() && left(row) && row.job_no > job_no);
            }
            JobFilter::Undoing(id) => {
                rows.retain(|row| JobKind::of(&row.summary.recipe) == JobKind::Undo && row.head.parent() == Some(id));
                rows.reverse();
            }
            JobFilter::Retrying(id) => {
                rows.retain(|row| JobKind::of(&row.summary.recipe) != JobKind::Undo && row.head.parent() == Some(id));
                rows.reverse();
            }
            JobFilter::Repeating(id) => {
                let of = self.job(id).map(|row| (row.summary.recipe.clone(), row.work, row.job_no));
                let is_again = |row: &JobRow| {
                    let is_same = |(recipe, work, job_no): &(String, Option<Digest>, u64)| {
                        row.summary.recipe == *recipe && row.work == *work && row.job_no > *job_no
                    };
                    of.as_ref().is_some_and(is_same) && row.head.parent().is_some()
                };
                rows.retain(|row| JobKind::of(&row.summary.recipe) != JobKind::Undo && is_again(row));
                rows.reverse();
            }
            JobFilter::Undos(after) => {
                let after = after.and_then(|id| self.job(id)).map_or(0, |row| row.job_no);
                rows.retain(|row| JobKind::of(&row.summary.recipe) == JobKind::Undo && row.job_no > after);
                rows.reverse();
            }
            JobFilter::Before(None) => rows.reverse(),
            JobFilter::Before(Some(id)) => {
                let before = self.job(id).map_or(0, |row| row.job_no);
                rows.retain(|row| row.job_no < before);
                rows.reverse();
            }
        }
        let is_of_history = match filter {
            JobFilter::Before(_) | JobFilter::Undoing(_) | JobFilter::Undos(_) => true,
            JobFilter::Retrying(_) | JobFilter::Repeating(_) => true,
            JobFilter::Live | JobFilter::ChangedAfter(_) | JobFilter::Over(_) => false,
        };
        if is_of_history {
            rows.retain(|row| !row.summary.pruned);
        } else if !matches!(filter, JobFilter::Over(_)) {
            rows.sort_by_key(|row| row.last_position);
        }
        rows.truncate(limit as usize);
        rows
    }

    pub(super) fn outcomes(&self, library: &str, paths: &[RelPath], before: u64, but: &[u64]) -> Vec<OutcomeRow> {
        let mut latest = BTreeMap::new();
        let counts = |row: &&ItemRow| row.job_no < before && !but.contains(&row.job_no);
        for row in self.items.values().filter(counts).filter(|row| row.state.status.is_outcome()) {
            let Some(job) = self.jobs.get(&row.job_no).filter(|job| job.library == library) else { continue };
            let moved = row.moved_to();
            let (path, moved_from) = match moved {
                Some(moved) => (moved, Some(row.file.path.clone())),
                None => (row.file.path.clone(), None),
            };
            if !paths.contains(&path) {
                continue;
            }
            let (recipe, status, work) = (job.summary.recipe.clone(), row.state.status, job.work);
            let key = (path.clone(), moved_from.clone(), recipe.clone(), work, status.byte());
            let (job_no, job) = (row.job_no, job.summary.job);
            latest.insert(key, OutcomeRow { path, moved_from, recipe, work, status, job_no, job });
        }
        latest.into_values().collect()
    }

    pub(super) fn done(&self, library: &str, recipe: &str, paths: &[RelPath], but: &[u64]) -> Vec<DoneRow> {
        let mut latest = BTreeMap::new();
        for row in self.items.values().filter(|row| paths.contains(&row.file.path) && !but.contains(&row.job_no)) {
            let Some(job) = self.jobs.get(&row.job_no).filter(|job| job.library == library) else { continue };
            let undo = JobKind::of(&job.summary.recipe) == JobKind::Undo;
            if !(undo || job.summary.recipe == recipe) || !row.state.status.is_done() {
                continue;
            }
            let work = job.work.filter(|_| !undo);
            let done = DoneRow {
                file: PlannedFile { rerun: None, becomes: None, ..row.file.clone() },
                job_no: row.job_no,
                job: job.summary.job,
                work,
                result: row.state.result.clone(),
            };
            latest.insert((row.file.path.clone(), undo, work), done);
        }
        latest.into_values().collect()
    }

    pub(super) fn done_contents(&self, library: &str, work: Digest) -> Vec<DoneContent> {
        let undone = |id: JobId| {
            self.jobs
                .values()
                .any(|other| JobKind::of(&other.summary.recipe) == JobKind::Undo && other.head.parent() == Some(id))
        };
        let mut contents = Vec::new();
        for row in self.items.values().filter(|row| row.state.status.label() == ItemLabel::Succeeded) {
            let Some(job) = self.jobs.get(&row.job_no) else { continue };
            if job.library != library || job.work != Some(work) || undone(job.summary.job) {
                continue;
            }
            let result = row.state.result.as_deref().unwrap_or("{}");
            contents.extend(DoneContent::of_result(job.summary.job, &row.file.path, row.file.size, result));
        }
        contents
    }
}
