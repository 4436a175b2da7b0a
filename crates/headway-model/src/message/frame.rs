//! The `events` message, joined from payloads without decoding them.

use crate::id::JobId;

/// Size in bytes of a frame without its payloads, including the comma after it.
pub const FRAME_BYTES: usize = 59;

/// The text of a frame: payloads of one job, joined unchanged.
pub fn frame_text(job: &JobId, payloads: &[&str]) -> String {
    format!(r#"{{"job":"{job}","events":[{}]}}"#, payloads.join(","))
}

/// The text of an `events` message, made by joining frames.
pub fn events_text<T: AsRef<str>>(frames: &[T]) -> String {
    let bytes: usize = frames.iter().map(|frame| frame.as_ref().len() + 1).sum();
    let mut text = String::with_capacity(bytes + 32);
    text.push_str(r#"{"kind":"events","frames":["#);
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(frame.as_ref());
    }
    text.push_str("]}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn payloads_come_back_as_the_very_bytes_that_were_sent() {
        let job = JobId::mint(1, [1; 10]);
        let payloads = [r#"{"seq":1, "odd":  "spacing" }"#, r#"{"seq":2,"event":"began"}"#];
        let text = events_text(&[frame_text(&job, &payloads)]);
        let Ok(Message::Events(events)) = Message::decode(&text) else { panic!("{text}") };
        let read: Vec<_> = events.frames[0].events.iter().map(|raw| raw.get()).collect();
        assert_eq!(read, payloads);
    }

    #[test]
    fn a_frame_has_its_size() {
        let job = JobId::mint(1, [1; 10]);
        assert_eq!(frame_text(&job, &[]).len() + 1, FRAME_BYTES);
    }
}
