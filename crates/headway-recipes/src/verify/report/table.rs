//! The report for spreadsheets and programs: a row for each line of the manifests, with what it expects and what was found.

use serde::Serialize;
use serde_json::Value;

use super::super::super::manifest::{Algorithm, Algorithms, Sum, to_hex};
use super::super::lines::{ExpectedFile, Lines};
use super::super::{Outputs, RelPath};
use super::rows::WaitingRows;
use crate::report;

/// The columns of the table.
const COLUMNS: [&str; 10] =
    ["path", "verdict", "reason", "algorithm", "expected", "actual", "expected_size", "size", "manifest", "line"];

/// The rows, in both forms.
pub(super) struct VerdictTable<'a> {
    csv: WaitingRows<'a>,
    json: WaitingRows<'a>,
    /// Why a row is not there.
    failed: Option<anyhow::Error>,
}

/// One row. It is about a line of a manifest, a file that no line names, or a manifest that was not read.
#[derive(Default, Serialize)]
pub(super) struct TableRow<'r> {
    /// The file; `None` if the line is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'r RelPath>,
    /// The verdict; empty if there is no line that it could be about.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) verdict: &'r str,
    /// Why, in words.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) reason: &'r str,
    /// The checksums of the line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checksums: Vec<LineChecksum>,
    /// The size in the line, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected_size: Option<u64>,
    /// The size of the file when it was read, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// The manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manifest: Option<&'r RelPath>,
    /// The number of the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
}

/// A checksum in a line, and that of the file.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct LineChecksum {
    /// The name of the algorithm; `None` if it is not known.
    algorithm: Option<String>,
    /// The checksum in the line.
    expected: String,
    /// The checksum of the file by this algorithm; `None` if it was not computed.
    actual: Option<String>,
}

impl<'a> VerdictTable<'a> {
    /// A table without rows.
    pub(super) fn new(outputs: &'a Outputs) -> Self {
        VerdictTable { csv: WaitingRows::new(outputs), json: WaitingRows::new(outputs), failed: None }
    }

    /// Adds the row of a line about a file. `found` is the result of the file, if it was compared.
    pub(super) fn line(&mut self, lines: &Lines, line: &ExpectedFile, (verdict, reason): (&str, &str), found: &Value) {
        self.push(&TableRow {
            path: Some(&line.path),
            verdict,
            reason,
            checksums: line.sums.iter().flat_map(|sum| compared(lines, line, sum, found)).collect(),
            expected_size: line.size,
            size: found.get("size").and_then(Value::as_u64),
            manifest: lines.sources.get(line.source as usize).map(|source| &source.path),
            line: Some(line.number),
        });
    }

    /// Adds a row. Whether it could be kept, [`VerdictTable::write`] tells.
    pub(super) fn push(&mut self, row: &TableRow<'_>) {
        if let Err(lost) = self.try_push(row) {
            self.failed.get_or_insert(lost);
        }
    }

    fn try_push(&mut self, row: &TableRow<'_>) -> anyhow::Result<()> {
        let mut cells = Vec::new();
        report::row(&mut cells, row.cells().into_iter())?;
        self.csv.push(&cells);
        let mut line = serde_json::to_vec(row)?;
        line.push(b'\n');
        self.json.push(&line);
        Ok(())
    }

    /// Writes the table in both forms.
    ///
    /// # Errors
    /// Errors of the file systems; so that a table never lacks a row.
    pub(super) fn write(&mut self, outputs: &Outputs) -> anyhow::Result<()> {
        if let Some(lost) = self.failed.take() {
            return Err(lost);
        }
        outputs.write("REPORT.csv", |file| {
            report::row(file, COLUMNS.map(str::to_owned).into_iter())?;
            Ok(self.csv.write_to(file)?)
        })?;
        outputs.write("REPORT.jsonl", |file| Ok(self.json.write_to(file)?))
    }
}

impl TableRow<'_> {
    /// The cells, in the order of the columns. Several checksums are in the same order in their three columns.
    fn cells(&self) -> [String; COLUMNS.len()] {
        let joined = |cell: fn(&LineChecksum) -> &str| self.checksums.iter().map(cell).collect::<Vec<_>>().join("; ");
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let path = |path: Option<&RelPath>| path.map(ToString::to_string).unwrap_or_default();
        [
            path(self.path),
            self.verdict.to_owned(),
            self.reason.to_owned(),
            joined(|sum| sum.algorithm.as_deref().unwrap_or_default()),
            joined(|sum| sum.expected.as_str()),
            joined(|sum| sum.actual.as_deref().unwrap_or_default()),
            number(self.expected_size),
            number(self.size),
            path(self.manifest),
            number(self.line),
        ]
    }
}

/// A checksum of a line beside that of the file. If it is not known by which algorithm the line is, it is beside each that is
/// likely.
fn compared(lines: &Lines, line: &ExpectedFile, sum: &Sum, found: &Value) -> Vec<LineChecksum> {
    let expected = match sum.misfit {
        Some(_) => String::from_utf8_lossy(&sum.hash).into_owned(),
        None => to_hex(&sum.hash),
    };
    let actual = |algorithm: Algorithm| found.get(algorithm.name()).and_then(Value::as_str).map(str::to_owned);
    let beside = |algorithm: Algorithm| LineChecksum {
        algorithm: Some(algorithm.name().to_owned()),
        expected: expected.clone(),
        actual: actual(algorithm),
    };
    let matching = sum.algorithms.iter().find(|algorithm| actual(*algorithm).as_ref() == Some(&expected));
    let used = (lines.found(line, sum) & sum.algorithms).only();
    if let Some(one) = matching.or(sum.algorithms.only()).or(used) {
        return vec![beside(one)];
    }
    let likely = sum.algorithms & Algorithms::COMMON;
    let computed = likely.iter().filter(|algorithm| actual(*algorithm).is_some()).map(beside).collect::<Vec<_>>();
    if !computed.is_empty() {
        return computed;
    }
    vec![LineChecksum { algorithm: sum.unknown.as_deref().map(str::to_owned), expected, actual: None }]
}
