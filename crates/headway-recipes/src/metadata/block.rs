//! A picture file as a sequence of blocks: the picture itself, its metadata, and anything after its end. In every
//! format, stripping a file means leaving out some of its blocks and copying the others unchanged.

use std::io::{BufRead, BufReader, Read, Seek};
use std::ops::Range;

use crate::decoder_faults::CUT_OFF;

/// A file with more blocks is refused. No program writes nearly that many.
const BLOCKS: usize = 100_000;

/// One block of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// The whole block, as a range of bytes in the file.
    pub(super) whole: Range<u64>,
    /// Its content, without its header.
    pub(super) content: Range<u64>,
}

/// The kind of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// Needed by a decoder to show the picture correctly.
    Picture,
    /// Describes the structure of the file; rewritten if that changes.
    Frame,
    /// A colour profile.
    Colour,
    Exif,
    Xmp,
    /// Photoshop's block, which contains IPTC.
    Iptc,
    /// Exif, IPTC or XMP packed into a text, as ImageMagick writes it.
    Packed,
    /// The author and the copyright.
    Credit,
    Text,
    Time,
    Other,
    /// Points to further pictures or a video in the same file.
    Index,
    /// Data after the end of the picture: further pictures, a video, or garbage.
    Behind,
}

impl BlockKind {
    /// Its name in results; `None` if it is not metadata.
    pub(super) fn shown(self) -> Option<&'static str> {
        match self {
            BlockKind::Picture | BlockKind::Frame => None,
            BlockKind::Colour => Some("ICC profile"),
            BlockKind::Exif => Some("Exif"),
            BlockKind::Xmp => Some("XMP"),
            BlockKind::Iptc => Some("IPTC"),
            BlockKind::Packed => Some("packed profile"),
            BlockKind::Credit => Some("credit"),
            BlockKind::Text => Some("text"),
            BlockKind::Time => Some("time"),
            BlockKind::Other => Some("other"),
            BlockKind::Index => Some("index of further pictures"),
            BlockKind::Behind => Some("data after the end"),
        }
    }
}

/// The blocks of a file and, if they end early, a sentence that says why.
pub(super) type Walked = (Vec<Block>, Option<String>);

/// Walks through the blocks of a file.
pub(super) struct Walk<R> {
    reader: BufReader<R>,
    at: u64,
    size: u64,
    blocks: Vec<Block>,
}

/// Errors are sentences about what is wrong with the file. They become the `fault` in the report; no code depends on
/// them.
impl<R: Read + Seek> Walk<R> {
    /// Begins at the start of a file of this size in bytes.
    pub(super) fn new(reader: R, size: u64) -> Self {
        Walk { reader: BufReader::with_capacity(64 * 1024, reader), at: 0, size, blocks: Vec::new() }
    }

    /// The current offset.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> u64 {
        self.size.saturating_sub(self.at)
    }

    /// Reads the next bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|_| cut_off())?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// Reads the first `N` bytes of the range up to `end`, and continues at `end`. A shorter range is padded with
    /// zeros.
    pub(super) fn begin_of<const N: usize>(&mut self, end: u64) -> Result<[u8; N], String> {
        let (mut bytes, count) = ([0; N], end.saturating_sub(self.at).min(N as u64));
        self.reader.read_exact(&mut bytes[..count as usize]).map_err(|_| cut_off())?;
        self.at += count;
        self.go(end)?;
        Ok(bytes)
    }

    /// Skips to `end`.
    pub(super) fn go(&mut self, end: u64) -> Result<(), String> {
        let by = i64::try_from(end.saturating_sub(self.at)).map_err(|_| cut_off())?;
        if end > self.size {
            return Err(cut_off());
        }
        self.reader.seek_relative(by).map_err(|_| cut_off())?;
        self.at += by as u64;
        Ok(())
    }

    /// Skips to just after the next byte with this value.
    pub(super) fn go_behind(&mut self, byte: u8) -> Result<(), String> {
        loop {
            let part = self.reader.fill_buf().map_err(|_| cut_off())?;
            if part.is_empty() {
                return Err(cut_off());
            }
            let found = part.iter().position(|one| *one == byte);
            let count = found.map_or(part.len(), |index| index + 1);
            self.reader.consume(count);
            self.at += count as u64;
            if found.is_some() {
                return Ok(());
            }
        }
    }

    /// Adds a block from the end of the last one to `end`. Adjacent picture blocks are merged.
    pub(super) fn mark(&mut self, kind: BlockKind, head: u64, end: u64) -> Result<(), String> {
        let begin = self.blocks.last().map_or(0, |last| last.whole.end);
        if begin >= end {
            return Ok(());
        }
        let is_full = self.blocks.len() >= BLOCKS;
        match self.blocks.last_mut() {
            Some(last) if kind == BlockKind::Picture && last.kind == kind => {
                (last.whole.end, last.content.end) = (end, end);
            }
            _ if is_full => return Err(format!("it has more than {BLOCKS} blocks")),
            _ => self.blocks.push(Block { kind, whole: begin..end, content: (begin + head).min(end)..end }),
        }
        Ok(())
    }

    /// All blocks. Anything after the picture's end, or after the last readable block, becomes a block too.
    pub(super) fn end(mut self, walked: Result<(), String>) -> Walked {
        let ended = walked.and_then(|()| self.mark(BlockKind::Behind, 0, self.size));
        (self.blocks, ended.err())
    }
}

fn cut_off() -> String {
    CUT_OFF.into()
}
