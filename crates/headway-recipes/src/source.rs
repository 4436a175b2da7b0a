//! A file as recipes parse it: positioned reads that never go on after a wish to end, and that tell a file that cannot be read from one
//! that is malformed. Whatever a decoder makes of an error, [`Source::judge`] knows where it came from.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use parking_lot::Mutex;

use super::{Attempt, Failure};
use headway_files::OpenFile;
use headway_model::{FailReason, SkipReason};

/// An input that is read in any order.
pub(crate) struct Source<'a> {
    file: std::fs::File,
    input: &'a OpenFile,
    attempt: &'a Attempt,
    /// The first error of the system.
    failed: Mutex<Option<io::Error>>,
    /// Whether what is read counts as done.
    counts: bool,
}

/// A source that is read from a place on.
pub(crate) struct SourceReader<'a, 'b> {
    source: &'a Source<'b>,
    at: u64,
    /// Up to where it was counted as done.
    counted: u64,
}

impl<'a> Source<'a> {
    /// Of an opened file.
    pub(crate) fn new(input: &'a OpenFile, attempt: &'a Attempt) -> Result<Self, Failure> {
        let file = input.file.try_clone().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        Ok(Source { file: file.into_std(), input, attempt, failed: Mutex::new(None), counts: true })
    }

    /// The same, but nothing that is read counts as done: it is looked at once more, or is not the item's own file.
    pub(crate) fn quiet(input: &'a OpenFile, attempt: &'a Attempt) -> Result<Self, Failure> {
        Ok(Source { counts: false, ..Source::new(input, attempt)? })
    }

    /// So many more bytes are done.
    pub(crate) fn advance(&self, bytes: u64) {
        if self.counts {
            self.attempt.advance(bytes);
        }
    }

    /// Fills the buffer with what is at this place.
    ///
    /// # Errors
    /// If the file ends before, or cannot be read.
    pub(crate) fn exact(&self, at: u64, buffer: &mut [u8]) -> Result<(), Failure> {
        let mut done = 0;
        while done < buffer.len() {
            match self.read_at(&mut buffer[done..], at.saturating_add(done as u64)) {
                Ok(0) => return Err(self.judge("it is cut off")),
                Ok(count) => done += count,
                Err(error) => return Err(self.judge(&format!("it cannot be read: {error}"))),
            }
        }
        Ok(())
    }

    /// Its size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.input.size()
    }

    /// The attempt that reads it.
    pub(crate) fn attempt(&self) -> &'a Attempt {
        self.attempt
    }

    /// Reads it from its beginning, and counts what was read as done.
    pub(crate) fn reader(&self) -> SourceReader<'_, 'a> {
        SourceReader { source: self, at: 0, counted: 0 }
    }

    /// The same, without counting: here and there, or a second time.
    pub(crate) fn uncounted(&self) -> SourceReader<'_, 'a> {
        SourceReader { source: self, at: 0, counted: u64::MAX }
    }

    /// Its first bytes, at most `limit`.
    pub(crate) fn head(&self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut head = Vec::new();
        // What is looked at beforehand is not done yet.
        let read = self.uncounted().take(limit as u64).read_to_end(&mut head);
        read.map(|_| head).map_err(|error| self.judge(&format!("its beginning cannot be read: {error}")))
    }

    /// Why a parser ended early: as it was told to, as the file cannot be read, or else as it is malformed, which `fault` says.
    pub(crate) fn judge(&self, fault: &str) -> Failure {
        if self.attempt.is_stopped() {
            return Failure::Stopped;
        }
        match &*self.failed.lock() {
            Some(error) => Failure::of(FailReason::Read, "reading", error),
            None => Failure::Failed(FailReason::Recipe, headway_model::event::cut(fault, FAULT_LIMIT)),
        }
    }

    /// What was found holds only if nothing was changed meanwhile, and all of it could be read.
    pub(crate) fn settle<T>(&self, found: T) -> Result<T, Failure> {
        let failed = self.failed.lock().is_some();
        if failed || self.attempt.is_stopped() {
            return Err(self.judge(""));
        }
        let unchanged = self.input.is_unchanged();
        match unchanged.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
            true => Ok(found),
            false => Err(Failure::Skipped(SkipReason::Changed)),
        }
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        loop {
            if self.attempt.is_stopped() {
                return Err(io::Error::other("it was told to end"));
            }
            match self.file.read_at(buffer, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let told = io::Error::from(error.kind());
                    self.failed.lock().get_or_insert(error);
                    return Err(told);
                }
                read => return read,
            }
        }
    }
}

/// The most bytes of the sentence that says what is wrong with a file.
const FAULT_LIMIT: usize = 400;

impl rawzip::ReaderAt for Source<'_> {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        Source::read_at(self, buffer, at)
    }
}

impl Read for SourceReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(buffer, self.at)?;
        self.at += count as u64;
        if self.at > self.counted {
            self.source.advance(self.at - self.counted);
            self.counted = self.at;
        }
        Ok(count)
    }
}

impl Seek for SourceReader<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.source.size(), by),
            SeekFrom::Current(by) => (self.at, by),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a place before the beginning");
        self.at = base.checked_add_signed(by).ok_or_else(before)?;
        Ok(self.at)
    }
}
