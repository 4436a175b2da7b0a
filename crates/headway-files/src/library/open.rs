//! Opens files, or finds out why they cannot be worked on.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::{FollowSymlinks, OpenOptionsExt, OpenOptionsFollowExt};
use cap_std::fs::OpenOptions;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::calls::refresh;
use super::environment::retried;
use super::folder_calls::FolderCalls;
use super::{
    FileStamp, Found, LONGEST_PATH, Library, LibraryFile, OpenFile, environment, io_text, is_storage_error,
    is_too_long, kind, on_disk,
};
use headway_model::library::EntryKind;
use headway_model::{PauseReason, PlannedFile, RelPath, SkipReason};

/// How many bytes are read between two checks whether the file is still wanted.
const READ_AT_ONCE: u64 = 4 * 1024 * 1024;

/// Why a file cannot be worked on.
#[derive(Debug)]
pub enum OpenError {
    /// It is to be skipped, for this reason.
    Skip(SkipReason),
    /// It cannot be read, for this reason.
    Fail(String),
    /// It cannot be read because the storage reports an error.
    Storage(String),
    /// No file can be read now, for this reason.
    Environment(PauseReason),
    /// The same, and this is the error of the call that failed.
    Call(PauseReason, String),
}

impl Library {
    /// Opens a planned file, if it has not changed since the plan.
    pub fn open_file(&self, planned: &PlannedFile) -> Result<OpenFile, OpenError> {
        self.reach().map_err(OpenError::Environment)?;
        if is_too_long(&planned.path) {
            let length = planned.path.to_bytes().len();
            let text = format!(
                "its path has {length} bytes, and at most {LONGEST_PATH} can be opened; nothing below was looked at"
            );
            return Err(OpenError::Fail(text));
        }
        // Look at the folder itself, not only at its name: a link can lead into a trash.
        let parent = planned.path.parent().unwrap_or_default();
        let entered = self.believed(&planned.path, Found::of(self.enter_folder(&parent).map(drop)));
        self.there(&planned.path, entered)?;
        match kind(&self.there(&planned.path, self.look(&planned.path))?) {
            EntryKind::File if !planned.is_unlisted() => {}
            // The plan lists a folder only if it could not look inside.
            EntryKind::Folder if !planned.was_seen() => return Err(self.unlisted(&planned.path)),
            // When the job was planned it was something else, and that was asked for.
            _ if planned.was_seen() || planned.is_unlisted() => return Err(self.changed(&planned.path)),
            EntryKind::Symlink => return Err(OpenError::Skip(SkipReason::Symlink)),
            EntryKind::File | EntryKind::Folder | EntryKind::Other => {
                return Err(OpenError::Skip(SkipReason::NotAFile));
            }
        }
        let opened = self.there(&planned.path, self.open_plain(&planned.path))?;
        self.as_planned(opened, planned, &planned.path)
    }

    /// Opens a planned file that is in a trash, at `at`, and was planned under the path that it had.
    pub fn open_file_at(&self, planned: &PlannedFile, at: &RelPath) -> Result<OpenFile, OpenError> {
        self.reach().map_err(OpenError::Environment)?;
        let opened = self.there(at, self.open_trashed(at))?;
        self.as_planned(opened, planned, at)
    }

    /// The file that was opened at `at`, if it is as it was planned.
    fn as_planned(&self, opened: OpenFile, planned: &PlannedFile, at: &RelPath) -> Result<OpenFile, OpenError> {
        let present = (opened.stamp.size, opened.stamp.mtime_ns);
        match planned.was_seen() && present != (planned.size, planned.mtime_ns) {
            true => Err(self.changed(at)),
            false => Ok(opened),
        }
    }

    /// The verdict that a file changed, unless its disk has just left: then what has the name now is another file.
    pub(super) fn changed(&self, path: &RelPath) -> OpenError {
        let reached = self.reach().map_err(OpenError::Environment);
        match reached.and_then(|()| self.check_on_disk(path).map_err(|error| failed(&error))) {
            Ok(()) => OpenError::Skip(SkipReason::Changed),
            Err(gone) => gone,
        }
    }

    /// Why nothing is done with a folder that the plan could not list.
    fn unlisted(&self, folder: &RelPath) -> OpenError {
        match self.list_to_the_end(folder) {
            Ok(()) => OpenError::Fail(
                "the folder could not be listed when the job was planned; it can be now: once the job is over, a retry lists it".into(),
            ),
            Err(error) => match failed(&error) {
                OpenError::Fail(why) => OpenError::Fail(format!("the folder could not be listed: {why}")),
                OpenError::Storage(why) => OpenError::Storage(format!("the folder could not be listed: {why}")),
                other => other,
            },
        }
    }

    fn list_to_the_end(&self, folder: &RelPath) -> io::Result<()> {
        self.enter_folder(folder)?.list()?.try_for_each(|entry| entry.map(drop))
    }

