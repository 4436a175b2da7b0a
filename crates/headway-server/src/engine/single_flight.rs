//! Looks at storage that might not answer. However often a look is asked for, only one thread makes it: later callers
//! wait for the same look. Two at once would get in each other's way, and threads that never end must not accumulate.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

/// The looks that have not ended and that nobody waits for now, by key. Cheap to clone.
pub(super) struct SingleFlight<Key, Seen> {
    patience: Duration,
    under_way: Arc<Mutex<HashMap<Key, JoinHandle<Seen>>>>,
}

impl<Key, Seen> Clone for SingleFlight<Key, Seen> {
    fn clone(&self) -> Self {
        SingleFlight { patience: self.patience, under_way: Arc::clone(&self.under_way) }
    }
}

impl<Key: Eq + Hash, Seen: Send + 'static> SingleFlight<Key, Seen> {
    /// Creates looks for which each caller waits at most this long.
    pub(super) fn within(patience: Duration) -> Self {
        SingleFlight { patience, under_way: Arc::default() }
    }

    /// Returns what `look` sees. If an earlier look with this key is still under way, or nobody has received its
    /// result, returns what that one sees instead. `None` if it does not end in time.
    pub(super) async fn look(
        &self,
        handle: &Handle,
        key: Key,
        look: impl FnOnce() -> Seen + Send + 'static,
    ) -> Option<Result<Seen, JoinError>> {
        let earlier = self.under_way().remove(&key);
        let mut under_way = earlier.unwrap_or_else(|| handle.spawn_blocking(look));
        match tokio::time::timeout(self.patience, &mut under_way).await {
            Ok(seen) => Some(seen),
            Err(_) => {
                self.under_way().insert(key, under_way);
                None
            }
        }
    }

    /// Whether a look with this key has not ended yet.
    pub(super) fn is_under_way(&self, key: &Key) -> bool {
        self.under_way().get(key).is_some_and(|under_way| !under_way.is_finished())
    }

    /// Forgets a key that nobody will ask for again.
    pub(super) fn forget(&self, key: &Key) {
        self.under_way().remove(key);
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, JoinHandle<Seen>>> {
        self.under_way.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[tokio::test]
    async fn one_thread_inspects_for_any_number_of_callers() {
        let mut looks = SingleFlight::within(Duration::from_millis(20));
        let handle = Handle::current();
        let (release, held) = channel::<()>();
        let first = move || {
            held.recv().ok();
            7
        };
        assert!(looks.look(&handle, "nas", first).await.is_none());
        assert!(looks.is_under_way(&"nas"));
        assert!(looks.look(&handle, "nas", || panic!("no second one")).await.is_none());
        assert!(matches!(looks.look(&handle, "disk", || 8).await, Some(Ok(8))), "another one answers");
        drop(release);
        looks.patience = Duration::from_secs(10);
        assert!(matches!(looks.look(&handle, "nas", || panic!("no second one")).await, Some(Ok(7))));
        assert!(!looks.is_under_way(&"nas"));
        assert!(looks.look(&handle, "nas", || panic!("a look that panics")).await.is_some_and(|seen| seen.is_err()));
    }
}
