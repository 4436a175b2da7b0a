//! Explores every order of events of a small world with the real machines: start, plan, work and end of one job, pages that follow
//! it, and at most one of each fault at every possible moment. States are compared by everything in them. From each state in which
//! nothing moves any more, a quiet phase must end well.

use std::collections::HashSet;

use super::faults::WorldFaults;
use super::oracle::BrokenPromise;
use super::world::World;
use headway_model::{Digest, JobEvent};

use super::world::AppendPurpose;

/// The most states of a world.
const STATES_LIMIT: usize = 100_000;

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WorldMove {
    Write,
    Report,
    Work,
    List,
    Finish,
    Serve(usize),
    Hear(usize),
    /// The connection of a page breaks.
    Cut(usize),
    /// The server dies. What was on its way to the disk arrived or not.
    Die(bool),
    Revive,
    /// A user cancels the job.
    Cancel,
    /// The history of the job is removed, piece by piece.
    Prune,
    /// Another page is loaded and follows the job.
    Open,
}

/// The faults that a world can still meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct FaultBudget {
    cuts: u32,
    deaths: u32,
    cancels: u32,
    prunes: u32,
    pages: u32,
    /// Whether a program started the job, without following it.
    program: bool,
    /// Whether messages take time; otherwise they arrive at once.
    slow_wire: bool,
    /// Whether the schedule learns of a commit later than readers do.
    slow_reports: bool,
}

#[derive(Clone)]
struct SearchState {
    world: World,
    budget: FaultBudget,
}

impl SearchState {
    fn begin(budget: FaultBudget, items: u32) -> Result<SearchState, BrokenPromise> {
        let mut world = World::new(1, WorldFaults::default());
        world.plain = true;
        world.clients.truncate(1);
        world.clients[0] = world.page(1);
        world.clients[0].start(world.now, true)?;
        world.start(0)?;
        world.files.values_mut().for_each(|files| *files = items);
        if budget.program {
            // The start call is under way; its page is gone.
            world.clients.clear();
            world.calls.clear();
            world.asked.values_mut().for_each(|asked| *asked = AppendPurpose::Command);
        }
        Ok(SearchState { world, budget })
    }

