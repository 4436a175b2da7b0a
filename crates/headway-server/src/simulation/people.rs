//! The actions of users, the crashes, and what users must do in the end.

use super::oracle::BrokenPromise;
use super::process::{Process, own};
use super::ready::ready;
use super::trace;
use super::world::{AppendPurpose, World};
use crate::engine::schedule::{Input, ScheduleLimits};
use headway_model::event::JobEvent;
use headway_model::id::JobId;
use headway_model::item::ItemLabel;
use headway_model::mutants::{self, Mutant};
use headway_model::status::PauseReason;
use headway_model::{Digest, DiskEffect as ItemEffect, JobStatus, StartJob};
use headway_store::rows::{JobKey, JobRow};
use headway_store::{Append, JobFilter, Store};

/// The most jobs of a run.
const JOBS: usize = 4;

impl World {
    /// A user does something.
    pub(super) fn person(&mut self, client: usize) -> Result<(), BrokenPromise> {
        match self.draw.below(13) {
            0..4 => self.start(client),
            4 => {
                self.call();
                Ok(())
            }
            5..11 => {
                self.command();
                Ok(())
            }
            11 => {
                self.prune();
                Ok(())
            }
            _ => {
                let jobs: Vec<_> = self.files.keys().copied().collect();
                let up = self.process.is_some();
                match jobs.get(self.draw.below(jobs.len())) {
                    Some(job) => self.clients[client].begin(self.now, up, *job),
                    None => Ok(()),
                }
            }
        }
    }

    /// A page starts a job: first it follows the job, then it makes the start call.
    pub(super) fn start(&mut self, client: usize) -> Result<(), BrokenPromise> {
        if self.files.len() >= JOBS {
            return Ok(());
        }
        let mut random = [0; 10];
        random.fill_with(|| self.draw.below(256) as u8);
        let job = JobId::mint(self.now, random);
        self.files.insert(job, self.draw.below(12) as u32);
        self.clients[client].starting.insert(job);
        if !mutants::is(Mutant::SignalAfterTheCall) {
            let up = self.process.is_some();
            self.clients[client].begin(self.now, up, job)?;
        }
        self.calls.push((client, job));
        self.call();
        Ok(())
    }

