//! Rewrites an archive. The new file takes the old one's place only after it was read back from the disk and
//! compared.

use std::io::BufWriter;

use super::super::source::Source;
use super::super::{Attempt, Failure};
use super::list::list;
use super::name::shown;
use super::test::{UnpackLimits, test};
use super::write::{EntryBody, NewEntry, write};
use crate::buffer::BUFFER_BYTES;
use headway_files::{Library, OpenFile};
use headway_model::FailReason;

/// Writes an archive with these entries as the attempt's output, and reads it back: each entry must match its
/// checksum, and its packed bytes must be unchanged. Returns the size in bytes.
///
/// # Errors
/// If a check fails, or a file cannot be read or written.
pub(crate) fn rewrite(
    library: &Library,
    (source, attempt): (&Source<'_>, &Attempt),
    (entries, comment): (&[NewEntry], &[u8]),
    limits: UnpackLimits,
) -> Result<u64, Failure> {
    let staged = attempt.staged()?;
    let file = staged.create().map_err(|error| Failure::of(FailReason::Write, "writing", &error))?;
    let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
    write(source, entries, comment, &mut file)?;
    drop(file);
    let reading = |error| Failure::of(FailReason::Verify, "reading what was written", &error);
    let written = library.open_staged(staged).known().map_err(reading)?;
    let written: OpenFile = written.ok_or_else(|| differs("it is gone"))?;
    let copy = Source::quiet(&written, attempt)?;
    test(&copy, limits).map_err(|failure| match failure {
        Failure::Failed(_, text) => differs(&text),
        other => other,
    })?;
    let listed = list(&copy)?;
    if listed.entries.len() != entries.len() || listed.comment != comment || listed.around != (0, 0) {
        return Err(differs("it has other entries"));
    }
    for (wanted, found) in entries.iter().zip(&listed.entries) {
        let told = |entry: &NewEntry| NewEntry { body: EntryBody::At(0), flags: 0, ..entry.clone() };
        if told(wanted) != told(found) || !same_bytes((source, wanted), (&copy, found))? {
            return Err(differs(&format!("{} is another", shown(&wanted.name))));
        }
    }
    Ok(written.size())
}

fn differs(how: &str) -> Failure {
    Failure::Failed(FailReason::Verify, format!("what was written is not what it should be: {how}"))
}

/// Whether two entries of the same packed size have the same packed bytes.
fn same_bytes(one: (&Source<'_>, &NewEntry), other: (&Source<'_>, &NewEntry)) -> Result<bool, Failure> {
    let (mut left, mut right) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    let mut at = 0;
    while at < one.1.packed {
        let most = (one.1.packed - at).min(BUFFER_BYTES as u64) as usize;
        part(one, at, &mut left[..most])?;
        part(other, at, &mut right[..most])?;
        if left[..most] != right[..most] {
            return Ok(false);
        }
        at += most as u64;
    }
    Ok(true)
}

/// Reads packed bytes of an entry, beginning at an offset.
fn part((source, entry): (&Source<'_>, &NewEntry), at: u64, buffer: &mut [u8]) -> Result<(), Failure> {
    match &entry.body {
        EntryBody::At(from) => source.exact(from + at, buffer),
        EntryBody::Here(bytes) => {
            let from = at as usize;
            buffer.copy_from_slice(&bytes[from..from + buffer.len()]);
            Ok(())
        }
    }
}
