//! What is in the data folder is for its owner alone: names of files, what commands said, and the log of it all.
//!
//! Everything there is made through this door. (A mask of the process would not do: it would also hold for what is put into
//! libraries, and for commands.) What an earlier version left readable is closed at the start.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// The files and folders of a data folder; whatever else lies in it is not ours to close.
const FILES: [&str; 11] = [
    "lock",
    super::BALLAST,
    "steps",
    "suspects",
    "suspects.part",
    "log.sqlite",
    "log.sqlite-wal",
    "log.sqlite-shm",
    "files.sqlite",
    "files.sqlite-wal",
    "files.sqlite-shm",
];
const FOLDERS: [&str; 3] = ["attempts", "jobs", "tmp"];

/// Makes a folder, and those it lies in.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// How a file is opened that may have to be made.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE);
    options
}

/// Makes a file, or empties the one that is there.
pub fn create(path: &Path) -> io::Result<File> {
    options().write(true).create(true).truncate(true).open(path)
}

/// Makes a file if none is there, for whoever opens it by its name and would make it for all to read.
pub fn ensure(path: &Path) -> io::Result<()> {
    options().append(true).create(true).open(path).map(drop)
}

/// Makes the data folder and closes it, with what an earlier version left in it. A folder in which others have files as well
/// stays as open as they made it; a file system without modes cannot close anything. Both are said.
pub(super) fn make_root(root: &Path) -> io::Result<()> {
    make_folder(root)?;
    let ours = is_there(&root.join("log.sqlite"))?;
    let mut shared = false;
    for entry in std::fs::read_dir(root)? {
        let name = entry?.file_name();
        shared |= !FILES.iter().chain(&FOLDERS).any(|known| name == *known);
    }
    if shared {
        tracing::warn!(folder = %root.display(), "the data folder holds files of others; its mode stays as it is");
    } else if let Err(error) = close(root, FOLDER) {
        tracing::warn!(folder = %root.display(), %error, "the data folder cannot be closed to others");
    }
    for name in FILES {
        say(&root.join(name), close(&root.join(name), FILE));
    }
    // Folders of these names can be anybody's, unless all else here is ours.
    if ours && !shared {
        for name in FOLDERS {
            say(&root.join(name), close_below(&root.join(name)));
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

fn say(path: &Path, closed: io::Result<()>) {
    if let Err(error) = closed {
        tracing::warn!(path = %path.display(), %error, "this cannot be closed to others");
    }
}

/// A folder with all in it. It is closed last, so one that is closed already has nothing open in it, and costs one look.
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

/// Takes from others what they may do with it; what is not there, or a link to elsewhere, needs nothing.
fn close(path: &Path, mode: u32) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_symlink() || found.permissions().mode() & 0o777 == mode => Ok(()),
        Ok(_) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
    }
}