    /// Repeats the start calls that have not been answered.
    pub(super) fn call(&mut self) {
        let request: StartJob =
            serde_json::from_str(r#"{"library":"l","recipe":"r","query":{"folder":{}}}"#).expect("a request");
        let body = serde_json::to_string(&request).expect("JSON");
        for (client, id) in self.calls.clone() {
            if self.process.is_none() {
                return;
            }
            if ready(self.store.job(id)).is_some() {
                self.started(client, id).ok();
                continue;
            }
            let mut own = own(&id);
            let created = JobEvent::Created {
                id,
                recipe: "r".into(),
                title: "t".into(),
                request: Digest::of(body.as_bytes()),
                approval: own.below(4) == 0,
                priority: own.below(2) as i32,
                concurrency: own.below(3) as u32,
                parent: None,
                work: None,
            };
            self.ask(id, created, Some(body.clone()), AppendPurpose::Start(client));
        }
    }

    /// Answers a start call.
    pub(super) fn started(&mut self, client: usize, job: JobId) -> Result<(), BrokenPromise> {
        self.calls.retain(|call| *call != (client, job));
        self.clients[client].starting.remove(&job);
        if mutants::is(Mutant::SignalAfterTheCall) {
            let up = self.process.is_some();
            self.clients[client].begin(self.now, up, job)?;
        }
        Ok(())
    }

    fn row(&mut self) -> Option<JobRow> {
        let jobs: Vec<_> = self.files.keys().copied().collect();
        let job = jobs.get(self.draw.below(jobs.len()))?;
        ready(self.store.job(*job)).filter(|row| !row.summary.pruned)
    }

    fn command(&mut self) {
        let Some(row) = self.row() else { return };
        let job = row.summary.job;
        let event = match self.draw.below(12) {
            0 => JobEvent::CancelRequested {},
            1..4 => JobEvent::Paused { reason: PauseReason::User },
            4..7 => return self.resume(&row),
            7 => JobEvent::Approved {},
            8 => JobEvent::Changed { priority: Some(self.draw.below(3) as i32), concurrency: None },
            9 => JobEvent::Changed { priority: None, concurrency: Some(self.draw.below(3) as u32) },
            10 => return self.each(&row, ItemLabel::Failed, |item| JobEvent::Requeued { item }),
            _ => {
                let limits = ScheduleLimits { jobs: 1 + self.draw.below(2), workers: 1 + self.draw.below(4) };
                self.feed(Input::Limits(limits)).ok();
                return;
            }
        };
        self.ask(job, event, None, AppendPurpose::Command);
    }

    /// Resumes a job as the call does: interrupted items run again or are left out.
    fn resume(&mut self, row: &JobRow) {
        let JobStatus::Paused { reason } = row.summary.status else { return };
        if reason == PauseReason::Interrupted {
            match self.draw.below(3) {
                0 => self.each(row, ItemLabel::Interrupted, |item| JobEvent::Dropped { item }),
                _ => self.each(row, ItemLabel::Interrupted, |item| JobEvent::Requeued { item }),
            }
        }
        self.ask(row.summary.job, JobEvent::Resumed {}, None, AppendPurpose::Command);
    }

    fn each(&mut self, row: &JobRow, status: ItemLabel, event: impl Fn(u32) -> JobEvent) {
        for item in ready(self.store.items(row.job_no, 0, 100, Some(status))) {
            if let Some(process) = &mut self.process {
                process.append(self.now, 0, row.summary.job, event(item.item), None);
            }
        }
    }

    /// Removes the history of a terminal job, piece by piece.
    pub(super) fn prune(&mut self) {
        let over = ready(self.store.jobs(JobFilter::Over(0), 10));
        let Some(row) = over.get(self.draw.below(over.len())) else { return };
        let job = row.summary.job;
        if row.summary.pruned {
            ready(self.store.trim(row.job_no, row.last_position, 3));
            return;
        }
        let (_, folds) = ready(self.store.folds(&[job]));
        let Some(fold) = folds.into_iter().next() else { return };
        let (Some(event), Some(process)) = (fold.prune(), &mut self.process) else { return };
        self.seen.prunes += 1;
        self.pruned.insert(job);
        let key = JobKey { job_no: row.job_no, created_position: row.created_position, ..JobKey::default() };
        let over = Some(Box::new((key, fold)));
        process.writer.append(Append { ticket: 0, job, event, detail: None, at: self.now, over });
    }

    /// A worker that lost its item reports on it.
    pub(super) fn stale(&mut self) {
        for _ in 0..8 {
            let Some(row) = self.row() else { continue };
            let item = self.draw.below(row.summary.counters.total as usize) as u32;
            let attempt = 1 + self.draw.below(2) as u32;
            if self.oracle.is_past(&row.summary.job, item, attempt) {
                self.seen.stale_reports += 1;
                let event = JobEvent::Succeeded { item, attempt, effect: ItemEffect::Read, detail: None };
                self.ask(row.summary.job, event, None, AppendPurpose::Command);
                return;
            }
        }
    }

    /// A shortage passes.
    pub(super) fn ease(&mut self) -> Result<(), BrokenPromise> {
        let paused = self.process.as_ref().map(|process| process.schedule.paused()).unwrap_or_default();
        for (job, reason) in paused {
            self.feed(Input::Eased { job, reason })?;
        }
        if !self.quiet && self.draw.below(20) == 0 {
            self.feed(Input::Short(PauseReason::DiskFull))?;
        }
        Ok(())
    }

    /// The server dies. What was on its way to the disk might have arrived.
    pub(super) fn die(&mut self) -> Result<(), BrokenPromise> {
        let arrived = self.draw.below(2) == 0;
        self.die_with(arrived)
    }

    /// The server dies. `arrived`: whether what was on its way to the disk got there.
    pub(super) fn die_with(&mut self, arrived: bool) -> Result<(), BrokenPromise> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        trace(|| format!("{} the server dies", self.now));
        self.seen.deaths += 1;
        if let Some((batch, _)) = process.in_flight.take()
            && arrived
        {
            self.oracle.wrote(&batch.events)?;
            ready(self.store.commit(batch));
        }
        self.asked.clear();
        self.waits.clear();
        self.oracle.died();
        for client in &mut self.clients {
            client.lose(self.now, false)?;
        }
        self.oracle.kept()
    }

    /// A user starts the server again.
    pub(super) fn revive(&mut self) -> Result<(), BrokenPromise> {
        if self.process.is_some() {
            return Ok(());
        }
        if let Some(hidden) = self.hidden.take() {
            self.show(hidden);
        }
        self.process = Some(Process::start(&self.store, self.now, &mut self.draw));
        let effects = self.process.as_mut().map(|process| process.schedule.begin()).unwrap_or_default();
        self.act(effects)
    }

    /// In the end a user handles everything that waits for one.
    pub(super) fn need(&mut self) -> Result<(), BrokenPromise> {
        self.call();
        self.ease()?;
        for row in ready(self.store.jobs(JobFilter::Live, 100)) {
            match row.summary.status {
                JobStatus::Planned => {
                    _ = self.ask(row.summary.job, JobEvent::Approved {}, None, AppendPurpose::Command)
                }
                JobStatus::Paused { reason: PauseReason::User | PauseReason::Interrupted | PauseReason::Stuck } => {
                    self.resume(&row);
                }
                // Items interrupted during a user's pause are handled once that pause is over.
                _ => {}
            }
        }
        Ok(())
    }
}
