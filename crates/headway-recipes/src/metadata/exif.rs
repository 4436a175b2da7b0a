//! Exif data (CIPA DC-008): reads them, makes a small block of what is to stay, and removes the place.

use exif::{Context, Exif, Field, In, Reader, Tag, Value};
use serde_json::{Map, json};

use headway_model::event::cut;

/// Longer texts are truncated in results.
const TEXT_LIMIT: usize = 200;

/// The tag in the first directory that points to the GPS directory.
const PLACE: u16 = 0x8825;

/// Parses Exif data; `None` if they are not Exif at all. Data with invalid offsets are read as far as possible.
pub(super) fn read(data: &[u8]) -> Option<Exif> {
    match Reader::new().continue_on_error(true).read_raw(data.to_vec()) {
        Ok(exif) => Some(exif),
        Err(exif::Error::PartialResult(part)) => Some(part.into_inner().0),
        Err(_) => None,
    }
}

/// The facts about a picture that the report shows.
pub(super) fn facts(exif: &Exif) -> Map<String, serde_json::Value> {
    let mut facts = Map::new();
    let mut note = |name: &str, value: Option<String>| {
        if let Some(text) = value.filter(|text| !text.is_empty()) {
            facts.insert(name.into(), cut(&text, TEXT_LIMIT).into());
        }
    };
    note("taken", text(exif, Tag::DateTimeOriginal).or_else(|| text(exif, Tag::DateTime)));
    let camera: Vec<_> = [Tag::Make, Tag::Model].into_iter().filter_map(|tag| text(exif, tag)).collect();
    note("camera", Some(camera.join(" ")));
    note("artist", text(exif, Tag::Artist));
    note("copyright", text(exif, Tag::Copyright));
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S");
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W");
    let place = latitude.zip(longitude).map(|(north, east)| format!("{north:.6} {east:.6}"));
    // Some programs write the place incorrectly; the report must still say that there is one.
    let is_given = [Tag::GPSLatitude, Tag::GPSLongitude].iter().any(|tag| exif.get_field(*tag, In::PRIMARY).is_some());
    note("place", place.or_else(|| is_given.then(|| "given, but not as Exif has it".into())));
    if let Some(orientation) = orientation(exif) {
        facts.insert("orientation".into(), json!(orientation));
    }
    facts
}

/// The orientation, from 1 (upright) to 8; `None` if the data do not contain it.
pub(super) fn orientation(exif: &Exif) -> Option<u32> {
    let field = exif.get_field(Tag::Orientation, In::PRIMARY)?;
    field.value.get_uint(0).filter(|orientation| (1..=8).contains(orientation))
}

