//! The files of a job's next items, read from the log ahead of time: one read serves many items.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::sync::Mutex as Turn;

use headway_model::{JobId, PlannedFile};
use headway_recipes::Unable;
use headway_store::Store;

/// How many items are read at a time.
const AHEAD: u32 = 256;

/// The read-ahead of one job.
pub(super) struct ReadAhead {
    job: JobId,
    job_no: u64,
    /// How many items the job has. Valid once one of them runs.
    items: AtomicU32,
    ahead: Mutex<Ahead>,
    /// Held while more of them are read.
    turn: Turn<()>,
}

#[derive(Default)]
struct Ahead {
    files: HashMap<u32, PlannedFile>,
    /// The first item that has not been read.
    up_to: u32,
    /// Whether a read of more is already requested.
    asked: bool,
}

impl ReadAhead {
    /// The read-ahead of a job that had this many items when it was looked up. Nothing is read yet.
    pub(super) fn new(job: JobId, job_no: u64, items: u32) -> Self {
        ReadAhead { job, job_no, items: AtomicU32::new(items), ahead: Mutex::default(), turn: Turn::default() }
    }

    /// How many items the job has, as far as is known.
    pub(super) fn items(&self) -> u32 {
        self.items.load(Ordering::Relaxed)
    }

    /// The file of an item, if it is already in memory. It is taken out.
    pub(super) fn take(&self, item: u32) -> Option<PlannedFile> {
        self.ahead.lock().files.remove(&item)
    }

    /// Whether it is time to [read on](ReadAhead::read_on), now that this item runs. True once for each read.
    pub(super) fn wants_more(&self, item: u32) -> bool {
        let mut ahead = self.ahead.lock();
        let wants = !ahead.asked && ahead.up_to < self.items() && item + AHEAD / 2 >= ahead.up_to;
        ahead.asked |= wants;
        wants
    }

    /// Reads the files of the next items, so that no item has to wait for the log.
    pub(super) async fn read_on(&self, store: &dyn Store) {
        let _turn = self.turn.lock().await;
        let from = self.ahead.lock().up_to;
        // A failed read is repeated, and reported, when the item runs.
        let rows = store.items(self.job_no, from, AHEAD, None).await.unwrap_or_default();
        let mut ahead = self.ahead.lock();
        ahead.asked = false;
        ahead.up_to = from + rows.len() as u32;
        // Items that the plan skipped are never taken out, so they are dropped here.
        ahead.files.retain(|item, _| item + AHEAD >= from);
        ahead.files.extend(rows.into_iter().map(|row| (row.item, row.file)));
    }

    /// The file of an item; the reason if the log cannot be read.
    pub(super) async fn file(&self, store: &dyn Store, item: u32) -> Result<PlannedFile, Unable> {
        let _turn = self.turn.lock().await;
        if let Some(file) = self.take(item) {
            return Ok(file);
        }
        let row = store.job(self.job).await?;
        self.items.store(row.map_or(0, |row| row.summary.counters.total), Ordering::Relaxed);
        let rows = store.items(self.job_no, item, AHEAD, None).await?;
        let mut ahead = self.ahead.lock();
        ahead.up_to = item + rows.len() as u32;
        ahead.files = rows.into_iter().map(|row| (row.item, row.file)).collect();
        ahead.files.remove(&item).ok_or_else(|| Unable::Failed("the item is not in the log".into()))
    }
}
