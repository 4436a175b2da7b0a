//! The store in memory, for the simulation and for tests of the contract. Its futures are ready at once.

mod state;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Head, JobFilter, SetAside, Store, StoreError, Stored};
use crate::rows::{Batch, DoneContent, DoneRow, EventRow, ItemRow, JobRow, Lease, OutcomeRow};
use headway_model::groups::{GroupBy, GroupSorter, ItemGroups};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemLabel;
use headway_model::item_filter::MatchingItems;
use headway_model::library::Pattern;
use headway_model::load::{FileTotals, Load};
use headway_model::{Digest, Fold, RelPath};
use state::MemoryState;

/// The log in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<MemoryState>,
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        MemoryStore { state: Mutex::new(self.state.lock().clone()) }
    }
}

impl MemoryStore {
    /// An empty log.
    pub fn new() -> Self {
        MemoryStore::default()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, batch: Batch) -> Stored<()> {
        let mut state = self.state.lock();
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
        Ok(self.state.lock().head())
    }

    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>> {
        Ok(self.state.lock().events.get(&position).map(|row| row.digest))
    }

    async fn events(&self, jobs: &[u64], after: Position, up_to: Position, limit: u32) -> Stored<Vec<EventRow>> {
        if up_to <= after {
            return Ok(Vec::new());
        }
        let state = self.state.lock();
        let wanted = state.events.range(after + 1..=up_to).map(|(_, row)| row);
        let wanted = wanted.filter(|row| jobs.is_empty() || jobs.contains(&row.job_no)).take(limit as usize);
        // Only rebuilds and `/items` need details; streams do not.
        Ok(wanted
            .map(|row| EventRow { detail: row.detail.clone().filter(|_| jobs.is_empty()), ..row.clone() })
            .collect())
    }

    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>> {
        let state = self.state.lock();
        let last = state.events.range(..=position).rev().find(|(_, row)| row.job_no == job_no);
        Ok(last.map(|(_, row)| (row.seq, row.digest)))
    }

    async fn event_at(&self, job_no: u64, seq: Seq) -> Stored<Option<(Position, Digest)>> {
        let state = self.state.lock();
        let event = state.events.values().find(|row| row.job_no == job_no && row.seq == seq);
        Ok(event.map(|row| (row.position, row.digest)))
    }

    async fn job(&self, id: JobId) -> Stored<Option<JobRow>> {
        let state = self.state.lock();
        match state.aside.values().find(|aside| aside.job == Some(id)) {
            Some(aside) => Err(aside.clone().into()),
            None => Ok(state.job(id).cloned()),
        }
    }

    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
        Ok(self.state.lock().jobs(filter, limit))
    }

    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
        let state = self.state.lock();
        let mut folds = Vec::new();
        for row in jobs.iter().filter_map(|id| state.job(*id)) {
            let items = state.items.range((row.job_no, 0)..=(row.job_no, u32::MAX));
            let items = items.filter(|_| !row.summary.pruned);
            let items = items.map(|(_, item)| (item.state.status.byte(), item.state.attempt));
            folds.push(row.fold_of(items.collect()).map_err(StoreError::new)?);
        }
        Ok((state.head().position, folds))
    }

    async fn request(&self, job_no: u64) -> Stored<Option<String>> {
        let state = self.state.lock();
        Ok(state.events.values().find(|row| row.job_no == job_no).and_then(|row| row.detail.clone()))
    }

    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<ItemLabel>) -> Stored<Vec<ItemRow>> {
        let state = self.state.lock();
        let all = state.items.range((job_no, from)..=(job_no, u32::MAX)).map(|(_, row)| row);
        let wanted = all.filter(|row| status.is_none_or(|status| row.state.status.label() == status));
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn load(&self, job_no: u64) -> Stored<Load> {
        let mut load = Load::default();
        let state = self.state.lock();
        for row in state.items.range((job_no, 0)..=(job_no, u32::MAX)).map(|(_, row)| row) {
            load.add(row.state.status, FileTotals { files: 1, bytes: row.file.size });
        }
        Ok(load)
    }

    async fn items_for(&self, jobs: &[u64], paths: &[RelPath]) -> Stored<Vec<ItemRow>> {
        let state = self.state.lock();
        let wanted = state.items.values().filter(|row| jobs.contains(&row.job_no) && paths.contains(&row.file.path));
        Ok(wanted.cloned().collect())
    }

    async fn items_at(&self, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>> {
        let state = self.state.lock();
        let items = items.iter().collect::<std::collections::BTreeSet<_>>().into_iter();
        Ok(items.filter_map(|item| state.items.get(&(job_no, *item)).cloned()).collect())
    }

    async fn named(&self, job_no: u64, pattern: &Pattern) -> Stored<MatchingItems> {
        let mut named = MatchingItems::default();
        let state = self.state.lock();
        let rows = state.items.range((job_no, 0)..=(job_no, u32::MAX)).map(|(_, row)| row);
        rows.filter(|row| pattern.matches_path(&row.file.path)).for_each(|row| named.add(row.item));
        Ok(named)
    }

    async fn groups(&self, job_no: u64, by: GroupBy) -> Stored<ItemGroups> {
        let mut sorter = GroupSorter::new(by);
        let state = self.state.lock();
        let rows = state.items.range((job_no, 0)..=(job_no, u32::MAX)).map(|(_, row)| row);
        rows.for_each(|row| sorter.add(&row.file.path, row.file.size));
        Ok(sorter.end())
    }

    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
        let state = self.state.lock();
        let events = state.events.range(after + 1..).map(|(_, row)| row).filter(|row| row.job_no == job_no);
        Ok(events.take(limit as usize).cloned().collect())
    }

    async fn outcomes(&self, library: &str, paths: &[RelPath], before: u64, but: &[u64]) -> Stored<Vec<OutcomeRow>> {
        Ok(self.state.lock().outcomes(library, paths, before, but))
    }

    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath], but: &[u64]) -> Stored<Vec<DoneRow>> {
        Ok(self.state.lock().done(library, recipe, paths, but))
    }

    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<DoneContent>> {
        Ok(self.state.lock().done_contents(library, work))
    }

    async fn leases(&self) -> Stored<Vec<Lease>> {
        Ok(self.state.lock().leases.values().cloned().collect())
    }

    async fn renew(&self, worker: &str, until: Millis) -> Stored<()> {
        self.state
            .lock()
            .leases
            .values_mut()
            .filter(|lease| lease.worker == worker)
            .for_each(|lease| lease.until = until);
        Ok(())
    }

    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
        let mut state = self.state.lock();
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
        let state = self.state.lock();
        let bytes = |row: &EventRow| row.payload.len() + row.detail.as_ref().map_or(0, String::len);
        Ok(state.events.values().map(bytes).sum::<usize>() as u64)
    }

    async fn clear_rows(&self) -> Stored<()> {
        let mut state = self.state.lock();
        state.jobs.clear();
        state.items.clear();
        state.aside.clear();
        Ok(())
    }

    async fn set_aside(&self, aside: &SetAside) -> Stored<()> {
        let mut state = self.state.lock();
        state.jobs.remove(&aside.job_no);
        state.items.retain(|(job_no, _), _| *job_no != aside.job_no);
        state.leases.retain(|(job_no, _), _| *job_no != aside.job_no);
        state.aside.insert(aside.job_no, aside.clone());
        Ok(())
    }

    async fn aside(&self) -> Stored<Vec<SetAside>> {
        Ok(self.state.lock().aside.values().cloned().collect())
    }
}