/// Whether the data say anything about the place.
pub(super) fn has_place(exif: &Exif) -> bool {
    exif.fields().any(|field| field.tag.context() == Context::Gps || field.tag == Tag::GPSInfoIFDPointer)
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(texts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let shown = |text: &Vec<u8>| {
        String::from_utf8_lossy(text).trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
    };
    let all: Vec<_> = texts.iter().map(shown).filter(|text| !text.is_empty()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn degrees(exif: &Exif, tag: Tag, reference: Tag, negative: &str) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let part = |index: usize| parts.get(index).map_or(0.0, exif::Rational::to_f64);
    let value = part(0) + part(1) / 60.0 + part(2) / 3600.0;
    let sign = if text(exif, reference)?.starts_with(negative) { -1.0 } else { 1.0 };
    value.is_finite().then_some(sign * value)
}

/// Makes Exif data that contain only the orientation or the author and copyright, as requested. `None` if there is
/// nothing to keep.
pub(super) fn small(exif: &Exif, keep_orientation: bool, keep_credit: bool) -> Option<Vec<u8>> {
    let mut entries = Vec::new();
    if let Some(orientation) = orientation(exif).filter(|orientation| keep_orientation && *orientation != 1) {
        entries.push((Tag::Orientation.number(), 3_u16, 1_u32, (orientation as u16).to_be_bytes().to_vec()));
    }
    for tag in [Tag::Artist, Tag::Copyright] {
        if let Some(Field { value: Value::Ascii(texts), .. }) = exif.get_field(tag, In::PRIMARY).filter(|_| keep_credit)
        {
            let value: Vec<u8> = texts.iter().flat_map(|text| text.iter().copied().chain([0])).collect();
            entries.push((tag.number(), 2, value.len() as u32, value));
        }
    }
    let count = u16::try_from(entries.len()).ok().filter(|count| *count > 0)?;
    let mut table = [&b"MM\0*\0\0\0\x08"[..], &count.to_be_bytes()].concat();
    let (mut values, begin) = (Vec::new(), table.len() + entries.len() * 12 + 4);
    for (tag, kind, count, value) in entries {
        table.extend([&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes()].concat());
        if value.len() <= 4 {
            table.extend(value.iter().copied().chain([0; 4]).take(4));
        } else {
            table.extend(((begin + values.len()) as u32).to_be_bytes());
            values.extend(value);
        }
    }
    table.extend([0; 4]);
    table.extend(values);
    Some(table)
}

/// The same data without the place. Every other byte stays at its offset, because maker notes are found by offset.
/// `None` if the GPS directory cannot be followed.
pub(super) fn without_place(data: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Bytes { data: data.to_vec(), is_little: data.starts_with(b"II") };
    let first = bytes.long(4)? as usize;
    let count = usize::from(bytes.short(first)?);
    let entry = |index: usize| first + 2 + index * 12;
    let index = (0..count).find(|index| bytes.short(entry(*index)) == Some(PLACE))?;
    let table = bytes.long(entry(index) + 8)? as usize;
    let inner = usize::from(bytes.short(table)?);
    for index in 0..inner {
        let at = table + 2 + index * 12;
        let size = size_of(bytes.short(at + 2)?).checked_mul(bytes.long(at + 4)? as usize)?;
        if size > 4 {
            let value = bytes.long(at + 8)? as usize;
            bytes.clear(value, size)?;
        }
    }
    bytes.clear(table, 2 + inner * 12 + 4)?;
    // The entries after it, and the offset of the next directory, move up.
    let (from, end) = (entry(index + 1), entry(count) + 4);
    bytes.data.get(from..end)?;
    bytes.data.copy_within(from..end, entry(index));
    bytes.clear(end - 12, 12)?;
    let fewer = (count - 1) as u16;
    let fewer = if bytes.is_little { fewer.to_le_bytes() } else { fewer.to_be_bytes() };
    bytes.data.get_mut(first..first + 2)?.copy_from_slice(&fewer);
    Some(bytes.data)
}

/// Removes the link to the second directory, which describes the thumbnail.
pub(crate) fn without_thumbnail(exif: &mut Vec<u8>) {
    let mut bytes = Bytes { is_little: exif.starts_with(b"II"), data: std::mem::take(exif) };
    let first = bytes.long(4).map(|first| first as usize);
    let count = first.and_then(|first| bytes.short(first)).map(usize::from);
    if let Some((first, count)) = first.zip(count) {
        // Shorter data have no second directory.
        let _ = bytes.clear(first + 2 + count * 12, 4);
    }
    *exif = bytes.data;
}

/// The size of one value of this type, in bytes.
fn size_of(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
}

struct Bytes {
    data: Vec<u8>,
    is_little: bool,
}

impl Bytes {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.data.get(at..)?.first_chunk()?;
        Some(if self.is_little { u16::from_le_bytes(*bytes) } else { u16::from_be_bytes(*bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.data.get(at..)?.first_chunk()?;
        Some(if self.is_little { u32::from_le_bytes(*bytes) } else { u32::from_be_bytes(*bytes) })
    }

    fn clear(&mut self, at: usize, count: usize) -> Option<()> {
        self.data.get_mut(at..at.checked_add(count)?)?.fill(0);
        Some(())
    }
}
