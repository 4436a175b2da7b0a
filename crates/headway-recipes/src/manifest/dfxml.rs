//! Reads Digital Forensics XML, which `hashdeep -d` and `fiwalk` write: an element `fileobject` for each file, with its name,
//! its size and its checksums in elements of their own.

mod file_object;

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::line::LineKind;
use file_object::FileObject;

/// The root's tag must begin within this many bytes.
const HEAD: usize = 4096;

const DAMAGED: &str = "what follows here is no XML: any files after this line are not read";

const CUT: &str = "the document ends here before its end tag: any files after this line are lost";

/// Whether an XML document is one of these.
pub(super) fn is_dfxml(text: &[u8]) -> bool {
    text[..text.len().min(HEAD)].windows(6).any(|part| part.eq_ignore_ascii_case(b"<dfxml"))
}

/// Reads a document, and passes on what each element of a file says, with the number of its first line, until `pass` returns
/// `false`.
pub(super) fn read(text: &[u8], pass: &mut dyn FnMut(u64, LineKind) -> bool) {
    let (text, is_latin) = as_text(text);
    let mut reader = Reader::from_str(&text);
    let mut document = DfxmlDocument { is_latin, depth: 0, object: None };
    let (mut number, mut counted) = (1, 0);
    loop {
        let begin = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        number += text.as_bytes()[counted..begin].iter().filter(|byte| **byte == b'\n').count() as u64;
        counted = begin;
        let said = match reader.read_event() {
            Err(error) => {
                tracing::debug!(%error, "a decoder gave up");
                pass(number, LineKind::Unread(DAMAGED));
                return;
            }
            Ok(Event::Eof) => {
                if document.depth > 0 {
                    pass(number, LineKind::Unread(CUT));
                }
                return;
            }
            Ok(event) => document.take(number, event),
        };
        if let Some((number, kind)) = said
            && !pass(number, kind)
        {
            return;
        }
    }
}

/// The text, and whether each of its characters stands for one byte: so no name is lost that is not in UTF-8.
fn as_text(text: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(text) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (text.iter().map(|byte| char::from(*byte)).collect::<String>().into(), true),
    }
}

/// A document under way.
struct DfxmlDocument {
    is_latin: bool,
    /// How many elements are open.
    depth: usize,
    /// The file whose element is open.
    object: Option<FileObject>,
}

impl DfxmlDocument {
    /// Takes in a part of the document. Returns what the element of a file says if it ends here.
    fn take(&mut self, number: u64, event: Event<'_>) -> Option<(u64, LineKind)> {
        match event {
            Event::Start(tag) => self.open(&tag, number),
            Event::Empty(tag) => {
                self.open(&tag, number);
                return self.close();
            }
            Event::End(_) => return self.close(),
            Event::Text(part) => self.value(&part.xml10_content()),
            Event::CData(part) => self.value(&part.xml10_content()),
            Event::GeneralRef(reference) => self.character(reference),
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
        }
        None
    }

    fn open(&mut self, tag: &BytesStart<'_>, number: u64) {
        let level = self.depth;
        self.depth += 1;
        let name = tag.local_name();
        let name: &str = name.as_ref();
        if let Some(object) = &mut self.object {
            // The checksum of a part of the file lies deeper.
            if level == object.level + 1 {
                object.begin(name, tag);
            }
        } else if name == "fileobject" {
            self.object = Some(FileObject { number, level, ..FileObject::default() });
        }
    }

    fn close(&mut self) -> Option<(u64, LineKind)> {
        self.depth = self.depth.saturating_sub(1);
        let depth = self.depth;
        let object = self.object.as_mut()?;
        if depth == object.level + 1 {
            object.field = None;
        }
        let ended = self.object.take_if(|object| depth <= object.level)?;
        Some((ended.number, ended.content()))
    }

    fn value(&mut self, part: &str) {
        let bytes: Vec<u8> = match self.is_latin {
            true => part.chars().filter_map(|one| u8::try_from(one).ok()).collect(),
            false => part.as_bytes().to_vec(),
        };
        if let Some(object) = self.in_field() {
            object.add(&bytes);
        }
    }

    /// Takes in a character that is written as `&amp;` or `&#9786;`.
    fn character(&mut self, reference: BytesRef<'_>) {
        let Some(object) = self.in_field() else { return };
        match character(reference) {
            Some(one) => object.add(one.encode_utf8(&mut [0; 4]).as_bytes()),
            None => object.is_damaged = true,
        }
    }

    /// The file of which an element with text is open.
    fn in_field(&mut self) -> Option<&mut FileObject> {
        let depth = self.depth;
        self.object.as_mut().filter(|object| depth == object.level + 2)
    }
}

/// The character that a reference stands for; `None` if it is not defined.
fn character(reference: BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    match &*reference.into_inner() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
