//! Reads long lists from a store, one page at a time. Each reader remembers where the next page begins.
//!
//! ```ignore
//! let mut pages = EventPages::of_job(store, job_no, head, 1_000);
//! while let Some(rows) = pages.next().await? { .. }
//! ```

use std::ops::Deref;

use super::{JobFilter, Store, Stored};
use crate::rows::{EventRow, ItemRow, JobRow};
use headway_model::id::Position;
use headway_model::item::ItemLabel;

/// Events in the order of the log, up to a position.
pub struct EventPages<S> {
    store: S,
    jobs: Vec<u64>,
    after: Position,
    up_to: Position,
    limit: u32,
}

impl<S: Deref<Target: Store>> EventPages<S> {
    /// Events of all jobs, at most `limit` a page.
    pub fn all(store: S, up_to: Position, limit: u32) -> Self {
        EventPages { store, jobs: Vec::new(), after: 0, up_to, limit }
    }

    /// Events of one job, at most `limit` a page.
    pub fn of_job(store: S, job_no: u64, up_to: Position, limit: u32) -> Self {
        EventPages { store, jobs: vec![job_no], after: 0, up_to, limit }
    }

    /// Starts after this position.
    pub fn after(mut self, after: Position) -> Self {
        self.after = after;
        self
    }

    /// The position of the last event that was read.
    pub fn position(&self) -> Position {
        self.after
    }

    /// The next page, which has at least one event; `None` at the end. After an error, the same page comes next.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn next(&mut self) -> Stored<Option<Vec<EventRow>>> {
        let rows = self.store.events(&self.jobs, self.after, self.up_to, self.limit).await?;
        Ok(rows.last().map(|last| last.position).map(|last| {
            self.after = last;
            rows
        }))
    }
}

/// Items of a job, in order.
pub struct ItemPages<S> {
    store: S,
    job_no: u64,
    status: Option<ItemLabel>,
    from: u32,
    limit: u32,
}

impl<S: Deref<Target: Store>> ItemPages<S> {
    /// All items of a job, at most `limit` a page.
    pub fn new(store: S, job_no: u64, limit: u32) -> Self {
        ItemPages { store, job_no, status: None, from: 0, limit }
    }

    /// Only the items with the status of this label, if one is given.
    pub fn with_status(mut self, status: Option<ItemLabel>) -> Self {
        self.status = status;
        self
    }

    /// Only the items from this index on.
    pub fn starting_at(mut self, item: u32) -> Self {
        self.from = item;
        self
    }

    /// One more than the index of the last item read: the number of items, once all are read.
    pub fn read_up_to(&self) -> u32 {
        self.from
    }

    /// The next page, which has at least one item; `None` at the end. After an error, the same page comes next.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn next(&mut self) -> Stored<Option<Vec<ItemRow>>> {
        let rows = self.store.items(self.job_no, self.from, self.limit, self.status).await?;
        Ok(rows.last().map(|last| last.item + 1).map(|from| {
            self.from = from;
            rows
        }))
    }
}

/// Terminal jobs with any history left, oldest first.
pub struct OverPages<S> {
    store: S,
    after: u64,
    limit: u32,
}

impl<S: Deref<Target: Store>> OverPages<S> {
    /// All of them, at most `limit` a page.
    pub fn new(store: S, limit: u32) -> Self {
        OverPages { store, after: 0, limit }
    }

    /// The next page, which has at least one job; `None` at the end. After an error, the same page comes next.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn next(&mut self) -> Stored<Option<Vec<JobRow>>> {
        let rows = self.store.jobs(JobFilter::Over(self.after), self.limit).await?;
        Ok(rows.last().map(|last| last.job_no).map(|last| {
            self.after = last;
            rows
        }))
    }
}
