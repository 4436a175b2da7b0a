//! Splits the bytes of a manifest into lines: handles byte order marks, UTF-16 and line endings.

use std::borrow::Cow;

/// How the lines of a manifest end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnding {
    /// With a line feed, perhaps after a carriage return.
    Newline,
    /// With a carriage return alone.
    Return,
    /// With a NUL, as tools write with the option `-z`. A name can contain any other byte, and nothing is escaped.
    Nul,
}

impl LineEnding {
    fn byte(self) -> u8 {
        match self {
            LineEnding::Newline => b'\n',
            LineEnding::Return => b'\r',
            LineEnding::Nul => 0,
        }
    }
}

/// The text of a manifest without its byte order mark. Usually UTF-8, but other bytes are kept as they are.
pub(super) struct ManifestText<'a> {
    /// Its bytes.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether it ends in the middle of a character: something at its end is missing.
    pub(super) is_cut: bool,
}

/// Removes the byte order mark, and converts UTF-16 to UTF-8.
pub(super) fn decode(bytes: &[u8]) -> ManifestText<'_> {
    let plain = |text| ManifestText { bytes: Cow::Borrowed(text), is_cut: false };
    match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => plain(text),
        [0xff, 0xfe, text @ ..] => utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf16(text, u16::from_be_bytes),
        // A NUL this early cannot be the end of a line, so it is UTF-16.
        [first, 0, _, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, first, 0, _, ..] if *first != 0 => utf16(bytes, u16::from_be_bytes),
        text => plain(text),
    }
}

/// How the lines of this text end.
pub(super) fn ending(text: &[u8]) -> LineEnding {
    if text.contains(&0) {
        LineEnding::Nul
    } else if text.contains(&b'\r') && !text.contains(&b'\n') {
        LineEnding::Return
    } else {
        LineEnding::Newline
    }
}

/// Each line without its line ending. An unterminated last line is included if it is not empty.
pub(super) fn split(text: &[u8], ending: LineEnding) -> impl Iterator<Item = &[u8]> {
    let end = ending.byte();
    let whole = text.strip_suffix(&[end]).unwrap_or(text);
    whole.split(move |byte| *byte == end).map(move |line| match ending {
        LineEnding::Newline => line.strip_suffix(b"\r").unwrap_or(line),
        LineEnding::Return | LineEnding::Nul => line,
    })
}

/// The text up to its last line ending.
pub(super) fn whole_lines(text: &[u8], ending: LineEnding) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte == ending.byte()).map_or(0, |end| end + 1);
    &text[..end]
}

/// Converts UTF-16 to UTF-8. A lone surrogate becomes three bytes, as on file systems that accept such names, so that
/// no name is lost or made equal to another.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> ManifestText<'static> {
    let pairs = bytes.chunks_exact(2);
    let is_cut = !pairs.remainder().is_empty();
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let is_cut = is_cut || units.clone().next_back().is_some_and(|last| (0xd800..0xdc00).contains(&last));
    let mut text = Vec::with_capacity(bytes.len());
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(half) => {
                let half = half.unpaired_surrogate();
                text.extend([0xe0 | (half >> 12) as u8, 0x80 | (half >> 6 & 63) as u8, 0x80 | (half & 63) as u8]);
            }
        }
    }
    ManifestText { bytes: Cow::Owned(text), is_cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_read_with_and_without_a_mark() {
        let units: Vec<u16> = "ab \u{1F600}\r\n".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let expected = "ab \u{1F600}\r\n".as_bytes();
        for text in [&little, &big, &[&[0xff, 0xfe], &little[..]].concat(), &[&[0xfe, 0xff], &big[..]].concat()] {
            assert_eq!(&*decode(text).bytes, expected, "{text:?}");
        }
        assert_eq!(&*decode(b"\xff\xfe\x00\xd8x\x00").bytes, b"\xed\xa0\x80x");
        assert_eq!(&*decode(b"\xef\xbb\xbfa").bytes, b"a");
    }

    #[test]
    fn lines_end_as_most_of_the_text_says() {
        let lines = |text: &'static [u8]| split(text, ending(text)).collect::<Vec<_>>();
        assert_eq!(lines(b"a\r\n\nb\rc"), [&b"a"[..], b"", b"b\rc"]);
        assert_eq!(lines(b"a\rb\r"), [b"a", b"b"]);
        assert_eq!(lines(b"a\nb\0c\r\0"), [&b"a\nb"[..], b"c\r"]);
        assert_eq!(lines(b""), [b""]);
    }
}
