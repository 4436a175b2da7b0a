//! What a request names, path by path. A walk of a named folder passes over links, system files and what is not there, so
//! what it does not meet is listed by its own name.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use headway_files::{Found, Library, environment};
use headway_model::{PauseReason, RelPath};

/// What a request names.
#[derive(Default)]
pub(super) struct AskedPaths {
    /// Each by the folder to which it leads.
    pub(super) paths: HashSet<RelPath>,
    /// Those that a walk has met.
    met: RefCell<HashSet<RelPath>>,
}

impl AskedPaths {
    /// What a request names, by the folders to which the paths lead: a file has one name in a job and in all jobs. A path whose
    /// folder is not there stays as it is, and so does a link at its end. Blocking.
    ///
    /// # Errors
    /// If the environment keeps a folder from being looked at.
    pub(super) fn of(library: &Library, paths: &[RelPath]) -> Result<Self, PauseReason> {
        let mut folders = HashMap::new();
        let mut asked = AskedPaths::default();
        for path in paths {
            let folder = match path.parent().filter(|parent| !parent.is_root()) {
                Some(parent) => real(library, &parent, &mut folders)?.map(|folder| (parent, folder)),
                None => None,
            };
            let named = folder.and_then(|(parent, folder)| Some(path.seen_from(&parent)?.below(&folder)));
            asked.paths.insert(named.unwrap_or_else(|| path.clone()));
        }
        Ok(asked)
    }

    /// Notes that a walk has met this path; whether it is named.
    pub(super) fn meet(&self, path: &RelPath) -> bool {
        let is_named = self.paths.contains(path);
        if is_named {
            self.met.borrow_mut().insert(path.clone());
        }
        is_named
    }

    /// Whether a walk has met this path.
    pub(super) fn has_met(&self, path: &RelPath) -> bool {
        self.met.borrow().contains(path)
    }
}

/// The folder to which a path leads, each looked at once; `None` if that is not known to be another.
fn real(
    library: &Library,
    path: &RelPath,
    known: &mut HashMap<RelPath, Option<RelPath>>,
) -> Result<Option<RelPath>, PauseReason> {
    if let Some(known) = known.get(path) {
        return Ok(known.clone());
    }
    let folder = Found::of(library.folder_at(path)).known().or_else(|error| match environment(&error) {
        Some(reason) => Err(reason),
        None => {
            // The files that are named below it are listed with this error, each by itself.
            tracing::debug!(library = library.name, folder = %path, %error, "a named folder cannot be looked at");
            Ok(None)
        }
    })?;
    known.insert(path.clone(), folder.clone());
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_path_has_the_name_of_the_folder_to_which_it_leads() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("2024")).expect("a folder");
        std::os::unix::fs::symlink("2024", folder.path().join("latest")).expect("a link");
        let library = Library::open("files", folder.path()).expect("a library");
        let asked = ["latest/a", "2024/a", "latest", "none/a", "b"].map(path);
        let asked = AskedPaths::of(&library, &asked).expect("a look");
        assert_eq!(asked.paths, ["2024/a", "latest", "none/a", "b"].map(path).into());
        assert!(asked.meet(&path("2024/a")) && !asked.meet(&path("2024")));
        assert!(asked.has_met(&path("2024/a")) && !asked.has_met(&path("b")));
    }

    #[test]
    fn a_folder_that_the_environment_hides_is_not_said_to_be_another_or_none() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("usb")).expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        library.expect_mounts(BTreeMap::from([(path("usb"), "/dev/sdb1".to_owned())]));
        let asked = AskedPaths::of(&library, &[path("usb/sub/a")]);
        assert_eq!(asked.map(drop), Err(PauseReason::LibraryGone));
    }
}
