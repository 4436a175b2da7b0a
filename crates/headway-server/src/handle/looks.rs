//! Looks at storage that might not answer, on behalf of callers who wait for a response.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

/// How long a caller waits for a look.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at libraries, with at most one thread waiting for each.
#[derive(Clone)]
pub(super) struct Looks {
    patience: Duration,
    silent: Arc<Mutex<HashSet<String>>>,
}

impl Default for Looks {
    fn default() -> Self {
        Looks::within(LOOK_TIMEOUT)
    }
}

impl Looks {
    /// Creates looks for which a caller waits at most this long.
    pub(super) fn within(patience: Duration) -> Self {
        Looks { patience, silent: Arc::default() }
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
        if self.silent.lock().contains(library) {
            return None;
        }
        let mut looked = tokio::task::spawn_blocking(look);
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
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
