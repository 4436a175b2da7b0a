//! Decides which blocks are removed, and writes the file without them. The new file is checked before it gets its
//! name.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use exif::Exif;

use super::block::{Block, BlockKind};
use super::{Format, MetadataAction, MetadataSettings, exif as data, webp};
use crate::Failure;
use crate::buffer::BUFFER_BYTES;
use crate::decoder_faults::CUT_OFF;
use crate::source::Source;
use headway_files::LibraryFile;
use headway_model::FailReason;

/// A part of the new file.
enum OutputPiece {
    /// A range copied from the old file.
    Copy(Range<u64>),
    New(Vec<u8>),
}

/// What is removed, and what the new file consists of.
pub(super) struct Stripped {
    pieces: Vec<OutputPiece>,
    /// The kinds of metadata that are removed, each named once.
    pub(super) gone: Vec<&'static str>,
    /// The kinds of metadata that stay.
    pub(super) kept: Vec<&'static str>,
}

impl MetadataSettings {
    /// Whether blocks of this kind are removed. The first Exif block is replaced by a new one if some of its data
    /// stay.
    fn takes(&self, kind: BlockKind) -> bool {
        match (self.action, kind) {
            (_, BlockKind::Picture | BlockKind::Frame) => false,
            // Data after the end, such as a video or another picture, can contain its own place.
            (MetadataAction::Place, kind) => {
                matches!(
                    kind,
                    BlockKind::Exif
                        | BlockKind::Xmp
                        | BlockKind::Iptc
                        | BlockKind::Packed
                        | BlockKind::Index
                        | BlockKind::Behind
                )
            }
            (_, BlockKind::Colour) => !self.colour,
            (_, BlockKind::Credit) => !self.copyright,
            _ => true,
        }
    }

    /// The part of the Exif data that stays; `None` if none does.
    ///
    /// # Errors
    /// A sentence that says why the place cannot be removed.
    fn remaining(&self, raw: &[u8], exif: Option<&Exif>) -> Result<Option<Vec<u8>>, String> {
        // Unreadable data contain nothing that could be kept.
        let Some(exif) = exif else { return Ok(None) };
        if self.action != MetadataAction::Place {
            return Ok(data::small(exif, self.orientation, self.copyright));
        }
        let without = data::without_place(raw);
        if without.is_none() && !data::has_place(exif) {
            return Ok(Some(raw.to_vec()));
        }
        let same = |now: &Exif| !data::has_place(now) && data::orientation(now) == data::orientation(exif);
        let without = without.filter(|without| data::read(without).is_some_and(|now| same(&now)));
        let why = "the place cannot be removed from its Exif data, whose offsets are wrong; all metadata can be removed instead";
        without.map(Some).ok_or_else(|| why.into())
    }
}

/// Plans the new file. `raw` are the Exif data, and `exif` is their parsed form.
pub(super) fn plan(
    source: &Source<'_>,
    (format, wanted): (Format, &MetadataSettings),
    blocks: &[Block],
    (raw, exif): (&[u8], Option<&Exif>),
) -> Result<Stripped, Failure> {
    let mut left = wanted.remaining(raw, exif).map_err(|why| source.failure(&why))?;
    let is_same = left.as_deref() == Some(raw);
    let mut stripped = Stripped { pieces: Vec::new(), gone: Vec::new(), kept: Vec::new() };
    for block in blocks {
        let whole = OutputPiece::Copy(block.whole.clone());
        if !wanted.takes(block.kind) {
            note(&mut stripped.kept, block.kind.shown());
            stripped.pieces.push(whole);
            continue;
        }
        match left.take_if(|_| block.kind == BlockKind::Exif) {
            Some(_) if is_same => {
                note(&mut stripped.kept, block.kind.shown());
                stripped.pieces.push(whole);
            }
            Some(data) => {
                let new = format.exif(&data).ok_or_else(|| source.failure("the remaining Exif data are too long"))?;
                note(&mut stripped.kept, Some("part of Exif"));
                note(&mut stripped.gone, block.kind.shown());
                stripped.pieces.push(OutputPiece::New(new));
            }
            None => note(&mut stripped.gone, block.kind.shown()),
        }
    }
    if format == Format::WebP {
        frame(source, &mut stripped, blocks)?;
    }
    Ok(stripped)
}

fn note(list: &mut Vec<&'static str>, word: Option<&'static str>) {
    list.extend(word.filter(|word| !list.contains(word)));
}

/// Updates the length and the flags in the header of a WebP file.
fn frame(source: &Source<'_>, stripped: &mut Stripped, blocks: &[Block]) -> Result<(), Failure> {
    let length = |piece: &OutputPiece| match piece {
        OutputPiece::Copy(range) => range.end - range.start,
        OutputPiece::New(bytes) => bytes.len() as u64,
    };
    let total: u64 = stripped.pieces.iter().map(length).sum();
    let size = u32::try_from(total.saturating_sub(8)).map_err(|_| source.failure("it would be too long"))?;
    let kept = stripped.kept.clone();
    for piece in &mut stripped.pieces {
        let OutputPiece::Copy(range) = piece else { continue };
        let is_frame = blocks.iter().any(|block| block.kind == BlockKind::Frame && block.whole == *range);
        if !is_frame {
            continue;
        }
        let mut bytes = read(source, range.clone())?;
        if range.start == 0 {
            bytes[4..8].copy_from_slice(&size.to_le_bytes());
        } else if let Some(flags) = bytes.last_mut() {
            let words = |kind: BlockKind| {
                kept.iter()
                    .any(|word| Some(*word) == kind.shown() || (kind == BlockKind::Exif && *word == "part of Exif"))
            };
            *flags = webp::flags(*flags, words);
        }
        *piece = OutputPiece::New(bytes);
    }
    Ok(())
}

