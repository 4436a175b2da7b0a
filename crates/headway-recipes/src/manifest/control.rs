//! The checksums in the control files of Debian: `Release`, `.dsc`, `.changes` and `.buildinfo`. The lines below a field
//! such as `SHA256:` have a checksum, a size and a name each; the other fields say nothing about files.
//!
//! Sources: the Debian Policy Manual, chapter 5, and the description of its repository format.

use super::algorithm::Algorithm;
use super::entry::{Name, Sum, from_hex};
use super::form::{LineContent, number, word};
use super::line::{self, LineKind};
use super::name::readings;

/// The reason for a line below a field of checksums that cannot be parsed.
const NO_ROW: &str = "no checksum with a size and a name, as each line below a field such as SHA256 has";

/// The state between the lines of a control file.
#[derive(Debug)]
pub(super) struct ControlFile {
    field: Option<ControlField>,
}

/// The field that the last line belongs to.
#[derive(Debug)]
enum ControlField {
    /// Its value is text.
    Text,
    /// Nothing follows its name, which can be that of an algorithm.
    Rows(Vec<u8>),
}

impl ControlFile {
    /// Whether these lines are a control file: below a field of checksums is a line with one.
    pub(super) fn of<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Option<ControlFile> {
        let mut last: Option<&[u8]> = None;
        let is_control = lines.any(|line| {
            let tag = last.and_then(empty_field).filter(|tag| algorithm(tag).is_some());
            let row = tag.filter(|_| is_continuation(line)).and_then(|tag| row(tag, line));
            last = Some(line);
            row.is_some_and(|(_, _, sums)| sums.iter().all(|sum| sum.misfit.is_none()))
        });
        is_control.then_some(ControlFile { field: None })
    }

    /// Reads a line; `None` if it is no part of a field.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<LineKind> {
        if line.trim_ascii().is_empty() {
            self.field = None;
            return Some(LineKind::Remark);
        }
        if is_continuation(line) {
            return match self.field.as_ref()? {
                ControlField::Text => Some(LineKind::Remark),
                ControlField::Rows(tag) => Some(match row(tag, line) {
                    Some(content) => LineKind::Said(content),
                    None if algorithm(tag).is_some() => LineKind::Unread(NO_ROW),
                    None => LineKind::Remark,
                }),
            };
        }
        self.field = match empty_field(line) {
            Some(tag) => Some(ControlField::Rows(tag.to_vec())),
            None => field(line).filter(|_| !has_checksum(line)).map(|_| ControlField::Text),
        };
        self.field.is_some().then_some(LineKind::Remark)
    }
}

fn is_continuation(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

/// The name and the value of a field.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..at], line[at + 1..].trim_ascii());
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (!name.is_empty() && name.iter().all(is_name)).then_some((name, value))
}

/// The name of a field whose value begins on the next line.
fn empty_field(line: &[u8]) -> Option<&[u8]> {
    field(line).filter(|(_, value)| value.is_empty()).map(|(name, _)| name)
}

/// The algorithm of the checksums below a field: `SHA256`, `Checksums-Sha256`; `MD5Sum` and `Files` have MD5.
fn algorithm(tag: &[u8]) -> Option<Algorithm> {
    match tag.to_ascii_lowercase().as_slice() {
        b"md5sum" | b"files" => Some(Algorithm::Md5),
        tag => Algorithm::of_tag(tag.strip_prefix(b"checksums-").unwrap_or(tag)),
    }
}

/// Whether a line by itself says something about a file: then it is no field.
fn has_checksum(line: &[u8]) -> bool {
    let LineKind::Said((_, _, sums)) = line::read(line, true) else { return false };
    sums.iter().any(|sum| sum.hash.len() >= 16)
}

/// `HASH BYTES NAME`, below the field with this name; in `.changes` `HASH BYTES SECTION PRIORITY NAME`.
fn row(tag: &[u8], line: &[u8]) -> Option<LineContent> {
    let (text, rest) = word(line.trim_ascii());
    let (size, name) = word(rest.trim_ascii_start());
    let (size, name) = (number(size)?, name.trim_ascii());
    let words: Vec<_> = name.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let name = match words.as_slice() {
        [] => return None,
        [_, _, last] if tag.eq_ignore_ascii_case(b"Files") => *last,
        _ => name,
    };
    let hash = from_hex(text);
    let sum = match algorithm(tag) {
        Some(algorithm) => {
            let sum = hash.and_then(|hash| Sum::tagged(algorithm, hash));
            sum.or_else(|| Sum::misfit(tag, Some(algorithm), text))?
        }
        None => Sum::unknown(tag, hash.filter(|hash| hash.len() >= 16)?),
    };
    Some((Name::Readings(readings(name)), Some(size), vec![sum]))
}
