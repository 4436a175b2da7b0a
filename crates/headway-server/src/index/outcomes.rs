//! Follows the log with a cursor, and keeps how files last ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use headway_model::event::{JobEvent, Recorded};
use headway_model::event_kind::EventKind;
use headway_model::id::Position;
use headway_model::item::ItemStatus;
use headway_model::{JobKind, RelPath};
use headway_store::rows::{EventRow, ItemState};
use headway_store::{EventPages, FileIndex, Head, SeenOutcome, Store, Stored};

/// Events read at a time.
const PAGE: u32 = 2_000;

/// How often the log is followed while no page waits for it.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Following takes at most one part in this many of the time, because running work needs the processors more.
const TIME_SHARE: u32 = 10;

/// How long a page waits for the follower.
const FOLLOW_WAIT: Duration = Duration::from_secs(1);

/// Items that are at most this far apart are read together.
const GAP: u32 = 64;

/// The follower of the log. Cheap to clone.
#[derive(Clone)]
pub(super) struct OutcomeFollower {
    head: watch::Receiver<Head>,
    done: watch::Receiver<Position>,
    wanted: Arc<Notify>,
}

impl OutcomeFollower {
    /// Begins to follow the log. Ends when the writer does.
    pub(super) fn follow(files: Arc<FileIndex>, store: Arc<dyn Store>, head: watch::Receiver<Head>) -> Self {
        let (tell, done) = watch::channel(0);
        let outcomes = OutcomeFollower { head: head.clone(), done, wanted: Arc::default() };
        let wanted = Arc::clone(&outcomes.wanted);
        tokio::spawn(async move {
            let mut head = head;
            loop {
                let up_to = head.borrow_and_update().position;
                let begun = Instant::now();
                match catch_up(&files, store.as_ref(), up_to).await {
                    Ok(()) => drop(tell.send_replace(up_to)),
                    Err(error) => tracing::warn!(%error, "the outcomes of files could not be read from the log"),
                }
                tokio::select! {
                    () = sleep(POLL_INTERVAL.max(begun.elapsed() * (TIME_SHARE - 1))) => {}
                    () = wanted.notified() => {}
                }
                if head.wait_for(|head| head.position > up_to).await.is_err() {
                    return;
                }
            }
        });
        outcomes
    }

    /// Waits until the index has everything that is in the log now, for a short time at most.
    pub(super) async fn caught_up(&self) {
        let wanted = self.head.borrow().position;
        let mut done = self.done.clone();
        if *done.borrow_and_update() >= wanted {
            return;
        }
        self.wanted.notify_one();
        timeout(FOLLOW_WAIT, done.wait_for(|done| *done >= wanted)).await.ok();
    }
}

async fn catch_up(files: &FileIndex, store: &dyn Store, up_to: Position) -> Stored<()> {
    let mut after = files.position().await?;
    // The log was restored to an earlier state, so it is read from its beginning.
    if after > up_to {
        after = 0;
    }
    let mut jobs: HashMap<u64, (String, bool)> = HashMap::new();
    let mut pages = EventPages::all(store, up_to, PAGE).after(after);
    while let Some(page) = pages.next().await? {
        let mut ended = Vec::new();
        for (job_no, (job, items)) in touched(&page) {
            let (library, undoes) = match jobs.get(&job_no) {
                Some(known) => known,
                None => {
                    let row = store.job(job).await?;
                    let row = row.map(|row| (row.library, JobKind::of(&row.summary.recipe) == JobKind::Undo));
                    &*jobs.entry(job_no).or_insert(row.unwrap_or_default())
                }
            };
            for (from, count) in runs(&items) {
                let rows = store.items(job_no, from, count, None).await?;
                let rows = rows.into_iter().filter(|row| items.contains(&row.item) && row.state.status.is_outcome());
                ended.extend(rows.map(|row| SeenOutcome {
                    library: library.clone(),
                    path: moved_to(&row.state).unwrap_or(row.file.path),
                    job_no,
                    job,
                    status: row.state.status,
                    undone: undone(*undoes, &row.state),
                }));
            }
        }
        files.end(ended, pages.position()).await?;
    }
    // Removed histories have no events, so the last position can be lower than the head.
    if pages.position() < up_to {
        files.end(Vec::new(), up_to).await?;
    }
    Ok(())
}

/// How an undo ended for a file, in words; `None` if it changed nothing or the job is not an undo.
fn undone(undoes: bool, state: &ItemState) -> Option<&'static str> {
    let succeeded = undoes && matches!(state.status, ItemStatus::Succeeded(_));
    let result = state.result.as_deref().filter(|_| succeeded)?;
    let result: serde_json::Value = serde_json::from_str(result).ok()?;
    Some(if result.get("put_back").is_some() { "put back" } else { "taken away" })
}

/// The new path of an item's file, if the file was renamed.
fn moved_to(state: &ItemState) -> Option<RelPath> {
    let result: serde_json::Value = serde_json::from_str(state.result.as_deref()?).ok()?;
    result.get("moved")?.as_str()?.parse().ok()
}

/// The items that these events might have settled, by job.
fn touched(page: &[EventRow]) -> HashMap<u64, (headway_model::JobId, BTreeSet<u32>)> {
    let mut jobs: HashMap<u64, (headway_model::JobId, BTreeSet<u32>)> = HashMap::new();
    for row in page {
        // About half of the events are these, and need not be decoded.
        if EventKind::of_payload(&row.payload) == Some(EventKind::Started) {
            continue;
        }
        let Ok(recorded) = Recorded::decode(&row.payload) else { continue };
        let items = &mut jobs.entry(row.job_no).or_insert((row.job, BTreeSet::new())).1;
        match recorded.event {
            JobEvent::Planned { skips, .. } => {
                items.extend(skips.into_iter().flat_map(|(first, count, _)| first..first.saturating_add(count)));
            }
            JobEvent::Succeeded { item, .. }
            | JobEvent::Skipped { item, .. }
            | JobEvent::Failed { item, .. }
            | JobEvent::Dropped { item } => drop(items.insert(item)),
            // These end no item, and cancelled items have no outcome.
            JobEvent::Created { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Started { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. } => {}
        }
    }
    jobs.retain(|_, (_, items)| !items.is_empty());
    jobs
}

/// Ranges that cover these items: first index, length.
fn runs(items: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some((first, count)) if item - *first < *count + GAP => *count = item - *first + 1,
            _ => runs.push((*item, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_items_are_read_at_once() {
        let runs = |items: &[u32]| runs(&items.iter().copied().collect());
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[3, 4, 60, 500, 501]), [(3, 58), (500, 2)]);
    }
}
