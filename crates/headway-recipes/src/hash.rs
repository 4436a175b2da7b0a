//! Reading a file once for any number of hashes.

use std::io::Read;

use sha2::{Digest as _, Sha256};

use super::{Attempt, Failure, Settings};
use headway_files::OpenFile;
use headway_model::{FailReason, SkipReason};

/// Large enough that the system calls are free, small enough that a stop is prompt.
const BUFFER: usize = 128 * 1024;

/// The hashes asked for, in lower-case hex, by the names `blake3` and `sha256`.
pub(super) fn hash(input: &mut OpenFile, attempt: &Attempt, wants: impl Fn(&str) -> bool) -> Result<Settings, Failure> {
    let (mut blake3, mut sha256) = (wants("blake3").then(blake3::Hasher::new), wants("sha256").then(Sha256::new));
    let mut buffer = vec![0; BUFFER.min(usize::try_from(input.size()).unwrap_or(BUFFER) + 1)];
    loop {
        if attempt.is_stopped() {
            return Err(Failure::Stopped);
        }
        let count = match input.file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::of(FailReason::Read, "reading", &error)),
        };
        let bytes = &buffer[..count];
        if let Some(hasher) = &mut blake3 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut sha256 {
            hasher.update(bytes);
        }
        attempt.advance(count as u64);
    }
    let unchanged = input.is_unchanged();
    if !unchanged.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
        return Err(Failure::Skipped(SkipReason::Changed));
    }
    let mut hashes = Settings::new();
    if let Some(hasher) = blake3 {
        hashes.insert("blake3".into(), hasher.finalize().to_hex().to_string().into());
    }
    if let Some(hasher) = sha256 {
        let hex: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        hashes.insert("sha256".into(), hex.into());
    }
    Ok(hashes)
}
