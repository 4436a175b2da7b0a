//! The cross-reference of a PDF file, which says where its objects are: tables and streams, each with a link to the one before an update
//! (ISO 32000-2, sections 7.5.4 to 7.5.8).

use std::collections::{BTreeSet, VecDeque};

use super::file::{OBJECTS_LIMIT, PdfFault, PdfFile, PdfPlace};
use super::text::digits;
use super::value::{PdfValue, value};

/// What the cross-reference is called in messages.
const TABLE: &str = "its table of objects";

fn senseless() -> PdfFault {
    PdfFault::Damaged(format!("it is damaged: {TABLE} makes no sense"))
}

impl PdfFile<'_, '_> {
    /// Reads the cross-reference that begins at this offset, and all before it.
    pub(super) fn read_xref(&mut self, start: u64) -> Result<(), PdfFault> {
        let (mut left, mut seen) = (VecDeque::from([start]), BTreeSet::new());
        let mut newest = None;
        while let Some(at) = left.pop_front() {
            if !seen.insert(at) {
                continue;
            }
            let (is_table, after) = self.read(at, TABLE, |text| Ok(text.word()? == b"xref"))?;
            let trailer = if is_table { self.table(after)? } else { self.xref_stream(at)? };
            let linked = [b"XRefStm".as_slice(), b"Prev"];
            left.extend(linked.into_iter().filter_map(|key| trailer.count_of(key)));
            newest.get_or_insert(trailer);
        }
        let trailer = newest.filter(|trailer| trailer.get(b"Root").is_some()).ok_or_else(senseless)?;
        if trailer.get(b"Size").is_none() {
            self.doubts.insert("its table of objects does not say how many there are");
        }
        self.trailer = trailer;
        Ok(())
    }

    /// Notes where an object is, unless an update said so.
    fn note(&mut self, number: u64, place: PdfPlace) -> Result<(), PdfFault> {
        if self.places.len() >= OBJECTS_LIMIT {
            return Err(PdfFault::NotDecoded("it was not checked, as it has too many objects".into()));
        }
        let number = u32::try_from(number).map_err(|_| senseless())?;
        self.places.entry(number).or_insert(place);
        Ok(())
    }

    /// Reads the rest of a table. Returns its trailer.
    fn table(&mut self, mut at: u64) -> Result<PdfValue, PdfFault> {
        loop {
            let section = self.read(at, TABLE, |text| {
                let first = text.word()?;
                Ok(if first == b"trailer" { None } else { Some((digits(first), text.number()?)) })
            })?;
            let (first, count) = match section {
                (None, after) => {
                    let (trailer, _) = self.read(after, TABLE, value)?;
                    return Ok(trailer);
                }
                (Some((first, count)), after) => {
                    at = after;
                    (first.ok_or_else(senseless)?, count)
                }
            };
            for number in (first..).take(usize::try_from(count).unwrap_or(usize::MAX)) {
                let ((offset, kind), after) = self.read(at, TABLE, |text| {
                    let (offset, _) = (text.number()?, text.number()?);
                    Ok((offset, text.word()?.first().copied()))
                })?;
                at = after;
                let place = match (kind, offset) {
                    (Some(b'f'), _) | (Some(b'n'), 0) => PdfPlace::Free,
                    (Some(b'n'), offset) => PdfPlace::At(offset),
                    _ => return Err(senseless()),
                };
                self.note(number, place)?;
            }
        }
    }

    /// Reads the stream at this offset. Returns its dictionary.
    fn xref_stream(&mut self, at: u64) -> Result<PdfValue, PdfFault> {
        let object = self.object_at(at, None)?;
        let begin = object.stream.filter(|_| object.value.name_of(b"Type") == Some(&b"XRef"[..]));
        let begin = begin.ok_or_else(senseless)?;
        let content = self.content(object.number, &object.value, begin)?;
        let numbers = |key: &[u8]| match object.value.get(key) {
            Some(PdfValue::Array(all)) => all.iter().map(PdfValue::count).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let widths = numbers(b"W").filter(|widths| widths.len() >= 3 && widths.iter().all(|width| *width <= 8));
        let widths: Vec<usize> = widths.ok_or_else(senseless)?.iter().map(|width| *width as usize).take(3).collect();
        let whole = object.value.count_of(b"Size").map(|size| vec![0, size]);
        let sections = numbers(b"Index").or(whole).ok_or_else(senseless)?;
        let mut rows = content.chunks_exact(widths.iter().sum::<usize>().max(1));
        for section in sections.chunks_exact(2) {
            for number in (section[0]..).take(usize::try_from(section[1]).unwrap_or(usize::MAX)) {
                let row = rows.next().ok_or_else(senseless)?;
                self.note(number, place(row, &widths)?)?;
            }
        }
        Ok(object.value)
    }
}

/// The place that a row of a cross-reference stream names, whose fields have these widths.
fn place(row: &[u8], widths: &[usize]) -> Result<PdfPlace, PdfFault> {
    let mut rest = row;
    let mut fields = widths.iter().map(|width| {
        let (field, after) = rest.split_at((*width).min(rest.len()));
        rest = after;
        field.iter().fold(0, |number: u64, byte| (number << 8) | u64::from(*byte))
    });
    let mut next = || fields.next().unwrap_or(0);
    let (kind, second) = (next(), next());
    // Without a field for the kind, each row is an object at an offset.
    let kind = if widths.first() == Some(&0) { 1 } else { kind };
    match kind {
        1 => Ok(PdfPlace::At(second)),
        2 => u32::try_from(second).map(PdfPlace::Within).map_err(|_| senseless()),
        _ => Ok(PdfPlace::Free),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_a_place() {
        let place = |row: &[u8], widths: &[usize]| place(row, widths).expect("a place");
        assert_eq!(place(&[1, 2, 3, 0], &[1, 2, 1]), PdfPlace::At(515));
        assert_eq!(place(&[2, 0, 9, 4], &[1, 2, 1]), PdfPlace::Within(9));
        assert_eq!(place(&[0, 0, 9, 4], &[1, 2, 1]), PdfPlace::Free);
        assert_eq!(place(&[7, 4], &[0, 1, 1]), PdfPlace::At(7));
    }
}
