//! Documents that are not read line by line: what they are, and what can be read instead.

use super::line::{self, LineKind};

const XML: &str = "the file is an XML document, as fciv writes with -xml, and no DFXML, as hashdeep writes with -d. \
    It is not read as a manifest; what fciv writes without that option is";

const PAGE: &str = "the file is a web page, and not a manifest";

/// The beginnings of whole documents, in lower case.
const DOCUMENTS: [(&[u8], &str); 4] = [(b"<?xml", XML), (b"<dfxml", XML), (b"<!doctype html", PAGE), (b"<html", PAGE)];

/// Why a text as a whole is not read, unless it is DFXML; `None` if it can be lines of a manifest.
pub(super) fn why_unread(text: &[u8]) -> Option<&'static str> {
    let text = text.trim_ascii_start();
    let begins = |with: &[u8]| text.get(..with.len()).is_some_and(|own| own.eq_ignore_ascii_case(with));
    let (_, why) = DOCUMENTS.into_iter().find(|(with, _)| begins(with))?;
    // The line of a file with such a name.
    let first = text.split(|byte| matches!(byte, b'\n' | b'\r' | 0)).next().unwrap_or_default();
    (!matches!(line::read(first, true), LineKind::Said(_))).then_some(why)
}
