//! The response to one call: several messages, each with its event id.

use super::BadMessage;
use crate::read::{Document, NotRead};

/// A message inside the response to one call: it carries its event id, if any, as `id`.
pub fn with_id(text: &str, id: Option<&str>) -> String {
    match (id, text.strip_prefix('{')) {
        (Some(id), Some(rest)) => format!(r#"{{"id":"{id}",{rest}"#),
        _ => text.to_owned(),
    }
}

/// The messages in the response to one call, each with its event id (empty for none).
pub fn messages(answer: &str) -> Result<Vec<(&str, String)>, BadMessage> {
    read(answer).map_err(|error| BadMessage(error.to_string()))
}

fn read(answer: &str) -> Result<Vec<(&str, String)>, NotRead> {
    let document = Document::parse(answer)?;
    let parts = document.root().array()?;
    parts.map(|part| Ok((&answer[part.place()], part.find("id")?.unwrap_or_default()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::Cursor;
    use crate::id::JobId;
    use crate::message::{Absent, Body, CaughtUp, Message};

    #[test]
    fn an_answer_to_one_call_is_the_messages_with_their_ids() {
        let job = JobId::mint(1, [1; 10]);
        let (one, two) = (Absent { job }.text(), CaughtUp { cursor: Cursor::start() }.text());
        let answer = format!("[{},{}]", with_id(&one, None), with_id(&two, Some("0.0")));
        let read = messages(&answer).expect("two messages");
        assert_eq!(read.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["", "0.0"]);
        assert!(matches!(Message::decode(read[0].0), Ok(Message::Absent(_))));
        assert!(matches!(Message::decode(read[1].0), Ok(Message::CaughtUp(_))));
        assert!(messages(&answer[..answer.len() - 1]).is_err(), "half an answer is none");
    }
}
