//! Reads the bits of a FLAC stream, the highest first, and keeps the checksums of a frame.

use std::io::{self, Read};

use crate::health::crc::{crc_8, crc_16};
use crate::health::window::BLOCK_BYTES;

/// A reader of bits. Bytes are taken only as they are needed, so that after [`FlacBits::align`] the next byte is the next one of the file.
pub(super) struct FlacBits<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the next byte is in the buffer.
    next: usize,
    /// How many bytes were taken.
    taken: u64,
    /// The last bytes that were taken, of which the lowest `left` bits were not read.
    cache: u64,
    left: u32,
    /// The checksums of what was taken since [`FlacBits::begin_frame`].
    pub(super) crc_8: u8,
    pub(super) crc_16: u16,
}

impl<R: Read> FlacBits<R> {
    /// Reads what the reader has.
    pub(super) fn new(reader: R) -> Self {
        FlacBits { reader, buffer: Vec::new(), next: 0, taken: 0, cache: 0, left: 0, crc_8: 0, crc_16: 0 }
    }

    /// How many bytes were taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// The next byte, which is not taken; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.next == self.buffer.len() {
            self.buffer.resize(BLOCK_BYTES, 0);
            self.next = 0;
            let read = self.reader.read(&mut self.buffer);
            self.buffer.truncate(if let Ok(count) = &read { *count } else { 0 });
            read?;
        }
        Ok(self.buffer.get(self.next).copied())
    }

    /// Begins a frame, whose checksums begin here.
    pub(super) fn begin_frame(&mut self) {
        (self.crc_8, self.crc_16) = (0, 0);
    }

    /// Drops the bits up to the next byte.
    pub(super) fn align(&mut self) {
        self.left = 0;
    }

    /// The next bits as a number: at most 33 of them.
    pub(super) fn number(&mut self, count: u32) -> io::Result<u64> {
        while self.left < count {
            self.take()?;
        }
        self.left -= count;
        Ok((self.cache >> self.left) & ((1 << count) - 1))
    }

    /// The next bits as a number with a sign.
    pub(super) fn signed(&mut self, count: u32) -> io::Result<i64> {
        let number = self.number(count)?;
        Ok(match count {
            0 => 0,
            _ => ((number << (64 - count)) as i64) >> (64 - count),
        })
    }

    /// Whether the next bit is set.
    pub(super) fn flag(&mut self) -> io::Result<bool> {
        Ok(self.number(1)? == 1)
    }

    /// How many zeros there are before the next one, which is read as well.
    pub(super) fn zeros(&mut self) -> io::Result<u64> {
        let mut zeros = 0;
        loop {
            if self.left == 0 {
                self.take()?;
            }
            let run = (self.cache << (64 - self.left)).leading_zeros().min(self.left);
            zeros += u64::from(run);
            self.left -= run;
            if self.left > 0 {
                self.left -= 1;
                return Ok(zeros);
            }
        }
    }

    fn take(&mut self) -> io::Result<()> {
        let byte = self.peek()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.next += 1;
        self.taken += 1;
        self.cache = (self.cache << 8) | u64::from(byte);
        self.left += 8;
        self.crc_8 = crc_8(self.crc_8, byte);
        self.crc_16 = crc_16(self.crc_16, byte);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_from_the_highest_and_across_bytes() {
        let mut bits = FlacBits::new(&[0b1010_0000, 0, 0b0000_0001, 0xff, 0x80, 0x7f, 0xff][..]);
        assert_eq!((bits.number(3).expect("bits"), bits.zeros().expect("bits")), (0b101, 20));
        assert_eq!((bits.signed(4).expect("bits"), bits.signed(0).expect("bits")), (-1, 0));
        bits.align();
        assert_eq!((bits.taken(), bits.peek().expect("a byte")), (4, Some(0x80)));
        assert_eq!(bits.signed(9).expect("bits"), -256);
        assert_eq!(bits.number(16).expect_err("the end").kind(), io::ErrorKind::UnexpectedEof);
    }
}
