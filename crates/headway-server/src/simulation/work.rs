//! The engine's shells: they carry out what the schedule asks for, and report the results.

use super::oracle::{BrokenPromise, must};
use super::process::{PlanUnderWay, Worker, drawn_state, left, terms};
use super::ready::ready;
use super::trace;
use super::world::{AppendPurpose, World};
use crate::engine::schedule::{Input, ScheduleEffect, StepFailure, WorkOutcome};
use headway_files::PlacementState;
use headway_model::event::{JobEvent, Outcome};
use headway_model::id::JobId;
use headway_model::status::{EndReason, PauseReason};
use headway_model::testing::renamed;
use headway_model::{Digest, DiskEffect as ItemEffect, FailReason, PlannedFile, RelPath, SkipReason};
use headway_recipes::Unable;
use headway_store::Store;

/// What an attempt records before it changes the disk: every second item is renamed, the others get an output.
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
        _ => JobEvent::Changing {
            item,
            attempt,
            moves: vec![renamed("f", "g"), renamed("f.xmp", "g.xmp")],
            folders: Vec::new(),
        },
    }
}

impl World {
    /// Hands an event to the writer, and remembers what its answer is for.
    pub(super) fn ask(&mut self, job: JobId, event: JobEvent, detail: Option<String>, asked: AppendPurpose) -> u64 {
        let Some(process) = &mut self.process else { return 0 };
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        process.append(self.now, self.tickets, job, event, detail);
        self.tickets
    }

    /// Gives the schedule an input, and carries out its effects.
    pub(super) fn feed(&mut self, input: Input) -> Result<(), BrokenPromise> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let mut effects = process.schedule.step(Input::Time(self.now));
        effects.extend(process.schedule.step(input));
        effects.extend(process.schedule.claim());
        self.act(effects)
    }

    pub(super) fn claim(&mut self) -> Result<(), BrokenPromise> {
        self.feed(Input::Time(self.now))
    }

    pub(super) fn act(&mut self, effects: Vec<ScheduleEffect>) -> Result<(), BrokenPromise> {
        for effect in effects {
            trace(|| format!("{} schedule: {effect:?}", self.now));
            let Some(process) = &mut self.process else { return Ok(()) };
            match effect {
                ScheduleEffect::Append { job, event, detail } => process.append(self.now, 0, job, event, detail),
                ScheduleEffect::Plan { job } => {
                    let listed = ready(self.store.job(job)).map_or(0, |row| row.summary.counters.total);
                    let files = self.files.get(&job).copied().unwrap_or(0);
                    must(!process.plans.contains_key(&job), || format!("{job}: two listings at once"))?;
                    process.plans.insert(
                        job,
                        PlanUnderWay { left: files.saturating_sub(listed), waits_for: None, stopped: false },
                    );
                    self.feed(Input::Terms { job, terms: terms(&job) })?;
                }
                ScheduleEffect::StopStep { job } => {
                    process.plans.get_mut(&job).into_iter().for_each(|plan| plan.stopped = true);
                    process.finishing.get_mut(&job).into_iter().for_each(|stopped| *stopped = true);
                }
                ScheduleEffect::Start { job, item, attempt } => {
                    must(!process.workers.contains_key(&(job, item)), || format!("{job}: two workers on item {item}"))?;
                    let recorded = self.oracle.holds(&job, item) == Some(attempt);
                    must(recorded || terms(&job).repeatable, || {
                        format!("{job}: work on {item} begins before its record")
                    })?;
                    process
                        .workers
                        .insert((job, item), Worker { attempt, stopped: false, placing: None, placed: false });
                }
                ScheduleEffect::Stop { job, item } => {
                    process.workers.get_mut(&(job, item)).into_iter().for_each(|worker| worker.stopped = true);
                }
                ScheduleEffect::TakeUp { job } => {
                    let folds = ready(self.store.folds(&[job])).1;
                    let (terms, past) = folds.first().map(|fold| left(fold, &mut self.draw)).unwrap_or_default();
                    self.feed(Input::TakenUp { job, terms, past })?;
                }
                ScheduleEffect::RecoverPlacing { job, item } => {
                    must(!process.workers.contains_key(&(job, item)), || {
                        format!("{job}: {item} is recovered while it works")
                    })?;
                    must(self.oracle.holds(&job, item).is_some(), || {
                        format!("{job}: {item} is recovered, and not placing")
                    })?;
                    must(process.recovering.insert((job, item)), || {
                        format!("{job}: {item} is recovered twice at once")
                    })?;
                }
                ScheduleEffect::Finish { job } => {
                    must(process.finishing.insert(job, false).is_none(), || format!("{job}: two last steps at once"))?;
                }
                ScheduleEffect::Over { .. } => {}
            }
        }
        Ok(())
    }

    /// Advances a worker. Returns whether there was one.
    pub(super) fn work(&mut self) -> Result<bool, BrokenPromise> {
        if self.recover_placing()? {
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
            let ticket = self.ask(job, change(item, attempt), None, AppendPurpose::Placing(item));
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
            16 | 18 if worker.placed => WorkOutcome::NotRecovered(PauseReason::TooManyOpenFiles),
            // The attempt is given back because it waited too long for a thread.
            17 if worker.placing.is_none() => WorkOutcome::Stopped,
            _ => WorkOutcome::Succeeded(ItemEffect::Changed, "{}".into()),
        };
        if let Some(process) = &mut self.process {
            process.workers.remove(&(job, item));
        }
        if !self.plain {
            self.feed(Input::ClaimAhead { job, ahead: item as usize % 4 })?;
        }
        self.feed(Input::Done { job, item, attempt, outcome })?;
        Ok(true)
    }

    /// Recovers an open placing. Returns whether there was one.
    fn recover_placing(&mut self) -> Result<bool, BrokenPromise> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let Some((job, item)) = process.recovering.pop_first() else { return Ok(false) };
        let state = drawn_state(&mut self.draw, self.quiet);
        if let PlacementState::NotKnown(_) = state {
            self.seen.unknown += 1;
        }
        self.feed(Input::PlacingRecovered { job, item, state, detail: None })?;
        Ok(true)
    }

    /// Advances a listing. Returns whether there was one.
    pub(super) fn list(&mut self) -> Result<bool, BrokenPromise> {
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
        let ticket = self.ask(job, event, Some(detail), AppendPurpose::Plan);
        let plans = self.process.iter_mut().filter_map(|process| process.plans.get_mut(&job));
        plans.for_each(|plan| (plan.left, plan.waits_for) = (plan.left - count, Some(ticket)));
        Ok(true)
    }

    /// Ends a last step. Returns whether there was one.
    pub(super) fn finish(&mut self) -> Result<bool, BrokenPromise> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let Some((job, stopped)) = process.finishing.pop_first() else { return Ok(false) };
        // The step can have been completed before it noticed that it was asked to end.
        if stopped && !self.plain && self.draw.below(2) == 0 {
            self.feed(Input::Finished { job, result: Err(StepFailure::Stopped.into()) })?;
            return Ok(true);
        }
        let result = match if self.plain { 15 } else { self.draw.below(15) } {
            0 => Err(Unable::Failed("as drawn".into()).into()),
            1 if !self.quiet => Err(Unable::Environment(PauseReason::DiskFull).into()),
            _ => Ok(()),
        };
        self.feed(Input::Finished { job, result })?;
        Ok(true)
    }
}
