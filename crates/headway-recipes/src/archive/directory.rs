//! The central directory of an archive: the list of entries at its end. It is read entry by entry, so its size does
//! not matter.

use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord};

use super::super::Failure;
use super::super::source::Source;

/// Long enough for any record of the directory, so that none is refused for lack of space.
const BUFFER_BYTES: usize = if RECOMMENDED_BUFFER_SIZE > RECORD { RECOMMENDED_BUFFER_SIZE } else { RECORD };

/// Maximum size of a record: the fixed part, and a name, extra fields and a comment of up to 65,535 bytes each.
const RECORD: usize = FIXED as usize + 3 * 65_535;

/// Size of the fixed part of a record of the directory.
const FIXED: u64 = 46;

/// An archive whose end was found.
pub(super) struct Directory<'a, 'b> {
    pub(super) archive: ZipArchive<&'a Source<'b>>,
    source: &'a Source<'b>,
    buffer: Vec<u8>,
}

/// One entry, as the directory lists it.
pub(super) struct DirectoryRecord {
    /// Size of its record in the directory, in bytes.
    pub(super) record: u64,
    pub(super) name: Vec<u8>,
    pub(super) way: ZipArchiveEntryWayfinder,
    pub(super) method: CompressionMethod,
    pub(super) header_at: u64,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    pub(super) crc: u32,
    pub(super) is_encrypted: bool,
    pub(super) is_link: bool,
    pub(super) is_folder: bool,
    pub(super) flags: u16,
    /// Time and date in DOS format.
    pub(super) modified: (u16, u16),
    pub(super) made_by: u16,
    /// External attributes, such as permissions.
    pub(super) external: u32,
    pub(super) extra: Vec<u8>,
    pub(super) comment: Vec<u8>,
}

impl<'a, 'b> Directory<'a, 'b> {
    /// Finds the end record of an archive and, through it, the directory.
    pub(super) fn find(source: &'a Source<'b>) -> Result<Self, Failure> {
        let mut buffer = vec![0; BUFFER_BYTES];
        let located = rawzip::ZipLocator::new().locate_in_reader(source, &mut buffer, source.size());
        let archive = located.map_err(|(_, error)| match error.kind() {
            rawzip::ErrorKind::MissingEndOfCentralDirectory => {
                source.failure("its end is missing: it is not a zip archive, or it is cut off")
            }
            _ => source.failure("its directory cannot be found: the record at its end makes no sense"),
        })?;
        Ok(Directory { archive, source, buffer })
    }

    /// The size of the directory in bytes according to the archive's end record; `None` for zip64, which keeps it
    /// elsewhere.
    pub(super) fn stated_size(&self) -> Option<u64> {
        let mut field = [0; 4];
        let read = rawzip::ReaderAt::read_at(self.source, &mut field, self.archive.eocd_offset() + 12);
        let stated = u32::from_le_bytes(field);
        (matches!(read, Ok(4)) && stated != u32::MAX).then_some(stated.into())
    }

    /// Calls `look` with each entry, in the directory's order, until it returns an error.
    pub(super) fn each(
        &mut self,
        mut look: impl FnMut(&Self, DirectoryRecord) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut entries = self.archive.entries(&mut buffer);
        let ended = loop {
            match entries.next_entry() {
                Ok(Some(entry)) => {
                    if let Err(failure) = look(self, DirectoryRecord::of(&entry)) {
                        break Err(failure);
                    }
                }
                Ok(None) => break Ok(()),
                Err(_) => {
                    break Err(self.source.failure("its directory is damaged: what follows in it is not an entry"));
                }
            }
        };
        self.buffer = buffer;
        ended
    }
}

impl DirectoryRecord {
    fn of(entry: &ZipFileHeaderRecord<'_>) -> Self {
        let variable =
            entry.file_path().len() + entry.extra_fields().remaining_bytes().len() + entry.comment().as_bytes().len();
        DirectoryRecord {
            record: FIXED + variable as u64,
            name: entry.file_path().as_ref().to_vec(),
            way: entry.wayfinder(),
            method: entry.compression_method(),
            header_at: entry.local_header_offset(),
            packed: entry.compressed_size_hint(),
            unpacked: entry.uncompressed_size_hint(),
            crc: entry.crc32(),
            is_encrypted: entry.flags().is_encrypted(),
            is_link: entry.mode().is_symlink(),
            is_folder: entry.is_dir(),
            flags: entry.flags().bits(),
            modified: (entry.last_modified_dos().packed_time(), entry.last_modified_dos().packed_date()),
            made_by: u16::from(entry.version_made_by().creator_system().as_u8()) << 8
                | u16::from(entry.version_made_by().zip_version()),
            external: entry.external_attributes(),
            extra: entry.extra_fields().remaining_bytes().to_vec(),
            comment: entry.comment().as_bytes().to_vec(),
        }
    }
}
