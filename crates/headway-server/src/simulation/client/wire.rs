//! A connection of a page, and the messages on their way.

use std::collections::VecDeque;

use super::super::trace;
use super::super::world::World;
use super::SimulatedPage;
use crate::follow::{Given, Holds, Outgoing, Request, SenderStep, Serving};
use headway_model::id::Millis;
use headway_model::mutants::{self, Mutant};

/// A message on the wire.
#[derive(Debug, Clone)]
pub(super) enum SentMessage {
    /// One message of a stream, and its event id.
    Message(String, String),
    /// The answer to a call.
    Answer(String),
}

/// One long poll, as `web::events` answers it.
#[derive(Debug, Clone)]
pub(super) struct LongPoll {
    pub(super) until: Millis,
    pub(super) messages: Vec<String>,
    pub(super) news: bool,
}

/// A connection of a page, and the wire between it and the server.
#[derive(Debug, Clone, Default)]
pub(super) struct SimulatedLink {
    pub(super) serving: Option<Serving>,
    /// The call under way, instead of a stream.
    pub(super) call: Option<LongPoll>,
    /// Sent, and not yet arrived.
    pub(super) wire: VecDeque<SentMessage>,
    /// The stream has ended after what is on the wire.
    pub(super) ended: bool,
}

impl SimulatedLink {
    pub(super) fn is_idle(&self) -> bool {
        self.serving.is_none() && self.wire.is_empty() && !self.ended
    }

    /// Makes this the connection of a call, which waits for news until this time.
    pub(super) fn calls(&mut self, until: Millis) {
        self.serving.iter_mut().for_each(Serving::answer);
        self.call = Some(LongPoll { until, messages: Vec::new(), news: false });
    }

    /// Handles a connection that has nothing more to send for now: a long poll goes on waiting, or is answered, with
    /// a ping at the end. Returns whether it was answered.
    pub(super) fn answer(&mut self, now: Millis, ended: bool) -> bool {
        let (Some(call), Some(serving)) = (&mut self.call, &mut self.serving) else { return false };
        if !ended && !call.news && now < call.until {
            return false;
        }
        call.messages.push(with_id(&serving.last_word(now)));
        self.wire.push_back(SentMessage::Answer(format!("[{}]", call.messages.join(","))));
        (self.call, self.serving) = (None, None);
        true
    }
}

impl World {
    /// Performs one step of a page's connection. Returns whether it did anything.
    pub(in crate::simulation) fn serve(&mut self, client: usize) -> bool {
        self.serve_line(client, |client| &mut client.line) || self.serve_line(client, |client| &mut client.own)
    }

    fn serve_line(&mut self, client: usize, of: fn(&mut SimulatedPage) -> &mut SimulatedLink) -> bool {
        let now = self.now;
        let line = of(&mut self.clients[client]);
        let Some(serving) = &mut line.serving else { return false };
        let step = serving.step(now);
        trace(|| format!("{now} stream {client}: {step:?}"));
        match step {
            SenderStep::Wait(_) | SenderStep::End if line.call.is_some() => {
                let answered = line.answer(now, matches!(step, SenderStep::End));
                if matches!(step, SenderStep::Wait(_)) {
                    self.waits.insert(client);
                }
                answered
            }
            SenderStep::Send(message) => {
                match &mut line.call {
                    Some(call) => {
                        call.news |= message.news;
                        call.messages.push(with_id(&message));
                    }
                    None => line.wire.push_back(SentMessage::Message(message.text, message.id.unwrap_or_default())),
                }
                true
            }
            SenderStep::Read(read) => {
                let given: Given = self.read(read);
                if let Some(serving) = &mut of(&mut self.clients[client]).serving {
                    serving.give(now, given);
                }
                true
            }
            SenderStep::Wait(_) => {
                self.waits.insert(client);
                false
            }
            SenderStep::End => {
                line.serving = None;
                line.ended = true;
                true
            }
        }
    }

    /// Wakes the connections after the head of the log has moved.
    pub(in crate::simulation) fn wake(&mut self) {
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

fn with_id(message: &Outgoing) -> String {
    match &message.id {
        Some(id) => format!("{},\"id\":{id:?}}}", &message.text[..message.text.len() - 1]),
        None => message.text.clone(),
    }
}

/// The request of a query, as `web::events` reads it.
pub(super) fn request(query: &str) -> Request {
    let mut request = Request::default();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("job", id)) => drop(id.parse().map(|id| request.jobs.insert(id, Holds::Nothing))),
            Some(("held", held)) => {
                let (id, holds) = Holds::read(held).expect("what the receiver writes");
                drop(id.parse().map(|id| request.jobs.insert(id, holds)));
            }
            Some(("after", cursor)) => request.cursor = Some(cursor.parse()),
            Some(("watch", word)) => (request.watch, request.watch_followed) = (true, word == "all"),
            _ => {}
        }
    }
    request
}
