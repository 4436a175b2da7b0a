//! Only the owner can read the data folder: it holds names of files, the output of commands, and the log.
//!
//! Everything in the data folder is created through this module. (A umask would not do: it would also apply to files
//! in libraries, and to commands.)

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::Found;
use crate::library::uninterrupted;
use crate::paths;
use rustix::fs::OFlags;
use rustix::io::Errno;

pub(super) const FOLDER: u32 = 0o700;
pub(super) const FILE: u32 = 0o600;

/// What the name of a file ends with while its new content is written.
pub(super) const PART: &str = ".part";

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
        let name = entry.file_name();
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

/// Gives a file of a folder in the data folder another name durably: whatever is interrupted, it has one of them. A file that had
/// that name is replaced.
///
/// # Errors
/// Of the file system.
pub fn rename(folder: &Path, from: &str, to: &str) -> io::Result<()> {
    paths::rename(&folder.join(from), &folder.join(to))?;
    File::open(folder)?.sync_all()
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
