//! One followed job: its fold, and the proof that none of its events is missing.

mod check;
mod console;

use super::HealReason;
use crate::event::Recorded;
use crate::fold::{Fold, FoldError};
use crate::id::{Millis, Seq};
use crate::item::ItemStatus;
use crate::message::{GoneReason, Now, RunningItem, SnapshotMessage};
use crate::mutants::{self, Mutant};
use console::LastLogged;

/// The text for a reader of a job that is set aside.
pub const SET_ASIDE: &str =
    "The server set this job aside, because its events cannot be read. `headway doctor` says what can be done.";

/// How far the client is with following a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The server has not responded yet.
    Asked,
    /// The server says it does not exist yet.
    Absent,
    /// Its events are being folded.
    Following,
    /// It ended, and the server has confirmed that nothing is missing.
    Closed,
    /// Its history was removed.
    Pruned,
    /// The server set it aside, because its events cannot be read.
    SetAside,
    /// Folding was given up; only its summaries are shown.
    Stopped,
}

/// What this client can prove about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proof {
    /// The `seq` of the snapshot it started from; 0 if every event was received from the first.
    pub base: Seq,
    /// The `seq` of the last event folded.
    pub seq: Seq,
    /// When the digest last matched the server's, on the caller's clock.
    pub checked: Option<Millis>,
    /// Whether the server confirmed the whole fold at its end.
    pub closed: bool,
}

pub(super) enum Reception {
    Taken,
    Refused(String),
}

/// One followed job.
#[derive(Debug, Clone)]
pub struct Tracked {
    fold: Option<Fold>,
    phase: Phase,
    base: Seq,
    last: Seq,
    /// The fold cannot be trusted: the next snapshot, or the log from its first event, replaces it.
    replacing: bool,
    unknown: bool,
    heals: Vec<Millis>,
    healed: Option<(Millis, HealReason)>,
    checked: Option<Millis>,
    pub(super) now: Option<Now>,
    logged: LastLogged,
    /// The job was over before it was followed, so its end is not news.
    revisited: bool,
}

impl Tracked {
    pub(super) fn new() -> Self {
        Tracked {
            fold: None,
            phase: Phase::Asked,
            base: 0,
            last: 0,
            replacing: false,
            unknown: false,
            heals: Vec::new(),
            healed: None,
            checked: None,
            now: None,
            logged: LastLogged::default(),
            revisited: false,
        }
    }

    /// The job as received so far.
    pub fn fold(&self) -> Option<&Fold> {
        self.fold.as_ref()
    }

    /// How far the client is with following it.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What the client can prove about it.
    pub fn proof(&self) -> Proof {
        let seq = self.fold.as_ref().map_or(0, |fold| fold.seq);
        Proof { base: self.base, seq, checked: self.checked, closed: self.phase == Phase::Closed }
    }

    /// The running attempts that the fold confirms.
    pub fn running(&self) -> Vec<&RunningItem> {
        let (Some(now), Some(fold)) = (&self.now, &self.fold) else { return Vec::new() };
        let holds = |running: &&RunningItem| {
            fold.item(running.item).is_some_and(ItemStatus::is_running)
                && fold.last_attempt(running.item) == running.attempt
        };
        now.running.iter().filter(holds).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Pruned | Phase::SetAside)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    pub(super) fn is_folding(&self) -> bool {
        !self.is_stopped() && !self.is_closed()
    }

    pub(super) fn met_unknown(&self) -> bool {
        self.unknown
    }

    pub(super) fn behind(&self) -> u64 {
        let held = self.fold.as_ref().map_or(0, |fold| fold.seq);
        if self.is_folding() { self.last.saturating_sub(held) } else { 0 }
    }

    /// When and why its fold was last healed, if it ever was.
    pub fn healed_at(&self) -> Option<(Millis, HealReason)> {
        self.healed
    }

    /// The query parameter with which the next connection asks for it; `None` if it does not.
    pub(super) fn ask(&self, has_cursor: bool) -> Option<&'static str> {
        if !self.is_folding() {
            None
        } else if has_cursor && (mutants::is(Mutant::SignalAfterTheCall) || self.fold.is_some() && !self.replacing) {
            Some("held")
        } else {
            Some("job")
        }
    }

    /// The `seq` of the event that must come next.
    pub(super) fn due(&self) -> Seq {
        match &self.fold {
            Some(fold) if !self.replacing => fold.seq + 1,
            _ => 1,
        }
    }

    pub(super) fn absent(&mut self) {
        if self.fold.is_none() {
            self.phase = Phase::Absent;
        }
    }

    pub(super) fn gone(&mut self, reason: GoneReason) {
        self.phase = match reason {
            // This was sent on another tab's connection; this tab already has the job.
            GoneReason::Absent if self.fold.is_some() && !self.replacing => self.phase,
            GoneReason::Absent => Phase::Absent,
            GoneReason::Pruned => Phase::Pruned,
            GoneReason::SetAside => Phase::SetAside,
        };
    }

    pub(super) fn fold_in(&mut self, recorded: &Recorded, payload: &str) -> Reception {
        let taken = match &mut self.fold {
            Some(fold) if !self.replacing => fold.apply_recorded(recorded, payload),
            slot => Fold::create_recorded(recorded, payload).map(|fold| *slot = Some(fold)),
        };
        match taken {
            Ok(()) => {
                if recorded.seq == 1 {
                    self.base = 0;
                    self.replacing = false;
                }
                self.phase = Phase::Following;
                self.last = self.last.max(recorded.seq);
                Reception::Taken
            }
            Err(error) => Reception::Refused(match error {
                FoldError::Refused(refusal) => refusal.to_string(),
                other => other.to_string(),
            }),
        }
    }

    pub(super) fn replace(&mut self, message: SnapshotMessage) -> Result<(), HealReason> {
        let fold = message.state.fold().map_err(|_| HealReason::BadSnapshot)?;
        let honest = fold.id == message.job && fold.seq == message.seq && fold.digest == message.digest;
        if !honest || fold.hash() != message.fold || !fold.counters.add_up() {
            return Err(HealReason::BadSnapshot);
        }
        self.base = fold.seq;
        self.last = fold.seq;
        self.fold = Some(fold);
        self.replacing = false;
        self.phase = Phase::Following;
        Ok(())
    }

    pub(super) fn expect_snapshot(&mut self, now: Millis, reason: HealReason) {
        self.replacing = self.fold.is_some();
        self.healed = Some((now, reason));
    }

    pub(super) fn stop_unknown(&mut self) {
        self.unknown = true;
        self.phase = Phase::Stopped;
    }

    /// Marks the job as already over, so that its end is not reported as news.
    pub(super) fn revisit(&mut self) {
        self.revisited = true;
    }

    pub(super) fn is_revisited(&self) -> bool {
        self.revisited
    }
}
