//! Unpacks gzip and Zstandard files as streams that end without an error only if the file is whole.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::Failure;
use super::decoder_faults::unpacking;
use super::kind::FileKind;
use super::source::Source;
use crate::buffer::BUFFER_BYTES;

/// Unpacks a file to its end, and passes the content to `take`.
///
/// # Errors
/// A sentence that says what is wrong with the file: damage, a missing end, bytes after its end, more than `most`
/// bytes of content, or a window of more than `window` MiB.
pub(crate) fn unpack(
    source: &Source<'_>,
    kind: FileKind,
    (most, window): (u64, u32),
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let packed = BufReader::with_capacity(BUFFER_BYTES, source.reader());
    let wrong = |error: &io::Error| source.failure(&sentence(error, window));
    let mut content: Box<dyn Read + '_> = match kind {
        FileKind::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|error| wrong(&error))?;
            decoder.window_log_max(20 + window.max(1).ilog2()).map_err(|error| wrong(&error))?;
            Box::new(decoder)
        }
        _ => Box::new(Gunzip(Some(GzDecoder::new(packed)))),
    };
    let (mut buffer, mut size) = (vec![0; BUFFER_BYTES], 0);
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(count) => {
                size += count as u64;
                if size > most {
                    return Err(
                        source.failure(&format!("it unpacks to more than {} GiB, the limit that was set", most >> 30))
                    );
                }
                if source.attempt().is_stopped() {
                    return Err(Failure::Stopped);
                }
                take(&buffer[..count])?;
            }
            Err(error) => return Err(wrong(&error)),
        }
    }
}

/// Whether the first frame of a Zstandard file names a dictionary (RFC 8878, section 3.1.1.1). Without it, nothing is known of
/// the file.
pub(crate) fn needs_dictionary(source: &Source<'_>) -> Result<bool, Failure> {
    let head = source.head(10)?;
    let [_, _, _, _, descriptor, rest @ ..] = head.as_slice() else { return Ok(false) };
    let has_window = descriptor & 0x20 == 0;
    let rest = if has_window { rest.get(1..).unwrap_or_default() } else { rest };
    let length = [0, 1, 2, 4][usize::from(descriptor & 3)];
    Ok(rest.iter().take(length).any(|byte| *byte != 0))
}

/// A decoder's error, as a sentence for people.
fn sentence(error: &io::Error, window: u32) -> String {
    if error.to_string().contains("Dictionary mismatch") {
        return "it needs a dictionary to be unpacked, which is not a part of it".into();
    }
    if error.to_string().contains("too much memory") {
        return format!("it needs a window of more than {window} MiB to be unpacked, the limit that was set");
    }
    match error.get_ref().is_some_and(|inner| inner.is::<BytesBehind>()) {
        true => BytesBehind.to_string(),
        false => unpacking("it", error),
    }
}

/// Reads all members of a gzip file. Zeros after the last one are allowed, as on tapes; anything else is an error.
struct Gunzip<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.0 else { return Ok(0) };
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut rest) = self.0.take().map(GzDecoder::into_inner) else { return Ok(0) };
            match rest.fill_buf()?.first() {
                None => return Ok(0),
                Some(0) => return zeros(rest),
                Some(0x1f) => self.0 = Some(GzDecoder::new(rest)),
                Some(_) => return Err(behind()),
            }
        }
    }
}

/// Checks that only zeros follow, to the end.
fn zeros(mut rest: impl BufRead) -> io::Result<usize> {
    loop {
        let part = rest.fill_buf()?;
        if part.is_empty() {
            return Ok(0);
        }
        if part.iter().any(|byte| *byte != 0) {
            return Err(behind());
        }
        let count = part.len();
        rest.consume(count);
    }
}

/// The last member is followed by something other than zeros.
#[derive(Debug, thiserror::Error)]
#[error("it is damaged: there are bytes after its end")]
struct BytesBehind;

fn behind() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, BytesBehind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn a_file_that_needs_a_dictionary_is_not_called_damaged() {
        for (descriptor, rest, needs) in [
            (0x20, vec![0, 1, 0, 0], false),
            (0x21, vec![5, 0, 1, 0, 0], true),
            (0x01, vec![0x40, 5, 1, 0, 0], true),
            (0x01, vec![0x40, 0, 1, 0, 0], false),
            (0x02, vec![0x40, 0, 5, 1, 0, 0], true),
            (0x03, vec![0x40, 0, 0, 0, 5, 1, 0, 0], true),
        ] {
            let bytes = [vec![0x28, 0xb5, 0x2f, 0xfd, descriptor], rest].concat();
            let bench = Bench::new("a.zst");
            assert_eq!(bench.on(&bytes, needs_dictionary).expect("a file"), needs, "{bytes:x?}");
            let unpacked = bench.on(&bytes, |source| unpack(source, FileKind::Zstd, (1 << 30, 64), |_| Ok(())));
            let says = format!("{unpacked:?}");
            assert_eq!(says.contains("it needs a dictionary"), needs, "{bytes:x?}: {says}");
        }
    }
}
