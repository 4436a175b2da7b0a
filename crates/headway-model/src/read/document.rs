//! A text as the list of its values, each with how many are inside it. Reading a type then looks values up in this list. Nothing
//! here is generic, so it exists once.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;

use super::NotRead;
use super::lexer::Lexer;
use super::number::Number;

/// A value: where its text begins and ends, and how many values of the list it takes, counting itself and the keys inside it.
struct JsonToken {
    begin: usize,
    end: usize,
    size: usize,
    /// Whether it is a text with escapes, so that its content differs from its text.
    is_escaped: bool,
}

/// A text that is known to be JSON.
pub struct Document<'text> {
    text: &'text str,
    tokens: Vec<JsonToken>,
}

/// A value in a document.
#[derive(Clone, Copy)]
pub struct JsonValue<'document> {
    text: &'document str,
    /// Never empty: itself, and what is inside it.
    tokens: &'document [JsonToken],
}

impl<'text> Document<'text> {
    /// Walks over the whole text. Nothing except white space may follow its value.
    pub fn parse(text: &'text str) -> Result<Self, NotRead> {
        let mut document = Document { text, tokens: Vec::new() };
        let mut lexer = Lexer::new(text, 0);
        document.value(&mut lexer)?;
        lexer.end()?;
        Ok(document)
    }

    /// The value that is the whole document.
    pub fn root(&self) -> JsonValue<'_> {
        JsonValue { text: self.text, tokens: &self.tokens }
    }

    fn value(&mut self, lexer: &mut Lexer) -> Result<(), NotRead> {
        let first = lexer.peek();
        let (at, begin) = (self.tokens.len(), lexer.at);
        self.tokens.push(JsonToken { begin, end: begin, size: 1, is_escaped: false });
        let mut is_escaped = false;
        match first {
            b'"' => is_escaped = matches!(lexer.string()?, Cow::Owned(_)),
            b'[' | b'{' => self.inside(lexer, first)?,
            _ if lexer.word("null") || lexer.word("true") || lexer.word("false") => {}
            _ => lexer.check_number()?,
        }
        self.tokens[at] = JsonToken { begin, end: lexer.at, size: self.tokens.len() - at, is_escaped };
        Ok(())
    }

    fn inside(&mut self, lexer: &mut Lexer, bracket: u8) -> Result<(), NotRead> {
        // Both brackets that end are two above the one that begins.
        let close = bracket + 2;
        lexer.open(bracket)?;
        let mut first = true;
        while lexer.more(close, first)? {
            first = false;
            if bracket == b'{' {
                if lexer.peek() != b'"' {
                    return Err(lexer.expected("a key"));
                }
                self.value(lexer)?;
                lexer.take(b':', "a colon")?;
            }
            self.value(lexer)?;
        }
        lexer.close(close)
    }
}

impl<'document> JsonValue<'document> {
    /// The range of its text in the document.
    pub fn place(self) -> Range<usize> {
        self.tokens[0].begin..self.tokens[0].end
    }

    /// Whether it is the text `name`, which a key is compared with many times for each event.
    pub(super) fn is_key(self, name: &str) -> bool {
        let token = &self.tokens[0];
        if token.is_escaped {
            return self.string().is_ok_and(|key| key == name);
        }
        // Two quotation marks.
        token.end - token.begin == name.len() + 2
            && &self.text.as_bytes()[token.begin + 1..token.end - 1] == name.as_bytes()
    }

    /// Its text, byte for byte.
    pub fn text(self) -> &'document str {
        &self.text[self.place()]
    }

    pub(super) fn begin(self) -> u8 {
        self.text.as_bytes()[self.tokens[0].begin]
    }

    pub(super) fn is_null(self) -> bool {
        self.begin() == b'n'
    }

    pub(super) fn lexer(self) -> Lexer<'document> {
        Lexer::new(self.text, self.tokens[0].begin)
    }

    /// The error that something else was expected in its place.
    pub fn expected(self, what: &str) -> NotRead {
        self.lexer().expected(what)
    }

    /// The error that its type refuses it.
    #[inline(never)]
    pub fn refused(self, error: &dyn Display) -> NotRead {
        NotRead(format!("{error} at byte {}", self.tokens[0].begin))
    }

    /// Its content if it is a text; borrowed if it has no escapes.
    #[inline(never)]
    pub(super) fn string(self) -> Result<Cow<'document, str>, NotRead> {
        self.lexer().string()
    }

    #[inline(never)]
    pub(super) fn number(self) -> Result<Number, NotRead> {
        self.lexer().number()
    }

    /// Its elements.
    #[inline(never)]
    pub fn array(self) -> Result<JsonValues<'document>, NotRead> {
        if self.begin() == b'[' { Ok(self.inside()) } else { Err(self.expected("an array")) }
    }

    /// Its keys and values in turn.
    #[inline(never)]
    pub fn object(self) -> Result<JsonValues<'document>, NotRead> {
        if self.begin() == b'{' { Ok(self.inside()) } else { Err(self.expected("an object")) }
    }

    fn inside(self) -> JsonValues<'document> {
        JsonValues { text: self.text, tokens: &self.tokens[1..] }
    }
}

/// The values inside one.
pub struct JsonValues<'document> {
    text: &'document str,
    tokens: &'document [JsonToken],
}

impl<'document> Iterator for JsonValues<'document> {
    type Item = JsonValue<'document>;

    #[inline(never)]
    fn next(&mut self) -> Option<JsonValue<'document>> {
        let (tokens, rest) = self.tokens.split_at(self.tokens.first()?.size);
        self.tokens = rest;
        Some(JsonValue { text: self.text, tokens })
    }
}
