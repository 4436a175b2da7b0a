//! Follows the log with a cursor, and keeps how files last ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::scans::Scans;
use crate::engine::{Libraries, LibraryList};
use headway_files::{DataFolder, KnownAs};
use headway_model::event::{JobEvent, Recorded};
use headway_model::event_kind::EventKind;
use headway_model::id::Position;
use headway_model::item::ItemStatus;
use headway_model::{DiskEffect, JobId, JobKind, RelPath, tried};
use headway_store::rows::{EventRow, ItemRow, JobRow};
use headway_store::{EventPages, FileIndex, Head, LibraryFolders, SeenOutcome, Store, StoreError, Stored};

/// Events read at a time.
const PAGE: u32 = 2_000;

/// How often the log is followed while no page waits for it.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Following takes at most one part in this many of the time, because running work needs the processors more.
const TIME_SHARE: u32 = 10;

/// While no page waits for it, the log is followed only when it has not grown for this long, for the same reason.
const QUIET: Duration = Duration::from_millis(500);

/// It is also followed if it has grown for this long without a break, so that pages never wait for much.
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// How long a page waits for the follower.
const FOLLOW_WAIT: Duration = Duration::from_secs(1);

/// Items that are at most this far apart are read together.
const GAP: u32 = 64;

/// The follower of the log. Cheap to clone.
#[derive(Clone)]
pub(super) struct OutcomeFollower {
    head: watch::Receiver<Head>,
    libraries: Libraries,
    done: watch::Receiver<FollowedUpTo>,
    wanted: Arc<Notify>,
}

/// Up to which position the log was followed, and for which libraries.
struct FollowedUpTo {
    up_to: Position,
    libraries: LibraryList,
}

/// What follows the log.
struct FollowedLog {
    files: Arc<FileIndex>,
    store: Arc<dyn Store>,
    /// Not held, because the next server can need the folder before this one has noticed its own end.
    data: Weak<DataFolder>,
    libraries: LibraryList,
}

/// A job, as far as the index needs to know it.
#[derive(Default)]
struct FollowedJob {
    recipe: String,
    /// What it tries with its files.
    tried: String,
    /// The libraries that have its files, by name, each with the name that the job gave its library.
    libraries: Vec<(String, KnownAs)>,
}

impl OutcomeFollower {
    /// Begins to follow the log for these libraries. Ends when the writer does.
    pub(super) fn follow(
        files: Arc<FileIndex>,
        scans: Scans,
        (data, libraries): (Weak<DataFolder>, Libraries),
        store: Arc<dyn Store>,
        head: watch::Receiver<Head>,
    ) -> Self {
        let (tell, done) = watch::channel(FollowedUpTo { up_to: 0, libraries: libraries.now() });
        let outcomes =
            OutcomeFollower { head: head.clone(), libraries: libraries.clone(), done, wanted: Arc::default() };
        let wanted = Arc::clone(&outcomes.wanted);
        tokio::spawn(async move {
            let mut head = head;
            let mut changes = libraries.changes();
            let libraries = Arc::clone(&changes.borrow_and_update());
            let mut following = FollowedLog { files, store, data, libraries };
            following.begin().await;
            // Folders that are still to be read because of what jobs did.
            let mut changed = LibraryFolders::new();
            loop {
                let up_to = head.borrow_and_update().position;
                let begun = Instant::now();
                let caught_up = following.catch_up(up_to, &mut changed).await;
                changed = scans.changed(changed).await;
                match caught_up {
                    Ok(()) if changed.is_empty() => {
                        let libraries = Arc::clone(&following.libraries);
                        tell.send_replace(FollowedUpTo { up_to, libraries });
                    }
                    Ok(()) => {}
                    Err(error) => tracing::warn!(%error, "the outcomes of files could not be read from the log"),
                }
                let rest = POLL_INTERVAL.max(begun.elapsed() * (TIME_SHARE - 1));
                let goes_on = tokio::select! {
                    goes_on = until_needed(rest, &wanted, &mut head, changed.is_empty().then_some(up_to)) => goes_on,
                    // The server is gone if this fails.
                    other = changes.changed() => other.is_ok(),
                };
                if !goes_on {
                    return;
                }
                if !Arc::ptr_eq(&following.libraries, &changes.borrow_and_update()) {
                    following.libraries = Arc::clone(&changes.borrow());
                    following.begin().await;
                }
            }
        });
        outcomes
    }

