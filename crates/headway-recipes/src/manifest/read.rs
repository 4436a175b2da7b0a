//! A whole manifest, line by line.

use super::encoding::{Ending, Text, decode, ending, split, whole_lines};
use super::entry::{Entry, Line};
use super::line::{self, Kind};
use super::table::{Record, Table};

/// What stands around the lines, and how they are to be read for it.
enum Around {
    Nothing,
    /// The head of a signed text, up to its empty line.
    SignedHead,
    /// A signature, a key or the like, up to its end.
    Armour,
    /// The line after a comment of signify or minisign, which is its signature.
    Signature,
    Columns(Table),
    /// Between the rules of a `.crc` file: before the first, and after it.
    Crc(bool),
    /// A record of several lines, which began at this one.
    Record(u64, Record),
}

/// Reads a manifest in whatever form it is, and hands on each entry and each line that cannot be read. Remarks, headings and empty
/// lines are nothing. A signature around it is not checked.
pub fn read(bytes: &[u8], take: &mut dyn FnMut(Line)) {
    let Text { bytes: decoded, is_cut } = decode(bytes);
    let ending = ending(&decoded);
    let text = if is_cut { whole_lines(&decoded, ending) } else { &*decoded };
    let mut around = Around::Nothing;
    let mut is_signed = false;
    let mut last = 0;
    for (number, line) in (1..).zip(split(text, ending)) {
        last = number;
        let line = if is_signed { line.strip_prefix(b"- ").unwrap_or(line) } else { line };
        if let Some(kind) = record(&mut around, line) {
            tell(kind.0, kind.1, take);
        }
        if line.starts_with(b"-----BEGIN PGP ") {
            is_signed = line.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----");
            around = if is_signed { Around::SignedHead } else { Around::Armour };
            continue;
        }
        if let Around::Record(_, record) = &mut around
            && record.take(line)
        {
            continue;
        }
        let kind = match &mut around {
            Around::SignedHead => {
                if line.trim_ascii().is_empty() {
                    around = Around::Nothing;
                }
                Kind::Remark
            }
            Around::Armour => {
                if line.starts_with(b"-----END PGP ") {
                    around = Around::Nothing;
                }
                Kind::Remark
            }
            Around::Signature => {
                around = Around::Nothing;
                Kind::Remark
            }
            Around::Crc(is_open) if line.starts_with(b"-----") => {
                around = if *is_open { Around::Nothing } else { Around::Crc(true) };
                Kind::Remark
            }
            Around::Crc(true) => line::read_crc(line),
            Around::Columns(table) => match Table::hashdeep(line) {
                Some(other) => {
                    *table = other;
                    Kind::Remark
                }
                None => table.row(line),
            },
            Around::Nothing | Around::Crc(false) | Around::Record(..) => match begins(number, line) {
                Some(begun) => {
                    around = begun;
                    Kind::Remark
                }
                None => line::read(line, ending != Ending::Nul),
            },
        };
        tell(number, kind, take);
    }
    if let Around::Record(number, record) = around {
        tell(number, record.said(), take);
    }
    if is_cut {
        let why = "the file ends here in the middle of a character: this line, and any after it, are damaged or lost";
        tell(if text.is_empty() { 1 } else { last + 1 }, Kind::Unread(why), take);
    }
}

/// What a line begins that is more than a line.
fn begins(number: u64, line: &[u8]) -> Option<Around> {
    if line.starts_with(b"untrusted comment: ") {
        return Some(Around::Signature);
    }
    if line.starts_with(b"%%%% HASHDEEP-") {
        return Some(Around::Nothing);
    }
    if line.starts_with(b"Filename ") && line.windows(6).any(|part| part == b"CRC-32") {
        return Some(Around::Crc(false));
    }
    if Record::begins(line) {
        let mut record = Record::default();
        record.take(line);
        return Some(Around::Record(number, record));
    }
    Table::hashdeep(line).or_else(|| Table::heading(line)).map(Around::Columns)
}

/// The record that ends before this line.
fn record(around: &mut Around, line: &[u8]) -> Option<(u64, Kind)> {
    let Around::Record(number, record) = around else { return None };
    if !line.trim_ascii().is_empty() && !Record::begins(line) {
        return None;
    }
    let ended = (*number, record.said());
    *around = Around::Nothing;
    Some(ended)
}

fn tell(number: u64, kind: Kind, take: &mut dyn FnMut(Line)) {
    match kind {
        Kind::Remark => {}
        Kind::Unread(why) => take(Line::Unread { number, why }),
        Kind::Said((name, size, sums)) => take(Line::Entry(Entry { number, name, size, sums })),
    }
}
