//! An open file, and what identifies its content while it is worked on.

use std::io;

use cap_fs_ext::MetadataExt;
use cap_std::fs::Metadata;

use super::calls::{fstat, refresh};
use super::environment::uninterrupted;
use super::root::file_system_of;
use super::{LibraryFile, mtime_ns};

/// An open file, and its state when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    /// The file, open for reading.
    pub file: LibraryFile,
    pub(super) stamp: FileStamp,
}

/// The properties that must not change while a file is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStamp {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    pub(super) mtime_ns: i64,
    ctime_ns: i64,
    links: u64,
}

impl OpenFile {
    /// Whether the file is still what it was when it was opened.
    pub fn is_unchanged(&self) -> io::Result<bool> {
        refresh(&self.file)?;
        Ok(FileStamp::of(&uninterrupted(|| self.file.metadata())?) == self.stamp)
    }

    /// Whether other names share its content.
    pub fn has_other_names(&self) -> bool {
        self.stamp.links > 1
    }

    /// Whether both are names of one file.
    pub fn is_same_as(&self, other: &OpenFile) -> bool {
        self.identity() == other.identity()
    }

    /// Its device and inode numbers. All names of one file have the same.
    pub fn identity(&self) -> (u64, u64) {
        (self.stamp.device, self.stamp.inode)
    }

    /// The id of its file system; 0 if that has none.
    pub fn file_system(&self) -> io::Result<u64> {
        file_system_of(&self.file)
    }

    /// Whether owner, group and mode of both are the same.
    pub fn has_same_access(&self, other: &OpenFile) -> io::Result<bool> {
        let of = |file: &OpenFile| {
            fstat(&file.file).map(|stat| (stat.st_uid, stat.st_gid, stat.st_mode)).map_err(io::Error::from)
        };
        Ok(of(self)? == of(other)?)
    }

    /// How many names it has.
    pub fn links(&self) -> u64 {
        self.stamp.links
    }

    /// When its content last changed, in nanoseconds since 1970.
    pub fn mtime_ns(&self) -> i64 {
        self.stamp.mtime_ns
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }
}

impl FileStamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        use cap_std::fs::MetadataExt as Unix;
        let (seconds, nanos) = (Unix::ctime(metadata), Unix::ctime_nsec(metadata));
        FileStamp {
            device: MetadataExt::dev(metadata),
            inode: MetadataExt::ino(metadata),
            size: metadata.len(),
            mtime_ns: mtime_ns(metadata),
            ctime_ns: seconds.saturating_mul(1_000_000_000).saturating_add(nanos),
            links: MetadataExt::nlink(metadata),
        }
    }
}
