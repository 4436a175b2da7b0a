//! Reads a file at any offset through one buffer, for formats that point from place to place.

use std::io::{self, Read, Seek, SeekFrom};

use crate::source::SourceReader;

/// How much is read at once, in bytes.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// A buffer over a part of a file.
pub(super) struct FileWindow<'a, 'b> {
    reader: SourceReader<'a, 'b>,
    buffer: Vec<u8>,
    /// The offset of the buffer's first byte.
    begin: u64,
}

impl<'a, 'b> FileWindow<'a, 'b> {
    /// A window over what this reader reads.
    pub(super) fn new(reader: SourceReader<'a, 'b>) -> Self {
        FileWindow { reader, buffer: Vec::new(), begin: 0 }
    }

    /// The bytes at this offset: `length` of them, and fewer only at the end of the file.
    ///
    /// # Errors
    /// If the file cannot be read, or the attempt is to end.
    pub(super) fn at(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let skipped = at.checked_sub(self.begin).and_then(|skipped| usize::try_from(skipped).ok());
        let inside = skipped.filter(|skipped| skipped.saturating_add(length) <= self.buffer.len());
        let skipped = match inside {
            Some(skipped) => skipped,
            None => {
                self.fill(at, length)?;
                0
            }
        };
        let end = skipped.saturating_add(length).min(self.buffer.len());
        Ok(&self.buffer[skipped..end])
    }

    fn fill(&mut self, at: u64, length: usize) -> io::Result<()> {
        self.buffer.clear();
        self.begin = at;
        self.reader.seek(SeekFrom::Start(at))?;
        let limit = length.max(BLOCK_BYTES) as u64;
        self.reader.by_ref().take(limit).read_to_end(&mut self.buffer)?;
        Ok(())
    }

    /// Whether all bytes from one offset to another are zero.
    pub(super) fn is_zero(&mut self, mut from: u64, to: u64) -> io::Result<bool> {
        while from < to {
            let part = self.at(from, (to - from).min(BLOCK_BYTES as u64) as usize)?;
            if part.is_empty() {
                break;
            }
            if part.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            from += part.len() as u64;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn any_place_is_read_and_the_end_is_the_end() {
        let bytes: Vec<u8> = (0..200_000u32).map(|number| (number % 251) as u8).collect();
        Bench::new("a").on(&bytes, |source| {
            let mut window = FileWindow::new(source.uncounted());
            for at in [0, 70_000, 65_000, 3, 199_990, 131_072, 200_000, 300_000] {
                let read = window.at(at, 100).expect("bytes");
                let from = (at as usize).min(bytes.len());
                assert_eq!(read, &bytes[from..(from + 100).min(bytes.len())], "{at}");
            }
            assert_eq!(window.at(10, 150_000).expect("bytes"), &bytes[10..150_010]);
        });
    }

    #[test]
    fn only_zeros_are_zero() {
        let bytes = [vec![1; 10], vec![0; 100_000], vec![1]].concat();
        Bench::new("a").on(&bytes, |source| {
            let mut window = FileWindow::new(source.uncounted());
            let zero = [(10, 100_010), (9, 20), (10, 100_011), (50, 50)];
            assert_eq!(zero.map(|(from, to)| window.is_zero(from, to).expect("bytes")), [true, false, false, true]);
        });
    }
}
