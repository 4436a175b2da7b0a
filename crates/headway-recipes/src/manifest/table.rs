//! Manifests with columns: those of hashdeep, and CSV tables such as PowerShell's `Export-Csv` writes.

use super::algorithm::Algorithm;
use super::entry::{Name, Sum, from_hex};
use super::form::{LineContent, number};
use super::line::LineKind;
use super::name::readings;

/// The reason for a row that cannot be parsed.
const NO_ROW: &str = "not the columns that the manifest's heading names, or not with a checksum of its length";

/// The meaning of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TableColumn {
    Size,
    /// A checksum by this algorithm.
    Sum(Algorithm),
    /// A checksum by the algorithm that another column names, or by any.
    AnySum,
    /// A checksum by an unknown algorithm.
    Unknown(Vec<u8>),
    Tag,
    Name,
    Other,
}

/// The columns, as a heading names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeadedTable {
    columns: Vec<TableColumn>,
    separator: u8,
    /// Whether fields can be quoted; if not, the last column is the rest of the line.
    has_quotes: bool,
}

impl HeadedTable {
    /// Parses hashdeep's second line: `%%%% size,md5,sha256,filename`.
    pub(super) fn hashdeep(line: &[u8]) -> Option<HeadedTable> {
        let columns = line.strip_prefix(b"%%%% ")?.split(|byte| *byte == b',');
        let columns = columns.map(|word| match word.trim_ascii() {
            b"size" => TableColumn::Size,
            b"filename" => TableColumn::Name,
            word => Algorithm::of_tag(word).map_or_else(|| TableColumn::Unknown(word.to_vec()), TableColumn::Sum),
        });
        let columns: Vec<_> = columns.collect();
        (columns.last() == Some(&TableColumn::Name)).then_some(HeadedTable {
            columns,
            separator: b',',
            has_quotes: false,
        })
    }

    /// Parses a heading that has a column for the name and one for a checksum.
    pub(super) fn heading(line: &[u8]) -> Option<HeadedTable> {
        let separator = *[b',', b';', b'\t'].iter().find(|byte| line.contains(byte))?;
        let columns =
            fields(line, separator)?.into_iter().map(|word| match word.trim_ascii().to_ascii_lowercase().as_slice() {
                b"size" | b"length" | b"bytes" => TableColumn::Size,
                b"path" | b"filename" | b"file" | b"name" | b"fullname" => TableColumn::Name,
                b"hash" | b"checksum" => TableColumn::AnySum,
                b"algorithm" => TableColumn::Tag,
                word => Algorithm::of_tag(word).map_or(TableColumn::Other, TableColumn::Sum),
            });
        let columns: Vec<_> = columns.collect();
        let has = |is: fn(&TableColumn) -> bool| columns.iter().filter(|column| is(column)).count();
        let names = has(|column| *column == TableColumn::Name);
        let sums = has(|column| matches!(column, TableColumn::Sum(_) | TableColumn::AnySum));
        (names == 1 && sums > 0).then_some(HeadedTable { columns, separator, has_quotes: true })
    }

    /// Parses a row.
    pub(super) fn row(&self, line: &[u8]) -> LineKind {
        let start = line.trim_ascii_start();
        if start.is_empty() || !self.has_quotes && matches!(start.first(), Some(b'#' | b'%')) {
            return LineKind::Remark;
        }
        let said = self.content(line);
        said.map_or(LineKind::Unread(NO_ROW), LineKind::Said)
    }

