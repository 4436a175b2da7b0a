//! Checks the structure of a PDF file (ISO 32000-2): the cross-reference, every object that it names, the tree of pages, and every stream that
//! Flate packed, to its checksum. What is in the streams is not looked at: neither text nor pictures.

mod check;
mod ends;
mod file;
mod objects;
mod pages;
#[cfg(test)]
mod real_files;
mod scan;
mod streams;
mod text;
mod unpack;
mod value;
mod xref;

use super::finding::HealthFinding;
use crate::Failure;
use crate::decoder_faults::CUT_OFF;
use crate::kind::FileKind;
use crate::source::Source;
use file::{PdfFault, PdfFile, PdfPlace};
use value::PdfValue;

/// Checks a file, of which at most this many bytes are unpacked.
pub(super) fn decode(source: &Source<'_>, most: u64) -> Result<HealthFinding, Failure> {
    let Some(base) = ends::begin(source)? else { return Err(source.not_as_named(FileKind::Pdf)) };
    let mut finding = HealthFinding::default();
    if base > 0 {
        finding.notes.push(format!("there are {base} bytes before its beginning"));
    }
    let mut file = PdfFile::new(source, base, most);
    match file.check(&mut finding) {
        Ok(()) => {}
        Err(PdfFault::NotDecoded(why)) => finding.unchecked.push(why),
        Err(PdfFault::Damaged(what)) => return Err(source.failure(&what)),
        Err(PdfFault::Unread) => return Err(source.failure(CUT_OFF)),
    }
    file.judge_streams(&mut finding)?;
    Ok(finding)
}

impl PdfFile<'_, '_> {
    /// Reads everything that the file's structure reaches.
    fn check(&mut self, finding: &mut HealthFinding) -> Result<(), PdfFault> {
        let start = self.find_start(finding)?;
        let read = match start {
            Some(start) => self.read_xref(start),
            None => Err(PdfFault::Damaged(CUT_OFF.into())),
        };
        let mut scan = None;
        match read {
            Ok(()) => {}
            Err(PdfFault::Damaged(_)) => {
                let found = self.scan()?;
                self.rebuild(&found)?;
                scan = Some(found);
            }
            Err(other) => return Err(other),
        }
        self.is_encrypted = self.trailer.get(b"Encrypt").is_some_and(|value| *value != PdfValue::Null);
        self.trailer.references(&mut self.referenced);
        let mut broken = self.check_objects()?;
        let has_bundles = self.places.values().any(|place| matches!(place, PdfPlace::Within(_)));
        if self.is_encrypted {
            finding.unchecked.push("it is encrypted, so that its streams were not unpacked".into());
        } else {
            self.check_bundles(&mut broken)?;
        }
        if broken.keys().any(|number| self.referenced.contains(number)) {
            let found = match scan {
                Some(found) => found,
                None => self.scan()?,
            };
            self.find_broken(broken, &found)?;
        }
        if start.is_none() && self.referenced.iter().any(|number| !self.places.contains_key(number)) {
            return Err(PdfFault::Damaged("it is cut off: its end is missing, and objects with it".into()));
        }
        if self.is_encrypted && has_bundles {
            return Err(PdfFault::NotDecoded("its pages were not followed, as its structure is encrypted".into()));
        }
        if self.count_pages()? == 0 {
            self.doubts.insert("it has no pages");
        }
        Ok(())
    }

    /// Says what was found about all streams.
    fn judge_streams(self, finding: &mut HealthFinding) -> Result<(), Failure> {
        let (wrong, sound) = (self.streams.wrong, self.streams.sound);
        if let Some(first) = wrong.first() {
            // Readers do not look at these checksums, so that a program can get all of them wrong unnoticed.
            if sound > 0 || wrong.len() == 1 {
                let text = format!("it is damaged: the stream of object {first} does not match its checksum");
                return Err(self.source.failure(&text));
            }
            finding.doubts.push("none of its streams matches its checksum".into());
        }
        if self.streams.cut > 0 {
            finding.doubts.push(format!("{} of its packed streams have no end", self.streams.cut));
        }
        finding.doubts.extend(self.doubts.iter().map(|doubt| (*doubt).to_owned()));
        if !self.streams.not_decoded.is_empty() {
            let each = self.streams.not_decoded.iter().map(|(method, count)| format!("{count} {method}"));
            let each = each.collect::<Vec<_>>().join(", ");
            finding.unchecked.push(format!("streams that are packed otherwise were not decoded: {each}"));
        }
        Ok(())
    }
}
