//! Reads `ComicInfo.xml`, and changes single elements in its text. Everything else stays byte by byte: unknown
//! elements, comments, order and white space. The schema is that of the Anansi Project
//! (<https://github.com/anansi-project/comicinfo>).

mod parse;

use std::borrow::Cow;
use std::ops::Range;

/// The elements that are read, in the order of the schema. New elements are added in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComicField {
    Title,
    Series,
    Number,
    Volume,
    Year,
    Publisher,
}

const FIELDS: [(ComicField, &str); 6] = [
    (ComicField::Title, "Title"),
    (ComicField::Series, "Series"),
    (ComicField::Number, "Number"),
    (ComicField::Volume, "Volume"),
    (ComicField::Year, "Year"),
    (ComicField::Publisher, "Publisher"),
];

/// A `ComicInfo.xml` that was read.
#[derive(Debug)]
pub(super) struct Info<'a> {
    text: &'a str,
    found: [Option<FoundElement>; FIELDS.len()],
    /// The range between the tags of the root; if the root is a single empty tag, the whole tag.
    inside: Range<usize>,
    is_empty_tag: bool,
    /// The white space before the first element.
    indent: &'a str,
}

/// An element below the root.
#[derive(Debug)]
struct FoundElement {
    value: String,
    /// The range from its opening tag to the end of its closing tag.
    whole: Range<usize>,
}

impl<'a> Info<'a> {
    /// Parses the file.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        parse::parse(std::str::from_utf8(bytes).map_err(|_| "its ComicInfo.xml is not in UTF-8")?)
    }

    /// The text of an element, trimmed; `None` if the element is missing or empty.
    pub(super) fn get(&self, field: ComicField) -> Option<&str> {
        let found = self.found[field as usize].as_ref()?;
        Some(found.value.trim()).filter(|value| !value.is_empty())
    }

    /// The text with these elements changed, or added where they are missing.
    pub(super) fn with(&self, values: &[(ComicField, String)]) -> String {
        // The changes: range, order, new text. Additions at the same place are sorted by field.
        let mut edits: Vec<(Range<usize>, usize, String)> = Vec::new();
        let mut added = String::new();
        let mut values: Vec<_> = values.iter().collect();
        values.sort_by_key(|(field, _)| *field as usize);
        for (field, value) in values {
            let (at, name) = (*field as usize, FIELDS[*field as usize].1);
            let element = format!("<{name}>{}</{name}>", escaped(value));
            match &self.found[at] {
                Some(found) => edits.push((found.whole.clone(), at, element)),
                None if self.is_empty_tag => added.push_str(&element),
                None => {
                    let place = self.found[..at].iter().flatten().map(|found| found.whole.end).max();
                    let place = place.unwrap_or(self.inside.start);
                    edits.push((place..place, at, format!("{}{element}", self.indent)));
                }
            }
        }
        if self.is_empty_tag {
            let tag = self.text[self.inside.clone()].trim_end_matches("/>");
            let name = tag[1..].split(|letter: char| letter.is_whitespace()).next().unwrap_or_default();
            edits.push((self.inside.clone(), 0, format!("{tag}>{added}</{name}>")));
        }
        edits.sort_by_key(|(range, at, _)| (range.end, range.start, *at));
        let mut text = String::with_capacity(self.text.len() + 256);
        let mut done = 0;
        for (range, _, new) in edits {
            text.push_str(&self.text[done..range.start]);
            text.push_str(&new);
            done = range.end;
        }
        text.push_str(&self.text[done..]);
        text
    }
}

/// A `ComicInfo.xml` with these elements.
pub(super) fn new(values: &[(ComicField, String)]) -> String {
    let empty = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ComicInfo>\n</ComicInfo>\n";
    // This text was written just above.
    let info = Info::read(empty.as_bytes()).map(|info| Info { indent: "\n  ", ..info });
    info.map(|info| info.with(values)).unwrap_or_default()
}

