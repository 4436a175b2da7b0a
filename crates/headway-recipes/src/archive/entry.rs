//! Reads the content of one entry to its end, and compares it with the directory.

use std::io::{BufReader, Read};

use rawzip::CompressionMethod;

use super::super::Failure;
use super::super::decoder_faults::unpacking;
use super::super::source::Source;
use super::directory::{Directory, DirectoryRecord};
use super::name::shown;
use crate::buffer::BUFFER_BYTES;
use headway_model::text;

/// The result of testing an entry.
pub(super) enum EntryOutcome {
    /// It matches the directory.
    Whole,
    /// It cannot be checked, for this reason.
    Unchecked(String),
    /// It does not match the directory, or is damaged.
    Faulty(String),
}

/// How many more bytes of the whole archive are allowed to be unpacked. Exceeding it ends the test.
pub(super) struct UnpackBudget<'a> {
    pub(super) unpacked: u64,
    pub(super) is_spent: &'a dyn Fn(u64) -> Option<String>,
}

/// Reads an entry.
pub(super) fn read(
    source: &Source<'_>,
    directory: &Directory<'_, '_>,
    entry: &DirectoryRecord,
    budget: &mut UnpackBudget<'_>,
) -> Result<EntryOutcome, Failure> {
    let fault = |what: &str| Ok(EntryOutcome::Faulty(format!("{} {what}", shown(&entry.name))));
    if entry.is_encrypted {
        return Ok(EntryOutcome::Unchecked("encrypted".into()));
    }
    let packed = match directory.archive.get_entry(entry.way) {
        Ok(found) => BufReader::with_capacity(BUFFER_BYTES, found.reader()),
        Err(_) => {
            source.confirm(())?;
            return fault("is not where the directory says");
        }
    };
    let (read, left) = match entry.method {
        CompressionMethod::STORE => unpack(packed, source, budget, |_| 0)?,
        CompressionMethod::DEFLATE => {
            let decoder = flate2::bufread::DeflateDecoder::new(packed);
            unpack(decoder, source, budget, |decoder| entry.packed.saturating_sub(decoder.total_in()))?
        }
        method => return Ok(EntryOutcome::Unchecked(method_name(method))),
    };
    match read {
        Err(error) => Ok(EntryOutcome::Faulty(unpacking(&shown(&entry.name), &error))),
        Ok((size, _)) if size != entry.unpacked => {
            let size = text::counted(size, ',', "byte", "bytes");
            fault(&format!("unpacks to {size}, and the directory says {}", text::grouped(entry.unpacked, ',')))
        }
        Ok((_, crc)) if crc != entry.crc => fault("does not match its checksum"),
        Ok(_) if left > 0 => fault(&format!("has {} after its end", text::counted(left, ',', "byte", "bytes"))),
        Ok(_) => Ok(EntryOutcome::Whole),
    }
}

type Unpacked = Result<(u64, u32), std::io::Error>;

/// Reads to the end. Returns the size and checksum of what was read, and how many packed bytes were left over.
fn unpack<R: Read>(
    mut decoder: R,
    source: &Source<'_>,
    budget: &mut UnpackBudget<'_>,
    left: impl Fn(&R) -> u64,
) -> Result<(Unpacked, u64), Failure> {
    let (mut buffer, mut crc, mut size) = (vec![0; BUFFER_BYTES], crc32fast::Hasher::new(), 0);
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                crc.update(&buffer[..count]);
                size += count as u64;
                budget.unpacked += count as u64;
                if let Some(why) = (budget.is_spent)(budget.unpacked) {
                    return Err(source.failure(&why));
                }
                if source.attempt().is_stopped() {
                    return Err(Failure::Stopped);
                }
            }
            Err(error) => {
                // If the file cannot be read, nothing is known to be damaged.
                source.confirm(())?;
                return Ok((Err(error), 0));
            }
        }
    }
    let left = left(&decoder);
    Ok((Ok((size, crc.finalize())), left))
}

/// The common name of a compression method.
fn method_name(method: CompressionMethod) -> String {
    match method.name() {
        Some(name) => name.to_ascii_lowercase().replace('_', " "),
        None => format!("method {}", method.as_u16()),
    }
}
