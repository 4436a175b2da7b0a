//! The world of one run: who does what next is drawn, and what follows is carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;

use futures::FutureExt;

use super::client::Client;
use super::oracle::{Failure, Oracle, must};
use super::process::Process;
use crate::model::follow::Phase;
use crate::model::id::{JobId, Millis};
use crate::model::message::Now;
use crate::model::testing::Draw;
use crate::model::{Cursor, JobStatus};
use crate::server::follow::{Given, PAGE, Read};
use crate::server::recent::Changed;
use crate::server::rows::Batch;
use crate::server::store::{JobFilter, MemoryStore, Store, Stored, rebuild};

/// Rounds of quiet in which all must have ended well.
const ROUNDS: u32 = 400;

/// What may go wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Faults {
    /// Messages are lost and doubled.
    pub(super) lossy: bool,
    /// Connections break.
    pub(super) cutting: bool,
    /// The server dies, and its disk fails.
    pub(super) deadly: bool,
}

impl Faults {
    /// An eighth of all runs has none.
    pub(super) fn of(seed: u64) -> Self {
        Faults { lossy: seed & 1 != 0, deadly: seed & 2 != 0, cutting: seed & 4 != 0 }
    }
}

macro_rules! seen {
    ($($name:ident),*) => {
        /// How often something happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(super) struct Seen { $(pub(super) $name: u64),* }

        impl AddAssign for Seen {
            fn add_assign(&mut self, other: Seen) { $(self.$name += other.$name;)* }
        }

        impl fmt::Display for Seen {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let parts = [$(format!("{} {}", self.$name, stringify!($name).replace('_', " "))),*];
                f.write_str(&parts.join(", "))
            }
        }

        impl Seen {
            /// Whether each of it happened.
            pub(super) fn met_everything(&self) -> bool { [$(self.$name),*].iter().all(|count| *count > 0) }
        }
    };
}
seen!(
    steps,
    events,
    jobs,
    completed,
    failed,
    cancelled,
    refusals,
    pauses,
    retries,
    interruptions,
    placements,
    halts,
    prunes,
    deaths,
    failed_writes,
    lost_connections,
    reloads,
    heals,
    stale_reports
);

/// What an answer of the writer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Start(usize),
    Plan,
    Placing(u32),
    Command,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) draw: Draw,
    pub(super) now: Millis,
    pub(super) store: MemoryStore,
    pub(super) process: Option<Process>,
    pub(super) clients: Vec<Client>,
    /// Connections that wait for the head to move.
    pub(super) waits: BTreeSet<usize>,
    pub(super) oracle: Oracle,
    pub(super) faults: Faults,
    pub(super) seen: Seen,
    pub(super) asked: BTreeMap<u64, Asked>,
    pub(super) tickets: u64,
    /// How many files each job will find.
    pub(super) files: BTreeMap<JobId, u32>,
    /// Start calls that are not answered yet: whose, and the job.
    pub(super) calls: Vec<(usize, JobId)>,
    pub(super) pruned: BTreeSet<JobId>,
    /// Written, and not visible yet: what a store must never do.
    pub(super) hidden: Option<Batch>,
    /// Nothing goes wrong any more, and nobody begins anything new.
    pub(super) quiet: bool,
    /// All that is drawn elsewhere is always the same: work succeeds, plans come in one piece.
    pub(super) plain: bool,
}

/// Futures of the in-memory store are ready at once, and it never fails.
pub(super) fn ready<T>(future: impl Future<Output = Stored<T>>) -> T {
    future.now_or_never().expect("the in-memory store does not wait").expect("it does not fail")
}

impl World {
    pub(super) fn new(seed: u64, faults: Faults) -> Self {
        let mut draw = Draw(seed);
        let store = MemoryStore::new();
        let process = Some(Process::start(&store, 1_000, &mut draw));
        let clients = 1 + draw.below(3);
        let mut world = World {
            now: 1_000,
            store,
            process,
            clients: Vec::new(),
            waits: BTreeSet::new(),
            oracle: Oracle::default(),
            faults,
            seen: Seen::default(),
            asked: BTreeMap::new(),
            tickets: 0,
            files: BTreeMap::new(),
            calls: Vec::new(),
            pruned: BTreeSet::new(),
            hidden: None,
            quiet: false,
            plain: false,
            draw,
        };
        world.clients = (0..clients).map(|number| world.page(number as u64)).collect();
        world
    }

