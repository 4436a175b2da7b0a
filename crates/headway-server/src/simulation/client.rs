//! A page: the receiver, the connection that serves it, and the wire between them.

use std::collections::{BTreeSet, VecDeque};

use super::browser::Lock;
use super::oracle::{Failure, must};
use super::trace;
use super::world::{Faults, World};
use crate::follow::{Given, Outgoing, Request, Serving, Step};
use headway_model::follow::{Effect, Follow, Phase, Sharing, Tab, TabEffect};
use headway_model::id::{JobId, Millis};
use headway_model::mutants::{self, Mutant};
use headway_model::testing::Draw;
use headway_model::{ApiError, Cursor};

/// A message on the wire.
#[derive(Debug, Clone)]
enum Sent {
    /// One message of a stream, and its event id.
    Message(String, String),
    /// The answer to a call.
    Answer(String),
}

/// One long poll, as `web::events` answers it.
#[derive(Debug, Clone)]
struct Call {
    until: Millis,
    messages: Vec<String>,
    news: bool,
}

/// A connection of a page, and the wire between it and the server.
#[derive(Debug, Clone, Default)]
struct Line {
    serving: Option<Serving>,
    /// The call under way, instead of a stream.
    call: Option<Call>,
    /// Sent, and not yet arrived.
    wire: VecDeque<Sent>,
    /// The stream has ended after what is on the wire.
    ended: bool,
}

impl Line {
    fn is_idle(&self) -> bool {
        self.serving.is_none() && self.wire.is_empty() && !self.ended
    }

    /// The connection has nothing more to send at present. The long poll waits, or is answered with a ping at its end. Whether it was
    /// answered.
    fn answer(&mut self, now: Millis, ended: bool) -> bool {
        let (Some(call), Some(serving)) = (&mut self.call, &mut self.serving) else { return false };
        if !ended && !call.news && now < call.until {
            return false;
        }
        call.messages.push(with_id(&serving.last_word(now)));
        self.wire.push_back(Sent::Answer(format!("[{}]", call.messages.join(","))));
        (self.call, self.serving) = (None, None);
        true
    }
}

/// A page in a browser.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) tab: Tab,
    generation: u64,
    /// The most bytes of a message beyond its first event.
    most: usize,
    line: Line,
    /// The call that lets the tab catch up with what it will hear from another tab, and its number.
    own: Line,
    own_call: u64,
    /// What other tabs have said, and this one has not heard yet.
    pub(super) inbox: VecDeque<String>,
    /// What this tab has said.
    pub(super) outbox: Vec<String>,
    pub(super) lock: Lock,
    /// Jobs reported as finished.
    pub(super) finished: BTreeSet<JobId>,
    /// Jobs whose start call has not been answered.
    pub(super) starting: BTreeSet<JobId>,
}

impl Client {
    /// A page that was just loaded: it is at this cursor, holds no fold, and gets messages of at most `most` bytes beyond their
    /// first event. `number` tells it from the other pages of its browser.
    pub(super) fn new(
        cursor: Option<Cursor>,
        watch: bool,
        seed: u64,
        most: usize,
        sharing: Sharing,
        number: u64,
    ) -> Self {
        Client {
            tab: Tab::new(Follow::new(cursor, watch, None, seed), sharing, number, 0),
            generation: 0,
            most,
            line: Line::default(),
            own: Line::default(),
            own_call: 0,
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            lock: Lock::No,
            finished: BTreeSet::new(),
            starting: BTreeSet::new(),
        }
    }

    /// What the page holds.
    pub(super) fn follow(&self) -> &Follow {
        self.tab.follow()
    }

    /// Opens the page's stream.
    pub(super) fn start(&mut self, now: Millis, up: bool) -> Result<(), Failure> {
        let effects = self.tab.act(now, Follow::start);
        self.carry_out(now, up, effects)
    }

