//! An open file of a library. A read or a write that a signal interrupts is made again, but not forever: storage that
//! answers nothing else would hold an attempt, which could then not even be stopped.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};

use cap_std::fs::{File, FileExt};
use rustix::io::Errno;

use super::environment::uninterrupted;

/// An open file of a library.
#[derive(Debug)]
pub struct LibraryFile(File);

impl LibraryFile {
    pub(super) fn new(file: File) -> Self {
        LibraryFile(file)
    }

    /// Another handle, which shares its position.
    ///
    /// # Errors
    /// Errors of the system.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(LibraryFile)
    }

    /// Reads at an offset, wherever the position is.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        patiently(|| self.0.read_at(buffer, at))
    }

    /// Fills the buffer from an offset on.
    ///
    /// # Errors
    /// Errors of the file system; [`io::ErrorKind::UnexpectedEof`] if the file ends before.
    pub fn read_exact_at(&self, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            let count = self.read_at(buffer, at)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            (buffer, at) = (&mut buffer[count..], at + count as u64);
        }
        Ok(())
    }
}

/// Makes a call on an open file, again if it is interrupted. The standard library's reads to the end repeat such a call
/// forever, so the last error becomes another one, which says just as little about the file.
fn patiently<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    uninterrupted(call).map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => Errno::AGAIN.into(),
        _ => error,
    })
}

impl From<std::fs::File> for LibraryFile {
    fn from(file: std::fs::File) -> Self {
        LibraryFile(File::from_std(file))
    }
}

impl Deref for LibraryFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl AsFd for LibraryFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for LibraryFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        patiently(|| self.0.read(buffer))
    }
}

impl Write for LibraryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for LibraryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
