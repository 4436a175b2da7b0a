//! Finds the objects of a PDF file without its cross-reference, as programs do that repair files: each where its number is.

use std::collections::BTreeMap;

use super::file::{OBJECTS_LIMIT, PdfFault, PdfFile};
use super::text::{digits, is_space};
use super::value::{PdfValue, value};
use crate::health::window::BLOCK_BYTES;

/// How much two pieces of the file have in common, and how much of that is before what is found in the second one.
const OVERLAP: usize = 64;
const BEFORE: usize = 48;

/// What was found in a file.
#[derive(Debug, Default)]
pub(super) struct PdfScan {
    /// Where each object begins. The last of several with one number counts.
    pub(super) places: BTreeMap<u32, u64>,
    /// The last trailer that names the root of the document.
    pub(super) trailer: Option<PdfValue>,
}

impl PdfFile<'_, '_> {
    /// Looks for objects and trailers in the whole file.
    pub(super) fn scan(&mut self) -> Result<PdfScan, PdfFault> {
        let (mut scan, mut at) = (PdfScan::default(), 0);
        loop {
            let piece = self.bytes(at, BLOCK_BYTES)?;
            let is_last = piece.len() < BLOCK_BYTES;
            let from = if at == 0 { 0 } else { BEFORE };
            let to = if is_last { piece.len() } else { BLOCK_BYTES - OVERLAP + BEFORE };
            let mut trailers = Vec::new();
            for inside in from..to {
                let rest = &piece[inside..];
                if rest.starts_with(b"obj")
                    && let Some((number, begin)) = numbered(&piece[..inside])
                {
                    scan.places.insert(number, at + begin as u64);
                } else if rest.starts_with(b"trailer") {
                    trailers.push(at + inside as u64 + 7);
                }
            }
            for trailer in trailers {
                match self.read(trailer, "its trailer", value) {
                    Ok((found, _)) if found.get(b"Root").is_some() => scan.trailer = Some(found),
                    Ok(_) | Err(PdfFault::Damaged(_)) => {}
                    Err(other) => return Err(other),
                }
            }
            if scan.places.len() > OBJECTS_LIMIT {
                return Err(PdfFault::NotDecoded("it was not checked, as it has too many objects".into()));
            }
            if is_last {
                return Ok(scan);
            }
            at += (BLOCK_BYTES - OVERLAP) as u64;
        }
    }
}

/// The number of an object, and where it begins, if the text before `obj` ends with two numbers.
fn numbered(before: &[u8]) -> Option<(u32, usize)> {
    let (_, rest) = last_number(before)?;
    let (number, rest) = last_number(rest)?;
    Some((u32::try_from(number).ok()?, rest.len()))
}

/// The number before spaces at the end of a text, and the text before it.
fn last_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let spaces = text.iter().rev().take_while(|byte| is_space(**byte)).count();
    let text = &text[..text.len() - spaces];
    let length = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, number) = text.split_at(text.len() - length);
    digits(number).filter(|_| spaces > 0).map(|number| (number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_by_its_two_numbers() {
        assert_eq!(numbered(b"endobj\n12 0 "), Some((12, 7)));
        assert_eq!(numbered(b"3\r\n0\t"), Some((3, 0)));
        for none in ["end", "12 0", "12 ", " 0 ", "a 0 ", "99999999999 0 "] {
            assert_eq!(numbered(none.as_bytes()), None, "{none:?}");
        }
    }
}
