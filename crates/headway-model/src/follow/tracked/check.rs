//! Whether what was received is what the server sent, and what is done if it is not.

use super::super::HealReason;
use super::{Phase, Tracked};
use crate::digest::Digest;
use crate::id::{Millis, Seq};

/// Heals within this time count as a series; the third one stops folding.
const HEAL_WINDOW: Millis = 60_000;
const HEALS_LIMIT: usize = 3;

impl Tracked {
    /// Compares the fold with what the server says it has sent on this connection.
    pub(in crate::follow) fn check(
        &mut self,
        now: Millis,
        sent: Seq,
        digest: &Digest,
        last: Seq,
        caught_up: bool,
    ) -> Result<(), HealReason> {
        if !self.is_folding() {
            return Ok(());
        }
        self.last = last;
        let (seq, held) = match &self.fold {
            Some(fold) if !self.replacing => (fold.seq, Some(fold.digest)),
            _ => (0, None),
        };
        if seq < sent {
            return Err(HealReason::Lost);
        }
        // A resumed client can hold more than this connection has had time to send.
        if !caught_up {
            return Ok(());
        }
        if seq > last {
            return Err(HealReason::Ahead);
        }
        match held {
            Some(held) if seq == sent && held != *digest => Err(HealReason::Diverged),
            // The server closes a job before it sends the ping after the last event, so the `closed` message was lost.
            Some(_) if seq == sent && seq == last && self.is_over() => Err(HealReason::Lost),
            Some(_) if seq == sent => {
                self.checked = Some(now);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The server says that event `seq` was the last, and what the fold's hash must be.
    pub(in crate::follow) fn close(&mut self, seq: Seq, fold_hash: &Digest) -> Result<(), HealReason> {
        match &self.fold {
            Some(fold) if !self.replacing && fold.seq == seq => {
                if fold.hash() != *fold_hash {
                    return Err(HealReason::Diverged);
                }
                self.phase = Phase::Closed;
                self.now = None;
                Ok(())
            }
            Some(fold) if !self.replacing && fold.seq > seq => Err(HealReason::Ahead),
            _ => Err(HealReason::Lost),
        }
    }

    /// Records a heal, and returns what will be done about it.
    pub(in crate::follow) fn heal(&mut self, now: Millis, reason: HealReason) -> &'static str {
        self.heals.retain(|at| now.saturating_sub(*at) < HEAL_WINDOW);
        self.heals.push(now);
        self.healed = Some((now, reason));
        if self.heals.len() >= HEALS_LIMIT {
            self.phase = Phase::Stopped;
            return "the third time within a minute: folding stopped, showing summaries only";
        }
        let mild = matches!(reason, HealReason::Gap | HealReason::Lost);
        if mild && self.heals.len() == 1 {
            "reading on from the last good cursor"
        } else {
            self.replacing = true;
            "taking a fresh snapshot"
        }
    }

    fn is_over(&self) -> bool {
        self.fold.as_ref().is_some_and(|fold| fold.status.is_terminal())
    }
}
