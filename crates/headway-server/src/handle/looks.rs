//! Looks at storage that might not answer, on behalf of callers who wait for a response.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

/// How long a caller waits for a look.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// At most this many threads look at a library at the same time. Others wait for their turn, which says nothing about the
/// storage, until they have it or the storage is known not to answer.
const AT_ONCE: usize = 4;

/// Storage has not answered a look so far. Whether it will is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer for {} s", .0.as_secs())]
pub(super) struct NoAnswer(pub(super) Duration);

/// Looks at libraries. Once storage has left a look unanswered, no other look at it begins; until then at most a few threads wait
/// for it.
#[derive(Clone)]
pub(super) struct Looks {
    patience: Duration,
    libraries: Arc<Mutex<HashMap<String, Arc<LibraryLooks>>>>,
}

/// The looks at one library.
struct LibraryLooks {
    /// A look holds its turn until it is over, also if nobody waits for its result any longer.
    turns: Arc<Semaphore>,
    /// When the looks began that have taken longer than a caller waits. As long as there is one, no other begins.
    overdue: watch::Sender<Vec<Instant>>,
}

impl Default for Looks {
    fn default() -> Self {
        Looks::within(LOOK_TIMEOUT)
    }
}

impl Looks {
    /// Creates looks for which a caller waits at most this long.
    pub(super) fn within(patience: Duration) -> Self {
        Looks { patience, libraries: Arc::default() }
    }

    /// Looks at a library on a thread that can wait; `None` if its storage does not answer in time.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        library: &str,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.ask(library, look).await.ok()
    }

    /// Looks at a library on a thread that can wait. The error says for how long its storage has not answered.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        library: &str,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        self.look_once(library, std::future::ready(()), look).await
    }

    /// Looks at a library after doing something that needs no storage: the caller waits for `begun` however long
    /// that takes, and only then for the storage.
    pub(super) async fn look_once<T: Send + 'static>(
        &self,
        library: &str,
        begun: impl Future<Output = ()> + Send + 'static,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let (patience, library) = (self.patience, self.library(library));
        let turn = library.turn().await.ok_or_else(|| library.no_answer(patience))?;
        let asked = Arc::clone(&library);
        let mut looked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            look()
        });
        let (tell, told) = oneshot::channel();
        // A task of its own, because a caller who hangs up does not end the look.
        tokio::spawn(async move {
            begun.await;
            let since = Instant::now();
            if let Ok(looked) = tokio::time::timeout(patience, &mut looked).await {
                // The caller might have hung up; then nobody needs the answer.
                tell.send(looked.ok()).ok();
                return;
            }
            library.overdue.send_modify(|overdue| overdue.push(since));
            drop(tell);
            drop(looked.await);
            library.overdue.send_modify(|overdue| {
                if let Some(at) = overdue.iter().position(|began| *began == since) {
                    overdue.swap_remove(at);
                }
            });
        });
        told.await.ok().flatten().ok_or_else(|| asked.no_answer(patience))
    }

    fn library(&self, name: &str) -> Arc<LibraryLooks> {
        let mut libraries = self.libraries.lock();
        let new = || LibraryLooks { turns: Arc::new(Semaphore::new(AT_ONCE)), overdue: watch::Sender::new(Vec::new()) };
        Arc::clone(libraries.entry(name.to_owned()).or_insert_with(|| Arc::new(new())))
    }
}

impl LibraryLooks {
    /// For how long the storage has not answered: since the first look that it left without an answer began. A caller has waited
    /// this long at least.
    fn no_answer(&self, patience: Duration) -> NoAnswer {
        let since = self.overdue.borrow().iter().min().copied();
        NoAnswer(since.map_or(patience, |since| since.elapsed()))
    }

    /// Waits for a turn; `None` once the storage is known not to answer.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let mut overdue = self.overdue.subscribe();
        tokio::select! {
            biased;
            _ = overdue.wait_for(|overdue| !overdue.is_empty()) => None,
            turn = Arc::clone(&self.turns).acquire_owned() => turn.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::{join, join_all};
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
    async fn how_long_storage_has_not_answered_is_told_and_nothing_else() {
        let looks = Looks::within(Duration::from_millis(20));
        let (release, held) = channel::<()>();
        let first = looks.ask("nas", move || held.recv().is_ok()).await.expect_err("it is held");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let later = looks.ask("nas", || 7).await.expect_err("it is held");
        assert!(
            later.0 >= first.0 + Duration::from_millis(50),
            "the wait of the first look goes on: {first:?}, {later:?}"
        );
        assert_eq!(NoAnswer(Duration::from_millis(2_900)).to_string(), "no answer for 2 s");
        drop(release);
        while looks.ask("nas", || 7).await != Ok(7) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn storage_that_answers_is_not_silent_because_many_look_at_it() {
        let looks = Looks::within(Duration::from_secs(1));
        // The first looks hold every turn until they are released, and nothing is timed before they have begun.
        let (begin, begun) = watch::channel(false);
        let hold = |_| {
            let (release, held) = channel::<()>();
            let mut begun = begun.clone();
            let begun = async move { drop(begun.wait_for(|has_begun| *has_begun).await) };
            (release, looks.look_once("nas", begun, move || held.recv().is_ok()))
        };
        let (releases, holding): (Vec<_>, Vec<_>) = (0..AT_ONCE).map(hold).unzip();
        let others = join_all((0..40).map(|_| looks.look("nas", || ())));
        let mut looked = std::pin::pin!(join(join_all(holding), others));
        assert!(tokio::time::timeout(Duration::from_millis(1_500), &mut looked).await.is_err(), "every turn is held");
        for release in releases {
            release.send(()).expect("a look that is held");
        }
        begin.send(true).expect("looks that have not begun");
        let (held, others) = looked.await;
        assert_eq!(held, vec![Ok(true); AT_ONCE]);
        assert_eq!(others, vec![Some(()); 40], "they waited longer for their turn than a look may take");
    }

    #[tokio::test]
    async fn a_look_whose_caller_has_gone_still_tells_that_storage_does_not_answer() {
        let looks = Looks::within(Duration::from_millis(100));
        let (release, held) = channel::<()>();
        let gone = looks.look("nas", move || held.recv().is_ok());
        assert!(tokio::time::timeout(Duration::from_millis(5), gone).await.is_err(), "the caller hangs up");
        while looks.look("nas", || 7).await.is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
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
