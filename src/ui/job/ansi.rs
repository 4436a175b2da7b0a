//! Turns terminal output into text for a page: colours become classes, and all other control sequences are removed.

use std::iter::Peekable;
use std::str::Chars;

/// A line, split into parts with the same style.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct StyledLine {
    /// The class and the text of each part.
    pub(super) spans: Vec<(String, String)>,
}

impl StyledLine {
    /// Its text alone.
    pub(super) fn plain(&self) -> String {
        self.spans.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn push(&mut self, class: &str, letter: char) {
        match self.spans.last_mut() {
            Some((last, text)) if last == class => text.push(letter),
            _ => self.spans.push((class.to_owned(), letter.to_string())),
        }
    }
}

/// The text without its colours.
pub(super) fn plain(text: &str) -> String {
    lines(text).iter().map(StyledLine::plain).collect::<Vec<_>>().join("\n")
}

/// The lines as a terminal would finally show them: only the last text of a line that was rewritten, such as a progress
/// bar, remains.
pub(super) fn lines(text: &str) -> Vec<StyledLine> {
    let (mut lines, mut look, mut class) = (vec![StyledLine::default()], TextStyle::default(), String::new());
    let mut returned = false;
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        let Some(line) = lines.last_mut() else { break };
        match letter {
            '\n' => {
                lines.push(StyledLine::default());
                returned = false;
            }
            '\r' => returned = true,
            '\u{1b}' => {
                if let Some(codes) = escape(&mut rest) {
                    look.change(&codes);
                    class = look.class();
                }
            }
            '\t' => line.push(&class, letter),
            letter if letter.is_control() => {}
            letter => {
                if std::mem::take(&mut returned) {
                    line.spans.clear();
                }
                line.push(&class, letter);
            }
        }
    }
    lines
}

/// Consumes the rest of an escape sequence; returns its numbers if it changes the style.
fn escape(rest: &mut Peekable<Chars<'_>>) -> Option<Vec<u32>> {
    match rest.next()? {
        '[' => {
            let mut codes = String::new();
            loop {
                match rest.next()? {
                    'm' => return Some(codes.split([';', ':']).map(|code| code.parse().unwrap_or(0)).collect()),
                    '@'..='~' => return None,
                    letter => codes.push(letter),
                }
            }
        }
        // A title or a link, which ends with BEL or a terminator of its own.
        ']' => {
            while let Some(letter) = rest.next() {
                if letter == '\u{7}' {
                    break;
                }
                if letter == '\u{1b}' {
                    rest.next_if_eq(&'\\');
                    break;
                }
            }
            None
        }
        _ => None,
    }
}

/// The style of the text that follows.
#[derive(Default)]
struct TextStyle {
    /// 1 to 7, as terminals number them; 0 for none.
    colour: u32,
    is_bold: bool,
}

impl TextStyle {
    fn change(&mut self, codes: &[u32]) {
        let mut codes = codes.iter();
        while let Some(code) = codes.next() {
            match code {
                0 => *self = TextStyle::default(),
                1 => self.is_bold = true,
                22 => self.is_bold = false,
                30..=37 => self.colour = code - 30,
                90..=97 => self.colour = code - 90,
                39 => self.colour = 0,
                // An extended foreground or background colour: the numbers after it are not codes.
                38 | 48 => match codes.next() {
                    Some(5) => _ = codes.next(),
                    Some(2) => _ = codes.nth(2),
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn class(&self) -> String {
        match (self.colour, self.is_bold) {
            (0, false) => String::new(),
            (0, true) => "ansi-strong".into(),
            (colour, false) => format!("ansi-{colour}"),
            (colour, true) => format!("ansi-{colour} ansi-strong"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans(text: &str) -> Vec<Vec<(String, String)>> {
        lines(text).into_iter().map(|line| line.spans).collect()
    }

    fn span(class: &str, text: &str) -> (String, String) {
        (class.into(), text.into())
    }

    #[test]
    fn colours_become_classes_and_end_where_they_end() {
        let text =
            "a \u{1b}[31mred\u{1b}[1;92mgreen\u{1b}[0m b\n\u{1b}[38;5;31mno code\u{1b}[38;2;1;31;1mneither\u{1b}[m";
        assert_eq!(
            spans(text),
            [
                vec![span("", "a "), span("ansi-1", "red"), span("ansi-2 ansi-strong", "green"), span("", " b")],
                vec![span("", "no codeneither")],
            ]
        );
    }

    #[test]
    fn what_moves_a_terminal_goes_and_a_line_that_is_written_again_is_read_once() {
        assert_eq!(
            plain("10 %\r20 %\rdone\r\nnext\u{1b}[2K\u{1b}]0;title\u{7}\u{1b}]8;;x\u{1b}\\!\u{8}"),
            "done\nnext!"
        );
        assert_eq!(plain("wrong\n"), "wrong\n");
        assert_eq!(plain("cut off \u{1b}[3"), "cut off ");
    }

    proptest! {
        #[test]
        fn no_text_leaves_an_escape_and_plain_text_stays_as_it_is(any in ".*", text in "[ -~\t\n]*") {
            let is_plain = !plain(&any).contains(['\u{1b}', '\r']);
            prop_assert!(is_plain);
            prop_assert_eq!(plain(&text), text);
        }
    }
}
