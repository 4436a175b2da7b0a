//! Looks at paths in a library. What a look finds is there, absent, or not known.

use std::io;

use cap_std::fs::Metadata;
use rustix::io::Errno;

use super::folder_calls::FolderCalls;
use super::{Found, Library, kind, mtime_ns, on_disk};
use headway_model::RelPath;
use headway_model::library::EntryKind;

impl Library {
    /// Whether there is a regular file of this name.
    pub fn has_file(&self, path: &RelPath) -> io::Result<bool> {
        Ok(self.look(path).known()?.is_some_and(|found| kind(&found) == EntryKind::File))
    }

    /// Whether there is anything of this name.
    pub fn has(&self, path: &RelPath) -> io::Result<bool> {
        Ok(self.look(path).known()?.is_some())
    }

    /// The size of a file in bytes, and when its content last changed, in nanoseconds since 1970.
    pub fn size_and_time(&self, path: &RelPath) -> Found<(u64, i64)> {
        self.look(path).map(|found| (found.len(), mtime_ns(&found)))
    }

    /// Looks at a path that a user gave; does not follow a link.
    pub(super) fn look(&self, path: &RelPath) -> Found<Metadata> {
        match self.enter(path) {
            Ok(_) => self.find(path),
            Err(error) => Found::Unknown(error),
        }
    }

    /// Looks at any path; does not follow a link.
    pub(super) fn find(&self, path: &RelPath) -> Found<Metadata> {
        let look = || self.root()?.look_at(on_disk(path));
        let found = self.check_on_disk(path).and_then(|()| look());
        self.believed(path, Found::of(found))
    }

    /// Turns "absent" into "not known" if the library cannot be reached, or if the disk of this path is absent. Both are looked at
    /// after the call that found nothing, because they can have gone in the moment before it.
    pub(super) fn believed<T>(&self, path: &RelPath, found: Found<T>) -> Found<T> {
        match found {
            Found::Absent if self.reach().is_err() => Found::Unknown(Errno::STALE.into()),
            Found::Absent => self.check_on_disk(path).map_or_else(Found::Unknown, |()| Found::Absent),
            other => other,
        }
    }
}
