//! Finds out, with two empty files, how a file system can swap names.

use std::io;
use std::os::unix::ffi::OsStrExt;

use rustix::io::Errno;

use super::Library;
use super::rename::{FolderEntry, Swap};

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
        let at = |end: &str| {
            FolderEntry::new(self.root()?.try_clone()?, format!("{PROBE}{}-{end}", std::process::id()).into())
        };
        let (one, other) = (at("1")?, at("2")?);
        let made = one.make().and_then(|()| other.make());
        let found = made.and_then(|()| {
            if one.exchange(&other)? {
                return Ok(Swap::Exchange);
            }
            other.remove()?;
            Ok(if one.link(&other)? { Swap::SecondName } else { Swap::TwoMoves })
        });
        for at in [one, other] {
            match at.remove() {
                Ok(()) | Err(Errno::NOENT) => {}
                // The next start removes it.
                Err(error) => tracing::warn!(library = self.name, %error, "a probe cannot be removed"),
            }
        }
        Ok(found?)
    }

    /// Removes the files of a process that died while it probed.
    pub fn clear_probes(&self) -> io::Result<()> {
        for entry in self.root()?.entries()? {
            let name = entry?.file_name();
            if name.as_bytes().starts_with(PROBE.as_bytes()) {
                self.root()?.remove_file(&name)?;
            }
        }
        Ok(())
    }
}
