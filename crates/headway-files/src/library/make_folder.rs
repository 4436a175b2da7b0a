//! Creates the missing folders of a path durably, each like the folder that it mirrors.

use std::io;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;

use super::calls::{mkdirat, unlinkat};
use super::folder_calls::FolderCalls;
use super::{Found, Library, on_disk, sync};
use headway_model::RelPath;

impl Library {
    /// Creates a folder and its missing parents, durably, and opens it. Each new folder gets the owner and mode of
    /// the folder that it mirrors: the one at the same depth above `source`, or the root. If that fails, none of the new ones
    /// stays, unless something is in it by now.
    pub(super) fn make_folder(&self, folder: &RelPath, source: Option<&RelPath>) -> io::Result<Dir> {
        match self.try_make_folder(folder, source) {
            // Another thread might have taken back one of the folders above.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.try_make_folder(folder, source),
            made => made,
        }
    }

    fn try_make_folder(&self, folder: &RelPath, source: Option<&RelPath>) -> io::Result<Dir> {
        self.check_on_disk(folder)?;
        // It was created earlier, for another file.
        if self.durable.lock().contains(folder)
            && let Found::There(dir) = Found::of(self.folder(folder))
        {
            return Ok(dir);
        }
        let models = source.map(|source| mirrored(folder, source)).unwrap_or_default();
        let mut new = Vec::new();
        let made = self.make_each(folder, &models, &mut new);
        if made.is_err() {
            self.take_back(&new);
        }
        made
    }

    /// Removes the new folders above a folder that could not be made, the innermost first.
    fn take_back(&self, new: &[RelPath]) {
        let mut durable = self.durable.lock();
        for path in new.iter().rev() {
            // The thread that makes a folder counts as one of its users.
            let removed = self.in_use.remove_unless(path, 1, || self.remove_unmade(path));
            if let Err(error) = removed.unwrap_or_else(|| Err(Errno::NOTEMPTY.into())) {
                tracing::debug!(library = self.name, %path, %error, "a new folder stays, although it was made for nothing");
                return;
            }
            durable.remove(path);
        }
    }

    /// Makes the missing folders on the way to this one, the outermost first, and adds each to `new`.
    fn make_each(&self, folder: &RelPath, models: &[RelPath], new: &mut Vec<RelPath>) -> io::Result<Dir> {
        let mut above = self.root()?.try_clone()?;
        for (depth, part) in folder.ancestors().into_iter().enumerate().filter(|(_, part)| !part.is_root()) {
            let name = on_disk(&part);
            let name = name.file_name().unwrap_or_default().to_owned();
            // Held until the folder is synced, because a thread that finds the folder relies on its durability.
            let mut durable = self.durable.lock();
            // Only the owner of the files may read a trash.
            let mode = if part.is_reserved() { Mode::RWXU } else { Mode::RWXU | Mode::RWXG | Mode::RWXO };
            let made = match models.get(depth).filter(|_| !part.is_reserved()) {
                Some(model) => self.make_alike(&above, &name, model),
                None => mkdirat(&above, &name, mode).map_err(io::Error::from),
            };
            let is_new = made.is_ok();
            match made {
                // If it might not stay, nobody relies on it. The next try makes it again.
                Ok(()) => sync(&above).inspect_err(|_| {
                    unlinkat(&above, &*name, AtFlags::REMOVEDIR).ok();
                })?,
                // A process might have created it and died before it could sync it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !durable.contains(&part) => sync(&above)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            if is_new {
                new.push(part.clone());
            }
            durable.insert(part);
            above = above.enter(&name)?;
        }
        Ok(above)
    }

    /// Removes a folder that was never finished.
    pub(super) fn remove_unmade(&self, path: &RelPath) -> io::Result<()> {
        let above = self.folder(&path.parent().unwrap_or_default())?;
        let name = on_disk(path);
        Ok(unlinkat(&above, name.file_name().unwrap_or_default(), AtFlags::REMOVEDIR)?)
    }

    /// The folders above a file that must be created for it, outermost first. Folders of Headway's own do not count.
    pub fn missing_above(&self, path: &RelPath) -> io::Result<Vec<RelPath>> {
        let mut missing = Vec::new();
        for folder in path.parent().unwrap_or_default().ancestors().into_iter().rev() {
            if folder.is_root() || folder.is_reserved() || self.find(&folder).known()?.is_some() {
                break;
            }
            missing.push(folder);
        }
        missing.reverse();
        Ok(missing)
    }
}

/// The folders that `folder` and its parents mirror, outermost first: `out/a/b` mirrors `a/b`, and `out` mirrors the
/// root. A folder without a counterpart mirrors the root.
fn mirrored(folder: &RelPath, source: &RelPath) -> Vec<RelPath> {
    let (depth, sources) = (folder.ancestors().len(), source.ancestors());
    let mirrors = source.is_root() || folder.to_bytes().ends_with(&[b"/", &*source.to_bytes()].concat());
    let above = depth.saturating_sub(sources.len());
    let like_the_root = if mirrors { above } else { depth };
    let roots = std::iter::repeat_n(RelPath::default(), like_the_root);
    roots.chain(sources).take(depth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_new_folder_mirrors_the_one_at_the_same_place_above_its_source() {
        for (part, folder, source, expected) in [
            ("out/a/b", "out/a/b", "a/b", "a/b"),
            ("out/a", "out/a/b", "a/b", "a"),
            ("out", "out/a/b", "a/b", ""),
            ("x/out", "x/out/a", "a", ""),
            ("x", "x/out/a", "a", ""),
            ("out", "out", "", ""),
            ("elsewhere", "elsewhere/b", "a/b", ""),
        ] {
            let source = if source.is_empty() { RelPath::default() } else { path(source) };
            let (part, folder) = (path(part), path(folder));
            let model = &mirrored(&folder, &source)[part.ancestors().len() - 1];
            assert_eq!(model.as_str(), expected, "{part:?} of {folder:?}");
        }
    }

    #[test]
    fn no_folder_stays_that_was_made_for_one_that_cannot_be_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let too_long = "x".repeat(256);
        for source in [None, Some(RelPath::default())] {
            let make = |at: &str| library.make_folder(&path(at), source.as_ref()).map(drop);
            for _ in 0..2 {
                make(&format!("out/deep/{too_long}")).expect_err("no file system takes that name");
                assert!(!folder.path().join("out").exists());
            }
            make("out/deep").expect("it is made again");
            make(&format!("out/deep/below/{too_long}")).expect_err("no file system takes that name");
            let there = std::fs::read_dir(folder.path().join("out/deep")).expect("it was there before");
            assert_eq!(there.count(), 0);
            make("out/deep/below").expect("and made again");
            std::fs::remove_dir_all(folder.path().join("out")).expect("removed");
        }
    }

    #[test]
    fn a_thousand_levels_are_made_in_moments() {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let deep = |top: &str| path(&format!("{top}{}", "/a".repeat(1_000)));
        let source = deep("a");
        library.make_folder(&source, None).expect("folders");
        let begun = std::time::Instant::now();
        for _ in 0..3 {
            library.make_folder(&path(&format!("out/{}", source.as_str())), Some(&source)).expect("folders");
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
