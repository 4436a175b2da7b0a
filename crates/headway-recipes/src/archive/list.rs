//! Lists the entries of an archive that is to be rewritten: everything that the archive says about each, and where
//! its bytes are. An archive is refused if anything in it would be lost or is ambiguous.

use std::collections::HashSet;
use std::io::{Read, Write};

use rawzip::CompressionMethod;

use super::super::Failure;
use super::super::decoder_faults::unpacking;
use super::super::source::Source;
use super::directory::{Directory, DirectoryRecord};
use super::name::shown;
use super::write::{EntryBody, NewEntry, without_wide};

/// Archives with more entries are not rewritten, because all entries are kept in memory.
const ENTRIES_LIMIT: usize = 100_000;

/// Maximum total size of all names, extra fields and comments, in bytes.
const NAMES_LIMIT: u64 = 64 << 20;

/// Size of the fixed part of an entry's local header.
const HEADER: usize = 30;

/// The entries of an archive, and what else is in its file.
#[derive(Debug)]
pub(crate) struct EntryList {
    /// The entries in the order of their bytes in the file, which most programs also use for the directory.
    pub(crate) entries: Vec<NewEntry>,
    /// The comment of the archive.
    pub(crate) comment: Vec<u8>,
    /// How many bytes of the file come before the archive and after it.
    pub(crate) around: (u64, u64),
}

/// Lists the entries of an archive, in the directory's order.
///
/// # Errors
/// A sentence that says what cannot be rewritten, or what is wrong with the archive.
pub(crate) fn list(source: &Source<'_>) -> Result<EntryList, Failure> {
    let mut directory = Directory::find(source)?;
    let (mut entries, mut names, mut bytes) = (Vec::new(), HashSet::new(), 0);
    let mut first = u64::MAX;
    directory.each(|_, listed| {
        let refuse =
            |what: &str| Err(source.failure(&format!("it cannot be rewritten: {}{what}", shown(&listed.name))));
        bytes += listed.record;
        first = first.min(listed.header_at);
        if entries.len() == ENTRIES_LIMIT || bytes > NAMES_LIMIT {
            let text = format!("it cannot be rewritten: it has more than {ENTRIES_LIMIT} entries, or very long names");
            return Err(source.failure(&text));
        }
        if listed.is_encrypted {
            return refuse(" is encrypted");
        }
        if listed.is_link {
            return refuse(" is a symbolic link");
        }
        if !matches!(listed.method, CompressionMethod::STORE | CompressionMethod::DEFLATE) {
            return refuse(" is compressed by a method that is not supported");
        }
        if !names.insert(listed.name.clone()) {
            return refuse(" is there twice");
        }
        entries.push(entry(source, listed)?);
        Ok(())
    })?;
    let mut comment = Vec::new();
    let read = directory.archive.comment().take(u64::from(u16::MAX)).read_to_end(&mut comment);
    read.map_err(|_| source.failure("its comment cannot be read: it goes beyond the end"))?;
    let behind = source.size().saturating_sub(directory.archive.end_offset());
    let before = if entries.is_empty() { 0 } else { first };
    Ok(EntryList { entries, comment, around: (before, behind) })
}

/// Completes an entry with what its local header says.
fn entry(source: &Source<'_>, listed: DirectoryRecord) -> Result<NewEntry, Failure> {
    let mut header = [0; HEADER];
    source.exact(listed.header_at, &mut header)?;
    let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let (name_length, extra_length) = (length(26), length(28));
    let mut variable = vec![0; name_length + extra_length];
    source.exact(listed.header_at + HEADER as u64, &mut variable)?;
    let (name, own_extra) = variable.split_at(name_length);
    if name != listed.name {
        let text = format!("it cannot be rewritten: {} is {} in its own header", shown(&listed.name), shown(name));
        return Err(source.failure(&text));
    }
    Ok(NewEntry {
        method: listed.method.as_u16(),
        flags: listed.flags,
        modified: listed.modified,
        crc: listed.crc,
        unpacked: listed.unpacked,
        packed: listed.packed,
        made_by: listed.made_by,
        external: listed.external,
        own_extra: without_wide(own_extra),
        extra: without_wide(&listed.extra),
        comment: listed.comment,
        body: EntryBody::At(listed.header_at + (HEADER + variable.len()) as u64),
        name: listed.name,
    })
}

impl NewEntry {
    /// The unpacked content, at most `limit` bytes.
    ///
    /// # Errors
    /// If it is longer, damaged or cannot be read.
    pub(crate) fn content(&self, source: &Source<'_>, limit: usize) -> Result<Vec<u8>, Failure> {
        let too_long = || source.failure(&format!("{} has more than {limit} bytes", shown(&self.name)));
        if self.unpacked > limit as u64 || self.packed > 2 * limit as u64 + 1_024 {
            return Err(too_long());
        }
        let packed = match &self.body {
            EntryBody::Here(bytes) => bytes.clone(),
            EntryBody::At(at) => {
                let mut packed = vec![0; self.packed as usize];
                source.exact(*at, &mut packed)?;
                packed
            }
        };
        let mut content = Vec::new();
        let read = match self.method {
            0 => (&packed[..]).take(limit as u64 + 1).read_to_end(&mut content),
            _ => flate2::read::DeflateDecoder::new(&packed[..]).take(limit as u64 + 1).read_to_end(&mut content),
        };
        read.map_err(|error| source.failure(&unpacking(&shown(&self.name), &error)))?;
        match content.len() {
            size if size > limit => Err(too_long()),
            size if size as u64 != self.unpacked || crc32fast::hash(&content) != self.crc => {
                Err(source.failure(&format!("{} does not match its checksum", shown(&self.name))))
            }
            _ => Ok(content),
        }
    }

    /// The same entry with this content, compressed.
    ///
    /// # Errors
    /// If it cannot be compressed.
    pub(crate) fn with(self, content: &[u8]) -> std::io::Result<NewEntry> {
        let entry = self.stored(content.to_vec());
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content)?;
        let packed = encoder.finish()?;
        Ok(NewEntry { method: 8, packed: packed.len() as u64, body: EntryBody::Here(packed), ..entry })
    }

    /// A new entry with this name.
    pub(crate) fn new(name: &str) -> NewEntry {
        NewEntry {
            name: name.as_bytes().to_vec(),
            method: 0,
            // The name is UTF-8.
            flags: 0x0800,
            // The earliest DOS date, so that the same content always gives the same archive.
            modified: (0, 0x21),
            crc: 0,
            unpacked: 0,
            packed: 0,
            // Unix, version 2.0; a file that everybody can read.
            made_by: 0x0314,
            external: 0o100_644 << 16,
            own_extra: Vec::new(),
            extra: Vec::new(),
            comment: Vec::new(),
            body: EntryBody::Here(Vec::new()),
        }
    }

    /// The same entry with this content, stored without compression.
    pub(crate) fn stored(self, content: Vec<u8>) -> NewEntry {
        let (crc, size) = (crc32fast::hash(&content), content.len() as u64);
        NewEntry { method: 0, crc, unpacked: size, packed: size, body: EntryBody::Here(content), ..self }
    }
}