/// Escapes a text for XML. Characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let is_possible = |letter: &char| {
        !letter.is_control() && !matches!(letter, '\u{FFFE}' | '\u{FFFF}') || matches!(letter, '\t' | '\u{85}')
    };
    let possible: String = text.chars().filter(is_possible).collect();
    let escaped: Cow<'_, str> = quick_xml::escape::partial_escape(&*possible);
    escaped.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &str = "\u{feff}<?xml version='1.0'?>\r\n<!-- made by hand -->\r\n<ComicInfo xmlns:x=\"urn:x\">\r\n\t<Title lang=\"en\">A &amp; B<!-- no --> &#x263a;</Title>\r\n\t<x:Own a='1'><y/><Title>inner</Title></x:Own>\r\n\t<Number/>\r\n\t<Pages><Page Image=\"0\"/></Pages>\r\n</ComicInfo>\r\n<!-- end -->";

    fn read(text: &str) -> Result<Info<'_>, String> {
        Info::read(text.as_bytes())
    }

    #[test]
    fn what_is_changed_is_changed_and_every_other_byte_stays() {
        let info = read(ODD).expect("well formed");
        assert_eq!(info.get(ComicField::Title), Some("A & B ☺"));
        assert_eq!((info.get(ComicField::Number), info.get(ComicField::Series)), (None, None));
        assert_eq!(info.with(&[]), ODD);
        let values = [
            (ComicField::Number, "10.5".into()),
            (ComicField::Title, "Chapter <1>".into()),
            (ComicField::Series, "R&D".into()),
        ];
        let expected = ODD
            .replace(
                "<Title lang=\"en\">A &amp; B<!-- no --> &#x263a;</Title>",
                "<Title>Chapter &lt;1&gt;</Title>\r\n\t<Series>R&amp;D</Series>",
            )
            .replace("<Number/>", "<Number>10.5</Number>");
        let changed = info.with(&values);
        assert_eq!(changed, expected);
        let again = read(&changed).expect("well formed");
        assert_eq!((again.get(ComicField::Title), again.get(ComicField::Series)), (Some("Chapter <1>"), Some("R&D")));
        assert_eq!(again.with(&values), changed);
    }

    #[test]
    fn what_is_missing_is_added_in_the_order_of_the_schema() {
        let values =
            [(ComicField::Number, "1".to_owned()), (ComicField::Series, "S".into()), (ComicField::Title, "T".into())];
        let all = "<Title>T</Title><Series>S</Series><Number>1</Number>";
        for empty in ["<ComicInfo></ComicInfo>", "<ComicInfo/>"] {
            let made = read(empty).expect("well formed").with(&values);
            let told = read(&made).expect("well formed");
            assert_eq!(
                ["T", "S", "1"].map(Some),
                [ComicField::Title, ComicField::Series, ComicField::Number].map(|field| told.get(field))
            );
        }
        assert_eq!(
            read("<ComicInfo></ComicInfo>").expect("well formed").with(&values),
            format!("<ComicInfo>{all}</ComicInfo>")
        );
        let known = read("<ComicInfo a=\"b\"><Series>S</Series><Year>2001</Year></ComicInfo>").expect("well formed");
        assert_eq!(known.with(&values), format!("<ComicInfo a=\"b\">{all}<Year>2001</Year></ComicInfo>"));
        assert!(
            new(&values).contains("\n  <Title>T</Title>\n  <Series>S</Series>\n  <Number>1</Number>\n</ComicInfo>")
        );
    }

    #[test]
    fn what_is_made_to_do_harm_is_refused() {
        let deep = "<a>".repeat(100_000);
        for (text, says) in [
            ("<!DOCTYPE x [<!ENTITY a \"b\">]><ComicInfo>&a;</ComicInfo>", "a DTD"),
            ("<ComicInfo><Title>&a;</Title></ComicInfo>", "&a; is not defined"),
            ("<ComicInfo><Title>&#0;</Title></ComicInfo>", "is not defined"),
            ("<ComicInfo><Title>a</Title><Title>b</Title></ComicInfo>", "more than one Title"),
            ("<ComicInfo><Title><b>a</b></Title></ComicInfo>", "holds other elements"),
            ("<ComicInfo><Title>a</Number></ComicInfo>", "damaged"),
            ("<ComicInfo><Title>a</Title>", "its end is missing"),
            ("<Other/>", "its one root must be ComicInfo"),
            ("<ComicInfo/><ComicInfo/>", "its one root"),
            ("", "its end is missing"),
            (&format!("<ComicInfo>{deep}"), "lie in one another"),
        ] {
            let told = read(text).expect_err(says);
            assert!(told.contains(says), "{told}");
        }
        assert!(Info::read(b"\xff\xfe<\0").is_err_and(|told| told.contains("UTF-8")));
    }
}
