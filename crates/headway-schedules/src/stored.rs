//! Reads what a worker stored before the server last ended.

use std::io;
use std::time::Duration;

use tokio::sync::watch;

/// How long to wait before what could not be read is read again.
const RETRY_AFTER: Duration = Duration::from_secs(20);

/// Calls `read` on a thread for blocking work until it succeeds; `None` if the server stops first. What cannot be read is never
/// taken for a beginning. `failed` gets each error, and whether it is the first one.
pub(crate) async fn read_stored<T: Send + 'static>(
    stopping: &mut watch::Receiver<bool>,
    read: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    failed: impl Fn(io::Error, bool),
) -> Option<T> {
    let mut is_first = true;
    loop {
        let stored = tokio::task::spawn_blocking(read.clone()).await;
        match stored.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(stored) => return Some(stored),
            Err(error) => failed(error, std::mem::replace(&mut is_first, false)),
        }
        if stops_within(stopping, RETRY_AFTER).await {
            return None;
        }
    }
}

/// Waits; returns whether the server stops meanwhile.
pub(crate) async fn stops_within(stopping: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::time::timeout(time, stopping.wait_for(|stop| *stop)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_cannot_be_read_is_reported_and_is_no_beginning() {
        let (_stop, mut stopping) = watch::channel(true);
        let failures = AtomicU32::new(0);
        let damaged = || Err::<u32, _>(io::Error::other("damaged"));
        let failed = |_: io::Error, is_first: bool| {
            assert!(is_first);
            failures.fetch_add(1, Ordering::Relaxed);
        };
        assert_eq!(read_stored(&mut stopping, damaged, failed).await, None);
        assert_eq!(failures.into_inner(), 1);
        let stored = read_stored(&mut stopping, || Ok(7), |error, _| panic!("{error}")).await;
        assert_eq!(stored, Some(7), "what can be read is read even while the server stops");
    }
}
