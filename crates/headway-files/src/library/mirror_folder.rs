//! Creates one folder with the owner and mode of another. Until it has them, it has a temporary name.

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
use super::{Found, Library, fault, on_disk, readable, sync_folder};
use headway_model::{Digest, RelPath};

/// How often a folder is tried that another process makes at the same time.
const MAKE_TRIES: u32 = 10;

/// The prefix of the name that a new folder has until it is ready.
pub(super) const UNMADE: &str = ".headway-folder-";

impl Library {
    /// Creates a folder with the owner and mode of another one, as far as this user and file system can. Another process
    /// can make the same folder at the same time, and take the temporary one away; then this looks again.
    pub(super) fn make_alike(&self, above: &Dir, name: &OsStr, model: &RelPath) -> io::Result<()> {
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

    fn clear_unmade_folder(&self, folder: &RelPath) -> io::Result<()> {
        let Some(above) = Found::of(self.folder(&folder.parent().unwrap_or_default())).known()? else { return Ok(()) };
        let name = on_disk(folder);
        match unlinkat(&above, &*temporary(name.file_name().unwrap_or_default()), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn liken(new: &Dir, model: &Stat) -> io::Result<()> {
    let new = readable(new)?;
    own_as(&new, model)?;
    sync_folder(&new)
}

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
