//! Makes a data folder private at the start, with anything that an earlier version left readable.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::private::{self, FILE, FOLDER};

/// The files and folders of a data folder. The permissions of anything else in it are left alone.
const FILES: [&str; 29] = [
    "lock",
    "lock.1",
    "lock.2",
    "lock.3",
    "headway.sock",
    "headway.sock.part",
    "clock",
    "libraries",
    "disks",
    "disks.part",
    "mounts",
    "mounts.part",
    "roots",
    "roots.part",
    "presets.json",
    "presets.json.part",
    "libraries.part",
    super::BALLAST,
    "steps",
    "suspects",
    "suspects.part",
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
const FOLDERS: [&str; 6] = ["attempts", "jobs", "schedules", "tmp", "untidy", "webhooks"];

/// Creates the data folder and makes it private, with anything an earlier version left readable in it. A folder that
/// also holds other files keeps its permissions, and a file system without permissions cannot make anything private.
/// Both are logged.
pub(super) fn make_root(root: &Path) -> io::Result<()> {
    private::make_folder(root)?;
    let ours = is_there(&root.join("log.sqlite"))?;
    let mut shared = false;
    for entry in std::fs::read_dir(root)? {
        let name = entry?.file_name();
        shared |= !FILES.iter().chain(&FOLDERS).any(|known| name == *known);
    }
    if shared {
        tracing::warn!(folder = %root.display(), "the data folder holds files of others; its mode stays as it is");
    } else if let Err(error) = close(root, FOLDER) {
        tracing::warn!(folder = %root.display(), %error, "the data folder cannot be made private");
    }
    for name in FILES {
        warn_of(&root.join(name), close(&root.join(name), FILE));
    }
    // Folders of these names might be anybody's, unless everything else here is ours.
    if ours && !shared {
        for name in FOLDERS {
            warn_of(&root.join(name), close_below(&root.join(name)));
        }
    }
    Ok(())
}

fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
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
    match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.is_dir() || found.permissions().mode() & 0o777 == FOLDER => return Ok(()),
        Ok(_) => {}
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => close_below(&entry.path())?,
            false => close(&entry.path(), FILE)?,
        }
    }
    close(folder, FOLDER)
}

/// Removes the permissions of everybody else. A missing file, or a link, needs nothing.
fn close(path: &Path, mode: u32) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_symlink() || found.permissions().mode() & 0o777 == mode => Ok(()),
        Ok(_) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
    }
}
