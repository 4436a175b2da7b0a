//! The server's shells: they carry out the effects of its machines and report the results.

use super::oracle::{Failure, must};
use super::process::{Plan, Worker, left, terms, verdict};
use super::trace;
use super::world::{Asked, World, ready};
use crate::engine::schedule::{Effect, Input, WorkOutcome};
use crate::recent::Commit;
use crate::writer::{Append, AppendError, Effect as Told, Receipt, Report};
use headway_files::Verdict;
use headway_model::event::{JobEvent, Outcome};
use headway_model::id::JobId;
use headway_model::mutants::{self, Mutant};
use headway_model::status::{EndReason, PauseReason};
use headway_model::testing::renamed;
use headway_model::{Digest, Effect as ItemEffect, FailReason, PlannedFile, RelPath, SkipReason};
use headway_recipes::Unable;
use headway_store::Store;
use headway_store::rows::Batch;

/// What an attempt records before it changes the disk: every second item gets another name, the others get an output.
fn change(item: u32, attempt: u32) -> JobEvent {
    match item % 2 {
        0 => JobEvent::Placing {
            item,
            attempt,
            temp: "t".into(),
            target: "f".into(),
            trash: Some("x".into()),
            old: Some(Digest([1; 16])),
            new: Digest([2; 16]),
        },
        _ => JobEvent::Changing { item, attempt, moves: vec![renamed("f", "g"), renamed("f.xmp", "g.xmp")] },
    }
}

impl World {
    /// Hands an event to the writer, and remembers what its answer is for.
    pub(super) fn ask(&mut self, job: JobId, event: JobEvent, detail: Option<String>, asked: Asked) -> u64 {
        let Some(process) = &mut self.process else { return 0 };
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        process.append(self.now, self.tickets, job, event, detail);
        self.tickets
    }

