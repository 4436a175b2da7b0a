//! A PDF file under test: where its objects are, and reading one at its place (ISO 32000-2, sections 7.3.10 and 7.5).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::rc::Rc;

use super::text::{PdfGap, PdfText};
use super::value::{PdfValue, value};
use crate::health::window::FileWindow;
use crate::source::Source;

/// How much of a value is read at first, and at most, in bytes.
const FIRST_PIECE_BYTES: usize = 4 * 1024;
const LAST_PIECE_BYTES: usize = 16 << 20;

/// Up to this many bytes of long values, and as many times the size of the file, are read again in larger pieces.
const AGAIN_BYTES: u64 = 1 << 30;
const AGAIN_RATIO: u64 = 20;

/// A file with more objects is not checked to its end, because the check keeps up to 50 bytes for each.
pub(super) const OBJECTS_LIMIT: usize = 4_000_000;

/// Why a check ended early.
#[derive(Debug)]
pub(super) enum PdfFault {
    /// The file cannot be read, or the attempt is to end.
    Unread,
    /// This is wrong with the file.
    Damaged(String),
    /// This was not decoded.
    NotDecoded(String),
}

impl From<io::Error> for PdfFault {
    fn from(_: io::Error) -> Self {
        PdfFault::Unread
    }
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PdfPlace {
    /// Nowhere: it was removed.
    Free,
    /// At this offset.
    At(u64),
    /// In the object stream with this number.
    Within(u32),
}

/// An object that was read at its place.
#[derive(Debug)]
pub(super) struct PdfObject {
    pub(super) number: u32,
    pub(super) value: PdfValue,
    /// Where its stream begins, if it has one.
    pub(super) stream: Option<u64>,
    /// Whether it is marked where it ends.
    pub(super) has_end: bool,
}

/// The objects of an object stream.
#[derive(Debug)]
pub(super) struct PdfBundle {
    pub(super) bytes: Vec<u8>,
    /// Where each object begins, by its number.
    pub(super) places: BTreeMap<u32, usize>,
}

/// What was counted over all streams.
#[derive(Debug, Default)]
pub(super) struct StreamCounts {
    /// How many streams were unpacked to their end and match their checksum.
    pub(super) sound: u64,
    /// The objects whose streams do not match it.
    pub(super) wrong: BTreeSet<u32>,
    /// How many have no end.
    pub(super) cut: u64,
    /// How many were not decoded, by the method that packed them.
    pub(super) not_decoded: BTreeMap<String, u64>,
}

/// A PDF file under test.
pub(super) struct PdfFile<'a, 'b> {
    pub(super) source: &'a Source<'b>,
    pub(super) window: FileWindow<'a, 'b>,
    /// Where the document begins in the file. All offsets count from here.
    pub(super) base: u64,
    /// The size of the document in bytes.
    pub(super) size: u64,
    pub(super) places: BTreeMap<u32, PdfPlace>,
    pub(super) trailer: PdfValue,
    pub(super) is_encrypted: bool,
    /// The numbers that objects refer to.
    pub(super) referenced: HashSet<u32>,
    pub(super) streams: StreamCounts,
    pub(super) doubts: BTreeSet<&'static str>,
    /// How many more bytes are unpacked.
    pub(super) budget: u64,
    /// The object streams that were read last.
    pub(super) bundles: Vec<(u32, Rc<PdfBundle>)>,
    /// How many objects are being looked up, each for another.
    pub(super) depth: u32,
    /// The last search for the end of a stream: from where, and what was found.
    pub(super) last_end: Option<(u64, Option<u64>)>,
    again: u64,
}

impl<'a, 'b> PdfFile<'a, 'b> {
    /// A file whose document begins at `base`, of which at most `budget` bytes are unpacked.
    pub(super) fn new(source: &'a Source<'b>, base: u64, budget: u64) -> Self {
        let size = source.size().saturating_sub(base);
        PdfFile {
            source,
            window: FileWindow::new(source.uncounted()),
            base,
            size,
            places: BTreeMap::new(),
            trailer: PdfValue::Null,
            is_encrypted: false,
            referenced: HashSet::new(),
            streams: StreamCounts::default(),
            doubts: BTreeSet::new(),
            budget,
            bundles: Vec::new(),
            depth: 0,
            last_end: None,
            again: AGAIN_BYTES.saturating_add(size.saturating_mul(AGAIN_RATIO)),
        }
    }

    /// The bytes at this offset, and fewer only at the end.
    pub(super) fn bytes(&mut self, at: u64, length: usize) -> Result<&[u8], PdfFault> {
        match at < self.size {
            true => Ok(self.window.at(self.base + at, length)?),
            false => Ok(&[]),
        }
    }

    /// Reads something at this offset. Returns it, and the offset after it.
    pub(super) fn read<T>(
        &mut self,
        at: u64,
        what: &str,
        read: impl Fn(&mut PdfText<'_>) -> Result<T, PdfGap>,
    ) -> Result<(T, u64), PdfFault> {
        let place = self.base.saturating_add(at);
        if at >= self.size {
            return Err(PdfFault::Damaged(format!("it is cut off: {what} should begin at byte {place}")));
        }
        let mut length = FIRST_PIECE_BYTES;
        loop {
            let piece = self.window.at(place, length)?;
            let mut text = PdfText::new(piece, piece.len() < length);
            match read(&mut text) {
                Ok(found) => return Ok((found, at + text.at as u64)),
                Err(PdfGap::Senseless) => {
                    let text = format!("it is damaged at byte {place}: {what} is missing or makes no sense");
                    return Err(PdfFault::Damaged(text));
                }
                Err(PdfGap::More) => length *= 8,
            }
            self.again = self.again.saturating_sub(length as u64);
            if length > LAST_PIECE_BYTES || self.again == 0 {
                return Err(PdfFault::NotDecoded("it was not checked to its end, as its objects are too long".into()));
            }
        }
    }

    /// Reads the object at this offset, which has this number if one is given.
    pub(super) fn object_at(&mut self, at: u64, wanted: Option<u32>) -> Result<PdfObject, PdfFault> {
        let name = wanted.map_or("an object".to_owned(), |number| format!("object {number}"));
        let (mut object, _) = self.read(at, &name, |text| {
            let number = u32::try_from(text.number()?).map_err(|_| PdfGap::Senseless)?;
            text.number()?;
            let is_wanted = wanted.is_none_or(|wanted| wanted == number);
            if text.word()? != b"obj" || !is_wanted {
                return Err(PdfGap::Senseless);
            }
            object(text, number)
        })?;
        object.stream = object.stream.map(|stream| at + stream);
        Ok(object)
    }
}

/// Reads the rest of an object. Its stream is told from where the text began.
fn object(text: &mut PdfText<'_>, number: u32) -> Result<PdfObject, PdfGap> {
    let begin = text.at;
    if text.word()? == b"endobj" {
        return Ok(PdfObject { number, value: PdfValue::Null, stream: None, has_end: true });
    }
    text.at = begin;
    let value = value(text)?;
    let word = text.word()?;
    if word != b"stream" || !matches!(value, PdfValue::Dictionary(_)) {
        return Ok(PdfObject { number, value, stream: None, has_end: word == b"endobj" });
    }
    if !text.takes(b"\r\n")? && !text.takes(b"\n")? {
        text.takes(b"\r")?;
    }
    Ok(PdfObject { number, value, stream: Some(text.at as u64), has_end: true })
}
