//! Unpacks what Flate packed (RFC 1950 and 1951), and undoes the predictors of PNG (ISO 32000-2, section 7.4.4).

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::value::PdfValue;
use crate::health::window::{BLOCK_BYTES, FileWindow};

/// How unpacking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlateEnd {
    /// All was unpacked, and matches its checksum.
    Whole,
    /// All was unpacked, and does not match it.
    WrongChecksum,
    /// The packed bytes end too early.
    CutOff,
    /// They make no sense.
    Senseless,
    /// Whoever takes the content wanted no more.
    Refused,
}

/// Unpacks the bytes in this part of a file, and passes the content to `take`, until that returns `false`.
pub(super) fn unpack(
    window: &mut FileWindow<'_, '_>,
    at: u64,
    length: u64,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> io::Result<FlateEnd> {
    let end = at + length;
    let head = window.at(at, length.min(2) as usize)?;
    let [method, flags] = head else {
        // Some programs write an empty stream as nothing.
        return Ok(if length == 0 { FlateEnd::Whole } else { FlateEnd::CutOff });
    };
    let is_zlib = method & 15 == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) && flags & 0x20 == 0;
    if !is_zlib {
        return Ok(FlateEnd::Senseless);
    }
    // The checksum is computed here, as errors of the decoder do not tell it from other faults.
    let (mut decoder, mut sum, mut output) = (Decompress::new(false), Adler::default(), vec![0; BLOCK_BYTES]);
    let mut next = at + 2;
    loop {
        let input = window.at(next, (end - next).min(BLOCK_BYTES as u64) as usize)?;
        let (taken, made) = (decoder.total_in(), decoder.total_out());
        let status = match decoder.decompress(input, &mut output, FlushDecompress::None) {
            Ok(status) => status,
            Err(error) => {
                tracing::debug!(%error, "a decoder gave up");
                return Ok(FlateEnd::Senseless);
            }
        };
        let (taken, made) = (decoder.total_in() - taken, decoder.total_out() - made);
        next += taken;
        let part = &output[..made as usize];
        sum.add(part);
        if !take(part) {
            return Ok(FlateEnd::Refused);
        }
        match status {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError if taken == 0 && made == 0 => return Ok(FlateEnd::CutOff),
            Status::Ok | Status::BufError => {}
        }
    }
    let told = window.at(next, (end - next).min(4) as usize)?;
    Ok(match told.first_chunk() {
        Some(told) if u32::from_be_bytes(*told) == sum.sum() => FlateEnd::Whole,
        Some(_) => FlateEnd::WrongChecksum,
        None => FlateEnd::CutOff,
    })
}

/// The checksum Adler-32.
struct Adler(u32, u32);

impl Default for Adler {
    fn default() -> Self {
        Adler(1, 0)
    }
}

impl Adler {
    const MODULUS: u32 = 65_521;

    fn add(&mut self, bytes: &[u8]) {
        // So many bytes cannot overflow.
        for part in bytes.chunks(5_552) {
            for byte in part {
                self.0 += u32::from(*byte);
                self.1 += self.0;
            }
            self.0 %= Self::MODULUS;
            self.1 %= Self::MODULUS;
        }
    }

    fn sum(&self) -> u32 {
        (self.1 << 16) | self.0
    }
}

/// Undoes what predictors of PNG did to the content of a stream with these parameters; `None` if they make no sense.
pub(super) fn unpredict(parameters: &PdfValue, content: Vec<u8>) -> Option<Vec<u8>> {
    let parameter = |key: &[u8], default: u64| parameters.get(key).map_or(Some(default), PdfValue::count);
    if parameter(b"Predictor", 1)? < 10 {
        return Some(content);
    }
    let pixel = parameter(b"Colors", 1)?.checked_mul(parameter(b"BitsPerComponent", 8)?)?;
    let width = usize::try_from(parameter(b"Columns", 1)?.checked_mul(pixel)?.div_ceil(8)).ok()?;
    let pixel = usize::try_from(pixel.div_ceil(8)).ok()?;
    if width == 0 || pixel == 0 || width > content.len() {
        return None;
    }
    let (mut plain, mut above) = (Vec::with_capacity(content.len()), vec![0; width]);
    for packed in content.chunks(width + 1) {
        let (kind, row) = packed.split_first()?;
        let mut row = row.to_vec();
        row.resize(width, 0);
        for at in 0..width {
            let of = |row: &[u8]| at.checked_sub(pixel).map_or(0, |left| row[left]);
            let (left, up, corner) = (of(&row), above[at], of(&above));
            let predicted = match kind {
                1 => left,
                2 => up,
                3 => ((u16::from(left) + u16::from(up)) / 2) as u8,
                4 => paeth(left, up, corner),
                _ => 0,
            };
            row[at] = row[at].wrapping_add(predicted);
        }
        plain.extend_from_slice(&row);
        above = row;
    }
    Some(plain)
}

/// Which of the three is nearest to left + up - corner.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |value: u8| (guess - i16::from(value)).abs();
    match (distance(left), distance(up), distance(corner)) {
        (a, b, c) if a <= b && a <= c => left,
        (_, b, c) if b <= c => up,
        _ => corner,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::health::pdf::text::PdfText;
    use crate::health::pdf::value::value;
    use crate::testing::Bench;

    #[test]
    fn every_way_to_damage_packed_bytes_is_told() {
        let content: Vec<u8> = (0..300_000u32).map(|number| (number.wrapping_mul(number) >> 7) as u8).collect();
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&content).expect("bytes");
        let packed = encoder.finish().expect("bytes");
        let unpacked = |bytes: &[u8]| {
            Bench::new("a").on(bytes, |source| {
                let mut made = Vec::new();
                let mut window = FileWindow::new(source.uncounted());
                let mut take = |part: &[u8]| {
                    made.extend_from_slice(part);
                    made.len() < 1_000_000
                };
                let ended = unpack(&mut window, 0, bytes.len() as u64, &mut take).expect("a file");
                (ended, made == content)
            })
        };
        assert_eq!(unpacked(&packed), (FlateEnd::Whole, true));
        assert_eq!(unpacked(&[&packed[..], b"\r\n"].concat()), (FlateEnd::Whole, true));
        assert_eq!(unpacked(&packed[..packed.len() - 1]), (FlateEnd::CutOff, true));
        assert_eq!(unpacked(&packed[..packed.len() / 2]).0, FlateEnd::CutOff);
        assert_eq!(
            unpacked(&[&packed[..packed.len() - 1], &[!packed[packed.len() - 1]]].concat()).0,
            FlateEnd::WrongChecksum
        );
        assert_eq!(unpacked(b"no packed bytes").0, FlateEnd::Senseless);
        assert_eq!(unpacked(b"").0, FlateEnd::Whole);
    }

    #[test]
    fn predictors_are_undone() {
        let text = b"<</Predictor 12/Columns 3>>";
        let parameters = value(&mut PdfText::new(text, true)).expect("a dictionary");
        let packed = [[0, 1, 2, 3], [2, 1, 1, 1], [1, 5, 1, 1], [3, 4, 0, 0], [4, 1, 1, 1]].concat();
        let plain = [[1, 2, 3], [2, 3, 4], [5, 6, 7], [6, 6, 6], [7, 8, 9]].concat();
        assert_eq!(unpredict(&parameters, packed), Some(plain));
        assert_eq!(unpredict(&PdfValue::Null, vec![1, 2]), Some(vec![1, 2]));
    }
}
