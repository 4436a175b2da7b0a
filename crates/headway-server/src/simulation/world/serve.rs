//! The server's end of the connections of pages.

use super::World;
use crate::follow::{ReadResult, SenderStep, Serving};
use crate::simulation::client::SimulatedPage;
use crate::simulation::client::wire::{SentMessage, SimulatedLink, with_id};
use crate::simulation::trace;
use headway_model::mutants::{self, Mutant};

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
                let given: ReadResult = self.read(read);
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