    /// A digest of everything that distinguishes states. Counters and draws do not.
    fn print(&self) -> Digest {
        let world = &self.world;
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            world.store,
            world.process,
            world.clients,
            world.asked,
            world.calls,
            world.waits,
            world.pruned,
            world.oracle,
            self.budget
        );
        Digest::of(text.as_bytes())
    }

    /// Makes a move; returns whether anything changed.
    fn make(&mut self, next: WorldMove) -> Result<bool, BrokenPromise> {
        let world = &mut self.world;
        let up = world.process.is_some();
        let take = |left: &mut u32| left.checked_sub(1).map(|rest| *left = rest).is_some();
        match next {
            WorldMove::Write => {
                let changed = world.write()?;
                while changed && !self.budget.slow_reports && world.report()? {}
                Ok(changed)
            }
            WorldMove::Report => world.report(),
            WorldMove::Work => world.work(),
            WorldMove::List => world.list(),
            WorldMove::Finish => world.finish(),
            WorldMove::Serve(client) if client < world.clients.len() => {
                let changed = world.serve(client);
                // With two pages each is served in one go, because they share only the log.
                while changed && world.clients.len() > 1 && world.serve(client) {}
                while changed && !self.budget.slow_wire && world.hear(client)? {}
                Ok(changed)
            }
            WorldMove::Hear(client) if client < world.clients.len() => world.hear(client),
            WorldMove::Cut(client) if client < world.clients.len() && take(&mut self.budget.cuts) => {
                world.clients[client].lose(world.now, up).map(|()| true)
            }
            WorldMove::Die(arrived) if up && take(&mut self.budget.deaths) => world.die_with(arrived).map(|()| true),
            WorldMove::Revive if !up => world.revive().map(|()| true),
            WorldMove::Cancel if up && take(&mut self.budget.cancels) => {
                let Some(job) = world.files.keys().next().copied() else { return Ok(false) };
                world.ask(job, JobEvent::CancelRequested {}, None, AppendPurpose::Command);
                Ok(true)
            }
            WorldMove::Prune if up && take(&mut self.budget.prunes) => {
                world.prune();
                Ok(true)
            }
            WorldMove::Open if up && take(&mut self.budget.pages) => {
                let mut page = world.page(2);
                for job in world.files.keys() {
                    page.begin(world.now, true, *job)?;
                }
                page.start(world.now, true)?;
                world.clients.push(page);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

const MOVES: [WorldMove; 16] = [
    WorldMove::Write,
    WorldMove::Report,
    WorldMove::Work,
    WorldMove::List,
    WorldMove::Finish,
    WorldMove::Serve(0),
    WorldMove::Serve(1),
    WorldMove::Hear(0),
    WorldMove::Hear(1),
    WorldMove::Cut(0),
    WorldMove::Die(true),
    WorldMove::Die(false),
    WorldMove::Revive,
    WorldMove::Cancel,
    WorldMove::Prune,
    WorldMove::Open,
];

/// Visits every reachable state. Returns how many there are, and from how many of them a quiet phase was tried.
fn explore(budget: FaultBudget, items: u32) -> Result<(usize, usize), (Vec<WorldMove>, BrokenPromise)> {
    let first = SearchState::begin(budget, items).map_err(|failure| (Vec::new(), failure))?;
    let mut known = HashSet::from([first.print()]);
    let mut open = vec![(first, Vec::new())];
    let mut ends = 0;
    while let Some((state, path)) = open.pop() {
        assert!(known.len() < STATES_LIMIT, "this world is too large to be looked at whole");
        let mut moved = false;
        for next in MOVES {
            let mut after = state.clone();
            let path = [path.as_slice(), &[next]].concat();
            let changed = after.make(next).map_err(|failure| (path.clone(), failure))?;
            // Moves of users and faults do not count as progress.
            let alive = !matches!(
                next,
                WorldMove::Cut(_) | WorldMove::Die(_) | WorldMove::Cancel | WorldMove::Prune | WorldMove::Open
            );
            moved |= changed && alive;
            if changed && known.insert(after.print()) {
                open.push((after, path));
            }
        }
        if !moved {
            ends += 1;
            let mut end = state.world.clone();
            end.run_quietly().map_err(|failure| (path, failure))?;
        }
    }
    Ok((known.len(), ends))
}

#[test]
fn every_order_of_a_small_world_ends_well() {
    let none = FaultBudget::default();
    let worlds = [
        ("one page", none, 1),
        ("late reports", FaultBudget { slow_reports: true, ..none }, 1),
        ("a late wire", FaultBudget { slow_wire: true, ..none }, 0),
        ("a page that comes at any moment", FaultBudget { pages: 1, program: true, ..none }, 0),
        ("a second page that comes at any moment", FaultBudget { pages: 1, ..none }, 0),
        ("a cut at any moment", FaultBudget { cuts: 1, ..none }, 1),
        ("a death at any moment", FaultBudget { deaths: 1, ..none }, 1),
        ("a cancel at any moment", FaultBudget { cancels: 1, ..none }, 1),
        ("a removal at any moment", FaultBudget { prunes: 2, ..none }, 0),
        ("a cut, and a death, at any two moments", FaultBudget { cuts: 1, deaths: 1, ..none }, 0),
    ];
    for (name, budget, items) in worlds {
        let begun = std::time::Instant::now();
        match explore(budget, items) {
            Ok((states, ends)) => {
                println!("{name}, {items} items: {states} states, {ends} ends, {:.1} s", begun.elapsed().as_secs_f64());
            }
            Err((path, failure)) => panic!("{name}: {failure}\nafter {path:?}"),
        }
    }
}
