//! The element of a file.

use std::collections::BTreeMap;

use quick_xml::events::BytesStart;

use super::super::algorithm::Algorithm;
use super::super::entry::{Name, Sum, from_hex};
use super::super::form::number;
use super::super::line::LineKind;
use super::super::name::readings;

/// The elements of a file that matter, beside those with its checksums.
const FIELDS: [&str; 5] = ["filename", "filesize", "name_type", "alloc", "unalloc"];

const NO_FILE: &str = "an element of a file without its name, or with a size or a checksum that cannot be parsed";

const NO_SUM: &str = "an element of a file without a checksum";

const DELETED: &str = "an element of a file that was deleted already when the disk was read";

/// A field of a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum ObjectField {
    Text(&'static str),
    /// The last of its checksums.
    Sum,
}

/// What the element of a file says.
#[derive(Debug, Default)]
pub(super) struct FileObject {
    /// The number of its first line.
    pub(super) number: u64,
    /// How many elements are around it.
    pub(super) level: usize,
    /// The texts of its fields.
    pub(super) texts: BTreeMap<&'static str, Vec<u8>>,
    /// Its checksums: the name of the algorithm, and the text.
    pub(super) sums: Vec<(Vec<u8>, Vec<u8>)>,
    /// The field whose element is open.
    pub(super) field: Option<ObjectField>,
    /// Whether it has a character that is not defined.
    pub(super) is_damaged: bool,
}

impl FileObject {
    /// Begins an element right inside the one of the file.
    pub(super) fn begin(&mut self, name: &str, tag: &BytesStart<'_>) {
        let text = FIELDS.into_iter().find(|field| *field == name).map(ObjectField::Text);
        self.field = text.or_else(|| (name == "hashdigest").then_some(ObjectField::Sum));
        match self.field {
            Some(ObjectField::Text(field)) => _ = self.texts.insert(field, Vec::new()),
            Some(ObjectField::Sum) => {
                let kind = tag.try_get_attribute("type").ok().flatten();
                self.sums.push((kind.map(|kind| kind.value.as_bytes().to_vec()).unwrap_or_default(), Vec::new()));
            }
            None => {}
        }
    }

    /// Adds to the text of the element that is open.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let text = match self.field {
            Some(ObjectField::Text(field)) => self.texts.get_mut(field),
            Some(ObjectField::Sum) => self.sums.last_mut().map(|(_, text)| text),
            None => None,
        };
        if let Some(text) = text {
            text.extend_from_slice(bytes);
        }
    }

    fn text(&self, field: &str) -> &[u8] {
        self.texts.get(field).map_or(&[][..], |text| text.trim_ascii())
    }

    /// What the element says, once it has ended.
    pub(super) fn content(&self) -> LineKind {
        // A folder, a link or a device has no checksum.
        if !matches!(self.text("name_type"), b"" | b"r") {
            return LineKind::Remark;
        }
        if self.text("alloc") == b"0" || self.text("unalloc") == b"1" {
            return LineKind::Unread(DELETED);
        }
        if self.sums.is_empty() {
            return LineKind::Unread(NO_SUM);
        }
        let said = || {
            let name = self.texts.get("filename").filter(|name| !name.is_empty() && !self.is_damaged)?;
            let size = match self.text("filesize") {
                b"" => None,
                text => Some(number(text)?),
            };
            let sums = self.sums.iter().map(|(tag, text)| sum(tag.trim_ascii(), text.trim_ascii()));
            Some((Name::Readings(readings(name)), size, sums.collect::<Option<Vec<_>>>()?))
        };
        said().map_or(LineKind::Unread(NO_FILE), LineKind::Said)
    }
}

/// A checksum whose algorithm has this name, if it has one.
fn sum(tag: &[u8], text: &[u8]) -> Option<Sum> {
    match Algorithm::of_tag(tag) {
        Some(algorithm) => {
            let sum = from_hex(text).and_then(|hash| Sum::tagged(algorithm, hash));
            sum.or_else(|| Sum::misfit(tag, Some(algorithm), text))
        }
        None if tag.is_empty() => from_hex(text).and_then(Sum::untagged),
        None => Some(Sum::unknown(tag, text.to_vec())),
    }
}
