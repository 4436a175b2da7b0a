//! The writer's shell: it carries out commits, and notifies the others of what is in the log.

use super::oracle::BrokenPromise;
use super::ready::ready;
use super::trace;
use super::world::{AppendPurpose, World};
use crate::engine::schedule::{Input, WorkOutcome};
use crate::recent::Commit;
use crate::writer::WriterReport;
use headway_model::event::JobEvent;
use headway_model::mutants::{self, Mutant};
use headway_store::Store;
use headway_store::rows::Batch;
use headway_store::{Append, AppendError, Receipt, WriterEffect};

impl World {
    /// Builds a batch, or commits one. Returns whether it did anything.
    pub(super) fn write(&mut self) -> Result<bool, BrokenPromise> {
        let Some(process) = &mut self.process else { return Ok(false) };
        if let Some((batch, commit)) = process.in_flight.take() {
            return self.commit(batch, commit).map(|()| true);
        }
        if !process.writer.has_queued() {
            return Ok(false);
        }
        match process.writer.batch() {
            None => {
                let told = process.writer.unwritten();
                self.told_by_writer(told)?;
            }
            Some(batch) => {
                if mutants::is(Mutant::EarlyAcknowledgement) {
                    batch.events.iter().for_each(|row| self.oracle.acknowledged(row.job, row.seq, row.position));
                }
                let commit = Commit::within(&batch, self.most);
                process.in_flight = Some((batch, commit));
            }
        }
        Ok(true)
    }

    fn commit(&mut self, batch: Batch, commit: Commit) -> Result<(), BrokenPromise> {
        let fails = self.faults.deadly && !self.quiet && self.draw.below(120) == 0;
        let Some(process) = &mut self.process else { return Ok(()) };
        if fails {
            self.seen.failed_writes += 1;
            let told = process.writer.committed(false);
            self.told_by_writer(told)?;
            // A failed commit is never retried: the process reports it, and a user restarts it.
            self.feed(Input::Dead)?;
            return self.die();
        }
        self.seen.events += batch.events.len() as u64;
        batch
            .events
            .iter()
            .for_each(|row| trace(|| format!("{} written at {}: {} {}", self.now, row.position, row.job, row.payload)));
        self.oracle.wrote(&batch.events)?;
        let ids: Vec<_> = batch.jobs.iter().map(|row| row.summary.job).collect();
        if mutants::is(Mutant::SequenceNotCommitOrder) && self.hidden.is_none() && self.draw.below(3) == 0 {
            self.hidden = Some(batch);
        } else {
            ready(self.store.commit(batch));
            process.recent.publish(commit);
            if let Some(hidden) = self.hidden.take() {
                self.show(hidden);
            }
        }
        let told = self.process.as_mut().map(|process| process.writer.committed(true)).unwrap_or_default();
        // While a batch is hidden, the rows contradict each other.
        if self.hidden.is_none() {
            for fold in ready(self.store.folds(&ids)).1 {
                self.oracle.adds_up(&fold)?;
            }
        }
        self.wake();
        self.told_by_writer(told)
    }

    /// Makes a hidden batch visible, after later ones were.
    pub(super) fn show(&mut self, hidden: Batch) {
        let head = ready(self.store.head());
        ready(self.store.commit(hidden));
        let behind = Batch {
            head: head.position.max(ready(self.store.head()).position),
            digest: head.digest,
            next_job_no: head.next_job_no,
            ..Batch::default()
        };
        ready(self.store.commit(behind));
    }

    fn told_by_writer(&mut self, told: Vec<WriterEffect>) -> Result<(), BrokenPromise> {
        for told in told {
            match told {
                WriterEffect::Answer(ticket, append, answer) => self.answer(ticket, append, answer)?,
                WriterEffect::Recorded(job, recorded, digest) => {
                    match &recorded.event {
                        JobEvent::Paused { .. } => self.seen.pauses += 1,
                        JobEvent::AttemptFailed { .. } => self.seen.retries += 1,
                        JobEvent::Recovered { .. } => self.seen.interruptions += 1,
                        JobEvent::Placing { .. } | JobEvent::Changing { .. } => self.seen.placements += 1,
                        JobEvent::Halted { .. } => self.seen.halts += 1,
                        _ => {}
                    }
                    let reports = self.process.iter_mut().map(|process| &mut process.reports);
                    reports
                        .for_each(|reports| reports.push_back(WriterReport::Recorded(job, recorded.clone(), digest)));
                }
            }
        }
        Ok(())
    }

    fn answer(
        &mut self,
        ticket: u64,
        append: Append,
        answer: Result<Receipt, AppendError>,
    ) -> Result<(), BrokenPromise> {
        if let Ok(receipt) = &answer {
            self.oracle.acknowledged(append.job, receipt.seq, receipt.position);
        }
        let refused = match &answer {
            Err(AppendError::Refused(refusal)) => Some(refusal.clone()),
            _ => None,
        };
        self.seen.refusals += u64::from(refused.is_some());
        let Some(asked) = self.asked.remove(&ticket) else {
            if let (Some(refusal), Some(process)) = (refused, &mut self.process) {
                process.reports.push_back(WriterReport::Refused(append.job, append.event, refusal));
            }
            return Ok(());
        };
        let job = append.job;
        match asked {
            AppendPurpose::Start(client) if answer.is_ok() || refused == Some(headway_model::Refusal::Exists) => {
                self.started(client, job)
            }
            AppendPurpose::Start(_) | AppendPurpose::Command => Ok(()),
            AppendPurpose::Plan => {
                let Some(process) = &mut self.process else { return Ok(()) };
                match process.plans.get_mut(&job) {
                    Some(plan) if answer.is_ok() => plan.waits_for = None,
                    Some(plan) => (plan.waits_for, plan.stopped) = (None, true),
                    None => {}
                }
                Ok(())
            }
            AppendPurpose::Placing(item) => {
                let Some(process) = &mut self.process else { return Ok(()) };
                match process.workers.get_mut(&(job, item)) {
                    Some(worker) if worker.placing == Some(ticket) => {
                        if answer.is_ok() {
                            worker.placed = true;
                            return Ok(());
                        }
                        let attempt = worker.attempt;
                        process.workers.remove(&(job, item));
                        self.feed(Input::Done { job, item, attempt, outcome: WorkOutcome::Stopped })
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// Reports what was written to the schedule. Returns whether there was anything.
    pub(super) fn report(&mut self) -> Result<bool, BrokenPromise> {
        let Some(report) = self.process.as_mut().and_then(|process| process.reports.pop_front()) else {
            return Ok(false);
        };
        self.feed(match report {
            WriterReport::Recorded(job, recorded, digest) => Input::Recorded { job, recorded, digest },
            WriterReport::Refused(job, event, _) => Input::Refused { job, event },
            WriterReport::Dead => Input::Dead,
        })?;
        Ok(true)
    }
}
