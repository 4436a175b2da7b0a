//! How far one attempt is.

use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// Whether nobody waits for it any more.
    pub(super) is_lost: bool,
}

/// How far an attempt was when it last got further.
pub(super) struct SignOfLife {
    pub(super) progress: Progress,
    pub(super) at: Instant,
    /// The same for people, by the clock.
    pub(super) told: Millis,
    /// When the work began, by the clock.
    pub(super) since: Millis,
}

impl AttemptState {
    /// Whether a worker has it and has not got further for so long.
    pub(super) fn hangs(&mut self, patience: Duration) -> bool {
        match self {
            AttemptState::Claimed(claimed) => claimed.elapsed() > patience,
            AttemptState::Working(attempt, alive) => {
                let progress = attempt.progress();
                alive.hear(progress);
                if matches!(progress, Progress::Said(_)) {
                    alive.at = Instant::now();
                }
                alive.at.elapsed() > patience
            }
        }
    }
}

impl SignOfLife {
    /// Takes note of how far the attempt is.
    pub(super) fn hear(&mut self, progress: Progress) {
        if self.progress != progress {
            *self = SignOfLife { progress, at: Instant::now(), told: crate::now(), ..*self };
        }
    }
}

impl Claimed {
    /// How long a worker has had it.
    pub(super) fn elapsed(&self) -> Duration {
        self.taken.map(|taken| taken.elapsed()).unwrap_or_default()
    }

    /// Asks it to end. The first reason holds.
    pub(super) fn stop(&mut self, reason: StopReason) {
        self.stopped.get_or_insert((Instant::now(), reason));
    }
}
