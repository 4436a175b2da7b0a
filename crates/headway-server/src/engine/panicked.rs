//! Tasks that panic. The work of such a task fails with the panic's message; nothing else is affected.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::task::JoinError;

use headway_recipes::Unable;

/// A task that did not return: the message of its panic, or that it was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Panicked(pub(super) String);

impl From<Box<dyn Any + Send>> for Panicked {
    fn from(panic: Box<dyn Any + Send>) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Panicked(text.unwrap_or("a panic without a message").to_owned())
    }
}

impl From<JoinError> for Panicked {
    fn from(error: JoinError) -> Self {
        match error.try_into_panic() {
            Ok(panic) => panic.into(),
            Err(error) => Panicked(error.to_string()),
        }
    }
}

impl From<Panicked> for Unable {
    fn from(Panicked(message): Panicked) -> Self {
        Unable::Failed(message)
    }
}

/// Runs a task, and catches its panic.
pub(super) async fn caught<T>(task: impl Future<Output = T>) -> Result<T, Panicked> {
    let ended = AssertUnwindSafe(task).catch_unwind().await;
    ended.map_err(|panic| {
        let died = Panicked::from(panic);
        tracing::error!(panic = died.0, "a task of the engine panicked");
        died
    })
}
