//! Reads the messages of an event stream.

/// Maximum size of one message in bytes. The longest possible message is a snapshot of many unequal items.
const LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// Collects the bytes of a stream until they are whole messages.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    bytes: Vec<u8>,
    /// No message ends before this index.
    looked: usize,
}

/// A message, and its id (empty for none).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SseMessage {
    pub(crate) text: String,
    pub(crate) id: String,
}

impl Decoder {
    /// Takes in bytes. Returns `false` if they cannot come from the server.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> bool {
        self.bytes.extend_from_slice(bytes);
        self.bytes.len() <= LIMIT_BYTES
    }

    /// The next whole message; an error if it is not text.
    pub(crate) fn next(&mut self) -> Option<Result<SseMessage, std::str::Utf8Error>> {
        loop {
            let found = self.bytes[self.looked..].windows(2).position(|pair| pair == b"\n\n");
            let Some(end) = found.map(|at| at + self.looked) else {
                self.looked = self.bytes.len().saturating_sub(1);
                return None;
            };
            let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
            self.looked = 0;
            let text = match std::str::from_utf8(&block) {
                Ok(text) => text,
                Err(error) => return Some(Err(error)),
            };
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            // A block without data carries only the reconnection time.
            if let Some(text) = field("data: ") {
                return Some(Ok(SseMessage { text, id: field("id: ").unwrap_or_default() }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_same_however_the_bytes_arrive() {
        let stream = "retry: 1000\n\ndata: {\"a\":1}\n\n: comment\n\ndata: {\"b\":\"é\"}\nid: 7.ab\n\ndata: half";
        let all = |step: usize| {
            let (mut decoder, mut blocks) = (Decoder::default(), Vec::new());
            for part in stream.as_bytes().chunks(step) {
                assert!(decoder.feed(part));
                while let Some(block) = decoder.next() {
                    blocks.push(block.expect("text"));
                }
            }
            blocks
        };
        let block = |text: &str, id: &str| SseMessage { text: text.into(), id: id.into() };
        for step in [1, 2, 3, 7, 1_000] {
            assert_eq!(all(step), [block("{\"a\":1}", ""), block("{\"b\":\"é\"}", "7.ab")], "in parts of {step}");
        }
    }
}
