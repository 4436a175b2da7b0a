//! Variants of JPEG that are not decoded. The decoder passes over the head of such a picture, and then takes the file for a damaged one.

use std::io::{self, BufReader, Read};

use crate::source::Source;

/// Whether the decoder reads this variant: sequential or progressive, with Huffman coding and 8 bits.
pub(crate) fn is_decoded(source: &Source<'_>) -> bool {
    // What cannot be read here, the decoder cannot read either, and it says why.
    read(&mut BufReader::new(source.uncounted())).unwrap_or(true)
}

/// Goes from segment to segment, up to the one that says how the picture is coded (ITU-T T.81, annex B).
fn read(reader: &mut impl Read) -> io::Result<bool> {
    let mut byte = || {
        let mut byte = [0];
        reader.read_exact(&mut byte).map(|()| byte[0])
    };
    let _start = [byte()?, byte()?];
    loop {
        if byte()? != 0xff {
            return Ok(true);
        }
        let mut marker = byte()?;
        while marker == 0xff {
            marker = byte()?;
        }
        match marker {
            0x01 | 0xd0..=0xd7 => {}
            0xd8..=0xda => return Ok(true),
            _ => {
                let length = u16::from_be_bytes([byte()?, byte()?]);
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    return Ok(marker <= 0xc2 && byte()? != 12);
                }
                for _ in 2..length {
                    byte()?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn the_coding_and_the_bits_of_a_jpeg_decide_whether_it_is_decoded() {
        let coded = |marker: u8, bits: u8| {
            let head = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xc9, 0xff, 0xff, marker, 0, 11, bits];
            Bench::new("a.jpg").on(&head, is_decoded)
        };
        for (marker, bits, decodes) in [
            (0xc0, 8, true),
            (0xc1, 8, true),
            (0xc2, 8, true),
            (0xc1, 12, false),
            (0xc2, 12, false),
            (0xc3, 8, false),
            (0xc5, 8, false),
            (0xc9, 8, false),
            (0xca, 8, false),
            (0xcf, 8, false),
            // Tables, and the end.
            (0xc4, 12, true),
            (0xcc, 12, true),
            (0xd9, 12, true),
        ] {
            assert_eq!(coded(marker, bits), decodes, "{marker:x} {bits}");
        }
    }
}
