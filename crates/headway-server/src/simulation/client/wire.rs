//! A connection of a page, and the messages on their way.

use std::collections::VecDeque;

use crate::follow::{Holds, Outgoing, Request, Serving};
use headway_model::id::Millis;

/// A message on the wire.
#[derive(Debug, Clone)]
pub(in crate::simulation) enum SentMessage {
    /// One message of a stream, and its event id.
    Message(String, String),
    /// The answer to a call.
    Answer(String),
}

/// One long poll, as `web::events` answers it.
#[derive(Debug, Clone)]
pub(in crate::simulation) struct LongPoll {
    pub(in crate::simulation) until: Millis,
    pub(in crate::simulation) messages: Vec<String>,
    pub(in crate::simulation) news: bool,
}

/// A connection of a page, and the wire between it and the server.
#[derive(Debug, Clone, Default)]
pub(in crate::simulation) struct SimulatedLink {
    pub(in crate::simulation) serving: Option<Serving>,
    /// The call under way, instead of a stream.
    pub(in crate::simulation) call: Option<LongPoll>,
    /// Sent, and not yet arrived.
    pub(in crate::simulation) wire: VecDeque<SentMessage>,
    /// The stream has ended after what is on the wire.
    pub(in crate::simulation) ended: bool,
}

impl SimulatedLink {
    pub(in crate::simulation) fn is_idle(&self) -> bool {
        self.serving.is_none() && self.wire.is_empty() && !self.ended
    }

    /// Makes this the connection of a call, which waits for news until this time.
    pub(in crate::simulation) fn calls(&mut self, until: Millis) {
        self.serving.iter_mut().for_each(Serving::answer);
        self.call = Some(LongPoll { until, messages: Vec::new(), news: false });
    }

    /// Handles a connection that has nothing more to send for now: a long poll goes on waiting, or is answered, with
    /// a ping at the end. Returns whether it was answered.
    pub(in crate::simulation) fn answer(&mut self, now: Millis, ended: bool) -> bool {
        let (Some(call), Some(serving)) = (&mut self.call, &mut self.serving) else { return false };
        if !ended && !call.news && now < call.until {
            return false;
        }
        call.messages.push(with_id(&serving.final_ping(now)));
        self.wire.push_back(SentMessage::Answer(format!("[{}]", call.messages.join(","))));
        (self.call, self.serving) = (None, None);
        true
    }
}

/// A message with its event id in it.
pub(in crate::simulation) fn with_id(message: &Outgoing) -> String {
    match &message.id {
        Some(id) => format!("{},\"id\":{id:?}}}", &message.text[..message.text.len() - 1]),
        None => message.text.clone(),
    }
}

/// The request of a query, as `web::events` reads it.
pub(in crate::simulation) fn request(query: &str) -> Request {
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
