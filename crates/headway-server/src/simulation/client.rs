//! A page: the receiver, and the driver that carries out its effects.

pub(super) mod wire;

use std::collections::{BTreeSet, VecDeque};

use super::faults::WorldFaults;
use super::oracle::{BrokenPromise, must};
use super::trace;
use crate::follow::Serving;
use headway_model::follow::{Follow, FollowEffect, Phase, Sharing, Tab, TabEffect};
use headway_model::id::{JobId, Millis};
use headway_model::testing::Draw;
use headway_model::{ApiError, Cursor};
use wire::{SentMessage, SimulatedLink, request};

/// A page's state with regard to the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SimulatedLock {
    No,
    Waits,
    Steals,
    Holds,
}

/// A page in a browser.
#[derive(Debug, Clone)]
pub(super) struct SimulatedPage {
    pub(super) tab: Tab,
    generation: u64,
    /// The most bytes of a message beyond its first event.
    most: usize,
    pub(super) line: SimulatedLink,
    /// The call that lets the tab catch up before it listens to another tab, and its number.
    pub(super) own: SimulatedLink,
    own_call: u64,
    /// Messages of other tabs that this one has not received yet.
    pub(super) inbox: VecDeque<String>,
    /// Messages that this tab has sent.
    pub(super) outbox: Vec<String>,
    pub(super) lock: SimulatedLock,
    /// Jobs reported as finished.
    pub(super) finished: BTreeSet<JobId>,
    /// Jobs whose start call has not been answered.
    pub(super) starting: BTreeSet<JobId>,
}

impl SimulatedPage {
    /// A page that was just loaded. It is at this cursor, holds no fold, and gets messages of at most `most` bytes
    /// beyond their first event. `number` tells it from the other pages of its browser.
    pub(super) fn new(
        cursor: Option<Cursor>,
        watch: bool,
        seed: u64,
        most: usize,
        sharing: Sharing,
        number: u64,
    ) -> Self {
        SimulatedPage {
            tab: Tab::new(Follow::new(cursor, watch, None, seed), sharing, number, 0),
            generation: 0,
            most,
            line: SimulatedLink::default(),
            own: SimulatedLink::default(),
            own_call: 0,
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            lock: SimulatedLock::No,
            finished: BTreeSet::new(),
            starting: BTreeSet::new(),
        }
    }

    /// The page's receiver.
    pub(super) fn follow(&self) -> &Follow {
        self.tab.follow()
    }

    /// Opens the page's stream.
    pub(super) fn start(&mut self, now: Millis, up: bool) -> Result<(), BrokenPromise> {
        let effects = self.tab.act(now, Follow::start);
        self.carry_out(now, up, effects)
    }

