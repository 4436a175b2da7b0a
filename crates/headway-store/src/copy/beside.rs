//! The events of a store, read beside those of another one and compared with them.

use std::collections::VecDeque;

use crate::rows::EventRow;
use crate::{EventPages, Store, StoreError, Stored};
use headway_model::id::Position;

const EVENTS_PER_READ: u32 = 1_000;

/// The events of a store in their order.
pub(super) struct EventsBeside<'a> {
    pages: EventPages<&'a dyn Store>,
    read: VecDeque<EventRow>,
}

impl<'a> EventsBeside<'a> {
    /// Those up to a position.
    pub(super) fn new(store: &'a dyn Store, up_to: Position) -> Self {
        EventsBeside { pages: EventPages::all(store, up_to, EVENTS_PER_READ), read: VecDeque::new() }
    }

    /// Checks that the store has this event, byte for byte. The events must come in order.
    pub(super) async fn has(&mut self, event: &EventRow) -> Stored<()> {
        let position = event.position;
        match self.at(position).await? {
            Some(found) if is_same(&found, event) => Ok(()),
            Some(_) => Err(StoreError::new(format!("the logs differ: event {position} is not the same in both"))),
            None => Err(StoreError::new(format!("the logs differ: event {position} is only in one of them"))),
        }
    }

    async fn at(&mut self, position: Position) -> Stored<Option<EventRow>> {
        loop {
            while let Some(row) = self.read.pop_front() {
                if row.position == position {
                    return Ok(Some(row));
                }
                if row.position > position {
                    self.read.push_front(row);
                    return Ok(None);
                }
            }
            match self.pages.next().await? {
                Some(page) => self.read = page.into(),
                None => return Ok(None),
            }
        }
    }
}

/// Whether two events are the same. The id of the job is not compared: a row of the job tells it, or its first event.
fn is_same(one: &EventRow, other: &EventRow) -> bool {
    let numbers = |row: &EventRow| (row.position, row.job_no, row.seq, row.digest);
    numbers(one) == numbers(other) && one.payload == other.payload && one.detail == other.detail
}