    fn content(&self, line: &[u8]) -> Option<LineContent> {
        let fields = if self.has_quotes {
            fields(line, self.separator)?
        } else {
            line.splitn(self.columns.len(), |byte| *byte == self.separator).map(<[u8]>::to_vec).collect()
        };
        if fields.len() != self.columns.len() {
            return None;
        }
        let all = || self.columns.iter().zip(&fields);
        let tag = all().find(|(column, _)| **column == TableColumn::Tag).map(|(_, field)| field.trim_ascii());
        let (mut name, mut size, mut sums) = (None, None, Vec::new());
        for (column, field) in all() {
            match column {
                TableColumn::Name => name = Some(readings(field)).filter(|_| !field.is_empty()),
                TableColumn::Size if !field.is_empty() => size = Some(number(field.trim_ascii())?),
                TableColumn::Sum(algorithm) => sums.push(Sum::tagged(*algorithm, from_hex(field.trim_ascii())?)?),
                TableColumn::Unknown(tag) => sums.push(Sum::unknown(tag, field.clone())),
                TableColumn::AnySum => {
                    let hash = from_hex(field.trim_ascii())?;
                    sums.push(match tag.map(|tag| (tag, Algorithm::of_tag(tag))) {
                        None => Sum::untagged(hash)?,
                        Some((_, Some(algorithm))) => Sum::tagged(algorithm, hash)?,
                        Some((tag, None)) => Sum::unknown(tag, hash),
                    });
                }
                TableColumn::Size | TableColumn::Tag | TableColumn::Other => {}
            }
        }
        Some((Name::Readings(name?), size, sums))
    }
}

/// The fields of a row, with quotes removed and doubled quotes reduced to one; `None` if a quote is not closed.
fn fields(line: &[u8], separator: u8) -> Option<Vec<Vec<u8>>> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), Vec::new(), false);
    let mut bytes = line.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted && bytes.peek() == Some(&&b'"') => field.extend(bytes.next()),
            b'"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            byte if *byte == separator && !is_quoted => fields.push(std::mem::take(&mut field)),
            byte => field.push(*byte),
        }
    }
    fields.push(field);
    (!is_quoted).then_some(fields)
}

/// A record of PowerShell's `Format-List`: `Algorithm : SHA256`, `Hash : ...`, `Path : ...`, each on a line of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PowerShellRecord {
    tag: Vec<u8>,
    hash: Vec<u8>,
    path: Vec<u8>,
    /// The field that a continuation line extends.
    last: Option<RecordField>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordField {
    Tag,
    Hash,
    Path,
}

impl PowerShellRecord {
    /// Whether a line begins a record.
    pub(super) fn begins(line: &[u8]) -> bool {
        matches!(field(line), Some((RecordField::Tag, _)))
    }

    /// Whether a line that is not empty belongs to the record.
    pub(super) fn has(&self, line: &[u8]) -> bool {
        field(line).is_some() || self.last.is_some() && line.starts_with(b"            ")
    }

    /// Adds a line that is not empty; returns `false` if it does not belong to the record.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let (field, value) = match (field(line), self.last) {
            (Some((field, value)), _) => (field, value),
            (None, Some(last)) if line.starts_with(b"            ") => (last, line.trim_ascii()),
            (None, _) => return false,
        };
        self.last = Some(field);
        match field {
            RecordField::Tag => self.tag.extend_from_slice(value),
            RecordField::Hash => self.hash.extend_from_slice(value),
            RecordField::Path => self.path.extend_from_slice(value),
        }
        true
    }

    /// The content of the finished record.
    pub(super) fn content(&self) -> LineKind {
        let said = || {
            let hash = from_hex(&self.hash);
            let sum = match Algorithm::of_tag(&self.tag) {
                Some(algorithm) => {
                    let sum = hash.and_then(|hash| Sum::tagged(algorithm, hash));
                    sum.or_else(|| Sum::misfit(&self.tag, Some(algorithm), &self.hash))?
                }
                None => Sum::unknown(&self.tag, hash?),
            };
            (!self.path.is_empty()).then(|| (Name::Readings(readings(&self.path)), None, vec![sum]))
        };
        said().map_or(LineKind::Unread("a record without a checksum or without a path"), LineKind::Said)
    }
}

fn field(line: &[u8]) -> Option<(RecordField, &[u8])> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let field = match line[..at].trim_ascii() {
        b"Algorithm" => RecordField::Tag,
        b"Hash" => RecordField::Hash,
        b"Path" => RecordField::Path,
        _ => return None,
    };
    Some((field, line[at + 1..].trim_ascii()))
}
