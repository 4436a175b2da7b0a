//! Waits for conditions, never for a fixed time.

use std::future::Future;
use std::time::{Duration, Instant};

/// Asks until the answer is there; fails after a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited a minute for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// `default` repetitions, scaled by the one variable that scales all of them (`HEADWAY_EFFORT`, in percent).
pub(crate) fn repetitions(default: usize) -> usize {
    let percent = std::env::var("HEADWAY_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    (default * percent / 100).max(1)
}
