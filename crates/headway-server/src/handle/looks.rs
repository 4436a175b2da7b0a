//! Looks at storage that might not answer, on behalf of callers who wait for a response.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// How long a caller waits for a look, and before that for a turn if others look at the same library.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// At most this many threads look at a library at the same time. Looks at storage that answers take turns without anybody
/// noticing.
const AT_ONCE: usize = 4;

/// Looks at libraries. Once storage is known not to answer, nobody else waits for it, and until then a few threads at most.
#[derive(Clone)]
pub(super) struct Looks {
    patience: Duration,
    silent: Arc<Mutex<HashSet<String>>>,
    turns: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl Default for Looks {
    fn default() -> Self {
        Looks::within(LOOK_TIMEOUT)
    }
}

impl Looks {
    /// Creates looks for which a caller waits at most this long.
    pub(super) fn within(patience: Duration) -> Self {
        Looks { patience, silent: Arc::default(), turns: Arc::default() }
    }

    /// Looks at a library on a thread that can wait; `None` if its storage does not answer in time.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        library: &str,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.look_once(library, std::future::ready(()), look).await
    }

    /// Looks at a library after doing something that needs no storage: the caller waits for `begun` however long
    /// that takes, and only then for the storage.
    pub(super) async fn look_once<T: Send + 'static>(
        &self,
        library: &str,
        begun: impl Future<Output = ()>,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let is_silent = || self.silent.lock().contains(library);
        if is_silent() {
            return None;
        }
        let turn = tokio::time::timeout(self.patience, self.turns_of(library).acquire_owned()).await.ok()?.ok()?;
        if is_silent() {
            return None;
        }
        let mut looked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            look()
        });
        begun.await;
        if let Ok(looked) = tokio::time::timeout(self.patience, &mut looked).await {
            return looked.ok();
        }
        self.silent.lock().insert(library.to_owned());
        let (looks, library) = (self.clone(), library.to_owned());
        tokio::spawn(async move {
            drop(looked.await);
            looks.silent.lock().remove(&library);
        });
        None
    }

    /// The turns of those who look at a library. Whoever has one holds it until the look is over, also if nobody waits for that.
    fn turns_of(&self, library: &str) -> Arc<Semaphore> {
        let mut turns = self.turns.lock();
        Arc::clone(turns.entry(library.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    #[tokio::test]
    async fn storage_that_does_not_answer_is_waited_for_by_one_thread() {
        let looks = Looks::default();
        let (release, held) = channel::<()>();
        assert_eq!(looks.look("nas", move || held.recv().is_ok()).await, None);
        assert_eq!(looks.look("nas", || panic!("no second thread")).await, None::<()>);
        assert_eq!(looks.look("disk", || 7).await, Some(7), "another one answers");
        drop(release);
        while looks.look("nas", || 7).await != Some(7) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn however_many_ask_at_once_few_threads_wait_for_storage_that_does_not_answer() {
        let looks = Looks::within(Duration::from_millis(300));
        let (waiting, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let look = |_| {
            let (waiting, answers) = (Arc::clone(&waiting), Arc::clone(&answers));
            looks.look("nas", move || {
                waiting.fetch_add(1, Ordering::SeqCst);
                while !answers.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            })
        };
        let looked = join_all((0..40).map(look)).await;
        let (threads, other) = (waiting.load(Ordering::SeqCst), looks.look("disk", || 7).await);
        answers.store(true, Ordering::SeqCst);
        assert_eq!((looked, other), (vec![None; 40], Some(7)), "another one answers");
        assert!((1..=AT_ONCE).contains(&threads), "{threads}");
        while looks.look("nas", || 7).await != Some(7) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