    /// Waits until the index has everything that is in the log now, for a short time at most. Returns whether it has.
    pub(super) async fn caught_up(&self) -> bool {
        let wanted = self.head.borrow().position;
        let libraries = self.libraries.now();
        let is_done = |done: &FollowedUpTo| done.up_to >= wanted && Arc::ptr_eq(&done.libraries, &libraries);
        let mut done = self.done.clone();
        if is_done(&done.borrow_and_update()) {
            return true;
        }
        self.wanted.notify_one();
        matches!(timeout(FOLLOW_WAIT, done.wait_for(is_done)).await, Ok(Ok(_)))
    }
}

/// Waits until the log is to be followed again: when a page wants it, or after this rest, when the log has grown beyond
/// `up_to` and is quiet. With `None` there is something to do even if the log does not grow. Returns `false` if the writer has
/// ended.
async fn until_needed(
    rest: Duration,
    wanted: &Notify,
    head: &mut watch::Receiver<Head>,
    up_to: Option<Position>,
) -> bool {
    let is_wanted = tokio::select! {
        () = sleep(rest) => false,
        () = wanted.notified() => true,
    };
    let goes_on = match up_to {
        Some(up_to) => head.wait_for(|head| head.position > up_to).await.is_ok(),
        None => head.has_changed().is_ok(),
    };
    if goes_on && !is_wanted {
        tokio::select! {
            () = quiet(head.clone()) => {}
            () = sleep(LONGEST_DELAY) => {}
            () = wanted.notified() => {}
        }
    }
    goes_on
}

/// Waits until the log has not grown for [`QUIET`], or its writer has ended.
async fn quiet(mut head: watch::Receiver<Head>) {
    while let Ok(Ok(())) = timeout(QUIET, head.changed()).await {}
}

impl FollowedLog {
    /// Forgets the outcomes of other libraries than these, and of these at other roots.
    async fn begin(&self) {
        let mut of: Vec<_> = self.libraries.iter().map(|library| (&library.name, &library.path)).collect();
        of.sort();
        if let Err(error) = self.files.follow_for(&format!("{of:?}")).await {
            tracing::warn!(%error, "the outcomes that the index has might be those of other folders");
        }
    }

    /// Records the outcomes up to this position. Adds the folders in which jobs have changed something, or had files that no
    /// scan has seen.
    async fn catch_up(&self, up_to: Position, changed: &mut LibraryFolders) -> Stored<()> {
        let (files, store) = (&self.files, &*self.store);
        let mut after = files.position().await?;
        // The log was restored to an earlier state, so it is read from its beginning.
        if after > up_to {
            after = 0;
        }
        let mut jobs: HashMap<u64, FollowedJob> = HashMap::new();
        let mut pages = EventPages::all(store, up_to, PAGE).after(after);
        while let Some(page) = pages.next().await? {
            let mut ended = Vec::new();
            for (job_no, (job, items)) in touched(&page) {
                let followed = match jobs.get(&job_no) {
                    Some(known) => known,
                    None => {
                        let row = self.store.job(job).await?;
                        let followed = row.map(|row| self.job(row)).transpose()?;
                        &*jobs.entry(job_no).or_insert(followed.unwrap_or_default())
                    }
                };
                if followed.libraries.is_empty() {
                    continue;
                }
                for (from, count) in runs(&items) {
                    let rows = store.items(job_no, from, count, None).await?;
                    let rows =
                        rows.into_iter().filter(|row| items.contains(&row.item) && row.state.status.is_outcome());
                    for row in rows {
                        followed.add(job, row, &mut ended, changed);
                    }
                }
            }
            changed.extend(files.end(ended, pages.position()).await?);
        }
        // Removed histories have no events, so the last position can be lower than the head.
        if pages.position() < up_to {
            files.end(Vec::new(), up_to).await?;
        }
        Ok(())
    }

    fn job(&self, row: JobRow) -> Stored<FollowedJob> {
        let data = self.data.upgrade().ok_or_else(|| StoreError::new("the server has ended"))?;
        let libraries = data.libraries_of(&row.library, &self.libraries);
        let libraries = libraries.into_iter().map(|(library, name)| (library.name.clone(), name)).collect();
        let tried = tried(&row.summary.recipe, row.work);
        Ok(FollowedJob { recipe: row.summary.recipe, tried, libraries })
    }
}

