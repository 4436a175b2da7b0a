//! A page: the receiver, the connection that serves it, and the wire between them.

use std::collections::{BTreeSet, VecDeque};

use super::oracle::{Failure, must};
use super::trace;
use super::world::{Faults, World};
use crate::follow::{Given, Outgoing, Request, Serving, Step};
use headway_model::follow::{Effect, Follow, Phase};
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

/// A page in a browser.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) follow: Follow,
    pub(super) serving: Option<Serving>,
    generation: u64,
    /// The most bytes of a message beyond its first event.
    most: usize,
    /// The call under way, instead of a stream.
    call: Option<Call>,
    /// Sent, and not yet arrived.
    wire: VecDeque<Sent>,
    /// The stream has ended after what is on the wire.
    ended: bool,
    /// Jobs reported as finished.
    pub(super) finished: BTreeSet<JobId>,
    /// Jobs whose start call has not been answered.
    pub(super) starting: BTreeSet<JobId>,
}

impl Client {
    /// A page that was just loaded: it is at this cursor, holds no fold, and gets messages of at most `most` bytes beyond their
    /// first event.
    pub(super) fn new(cursor: Option<Cursor>, watch: bool, seed: u64, most: usize) -> Self {
        Client {
            follow: Follow::new(cursor, watch, None, seed),
            serving: None,
            generation: 0,
            most,
            call: None,
            wire: VecDeque::new(),
            ended: false,
            finished: BTreeSet::new(),
            starting: BTreeSet::new(),
        }
    }

    /// Carries out the receiver's effects. `up`: whether there is a server.
    pub(super) fn carry_out(&mut self, now: Millis, up: bool, effects: Vec<Effect>) -> Result<(), Failure> {
        for effect in effects {
            trace(|| format!("{now} page: {effect:?}"));
            match effect {
                Effect::Close => self.cut(),
                Effect::Open { generation, query } => {
                    if !self.open(now, up, generation, &query) {
                        let told = self.follow.error(now, generation, true);
                        self.carry_out(now, up, told)?;
                    }
                }
                Effect::Ask { generation, query } => {
                    if self.open(now, up, generation, &query) {
                        let wait =
                            query.split("wait=").nth(1).and_then(|text| text.split('&').next()?.parse::<Millis>().ok());
                        let until = now + wait.unwrap_or(0) * 1_000;
                        self.call = Some(Call { until, messages: Vec::new(), news: false });
                    } else {
                        let answer = Err(ApiError::Unreachable { message: "there is no server".into() });
                        let told = self.follow.answered(now, generation, answer);
                        self.carry_out(now, up, told)?;
                    }
                }
                Effect::Probe { .. } => self.follow.probed(Ok(())),
                Effect::Finished(job) => {
                    must(self.finished.insert(job), || format!("{job} was said to be finished twice"))?;
                }
                Effect::Log(_) => {}
            }
        }
        Ok(())
    }

    /// Replaces whatever was open by a new connection; whether there is a server.
    fn open(&mut self, now: Millis, up: bool, generation: u64, query: &str) -> bool {
        self.cut();
        self.generation = generation;
        self.serving = up.then(|| {
            let mut serving = Serving::new(request(query), "build".into(), now, true);
            serving.at_most(self.most);
            serving.wake();
            serving
        });
        up
    }

    /// Begins to follow a job.
    pub(super) fn begin(&mut self, now: Millis, up: bool, job: JobId) -> Result<(), Failure> {
        let effects = self.follow.follow(now, job);
        self.carry_out(now, up, effects)
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

    fn cut(&mut self) {
        self.serving = None;
        self.call = None;
        self.wire.clear();
        self.ended = false;
    }

    /// Breaks the connection; what is on the wire is lost.
    pub(super) fn lose(&mut self, now: Millis, up: bool) -> Result<(), Failure> {
        if self.serving.is_none() && self.wire.is_empty() && !self.ended {
            return Ok(());
        }
        self.cut();
        let told = self.follow.error(now, self.generation, false);
        self.carry_out(now, up, told)
    }

    /// Delivers one message, if there is one, unless a fault loses or doubles it. Whether there was anything to deliver.
    pub(super) fn hear(&mut self, now: Millis, up: bool, draw: &mut Draw, faults: &Faults) -> Result<bool, Failure> {
        let Some(sent) = self.wire.pop_front() else {
            if !self.ended {
                return Ok(false);
            }
            self.cut();
            let told = self.follow.error(now, self.generation, false);
            self.carry_out(now, up, told)?;
            return Ok(true);
        };
        if faults.lossy && draw.below(25) == 0 {
            return Ok(true);
        }
        let generation = self.generation;
        trace(|| format!("{now} page hears {sent:?}"));
        let (text, id) = match sent {
            Sent::Message(text, id) => (text, id),
            Sent::Answer(text) => {
                let told = self.follow.answered(now, generation, Ok(&text));
                self.carry_out(now, up, told)?;
                return Ok(true);
            }
        };
        let times = if faults.lossy && draw.below(40) == 0 { 2 } else { 1 };
        for _ in 0..times {
            let told = self.follow.message(now, generation, &text, &id);
            self.carry_out(now, up, told)?;
        }
        Ok(true)
    }

    /// Passes the time on to the receiver.
    pub(super) fn tick(&mut self, now: Millis, up: bool) -> Result<(), Failure> {
        let told = self.follow.tick(now);
        self.carry_out(now, up, told)
    }

    /// Whether every followed job has reached its end.
    pub(super) fn is_done(&self) -> bool {
        self.follow.jobs().all(|(_, tracked)| matches!(tracked.phase(), Phase::Closed | Phase::Pruned | Phase::Stopped))
    }

    /// Whether anything is on the wire.
    pub(super) fn is_hearing(&self) -> bool {
        !self.wire.is_empty() || self.ended
    }
}

impl World {
    /// Performs one step of a connection. Whether it did anything.
    pub(super) fn serve(&mut self, client: usize) -> bool {
        let now = self.now;
        let Some(serving) = &mut self.clients[client].serving else { return false };
        let step = serving.step(now);
        trace(|| format!("{now} stream {client}: {step:?}"));
        let over = matches!(step, Step::Wait(_) | Step::End);
        match step {
            _ if over && self.clients[client].call.is_some() => {
                if matches!(step, Step::Wait(_)) {
                    self.waits.insert(client);
                }
                self.clients[client].answer(now, matches!(step, Step::End))
            }
            Step::Send(message) => {
                let page = &mut self.clients[client];
                match &mut page.call {
                    Some(call) => {
                        call.news |= message.news;
                        call.messages.push(with_id(&message));
                    }
                    None => page.wire.push_back(Sent::Message(message.text, message.id.unwrap_or_default())),
                }
                true
            }
            Step::Read(read) => {
                let given: Given = self.read(read);
                if let Some(serving) = &mut self.clients[client].serving {
                    serving.give(now, given);
                }
                true
            }
            Step::Wait(_) => {
                self.waits.insert(client);
                false
            }
            Step::End => {
                self.clients[client].serving = None;
                self.clients[client].ended = true;
                true
            }
        }
    }

    /// Wakes the connections after the head of the log has moved.
    pub(super) fn wake(&mut self) {
        for (index, client) in self.clients.iter_mut().enumerate() {
            // A connection that subscribes only after its read misses everything that comes before it waits.
            if mutants::is(Mutant::WakeAfterTheRead) && !self.waits.contains(&index) {
                continue;
            }
            client.serving.iter_mut().for_each(Serving::wake);
        }
        self.waits.clear();
    }
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
            Some(("watch", _)) => request.watch = true,
            _ => {}
        }
    }
    request
}
