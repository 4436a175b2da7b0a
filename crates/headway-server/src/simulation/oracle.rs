//! The oracle checks the promises after every step. It knows only what was written and what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{Position, Seq};
use headway_model::{Digest, EventKind, Fold, JobId};
use headway_store::rows::EventRow;

/// A broken promise, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrokenPromise(pub(super) String);

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fails with this message unless the condition holds.
pub(super) fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), BrokenPromise> {
    if holds { Ok(()) } else { Err(BrokenPromise(otherwise())) }
}

/// The oracle's own record of a job, independent of the machines' folds.
#[derive(Default, Debug, Clone)]
struct OracleJob {
    seq: Seq,
    digest: Option<Digest>,
    over: bool,
    pruned: bool,
    total: u32,
    /// The attempt that holds an item.
    holds: BTreeMap<u32, u32>,
    /// The last attempt of an item.
    last: BTreeMap<u32, u32>,
    settled: BTreeSet<u32>,
    /// Items whose worker died: the next event of each must say so, or how its placing ended.
    orphans: BTreeSet<u32>,
    /// Items whose attempt recorded a change of the disk. None of them may be retried before it is known how far that
    /// change got.
    changing: BTreeSet<u32>,
}

/// Knows everything that was written and everything that was promised.
#[derive(Default, Debug, Clone)]
pub(super) struct Oracle {
    jobs: BTreeMap<JobId, OracleJob>,
    head: Position,
    acknowledged: Vec<(JobId, Seq, Position)>,
}

impl Oracle {
    /// Takes a batch that is on the disk.
    pub(super) fn wrote(&mut self, events: &[EventRow]) -> Result<(), BrokenPromise> {
        for row in events {
            must(row.position == self.head + 1, || format!("position {} after {}", row.position, self.head))?;
            self.head = row.position;
            let recorded = Recorded::decode(&row.payload).map_err(|error| BrokenPromise(error.to_string()))?;
            must(recorded.seq == row.seq, || format!("row {} says seq {}", row.seq, recorded.seq))?;
            let told = self.jobs.entry(row.job).or_default();
            must(row.seq == told.seq + 1, || format!("{}: seq {} after {}", row.job, row.seq, told.seq))?;
            let before = told.digest.unwrap_or_else(|| Digest::start(&row.job));
            must(row.digest == before.then(row.payload.as_bytes()), || {
                format!("{}: the chain breaks at {}", row.job, row.seq)
            })?;
            told.take(row, &recorded.event)?;
        }
        Ok(())
    }

    /// Notes an acknowledged append.
    pub(super) fn acknowledged(&mut self, job: JobId, seq: Seq, position: Position) {
        self.acknowledged.push((job, seq, position));
    }

    /// Checks that whatever was acknowledged is written.
    pub(super) fn kept(&self) -> Result<(), BrokenPromise> {
        for (job, seq, position) in &self.acknowledged {
            let written = self.jobs.get(job).is_some_and(|told| told.seq >= *seq) && self.head >= *position;
            must(written, || format!("{job}: event {seq} at {position} was acknowledged and is not there"))?;
        }
        Ok(())
    }

    /// Checks that the counters of a fold add up to what was planned.
    pub(super) fn adds_up(&self, fold: &Fold) -> Result<(), BrokenPromise> {
        let told = self.jobs.get(&fold.id);
        let total = told.map_or(0, |told| told.total);
        must(fold.counters.add_up() && (fold.pruned || fold.counters.total == total), || {
            format!("{}: the counters do not add up at {}: {:?}, planned {total}", fold.id, fold.seq, fold.counters)
        })
    }

    /// The last position that was written.
    pub(super) fn head(&self) -> Position {
        self.head
    }

    /// A job's last event, its digest, and whether the job is over.
    pub(super) fn of(&self, job: &JobId) -> Option<(Seq, Digest, bool)> {
        let told = self.jobs.get(job)?;
        Some((told.seq, told.digest?, told.over))
    }

    /// The attempt that holds an item, by what is written.
    pub(super) fn holds(&self, job: &JobId, item: u32) -> Option<u32> {
        self.jobs.get(job)?.holds.get(&item).copied()
    }

    /// Whether an attempt has held the item, and lost it.
    pub(super) fn is_past(&self, job: &JobId, item: u32, attempt: u32) -> bool {
        let lost = |told: &OracleJob| told.last.get(&item) >= Some(&attempt) && told.holds.get(&item) != Some(&attempt);
        self.jobs.get(job).is_some_and(lost)
    }

    /// The server died, and with it every worker that held an item.
    pub(super) fn died(&mut self) {
        self.jobs.values_mut().for_each(|told| told.orphans = told.holds.keys().copied().collect());
    }

    /// Checks that every job is over and every item is settled.
    pub(super) fn ended(&self) -> Result<(), BrokenPromise> {
        for (job, told) in &self.jobs {
            must(told.over, || format!("{job} never ends"))?;
            must(told.holds.is_empty(), || format!("{job} is over, and {:?} run", told.holds))?;
        }
        Ok(())
    }
}

impl OracleJob {
    fn take(&mut self, row: &EventRow, event: &JobEvent) -> Result<(), BrokenPromise> {
        let job = row.job;
        let (kind, name) = (event.kind(), event.name());
        must(!self.pruned, || format!("{job}: {name} after pruned"))?;
        must(!self.over || kind == EventKind::Pruned, || format!("{job}: {name} after its end"))?;
        must(self.over || kind != EventKind::Pruned, || format!("{job}: pruned before its end"))?;
        (self.seq, self.digest) = (row.seq, Some(row.digest));
        match event {
            JobEvent::Planned { count, .. } => self.total += count,
            JobEvent::Started { item, attempt } => {
                must(!self.holds.contains_key(item), || format!("{job}: item {item} runs twice at once"))?;
                must(!self.settled.contains(item), || format!("{job}: item {item} runs though it is settled"))?;
                let last = self.last.insert(*item, *attempt).unwrap_or(0);
                must(*attempt == last + 1, || format!("{job}: attempt {attempt} of item {item} after {last}"))?;
                self.holds.insert(*item, *attempt);
            }
            JobEvent::Requeued { item } => drop(self.settled.remove(item)),
            JobEvent::Dropped { item } => drop(self.settled.insert(*item)),
            JobEvent::Ended { .. } | JobEvent::Cancelled {} => self.over = true,
            JobEvent::Pruned { .. } => self.pruned = true,
            _ => {}
        }
        if let Some((item, Some(attempt))) = event.item()
            && kind != EventKind::Started
        {
            let holds = self.holds.get(&item).copied();
            must(holds == Some(attempt), || {
                format!("{job}: {name} by attempt {attempt} of item {item}, held by {holds:?}")
            })?;
            if self.orphans.remove(&item) {
                must(kind != EventKind::Returned && kind != EventKind::AttemptFailed, || {
                    format!("{job}: item {item} was interrupted, and nobody says so")
                })?;
            }
            if matches!(kind, EventKind::Placing | EventKind::Changing) {
                self.changing.insert(item);
            } else if self.changing.remove(&item) {
                must(kind != EventKind::AttemptFailed, || {
                    format!("{job}: item {item} is tried again amid its change")
                })?;
            }
            if !matches!(kind, EventKind::Placing | EventKind::Changing) {
                self.holds.remove(&item);
            }
            if matches!(kind, EventKind::Succeeded | EventKind::Skipped | EventKind::Failed | EventKind::Stopped) {
                self.settled.insert(item);
            }
        }
        Ok(())
    }
}
