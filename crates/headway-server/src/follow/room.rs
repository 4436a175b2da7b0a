//! How many events go into one message, and into the answer to one call.

use headway_model::message::MessageRoom;

/// Where the next events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Into the message that was begun.
    Same,
    /// Into a new message.
    Next,
    /// Nowhere: the answer is full.
    Full,
}

/// The room for events. On a stream every message has its own. The answer to a call has room for one message, so that it
/// gets through a line that breaks all the time; its reader calls again for the rest.
#[derive(Debug, Clone)]
pub(super) struct EventRoom {
    /// The most bytes of a message beyond its first event.
    most: usize,
    left: MessageRoom,
    is_answer: bool,
    begun: bool,
}

impl EventRoom {
    pub(super) fn new(most: usize) -> Self {
        EventRoom { most, left: MessageRoom::new(most), is_answer: false, begun: false }
    }

    /// The most bytes of a message of any kind beyond its first part.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The most bytes of a message about what runs, which shares the room of an answer with the events.
    pub(super) fn rest(&self) -> usize {
        if self.is_answer && self.begun { self.left.bytes() } else { self.most }
    }

    /// Limits messages to this many bytes beyond their first event.
    pub(super) fn at_most(&mut self, bytes: usize) {
        *self = EventRoom { most: bytes, left: MessageRoom::new(bytes), ..*self };
    }

    /// Limits all messages together to the size of one.
    pub(super) fn answer(&mut self) {
        self.is_answer = true;
    }

    /// Takes room for events of this many bytes. `new` says that no message is begun. The first events of a message always
    /// fit. If they take all the room, they are a message of their own: a large event with others behind it might be more
    /// than a weak line lets through.
    pub(super) fn take(&mut self, new: bool, bytes: usize) -> Fit {
        if self.is_answer && self.begun {
            return match (self.left.takes(bytes), new) {
                (false, _) => Fit::Full,
                (true, true) => Fit::Next,
                (true, false) => Fit::Same,
            };
        }
        if !new && self.left.takes(bytes) {
            return Fit::Same;
        }
        self.begun = true;
        self.left = MessageRoom::new(self.most.saturating_sub(bytes));
        Fit::Next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_another_message_where_an_answer_is_full() {
        let mut stream = EventRoom::new(10);
        let mut answer = stream.clone();
        answer.answer();
        let fits = |room: &mut EventRoom| {
            [(true, 4), (false, 6), (false, 1), (true, 1)].map(|(new, bytes)| room.take(new, bytes))
        };
        assert_eq!(fits(&mut stream), [Fit::Next, Fit::Same, Fit::Next, Fit::Next]);
        assert_eq!(fits(&mut answer), [Fit::Next, Fit::Same, Fit::Full, Fit::Full]);
    }

    #[test]
    fn an_event_that_takes_all_the_room_is_a_message_of_its_own() {
        let mut stream = EventRoom::new(10);
        let fits = [(true, 50), (false, 1), (false, 1)].map(|(new, bytes)| stream.take(new, bytes));
        assert_eq!(fits, [Fit::Next, Fit::Next, Fit::Same]);
    }
}
