//! The streams of a PDF file: how long they are, and whether they can be unpacked (ISO 32000-2, sections 7.3.8 and 7.4).

use super::file::{PdfFault, PdfFile};
use super::text::is_space;
use super::unpack::{FlateEnd, unpack, unpredict};
use super::value::PdfValue;
use crate::health::window::BLOCK_BYTES;

/// How much a stream with parts of the file's structure can unpack to, in bytes.
const STRUCTURE_BYTES: usize = 64 << 20;

/// The mark at the end of a stream.
const END: &[u8] = b"endstream";

impl PdfFile<'_, '_> {
    /// The length of the stream that begins at this offset and has this dictionary.
    pub(super) fn length_of(&mut self, dictionary: &PdfValue, begin: u64) -> Result<u64, PdfFault> {
        let length = dictionary.get(b"Length").cloned().unwrap_or(PdfValue::Null);
        let (told, is_known) = match self.resolve(length) {
            Ok(length) => (length.count(), true),
            Err(PdfFault::Unread) => return Err(PdfFault::Unread),
            Err(PdfFault::Damaged(_)) => (None, true),
            Err(PdfFault::NotDecoded(_)) => (None, false),
        };
        if let Some(length) = told.filter(|length| *length <= self.size.saturating_sub(begin)) {
            let after = self.bytes(begin + length, END.len() + 8)?;
            let spaces = after.iter().take_while(|byte| is_space(**byte)).count();
            if after[spaces..].starts_with(END) {
                return Ok(length);
            }
        }
        let end = self.end_after(begin)?;
        let end =
            end.ok_or_else(|| PdfFault::Damaged(format!("it is cut off: the stream at byte {begin} has no end")))?;
        if is_known {
            self.doubts.insert("the lengths of some of its streams are wrong");
        }
        Ok(end - begin)
    }

    /// Where the first end of a stream is after this offset.
    fn end_after(&mut self, begin: u64) -> Result<Option<u64>, PdfFault> {
        if let Some((from, found)) = self.last_end
            && from <= begin
            && found.is_none_or(|found| begin <= found)
        {
            return Ok(found);
        }
        let (mut at, mut found) = (begin, None);
        while at < self.size && found.is_none() {
            let piece = self.bytes(at, BLOCK_BYTES)?;
            found = piece.windows(END.len()).position(|part| part == END).map(|inside| at + inside as u64);
            at += (BLOCK_BYTES - END.len()) as u64;
        }
        self.last_end = Some((begin, found));
        Ok(found)
    }

    /// The names of the methods that packed a stream, the one to undo first at the beginning.
    fn methods(&mut self, dictionary: &PdfValue) -> Result<Vec<String>, PdfFault> {
        let Some(filter) = dictionary.get(b"Filter") else { return Ok(Vec::new()) };
        let filters = match self.resolve(filter.clone())? {
            PdfValue::Array(filters) => filters,
            PdfValue::Null => Vec::new(),
            filter => vec![filter],
        };
        let name = |filter: &PdfValue| match filter {
            PdfValue::Name(name) => name.escape_ascii().to_string(),
            _ => "a method without a name".to_owned(),
        };
        Ok(filters.iter().map(name).collect())
    }

    /// Looks for the mark of the object's end behind its stream.
    fn check_end(&mut self, end: u64) -> Result<(), PdfFault> {
        let marked = self.read(end, "the end of an object", |text| {
            text.word()?;
            Ok(text.word()? == b"endobj")
        });
        match marked {
            Ok((true, _)) => {}
            Err(PdfFault::Unread) => return Err(PdfFault::Unread),
            Ok((false, _)) | Err(PdfFault::Damaged(_) | PdfFault::NotDecoded(_)) => {
                self.doubts.insert("some of its objects have no end");
            }
        }
        Ok(())
    }

