//! The world of one run. It draws who acts next, and carries out what follows.

mod browser;
mod serve;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;

use super::client::SimulatedPage;
use super::faults::WorldFaults;
use super::oracle::{BrokenPromise, Oracle};
use super::process::Process;
use super::ready::ready;
use crate::follow::{Read, ReadResult};
use crate::source::answer;
use headway_model::Cursor;
use headway_model::follow::Sharing;
use headway_model::id::{JobId, Millis};
use headway_model::message::MESSAGE_ROOM_BYTES;
use headway_model::testing::Draw;
use headway_store::rows::Batch;
use headway_store::{MemoryStore, Store};

macro_rules! seen {
    ($($name:ident),*) => {
        /// How often each thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(super) struct SeenCounts { $(pub(super) $name: u64),* }

        impl AddAssign for SeenCounts {
            fn add_assign(&mut self, other: SeenCounts) { $(self.$name += other.$name;)* }
        }

        impl fmt::Display for SeenCounts {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let parts = [$(format!("{} {}", self.$name, stringify!($name).replace('_', " "))),*];
                f.write_str(&parts.join(", "))
            }
        }

        impl SeenCounts {
            /// Whether each of them happened at least once.
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
    stale_reports,
    shared,
    stolen,
    unknown
);

/// What an answer of the writer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppendPurpose {
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
    pub(super) clients: Vec<SimulatedPage>,
    /// Connections that wait for the head to move.
    pub(super) waits: BTreeSet<usize>,
    pub(super) oracle: Oracle,
    pub(super) faults: WorldFaults,
    pub(super) seen: SeenCounts,
    pub(super) asked: BTreeMap<u64, AppendPurpose>,
    pub(super) tickets: u64,
    /// How many files each job will find.
    pub(super) files: BTreeMap<JobId, u32>,
    /// Start calls that have not been answered: the page and the job.
    pub(super) calls: Vec<(usize, JobId)>,
    pub(super) pruned: BTreeSet<JobId>,
    /// A batch that is written but not visible yet, which a store must never allow.
    pub(super) hidden: Option<Batch>,
    /// The quiet phase: no more faults, and no new jobs.
    pub(super) quiet: bool,
    /// Removes the draws: work always succeeds, and plans come in one piece.
    pub(super) plain: bool,
    /// Whether the pages are tabs of one browser, and share a stream.
    pub(super) shared: bool,
    /// Pages loaded so far.
    pages: u64,
    /// The most bytes of a message beyond its first event. In half of the runs it is so small that most commits are sent in parts.
    pub(super) most: usize,
}

impl World {
    pub(super) fn new(seed: u64, faults: WorldFaults) -> Self {
        let mut draw = Draw(seed);
        let store = MemoryStore::new();
        let process = Some(Process::start(&store, 1_000, &mut draw));
        let shared = seed & 8 != 0;
        let clients = 1 + draw.below(3) + usize::from(shared);
        let mut world = World {
            now: 1_000,
            store,
            process,
            clients: Vec::new(),
            waits: BTreeSet::new(),
            oracle: Oracle::default(),
            faults,
            seen: SeenCounts::default(),
            asked: BTreeMap::new(),
            tickets: 0,
            files: BTreeMap::new(),
            calls: Vec::new(),
            pruned: BTreeSet::new(),
            hidden: None,
            quiet: false,
            plain: false,
            shared,
            pages: 0,
            most: if seed.is_multiple_of(2) { 300 } else { MESSAGE_ROOM_BYTES },
            draw,
        };
        world.clients = (0..clients).map(|number| world.page(number as u64)).collect();
        world
    }

    /// Loads a page as the server renders it now.
    pub(super) fn page(&mut self, seed: u64) -> SimulatedPage {
        let head = ready(self.store.head());
        let cursor = head.digest.map_or_else(Cursor::start, |digest| Cursor::at(head.position, &digest));
        self.pages += 1;
        let sharing = if self.shared { Sharing::Led } else { Sharing::Alone };
        let (cursor, watch) = ((self.draw.below(3) > 0).then_some(cursor), self.draw.below(2) == 0);
        SimulatedPage::new(cursor, watch, seed, self.most, sharing, self.pages)
    }

    /// Runs the eventful phase.
    pub(super) fn play(&mut self) -> Result<(), BrokenPromise> {
        for index in 0..self.clients.len() {
            self.clients[index].start(self.now, true)?;
        }
        for _ in 0..150 + self.draw.below(250) {
            self.seen.steps += 1;
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), BrokenPromise> {
        let client = self.draw.below(self.clients.len());
        if self.shared && self.draw.below(2) == 0 {
            self.lock()?;
            self.talk(client)?;
        }
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

    /// Delivers one message to a page.
    pub(super) fn hear(&mut self, client: usize) -> Result<bool, BrokenPromise> {
        let (up, faults) = (self.process.is_some(), if self.quiet { WorldFaults::default() } else { self.faults });
        self.clients[client].hear(self.now, up, &mut self.draw, &faults)
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, ms: Millis) -> Result<(), BrokenPromise> {
        self.now += ms;
        self.claim()?;
        let up = self.process.is_some();
        for client in &mut self.clients {
            client.tick(self.now, up)?;
        }
        Ok(())
    }

    /// Reloads a page, which follows the jobs that it finds.
    fn reload(&mut self, client: usize) -> Result<(), BrokenPromise> {
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
        page.start(self.now, true)?;
        self.count_heals(client);
        self.post();
        self.clients[client] = page;
        Ok(())
    }

    pub(super) fn count_heals(&mut self, client: usize) {
        let healed = self.clients[client].follow().jobs().filter(|(_, tracked)| tracked.healed_at().is_some()).count();
        self.seen.heals += healed as u64;
    }

    /// Answers a read of a connection.
    pub(super) fn read(&self, read: Read) -> ReadResult {
        let recent = self.process.as_ref().map(|process| &process.recent);
        // Pages come from the store and from the encoded commits in turn; a reader cannot tell the difference.
        let is_encoded = matches!(read, Read::Page(_, after, _) if after % 3 != 0) && self.hidden.is_none();
        ready(answer(&self.store, recent.filter(|_| is_encoded), read))
    }
}
