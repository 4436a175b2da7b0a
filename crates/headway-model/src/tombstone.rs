//! The tombstone of a job whose history was removed, made from its `pruned` event alone.

use super::counters::Counters;
use super::done::Reruns;
use super::event::{JobEvent, Recorded};
use super::fold::Fold;
use super::status::JobStatus;

impl Fold {
    /// The event that removes this job's history; `None` unless the job is over and still has it.
    pub fn prune(&self) -> Option<JobEvent> {
        if !self.status.is_terminal() || self.pruned {
            return None;
        }
        let reason = match self.status {
            JobStatus::Failed { reason } => Some(reason),
            _ => None,
        };
        Some(JobEvent::Pruned {
            id: self.id,
            request: self.request,
            ended_as: self.status.label().into(),
            reason,
            created: self.created,
            ended: self.ended.unwrap_or(self.created),
            previous: self.digest,
        })
    }

    /// The job as its `pruned` event alone describes it; `None` for any other event.
    pub fn tombstone(recorded: &Recorded, payload: &str) -> Option<Fold> {
        let JobEvent::Pruned { id, request, ended_as, reason, created, ended, previous } = &recorded.event else {
            return None;
        };
        let status = JobStatus::over(ended_as, *reason)?;
        Some(Fold {
            id: *id,
            seq: recorded.seq,
            digest: previous.then(payload.as_bytes()),
            recipe: String::new(),
            title: String::new(),
            request: *request,
            parent: None,
            status,
            approval: false,
            plan_ended: true,
            reruns: Reruns::default(),
            halt: None,
            priority: 0,
            concurrency: 0,
            message: None,
            created: *created,
            began: None,
            ended: Some(*ended),
            worked: None,
            pruned: true,
            counters: Counters::default(),
            placing: 0,
            items: Vec::new(),
            attempts: Default::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::next::next;
    use crate::testing::{created, every_event, job_id, record};

    #[test]
    fn a_tombstone_follows_from_its_event_and_goes_on_in_the_chain() {
        let (_, fold) = record(&[created(job_id(7)), JobEvent::CancelRequested {}, JobEvent::Cancelled {}]);
        let event = fold.prune().expect("it is over");
        let recorded = Recorded { seq: fold.seq + 1, at: 9, event };
        let payload = recorded.encode();
        let mut whole = fold.clone();
        whole.apply_recorded(&recorded, &payload).expect("it may be pruned");
        let left = Fold::tombstone(&Recorded::decode(&payload).expect("an event"), &payload).expect("a tombstone");
        assert_eq!((left.seq, left.digest, left.status), (whole.seq, whole.digest, whole.status));
        assert_eq!((left.created, left.ended, left.request), (whole.created, whole.ended, whole.request));
        assert_eq!(left.prune(), None);
        assert!(every_event(&left).iter().all(|event| next(Some(&left), event).is_err()));
        assert_eq!(left.snapshot().fold().expect("a fold"), left);
    }
}