    /// A page as the server renders it now.
    pub(super) fn page(&mut self, seed: u64) -> Client {
        let head = ready(self.store.head());
        let cursor = head.digest.map_or_else(Cursor::start, |digest| Cursor::at(head.position, &digest));
        Client::new((self.draw.below(3) > 0).then_some(cursor), self.draw.below(2) == 0, seed)
    }

    /// The part with everything in it.
    pub(super) fn play(&mut self) -> Result<(), Failure> {
        for index in 0..self.clients.len() {
            let effects = self.clients[index].follow.start(self.now);
            self.clients[index].carry_out(self.now, true, effects)?;
        }
        for _ in 0..150 + self.draw.below(250) {
            self.seen.steps += 1;
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), Failure> {
        let client = self.draw.below(self.clients.len());
        match self.draw.below(100) {
            0..18 => drop(self.write()?),
            18..33 => drop(self.report()?),
            33..40 => drop(self.work()?),
            40..48 => drop(self.list()?),
            48..51 => drop(self.finish()?),
            51..63 => {
                for _ in 0..1 + self.draw.below(4) {
                    self.serve(client);
                }
            }
            63..75 => {
                for _ in 0..1 + self.draw.below(2) {
                    self.hear(client)?;
                }
            }
            75..85 => self.person(client)?,
            85..92 => {
                let far = if self.draw.below(12) == 0 { 4_000 } else { 60 };
                let passed = 1 + self.draw.below(far) as Millis;
                self.pass(passed)?;
            }
            92..94 => self.ease()?,
            94 if self.draw.below(3) == 0 => self.reload(client)?,
            95..97 if self.faults.cutting => {
                self.seen.lost_connections += 1;
                let up = self.process.is_some();
                self.clients[client].lose(self.now, up)?;
            }
            97..98 => self.stale(),
            98..99 if self.faults.deadly => self.die()?,
            _ => self.revive()?,
        }
        Ok(())
    }

    /// One message arrives at a page.
    pub(super) fn hear(&mut self, client: usize) -> Result<bool, Failure> {
        let (up, faults) = (self.process.is_some(), if self.quiet { Faults::default() } else { self.faults });
        self.clients[client].hear(self.now, up, &mut self.draw, &faults)
    }

    /// Time passes.
    pub(super) fn pass(&mut self, ms: Millis) -> Result<(), Failure> {
        self.now += ms;
        self.claim()?;
        let up = self.process.is_some();
        for client in &mut self.clients {
            client.tick(self.now, up)?;
        }
        Ok(())
    }

    /// A page is loaded anew, and follows what it finds.
    fn reload(&mut self, client: usize) -> Result<(), Failure> {
        if self.process.is_none() || !self.clients[client].starting.is_empty() {
            return Ok(());
        }
        self.seen.reloads += 1;
        let mut page = self.page(self.now);
        let jobs: Vec<_> = self.files.keys().copied().collect();
        for job in jobs {
            if self.draw.below(2) == 0 {
                page.begin(self.now, true, job)?;
            }
        }
        let effects = page.follow.start(self.now);
        page.carry_out(self.now, true, effects)?;
        self.count_heals(client);
        self.clients[client] = page;
        Ok(())
    }

    fn count_heals(&mut self, client: usize) {
        let healed = self.clients[client].follow.jobs().filter(|(_, tracked)| tracked.healed_at().is_some()).count();
        self.seen.heals += healed as u64;
    }

    /// Nothing goes wrong any more: all must end well.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        self.quiet = true;
        for round in 0..ROUNDS {
            self.revive()?;
            self.drain()?;
            let written = self.oracle.head();
            // A flush may wait for so long.
            self.pass(60)?;
            self.drain()?;
            if self.oracle.head() == written {
                self.told()?;
            }
            self.need()?;
            let over = ready(self.store.jobs(JobFilter::Live, 1)).is_empty() && self.calls.is_empty();
            if over && self.clients.iter().all(Client::is_done) {
                return self.all_is_well();
            }
            must(round + 1 < ROUNDS, || self.why())?;
            self.pass(500)?;
        }
        Ok(())
    }

