//! Waits for conditions, never for a fixed time.

use std::future::Future;
use std::time::Duration;

/// How long a condition is waited for: so long that a busy machine is no reason to fail.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks until the answer is there; fails after [`PATIENCE`].
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    eventually_or(what, || {
        let asked = ask();
        async { asked.await.ok_or_else(String::new) }
    })
    .await
}

/// The same, where each answer that is not the right one is a text; the last one is reported.
pub(crate) async fn eventually_or<T, F: Future<Output = Result<T, String>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let mut last = String::new();
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(other) => last = other,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Also when a question is never answered.
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.unwrap_or_else(|_| panic!("waited {} s for: {what}. At last: {last}", PATIENCE.as_secs()))
}

/// `default` repetitions, scaled by the one variable that scales all of them (`HEADWAY_EFFORT`, in percent).
pub(crate) fn repetitions(default: usize) -> usize {
    let percent = std::env::var("HEADWAY_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    (default * percent / 100).max(1)
}