    /// Gives the schedule an input, and carries out its effects.
    pub(super) fn feed(&mut self, input: Input) -> Result<(), Failure> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let mut effects = process.schedule.step(Input::Time(self.now));
        effects.extend(process.schedule.step(input));
        effects.extend(process.schedule.claim());
        self.act(effects)
    }

    pub(super) fn claim(&mut self) -> Result<(), Failure> {
        self.feed(Input::Time(self.now))
    }

    pub(super) fn act(&mut self, effects: Vec<Effect>) -> Result<(), Failure> {
        for effect in effects {
            trace(|| format!("{} schedule: {effect:?}", self.now));
            let Some(process) = &mut self.process else { return Ok(()) };
            match effect {
                Effect::Append { job, event, detail } => process.append(self.now, 0, job, event, detail),
                Effect::Plan { job } => {
                    let listed = ready(self.store.job(job)).map_or(0, |row| row.summary.counters.total);
                    let files = self.files.get(&job).copied().unwrap_or(0);
                    must(!process.plans.contains_key(&job), || format!("{job}: two listings at once"))?;
                    process
                        .plans
                        .insert(job, Plan { left: files.saturating_sub(listed), waits_for: None, stopped: false });
                    self.feed(Input::Terms { job, terms: terms(&job) })?;
                }
                Effect::StopPlan { job } => {
                    process.plans.get_mut(&job).into_iter().for_each(|plan| plan.stopped = true)
                }
                Effect::Start { job, item, attempt } => {
                    must(!process.workers.contains_key(&(job, item)), || format!("{job}: two workers on item {item}"))?;
                    let recorded = self.oracle.holds(&job, item) == Some(attempt);
                    must(recorded || terms(&job).repeatable, || {
                        format!("{job}: work on {item} begins before its record")
                    })?;
                    process
                        .workers
                        .insert((job, item), Worker { attempt, stopped: false, placing: None, placed: false });
                }
                Effect::Stop { job, item } => {
                    process.workers.get_mut(&(job, item)).into_iter().for_each(|worker| worker.stopped = true);
                }
                Effect::TakeUp { job } => {
                    let folds = ready(self.store.folds(&[job])).1;
                    let (terms, past) = folds.first().map(|fold| left(fold, &mut self.draw)).unwrap_or_default();
                    self.feed(Input::TakenUp { job, terms, past })?;
                }
                Effect::Judge { job, item } => {
                    must(!process.workers.contains_key(&(job, item)), || {
                        format!("{job}: {item} is judged while it works")
                    })?;
                    must(self.oracle.holds(&job, item).is_some(), || {
                        format!("{job}: {item} is judged, and not placing")
                    })?;
                    must(process.judging.insert((job, item)), || format!("{job}: {item} is judged twice at once"))?;
                }
                Effect::Finish { job } => drop(process.finishing.insert(job)),
                Effect::Over { .. } => {}
            }
        }
        Ok(())
    }

    /// Makes a batch, or brings one to the disk. Whether it did anything.
    pub(super) fn write(&mut self) -> Result<bool, Failure> {
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

    fn commit(&mut self, batch: Batch, commit: Commit) -> Result<(), Failure> {
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
        for fold in ready(self.store.folds(&ids)).1 {
            if self.hidden.is_none() {
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

    fn told_by_writer(&mut self, told: Vec<Told>) -> Result<(), Failure> {
        for told in told {
            match told {
                Told::Answer(ticket, append, answer) => self.answer(ticket, append, answer)?,
                Told::Recorded(job, recorded, digest) => {
                    match &recorded.event {
                        JobEvent::Paused { .. } => self.seen.pauses += 1,
                        JobEvent::AttemptFailed { .. } => self.seen.retries += 1,
                        JobEvent::Recovered { .. } => self.seen.interruptions += 1,
                        JobEvent::Placing { .. } | JobEvent::Changing { .. } => self.seen.placements += 1,
                        JobEvent::Halted { .. } => self.seen.halts += 1,
                        _ => {}
                    }
                    let reports = self.process.iter_mut().map(|process| &mut process.reports);
                    reports.for_each(|reports| reports.push_back(Report::Recorded(job, recorded.clone(), digest)));
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, ticket: u64, append: Append, answer: Result<Receipt, AppendError>) -> Result<(), Failure> {
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
                process.reports.push_back(Report::Refused(append.job, append.event, refusal));
            }
            return Ok(());
        };
        let job = append.job;
        match asked {
            Asked::Start(client) if answer.is_ok() || refused == Some(headway_model::Refusal::Exists) => {
                self.started(client, job)
            }
            Asked::Start(_) | Asked::Command => Ok(()),
            Asked::Plan => {
                let Some(process) = &mut self.process else { return Ok(()) };
                match process.plans.get_mut(&job) {
                    Some(plan) if answer.is_ok() => plan.waits_for = None,
                    Some(plan) => (plan.waits_for, plan.stopped) = (None, true),
                    None => {}
                }
                Ok(())
            }
            Asked::Placing(item) => {
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

    /// Reports what was written to the schedule. Whether there was anything.
    pub(super) fn report(&mut self) -> Result<bool, Failure> {
        let Some(report) = self.process.as_mut().and_then(|process| process.reports.pop_front()) else {
            return Ok(false);
        };
        self.feed(match report {
            Report::Recorded(job, recorded, digest) => Input::Recorded { job, recorded, digest },
            Report::Refused(job, event, _) => Input::Refused { job, event },
            Report::Dead => Input::Dead,
        })?;
        Ok(true)
    }

    /// Advances a worker. Whether there was one.
    pub(super) fn work(&mut self) -> Result<bool, Failure> {
        if self.judge()? {
            return Ok(true);
        }
        let Some(process) = &self.process else { return Ok(false) };
        let free: Vec<_> = process
            .workers
            .iter()
            .filter(|(_, worker)| worker.placing.is_none() || worker.placed)
            .map(|(key, worker)| (*key, *worker))
            .collect();
        let Some(((job, item), worker)) = free.get(self.draw.below(free.len())).copied() else { return Ok(false) };
        let attempt = worker.attempt;
        let places = !self.plain && !terms(&job).repeatable && worker.placing.is_none() && !worker.stopped;
        if places && self.draw.below(2) == 0 {
            let ticket = self.ask(job, change(item, attempt), None, Asked::Placing(item));
            let workers = self.process.iter_mut().filter_map(|process| process.workers.get_mut(&(job, item)));
            workers.for_each(|worker| worker.placing = Some(ticket));
            return Ok(true);
        }
        let outcome = match self.draw.below(if self.quiet { 14 } else { 20 }) {
            _ if worker.stopped && !worker.placed && (self.plain || self.draw.below(4) > 0) => WorkOutcome::Stopped,
            _ if self.plain => WorkOutcome::Succeeded(ItemEffect::Read, "{}".into()),
            0 => WorkOutcome::Skipped(SkipReason::Changed),
            1..3 => WorkOutcome::Failed(FailReason::Recipe, "as drawn".into()),
            14 if !worker.placed => WorkOutcome::Retry("later".into()),
            15 => WorkOutcome::Environment(PauseReason::DiskFull),
            16 if !worker.placed => WorkOutcome::Lost,
            16 | 18 if worker.placed => WorkOutcome::Unjudged(PauseReason::TooManyOpenFiles),
            // The attempt is given back because it waited too long for a thread.
            17 if worker.placing.is_none() => WorkOutcome::Stopped,
            _ => WorkOutcome::Succeeded(ItemEffect::Changed, "{}".into()),
        };
        if let Some(process) = &mut self.process {
            process.workers.remove(&(job, item));
        }
        if !self.plain {
            self.feed(Input::Pace { job, ahead: item as usize % 4 })?;
        }
        self.feed(Input::Done { job, item, attempt, outcome })?;
        Ok(true)
    }

    /// Judges an open placing. Whether there was one.
    fn judge(&mut self) -> Result<bool, Failure> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let Some((job, item)) = process.judging.pop_first() else { return Ok(false) };
        let verdict = verdict(&mut self.draw, self.quiet);
        if let Verdict::NotKnown(_) = verdict {
            self.seen.unknown += 1;
        }
        self.feed(Input::Judged { job, item, verdict, detail: None })?;
        Ok(true)
    }

    /// Advances a listing. Whether there was one.
    pub(super) fn list(&mut self) -> Result<bool, Failure> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let free: Vec<_> = process
            .plans
            .iter()
            .filter(|(_, plan)| plan.waits_for.is_none())
            .map(|(job, plan)| (*job, *plan))
            .collect();
        let Some((job, plan)) = free.get(self.draw.below(free.len())).copied() else { return Ok(false) };
        let first = ready(self.store.job(job)).map_or(0, |row| row.summary.counters.total);
        if plan.stopped || plan.left == 0 {
            process.plans.remove(&job);
            if !plan.stopped {
                let fails = !self.quiet && !self.plain && self.draw.below(25) == 0;
                let event = match fails {
                    true => {
                        JobEvent::Ended { outcome: Outcome::Failed { reason: EndReason::Plan, message: String::new() } }
                    }
                    false => JobEvent::PlanEnded { total: first, reruns: Default::default() },
                };
                process.append(self.now, 0, job, event, None);
            }
            self.feed(Input::PlanOver { job })?;
            return Ok(true);
        }
        let count = if self.plain { plan.left } else { plan.left.min(1 + self.draw.below(3) as u32) };
        let skips =
            if !self.plain && self.draw.below(4) == 0 { vec![(first, 1, SkipReason::Symlink)] } else { Vec::new() };
        let file = |number: u32| {
            let path: RelPath = format!("f{number}").parse().expect("a path");
            PlannedFile { path, size: 1, mtime_ns: 0, rerun: None, becomes: None }
        };
        let detail = serde_json::to_string(&(first..first + count).map(file).collect::<Vec<_>>()).expect("JSON");
        let event = JobEvent::Planned { first, count, skips, detail: Digest::of(detail.as_bytes()) };
        let ticket = self.ask(job, event, Some(detail), Asked::Plan);
        let plans = self.process.iter_mut().filter_map(|process| process.plans.get_mut(&job));
        plans.for_each(|plan| (plan.left, plan.waits_for) = (plan.left - count, Some(ticket)));
        Ok(true)
    }

    /// Ends a last step. Whether there was one.
    pub(super) fn finish(&mut self) -> Result<bool, Failure> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let Some(job) = process.finishing.pop_first() else { return Ok(false) };
        let result = match if self.plain { 15 } else { self.draw.below(15) } {
            0 => Err(Unable::Failed("as drawn".into())),
            1 if !self.quiet => Err(Unable::Environment(PauseReason::DiskFull)),
            _ => Ok(()),
        };
        self.feed(Input::Finished { job, result })?;
        Ok(true)
    }
}