    /// Carries out the tab's effects. `up`: whether there is a server.
    pub(super) fn carry_out(&mut self, now: Millis, up: bool, effects: Vec<TabEffect>) -> Result<(), Failure> {
        for effect in effects {
            trace(|| format!("{now} page {:?}: {effect:?}", self.tab.name()));
            match effect {
                TabEffect::Do(effect) => self.do_it(now, up, effect)?,
                TabEffect::Lock { steal } => self.lock = if steal { Lock::Steals } else { Lock::Waits },
                TabEffect::Unlock => self.lock = Lock::No,
                TabEffect::Post(text) => self.outbox.push(text),
                TabEffect::CatchUp { call, query } => {
                    self.own = Line { serving: self.serving(now, up, &query), ..Line::default() };
                    self.own_call = call;
                    if up {
                        self.own.call = Some(Call { until: now, messages: Vec::new(), news: false });
                    } else {
                        self.lose_own(now, up)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn do_it(&mut self, now: Millis, up: bool, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::Close => self.cut(),
            Effect::Open { generation, query } => {
                if !self.open(now, up, generation, &query) {
                    let told = self.tab.error(now, generation, true);
                    self.carry_out(now, up, told)?;
                }
            }
            Effect::Ask { generation, query } => {
                if self.open(now, up, generation, &query) {
                    let wait =
                        query.split("wait=").nth(1).and_then(|text| text.split('&').next()?.parse::<Millis>().ok());
                    let until = now + wait.unwrap_or(0) * 1_000;
                    self.line.call = Some(Call { until, messages: Vec::new(), news: false });
                } else {
                    let told = self.tab.answered(now, generation, Err(no_server()));
                    self.carry_out(now, up, told)?;
                }
            }
            Effect::Probe { .. } => self.tab.follow_mut().probed(Ok(())),
            Effect::Finished(job) => {
                must(self.finished.insert(job), || format!("{job} was said to be finished twice"))?;
            }
            Effect::Log(_) => {}
        }
        Ok(())
    }

    /// Replaces whatever was open by a new connection; whether there is a server.
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
    pub(super) fn begin(&mut self, now: Millis, up: bool, job: JobId) -> Result<(), Failure> {
        let effects = self.tab.act(now, |follow, now| follow.follow(now, job));
        self.carry_out(now, up, effects)
    }

    fn cut(&mut self) {
        (self.line, self.own) = (Line::default(), Line::default());
    }

    /// Breaks the connections; what is on the wire is lost.
    pub(super) fn lose(&mut self, now: Millis, up: bool) -> Result<(), Failure> {
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

    fn lose_own(&mut self, now: Millis, up: bool) -> Result<(), Failure> {
        self.own = Line::default();
        let told = self.tab.caught_up(now, self.own_call, Err(no_server()));
        self.carry_out(now, up, told)
    }

    /// Delivers one message, if there is one, unless a fault loses or doubles it. Whether there was anything to deliver.
    pub(super) fn hear(&mut self, now: Millis, up: bool, draw: &mut Draw, faults: &Faults) -> Result<bool, Failure> {
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
            Sent::Message(text, id) => (text, id),
            Sent::Answer(text) => {
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

    fn hear_own(&mut self, now: Millis, up: bool, draw: &mut Draw, faults: &Faults) -> Result<bool, Failure> {
        if let Some(Sent::Answer(text)) = self.own.wire.pop_front()
            && !(faults.lossy && draw.below(25) == 0)
        {
            trace(|| format!("{now} page {:?} hears its own call: {text}", self.tab.name()));
            let told = self.tab.caught_up(now, self.own_call, Ok(&text));
            self.carry_out(now, up, told)?;
        }
        Ok(true)
    }

    /// Passes the time on to the receiver.
    pub(super) fn tick(&mut self, now: Millis, up: bool) -> Result<(), Failure> {
        let told = self.tab.tick(now);
        self.carry_out(now, up, told)
    }

    /// Whether every followed job has reached its end.
    pub(super) fn is_done(&self) -> bool {
        self.follow()
            .jobs()
            .all(|(_, tracked)| matches!(tracked.phase(), Phase::Closed | Phase::Pruned | Phase::Stopped))
    }

    /// Whether the page's line is up.
    pub(super) fn is_connected(&self) -> bool {
        self.line.serving.is_some()
    }

    /// Whether the page has a source, its own or that of another tab (`led`: whether there is one), and all that was sent there has
    /// arrived.
    pub(super) fn has_heard_all(&self, led: bool) -> bool {
        let quiet = |line: &Line| line.wire.is_empty() && !line.ended;
        let arrived = quiet(&self.line) && quiet(&self.own) && self.own.serving.is_none() && self.inbox.is_empty();
        arrived && (self.is_connected() || led && self.tab.listens())
    }
}

impl World {
    /// Performs one step of a connection of a page. Whether it did anything.
    pub(super) fn serve(&mut self, client: usize) -> bool {
        self.serve_line(client, |client| &mut client.line) || self.serve_line(client, |client| &mut client.own)
    }

    fn serve_line(&mut self, client: usize, of: fn(&mut Client) -> &mut Line) -> bool {
        let now = self.now;
        let line = of(&mut self.clients[client]);
        let Some(serving) = &mut line.serving else { return false };
        let step = serving.step(now);
        trace(|| format!("{now} stream {client}: {step:?}"));
        match step {
            Step::Wait(_) | Step::End if line.call.is_some() => {
                let answered = line.answer(now, matches!(step, Step::End));
                if matches!(step, Step::Wait(_)) {
                    self.waits.insert(client);
                }
                answered
            }
            Step::Send(message) => {
                match &mut line.call {
                    Some(call) => {
                        call.news |= message.news;
                        call.messages.push(with_id(&message));
                    }
                    None => line.wire.push_back(Sent::Message(message.text, message.id.unwrap_or_default())),
                }
                true
            }
            Step::Read(read) => {
                let given: Given = self.read(read);
                if let Some(serving) = &mut of(&mut self.clients[client]).serving {
                    serving.give(now, given);
                }
                true
            }
            Step::Wait(_) => {
                self.waits.insert(client);
                false
            }
            Step::End => {
                line.serving = None;
                line.ended = true;
                true
            }
        }
    }

    /// Wakes the connections after the head of the log has moved.
    pub(super) fn wake(&mut self) {
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.own.serving.iter_mut().for_each(Serving::wake);
            // A connection that subscribes only after its read misses everything that comes before it waits.
            if mutants::is(Mutant::WakeAfterTheRead) && !self.waits.contains(&index) {
                continue;
            }
            client.line.serving.iter_mut().for_each(Serving::wake);
        }
        self.waits.clear();
    }
}

fn no_server() -> ApiError {
    ApiError::Unreachable { message: "there is no server".into() }
}

fn with_id(message: &Outgoing) -> String {
    match &message.id {
        Some(id) => format!("{},\"id\":{id:?}}}", &message.text[..message.text.len() - 1]),
        None => message.text.clone(),
    }
}

fn request(query: &str) -> Request {
    let mut request = Request::default();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("job", id)) => drop(id.parse().map(|id| request.jobs.insert(id, false))),
            Some(("held", id)) => drop(id.parse().map(|id| request.jobs.insert(id, true))),
            Some(("after", cursor)) => request.cursor = Some(cursor.parse()),
            Some(("watch", word)) => (request.watch, request.watch_followed) = (true, word == "all"),
            _ => {}
        }
    }
    request
}
