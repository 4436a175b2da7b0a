//! Finds out, with two empty files, how a file system can swap names.

use std::io;
use std::os::unix::ffi::OsStrExt;

use super::folder_calls::FolderCalls;
use super::rename::{FolderEntry, Swap};
use super::{Library, on_disk};
use headway_model::RelPath;

/// The prefix of the two files' names.
pub(super) const PROBE: &str = ".headway-probe-";

impl Library {
    /// How the library's file system can swap names, found out once. `None` while that cannot be found out.
    pub fn swap(&self) -> Option<Swap> {
        if let Some(known) = self.swap.get() {
            return Some(*known);
        }
        match self.probe() {
            Ok(found) => Some(*self.swap.get_or_init(|| found)),
            Err(error) => {
                tracing::debug!(library = self.name, %error, "what its file system can do is not known");
                None
            }
        }
    }

    fn probe(&self) -> io::Result<Swap> {
        // Another server on this library uses other names.
        let named = |end: &str| {
            RelPath::from_bytes(format!("{PROBE}{}-{end}", std::process::id()).as_bytes()).map_err(io::Error::other)
        };
        let at = |end: &str| FolderEntry::new(self.root()?.try_clone()?, on_disk(&named(end)?).into());
        let (one, other) = (at("1")?, at("2")?);
        let made = one.make().and_then(|()| other.make());
        let found = made.and_then(|()| {
            if one.exchange(&other)? {
                return Ok(Swap::Exchange);
            }
            other.remove()?;
            Ok(if one.link(&other)? { Swap::SecondName } else { Swap::TwoMoves })
        });
        for (at, end) in [(one, "1"), (other, "2")] {
            // What cannot be removed now is removed later.
            self.removed(&named(end)?, at.remove().map_err(io::Error::from));
        }
        Ok(found?)
    }

    /// Removes the files of a process that died while it probed; those that cannot be removed now, later.
    pub(super) fn clear_probes(&self) -> io::Result<()> {
        let root = self.root()?;
        for entry in root.list()? {
            let name = entry?.file_name();
            if name.as_bytes().starts_with(PROBE.as_bytes()) {
                let path = RelPath::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
                self.removed(&path, root.remove_name(&name));
            }
        }
        Ok(())
    }
}
