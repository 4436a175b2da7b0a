//! The path that a library was named by, if links lead from there to its root. While a server works in the library, the
//! path can begin to lead to another folder.

use std::path::PathBuf;

use parking_lot::Mutex;

use super::Identity;
use crate::library::{Found, Library};

#[derive(Debug)]
pub(in crate::library) struct NamingPath {
    path: PathBuf,
    /// Where it led when that was last reported.
    told: Mutex<Option<PathBuf>>,
}

impl Library {
    /// Notes the path that it was named by, if links lead from there to its root.
    #[must_use]
    pub fn named_by(self, path: Option<PathBuf>) -> Self {
        if let Some(path) = path {
            self.naming.get_or_init(|| NamingPath { path, told: Mutex::default() });
        }
        self
    }

    /// The other folder that the path it was named by leads to now; `None` if it leads to the root, or if that is not
    /// known. The library stays where it is. Blocking.
    pub fn leads_elsewhere(&self) -> Option<PathBuf> {
        let path = &self.naming.get()?.path;
        let look = || {
            let there = path.canonicalize()?;
            Ok((Identity::at(&there)?, there))
        };
        match Found::of(look()) {
            Found::There((found, there)) => {
                let is_root = self.identity().is_some_and(|known| known.is_surely(&found));
                (there != self.path && !is_root).then_some(there)
            }
            // Its disk can come back.
            Found::Absent => None,
            Found::Unknown(error) => {
                tracing::debug!(library = self.name, %error, "where the name of a library leads is not known");
                None
            }
        }
    }

    /// Warns once when the path that it was named by begins to lead to another folder. Blocking.
    pub fn warn_if_link_moved(&self) {
        let Some(NamingPath { path, told }) = self.naming.get() else { return };
        let there = self.leads_elsewhere();
        let is_told = std::mem::replace(&mut *told.lock(), there.clone()) == there;
        if let Some(there) = there.filter(|_| !is_told) {
            tracing::warn!(
                "{} leads to {} now; the library {:?} stays {} until the next start",
                path.display(),
                there.display(),
                self.name,
                self.path.display()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_symbolic_link_that_leads_elsewhere_is_reported_and_a_dangling_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().canonicalize().expect("a path").join(name);
        for name in ["first", "second"] {
            std::fs::create_dir(at(name)).expect("a folder");
        }
        let lead = |to: &str| {
            std::fs::remove_file(at("link")).ok();
            symlink(at(to), at("link")).expect("a link");
        };
        lead("first");
        let library = Library::open("files", &at("first")).expect("a library").named_by(Some(at("link")));
        assert_eq!(library.leads_elsewhere(), None);
        lead("second");
        assert_eq!(library.leads_elsewhere(), Some(at("second")));
        lead("nowhere");
        assert_eq!(library.leads_elsewhere(), None);
        assert_eq!(library.reach(), Ok(()), "the library is the folder that it was");
    }
}
