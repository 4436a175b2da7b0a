//! The door to a file that a person names in an option or a setting. Links are followed, which container systems make. A pipe,
//! a socket or a device is refused before it is opened: a pipe can wait forever, and opening a device can have an effect.
//! `/dev/null` is read, as it has the same content each time.
//!
//! What a shell hands over, as in `<(command)`, can be read only once: the second time it is empty. So it is taken by the
//! functions whose names end in `_once`, and where a file is written, and refused wherever a file is read again, such as a
//! file of settings.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::library::Found;

/// Opens a file for reading whose content can be read again.
///
/// # Errors
/// Errors of the file system; [`io::ErrorKind::InvalidInput`] if it is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    opened(OpenOptions::new().read(true), path, false)
}

/// Opens a file for reading, or what a shell hands over. It is not read again.
///
/// # Errors
/// As [`open`].
pub fn open_once(path: &Path) -> io::Result<File> {
    opened(OpenOptions::new().read(true), path, is_handed_over(path))
}

/// Opens a file for writing, or what a shell hands over. A file that is there is emptied.
///
/// # Errors
/// As [`open`].
pub fn create(path: &Path) -> io::Result<File> {
    opened(OpenOptions::new().write(true).create(true).truncate(true), path, is_handed_over(path))
}

/// Reads a whole file.
///
/// # Errors
/// As [`open_once`].
pub fn read_once(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_once(path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// Reads a whole file of text.
///
/// # Errors
/// As [`open`]; [`io::ErrorKind::InvalidData`] if it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a path names a file by the number under which this process has it open.
fn is_handed_over(path: &Path) -> bool {
    let is_number = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<u32>().is_ok());
    let is_in = |folder: &str| path.parent() == Some(Path::new(folder));
    let standard = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
    is_number && (is_in("/dev/fd") || is_in("/proc/self/fd")) || standard.iter().any(|file| path == Path::new(file))
}

/// Opens what may have this name. That never waits: not even for the other end of a pipe, which can have closed it by now.
fn opened(options: &mut OpenOptions, path: &Path, is_handed_over: bool) -> io::Result<File> {
    if let Some(there) = Found::of(path.metadata()).known()? {
        suitable(&there, is_handed_over)?;
    }
    // Something else can have taken the name since.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    suitable(&file.metadata()?, is_handed_over)?;
    // Its reader waits for what a program has not written yet.
    rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

fn suitable(there: &Metadata, is_handed_over: bool) -> io::Result<()> {
    let what = match there.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_socket() => "a socket",
        _ if is_handed_over || is_null(there)? => return Ok(()),
        kind if kind.is_fifo() => "a pipe",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a file")))
}

/// Whether this is `/dev/null`, by whatever name.
fn is_null(there: &Metadata) -> io::Result<bool> {
    Ok(there.file_type().is_char_device() && Path::new("/dev/null").metadata()?.rdev() == there.rdev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_a_regular_file_is_opened_and_nothing_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").expect("a file");
        std::os::unix::fs::symlink(at("file"), at("link")).expect("a link");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RWXU).expect("a pipe");
        let _socket = UnixListener::bind(at("socket")).expect("a socket");
        for right in ["file", "link"] {
            assert_eq!(read_text(&at(right)).expect("a text"), "text");
            assert_eq!(read_once(&at(right)).expect("bytes"), b"text");
        }
        for (path, what) in [
            (at("pipe"), "a pipe"),
            (at("socket"), "a socket"),
            ("/dev/zero".into(), "a device"),
            (folder.path().to_owned(), "a folder"),
        ] {
            let error = open(&path).expect_err(what);
            assert_eq!(error.to_string(), format!("it is {what}, not a file"));
        }
        assert_eq!(read_text(Path::new("/dev/null")).expect("nothing to read"), "");
        assert_eq!(open(&at("gone")).expect_err("nothing").kind(), io::ErrorKind::NotFound);
        assert_eq!(create(&at("pipe")).expect_err("a pipe").to_string(), "it is a pipe, not a file");
        io::Write::write_all(&mut create(&at("file")).expect("a file"), b"new").expect("written");
        io::Write::write_all(&mut create(&at("made")).expect("a new file"), b"new").expect("written");
        assert_eq!(
            (read_text(&at("file")).expect("a text"), read_text(&at("made")).expect("a text")),
            ("new".into(), "new".into())
        );
    }

    /// Its writer can have ended before it is opened: then nothing waits, and what was written is read.
    #[test]
    fn a_pipe_from_a_shell_is_read_only_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("a pipe");
        let both = OpenOptions::new().read(true).write(true).open(&pipe).expect("both ends");
        let reader = OpenOptions::new().read(true).open(&pipe).expect("an end");
        io::Write::write_all(&mut &both, b"names").expect("room in the pipe");
        drop(both);
        let handed = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        let refused = |path: &str| {
            let error = open(Path::new(path)).expect_err("it could not be read again");
            assert_eq!(error.to_string(), "it is a pipe, not a file", "{path}");
        };
        refused(&handed);
        assert_eq!(read_once(Path::new(&handed)).expect("what a shell hands over"), b"names");
        // A path that only begins as one of those names any file.
        let other = format!("/dev/fd/../../..{}", pipe.display());
        assert!(!is_handed_over(Path::new(&other)) && !is_handed_over(&pipe));
        assert_eq!(read_once(&pipe).expect_err("a pipe").to_string(), "it is a pipe, not a file");
        assert!(["/dev/stdin", "/dev/fd/63", "/proc/self/fd/3"].map(Path::new).into_iter().all(is_handed_over));
    }
}