/// Reads a short range of a file into memory.
pub(super) fn read(source: &Source<'_>, range: Range<u64>) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(usize::MAX)];
    let mut reader = source.uncounted();
    let read = reader.seek(SeekFrom::Start(range.start)).and_then(|_| reader.read_exact(&mut bytes));
    read.map(|()| bytes).map_err(|_| source.failure(CUT_OFF))
}

/// Writes the new file, and proves that it has the old file's picture and nothing unplanned. Returns its size in
/// bytes.
pub(super) fn write(
    source: &Source<'_>,
    (format, wanted): (Format, &MetadataSettings),
    (blocks, stripped): (&[Block], &Stripped),
    file: LibraryFile,
) -> Result<u64, Failure> {
    let writing = |error: io::Error| Failure::of(FailReason::Write, "writing", &error);
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
    for piece in &stripped.pieces {
        match piece {
            OutputPiece::New(bytes) => writer.write_all(bytes).map_err(writing)?,
            OutputPiece::Copy(range) => copy(source, range, |bytes| writer.write_all(bytes).map_err(writing))?,
        }
    }
    let mut file = writer.into_inner().map_err(|error| writing(error.into_error()))?;
    let size = file.seek(SeekFrom::End(0)).and_then(|size| file.rewind().map(|()| size)).map_err(writing)?;
    let mut back = ReadBack { file: &mut file, failed: None };
    let (now, fault) = format.walk(&mut back, size);
    if let Some(error) = back.failed {
        return Err(Failure::of(FailReason::Read, "reading what was written", &error));
    }
    let wrong = |why: &str| Failure::Failed(FailReason::Verify, format!("what was written is not right: {why}"));
    if let Some(fault) = fault {
        return Err(wrong(&fault));
    }
    let is_left = |block: &Block| wanted.takes(block.kind) && block.kind != BlockKind::Exif;
    if now.iter().any(is_left) || now.iter().filter(|block| block.kind == BlockKind::Exif).count() > 1 {
        return Err(wrong("metadata are left in it"));
    }
    let mut before = blake3::Hasher::new();
    for block in pictures(blocks) {
        copy(source, &block.whole, |bytes| {
            before.update(bytes);
            Ok(())
        })?;
    }
    let mut after = blake3::Hasher::new();
    for block in pictures(&now) {
        file.seek(SeekFrom::Start(block.whole.start)).map_err(writing)?;
        let part = (&mut file).take(block.whole.end - block.whole.start);
        after.update_reader(part).map_err(writing)?;
    }
    if before.finalize() != after.finalize() {
        return Err(wrong("its picture is not the same"));
    }
    Ok(size)
}

/// Reads what was written. Keeps the error of a call that fails, because a format takes every error for the end of the
/// file.
struct ReadBack<'a> {
    file: &'a mut LibraryFile,
    failed: Option<io::Error>,
}

impl ReadBack<'_> {
    fn kept<T>(&mut self, answer: io::Result<T>) -> io::Result<T> {
        answer.map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}

impl Read for ReadBack<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answer = self.file.read(buffer);
        self.kept(answer)
    }
}

impl Seek for ReadBack<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let answer = self.file.seek(to);
        self.kept(answer)
    }
}

fn pictures(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    blocks.iter().filter(|block| block.kind == BlockKind::Picture)
}

/// Passes a range of a file to `take`, in parts.
fn copy(
    source: &Source<'_>,
    range: &Range<u64>,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let cut_off = |_| source.failure(CUT_OFF);
    let (mut reader, mut left, mut buffer) = (source.uncounted(), range.end - range.start, vec![0; BUFFER_BYTES]);
    reader.seek(SeekFrom::Start(range.start)).map_err(cut_off)?;
    while left > 0 {
        let part = &mut buffer[..left.min(BUFFER_BYTES as u64) as usize];
        reader.read_exact(part).map_err(cut_off)?;
        take(part)?;
        left -= part.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Metadata, SeenMetadata};
    use super::*;
    use crate::testing::Bench;

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes()[..], kind, data, &[0; 4]].concat()
    }

    #[test]
    fn a_read_that_fails_is_not_the_end_of_what_was_written() {
        let chunks =
            [chunk(b"IHDR", &[0; 13]), chunk(b"tEXt", b"Author\0me"), chunk(b"IDAT", b"x"), chunk(b"IEND", b"")];
        let picture = [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat();
        let folder = tempfile::tempdir().expect("a folder");
        let wanted: MetadataSettings = crate::defaults(&Metadata, json!({ "action": "strip" }));
        let strip = |readable: bool| {
            Bench::new("picture.png").on(&picture, |source| {
                let seen = SeenMetadata::new(source, Format::Png).expect("blocks");
                let path = folder.path().join("new");
                let opened =
                    || std::fs::File::options().read(readable).write(true).create(true).truncate(true).open(path);
                wanted.strip(source, Format::Png, &seen, || Ok(opened().expect("a file").into()))
            })
        };
        assert!(strip(true).is_ok_and(|result| result["gone"] != json!([])));
        // Every read of this file fails.
        let told = Failure::Failed(FailReason::Read, "reading what was written: Bad file descriptor".into());
        assert_eq!(strip(false), Err(told));
    }
}