    /// Unpacks the stream of the object with this number to its end, and counts how that ended.
    pub(super) fn check_stream(&mut self, number: u32, dictionary: &PdfValue, begin: u64) -> Result<(), PdfFault> {
        let length = self.length_of(dictionary, begin)?;
        self.check_end(begin + length)?;
        let is_elsewhere = dictionary.get(b"F").is_some();
        // The cross-reference is never encrypted.
        let is_encrypted = self.is_encrypted && dictionary.name_of(b"Type") != Some(&b"XRef"[..]);
        if is_elsewhere || is_encrypted {
            return Ok(());
        }
        let methods = self.methods(dictionary)?;
        let Some(first) = methods.first() else { return Ok(()) };
        let is_packed = is_flate(first);
        if let Some(other) = methods.get(usize::from(is_packed)) {
            *self.streams.not_decoded.entry(other.clone()).or_default() += 1;
        }
        if !is_packed {
            return Ok(());
        }
        let budget = &mut self.budget;
        let mut take = |part: &[u8]| {
            *budget = budget.saturating_sub(part.len() as u64);
            *budget > 0
        };
        let ended = unpack(&mut self.window, self.base + begin, length, &mut take)?;
        self.count(number, ended)
    }

    fn count(&mut self, number: u32, ended: FlateEnd) -> Result<(), PdfFault> {
        match ended {
            FlateEnd::Whole => self.streams.sound += 1,
            FlateEnd::WrongChecksum => {
                self.streams.wrong.insert(number);
            }
            FlateEnd::CutOff => self.streams.cut += 1,
            FlateEnd::Senseless => {
                let text = format!("it is damaged: the stream of object {number} cannot be unpacked");
                return Err(PdfFault::Damaged(text));
            }
            FlateEnd::Refused => return Err(too_large()),
        }
        Ok(())
    }

    /// The content of a stream that is a part of the file's structure, and belongs to the object with this number.
    pub(super) fn content(&mut self, number: u32, dictionary: &PdfValue, begin: u64) -> Result<Vec<u8>, PdfFault> {
        let length = self.length_of(dictionary, begin)?;
        let methods = self.methods(dictionary)?;
        let (mut content, mut budget) = (Vec::new(), self.budget);
        let mut take = |part: &[u8]| {
            content.extend_from_slice(part);
            budget = budget.saturating_sub(part.len() as u64);
            budget > 0 && content.len() <= STRUCTURE_BYTES
        };
        match methods.as_slice() {
            [] => {
                let length = usize::try_from(length).ok().filter(|length| *length <= STRUCTURE_BYTES);
                take(self.bytes(begin, length.ok_or_else(too_large)?)?);
            }
            [only] if is_flate(only) => {
                match unpack(&mut self.window, self.base + begin, length, &mut take)? {
                    FlateEnd::Senseless => {
                        let text = format!("it is damaged: the stream of object {number} cannot be unpacked");
                        return Err(PdfFault::Damaged(text));
                    }
                    FlateEnd::Refused => return Err(too_large()),
                    // These are counted where all streams are.
                    FlateEnd::Whole | FlateEnd::WrongChecksum | FlateEnd::CutOff => {}
                }
            }
            [.., other] => {
                let text = format!("it was not checked to its end, as its structure is packed by {other}");
                return Err(PdfFault::NotDecoded(text));
            }
        }
        self.budget = budget;
        let parameters = dictionary.get(b"DecodeParms").cloned().unwrap_or(PdfValue::Null);
        let parameters = match self.resolve(parameters)? {
            PdfValue::Array(all) => self.resolve(all.into_iter().next().unwrap_or(PdfValue::Null))?,
            one => one,
        };
        let senseless = || PdfFault::Damaged(format!("it is damaged: the stream of object {number} makes no sense"));
        unpredict(&parameters, content).ok_or_else(senseless)
    }
}

fn too_large() -> PdfFault {
    PdfFault::NotDecoded("it was not checked to its end, as it unpacks to too much".into())
}

fn is_flate(method: &str) -> bool {
    matches!(method, "FlateDecode" | "Fl")
}
