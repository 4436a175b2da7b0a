//! Writes zip archives. The content of an entry is copied in its packed form, never recompressed. The format is
//! PKWARE's APPNOTE.TXT.

use std::io::{self, Write};

use super::super::Failure;
use super::super::source::Source;
use crate::buffer::BUFFER_BYTES;
use headway_model::FailReason;

/// The id of the extra field for values that do not fit into 32 bits.
const ZIP64: u16 = 1;

/// A 32-bit field with this value means that the real value is in the zip64 field.
const FULL: u64 = u32::MAX as u64;

/// The flags of an entry that are kept: two about its compression, and that its name is UTF-8.
const FLAGS: u16 = 0x0806;

/// An entry of an archive to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewEntry {
    pub(crate) name: Vec<u8>,
    /// The compression method: 0 stored, 8 deflated.
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// Time and date in DOS format.
    pub(crate) modified: (u16, u16),
    pub(crate) crc: u32,
    pub(crate) unpacked: u64,
    pub(crate) packed: u64,
    pub(crate) made_by: u16,
    /// External attributes, such as permissions.
    pub(crate) external: u32,
    /// Extra fields of its local header.
    pub(crate) own_extra: Vec<u8>,
    /// Extra fields of its record in the directory.
    pub(crate) extra: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    pub(crate) body: EntryBody,
}

/// Where the packed bytes of an entry are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryBody {
    /// In the source, from this offset on.
    At(u64),
    /// In memory.
    Here(Vec<u8>),
}

/// Writes an archive with these entries, in this order. Copied entries are read from `source`.
///
/// # Errors
/// If the source cannot be read, or the archive cannot be written.
pub(crate) fn write(
    source: &Source<'_>,
    entries: &[NewEntry],
    comment: &[u8],
    to: &mut dyn Write,
) -> Result<(), Failure> {
    let wrong = |error: io::Error| Failure::of(FailReason::Write, "writing", &error);
    let mut at = 0;
    let mut directory = Vec::new();
    for entry in entries {
        let header = entry.header();
        to.write_all(&header).map_err(wrong)?;
        match &entry.body {
            EntryBody::Here(bytes) => to.write_all(bytes).map_err(wrong)?,
            EntryBody::At(from) => copy(source, *from, entry.packed, to)?,
        }
        entry.record(at, &mut directory);
        at += header.len() as u64 + entry.packed;
    }
    to.write_all(&directory).map_err(wrong)?;
    to.write_all(&end(entries.len() as u64, directory.len() as u64, at, comment)).map_err(wrong)?;
    to.flush().map_err(wrong)
}

fn copy(source: &Source<'_>, from: u64, size: u64, to: &mut dyn Write) -> Result<(), Failure> {
    let (mut at, end, mut buffer) = (from, from + size, vec![0; BUFFER_BYTES]);
    while at < end {
        let most = (end - at).min(BUFFER_BYTES as u64) as usize;
        match rawzip::ReaderAt::read_at(source, &mut buffer[..most], at) {
            Ok(0) => return Err(source.failure("it ends in the middle of an entry")),
            Ok(count) => {
                to.write_all(&buffer[..count]).map_err(|error| Failure::of(FailReason::Write, "writing", &error))?;
                at += count as u64;
            }
            Err(error) => return Err(source.failure(&format!("it cannot be read: {error}"))),
        }
    }
    Ok(())
}

impl NewEntry {
    /// The version of the format that a reader must support.
    fn needs(&self, at: u64) -> u16 {
        match (self.unpacked >= FULL || self.packed >= FULL || at >= FULL, self.method) {
            (true, _) => 45,
            (false, 0) if !self.name.ends_with(b"/") => 10,
            (false, _) => 20,
        }
    }

