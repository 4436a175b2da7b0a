//! The store in memory, for the simulation and for tests of the contract. Its futures are ready at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::{Head, JobFilter, Store, StoreError, Stored};
use crate::rows::{Batch, DoneRow, EventRow, ItemRow, JobRow, Lease};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemStatus;
use headway_model::load::{Load, Part};
use headway_model::{Digest, Fold, JobKind, PlannedFile, RelPath};

/// The log in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default, Debug, Clone)]
struct State {
    head: Option<Head>,
    events: BTreeMap<Position, EventRow>,
    jobs: BTreeMap<u64, JobRow>,
    items: BTreeMap<(u64, u32), ItemRow>,
    leases: BTreeMap<(u64, u32), Lease>,
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        MemoryStore { state: Mutex::new(self.state().clone()) }
    }
}

impl MemoryStore {
    /// An empty log.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// No await happens under this lock, so a plain mutex suffices.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn head(&self) -> Head {
        self.head.unwrap_or(Head { position: 0, digest: None, next_job_no: 1 })
    }

    fn job(&self, id: JobId) -> Option<&JobRow> {
        self.jobs.values().find(|row| row.summary.job == id)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, batch: Batch) -> Stored<()> {
        let mut state = self.state();
        let used = |row: &EventRow| state.events.contains_key(&row.position);
        if batch.events.iter().any(used) {
            return Err(StoreError::new("a position was assigned twice"));
        }
        state.head = Some(Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no });
        state.events.extend(batch.events.into_iter().map(|row| (row.position, row)));
        state.jobs.extend(batch.jobs.into_iter().map(|row| (row.job_no, row)));
        state.items.extend(batch.planned.into_iter().map(|row| ((row.job_no, row.item), row)));
        for (job_no, item, moved) in batch.moved {
            if let Some(row) = state.items.get_mut(&(job_no, item)) {
                row.state = moved;
            }
        }
        for ((job_no, item), lease) in batch.leases {
            let worker = batch.worker.clone();
            match lease {
                Some((attempt, until)) => {
                    state.leases.insert((job_no, item), Lease { job_no, item, attempt, worker, until })
                }
                None => state.leases.remove(&(job_no, item)),
            };
        }
        Ok(())
    }

    async fn head(&self) -> Stored<Head> {
        Ok(self.state().head())
    }

    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>> {
        Ok(self.state().events.get(&position).map(|row| row.digest))
    }

    async fn events(&self, jobs: &[u64], after: Position, up_to: Position, limit: u32) -> Stored<Vec<EventRow>> {
        if up_to <= after {
            return Ok(Vec::new());
        }
        let state = self.state();
        let wanted = state.events.range(after + 1..=up_to).map(|(_, row)| row);
        let wanted = wanted.filter(|row| jobs.is_empty() || jobs.contains(&row.job_no)).take(limit as usize);
        // Only rebuilds and `/items` need details; streams do not.
        Ok(wanted
            .map(|row| EventRow { detail: row.detail.clone().filter(|_| jobs.is_empty()), ..row.clone() })
            .collect())
    }

    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>> {
        let state = self.state();
        let last = state.events.range(..=position).rev().find(|(_, row)| row.job_no == job_no);
        Ok(last.map(|(_, row)| (row.seq, row.digest)))
    }

    async fn job(&self, id: JobId) -> Stored<Option<JobRow>> {
        Ok(self.state().job(id).cloned())
    }

    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
        let state = self.state();
        let mut rows: Vec<_> = state.jobs.values().cloned().collect();
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
            JobFilter::Before(None) => rows.reverse(),
            JobFilter::Before(Some(id)) => {
                let before = state.job(id).map_or(0, |row| row.job_no);
                rows.retain(|row| row.job_no < before);
                rows.reverse();
            }
        }
        if matches!(filter, JobFilter::Before(_) | JobFilter::Undoing(_)) {
            rows.retain(|row| !row.summary.pruned);
        } else if !matches!(filter, JobFilter::Over(_)) {
            rows.sort_by_key(|row| row.last_position);
        }
        rows.truncate(limit as usize);
        Ok(rows)
    }

    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
        let state = self.state();
        let mut folds = Vec::new();
        for row in jobs.iter().filter_map(|id| state.job(*id)) {
            let items = state.items.range((row.job_no, 0)..=(row.job_no, u32::MAX));
            let items = items.filter(|_| !row.summary.pruned);
            let items = items.map(|(_, item)| (item.state.status.byte(), item.state.attempt));
            folds.push(row.head.clone().with_items(items).fold().map_err(|error| StoreError::new(error.to_string()))?);
        }
        Ok((state.head().position, folds))
    }

    async fn request(&self, job_no: u64) -> Stored<Option<String>> {
        let state = self.state();
        Ok(state.events.values().find(|row| row.job_no == job_no).and_then(|row| row.detail.clone()))
    }

    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<&str>) -> Stored<Vec<ItemRow>> {
        let state = self.state();
        let all = state.items.range((job_no, from)..=(job_no, u32::MAX)).map(|(_, row)| row);
        let wanted = all.filter(|row| status.is_none_or(|status| row.state.status.label() == status));
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn load(&self, job_no: u64) -> Stored<Load> {
        let mut load = Load::default();
        let state = self.state();
        for row in state.items.range((job_no, 0)..=(job_no, u32::MAX)).map(|(_, row)| row) {
            load.add(row.state.status, Part { files: 1, bytes: row.file.size });
        }
        Ok(load)
    }

    async fn items_at(&self, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>> {
        let state = self.state();
        let items = items.iter().collect::<std::collections::BTreeSet<_>>().into_iter();
        Ok(items.filter_map(|item| state.items.get(&(job_no, *item)).cloned()).collect())
    }

    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
        let state = self.state();
        let events = state.events.range(after + 1..).map(|(_, row)| row).filter(|row| row.job_no == job_no);
        Ok(events.take(limit as usize).cloned().collect())
    }

    async fn outcomes(&self, library: &str, paths: &[RelPath]) -> Stored<Vec<(RelPath, ItemStatus)>> {
        let state = self.state();
        let mut latest = BTreeMap::new();
        for row in state.items.values().filter(|row| paths.contains(&row.file.path)) {
            let here = state.jobs.get(&row.job_no).is_some_and(|job| job.library == library);
            if here && row.state.status.is_outcome() {
                latest.insert(row.file.path.clone(), row.state.status);
            }
        }
        Ok(latest.into_iter().collect())
    }

    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath]) -> Stored<Vec<DoneRow>> {
        let state = self.state();
        let mut latest = BTreeMap::new();
        for row in state.items.values().filter(|row| paths.contains(&row.file.path)) {
            let Some(job) = state.jobs.get(&row.job_no).filter(|job| job.library == library) else { continue };
            let undo = JobKind::of(&job.summary.recipe) == JobKind::Undo;
            if !(undo || job.summary.recipe == recipe) || !row.state.status.is_done() {
                continue;
            }
            let work = job.work.filter(|_| !undo);
            let done = DoneRow {
                file: PlannedFile { rerun: None, becomes: None, ..row.file.clone() },
                job_no: row.job_no,
                work,
                result: row.state.result.clone(),
            };
            latest.insert((row.file.path.clone(), undo, work), done);
        }
        Ok(latest.into_values().collect())
    }

    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<(u64, Digest)>> {
        let state = self.state();
        let undone = |id: JobId| {
            state
                .jobs
                .values()
                .any(|other| JobKind::of(&other.summary.recipe) == JobKind::Undo && other.head.parent() == Some(id))
        };
        let mut contents = Vec::new();
        for row in state.items.values().filter(|row| row.state.status.label() == "succeeded") {
            let Some(job) = state.jobs.get(&row.job_no) else { continue };
            if job.library != library || job.work != Some(work) || undone(job.summary.job) {
                continue;
            }
            let Ok(result) = serde_json::from_str::<Value>(row.state.result.as_deref().unwrap_or("{}")) else {
                continue;
            };
            let hash = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
            contents.extend(hash(&result["input"]).map(|hash| (row.file.size, hash)));
            let output = &result["output"];
            if output["path"].as_str() == Some(row.file.path.as_str()) {
                contents.extend(output["size"].as_u64().zip(hash(&output["hash"])));
            }
        }
        Ok(contents)
    }

    async fn leases(&self) -> Stored<Vec<Lease>> {
        Ok(self.state().leases.values().cloned().collect())
    }

    async fn renew(&self, worker: &str, until: Millis) -> Stored<()> {
        self.state().leases.values_mut().filter(|lease| lease.worker == worker).for_each(|lease| lease.until = until);
        Ok(())
    }

    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
        let mut state = self.state();
        let limit = limit as usize;
        let events = state.events.range(..pruned_at).filter(|(_, row)| row.job_no == job_no);
        let events: Vec<_> = events.map(|(position, _)| *position).take(limit).collect();
        events.iter().for_each(|position| drop(state.events.remove(position)));
        if events.len() == limit {
            return Ok(true);
        }
        let items = state.items.range((job_no, 0)..=(job_no, u32::MAX));
        let items: Vec<_> = items.map(|(key, _)| *key).take(limit).collect();
        items.iter().for_each(|key| drop(state.items.remove(key)));
        if items.len() == limit {
            return Ok(true);
        }
        if let Some(row) = state.jobs.get_mut(&job_no) {
            (row.created_position, row.library, row.work) = (pruned_at, String::new(), None);
        }
        Ok(false)
    }

    async fn bytes(&self) -> Stored<u64> {
        let state = self.state();
        let bytes = |row: &EventRow| row.payload.len() + row.detail.as_ref().map_or(0, String::len);
        Ok(state.events.values().map(bytes).sum::<usize>() as u64)
    }

    async fn clear_rows(&self) -> Stored<()> {
        let mut state = self.state();
        state.jobs.clear();
        state.items.clear();
        Ok(())
    }
}
