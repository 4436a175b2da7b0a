//! The values of a PDF file (ISO 32000-2, section 7.3).

use std::collections::{BTreeMap, HashSet};

use super::text::{PdfGap, PdfText, digits, is_space};

/// How deep values can be within each other. The stack of a thread holds many more.
const DEPTH_LIMIT: u32 = 100;

/// A value. Strings and fractions are read and not kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PdfValue {
    Null,
    Integer(i64),
    Name(Vec<u8>),
    /// An object, by its number.
    Reference(u32),
    Array(Vec<PdfValue>),
    Dictionary(BTreeMap<Vec<u8>, PdfValue>),
    Other,
}

impl PdfValue {
    /// The value of a key, if it is a dictionary that has the key.
    pub(super) fn get(&self, key: &[u8]) -> Option<&PdfValue> {
        match self {
            PdfValue::Dictionary(entries) => entries.get(key),
            _ => None,
        }
    }

    /// The value as a number that is not negative.
    pub(super) fn count(&self) -> Option<u64> {
        match self {
            PdfValue::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The number of a key's value.
    pub(super) fn count_of(&self, key: &[u8]) -> Option<u64> {
        self.get(key)?.count()
    }

    /// The name of a key's value.
    pub(super) fn name_of(&self, key: &[u8]) -> Option<&[u8]> {
        match self.get(key)? {
            PdfValue::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Adds the numbers of all objects that it refers to.
    pub(super) fn references(&self, found: &mut HashSet<u32>) {
        match self {
            PdfValue::Reference(number) => {
                found.insert(*number);
            }
            PdfValue::Array(values) => values.iter().for_each(|value| value.references(found)),
            PdfValue::Dictionary(entries) => entries.values().for_each(|value| value.references(found)),
            PdfValue::Null | PdfValue::Integer(_) | PdfValue::Name(_) | PdfValue::Other => {}
        }
    }
}

/// Reads a value.
pub(super) fn value(text: &mut PdfText<'_>) -> Result<PdfValue, PdfGap> {
    nested(text, 0)
}

fn nested(text: &mut PdfText<'_>, depth: u32) -> Result<PdfValue, PdfGap> {
    if depth > DEPTH_LIMIT {
        return Err(PdfGap::Senseless);
    }
    match text.peek()? {
        b'/' => name(text).map(PdfValue::Name),
        b'(' => string(text),
        b'[' => {
            text.at += 1;
            let mut values = Vec::new();
            while text.peek()? != b']' {
                values.push(nested(text, depth + 1)?);
            }
            text.at += 1;
            Ok(PdfValue::Array(values))
        }
        b'<' if text.takes(b"<<")? => dictionary(text, depth),
        b'<' => hex(text),
        _ => word(text),
    }
}

/// Reads the rest of a dictionary.
fn dictionary(text: &mut PdfText<'_>, depth: u32) -> Result<PdfValue, PdfGap> {
    let mut entries = BTreeMap::new();
    loop {
        match text.peek()? {
            b'/' => {
                let key = name(text)?;
                entries.insert(key, nested(text, depth + 1)?);
            }
            b'>' if text.takes(b">>")? => return Ok(PdfValue::Dictionary(entries)),
            _ => return Err(PdfGap::Senseless),
        }
    }
}

/// Reads a name. A character can be written as `#` and two hexadecimal digits.
fn name(text: &mut PdfText<'_>) -> Result<Vec<u8>, PdfGap> {
    text.at += 1;
    // A space here ends an empty name.
    if text.rest().first().is_some_and(|byte| is_space(*byte)) {
        return Ok(Vec::new());
    }
    let mut word = text.word()?;
    let mut name = Vec::with_capacity(word.len());
    while let [byte, rest @ ..] = word {
        let digit = |at: usize| rest.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        word = rest;
        match (byte, digit(0), digit(1)) {
            (b'#', Some(high), Some(low)) => {
                name.push(((high << 4) | low) as u8);
                word = &rest[2..];
            }
            _ => name.push(*byte),
        }
    }
    Ok(name)
}

/// Reads a string in parentheses, which can contain others.
fn string(text: &mut PdfText<'_>) -> Result<PdfValue, PdfGap> {
    let (mut depth, mut is_escaped) = (0_u32, false);
    for (at, byte) in text.rest().iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            text.at += at + 1;
            return Ok(PdfValue::Other);
        }
    }
    Err(text.gap())
}

/// Reads a string of hexadecimal digits.
fn hex(text: &mut PdfText<'_>) -> Result<PdfValue, PdfGap> {
    let rest = &text.rest()[1..];
    let length = rest.iter().position(|byte| !byte.is_ascii_hexdigit() && !is_space(*byte));
    match length.map(|length| (length, rest[length])) {
        Some((length, b'>')) => {
            text.at += length + 2;
            Ok(PdfValue::Other)
        }
        Some(_) => Err(PdfGap::Senseless),
        None => Err(text.gap()),
    }
}

/// Reads a number, a reference or a word.
fn word(text: &mut PdfText<'_>) -> Result<PdfValue, PdfGap> {
    let word = text.word()?;
    if let Some(number) = digits(word) {
        let after = text.at;
        if digits(text.word()?).is_some() && text.word()? == b"R" {
            return u32::try_from(number).map(PdfValue::Reference).map_err(|_| PdfGap::Senseless);
        }
        text.at = after;
        return i64::try_from(number).map(PdfValue::Integer).map_err(|_| PdfGap::Senseless);
    }
    match word {
        b"" => Err(PdfGap::Senseless),
        b"null" => Ok(PdfValue::Null),
        b"true" | b"false" => Ok(PdfValue::Other),
        // Other programs take odd numbers for some number, too.
        _ if word.iter().all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte)) => {
            let number = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
            Ok(number.map_or(PdfValue::Other, PdfValue::Integer))
        }
        _ => Err(PdfGap::Senseless),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PdfValue, PdfGap> {
        value(&mut PdfText::new(text.as_bytes(), true))
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = "% a comment\n<</A 1/B[2 0 R -3 4.5 (a\\)(b)) <0A f>true]/C#20D/E /F<</G null>>>>";
        let read = read(text).expect("a dictionary");
        let list = vec![PdfValue::Reference(2), PdfValue::Integer(-3)];
        assert!(matches!(read.get(b"B"), Some(PdfValue::Array(values)) if values.len() == 6 && values[..2] == list));
        assert_eq!((read.count_of(b"A"), read.name_of(b"C D")), (Some(1), Some(&b"E"[..])));
        assert_eq!(read.get(b"F").and_then(|inner| inner.get(b"G")), Some(&PdfValue::Null));
        let mut references = HashSet::new();
        read.references(&mut references);
        assert_eq!(references, HashSet::from([2]));
    }

    #[test]
    fn a_piece_that_is_too_short_is_told_from_one_that_makes_no_sense() {
        let text = "<</A[1 0 R(b)]/C<0a>>>";
        for length in 0..text.len() {
            let piece = value(&mut PdfText::new(&text.as_bytes()[..length], false));
            assert_eq!(piece, Err(PdfGap::More), "{length}");
        }
        for senseless in ["", "<</A>>", "<<1 2>>", "<zz>", "endobj", "]", "[1", "(a", "<</A 1", &"[".repeat(1_000)] {
            assert_eq!(read(senseless), Err(PdfGap::Senseless), "{senseless:?}");
        }
    }
}
