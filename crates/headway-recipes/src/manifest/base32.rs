//! Checksums in base32, as RHash writes them with `--base32`: RFC 4648, section 6, without padding and in one case.

use super::algorithm::Algorithm;
use super::entry::Sum;

/// The length of a CRC-32 in base32.
const CRC_LENGTH: usize = 7;

/// Parses base32 text; `None` if it is not valid.
pub(super) fn from_base32(text: &[u8]) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    if text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text {
        let digit = DIGITS.iter().position(|digit| *digit == byte.to_ascii_uppercase())?;
        (bits, held) = (bits << 5 | u32::try_from(digit).ok()?, held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 255) as u8);
        }
    }
    // What is left has fewer bits than a digit, and all of them are zero.
    let left = bits & ((1u32 << held) - 1);
    (!bytes.is_empty() && held < 5 && left == 0).then_some(bytes)
}

/// A CRC-32 in base32. Many words can be read as one, so other things must say that it is one.
pub(super) fn crc(text: &[u8]) -> Option<Sum> {
    let hash = from_base32(text).filter(|_| text.len() == CRC_LENGTH)?;
    Sum::tagged(Algorithm::Crc32, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_read_in_either_case_or_refused() {
        assert_eq!(from_base32(b"T5QG53A"), Some(vec![0x9f, 0x60, 0x6e, 0xec]));
        assert_eq!(from_base32(b"t5qg53a"), from_base32(b"T5QG53A"));
        assert_eq!(from_base32(b"74"), Some(vec![0xff]));
        for wrong in [&b""[..], b"A", b"75", b"T5qg53a", b"T5QG53B", b"T5QG530", b"AAA", b"T5QG53A="] {
            assert_eq!(from_base32(wrong), None, "{wrong:?}");
        }
    }
}