    /// The fields that the local header and the directory record share.
    fn shared(&self, needs: u16, to: &mut Vec<u8>) {
        let narrow = |size: u64| size.min(FULL) as u32;
        for field in [needs, self.flags & FLAGS, self.method, self.modified.0, self.modified.1] {
            to.extend(field.to_le_bytes());
        }
        // In a local header, the zip64 field must hold both sizes or none.
        let is_large = self.unpacked >= FULL || self.packed >= FULL;
        let size = |size: u64| if is_large { u32::MAX } else { narrow(size) };
        for field in [self.crc, size(self.packed), size(self.unpacked)] {
            to.extend(field.to_le_bytes());
        }
    }

    fn header(&self) -> Vec<u8> {
        let mut header = b"PK\x03\x04".to_vec();
        self.shared(self.needs(0), &mut header);
        let extra = [self.wide(0), self.own_extra.clone()].concat();
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend((extra.len() as u16).to_le_bytes());
        header.extend(&self.name);
        header.extend(extra);
        header
    }

    /// The record in the directory of an entry that begins at offset `at`.
    fn record(&self, at: u64, to: &mut Vec<u8>) {
        to.extend(b"PK\x01\x02");
        to.extend(self.made_by.to_le_bytes());
        self.shared(self.needs(at), to);
        let extra = [self.wide(at), self.extra.clone()].concat();
        for length in [self.name.len(), extra.len(), self.comment.len()] {
            to.extend((length as u16).to_le_bytes());
        }
        // The first disk, and no internal attributes.
        to.extend([0; 4]);
        to.extend(self.external.to_le_bytes());
        to.extend((at.min(FULL) as u32).to_le_bytes());
        to.extend(&self.name);
        to.extend(extra);
        to.extend(&self.comment);
    }

    /// The content of the zip64 field: the values that do not fit into 32 bits.
    fn wide(&self, at: u64) -> Vec<u8> {
        let mut values = Vec::new();
        if self.unpacked >= FULL || self.packed >= FULL {
            values.extend([self.unpacked, self.packed]);
        }
        values.extend((at >= FULL).then_some(at));
        if values.is_empty() {
            return Vec::new();
        }
        let mut field = ZIP64.to_le_bytes().to_vec();
        field.extend((values.len() as u16 * 8).to_le_bytes());
        values.iter().for_each(|value| field.extend(value.to_le_bytes()));
        field
    }
}

/// The end record of an archive with this many entries, whose directory has this size and begins at offset `at`.
fn end(count: u64, size: u64, at: u64, comment: &[u8]) -> Vec<u8> {
    let mut end = Vec::new();
    let is_wide = count >= u64::from(u16::MAX) || size >= FULL || at >= FULL;
    if is_wide {
        end.extend(b"PK\x06\x06");
        end.extend(44_u64.to_le_bytes());
        end.extend([45, 0, 45, 0]);
        end.extend([0; 8]);
        for field in [count, count, size, at] {
            end.extend(field.to_le_bytes());
        }
        end.extend(b"PK\x06\x07");
        end.extend([0; 4]);
        end.extend((at + size).to_le_bytes());
        end.extend(1_u32.to_le_bytes());
    }
    end.extend(b"PK\x05\x06");
    end.extend([0; 4]);
    let few = count.min(u64::from(u16::MAX)) as u16;
    end.extend(few.to_le_bytes());
    end.extend(few.to_le_bytes());
    end.extend((size.min(FULL) as u32).to_le_bytes());
    end.extend((at.min(FULL) as u32).to_le_bytes());
    end.extend((comment.len() as u16).to_le_bytes());
    end.extend(comment);
    end
}

/// Extra fields without the zip64 field, which is written again where it is needed, and without any that do not parse.
pub(crate) fn without_wide(mut extra: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    while let [a, b, c, d, ..] = *extra {
        let length = 4 + usize::from(u16::from_le_bytes([c, d]));
        let Some((field, rest)) = extra.split_at_checked(length) else { break };
        if u16::from_le_bytes([a, b]) != ZIP64 {
            kept.extend(field);
        }
        extra = rest;
    }
    kept
}