impl FollowedJob {
    /// Adds the outcome of an item, and the folders that it has changed, in every library that has the file.
    fn add(&self, job: JobId, row: ItemRow, ended: &mut Vec<SeenOutcome>, changed: &mut LibraryFolders) {
        let undoes = JobKind::of(&self.recipe) == JobKind::Undo;
        // The file is as the other job left it.
        if undoes && matches!(row.state.status, ItemStatus::Failed(_)) {
            return;
        }
        let result: Option<Value> = row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let places = places(&row, result.as_ref());
        let moved: Option<RelPath> = result.as_ref().and_then(|result| result.get("moved")?.as_str()?.parse().ok());
        let undone =
            result.as_ref().filter(|_| undoes && matches!(row.state.status, ItemStatus::Succeeded(_))).map(undone);
        let (path, from) = match &moved {
            Some(path) => (path.clone(), Some(row.file.path)),
            None => (row.file.path, None),
        };
        for (library, name) in &self.libraries {
            let folders = places.iter().filter_map(|place| name.ours(place)?.parent());
            changed.extend(folders.map(|folder| (library.clone(), folder)));
            let Some(path) = name.ours(&path) else { continue };
            ended.push(SeenOutcome {
                library: library.clone(),
                path,
                job_no: row.job_no,
                job,
                moved_from: from.as_ref().and_then(|from| name.ours(from)),
                tried: self.tried.clone(),
                status: row.state.status,
                undone,
            });
        }
    }
}

/// The paths of files that an item made, moved or removed.
fn places(row: &ItemRow, result: Option<&Value>) -> Vec<RelPath> {
    if !matches!(row.state.status, ItemStatus::Succeeded(DiskEffect::Changed | DiskEffect::Created)) {
        return Vec::new();
    }
    let told = result.into_iter().flat_map(|result| [&result["moved"], &result["output"]["path"]]);
    let told = told.filter_map(|path| path.as_str()?.parse().ok());
    told.chain([row.file.path.clone()]).chain(row.file.becomes.clone()).collect()
}

/// How an undo that changed a file ended for it, in words.
fn undone(result: &Value) -> &'static str {
    if result.get("put_back").is_some() { "put back" } else { "taken away" }
}

/// The items that these events might have settled, by job.
fn touched(page: &[EventRow]) -> HashMap<u64, (JobId, BTreeSet<u32>)> {
    let mut jobs: HashMap<u64, (JobId, BTreeSet<u32>)> = HashMap::new();
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

    /// Waits while the log grows every 20 ms for `grows` times. Returns how long ago it last grew, and how long the wait was.
    async fn waits(grows: u64, wanted: &Notify) -> (Duration, Duration) {
        let (tell, mut head) = watch::channel(Head::default());
        let (begun, grew) = (Instant::now(), Arc::new(parking_lot::Mutex::new(Instant::now())));
        let last = Arc::clone(&grew);
        let grow = tokio::spawn(async move {
            for position in 1..=grows {
                sleep(Duration::from_millis(20)).await;
                *last.lock() = Instant::now();
                tell.send_replace(Head { position, ..Head::default() });
            }
            std::future::pending::<()>().await;
        });
        assert!(until_needed(Duration::from_millis(50), wanted, &mut head, Some(0)).await);
        grow.abort();
        let ago = grew.lock().elapsed();
        (ago, begun.elapsed())
    }

    #[tokio::test]
    async fn a_log_that_grows_is_followed_when_it_is_quiet_and_at_once_for_a_page() {
        let (ago, _) = waits(40, &Notify::new()).await;
        assert!(ago >= QUIET, "it grew {ago:?} ago");
        let wanted = Notify::new();
        wanted.notify_one();
        let (_, waited) = waits(u64::MAX, &wanted).await;
        assert!(waited < LONGEST_DELAY, "a page waited {waited:?}");
    }

    #[tokio::test]
    async fn a_log_that_never_stops_growing_is_followed_all_the_same() {
        let followed = timeout(LONGEST_DELAY * 6, waits(u64::MAX, &Notify::new())).await;
        assert!(followed.is_ok(), "a page would wait for all of it");
    }
}
