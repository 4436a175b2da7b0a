//! The door to a file that a person names in an option or a setting. Links are followed, which container systems make. A pipe,
//! a socket or a device is refused before it is opened: a pipe can wait for ever, and opening a device can have an effect.
//! What a shell hands over, as in `<(command)`, and `/dev/null` are read.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file for reading.
///
/// # Errors
/// Errors of the file system; [`io::ErrorKind::InvalidInput`] if it is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    if is_handed_over(path) {
        return File::open(path);
    }
    regular(path.metadata()?.file_type())?;
    // Something else can have taken the name since.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open(path)?.read_to_end(&mut content)?;
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

/// Whether a path names a file that this process was started with, or nothing: opening these neither waits nor has an effect.
fn is_handed_over(path: &Path) -> bool {
    let folders = ["/dev/fd", "/proc/self/fd"];
    let files = ["/dev/null", "/dev/stdin"];
    folders.iter().any(|folder| path.starts_with(folder)) || files.iter().any(|file| path == Path::new(file))
}

fn regular(kind: FileType) -> io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a file")))
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
            assert_eq!(read(&at(right)).expect("bytes"), b"text");
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
        assert_eq!(read(Path::new("/dev/null")).expect("nothing to read"), b"");
        let (pipe, mut end) = std::io::pipe().expect("a pipe");
        std::io::Write::write_all(&mut end, b"names").expect("room in the pipe");
        drop(end);
        let handed = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&pipe));
        assert_eq!(read(Path::new(&handed)).expect("what a shell hands over"), b"names");
        assert_eq!(open(&at("gone")).expect_err("nothing").kind(), io::ErrorKind::NotFound);
    }
}
