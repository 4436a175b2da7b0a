//! The content of a manifest.

use super::algorithm::{Algorithm, Algorithms};

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestLine {
    /// It says something about a file.
    Entry(ManifestEntry),
    /// It cannot be parsed.
    Unread {
        /// Its number, from 1.
        number: u64,
        /// Why, as a text for people.
        why: &'static str,
    },
}

/// What a line says about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// The number of the line, from 1.
    pub number: u64,
    /// The file's name.
    pub name: Name,
    /// Its size in bytes, if the line has it.
    pub size: Option<u64>,
    /// Its checksums.
    pub sums: Vec<Sum>,
}

/// Which file a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// The file has one of these names, as bytes on disk. Some notations of names are ambiguous; the most literal
    /// reading comes first.
    Readings(Vec<Vec<u8>>),
    /// The same, without the folder of the file, as in a link for sharing it: it is about the file of that name beside the
    /// manifest, if there is one.
    WithoutFolder(Vec<Vec<u8>>),
    /// The line is only a checksum: the file, if any, is the one beside the manifest whose name is the manifest's without
    /// its extension.
    Beside,
    /// The line is about the standard input of the tool that wrote it, which is no file.
    StandardInput {
        /// The name of the file about which the tool writes the same, if there is such a name.
        written_alike: Option<&'static [u8]>,
    },
}

impl Name {
    /// What tools write as `-`. They write `./-` for a file of that name.
    pub(super) const DASH: Name = Name::StandardInput { written_alike: None };
    /// What OpenSSL calls its standard input, and a file of that name too.
    pub(super) const STDIN: Name = Name::StandardInput { written_alike: Some(b"stdin") };
}

/// One checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The possible algorithms: one if the line names it, otherwise all with this length; none if the line names an
    /// unknown one.
    pub algorithms: Algorithms,
    /// Whether the line, its table or the request names the algorithm. If not, even a single possible one is a guess by
    /// the length.
    pub is_named: bool,
    /// Whether only the request, or the record of the job that made the manifest, names the algorithm.
    pub is_chosen: bool,
    /// Its bytes.
    pub hash: Box<[u8]>,
    /// The name of the algorithm, if the checksum cannot be compared.
    pub unknown: Option<Box<str>>,
    /// Set if it cannot be compared because of its length. `hash` is then its text, as no bytes can follow from it.
    pub misfit: Option<HashLength>,
}

/// The length of a checksum that is not that of its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashLength {
    /// How many hexadecimal digits it has.
    pub digits: usize,
    /// How many it would have by its algorithm; `None` if no algorithm is named and none has so many.
    pub expected: Option<usize>,
}

impl Sum {
    /// A checksum without an algorithm; `None` if no known algorithm has this length.
    pub(super) fn untagged(hash: Vec<u8>) -> Option<Sum> {
        let algorithms = Algorithms::of_length(hash.len());
        (!algorithms.is_empty()).then(|| Sum {
            algorithms,
            is_named: false,
            is_chosen: false,
            hash: hash.into(),
            unknown: None,
            misfit: None,
        })
    }

    /// A checksum by a named algorithm; `None` if its length does not fit.
    pub(super) fn tagged(algorithm: Algorithm, hash: Vec<u8>) -> Option<Sum> {
        let algorithms = Algorithms::of(algorithm);
        (hash.len() == algorithm.bytes()).then(|| Sum {
            algorithms,
            is_named: true,
            is_chosen: false,
            hash: hash.into(),
            unknown: None,
            misfit: None,
        })
    }

    /// A checksum by an unknown algorithm.
    pub(super) fn unknown(tag: &[u8], hash: Vec<u8>) -> Sum {
        let unknown = Some(String::from_utf8_lossy(tag).into());
        Sum { algorithms: Algorithms::NONE, is_named: true, is_chosen: false, hash: hash.into(), unknown, misfit: None }
    }

    /// A checksum whose text has another number of digits than the named algorithm, or than any; `None` if the number fits,
    /// or if the text has other characters too.
    pub(super) fn misfit(tag: &[u8], algorithm: Option<Algorithm>, text: &[u8]) -> Option<Sum> {
        let digits = text.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
        let is_plain = digits > 0 && text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b':');
        let expected = algorithm.map(|algorithm| algorithm.bytes() * 2);
        let fits = match expected {
            Some(expected) => digits == expected,
            None => digits.is_multiple_of(2) && !Algorithms::of_length(digits / 2).is_empty(),
        };
        let misfit = Some(HashLength { digits, expected });
        (is_plain && !fits).then(|| Sum { misfit, ..Sum::unknown(tag, text.to_vec()) })
    }

    /// Whether this and another checksum of a line have the same length, and neither is named: their algorithms differ, and
    /// it is not known which of them has which.
    pub fn is_beside(&self, other: &Sum) -> bool {
        let is_guess = |sum: &Sum| !sum.is_named || sum.is_chosen;
        is_guess(self) && is_guess(other) && self.hash.len() == other.hash.len()
    }
}

/// Bytes as hexadecimal text.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The fewest characters of a checksum with colons: those of 16 bytes. A shorter text can be a time.
const WITH_COLONS: usize = 47;

/// Parses hexadecimal text in either case; `None` if it is not valid. A checksum can have a colon between its bytes, as
/// `openssl dgst -c` writes.
pub(super) fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    if text.len() >= WITH_COLONS && text.contains(&b':') {
        return text.split(|byte| *byte == b':').map(byte).collect();
    }
    if text.is_empty() {
        return None;
    }
    text.chunks(2).map(byte).collect()
}

/// Parses base64 text; `None` if it is not valid.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if text.is_empty() || !text.len().is_multiple_of(4) {
        return None;
    }
    let plain = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(plain.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0);
    for byte in plain {
        let digit = DIGITS.iter().position(|digit| digit == byte)?;
        (bits, held) = (bits << 6 | u32::try_from(digit).ok()?, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 255) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_base64_are_read_or_refused() {
        assert_eq!(from_hex(b"00fFaB"), Some(vec![0, 255, 0xab]));
        assert_eq!(to_hex(&[0, 255, 0xab]), "00ffab");
        for wrong in [&b""[..], b"0", b"0g", b" 0", b"\xff\xff"] {
            assert_eq!(from_hex(wrong), None, "{wrong:?}");
        }
        let colons = ["0f"; 16].join(":");
        assert_eq!(from_hex(colons.as_bytes()), Some(vec![15; 16]));
        for wrong in
            [colons[1..].to_owned() + "0", format!("{colons}:"), colons.replacen(':', "", 1), "09:30:00".into()]
        {
            assert_eq!(from_hex(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(from_base64(b"AP+r"), Some(vec![0, 255, 0xab]));
        assert_eq!(from_base64(b"AP8="), Some(vec![0, 255]));
        assert_eq!(from_base64(b"AA=="), Some(vec![0]));
        for wrong in [&b""[..], b"AA", b"AAA", b"A===", b"AA=A", b"AA-A"] {
            assert_eq!(from_base64(wrong), None, "{wrong:?}");
        }
    }
}
