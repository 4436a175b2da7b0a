//! Compares two files byte by byte.

use crate::buffer::BUFFER_BYTES;
use crate::{Attempt, Failure};
use headway_files::OpenFile;
use headway_model::FailReason;

/// Whether two files have the same content, byte by byte.
pub(super) fn is_same(one: &OpenFile, other: &OpenFile, attempt: &Attempt) -> Result<bool, Failure> {
    let reading = |error| Failure::of(FailReason::Read, "comparing", &error);
    if one.size() != other.size() {
        return Ok(false);
    }
    let (one, other, size) = (&one.file, &other.file, one.size());
    let (mut left, mut right, mut at) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES], 0);
    while at < size {
        if attempt.is_stopped() {
            return Err(Failure::Stopped);
        }
        let most = (size - at).min(BUFFER_BYTES as u64) as usize;
        let read = one.read_exact_at(&mut left[..most], at).and_then(|()| other.read_exact_at(&mut right[..most], at));
        match read {
            // One of the files was truncated in the meantime.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read.map_err(reading)?,
        }
        if left[..most] != right[..most] {
            return Ok(false);
        }
        attempt.advance(most as u64);
        at += most as u64;
    }
    Ok(true)
}
