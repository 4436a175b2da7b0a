//! Variants of TIFF that are not decoded. The decoder does not notice them, so that it would take a sound file for a damaged one.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::source::Source;

/// The tags of fields (TIFF 6.0, section 8).
const COMPRESSION: u16 = 259;
const FILL_ORDER: u16 = 266;

/// Compressions for which the order of bits does not matter: those of JPEG.
const JPEG: [u16; 2] = [6, 7];

/// Whether the decoder reads this variant: the first page has its bits from the highest to the lowest, and offsets have 32 bits.
pub(crate) fn is_decoded(source: &Source<'_>) -> bool {
    // What cannot be read here, the decoder cannot read either, and it says why.
    read(&mut BufReader::new(source.uncounted())).unwrap_or(true)
}

fn read(reader: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut head = [0; 8];
    reader.read_exact(&mut head)?;
    let [order, _, version @ .., a, b, c, d] = head;
    let is_little = order == b'I';
    let short = |bytes: [u8; 2]| if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) };
    // The version of BigTIFF is 43.
    if short(version) != 42 {
        return Ok(false);
    }
    let first = if is_little { u32::from_le_bytes([a, b, c, d]) } else { u32::from_be_bytes([a, b, c, d]) };
    reader.seek(SeekFrom::Start(first.into()))?;
    let mut count = [0; 2];
    reader.read_exact(&mut count)?;
    let (mut compression, mut fill_order) = (1, 1);
    for _ in 0..short(count) {
        let mut field = [0; 12];
        reader.read_exact(&mut field)?;
        let [a, b, _, _, _, _, _, _, c, d, _, _] = field;
        match short([a, b]) {
            COMPRESSION => compression = short([c, d]),
            FILL_ORDER => fill_order = short([c, d]),
            _ => {}
        }
    }
    Ok(fill_order != 2 || JPEG.contains(&compression))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::Bench;

    /// A TIFF file of eight white pixels, with this compression and this order of bits.
    pub(crate) fn bilevel(compression: u16, fill_order: u16) -> Vec<u8> {
        let short = |tag: u16, value: u16| [tag, 3, 1, 0, value, 0];
        let fields: [[u16; 6]; 10] = [
            short(256, 8),
            short(257, 1),
            short(258, 1),
            short(COMPRESSION, compression),
            short(262, 1),
            short(FILL_ORDER, fill_order),
            short(273, 134),
            short(277, 1),
            short(278, 1),
            short(279, 1),
        ];
        let words = [10].into_iter().chain(fields.into_iter().flatten()).chain([0, 0]);
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend(words.flat_map(u16::to_le_bytes));
        bytes.push(0xff);
        bytes
    }

    fn decodes(bytes: &[u8]) -> bool {
        Bench::new("a.tif").on(bytes, is_decoded)
    }

    #[test]
    fn reversed_bits_and_wide_offsets_are_told_apart_from_what_is_decoded() {
        assert!(decodes(&bilevel(1, 1)) && decodes(&bilevel(4, 1)) && decodes(&bilevel(7, 2)));
        assert!(!decodes(&bilevel(1, 2)) && !decodes(&bilevel(4, 2)));
        assert!(!decodes(b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0") && !decodes(b"MM\0+\0\x08\0\0"));
        assert!(decodes(&bilevel(4, 2)[..40]), "the decoder says that it is cut off");
    }
}
