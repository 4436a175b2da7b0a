//! A picture file as blocks that follow each other: what is picture, what is about it, and what stands behind its end. Whatever the
//! format is, to strip a file is to leave out some of its blocks and to copy the rest as they are.

use std::io::{BufRead, BufReader, Read, Seek};
use std::ops::Range;

/// A file with more blocks is refused: none that a program writes comes near.
const BLOCKS: usize = 100_000;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// All of it, in bytes of the file.
    pub(super) whole: Range<u64>,
    /// What it carries, without its head.
    pub(super) content: Range<u64>,
}

/// What a block is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// What a decoder needs to show the picture as it is.
    Picture,
    /// What says how the file is put together, and is written again where that changes.
    Frame,
    /// A colour profile.
    Colour,
    Exif,
    Xmp,
    /// Photoshop's block, which holds IPTC.
    Iptc,
    /// Exif, IPTC or XMP, packed in a text as ImageMagick writes it.
    Packed,
    /// Who made it and whose it is.
    Credit,
    Text,
    Time,
    Other,
    /// Where further pictures or a film stand that belong to it.
    Index,
    /// What stands behind the picture's end: further pictures, a film, or rubbish.
    Behind,
}

impl BlockKind {
    /// What it is called; nothing if it is no metadata.
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
            BlockKind::Behind => Some("data behind the end"),
        }
    }
}

/// The blocks of a file; and why they end early, in a sentence, if they do.
pub(super) type Walked = (Vec<Block>, Option<String>);

/// A file as it is walked through.
pub(super) struct Walk<R> {
    reader: BufReader<R>,
    at: u64,
    size: u64,
    blocks: Vec<Block>,
}

/// An error is what is wrong with the file, in words: they are the `fault` of the report, and nothing decides by them.
impl<R: Read + Seek> Walk<R> {
    /// Through a file of so many bytes, from its beginning.
    pub(super) fn new(reader: R, size: u64) -> Self {
        Walk { reader: BufReader::with_capacity(64 * 1024, reader), at: 0, size, blocks: Vec::new() }
    }

    /// Where it stands.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> u64 {
        self.size.saturating_sub(self.at)
    }

    /// The next bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|_| cut_off())?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// The next bytes up to `end`, at most `N`, and goes on at `end`. What is missing is zero.
    pub(super) fn begin_of<const N: usize>(&mut self, end: u64) -> Result<[u8; N], String> {
        let (mut bytes, count) = ([0; N], end.saturating_sub(self.at).min(N as u64));
        self.reader.read_exact(&mut bytes[..count as usize]).map_err(|_| cut_off())?;
        self.at += count;
        self.go(end)?;
        Ok(bytes)
    }

    /// Goes forward to `end`.
    pub(super) fn go(&mut self, end: u64) -> Result<(), String> {
        let by = i64::try_from(end.saturating_sub(self.at)).map_err(|_| cut_off())?;
        if end > self.size {
            return Err(cut_off());
        }
        self.reader.seek_relative(by).map_err(|_| cut_off())?;
        self.at += by as u64;
        Ok(())
    }

    /// Goes behind the next byte of this value.
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

    /// What lies between the last block and `end` is a block. Picture upon picture is one.
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

    /// All blocks, with what stands behind the end of the picture, or behind the last that could be read.
    pub(super) fn end(mut self, walked: Result<(), String>) -> Walked {
        let ended = walked.and_then(|()| self.mark(BlockKind::Behind, 0, self.size));
        (self.blocks, ended.err())
    }
}

fn cut_off() -> String {
    "it is cut off: its end is missing".into()
}
