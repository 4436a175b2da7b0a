//! Reads a whole manifest, line by line.

use super::encoding::{LineEnding, ManifestText, decode, ending, split, whole_lines};
use super::entry::{ManifestEntry, ManifestLine};
use super::line::{self, LineKind};
use super::table::{HeadedTable, PowerShellRecord};

/// The context of a line, which decides how the line is read.
enum Around {
    Nothing,
    /// The head of a signed text, up to its empty line.
    SignedHead,
    /// An armoured block, such as a signature or a key, up to its end.
    Armour,
    /// The line after a comment of signify or minisign, which is its signature.
    Signature,
    Columns(HeadedTable),
    /// The table of a `.crc` file, between two rules. Whether the first rule has passed.
    Crc(bool),
    /// A record of several lines, and the number of its first line.
    Record(u64, PowerShellRecord),
}

/// Reads a manifest in any known form, and passes each entry and each line that cannot be parsed to `take`, until it
/// returns `false`. Comments, headings and empty lines are ignored. A signature around the manifest is not checked.
pub fn read(bytes: &[u8], take: &mut dyn FnMut(ManifestLine) -> bool) {
    let ManifestText { bytes: decoded, is_cut } = decode(bytes);
    let ending = ending(&decoded);
    let text = if is_cut { whole_lines(&decoded, ending) } else { &*decoded };
    let mut around = Around::Nothing;
    let mut is_signed = false;
    let mut last = 0;
    for (number, line) in (1..).zip(split(text, ending)) {
        last = number;
        let line = if is_signed { line.strip_prefix(b"- ").unwrap_or(line) } else { line };
        if let Some(kind) = record(&mut around, line)
            && !pass_on(kind.0, kind.1, take)
        {
            return;
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
        let kind = around.read(number, line, ending);
        if !pass_on(number, kind, take) {
            return;
        }
    }
    if let Around::Record(number, record) = around
        && !pass_on(number, record.content(), take)
    {
        return;
    }
    if is_cut {
        let why = "the file ends here in the middle of a character: this line, and any after it, are damaged or lost";
        pass_on(if text.is_empty() { 1 } else { last + 1 }, LineKind::Unread(why), take);
    }
}

impl Around {
    /// Reads a line in this context, which the line can begin or end.
    fn read(&mut self, number: u64, line: &[u8], ending: LineEnding) -> LineKind {
        match self {
            Around::SignedHead => {
                if line.trim_ascii().is_empty() {
                    *self = Around::Nothing;
                }
                LineKind::Remark
            }
            Around::Armour => {
                if line.starts_with(b"-----END PGP ") {
                    *self = Around::Nothing;
                }
                LineKind::Remark
            }
            Around::Signature => {
                *self = Around::Nothing;
                LineKind::Remark
            }
            Around::Crc(is_open) if line.starts_with(b"-----") => {
                *self = if *is_open { Around::Nothing } else { Around::Crc(true) };
                LineKind::Remark
            }
            Around::Crc(true) => line::read_crc(line),
            Around::Columns(table) => match HeadedTable::hashdeep(line) {
                Some(other) => {
                    *table = other;
                    LineKind::Remark
                }
                None => table.row(line),
            },
            Around::Nothing | Around::Crc(false) | Around::Record(..) => match begins(number, line) {
                Some(begun) => {
                    *self = begun;
                    LineKind::Remark
                }
                None => line::read(line, ending != LineEnding::Nul),
            },
        }
    }
}

/// The context that a line begins, if it begins one.
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
    if PowerShellRecord::begins(line) {
        let mut record = PowerShellRecord::default();
        record.take(line);
        return Some(Around::Record(number, record));
    }
    HeadedTable::hashdeep(line).or_else(|| HeadedTable::heading(line)).map(Around::Columns)
}

/// The record that ends before this line.
fn record(around: &mut Around, line: &[u8]) -> Option<(u64, LineKind)> {
    let Around::Record(number, record) = around else { return None };
    if !line.trim_ascii().is_empty() && !PowerShellRecord::begins(line) {
        return None;
    }
    let ended = (*number, record.content());
    *around = Around::Nothing;
    Some(ended)
}

fn pass_on(number: u64, kind: LineKind, take: &mut dyn FnMut(ManifestLine) -> bool) -> bool {
    match kind {
        LineKind::Remark => true,
        LineKind::Unread(why) => take(ManifestLine::Unread { number, why }),
        LineKind::Said((name, size, sums)) => take(ManifestLine::Entry(ManifestEntry { number, name, size, sums })),
    }
}
