//! Waits for conditions, never for a fixed time.

use std::future::Future;
use std::time::Duration;

/// Asks until the answer is there; fails after a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Also when a question is never answered.
    let answer = tokio::time::timeout(Duration::from_secs(60), asking).await;
    answer.unwrap_or_else(|_| panic!("waited a minute for: {what}"))
}

/// `default` repetitions, scaled by the one variable that scales all of them (`HEADWAY_EFFORT`, in percent).
pub(crate) fn repetitions(default: usize) -> usize {
    let percent = std::env::var("HEADWAY_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    (default * percent / 100).max(1)
}