    /// Carries out the tab's effects. `up`: whether there is a server.
    pub(super) fn carry_out(&mut self, now: Millis, up: bool, effects: Vec<TabEffect>) -> Result<(), BrokenPromise> {
        for effect in effects {
            trace(|| format!("{now} page {:?}: {effect:?}", self.tab.name()));
            match effect {
                TabEffect::Do(effect) => self.do_it(now, up, effect)?,
                TabEffect::Lock { steal } => {
                    self.lock = if steal { SimulatedLock::Steals } else { SimulatedLock::Waits }
                }
                TabEffect::Unlock => self.lock = SimulatedLock::No,
                TabEffect::Post(text) => self.outbox.push(text),
                TabEffect::CatchUp { call, query } => {
                    self.own = SimulatedLink { serving: self.serving(now, up, &query), ..SimulatedLink::default() };
                    self.own_call = call;
                    if up {
                        self.own.calls(now);
                    } else {
                        self.lose_own(now, up)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn do_it(&mut self, now: Millis, up: bool, effect: FollowEffect) -> Result<(), BrokenPromise> {
        match effect {
            FollowEffect::Close => self.cut(),
            FollowEffect::Open { generation, query } => {
                if !self.open(now, up, generation, &query) {
                    let told = self.tab.error(now, generation, true);
                    self.carry_out(now, up, told)?;
                }
            }
            FollowEffect::Ask { generation, query } => {
                if self.open(now, up, generation, &query) {
                    let wait =
                        query.split("wait=").nth(1).and_then(|text| text.split('&').next()?.parse::<Millis>().ok());
                    let until = now + wait.unwrap_or(0) * 1_000;
                    self.line.calls(until);
                } else {
                    let told = self.tab.answered(now, generation, Err(no_server()));
                    self.carry_out(now, up, told)?;
                }
            }
            FollowEffect::Probe { .. } => self.tab.follow_mut().probed(Ok(())),
            FollowEffect::Finished(job) => {
                must(self.finished.insert(job), || format!("{job} was reported as finished twice"))?;
            }
            FollowEffect::Log(_) => {}
        }
        Ok(())
    }

    /// Replaces the open connection, if any, by a new one; returns whether there is a server.
    fn open(&mut self, now: Millis, up: bool, generation: u64, query: &str) -> bool {
        self.cut();
        self.generation = generation;
        self.line.serving = self.serving(now, up, query);
        up
    }

    fn serving(&self, now: Millis, up: bool, query: &str) -> Option<Serving> {
        up.then(|| {
            let mut serving = Serving::new(request(query), "build".into(), now, true);
            serving.at_most(self.most);
            serving.wake();
            serving
        })
    }

    /// Begins to follow a job.
    pub(super) fn begin(&mut self, now: Millis, up: bool, job: JobId) -> Result<(), BrokenPromise> {
        let effects = self.tab.act(now, |follow, now| follow.follow(now, job));
        self.carry_out(now, up, effects)
    }

    fn cut(&mut self) {
        (self.line, self.own) = (SimulatedLink::default(), SimulatedLink::default());
    }

    /// Breaks the connections; what is on the wire is lost.
    pub(super) fn lose(&mut self, now: Millis, up: bool) -> Result<(), BrokenPromise> {
        if !self.own.is_idle() {
            self.lose_own(now, up)?;
        }
        if self.line.is_idle() {
            return Ok(());
        }
        self.cut();
        let told = self.tab.error(now, self.generation, false);
        self.carry_out(now, up, told)
    }

    fn lose_own(&mut self, now: Millis, up: bool) -> Result<(), BrokenPromise> {
        self.own = SimulatedLink::default();
        let told = self.tab.caught_up(now, self.own_call, Err(no_server()));
        self.carry_out(now, up, told)
    }

    /// Delivers one message, unless a fault loses or doubles it. Returns whether there was anything to deliver.
    pub(super) fn hear(
        &mut self,
        now: Millis,
        up: bool,
        draw: &mut Draw,
        faults: &WorldFaults,
    ) -> Result<bool, BrokenPromise> {
        if !self.own.wire.is_empty() && (self.line.wire.is_empty() || draw.below(2) == 0) {
            return self.hear_own(now, up, draw, faults);
        }
        let Some(sent) = self.line.wire.pop_front() else {
            if !self.line.ended {
                return Ok(false);
            }
            self.cut();
            let told = self.tab.error(now, self.generation, false);
            self.carry_out(now, up, told)?;
            return Ok(true);
        };
        if faults.lossy && draw.below(25) == 0 {
            return Ok(true);
        }
        let generation = self.generation;
        trace(|| format!("{now} page {:?} hears {sent:?}", self.tab.name()));
        let (text, id) = match sent {
            SentMessage::Message(text, id) => (text, id),
            SentMessage::Answer(text) => {
                let told = self.tab.answered(now, generation, Ok(&text));
                self.carry_out(now, up, told)?;
                return Ok(true);
            }
        };
        let times = if faults.lossy && draw.below(40) == 0 { 2 } else { 1 };
        for _ in 0..times {
            let told = self.tab.message(now, generation, &text, &id);
            self.carry_out(now, up, told)?;
        }
        Ok(true)
    }

    fn hear_own(
        &mut self,
        now: Millis,
        up: bool,
        draw: &mut Draw,
        faults: &WorldFaults,
    ) -> Result<bool, BrokenPromise> {
        if let Some(SentMessage::Answer(text)) = self.own.wire.pop_front()
            && !(faults.lossy && draw.below(25) == 0)
        {
            trace(|| format!("{now} page {:?} hears its own call: {text}", self.tab.name()));
            let told = self.tab.caught_up(now, self.own_call, Ok(&text));
            self.carry_out(now, up, told)?;
        }
        Ok(true)
    }

    /// Passes the time on to the receiver.
    pub(super) fn tick(&mut self, now: Millis, up: bool) -> Result<(), BrokenPromise> {
        let told = self.tab.tick(now);
        self.carry_out(now, up, told)
    }

    /// Whether every followed job has reached its end.
    pub(super) fn is_done(&self) -> bool {
        self.follow().jobs().all(|(_, tracked)| {
            matches!(tracked.phase(), Phase::Closed | Phase::Pruned | Phase::SetAside | Phase::Stopped)
        })
    }

    /// Whether the page's line is up.
    pub(super) fn is_connected(&self) -> bool {
        self.line.serving.is_some()
    }

    /// Whether the page has a source and everything sent on it has arrived. The source is its own, or another tab's
    /// if `led` says that there is one.
    pub(super) fn has_heard_all(&self, led: bool) -> bool {
        let quiet = |line: &SimulatedLink| line.wire.is_empty() && !line.ended;
        let arrived = quiet(&self.line) && quiet(&self.own) && self.own.serving.is_none() && self.inbox.is_empty();
        arrived && (self.is_connected() || led && self.tab.listens())
    }
}

fn no_server() -> ApiError {
    ApiError::Unreachable { message: "there is no server".into() }
}
