//! Scans the text. Nothing here is generic, so the code exists once in the program.

use std::borrow::Cow;

use super::NotRead;

/// How deeply values can be nested, as for `serde_json`.
const DEEPEST: u8 = 127;

/// A reader at a position in the text.
pub(super) struct Lexer<'text> {
    pub(super) text: &'text str,
    pub(super) at: usize,
    depth: u8,
}

impl<'text> Lexer<'text> {
    /// A lexer at this byte of a text.
    pub(super) fn new(text: &'text str, at: usize) -> Self {
        Lexer { text, at, depth: 0 }
    }

    /// The byte here, or 0 at the end.
    pub(super) fn here(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// The first byte that is not white space, or 0 at the end.
    #[inline(never)]
    pub(super) fn peek(&mut self) -> u8 {
        while matches!(self.here(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.here()
    }

    #[inline(never)]
    pub(super) fn expected(&self, what: &str) -> NotRead {
        NotRead(format!("expected {what} at byte {}", self.at))
    }

    /// Consumes this byte.
    #[inline(never)]
    pub(super) fn take(&mut self, byte: u8, what: &str) -> Result<(), NotRead> {
        if self.peek() != byte {
            return Err(self.expected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Consumes the bracket that begins an array or an object.
    pub(super) fn open(&mut self, bracket: u8) -> Result<(), NotRead> {
        self.take(bracket, "an array or object")?;
        self.depth += 1;
        if self.depth > DEEPEST { Err(NotRead("too many values inside each other".into())) } else { Ok(()) }
    }

    /// Whether another element follows. Consumes the comma before it.
    pub(super) fn more(&mut self, close: u8, first: bool) -> Result<bool, NotRead> {
        let next = self.peek();
        if next == close {
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        self.take(b',', "a comma")?;
        if self.peek() == close { Err(self.expected("a value")) } else { Ok(true) }
    }

    /// Consumes the bracket that ends an array or an object.
    pub(super) fn close(&mut self, bracket: u8) -> Result<(), NotRead> {
        self.take(bracket, "the end of an array or object")?;
        self.depth -= 1;
        Ok(())
    }

    /// Consumes a word, if it is here.
    #[inline(never)]
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.peek();
        let is_here = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if is_here { word.len() } else { 0 };
        is_here
    }

    /// Checks that nothing but white space is left.
    #[inline(never)]
    pub(super) fn end(&mut self) -> Result<(), NotRead> {
        if self.peek() == 0 && self.at == self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// A text in quotation marks; borrowed if it has no escapes.
    #[inline(never)]
    pub(super) fn string(&mut self) -> Result<Cow<'text, str>, NotRead> {
        self.take(b'"', "a text")?;
        let (text, mut begun) = (self.text, self.at);
        let mut unescaped = String::new();
        loop {
            let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let rest = &text.as_bytes()[self.at..];
            self.at += rest.iter().position(is_special).unwrap_or(rest.len());
            match self.here() {
                b'"' => break,
                b'\\' => {
                    unescaped.push_str(&text[begun..self.at]);
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    begun = self.at;
                }
                _ => return Err(self.expected("the end of a text")),
            }
        }
        let rest = &text[begun..self.at];
        self.at += 1;
        if unescaped.is_empty() {
            return Ok(Cow::Borrowed(rest));
        }
        unescaped.push_str(rest);
        Ok(Cow::Owned(unescaped))
    }

    /// The character after a backslash.
    fn escape(&mut self) -> Result<char, NotRead> {
        let escape = self.here();
        self.at += 1;
        Ok(match escape {
            b'"' | b'\\' | b'/' => escape.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut units = vec![self.unit()?];
                if (0xd800..0xdc00).contains(&units[0]) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    units.push(self.unit()?);
                }
                let mut read = char::decode_utf16(units);
                match (read.next(), read.next()) {
                    (Some(Ok(character)), None) => character,
                    _ => return Err(self.expected("a character")),
                }
            }
            _ => return Err(self.expected("an escape")),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, NotRead> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.expected("four digits"))?;
        self.at += 4;
        Ok(unit)
    }
}
