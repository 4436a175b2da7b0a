//! Only the owner can read the data folder: it holds names of files, the output of commands, and the log.
//!
//! Everything in the data folder is created through this module. (A umask would not do: it would also apply to files
//! in libraries, and to commands.) Whatever an earlier version left readable is made private at the start.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::paths;
use crate::Found;
use crate::library::uninterrupted;
use rustix::fs::OFlags;
use rustix::io::Errno;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// What the name of a file ends with while its new content is written.
const PART: &str = ".part";

/// The files and folders of a data folder, and with them each file's [part](PART). The permissions of anything else in it are
/// left alone.
const FILES: [&str; 22] = [
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
    super::BALLAST,
    "steps",
    "suspects",
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

/// Replaces a file in a folder of the data folder durably. Creates the folder if necessary.
///
/// # Errors
/// Of the file system.
pub fn store(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    make_folder(folder)?;
    replace(&folder.join(name), content)?;
    File::open(folder)?.sync_all()
}

/// The names of the files `NAME.json` in a folder of the data folder, in order; none if there is no such folder.
///
/// # Errors
/// Of the file system.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = Found::of(paths::list(folder)).known()? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(ToOwned::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Creates a folder and its missing parents. (The recursive [`std::fs::DirBuilder`] would report a failing look at an existing
/// folder as "File exists".)
///
/// # Errors
/// Errors of the file system, even if something other than a folder has the name.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let make = || paths::make_folder(path, FOLDER);
    let made = make().or_else(|error| match (error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(parent)) => make_folder(parent).and_then(|()| make()),
        _ => Err(error),
    });
    made.or_else(|error| match Found::of(paths::follow(path)).known()? {
        Some(found) if found.is_dir() => Ok(()),
        _ => Err(error),
    })
}

/// Options for opening a file that might have to be created. They refuse links and do not wait for pipes, so that
/// nothing that somebody put here in a file's place is written through, or blocks the server.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

/// Opens a file, which must be a regular one.
///
/// # Errors
/// Errors of the file system; [`io::ErrorKind::InvalidInput`] if it is not a regular file.
pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what);
    let file = options.open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => wrong("it is a symbolic link"),
        // A pipe that nobody reads.
        Some(Errno::NXIO) => wrong("it is not a regular file"),
        _ => error,
    })?;
    let found = uninterrupted(|| file.metadata())?;
    if found.is_file() { Ok(file) } else { Err(wrong("it is not a regular file")) }
}

/// Creates a file, or empties an existing one.
///
/// # Errors
/// As [`open`].
pub fn create(path: &Path) -> io::Result<File> {
    let file = open(options().write(true).create(true), path)?;
    file.set_len(0)?;
    Ok(file)
}

/// Gives a file this content, whole or not at all: a reader finds either the old content or the new.
///
/// # Errors
/// As [`open`].
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_after(path, content, File::sync_all)
}

/// Gives a file this content, whole or not at all, but safe only against the death of the process. If the machine
/// stops, the file can be empty or missing afterwards.
///
/// # Errors
/// As [`open`].
pub fn replace_unsynced(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_after(path, content, |_| Ok(()))
}

fn replace_after(path: &Path, content: &[u8], kept: fn(&File) -> io::Result<()>) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(PART);
    let part = Path::new(&part);
    let mut file = create(part)?;
    file.write_all(content)?;
    kept(&file)?;
    paths::rename(part, path)
}

/// Creates a private file if none exists, for code that opens it by name and would otherwise create it readable for
/// all.
///
/// # Errors
/// As [`open`].
pub fn ensure(path: &Path) -> io::Result<()> {
    open(options().append(true).create(true), path).map(drop)
}

/// Removes a file. One that is not there counts as removed.
///
/// # Errors
/// Of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    super::gone(paths::remove_file(path))
}

/// Reads a file of at most this many bytes.
///
/// # Errors
/// As [`open`]; [`io::ErrorKind::FileTooLarge`] for a longer one.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(options().read(true), path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// Creates the data folder and makes it private, with anything an earlier version left readable in it. A folder that
/// also holds other files keeps its permissions, and a file system without permissions cannot make anything private.
/// Both are logged.
pub(super) fn make_root(root: &Path) -> io::Result<()> {
    make_folder(root)?;
    let ours = is_there(&root.join("log.sqlite"))?;
    let mut shared = false;
    for entry in paths::list(root)? {
        let name = entry?.file_name();
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

    #[test]
    fn what_somebody_put_in_a_files_place_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("target"), "untouched").expect("a file");
        std::os::unix::fs::symlink(at("target"), at("link")).expect("a link");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RWXU).expect("a pipe");
        std::fs::create_dir(at("folder")).expect("a folder");
        for name in ["link", "pipe", "folder"] {
            for (call, done) in [
                ("create", create(&at(name)).map(drop)),
                ("ensure", ensure(&at(name))),
                ("read", read(&at(name), 100).map(drop)),
            ] {
                assert!(done.is_err(), "{call} {name}");
            }
        }
        assert_eq!(std::fs::read(at("target")).expect("a file"), b"untouched");
    }

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

    #[test]
    fn a_folder_that_cannot_be_inspected_is_not_reported_as_present() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for _ in 0..2 {
            make_folder(&at("a/b/c")).expect("a folder, new or not");
        }
        assert_eq!(at("a/b").metadata().expect("a folder").permissions().mode() & 0o777, FOLDER);
        std::os::unix::fs::symlink(at("a"), at("link")).expect("a link");
        make_folder(&at("link")).expect("a link to a folder");
        std::fs::write(at("file"), "").expect("a file");
        assert_eq!(make_folder(&at("file")).expect_err("a file").kind(), io::ErrorKind::AlreadyExists);
        std::os::unix::fs::symlink("loop", at("loop")).expect("a link to itself");
        assert_eq!(Errno::from_io_error(&make_folder(&at("loop")).expect_err("a loop")), Some(Errno::LOOP));
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").expect("a file");
        assert_eq!(read(&path, 5).expect("its bytes"), b"12345");
        assert_eq!(read(&path, 4).expect_err("too long").kind(), io::ErrorKind::FileTooLarge);
        drop(create(&path).expect("the file"));
        assert_eq!(read(&path, 4).expect("its bytes"), b"");
    }
}
