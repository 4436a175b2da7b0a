//! Makes the data folder private at the start, with whatever an earlier version left readable in it.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::ballast::BALLAST;
use super::identity::{ID, JOINED};
use super::log_elsewhere::LOG_ELSEWHERE;
use super::private::{FILE, FOLDER, PART, make_folder};
use crate::paths;

/// The files and folders of a data folder, and with them each file's [part](PART). The permissions of anything else in it are
/// left alone.
const FILES: [&str; 25] = [
    "lock",
    "lock.1",
    "lock.2",
    "lock.3",
    "headway.sock",
    "clock",
    "libraries",
    "disks",
    "mounts",
    "roots",
    "presets.json",
    BALLAST,
    "steps",
    "suspects",
    LOG_ELSEWHERE,
    ID,
    JOINED,
    "log.sqlite",
    // While a new database takes up its journal mode, or if the process dies there.
    "log.sqlite-journal",
    "log.sqlite-wal",
    "log.sqlite-shm",
    "files.sqlite",
    "files.sqlite-journal",
    "files.sqlite-wal",
    "files.sqlite-shm",
];
const FOLDERS: [&str; 7] = ["attempts", "jobs", "schedules", "tmp", "untidy", "watches", "webhooks"];

/// Creates the data folder and makes it private, with anything an earlier version left readable in it. A folder that
/// also holds other files keeps its permissions, and a file system without permissions cannot make anything private.
/// Both are logged.
pub(super) fn make_root(root: &Path) -> io::Result<()> {
    make_folder(root)?;
    let ours = is_there(&root.join("log.sqlite"))? || is_there(&root.join(LOG_ELSEWHERE))?;
    let mut shared = false;
    for entry in paths::list(root)? {
        let name = entry.file_name();
        shared |= !name.to_str().is_some_and(is_ours);
    }
    if shared {
        tracing::warn!(folder = %root.display(), "the data folder holds files of others; its mode stays as it is");
    } else if let Err(error) = close(root, FOLDER) {
        tracing::warn!(folder = %root.display(), %error, "the data folder cannot be made private");
    }
    for name in FILES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}{PART}")]) {
        warn_of(&root.join(&name), close(&root.join(&name), FILE));
    }
    // Folders of these names might be anybody's, unless everything else here is ours.
    if ours && !shared {
        for name in FOLDERS {
            warn_of(&root.join(name), close_below(&root.join(name)));
        }
    }
    Ok(())
}

/// Whether a file or folder of this name in the data folder is one of its own.
fn is_ours(name: &str) -> bool {
    FILES.contains(&name.strip_suffix(PART).unwrap_or(name)) || FOLDERS.contains(&name)
}

fn is_there(path: &Path) -> io::Result<bool> {
    match paths::look_at(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn warn_of(path: &Path, closed: io::Result<()>) {
    if let Err(error) = closed {
        tracing::warn!(path = %path.display(), %error, "this cannot be made private");
    }
}

/// Makes a folder and everything in it private. The folder itself comes last, so if it is private already, everything
/// in it is too, and nothing more is checked.
fn close_below(folder: &Path) -> io::Result<()> {
    match paths::look_at(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.is_dir() || found.permissions().mode() & 0o777 == FOLDER => return Ok(()),
        Ok(_) => {}
    }
    for entry in paths::list(folder)? {
        let kind = paths::kind_of(&entry)?;
        match kind.is_dir() {
            true => close_below(&entry.path())?,
            false => close(&entry.path(), FILE)?,
        }
    }
    close(folder, FOLDER)
}

/// Removes the permissions of everybody else. A missing file, or a link, needs nothing.
fn close(path: &Path, mode: u32) -> io::Result<()> {
    match paths::look_at(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_symlink() || found.permissions().mode() & 0o777 == mode => Ok(()),
        Ok(_) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time is kept again and again, so a kill leaves its part most often.
    #[test]
    fn what_a_kill_leaves_while_a_file_is_replaced_is_no_file_of_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("log.sqlite"), "").expect("a file");
        std::fs::write(at("clock.part"), "").expect("a file");
        let part = at("clock.part");
        for path in [folder.path(), part.as_path()] {
            std::fs::set_permissions(path, Permissions::from_mode(0o755)).expect("ours");
        }
        make_root(folder.path()).expect("a data folder");
        let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&part)), (FOLDER, FILE));
        std::fs::write(at("letter.part"), "").expect("a file of others");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("ours");
        make_root(folder.path()).expect("a data folder");
        assert_eq!(mode(folder.path()), 0o755);
    }
}
