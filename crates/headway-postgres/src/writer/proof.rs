//! When the database last confirmed that this process is the writer of its log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// For how long a writer can rely on what the database last confirmed.
pub(crate) const SURE_FOR: Duration = Duration::from_secs(3);

/// When the last question was asked that the database answered with this writer's number. All clones are the same.
#[derive(Clone)]
pub(crate) struct LastProof(Arc<Mutex<Instant>>);

impl LastProof {
    pub(crate) fn of(asked: Instant) -> Self {
        LastProof(Arc::new(Mutex::new(asked)))
    }

    /// Notes a confirmation. It is as old as its question: the answer can have been under way for long.
    pub(crate) fn note(&self, asked: Instant) {
        let mut last = self.0.lock();
        *last = asked.max(*last);
    }

    /// Whether nobody who took over since then can have begun to act.
    pub(crate) fn is_fresh(&self) -> bool {
        self.0.lock().elapsed() < SURE_FOR
    }
}
