//! Zip archives, and the documents that are written as one.

/// The media type of a zip archive.
pub(super) const ZIP: &str = "application/zip";

/// What the first entry of a document says, which is stored without packing it.
const NAMED: [&str; 5] = [
    "application/epub+zip",
    "application/vnd.oasis.opendocument.graphics",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
];

/// The folders of the documents of Office.
const OFFICE: [(&[u8], &str); 3] = [
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];

/// Where the name of an entry begins in its header.
const NAME_AT: usize = 30;

/// The media type of a zip archive or document that begins like this.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    const ENTRY: &[u8] = b"PK\x03\x04";
    if !head.starts_with(ENTRY) {
        let is_zip = head.starts_with(b"PK\x05\x06") || head.starts_with(b"PK\x07\x08PK\x03\x04");
        return is_zip.then_some(ZIP);
    }
    if let Some(named) = head.get(NAME_AT..).and_then(|name| name.strip_prefix(b"mimetype")) {
        return Some(NAMED.into_iter().find(|known| named.starts_with(known.as_bytes())).unwrap_or(ZIP));
    }
    let names = || head.windows(ENTRY.len()).enumerate().filter(|(_, part)| *part == ENTRY);
    let name = |at: usize| head.get(at + NAME_AT..).unwrap_or_default();
    let begins = |prefix: &[u8]| names().any(|(at, _)| name(at).starts_with(prefix));
    if !begins(b"[Content_Types].xml") && !begins(b"_rels/") {
        return Some(ZIP);
    }
    let office = OFFICE.into_iter().find(|(folder, _)| begins(folder)).map(|(_, named)| named);
    Some(office.unwrap_or("application/vnd.openxmlformats-officedocument"))
}
