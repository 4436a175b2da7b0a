//! Reads the in-memory store without waiting.

use futures::FutureExt;

use headway_store::Stored;

/// Futures of the in-memory store are ready at once, and it never fails.
pub(super) fn ready<T>(future: impl Future<Output = Stored<T>>) -> T {
    future.now_or_never().expect("the in-memory store does not wait").expect("it does not fail")
}
