//! An open file, and what identifies its content while it is worked on.

use std::io;

use cap_fs_ext::MetadataExt;
use cap_std::fs::Metadata;

use super::calls::{fstat, refresh};
use super::environment::retried;
use super::root::file_system_of;
use super::{LibraryFile, mtime_ns};

/// An open file, and its state when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    /// The file, open for reading.
    pub file: LibraryFile,
    pub(super) stamp: FileStamp,
}

/// The properties that must not change while a file is worked on. Two stamps are never compared as a whole.
#[derive(Debug, Clone, Copy)]
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
        Ok(self.present()?.is_unchanged(&self.stamp))
    }

    /// Whether its content is still what it was when it was opened, as far as size and time tell, whatever its names are now.
    pub fn has_same_content(&self) -> io::Result<bool> {
        Ok(self.present()?.is_same_file(&self.stamp))
    }

    fn present(&self) -> io::Result<FileStamp> {
        refresh(&self.file)?;
        Ok(FileStamp::of(&retried(|| self.file.metadata())?))
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

    /// Whether it is the same file with the same content. The ctime is not compared, because a rename changes it.
    pub(super) fn is_same_file(&self, other: &FileStamp) -> bool {
        let key = |stamp: &FileStamp| (stamp.device, stamp.inode, stamp.size, stamp.mtime_ns);
        key(self) == key(other)
    }

    /// Whether nothing has changed the file between the two. The ctime also shows a change whose time was set back. Of a file with
    /// several names it shows nothing: whoever renames, adds or removes one of the others changes it too.
    pub(super) fn is_unchanged(&self, other: &FileStamp) -> bool {
        let has_other_names = self.links > 1 || other.links > 1;
        self.is_same_file(other) && (has_other_names || self.ctime_ns == other.ctime_ns)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, Permissions, hard_link, remove_file, rename, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use crate::Library;
    use headway_model::RelPath;

    /// Makes `happens` happen to an open file, which has another name or none. Returns whether it counts as unchanged, and whether it
    /// is still at its path.
    fn after(has_other: bool, happens: impl Fn(&Path, &Path)) -> (bool, bool) {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let path: RelPath = "file".parse().expect("a path");
        let [file, other] = ["file", "other"].map(|name| folder.path().join(name));
        write(&file, "").expect("a file");
        if has_other {
            hard_link(&file, &other).expect("another name");
        }
        write(&file, "content").expect("a file");
        let opened = library.open_plain(&path).known().expect("a look").expect("a file");
        // What happens now has a later time: the clock of files goes in steps.
        let written = |path: &Path| path.metadata().and_then(|found| found.modified()).expect("a time");
        let clock = folder.path().join("clock");
        loop {
            write(&clock, "x").expect("a file");
            if written(&clock) > written(&file) {
                break;
            }
        }
        happens(&file, &other);
        let is_still = library.is_still(&path, &opened).expect("a look");
        (opened.is_unchanged().expect("a look"), is_still)
    }

    #[test]
    fn a_file_is_unchanged_whatever_becomes_of_its_other_names() {
        let removed = |_: &Path, other: &Path| remove_file(other).expect("a removal");
        let replaced = |_: &Path, other: &Path| {
            let new = other.with_extension("new");
            write(&new, "another").and_then(|()| rename(&new, other)).expect("another file");
        };
        let renamed = |_: &Path, other: &Path| rename(other, other.with_extension("new")).expect("another name");
        assert_eq!(after(true, removed), (true, true));
        assert_eq!(after(true, replaced), (true, true));
        assert_eq!(after(true, renamed), (true, true));
        let added = |file: &Path, other: &Path| hard_link(file, other).expect("another name");
        assert_eq!(after(false, added), (true, true));
        for has_other in [true, false] {
            let written = |file: &Path, _: &Path| write(file, "content!").expect("more");
            assert_eq!(after(has_other, written), (false, false));
            let gone = |file: &Path, _: &Path| remove_file(file).expect("a removal");
            assert!(!after(has_other, gone).1, "it is not at its path");
        }
    }

    #[test]
    fn a_change_whose_time_was_set_back_is_seen() {
        let set_back = |file: &Path, _: &Path| {
            let time = file.metadata().and_then(|found| found.modified()).expect("a time");
            write(file, "CONTENT").expect("a file");
            let opened = File::options().write(true).open(file).expect("a file");
            opened.set_modified(time).expect("a time");
        };
        assert_eq!(after(false, set_back), (false, false));
        let access = |file: &Path, _: &Path| set_permissions(file, Permissions::from_mode(0o600)).expect("a mode");
        assert_eq!(after(false, access), (false, false));
    }
}
