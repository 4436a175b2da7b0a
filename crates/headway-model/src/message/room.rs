//! How much goes into one message.

/// Maximum size in bytes of an `events` message beyond its first event. On a link that breaks after few bytes, every
/// message that gets through is progress.
pub const MESSAGE_ROOM_BYTES: usize = 7_800;

/// The room left in a message. The first part always fits, however large it is.
#[derive(Debug, Clone, Copy)]
pub struct MessageRoom(usize);

impl MessageRoom {
    /// Room for this many bytes.
    pub fn new(bytes: usize) -> Self {
        MessageRoom(bytes)
    }

    /// How many bytes of room there are.
    pub fn bytes(&self) -> usize {
        self.0
    }

    /// Takes room for this many bytes, if they fit; returns whether they do.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }

    /// Splits a list into non-empty parts, each of which fits into one message. `bytes` returns how much longer a
    /// message that already holds these elements gets with one more.
    pub fn cut<T>(limit: usize, list: impl IntoIterator<Item = T>, bytes: impl Fn(&[T], &T) -> usize) -> Vec<Vec<T>> {
        let mut parts: Vec<Vec<T>> = Vec::new();
        let mut room = MessageRoom::new(limit);
        for element in list {
            match parts.last_mut() {
                Some(part) if room.takes(bytes(part, &element)) => part.push(element),
                _ => {
                    room = MessageRoom::new(limit);
                    parts.push(vec![element]);
                }
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_where_a_message_is_full_and_nothing_is_lost() {
        let cut = |list: &[usize]| MessageRoom::cut(10, list.to_vec(), |_, length| *length);
        assert_eq!(cut(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(cut(&[50, 4, 6, 1, 11, 99]), [vec![50, 4, 6], vec![1], vec![11], vec![99]]);
    }
}
