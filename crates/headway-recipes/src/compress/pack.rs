//! Packs a file, and proves that the result unpacks to the original.

use std::io::{BufReader, Read, Seek, SeekFrom, Write};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::{CompressAction, CompressSettings, writing};
use crate::Failure;
use crate::buffer::BUFFER_BYTES;
use crate::source::Source;
use headway_files::LibraryFile;
use headway_model::FailReason;

/// Packs a file. Returns the sizes of the original and of the packed file, in bytes.
pub(super) fn pack(source: &Source<'_>, file: LibraryFile, wanted: &CompressSettings) -> Result<(u64, u64), Failure> {
    let (mut file, original) = match wanted.action {
        CompressAction::Gzip => {
            let mut encoder = GzEncoder::new(file, flate2::Compression::new(wanted.gzip_level));
            let original = copy(source, &mut encoder)?;
            (encoder.finish().map_err(|error| writing(&error))?, original)
        }
        CompressAction::Zstd | CompressAction::Unpack => {
            let mut encoder = zstd::stream::write::Encoder::new(file, wanted.level).map_err(|error| writing(&error))?;
            encoder.include_checksum(true).map_err(|error| writing(&error))?;
            let original = copy(source, &mut encoder)?;
            (encoder.finish().map_err(|error| writing(&error))?, original)
        }
    };
    let packed = file.seek(SeekFrom::End(0)).and_then(|size| file.rewind().map(|()| size));
    let packed = packed.map_err(|error| writing(&error))?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let unpacked = match wanted.action {
        CompressAction::Gzip => hash(source, &mut GzDecoder::new(reader)),
        CompressAction::Zstd | CompressAction::Unpack => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(reader).map_err(|error| writing(&error))?;
            hash(source, &mut decoder)
        }
    };
    match unpacked? {
        unpacked if unpacked == original => Ok((original.0, packed)),
        _ => Err(Failure::Failed(FailReason::Verify, "what was written does not unpack to the original".into())),
    }
}

type OriginalSum = (u64, blake3::Hash);

/// Passes the original to an encoder; returns its size and hash.
fn copy(source: &Source<'_>, encoder: &mut dyn Write) -> Result<OriginalSum, Failure> {
    let (mut reader, mut hasher, mut size, mut buffer) =
        (source.reader(), blake3::Hasher::new(), 0, vec![0; BUFFER_BYTES]);
    loop {
        let count = reader.read(&mut buffer).map_err(|_| source.failure("it cannot be read"))?;
        if count == 0 {
            return Ok((size, hasher.finalize()));
        }
        size += count as u64;
        hasher.update(&buffer[..count]);
        encoder.write_all(&buffer[..count]).map_err(|error| writing(&error))?;
    }
}

/// The size and hash of a decoder's output.
fn hash(source: &Source<'_>, decoder: &mut dyn Read) -> Result<OriginalSum, Failure> {
    let (mut hasher, mut size, mut buffer) = (blake3::Hasher::new(), 0, vec![0; BUFFER_BYTES]);
    loop {
        let count =
            decoder.read(&mut buffer).map_err(|error| Failure::of(FailReason::Verify, "unpacking it again", &error))?;
        if count == 0 {
            return Ok((size, hasher.finalize()));
        }
        if source.attempt().is_stopped() {
            return Err(Failure::Stopped);
        }
        size += count as u64;
        hasher.update(&buffer[..count]);
    }
}
