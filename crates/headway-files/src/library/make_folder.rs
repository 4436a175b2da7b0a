//! Creates folders durably. Each new folder gets the owner and mode of the folder that it mirrors.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, RenameFlags, Stat};
use rustix::io::Errno;

use super::calls::{fstat, mkdirat, renameat, renameat_with, unlinkat};
use super::copy_metadata::own_as;
use super::folder_calls::FolderCalls;
use super::{Found, Library, fault, on_disk, readable, sync, sync_folder};
use headway_model::{Digest, RelPath};

/// How often a folder is tried that another process makes at the same time.
const MAKE_TRIES: u32 = 10;

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

    /// Removes folders that were made for one that could not be made, the innermost first.
    fn take_back(&self, new: &[RelPath]) {
        let mut durable = self.durable.lock();
        for path in new.iter().rev() {
            // Who makes it uses it, too.
            let removed = self.in_use.remove_unless(path, 1, || self.remove_unmade(path));
            if let Err(error) = removed.unwrap_or_else(|| Err(Errno::NOTEMPTY.into())) {
                tracing::debug!(library = self.name, %path, %error, "a new folder stays, although it was made for nothing");
                return;
            }
            durable.remove(path);
        }
    }

    /// Makes the missing folders of a line, the outermost first, and notes each.
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

    /// Removes what a process that died left where it was making one of these folders, or one above it. Returns whether nothing
    /// is left.
    pub fn clear_unmade<'a>(&self, folders: impl IntoIterator<Item = &'a RelPath>) -> bool {
        let mut is_clear = true;
        let parts: BTreeSet<_> =
            folders.into_iter().flat_map(RelPath::ancestors).filter(|part| !part.is_root()).collect();
        for part in parts {
            if let Err(error) = self.clear_unmade_folder(&part) {
                tracing::warn!(library = self.name, %part, %error, "what was left of making a folder cannot be removed");
                is_clear = false;
            }
        }
        is_clear
    }

    /// Removes a folder that was never finished.
    pub(super) fn remove_unmade(&self, path: &RelPath) -> io::Result<()> {
        let above = self.folder(&path.parent().unwrap_or_default())?;
        let name = on_disk(path);
        Ok(unlinkat(&above, name.file_name().unwrap_or_default(), AtFlags::REMOVEDIR)?)
    }

    fn clear_unmade_folder(&self, folder: &RelPath) -> io::Result<()> {
        let Some(above) = Found::of(self.folder(&folder.parent().unwrap_or_default())).known()? else { return Ok(()) };
        let name = on_disk(folder);
        match unlinkat(&above, &*temporary(name.file_name().unwrap_or_default()), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
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

    /// Creates a folder with the owner and mode of another one, as far as this user and file system can. Another process
    /// can make the same folder at the same time, and take the temporary one away; then this looks again.
    fn make_alike(&self, above: &Dir, name: &OsStr, model: &RelPath) -> io::Result<()> {
        for _ in 1..MAKE_TRIES {
            match self.try_make_alike(above, name, model) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && Found::of(above.look_at(name)).known()?.is_none() => {}
                done => return done,
            }
        }
        self.try_make_alike(above, name, model)
    }

    /// Makes it once. It gets its name once it has its owner and mode, so that nothing that interrupts this leaves a
    /// private folder's copy open to others.
    fn try_make_alike(&self, above: &Dir, name: &OsStr, model: &RelPath) -> io::Result<()> {
        if Found::of(above.look_at(name)).known()?.is_some() {
            return Err(Errno::EXIST.into());
        }
        let model = fstat(&self.folder(model)?)?;
        let temporary = temporary(name);
        // A process that died here has left it. It is empty.
        match unlinkat(above, &*temporary, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let mode = Mode::from_raw_mode(model.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
        mkdirat(above, &*temporary, mode | Mode::RWXU)?;
        let alike = above.enter(&temporary).and_then(|new| liken(&new, &model));
        let named = alike.and_then(|()| {
            fault("likened");
            rename_folder(above, &temporary, name)
        });
        named.inspect_err(|_| {
            // If it stays, the next attempt removes it, or `doctor` does.
            unlinkat(above, &*temporary, AtFlags::REMOVEDIR).ok();
        })
    }
}

fn liken(new: &Dir, model: &Stat) -> io::Result<()> {
    let new = readable(new)?;
    own_as(&new, model)?;
    sync_folder(&new)
}

/// The prefix of the name that a new folder has until it is ready.
pub(super) const UNMADE: &str = ".headway-folder-";

/// The name that a new folder has until it is ready.
fn temporary(name: &OsStr) -> String {
    format!("{UNMADE}{}", Digest::of(name.as_bytes()))
}

/// Gives a new, empty folder its name, which must be free.
fn rename_folder(above: &Dir, from: &str, to: &OsStr) -> io::Result<()> {
    match renameat_with(above, from, above, to, RenameFlags::NOREPLACE) {
        // Without this ability, at most an empty folder of that name is replaced.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        done => return Ok(done?),
    }
    match renameat(above, from, above, to) {
        Err(Errno::NOTEMPTY | Errno::NOTDIR) => Err(Errno::EXIST.into()),
        done => Ok(done?),
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
    use super::super::fault::MEANWHILE;
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

    #[test]
    fn the_copy_of_a_private_folder_is_never_readable_for_others_even_if_interrupted() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(below("a")).expect("folders");
        std::fs::set_permissions(below("a"), PermissionsExt::from_mode(0o700)).expect("a mode");
        let library = Library::open("files", folder.path()).expect("a library");
        let begun = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
        let (seen, out) = (std::sync::Arc::clone(&begun), below("out/a"));
        let look = move |point: &str| {
            if point == "likened" {
                seen.lock().push(out.exists());
            }
        };
        MEANWHILE.with_borrow_mut(|meanwhile| *meanwhile = Some(Box::new(look)));
        // A folder that a killed process left unfinished blocks nothing, and does not stay.
        std::fs::create_dir_all(below("out")).expect("a folder");
        std::fs::create_dir(below("out").join(temporary("a".as_ref()))).expect("a folder");
        library.make_folder(&path("out/a"), Some(&path("a"))).expect("folders");
        MEANWHILE.with_borrow_mut(|meanwhile| *meanwhile = None);
        assert_eq!(*begun.lock(), [false], "it has no name before it is private");
        assert_eq!(below("out/a").metadata().expect("a folder").mode() & 0o7777, 0o700);
        assert_eq!(std::fs::read_dir(below("out")).expect("a folder").count(), 1);
        // A folder of that name that is there already is nobody's copy.
        std::fs::create_dir(below("out/b")).expect("a folder");
        std::fs::set_permissions(below("out/b"), PermissionsExt::from_mode(0o755)).expect("a mode");
        std::fs::create_dir(below("b")).expect("a folder");
        library.make_folder(&path("out/b"), Some(&path("b"))).expect("folders");
        assert_eq!(below("out/b").metadata().expect("a folder").mode() & 0o7777, 0o755);
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
