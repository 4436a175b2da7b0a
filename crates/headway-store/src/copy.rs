//! Copies the log of one store into another: the events with their positions and bytes, the rows that follow from them,
//! and the leases. What has been copied so far is a log as well, a shorter one, so a copy that was stopped goes on.

mod beside;

use std::collections::BTreeMap;

use crate::replay::Replay;
use crate::rows::{Batch, EventRow};
use crate::{EventPages, Head, SetAside, Store, StoreError, Stored, pruned};
use beside::EventsBeside;
use headway_model::id::Position;

const EVENTS_PER_READ: u32 = 1_000;

/// What a copy has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopiedLog {
    /// Number of events that were there before.
    pub kept: u64,
    /// Number of events that were copied.
    pub copied: u64,
    /// Jobs whose events cannot be read. They have no rows.
    pub aside: Vec<SetAside>,
}

/// Copies a log into a store that is empty, or that has the beginning of the same log. `progress` is called with each
/// position reached. Nobody else may write to either of them.
///
/// # Errors
/// If a store fails, or if the other one has events of another log: it is left as it was.
pub async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    mut progress: impl FnMut(Position),
) -> Result<CopiedLog, StoreError> {
    let (head, before) = (from.head().await?, to.head().await?);
    begins_with(from, head, before).await?;
    let (mut done, mut replay) = (CopiedLog::default(), Replay::new(pruned(from, head.position).await?));
    let mut beside = EventsBeside::new(to, before.position);
    let mut pages = EventPages::all(from, head.position, EVENTS_PER_READ);
    while let Some(page) = pages.next().await? {
        let (old, new) = page.split_at(page.partition_point(|row| row.position <= before.position));
        for row in old {
            beside.has(row).await?;
        }
        done.kept += old.len() as u64;
        // Their rows are there. Those of later events rest on them.
        drop(replay.page(old, head));
        if let Some(last) = new.last() {
            if before.position > 0 && done.kept == 0 {
                return Err(other("none of its events are left in the log that is copied"));
            }
            to.copy_in(continued(&mut replay, new, last, head.next_job_no)).await?;
            done.copied += new.len() as u64;
        }
        progress(pages.position());
    }
    for (job_no, (job, error)) in replay.unreadable {
        let aside = SetAside { job_no, job, why: error.to_string() };
        to.set_aside(&aside).await?;
        done.aside.push(aside);
    }
    leases(from, to, head).await?;
    Ok(done)
}

/// Compares two logs, event by event and byte by byte. `other` can have events of a job whose history is being removed
/// that `one` has no more. Returns the number of events.
///
/// # Errors
/// If a store fails, or if the logs are not the same; the text names the first event that differs.
pub async fn compare(
    one: &dyn Store,
    other: &dyn Store,
    mut progress: impl FnMut(Position),
) -> Result<u64, StoreError> {
    let (head, other_head) = (one.head().await?, other.head().await?);
    if head != other_head {
        return Err(StoreError::new(format!(
            "the logs differ: the head of one is at {}, that of the other at {}",
            head.position, other_head.position
        )));
    }
    let mut events = 0;
    let mut beside = EventsBeside::new(other, head.position);
    let mut pages = EventPages::all(one, head.position, EVENTS_PER_READ);
    while let Some(page) = pages.next().await? {
        for row in &page {
            beside.has(row).await?;
        }
        events += page.len() as u64;
        progress(pages.position());
    }
    Ok(events)
}

/// Refuses a head that the log did not have on its way to its own.
async fn begins_with(from: &dyn Store, head: Head, before: Head) -> Stored<()> {
    if before.position > head.position {
        return Err(other(&format!(
            "it goes up to event {}, and the log that is copied up to event {}",
            before.position, head.position
        )));
    }
    // If the event at the head was removed with its history, the events before it tell.
    match from.digest_at(before.position).await? {
        Some(digest) if before.digest != Some(digest) => {
            Err(other(&format!("its event {} is not that of the log that is copied", before.position)))
        }
        _ => Ok(()),
    }
}

fn other(why: &str) -> StoreError {
    StoreError::new(format!("another log is there already, so nothing was copied: {why}"))
}

/// The next events of a log, with the rows that follow from them.
fn continued(replay: &mut Replay, events: &[EventRow], last: &EventRow, next_job_no: u64) -> Batch {
    let head = Head { position: last.position, digest: Some(last.digest), next_job_no };
    Batch { events: events.to_vec(), ..replay.page(events, head) }
}

/// Gives the copy the leases of the original, and its head, which an empty log has too.
async fn leases(from: &dyn Store, to: &dyn Store, head: Head) -> Stored<()> {
    let Head { position, digest, next_job_no } = head;
    let empty = || Batch { head: position, digest, next_job_no, ..Batch::default() };
    let gone = to.leases().await?.iter().map(|lease| ((lease.job_no, lease.item), None)).collect();
    to.copy_in(Batch { leases: gone, ..empty() }).await?;
    let mut held: BTreeMap<String, Batch> = BTreeMap::new();
    for lease in from.leases().await? {
        let batch = held.entry(lease.worker).or_insert_with_key(|worker| Batch { worker: worker.clone(), ..empty() });
        batch.leases.insert((lease.job_no, lease.item), Some((lease.attempt, lease.until)));
    }
    for batch in held.into_values() {
        to.copy_in(batch).await?;
    }
    Ok(())
}