    /// Opens a file of at most `limit` bytes. Also returns when its content last changed, in nanoseconds since 1970.
    pub fn readable(&self, path: &RelPath, limit: u64) -> io::Result<(LibraryFile, i64)> {
        self.enter_folder(&path.parent().unwrap_or_default())?;
        // Opening a pipe or a device can have an effect on it, and the error for a socket looks like that of a disk
        // that is gone.
        match self.look(path).known()?.map(|found| kind(&found)) {
            Some(EntryKind::File) | None => {}
            Some(EntryKind::Symlink) => return Err(io::Error::other("it is a symbolic link, which is not followed")),
            Some(EntryKind::Folder) => return Err(io::Error::other("it is a folder")),
            Some(EntryKind::Other) => return Err(io::Error::other("it is not a regular file")),
        }
        let opened = self.open_plain(path).known()?.ok_or(io::Error::from(Errno::NOENT))?;
        if opened.stamp.size > limit {
            return Err(io::Error::other(format!("it is larger than {limit} bytes")));
        }
        Ok((opened.file, opened.stamp.mtime_ns))
    }

    /// Whether the first `limit` bytes of a file can be read from the storage, bypassing the cache; of a folder, whether
    /// it can be listed. Blocking.
    pub fn reads(&self, path: &RelPath, limit: u64) -> bool {
        let Found::There(opened) = self.open_plain(path) else { return self.list_to_the_end(path).is_ok() };
        // Otherwise the system might answer from its cache. If it ignores this hint, the read proves less.
        rustix::fs::fadvise(&opened.file, 0, None, rustix::fs::Advice::DontNeed).ok();
        io::copy(&mut opened.file.take(limit), &mut io::sink()).is_ok()
    }

    /// Reads a whole file of at most `limit` bytes. Also returns when its content last changed, in nanoseconds since
    /// 1970. Fails as soon as `stop` is set.
    pub fn read(&self, path: &RelPath, limit: u64, stop: &AtomicBool) -> io::Result<(Vec<u8>, i64)> {
        let (mut file, written) = self.readable(path, limit)?;
        let mut content = Vec::new();
        while (content.len() as u64) < limit {
            if stop.load(Ordering::Relaxed) {
                return Err(io::Error::other("it was stopped"));
            }
            let part = READ_AT_ONCE.min(limit - content.len() as u64);
            if file.by_ref().take(part).read_to_end(&mut content)? == 0 {
                break;
            }
        }
        Ok((content, written))
    }

    /// Opens a regular file for reading. Does not follow a symbolic link, and does not block on a pipe.
    pub(super) fn open_plain(&self, path: &RelPath) -> Found<OpenFile> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let open = || self.root()?.open_with(on_disk(path), &options);
        let opened = self.check_on_disk(path).and_then(|()| retried(open));
        let opened = opened.and_then(|file| {
            refresh(&file)?;
            let metadata = retried(|| file.metadata())?;
            if !metadata.is_file() {
                return Err(io::Error::other("it is not a regular file"));
            }
            Ok(OpenFile { stamp: FileStamp::of(&metadata), file: LibraryFile::new(file) })
        });
        self.believed(path, Found::of(opened))
    }

    /// What was found at the path, or why it cannot be worked on.
    fn there<T>(&self, path: &RelPath, found: Found<T>) -> Result<T, OpenError> {
        match found {
            Found::There(there) => Ok(there),
            Found::Absent => Err(self.why_absent(path).map_or_else(|error| failed(&error), OpenError::Skip)),
            Found::Unknown(error) => Err(failed(&error)),
        }
    }
}

fn failed(error: &io::Error) -> OpenError {
    match environment(error) {
        Some(reason) => OpenError::Call(reason, io_text(error)),
        None if is_storage_error(error) => OpenError::Storage(io_text(error)),
        None => OpenError::Fail(io_text(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_file_that_is_no_longer_a_file_counts_as_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("name")).expect("a folder");
        std::os::unix::fs::symlink("name", folder.path().join("link")).expect("a link");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("a socket");
        let library = Library::open("files", folder.path()).expect("a library");
        let path: RelPath = "name".parse().expect("a path");
        let seen = PlannedFile { path: path.clone(), size: 7, mtime_ns: 1, rerun: None, becomes: None };
        for name in ["name", "link", "socket"] {
            let seen = PlannedFile { path: name.parse().expect("a path"), ..seen.clone() };
            assert!(matches!(library.open_file(&seen), Err(OpenError::Skip(SkipReason::Changed))), "{name}");
        }
        // A folder that the plan could not list is a different case.
        for unlisted in [PlannedFile::not_seen(path.clone()), PlannedFile::not_listed(path)] {
            let told = library.open_file(&unlisted);
            assert!(matches!(&told, Err(OpenError::Fail(why)) if why.contains("could not be listed")), "{told:?}");
        }
        // And whatever has its name later is not what was asked for.
        std::fs::write(folder.path().join("file"), "a file").expect("a file");
        for name in ["file", "link", "socket"] {
            let told = library.open_file(&PlannedFile::not_listed(name.parse().expect("a path")));
            assert!(matches!(told, Err(OpenError::Skip(SkipReason::Changed))), "{name}");
        }
    }
}
