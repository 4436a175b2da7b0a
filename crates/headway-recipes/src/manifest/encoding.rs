//! From the bytes of a manifest to its lines: byte order marks, UTF-16, and what ends a line.

use std::borrow::Cow;

/// How the lines of a manifest end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a line feed, and maybe a carriage return before it.
    Newline,
    /// With a carriage return alone.
    Return,
    /// With a NUL, as the tools write with `-z`: a name can hold any other byte, and none is escaped.
    Nul,
}

/// The text without its byte order mark, in UTF-8 or whatever its bytes are.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => Cow::Borrowed(text),
        [0xff, 0xfe, text @ ..] => Cow::Owned(utf16(text, u16::from_le_bytes)),
        [0xfe, 0xff, text @ ..] => Cow::Owned(utf16(text, u16::from_be_bytes)),
        // A line with a NUL at its end is longer than this.
        [first, 0, _, 0, ..] if *first != 0 => Cow::Owned(utf16(bytes, u16::from_le_bytes)),
        [0, first, 0, _, ..] if *first != 0 => Cow::Owned(utf16(bytes, u16::from_be_bytes)),
        text => Cow::Borrowed(text),
    }
}

/// What ends the lines of this text.
pub(super) fn ending(text: &[u8]) -> Ending {
    if text.contains(&0) {
        Ending::Nul
    } else if text.contains(&b'\r') && !text.contains(&b'\n') {
        Ending::Return
    } else {
        Ending::Newline
    }
}

/// Each line without its end; the one after the last end only if there is something in it.
pub(super) fn split(text: &[u8], ending: Ending) -> impl Iterator<Item = &[u8]> {
    let end = match ending {
        Ending::Newline => b'\n',
        Ending::Return => b'\r',
        Ending::Nul => 0,
    };
    let whole = text.strip_suffix(&[end]).unwrap_or(text);
    whole.split(move |byte| *byte == end).map(move |line| match ending {
        Ending::Newline => line.strip_suffix(b"\r").unwrap_or(line),
        Ending::Return | Ending::Nul => line,
    })
}

/// UTF-16 as UTF-8. Half a pair becomes three bytes, as file systems that take such names have it: no name is lost or made equal to
/// another.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
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
    text
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
            assert_eq!(decode(text), expected, "{text:?}");
        }
        assert_eq!(decode(b"\xff\xfe\x00\xd8x\x00").as_ref(), b"\xed\xa0\x80x");
        assert_eq!(decode(b"\xef\xbb\xbfa").as_ref(), b"a");
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
