//! Reads a whole manifest, line by line.

use super::algorithm::Algorithm;
use super::control::ControlFile;
use super::dfxml;
use super::document::why_unread;
use super::encoding::{LineEnding, ManifestText, decode, ending, split, whole_lines};
use super::entry::{ManifestEntry, ManifestLine, Name, Sum, from_hex};
use super::form::{without_blanks, word};
use super::line::{self, LineKind};
use super::name::readings;
use super::table::{HeadedTable, PowerShellRecord};

/// The context of a line, which decides how the line is read.
enum Around {
    Nothing,
    /// The head of a signed text, up to its empty line.
    SignedHead,
    /// An armoured block, such as a signature or a key, up to its end.
    Armour,
    /// The line after `SHA256 hash of NAME:`, as certutil writes: the algorithm and the name.
    Certutil(Algorithm, Vec<u8>),
    /// The line after a comment of signify or minisign, which is its signature.
    Signature,
    Columns(HeadedTable),
    /// The table of PowerShell, up to an empty line after its rows. Whether a row has come.
    Rows(bool),
    /// The table of a `.crc` file, between two rules. Whether the first rule has passed.
    Crc(bool),
    /// An `.sfv` file of RHash, to its end.
    Rhash,
    /// A record of several lines, and the number of its first line.
    Record(u64, PowerShellRecord),
}

/// Whether the lines are part of a text that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignedText {
    No,
    /// They are, and its signature must follow.
    Open,
    /// Its signature has begun.
    Over,
}

impl SignedText {
    /// The state after an armoured block begins: the head of a signed text, or another block such as its signature.
    fn next(self, is_head: bool) -> Self {
        match self {
            _ if is_head => SignedText::Open,
            SignedText::No => SignedText::No,
            SignedText::Open | SignedText::Over => SignedText::Over,
        }
    }
}

/// With this begins an armoured block or the head of a signed text.
const BLOCK: &[u8] = b"-----BEGIN PGP ";

/// Why a signed text without its signature is a finding.
const UNSIGNED: &str = "the file ends here without the signature of its text: any lines after this one are lost";

/// Reads a manifest in any known form, and passes each entry and each line that cannot be parsed to `take`, until it
/// returns `false`. Comments, headings and empty lines are ignored. A signature around the manifest is not checked.
pub fn read(bytes: &[u8], take: &mut dyn FnMut(ManifestLine) -> bool) {
    let ManifestText { bytes: decoded, is_cut } = decode(bytes);
    let ending = ending(&decoded);
    let text = if is_cut { whole_lines(&decoded, ending) } else { &*decoded };
    let mut said = PassedOn { signed: SignedText::No, has_any: false, take };
    if let Some(why) = why_unread(text) {
        match dfxml::is_dfxml(text) {
            true => dfxml::read(text, &mut |number, kind| said.pass_on(number, kind)),
            false => _ = said.pass_on(1, LineKind::Unread(why)),
        }
        return;
    }
    let mut control = ControlFile::of(split(text, ending));
    let mut around = Around::Nothing;
    let mut last = 0;
    for (number, line) in (1..).zip(split(text, ending)) {
        last = number;
        let line = if said.signed == SignedText::Open { line.strip_prefix(b"- ").unwrap_or(line) } else { line };
        if let Some((number, kind)) = record(&mut around, number, line)
            && !said.pass_on(number, kind)
        {
            return;
        }
        if line.starts_with(BLOCK) {
            let is_head = line.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----");
            said.signed = said.signed.next(is_head);
            around = if is_head { Around::SignedHead } else { Around::Armour };
            let why = "the lines before this one are no part of the signed text that begins here";
            if is_head && said.has_any && !said.pass_on(number, LineKind::Unread(why)) {
                return;
            }
            continue;
        }
        if let Around::Record(_, record) = &mut around
            && record.take(line)
        {
            continue;
        }
        let fields = control.as_mut().filter(|_| matches!(around, Around::Nothing));
        let kind = fields.and_then(|control| control.read(line));
        let kind = kind.unwrap_or_else(|| around.read(number, line, ending));
        if !said.pass_on(number, kind) {
            return;
        }
    }
    if let Around::Record(number, record) = &around
        && !said.pass_on(*number, record.content())
    {
        return;
    }
    if let Some(why) = around.unfinished(said.signed)
        && !said.pass_on(last, LineKind::Unread(why))
    {
        return;
    }
    if is_cut {
        let why = "the file ends here in the middle of a character: this line, and any after it, are damaged or lost";
        said.pass_on(if text.is_empty() { 1 } else { last + 1 }, LineKind::Unread(why));
    }
}

