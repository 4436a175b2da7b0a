//! Creates folders durably. Each new folder gets the owner and mode of the folder that it mirrors.

use std::io;

use cap_std::fs::Dir;
use rustix::fs::{Mode, mkdirat};

use super::keep::own_as;
use super::{Found, Library, on_disk, readable, sync, sync_folder};
use headway_model::RelPath;

impl Library {
    /// Creates a folder and its missing parents, durably, and opens it. Each new folder gets the owner and mode of
    /// the folder that it mirrors: the one at the same depth above `source`, or the root.
    pub(super) fn make_folder(&self, folder: &RelPath, source: Option<&RelPath>) -> io::Result<Dir> {
        self.is_on_disk(folder)?;
        // It was created earlier, for another file.
        if self.durable.lock().contains(folder)
            && let Found::There(dir) = Found::of(self.folder(folder))
        {
            return Ok(dir);
        }
        let mut above = self.root()?.try_clone()?;
        let models = source.map(|source| mirrored(folder, source)).unwrap_or_default();
        for (depth, part) in folder.ancestors().into_iter().enumerate().filter(|(_, part)| !part.is_root()) {
            let name = on_disk(&part);
            let name = name.file_name().unwrap_or_default().to_owned();
            // Held until the folder is synced, because a thread that finds the folder relies on its durability.
            let mut durable = self.durable.lock();
            // Only the owner of the files may read a trash.
            let mode = if part.is_reserved() { Mode::RWXU } else { Mode::RWXU | Mode::RWXG | Mode::RWXO };
            match mkdirat(&above, &name, mode).map_err(io::Error::from) {
                Ok(()) => {
                    if let Some(model) = models.get(depth).filter(|_| !part.is_reserved()) {
                        self.liken(&above.open_dir(&name)?, model)?;
                    }
                    sync(&above)?;
                }
                // A process might have created it and died before it could sync it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !durable.contains(&part) => sync(&above)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            durable.insert(part);
            above = above.open_dir(&name)?;
        }
        Ok(above)
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

    /// Gives a new folder the owner and mode of another one, as far as this user and file system can.
    fn liken(&self, new: &Dir, model: &RelPath) -> io::Result<()> {
        let model = rustix::fs::fstat(&self.folder(model)?)?;
        let new = readable(new)?;
        own_as(&new, &model)?;
        sync_folder(&new)
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
    use headway_model::JobId;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

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

    #[test]
    fn a_new_folder_has_the_owner_and_the_mode_of_the_folder_of_its_source() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(below("a/b")).expect("folders");
        let is_root = rustix::process::geteuid().is_root();
        for (name, mode, owner) in [("", 0o751, 0), ("a", 0o2770, 1_000), ("a/b", 0o700, 1_001)] {
            if is_root {
                std::os::unix::fs::chown(below(name), Some(owner), Some(owner)).expect("root may");
            }
            std::fs::set_permissions(below(name), std::fs::Permissions::from_mode(mode)).expect("a mode");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        library.stage(&path("a/b/x"), path("out/a/b/x"), JobId::mint(1, [1; 10]), 0, 1).expect("a name");
        for (new, model) in [("out", ""), ("out/a", "a"), ("out/a/b", "a/b")] {
            let of = |name: &str| {
                let found = below(name).metadata().expect("a folder");
                (found.mode(), found.uid(), found.gid())
            };
            assert_eq!(of(new), of(model), "{new}");
        }
    }
}
