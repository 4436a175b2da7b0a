//! Text, in UTF-8 or with a mark at its beginning, and what is written as text.

/// How far into a text its root element is looked for, in bytes.
const PROLOGUE: usize = 1_024;

/// The media type of a text that begins like this; `None` if it is no text, or nothing.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        // UTF-16: zeros stand between the letters, so that nothing else can be told here.
        return Some("text/plain");
    }
    let text = text(head)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    let begins = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_xml = begins("<?xml");
    if begins("<svg") || is_xml && has_root(text, "<svg") {
        Some("image/svg+xml")
    } else if begins("<!doctype html") || begins("<html") || is_xml && has_root(text, "<html") {
        Some("text/html")
    } else if is_xml {
        Some("text/xml")
    } else {
        Some("text/plain")
    }
}

/// The bytes as text. The last letter can be cut off.
fn text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    // White space, escape and what a terminal does at once, such as a sound, occur in text.
    let is_control = |byte: u8| byte < 0x20 && !matches!(byte, 7..=13 | 27) || byte == 0x7f;
    (!text.is_empty() && !text.bytes().any(is_control)).then_some(text)
}

fn has_root(text: &str, root: &str) -> bool {
    let head = text.as_bytes();
    head[..head.len().min(PROLOGUE)].windows(root.len()).any(|part| part.eq_ignore_ascii_case(root.as_bytes()))
}
