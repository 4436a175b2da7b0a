//! Numbers of bytes in texts of the server: a person reads a size, and its title is the exact number.

use leptos::prelude::*;

use super::format::size;

/// Fewer bytes are shown as they are: a size is not shorter.
const FEW: u64 = 1_000;

/// What follows a number of bytes.
const BYTES: &str = " bytes";

/// A part of a text, and, if it is a size, the exact number of bytes.
type TextPart = (String, Option<String>);

/// A text of the server, in which numbers of bytes are shown as sizes.
pub(in crate::ui) fn with_sizes(text: &str) -> impl IntoView + use<> {
    let part = |(text, exact): TextPart| view! { <span title=exact>{text}</span> };
    parts(text).into_iter().map(part).collect_view()
}

/// The parts of a text, in their order.
fn parts(text: &str) -> Vec<TextPart> {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(found) = rest.get(from..).and_then(|rest| rest.find(BYTES)) {
        let (end, behind) = (from + found, from + found + BYTES.len());
        let digits = |letter: char| letter.is_ascii_digit() || letter == ',';
        let begin = rest[..end].trim_end_matches(digits).len();
        match rest[begin..end].replace(',', "").parse::<u64>() {
            Ok(bytes) if bytes >= FEW => {
                parts.push((rest[..begin].to_owned(), None));
                parts.push((size(bytes), Some(rest[begin..behind].to_owned())));
                (rest, from) = (&rest[behind..], 0);
            }
            _ => from = behind,
        }
    }
    parts.push((rest.to_owned(), None));
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_in_a_text_is_a_size_whose_title_is_exact() {
        let plain = |text: &str| (text.to_owned(), None);
        let exact = |text: &str, bytes: &str| (text.to_owned(), Some(bytes.to_owned()));
        assert_eq!(
            parts("removing 3 of them frees 12,345 bytes, and 2000000 bytes stay"),
            [
                plain("removing 3 of them frees "),
                exact("12 kB", "12,345 bytes"),
                plain(", and "),
                exact("2.0 MB", "2000000 bytes"),
                plain(" stay"),
            ]
        );
        for text in ["4 bytes each", "some bytes", "1,2345678901234567890123 bytes", "über 9"] {
            assert_eq!(parts(text), [plain(text)], "{text}");
        }
        assert!(parts("").is_empty());
        assert_eq!(parts("5000 bytes"), [exact("5.0 kB", "5000 bytes")]);
    }
}
