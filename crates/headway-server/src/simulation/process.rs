//! One run of the server process: its writer, schedule and workers. What it has not written dies with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::schedule::{RecoveredState, Schedule, ScheduleLimits, StartHold, Terms};
use crate::recent::{Commit, Recent};
use crate::writer::WriterReport;
use headway_files::PlacementState;
use headway_model::Fold;
use headway_model::id::{JobId, Millis};
use headway_model::{Digest, DiskEffect as ItemEffect, ItemStatus, JobEvent, PauseReason};
use headway_store::rows::{Batch, JobKey};
use headway_store::{Append, JobFilter, MemoryStore, Store, Writer};

use super::ready::ready;
use headway_model::testing::Draw;

/// A worker that processes an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worker {
    pub(super) attempt: u32,
    pub(super) stopped: bool,
    /// The ticket of the `placing` that it has requested; kept once that is recorded.
    pub(super) placing: Option<u64>,
    pub(super) placed: bool,
}

/// A listing of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlanUnderWay {
    pub(super) left: u32,
    /// The ticket of the append that it waits for.
    pub(super) waits_for: Option<u64>,
    pub(super) stopped: bool,
}

/// The server.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) writer: Writer,
    pub(super) schedule: Schedule,
    pub(super) recent: Recent,
    /// The batch on its way to the disk.
    pub(super) in_flight: Option<(Batch, Commit)>,
    pub(super) reports: VecDeque<WriterReport>,
    pub(super) workers: BTreeMap<(JobId, u32), Worker>,
    pub(super) plans: BTreeMap<JobId, PlanUnderWay>,
    /// Last steps under way, and whether each was asked to end.
    pub(super) finishing: BTreeMap<JobId, bool>,
    /// Placings that are being inspected.
    pub(super) recovering: BTreeSet<(JobId, u32)>,
}

/// A source of draws that depends on the job alone.
pub(super) fn own(job: &JobId) -> Draw {
    let bytes = Digest::of(job.to_string().as_bytes()).0;
    Draw(u64::from(bytes[0]) * 256 + u64::from(bytes[1]))
}

/// How a job of this simulation runs. It is the same after every restart, as if read from its request.
pub(super) fn terms(job: &JobId) -> Terms {
    let mut draw = own(job);
    let halt = match draw.below(4) {
        0 => "now,fail=2".parse().ok(),
        1 => "soon,success=3".parse().ok(),
        _ => None,
    };
    Terms {
        library: "files".into(),
        repeatable: draw.below(2) == 0,
        tries: 1 + draw.below(3) as u32,
        backoff_ms: 20,
        halt,
        ask: draw.below(3) == 0,
    }
}

impl Process {
    /// Starts a process over the log as it is.
    pub(super) fn start(store: &MemoryStore, now: Millis, draw: &mut Draw) -> Self {
        let rows = ready(store.jobs(JobFilter::Live, u32::MAX));
        let ids: Vec<_> = rows.iter().map(|row| row.summary.job).collect();
        let folds = ready(store.folds(&ids)).1;
        let key = |row: &headway_store::rows::JobRow| JobKey {
            job_no: row.job_no,
            created_position: row.created_position,
            library: row.library.clone(),
            work: row.work,
        };
        let live = rows.iter().map(key).zip(folds.iter().cloned()).collect();
        let limits = ScheduleLimits { jobs: 1 + draw.below(3), workers: 1 + draw.below(4) };
        let past = folds.into_iter().map(|fold| {
            let (terms, past) = left(&fold, draw);
            (fold, terms, past)
        });
        let schedule = Schedule::new(limits, now, past.collect());
        Process {
            writer: Writer::new(ready(store.head()), live),
            schedule,
            recent: Recent::default(),
            in_flight: None,
            reports: VecDeque::new(),
            workers: BTreeMap::new(),
            plans: BTreeMap::new(),
            finishing: BTreeMap::new(),
            recovering: BTreeSet::new(),
        }
    }

    /// Whether anything is under way that needs neither a user nor time.
    pub(super) fn is_busy(&self) -> bool {
        self.writer.has_queued()
            || self.in_flight.is_some()
            || !self.reports.is_empty()
            || !self.workers.is_empty()
            || !self.plans.is_empty()
            || !self.finishing.is_empty()
            || !self.recovering.is_empty()
    }

    /// Hands an event to the writer. The answer comes with this ticket, or to the schedule if the ticket is 0.
    pub(super) fn append(&mut self, now: Millis, ticket: u64, job: JobId, event: JobEvent, detail: Option<String>) {
        self.writer.append(Append { ticket, job, event, detail, at: now, over: None });
    }
}

/// What a new process reads of a job. Now and then that fails, or earlier processes crashed at one of the job's steps.
pub(super) fn left(fold: &Fold, draw: &mut Draw) -> (Option<Terms>, RecoveredState) {
    let unread = |reason| (None, RecoveredState { hold: StartHold::Unread(reason), ..RecoveredState::default() });
    match draw.below(16) {
        0 => unread(PauseReason::Stuck),
        1 => unread(PauseReason::DiskFull),
        2 => (Some(terms(&fold.id)), RecoveredState { hold: StartHold::Paused, ..past(fold, draw) }),
        _ => (Some(terms(&fold.id)), past(fold, draw)),
    }
}

/// What the disk shows of placements that the last process left open.
fn past(fold: &Fold, draw: &mut Draw) -> RecoveredState {
    let mut past = RecoveredState::default();
    for (item, _) in fold.items().filter(|(_, status)| *status == ItemStatus::Placing) {
        // Now and then a placement is not inspected.
        if draw.below(8) > 0 {
            past.placed.insert(item, (drawn_state(draw, false), None));
        }
    }
    past
}

/// What the disk shows of a placement. In the quiet phase the disk can always be read.
pub(super) fn drawn_state(draw: &mut Draw, quiet: bool) -> PlacementState {
    match draw.below(if quiet { 3 } else { 4 }) {
        0 => PlacementState::Done(ItemEffect::Changed),
        1 => PlacementState::TakenBack,
        2 => PlacementState::Conflict("neither file is there".into()),
        _ => PlacementState::NotKnown(PauseReason::TooManyOpenFiles),
    }
}