    /// Everything that needs no person and no time.
    fn drain(&mut self) -> Result<(), Failure> {
        for _ in 0..20_000 {
            let mut moved = self.write()? | self.report()? | self.work()? | self.list()? | self.finish()?;
            for client in 0..self.clients.len() {
                moved |= self.serve(client) | self.hear(client)?;
            }
            if !moved {
                return Ok(());
            }
        }
        Err(Failure("it never comes to rest".into()))
    }

    /// Whoever is connected knows all there is, without a ping.
    fn told(&self) -> Result<(), Failure> {
        for client in self.clients.iter().filter(|client| client.serving.is_some() && !client.is_hearing()) {
            for (job, tracked) in client.follow.jobs().filter(|(_, tracked)| tracked.phase() == Phase::Following) {
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
        let phases = |client: &Client| client.follow.jobs().map(|(_, tracked)| tracked.phase()).collect::<Vec<_>>();
        let pages: Vec<_> = self.clients.iter().map(phases).collect();
        format!("it never ends: live {live:?}, pages {pages:?}, busy {:?}", self.process.as_ref().map(Process::is_busy))
    }

    fn all_is_well(&mut self) -> Result<(), Failure> {
        self.oracle.ended()?;
        self.oracle.kept()?;
        self.seen.jobs += self.files.len() as u64;
        for index in 0..self.clients.len() {
            self.count_heals(index);
            let client = &self.clients[index];
            for (job, tracked) in client.follow.jobs() {
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

    /// A page ends with the very fold of the store, and without a heal where nothing was lost.
    fn same(&self, client: &Client, job: &JobId, tracked: &crate::model::follow::Tracked) -> Result<(), Failure> {
        // A cursor may stand at an event that was removed with its job, whichever that is.
        let faulty = self.faults != Faults::default() || !self.pruned.is_empty();
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

    fn rows_follow_from_events(&self) -> Result<(), Failure> {
        let rows = || {
            (ready(self.store.jobs(JobFilter::Before(None), u32::MAX)), self.files.keys().copied().collect::<Vec<_>>())
        };
        let (before, ids) = rows();
        let folds = ready(self.store.folds(&ids));
        let made = rebuild(&self.store, |_| {}).now_or_never().expect("the in-memory store does not wait");
        made.map_err(|error| Failure(error.to_string()))?;
        let (after, anew) = (rows().0, ready(self.store.folds(&ids)));
        must(after == before, || format!("job rows made anew are others: {before:?}, {after:?}"))?;
        must(anew == folds, || format!("folds made anew are others: {folds:?}, {anew:?}"))
    }

    /// What a connection reads.
    pub(super) fn read(&self, read: Read) -> Given {
        let store = &self.store;
        let recent = self.process.as_ref().map(|process| &process.recent);
        match read {
            Read::Head => Given::Head(ready(store.head())),
            Read::DigestAt(position) => Given::DigestAt(ready(store.digest_at(position))),
            Read::Job(job) => Given::Job(job, ready(store.job(job)).map(Box::new)),
            Read::EventBefore(job, job_no, position) => {
                Given::EventBefore(job, ready(store.event_before(job_no, position)))
            }
            Read::Folds(jobs) => Given::Folds(ready(store.folds(&jobs)).1),
            // By turns from the store and from what is encoded: nobody can tell the difference.
            Read::Page(jobs, after, upto) => match recent.and_then(|recent| recent.page(after, upto, PAGE as usize)) {
                Some(commits) if after % 3 != 0 && self.hidden.is_none() => Given::Commits(commits),
                _ => Given::Page(ready(store.events(&jobs, after, upto, PAGE))),
            },
            Read::Live => Given::Jobs(self.changed(JobFilter::Live)),
            Read::Changed(after) => Given::Jobs(self.changed(JobFilter::ChangedAfter(after))),
            Read::Now(job) => Given::Now(Now { job, seq: 0, running: Vec::new() }),
        }
    }

    fn changed(&self, filter: JobFilter) -> Vec<Changed> {
        ready(self.store.jobs(filter, 500)).iter().map(Changed::from).collect()
    }
}
