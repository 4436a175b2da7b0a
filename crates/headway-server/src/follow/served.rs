//! One followed job: how much of it this connection has sent.

use headway_model::id::{JobId, Seq};
use headway_model::message::{ClosedHow, GoneReason, RunningItem};
use headway_model::mutants::{self, Mutant};
use headway_model::{Digest, JobStatus};
use headway_store::rows::JobRow;

/// How far a job has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SentJob {
    pub(super) seq: Seq,
    pub(super) digest: Digest,
}

#[derive(Debug, Clone)]
pub(super) struct Served {
    /// `None` while the job does not exist.
    pub(super) job_no: Option<u64>,
    pub(super) sent: SentJob,
    /// The job's last known event in the log.
    pub(super) last: Seq,
    pub(super) closed: bool,
    pub(super) last_now: Option<Vec<RunningItem>>,
    processing: bool,
    ending: Option<(Seq, Option<Digest>, JobStatus)>,
    /// Why nothing more of it will be sent, if it has not ended.
    gone: Option<GoneReason>,
}

impl Served {
    pub(super) fn new(job: &JobId) -> Self {
        Served {
            job_no: None,
            sent: SentJob { seq: 0, digest: Digest::start(job) },
            last: 0,
            closed: false,
            last_now: None,
            processing: false,
            ending: None,
            gone: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.closed
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.closed && self.job_no.is_none()
    }

    pub(super) fn is_processing(&self) -> bool {
        !self.closed && self.processing
    }

    pub(super) fn learn(&mut self, row: Option<&JobRow>) {
        let Some(row) = row else { return };
        self.job_no = Some(row.job_no);
        self.last = self.last.max(row.summary.seq);
        if row.summary.pruned {
            // Nothing more of it will be sent; pings report its end to a client that missed the `closed`.
            self.gone = Some(GoneReason::Pruned);
            self.sent = SentJob { seq: row.summary.seq, digest: row.summary.digest };
        }
        self.processing = !row.summary.status.is_terminal();
        if row.summary.status.is_terminal() {
            self.ending = Some((row.summary.seq, row.fold, row.summary.status));
        }
    }

    /// Notes that its events cannot be read.
    pub(super) fn set_aside(&mut self) {
        (self.gone, self.processing) = (Some(GoneReason::SetAside), false);
    }

    /// Whether only its `closed` tells a client that nothing more will come: no ping names it.
    pub(super) fn is_only_closed(&self) -> bool {
        self.job_no.is_none() || self.gone == Some(GoneReason::SetAside)
    }

    /// Why a closed job is gone for a client that does not know of it: it did not appear, unless another reason is known.
    pub(super) fn gone(&self) -> GoneReason {
        self.gone.unwrap_or(GoneReason::Absent)
    }

    /// Notes that everything up to this event is sent. `began` if work might be under way after it.
    pub(super) fn sent(&mut self, seq: Seq, digest: Digest, began: bool) {
        self.sent = SentJob { seq, digest };
        self.last = self.last.max(seq);
        self.processing |= began;
    }

    /// How to close the job, if everything of it has been sent.
    pub(super) fn ending(&self) -> Option<ClosedHow> {
        if self.closed {
            return None;
        }
        if let Some(reason) = self.gone {
            return Some(ClosedHow::Gone { reason });
        }
        let all = |seq: Seq| seq == self.sent.seq || mutants::is(Mutant::ClosedEarly);
        let (seq, fold, status) = self.ending.filter(|(seq, ..)| all(*seq))?;
        Some(ClosedHow::Ended { seq, fold: fold?, status })
    }
}
