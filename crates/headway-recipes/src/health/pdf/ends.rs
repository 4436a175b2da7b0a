//! Finds the beginning and the end of a PDF file, which can have other bytes around it (ISO 32000-2, sections 7.5.2 and 7.5.5).

use super::file::{PdfFault, PdfFile};
use super::text::is_space;
use crate::Failure;
use crate::health::finding::HealthFinding;
use crate::health::window::BLOCK_BYTES;
use crate::source::Source;

/// Up to where a document begins, in bytes.
const HEAD_BYTES: usize = 1_024;

/// How many marks of the end are looked at.
const MARKS_LIMIT: usize = 1_000;

const HEADER: &[u8] = b"%PDF-";
const START: &[u8] = b"startxref";
const END: &[u8] = b"%%EOF";

/// Where the document begins in the file; `None` if there is none.
pub(super) fn begin(source: &Source<'_>) -> Result<Option<u64>, Failure> {
    let head = source.head(HEAD_BYTES + HEADER.len())?;
    Ok(head.windows(HEADER.len()).position(|part| part == HEADER).map(|at| at as u64))
}

impl PdfFile<'_, '_> {
    /// Where the newest cross-reference begins; `None` if nothing says that.
    pub(super) fn find_start(&mut self, finding: &mut HealthFinding) -> Result<Option<u64>, PdfFault> {
        let (mut end, mut looked_at) = (self.size, 0);
        while end > 0 && looked_at < MARKS_LIMIT {
            let begin = end.saturating_sub((BLOCK_BYTES - 2 * START.len()) as u64);
            let piece = self.bytes(begin, (end - begin) as usize + START.len())?;
            let marks = piece.windows(START.len()).enumerate().filter(|(_, part)| *part == START);
            let marks: Vec<usize> = marks.map(|(at, _)| at).collect();
            looked_at += marks.len();
            for mark in marks.into_iter().rev().take(MARKS_LIMIT) {
                let after = begin + (mark + START.len()) as u64;
                match self.read(after, "the place of its table of objects", |text| text.number()) {
                    Ok((start, after)) => {
                        self.look_behind(after, finding)?;
                        return Ok(Some(start));
                    }
                    Err(PdfFault::Unread) => return Err(PdfFault::Unread),
                    Err(PdfFault::Damaged(_) | PdfFault::NotDecoded(_)) => {}
                }
            }
            end = begin;
        }
        Ok(None)
    }

    /// Notes what follows the mark of the end.
    fn look_behind(&mut self, after: u64, finding: &mut HealthFinding) -> Result<(), PdfFault> {
        let piece = self.bytes(after, BLOCK_BYTES)?;
        let spaces = piece.iter().take_while(|byte| is_space(**byte)).count();
        let mut at = after + spaces as u64;
        match piece[spaces..].starts_with(END) {
            true => at += END.len() as u64,
            false => finding.notes.push("its end is not marked as one".into()),
        }
        let (first, mut is_empty) = (at, true);
        while at < self.size && is_empty {
            let piece = self.bytes(at, BLOCK_BYTES)?;
            is_empty = piece.iter().all(|byte| is_space(*byte));
            at += piece.len() as u64;
        }
        if !is_empty {
            finding.behind(self.size - first, false);
        }
        Ok(())
    }
}