impl Around {
    /// What is missing if the file ends in this context.
    fn unfinished(&self, signed: SignedText) -> Option<&'static str> {
        match self {
            Around::Armour => Some("the file ends here in the middle of a signature or a key"),
            Around::Certutil(..) => Some("the file ends here without the checksum of this file"),
            _ => (signed == SignedText::Open).then_some(UNSIGNED),
        }
    }

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
            Around::Certutil(algorithm, name) => {
                let text = without_blanks(line.trim_ascii());
                let sum = from_hex(&text).and_then(|hash| Sum::tagged(*algorithm, hash));
                let sum = sum.or_else(|| Sum::misfit(algorithm.shown().as_bytes(), Some(*algorithm), &text));
                let said = sum.map(|sum| (Name::Readings(readings(name)), None, vec![sum]));
                *self = Around::Nothing;
                said.map_or(LineKind::Unread("no checksum of the file that the line before names"), LineKind::Said)
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
            Around::Rows(true) if line.trim_ascii().is_empty() => {
                *self = Around::Nothing;
                LineKind::Remark
            }
            Around::Rhash => line::read_rhash(line),
            Around::Nothing | Around::Rows(_) | Around::Crc(false) | Around::Record(..) => {
                if let Some(begun) = begins(number, line) {
                    *self = begun;
                    return LineKind::Remark;
                }
                let Around::Rows(has_row) = self else { return line::read(line, ending != LineEnding::Nul) };
                let kind = line::read_row(line);
                *has_row |= kind != LineKind::Remark;
                kind
            }
        }
    }
}

/// The context that a line begins, if it begins one.
fn begins(number: u64, line: &[u8]) -> Option<Around> {
    if line.starts_with(b"untrusted comment: ") {
        return Some(Around::Signature);
    }
    if let Some((algorithm, name)) = certutil(line) {
        return Some(Around::Certutil(algorithm, name.to_vec()));
    }
    if line.starts_with(b"; Generated by RHash ") {
        return Some(Around::Rhash);
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
    let table = HeadedTable::hashdeep(line).or_else(|| HeadedTable::heading(line)).map(Around::Columns);
    table.or_else(|| line::is_heading(line).then_some(Around::Rows(false)))
}

/// The algorithm and the name of `SHA256 hash of NAME:`; in older versions `SHA256 hash of file NAME:`.
fn certutil(line: &[u8]) -> Option<(Algorithm, &[u8])> {
    let (tag, rest) = word(line);
    let name = rest.strip_prefix(b" hash of ")?.trim_ascii_end().strip_suffix(b":")?;
    let name = name.strip_prefix(b"file ").unwrap_or(name);
    Some((Algorithm::of_tag(tag)?, Some(name).filter(|name| !name.is_empty())?))
}

/// The record that ends before this line: at an empty line, and where something else begins.
fn record(around: &mut Around, number: u64, line: &[u8]) -> Option<(u64, LineKind)> {
    let Around::Record(first, record) = around else { return None };
    let begins_other = || PowerShellRecord::begins(line) || !record.has(line) && begins(number, line).is_some();
    if !(line.trim_ascii().is_empty() || line.starts_with(BLOCK) || begins_other()) {
        return None;
    }
    let ended = (*first, record.content());
    *around = Around::Nothing;
    Some(ended)
}

/// What was passed on, and where the next line stands.
struct PassedOn<'a> {
    signed: SignedText,
    has_any: bool,
    take: &'a mut dyn FnMut(ManifestLine) -> bool,
}

impl PassedOn<'_> {
    /// Passes on what a line or a record says. Returns `false` if no more is wanted.
    fn pass_on(&mut self, number: u64, kind: LineKind) -> bool {
        let line = match kind {
            LineKind::Remark => return true,
            LineKind::Said(_) if self.signed == SignedText::Over => {
                let why = "it stands after the signature, so it is no part of the signed text";
                ManifestLine::Unread { number, why }
            }
            LineKind::Unread(why) => ManifestLine::Unread { number, why },
            LineKind::Said((name, size, sums)) => ManifestLine::Entry(ManifestEntry { number, name, size, sums }),
        };
        self.has_any = true;
        (self.take)(line)
    }
}
