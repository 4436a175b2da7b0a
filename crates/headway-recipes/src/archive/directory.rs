//! The directory of an archive: its entries as they are listed at its end. It is read entry by entry, so that its size is no matter.

use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord};

use super::super::Failure;
use super::super::source::Source;

/// Long enough for any record of the directory, so that none is refused for want of room.
const BUFFER: usize = if RECOMMENDED_BUFFER_SIZE > RECORD { RECOMMENDED_BUFFER_SIZE } else { RECORD };

/// The fixed part, and a name, extra fields and a comment of 65,535 bytes each.
const RECORD: usize = FIXED as usize + 3 * 65_535;

/// The fixed part of a record of the directory.
const FIXED: u64 = 46;

/// An archive whose end was found.
pub(super) struct Directory<'a, 'b> {
    pub(super) archive: ZipArchive<&'a Source<'b>>,
    source: &'a Source<'b>,
    buffer: Vec<u8>,
}

/// One entry, as the directory lists it.
pub(super) struct DirectoryRecord {
    /// How many bytes its record in the directory has.
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
    /// Time and date, as DOS packs them.
    pub(super) modified: (u16, u16),
    pub(super) made_by: u16,
    /// Permissions and the like.
    pub(super) external: u32,
    pub(super) extra: Vec<u8>,
    pub(super) comment: Vec<u8>,
}

impl<'a, 'b> Directory<'a, 'b> {
    /// Finds the end of an archive and, by it, its directory.
    pub(super) fn find(source: &'a Source<'b>) -> Result<Self, Failure> {
        let mut buffer = vec![0; BUFFER];
        let located = rawzip::ZipLocator::new().locate_in_reader(source, &mut buffer, source.size());
        let archive = located.map_err(|(_, error)| match error.kind() {
            rawzip::ErrorKind::MissingEndOfCentralDirectory => {
                source.judge("its end is missing: it is no zip archive, or it is cut off")
            }
            _ => source.judge(&format!("its directory cannot be found: {error}")),
        })?;
        Ok(Directory { archive, source, buffer })
    }

    /// How many bytes the directory has, as the archive's end says; `None` if it says that elsewhere, as zip64 does.
    pub(super) fn told_size(&self) -> Option<u64> {
        let mut field = [0; 4];
        let read = rawzip::ReaderAt::read_at(self.source, &mut field, self.archive.eocd_offset() + 12);
        let told = u32::from_le_bytes(field);
        (matches!(read, Ok(4)) && told != u32::MAX).then_some(told.into())
    }

    /// Tells of each entry, in the directory's order, until `look` says to stop by an error.
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
                Err(error) => break Err(self.source.judge(&format!("its directory is damaged: {error}"))),
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
