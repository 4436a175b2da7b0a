//! How far one attempt is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::took_by_size::TookBySize;
use headway_model::id::Millis;
use headway_recipes::{Attempt, Progress, StopReason};

pub(super) enum AttemptState {
    /// No worker has it, or its output's folder is being made.
    Claimed(Claimed),
    /// A worker processes it.
    Working(Arc<Attempt>, SignOfLife),
}

/// An attempt that has no [`Attempt`] yet.
pub(super) struct Claimed {
    pub(super) number: u32,
    /// When a worker took it.
    pub(super) taken: Option<Instant>,
    /// When it was asked to end, and why.
    pub(super) stopped: Option<(Instant, StopReason)>,
    /// Whether nobody waits for it any longer.
    pub(super) is_lost: bool,
}

/// The last progress of an attempt, and what it is compared with.
pub(super) struct SignOfLife {
    pub(super) progress: Progress,
    pub(super) at: Instant,
    /// When that was, on the clock, for people.
    pub(super) seen_at: Millis,
    /// When the work began, on the clock.
    pub(super) since: Millis,
    /// How long the finished files of its job took.
    pub(super) took: Arc<TookBySize>,
}

impl AttemptState {
    /// Whether a worker has it and has made no progress for this long.
    pub(super) fn hangs(&mut self, patience: Duration) -> bool {
        match self {
            AttemptState::Claimed(claimed) => claimed.elapsed() > patience,
            AttemptState::Working(attempt, alive) => {
                let progress = attempt.progress();
                alive.note(progress);
                if matches!(progress, Progress::Said(_)) {
                    alive.at = Instant::now();
                }
                alive.at.elapsed() > patience
            }
        }
    }
}

impl SignOfLife {
    /// Notes the attempt's present progress.
    pub(super) fn note(&mut self, progress: Progress) {
        if self.progress != progress {
            (self.progress, self.at, self.seen_at) = (progress, Instant::now(), crate::now());
        }
    }
}

impl Claimed {
    /// How long a worker has had it.
    pub(super) fn elapsed(&self) -> Duration {
        self.taken.map(|taken| taken.elapsed()).unwrap_or_default()
    }

    /// Asks it to end. If it was asked before, the first reason stays.
    pub(super) fn stop(&mut self, reason: StopReason) {
        self.stopped.get_or_insert((Instant::now(), reason));
    }
}
