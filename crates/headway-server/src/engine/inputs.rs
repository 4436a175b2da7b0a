//! The inputs of the engine's loop: reports of the writer, ends of attempts and tasks, and requests from outside the engine.

use std::time::{Duration, Instant};

use super::Engine;
use super::attempt_id::AttemptId;
use super::pool::EndedAttempt;
use super::schedule::{Input, WorkOutcome};
use crate::writer::WriterReport;
use headway_model::event_kind::ChangeStep;
use headway_model::{JobEvent, JobId};

/// How long the end of a quick attempt can wait to be handled together with others.
const GATHER: Duration = Duration::from_millis(1);

impl Engine {
    /// Waits until there is something to do, but no longer than until the next look around.
    pub(super) async fn next_inputs(&mut self, every: Duration) -> Vec<Input> {
        let mut until = self.looked + every;
        if self.pool.gathers() {
            until = until.min(Instant::now() + GATHER);
        }
        let mut inputs = tokio::select! {
            biased;
            reports = self.inbox.reports.recv() => {
                // What was asked before these events were recorded comes first: a job that was adopted is known when its next event is.
                let mut inputs = self.asked_before();
                match reports {
                    Some(reports) => inputs.extend(reports.into_iter().map(|report| self.heard(report))),
                    None => inputs.push(Input::Dead),
                }
                inputs
            }
            () = self.pool.ended() => Vec::new(),
            Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => done_with(done).into_iter().collect(),
            Some(input) = self.inbox.inputs.recv() => self.asked(input),
            _ = self.inbox.stop.changed(), if self.stopping.is_none() => {
                self.stopping = Some(Instant::now());
                self.pool.give_back(|_| true);
                vec![Input::Drain]
            }
            () = tokio::time::sleep_until(until.into()) => {
                self.pool.rouse();
                Vec::new()
            }
        };
        for ended in self.pool.ends() {
            self.working -= 1;
            inputs.extend(self.worked(ended));
        }
        inputs
    }

    /// What was asked from outside the engine up to now.
    fn asked_before(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        while let Ok(input) = self.inbox.inputs.try_recv() {
            inputs.extend(self.asked(input));
        }
        inputs
    }

    /// Turns what was asked from outside the engine into inputs.
    fn asked(&mut self, input: Input) -> Vec<Input> {
        match input {
            Input::DrainOver => {
                // Attempts that end from now on are taken back, not cancelled.
                self.stopping.get_or_insert_with(Instant::now);
                self.pool.give_back(|_| true);
                self.context.running.force_stops();
                vec![Input::Drain, Input::DrainOver]
            }
            Input::Limits(limits) => {
                self.pool.set_limit(limits.workers);
                vec![Input::Limits(limits)]
            }
            other => vec![other],
        }
    }

    /// Turns a report of the writer into an input. Forgives a job that got further, and has a job that is resumed take up what a
    /// person has accepted for it, before any of its items runs.
    fn heard(&self, report: WriterReport) -> Input {
        match &report {
            WriterReport::Recorded(job, recorded, _) => {
                // Counted first: whoever gets a file then asks about it.
                self.context.conflicts.note(&recorded.event);
                self.let_go(*job, &recorded.event);
                if gets_further(&recorded.event) {
                    self.context.steps.got_further(*job);
                }
                if matches!(recorded.event, JobEvent::Resumed {})
                    && let Some(active) = self.active_jobs.get(job)
                {
                    active.take_up_accepted();
                }
            }
            // For a retry that is refused, a failure is recorded.
            WriterReport::Refused(job, event @ JobEvent::Failed { .. }, _) => self.let_go(*job, event),
            WriterReport::Refused(..) | WriterReport::Dead => {}
        }
        input_of(report)
    }

    /// Lets go of the files of an item whose change is kept, if this event says how that ended.
    fn let_go(&self, job: JobId, event: &JobEvent) {
        let is_failure = matches!(event, JobEvent::Failed { .. } | JobEvent::AttemptFailed { .. });
        let is_end = is_failure || matches!(event.change_step(), Some(ChangeStep::Made | ChangeStep::TakenBack));
        if is_end && let Some((item, _)) = event.item() {
            self.context.exclusion.let_go((job, item));
        }
    }

    /// Turns the end of an attempt into inputs: the end itself and, if it changed, how many items of the job to claim
    /// ahead.
    fn worked(&self, ended: EndedAttempt) -> impl Iterator<Item = Input> + use<> {
        let EndedAttempt { which: AttemptId { job, item, attempt }, outcome, took } = ended;
        self.context.running.end(job, item);
        if outcome == WorkOutcome::Held {
            self.context.exclusion.given_back((job, item));
        }
        let ahead = self.active_jobs.get(&job).and_then(|active| active.note_attempt_time(took));
        let done = Input::Done { job, item, attempt, outcome };
        ahead.map(|ahead| Input::ClaimAhead { job, ahead }).into_iter().chain([done])
    }
}

/// Whether a job gets further with this event, so that it cannot come again and again.
fn gets_further(event: &JobEvent) -> bool {
    use JobEvent::*;
    matches!(event, Planned { .. } | PlanEnded { .. } | Succeeded { .. } | Skipped { .. } | Failed { .. })
}

/// Turns a report of the writer into an input.
fn input_of(report: WriterReport) -> Input {
    match report {
        WriterReport::Recorded(job, recorded, digest) => Input::Recorded { job, recorded, digest },
        WriterReport::Refused(job, event, refusal) => {
            tracing::debug!(job.id = %job, event = event.name(), %refusal, "not recorded");
            Input::Refused { job, event }
        }
        WriterReport::Dead => Input::Dead,
    }
}

/// The input that a finished task returned, if any.
fn done_with(done: Result<Option<Input>, tokio::task::JoinError>) -> Option<Input> {
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a task of the engine ended badly");
        None
    })
}
