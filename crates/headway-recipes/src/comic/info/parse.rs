//! Parses `ComicInfo.xml` event by event, and notes where in the text its elements are.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{FIELDS, FoundElement, Info};

/// Maximum depth of nested elements.
const DEEPEST: usize = 64;

/// What has been parsed so far.
struct InfoParser<'a> {
    text: &'a str,
    found: [Option<FoundElement>; FIELDS.len()],
    /// The field whose element is open, by its index in [`FIELDS`].
    open: Option<(usize, FoundElement)>,
    /// How many elements are open.
    depth: usize,
    /// The range of the root's opening tag, once it was met.
    root: Option<Range<usize>>,
    is_empty_tag: bool,
    /// The range between the tags of the root, once it is closed.
    inside: Option<Range<usize>>,
    indent: Option<&'a str>,
}

/// Parses the text of the file.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Info<'_>, String> {
    let plain = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(plain);
    let position = |reader: &Reader<&[u8]>| text.len() - plain.len() + reader.buffer_position() as usize;
    let mut parser = InfoParser {
        text,
        found: [const { None }; FIELDS.len()],
        open: None,
        depth: 0,
        root: None,
        is_empty_tag: false,
        inside: None,
        indent: None,
    };
    loop {
        let begin = position(&reader);
        let event = reader.read_event().map_err(|error| {
            tracing::debug!(%error, "a decoder gave up");
            damaged(&format!("what follows its byte {begin} is no XML"))
        })?;
        let at = begin..position(&reader);
        match event {
            Event::DocType(_) => return Err("its ComicInfo.xml has a DTD, which is not read".into()),
            Event::Start(tag) | Event::Empty(tag) if parser.depth == 0 => parser.root(&tag, at)?,
            Event::Start(tag) => parser.start(&tag, at)?,
            Event::Empty(tag) if parser.depth == 1 => parser.empty(&tag, at)?,
            Event::Empty(_) => {}
            Event::End(_) => parser.end(at)?,
            Event::Text(part) => parser.value(&part.xml10_content()),
            Event::CData(part) => parser.value(&part.xml10_content()),
            Event::GeneralRef(reference) => parser.value(character(reference)?.encode_utf8(&mut [0; 4])),
            Event::Eof => return parser.finish(),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

impl<'a> InfoParser<'a> {
    fn root(&mut self, tag: &BytesStart<'_>, at: Range<usize>) -> Result<(), String> {
        if self.root.is_some() || tag.local_name().as_ref() != "ComicInfo" {
            return Err(damaged(&"its one root must be ComicInfo"));
        }
        self.is_empty_tag = self.text[at.clone()].ends_with("/>");
        self.depth = usize::from(!self.is_empty_tag);
        self.inside = self.is_empty_tag.then(|| at.clone());
        self.root = Some(at);
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>, at: Range<usize>) -> Result<(), String> {
        if self.depth == 1 {
            self.note_indent(at.start);
            self.open = field(tag).map(|index| (index, FoundElement { value: String::new(), whole: at }));
        } else if let Some((index, _)) = self.open {
            return Err(damaged(&format!("{} holds other elements", FIELDS[index].1)));
        }
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(damaged(&format!("more than {DEEPEST} elements lie in one another"))),
            false => Ok(()),
        }
    }

    fn empty(&mut self, tag: &BytesStart<'_>, at: Range<usize>) -> Result<(), String> {
        self.note_indent(at.start);
        field(tag).map_or(Ok(()), |index| self.keep(index, FoundElement { value: String::new(), whole: at }))
    }

    fn end(&mut self, at: Range<usize>) -> Result<(), String> {
        self.depth -= 1;
        match (self.depth, &self.root) {
            (0, Some(root)) => self.inside = Some(root.end..at.start),
            (1, _) => {
                if let Some((index, element)) = self.open.take() {
                    let whole = element.whole.start..at.end;
                    self.keep(index, FoundElement { whole, ..element })?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn value(&mut self, part: &str) {
        if let Some((_, found)) = &mut self.open {
            found.value.push_str(part);
        }
    }

    fn finish(self) -> Result<Info<'a>, String> {
        let InfoParser { text, found, is_empty_tag, .. } = self;
        let inside = self.inside.ok_or_else(|| damaged(&"its end is missing"))?;
        Ok(Info { text, found, inside, is_empty_tag, indent: self.indent.unwrap_or_default() })
    }

    /// Notes the white space before the first element, which begins at `begin`.
    fn note_indent(&mut self, begin: usize) {
        let between = &self.text[self.root.as_ref().map_or(begin, |root| root.end)..begin];
        self.indent.get_or_insert(&between[between.trim_end().len()..]);
    }

    /// Stores an element. The error is the message in the report.
    fn keep(&mut self, index: usize, element: FoundElement) -> Result<(), String> {
        match self.found[index].replace(element) {
            None => Ok(()),
            Some(_) => Err(format!("its ComicInfo.xml has more than one {}", FIELDS[index].1)),
        }
    }
}

fn damaged(what: &dyn std::fmt::Display) -> String {
    format!("its ComicInfo.xml is damaged: {what}")
}

fn field(tag: &BytesStart<'_>) -> Option<usize> {
    FIELDS.iter().position(|(_, name)| tag.name().as_ref() == *name)
}

/// The character that a reference such as `&amp;` or `&#9786;` stands for.
fn character(reference: BytesRef<'_>) -> Result<char, String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Ok(character);
    }
    match &*reference.into_inner() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(damaged(&format!("&{other}; is not defined"))),
    }
}
