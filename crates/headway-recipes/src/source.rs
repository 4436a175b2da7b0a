//! A file for parsers: positioned reads that stop when the attempt is to end, and that tell an unreadable file from a
//! malformed one. However a decoder reports an error, [`Source::failure`] knows where it came from.

use std::io::{self, Read, Seek, SeekFrom};

use parking_lot::Mutex;

use super::kind::{FileKind, FileLook, HEAD};
use super::{Attempt, Failure};
use headway_files::{LibraryFile, OpenFile};
use headway_model::{FailReason, SkipReason};

/// A file that is read at any offset.
pub(crate) struct Source<'a> {
    file: LibraryFile,
    input: &'a OpenFile,
    attempt: &'a Attempt,
    /// The first system error.
    failed: Mutex<Option<io::Error>>,
    /// Whether reading counts as progress.
    counts: bool,
}

/// Reads a source sequentially from an offset.
pub(crate) struct SourceReader<'a, 'b> {
    source: &'a Source<'b>,
    at: u64,
    /// The offset up to which progress was counted.
    counted: u64,
}

impl<'a> Source<'a> {
    /// A source for an open file.
    pub(crate) fn new(input: &'a OpenFile, attempt: &'a Attempt) -> Result<Self, Failure> {
        let file = input.file.try_clone().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        Ok(Source { file, input, attempt, failed: Mutex::new(None), counts: true })
    }

    /// A source for an open file, whose reading does not count as progress, because the file is read again or is not
    /// the item's own.
    pub(crate) fn quiet(input: &'a OpenFile, attempt: &'a Attempt) -> Result<Self, Failure> {
        Ok(Source { counts: false, ..Source::new(input, attempt)? })
    }

    /// Counts this many bytes as progress.
    pub(crate) fn advance(&self, bytes: u64) {
        if self.counts {
            self.attempt.advance(bytes);
        }
    }

    /// Fills the buffer with the bytes at this offset.
    ///
    /// # Errors
    /// If the file is too short, or cannot be read.
    pub(crate) fn exact(&self, at: u64, buffer: &mut [u8]) -> Result<(), Failure> {
        let mut done = 0;
        while done < buffer.len() {
            match self.read_at(&mut buffer[done..], at.saturating_add(done as u64)) {
                Ok(0) => return Err(self.failure("it is cut off")),
                Ok(count) => done += count,
                Err(error) => return Err(self.failure(&format!("it cannot be read: {error}"))),
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

    /// A reader from the beginning that counts progress.
    pub(crate) fn reader(&self) -> SourceReader<'_, 'a> {
        SourceReader { source: self, at: 0, counted: 0 }
    }

    /// A reader that does not count progress, for reading out of order or a second time.
    pub(crate) fn uncounted(&self) -> SourceReader<'_, 'a> {
        SourceReader { source: self, at: 0, counted: u64::MAX }
    }

    /// Its first bytes, at most `limit`.
    pub(crate) fn head(&self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut head = Vec::new();
        // A first look at the file is not progress.
        let read = self.uncounted().take(limit as u64).read_to_end(&mut head);
        read.map(|_| head).map_err(|error| self.failure(&format!("its beginning cannot be read: {error}")))
    }

    /// Its type, by its content, if that is one of the wanted types. Other files are skipped. If only its
    /// name says so, it is damaged or something else.
    pub(crate) fn kind_among(&self, is_wanted: impl Fn(FileKind) -> bool) -> Result<FileKind, Failure> {
        let looks = self.looks()?;
        match looks {
            _ if !looks.is_among(is_wanted) => Err(Failure::Skipped(SkipReason::Recipe)),
            FileLook { kind: Some(kind), .. } => Ok(kind),
            FileLook { named: Some(named), .. } => Err(self.not_as_named(named)),
            FileLook { .. } => Err(Failure::Skipped(SkipReason::Recipe)),
        }
    }

    /// What its name and its first bytes say about its type.
    pub(crate) fn looks(&self) -> Result<FileLook, Failure> {
        Ok(FileLook::of(&self.attempt.path, &self.head(HEAD)?))
    }

    /// The failure of a file whose content does not begin as its name says.
    pub(crate) fn not_as_named(&self, named: FileKind) -> Failure {
        self.failure(&format!("its name says that it is {}, but its content does not begin as one", named.shown()))
    }

    /// Why a parser ended early: it was stopped, the file cannot be read, or else the file is malformed, as `fault`
    /// says.
    pub(crate) fn failure(&self, fault: &str) -> Failure {
        if self.attempt.is_stopped() {
            return Failure::Stopped;
        }
        match &*self.failed.lock() {
            Some(error) => Failure::of(FailReason::Read, "reading", error),
            None => Failure::Failed(FailReason::Recipe, headway_model::event::cut(fault, FAULT_LIMIT)),
        }
    }

    /// Returns what was found only if the file has not changed in the meantime and could be read completely.
    pub(crate) fn confirm<T>(&self, found: T) -> Result<T, Failure> {
        let failed = self.failed.lock().is_some();
        if failed || self.attempt.is_stopped() {
            return Err(self.failure(""));
        }
        let unchanged = self.input.is_unchanged();
        match unchanged.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
            true => Ok(found),
            false => Err(Failure::Skipped(SkipReason::Changed)),
        }
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        if self.attempt.is_stopped() {
            return Err(io::Error::other("it was stopped"));
        }
        self.file.read_at(buffer, at).map_err(|error| {
            let told = io::Error::from(error.kind());
            self.failed.lock().get_or_insert(error);
            told
        })
    }
}

/// Maximum length of the sentence about a fault, in bytes.
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
