//! Follows the log with a cursor, and keeps how files last ended.

mod followed_job;
mod followed_log;
mod touched;

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::scans::Scans;
use crate::engine::Libraries;
use followed_log::{FollowedLog, folders_of};
use headway_files::DataFolder;
use headway_model::id::Position;
use headway_store::{FileIndex, Head, LibraryFolders, Store};

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

/// The follower of the log. Cheap to clone.
#[derive(Clone)]
pub(super) struct OutcomeFollower {
    head: watch::Receiver<Head>,
    libraries: Libraries,
    done: watch::Receiver<FollowedUpTo>,
    wanted: Arc<Notify>,
}

/// Up to which position the log was followed, and for which folders.
struct FollowedUpTo {
    up_to: Position,
    folders: String,
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
        let (tell, done) = watch::channel(FollowedUpTo { up_to: 0, folders: String::new() });
        let outcomes =
            OutcomeFollower { head: head.clone(), libraries: libraries.clone(), done, wanted: Arc::default() };
        let wanted = Arc::clone(&outcomes.wanted);
        tokio::spawn(async move {
            let mut head = head;
            let mut changes = libraries.changes();
            let libraries = Arc::clone(&changes.borrow_and_update());
            let mut following =
                FollowedLog { files, store, data, libraries, folders: String::new(), looked_at: HashSet::new() };
            // Folders that are still to be read because of what jobs did.
            let mut changed = LibraryFolders::new();
            loop {
                let up_to = head.borrow_and_update().position;
                let begun = Instant::now();
                following.begin().await;
                let caught_up = following.catch_up(up_to, &mut changed).await;
                changed = scans.changed(changed).await;
                match caught_up {
                    Ok(()) if changed.is_empty() => {
                        let folders = following.folders.clone();
                        tell.send_replace(FollowedUpTo { up_to, folders });
                    }
                    Ok(()) => {}
                    // The server has ended meanwhile, and nobody needs the index any more.
                    Err(_) if following.data.strong_count() == 0 || head.has_changed().is_err() => return,
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
                }
            }
        });
        outcomes
    }

    /// Waits until the index has everything that is in the log now, for a short time at most. Returns whether it has.
    pub(super) async fn caught_up(&self) -> bool {
        let wanted = self.head.borrow().position;
        let folders = folders_of(&self.libraries.now());
        let is_done = |done: &FollowedUpTo| done.up_to >= wanted && done.folders == folders;
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
        // A page also wants it when another folder has the name of a library.
        Some(up_to) if !is_wanted => head.wait_for(|head| head.position > up_to).await.is_ok(),
        _ => head.has_changed().is_ok(),
    };
    if goes_on && !is_wanted {
        tokio::select! {
            () = quiet(head.clone()) => {}
            () = sleep(LONGEST_DELAY) => {}
            () = wanted.notified() => {}
        }
    }
    // The writer can have ended while the log was quiet.
    goes_on && head.has_changed().is_ok()
}

/// Waits until the log has not grown for [`QUIET`], or its writer has ended.
async fn quiet(mut head: watch::Receiver<Head>) {
    while let Ok(Ok(())) = timeout(QUIET, head.changed()).await {}
}

#[cfg(test)]
mod tests {
    use super::*;

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
    async fn a_log_whose_writer_ends_while_it_is_quiet_is_not_followed_again() {
        let (tell, mut head) = watch::channel(Head::default());
        let ends = tokio::spawn(async move {
            tell.send_replace(Head { position: 1, ..Head::default() });
            sleep(QUIET / 5).await;
        });
        assert!(!until_needed(Duration::ZERO, &Notify::new(), &mut head, Some(0)).await);
        ends.await.expect("no panic");
    }

    #[tokio::test]
    async fn a_log_that_never_stops_growing_is_followed_all_the_same() {
        let followed = timeout(LONGEST_DELAY * 6, waits(u64::MAX, &Notify::new())).await;
        assert!(followed.is_ok(), "a page would wait for all of it");
    }
}
