//! The quiet phase: no more faults, and everything must end well.

use futures::FutureExt;

use super::client::SimulatedPage;
use super::faults::WorldFaults;
use super::oracle::{BrokenPromise, must};
use super::process::Process;
use super::ready::ready;
use super::world::World;
use headway_model::follow::{Phase, Tracked};
use headway_model::{JobId, JobStatus};
use headway_store::{JobFilter, Store, rebuild};

/// How many quiet rounds it can take until everything has ended.
const ROUNDS: u32 = 400;

impl World {
    /// Runs the quiet phase, and checks that everything ends well.
    pub(super) fn run_quietly(&mut self) -> Result<(), BrokenPromise> {
        self.quiet = true;
        for round in 0..ROUNDS {
            self.revive()?;
            self.drain()?;
            let written = self.oracle.head();
            // A flush can wait this long.
            self.pass(60)?;
            self.drain()?;
            if self.oracle.head() == written {
                self.check_pages()?;
            }
            self.need()?;
            let over = ready(self.store.jobs(JobFilter::Live, 1)).is_empty() && self.calls.is_empty();
            if over && self.clients.iter().all(SimulatedPage::is_done) {
                return self.all_is_well();
            }
            must(round + 1 < ROUNDS, || self.why())?;
            self.pass(500)?;
        }
        Ok(())
    }

    /// Does everything that needs neither a user nor time.
    fn drain(&mut self) -> Result<(), BrokenPromise> {
        for _ in 0..20_000 {
            let mut moved = self.write()? | self.report()? | self.work()? | self.list()? | self.finish()?;
            for client in 0..self.clients.len() {
                moved |= self.serve(client) | self.hear(client)?;
                moved |= self.shared && (self.lock()? | self.talk(client)?);
            }
            if !moved {
                return Ok(());
            }
        }
        Err(BrokenPromise("it never becomes quiet".into()))
    }

    /// Checks that every connected page is up to date without a ping.
    fn check_pages(&self) -> Result<(), BrokenPromise> {
        let led = self.clients.iter().any(|client| client.tab.leads() && client.is_connected());
        for client in self.clients.iter().filter(|client| client.has_heard_all(led)) {
            for (job, tracked) in client.follow().jobs().filter(|(_, tracked)| tracked.phase() == Phase::Following) {
                let (held, written) = (tracked.fold().map_or(0, |fold| fold.seq), self.oracle.of(job));
                let all = written.is_none_or(|(seq, ..)| held >= seq) || tracked.healed_at().is_some();
                must(all || self.faults.lossy || self.pruned.contains(job), || {
                    format!("{job}: a page holds {held} of {written:?} events, and nothing is under way")
                })?;
            }
        }
        Ok(())
    }

    fn why(&self) -> String {
        let live = ready(self.store.jobs(JobFilter::Live, 10));
        let live: Vec<_> = live.iter().map(|row| format!("{} {:?}", row.summary.job, row.summary.counters)).collect();
        let phases =
            |client: &SimulatedPage| client.follow().jobs().map(|(_, tracked)| tracked.phase()).collect::<Vec<_>>();
        let pages: Vec<_> = self.clients.iter().map(phases).collect();
        format!("it never ends: live {live:?}, pages {pages:?}, busy {:?}", self.process.as_ref().map(Process::is_busy))
    }

    fn all_is_well(&mut self) -> Result<(), BrokenPromise> {
        self.oracle.ended()?;
        self.oracle.kept()?;
        self.seen.jobs += self.files.len() as u64;
        for index in 0..self.clients.len() {
            self.count_heals(index);
            let client = &self.clients[index];
            for (job, tracked) in client.follow().jobs() {
                self.same(client, job, tracked)?;
            }
        }
        for row in ready(self.store.jobs(JobFilter::Before(None), u32::MAX)) {
            match row.summary.status {
                JobStatus::Completed | JobStatus::CompletedWithErrors => self.seen.completed += 1,
                JobStatus::Cancelled => self.seen.cancelled += 1,
                _ => self.seen.failed += 1,
            }
        }
        self.rows_follow_from_events()
    }

    /// Checks that a page ends with the store's fold, and that it never had to heal unless something was lost.
    fn same(&self, client: &SimulatedPage, job: &JobId, tracked: &Tracked) -> Result<(), BrokenPromise> {
        // A cursor might point at an event that was removed with its job.
        let faulty = self.faults != WorldFaults::default() || !self.pruned.is_empty();
        must(faulty || tracked.healed_at().is_none(), || {
            format!("{job}: a page had to heal though nothing was lost: {:?}", tracked.healed_at())
        })?;
        if tracked.phase() == Phase::Stopped {
            return must(faulty, || format!("{job}: a page gave up folding though nothing was lost"));
        }
        if self.pruned.contains(job) {
            return Ok(());
        }
        let (_, folds) = ready(self.store.folds(&[*job]));
        let (ours, theirs) = (tracked.fold(), folds.first());
        must(ours.is_some() && ours == theirs, || {
            format!("{job}: a page ends with {ours:?}, the store with {theirs:?}")
        })?;
        must(client.finished.contains(job), || format!("{job}: its end was never told"))
    }

    fn rows_follow_from_events(&self) -> Result<(), BrokenPromise> {
        let rows = || {
            (ready(self.store.jobs(JobFilter::Before(None), u32::MAX)), self.files.keys().copied().collect::<Vec<_>>())
        };
        let (before, ids) = rows();
        let folds = ready(self.store.folds(&ids));
        let made = rebuild(&self.store, |_| {}).now_or_never().expect("the in-memory store does not wait");
        let made = made.map_err(|error| BrokenPromise(error.to_string()))?;
        must(made.aside.is_empty(), || format!("jobs cannot be made from their events: {:?}", made.aside))?;
        let (after, rebuilt) = (rows().0, ready(self.store.folds(&ids)));
        must(after == before, || format!("rebuilt job rows are others: {before:?}, {after:?}"))?;
        must(rebuilt == folds, || format!("rebuilt folds are others: {folds:?}, {rebuilt:?}"))
    }
}
