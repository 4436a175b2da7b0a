//! Checks every chunk of a PNG file against its checksum.

use std::io::{self, BufReader, Read, Write};

use flate2::write::ZlibDecoder;

use crate::Failure;
use crate::decoder_faults::CUT_OFF;
use crate::source::Source;
use headway_model::text;

const SIGNATURE: u64 = 8;

/// The longest chunk that the format allows.
const CHUNK_LIMIT_BYTES: u32 = i32::MAX as u32;

/// Reads every chunk, and unpacks the pixels to check their own checksum, using at most this many bytes of memory.
/// Returns a note if there are bytes after the last chunk.
pub(super) fn scan(source: &Source<'_>, memory: u64) -> Result<Option<String>, Failure> {
    let mut reader = BufReader::with_capacity(64 * 1024, source.reader());
    let (mut at, mut pixels) = (SIGNATURE, ZlibDecoder::new(ByteLimit(memory)));
    let damaged = |_| source.failure("it is damaged: its pixels cannot be unpacked, or do not match their checksum");
    let read = |reader: &mut dyn Read, into: &mut [u8]| reader.read_exact(into).map_err(|_| source.failure(CUT_OFF));
    read(&mut reader, &mut [0; SIGNATURE as usize])?;
    loop {
        let mut head = [0; 8];
        read(&mut reader, &mut head)?;
        let [a, b, c, d, name @ ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]);
        let shown = name.escape_ascii().to_string();
        if length > CHUNK_LIMIT_BYTES || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(source.failure(&format!("it is damaged at byte {at}: no chunk begins there")));
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&name);
        let (mut left, mut buffer) = (length as usize, [0; 8 * 1024]);
        while left > 0 {
            let part = &mut buffer[..left.min(8 * 1024)];
            read(&mut reader, part)?;
            crc.update(part);
            if &name == b"IDAT" {
                pixels.write_all(part).map_err(damaged)?;
            }
            left -= part.len();
        }
        let mut told = [0; 4];
        read(&mut reader, &mut told)?;
        if u32::from_be_bytes(told) != crc.finalize() {
            return Err(
                source.failure(&format!("it is damaged: its chunk {shown} at byte {at} does not match its checksum"))
            );
        }
        at += 12 + u64::from(length);
        if &name == b"IEND" {
            pixels.finish().map_err(damaged)?;
            let behind = source.size().saturating_sub(at);
            return Ok((behind > 0).then(|| text::counted(behind, ',', "byte follows its end", "bytes follow its end")));
        }
    }
}

/// A writer that discards up to this many bytes, then fails.
struct ByteLimit(u64);

impl Write for ByteLimit {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(bytes.len() as u64);
        self.0 = left.ok_or_else(|| io::Error::other("more than its limit"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
