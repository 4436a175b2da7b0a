//! The last step of verify: one verdict for each line of the manifests, and the report with all of them.

mod items;
mod other_lines;
mod rows;
mod summary;
mod table;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::lines::{Lines, UnreadEntry, digest};
use super::verdict::NOT_CHECKED;
use super::{ItemResult, ItemResults, LINES, Library, Outputs, RelPath, StartJob};
use crate::report_head::{ReportHead, ReportTotals};
use headway_model::text::cut_middle;
use rows::WaitingRows;
use summary::{NAME_IN_MESSAGE, NAMED_IN_MESSAGE};
use table::{TableRow, VerdictTable};

/// The report. Its first lines begin with `#` and count the verdicts.
const REPORT: &str = "REPORT.txt";

/// Where the totals of a job are.
pub(super) const HEAD: ReportHead = ReportHead { output: REPORT, read: totals };

/// How many lines of the manifests have each verdict.
fn totals(report: &str) -> ReportTotals {
    // The name of a file can begin like a total; what follows a name is set off by a tab.
    let total = |line: &str| line.strip_prefix("# ").filter(|line| !line.contains('\t')).map(str::to_owned);
    let head = report.lines().map_while(total);
    ReportTotals { lines: head.collect(), has_found: false }
}

struct VerifyReport<'a> {
    lines: &'a Lines,
    library: &'a Library,
    /// Which lines already have a verdict.
    is_told: Vec<bool>,
    counts: BTreeMap<&'static str, u64>,
    /// The number of files that no line names.
    new: u64,
    /// How many files with lines were skipped because an earlier job had checked them.
    done: u64,
    /// Why the first of the files that were asked for and have lines could not be compared.
    uncompared: Option<String>,
    /// Items with lines that were not there or are no files.
    unread_items: HashSet<RelPath>,
    rows: WaitingRows<'a>,
    /// The same for spreadsheets and programs, with the lines that are plainly `ok`.
    table: VerdictTable<'a>,
    /// What keeps the job from succeeding, by verdict: how many files, and the first few of them.
    wrong: BTreeMap<&'static str, (u64, Vec<String>)>,
}

/// Writes the report. The error is the reason why the job fails.
pub(super) fn write(
    lines: &Lines,
    library: &Library,
    request: &StartJob,
    results: &mut ItemResults<'_>,
    outputs: &Outputs,
) -> anyhow::Result<()> {
    let (is_told, counts) = (vec![false; lines.lines.len()], BTreeMap::new());
    let mut report = VerifyReport {
        lines,
        library,
        is_told,
        counts,
        new: 0,
        done: 0,
        uncompared: None,
        unread_items: HashSet::new(),
        rows: WaitingRows::new(outputs),
        table: VerdictTable::new(outputs),
        wrong: BTreeMap::new(),
    };
    for result in results {
        let result = result?;
        let is_outdated = report.is_outdated(&result);
        if let Some(reason) = result.skip.filter(|_| !is_outdated) {
            report.skipped(&result.path, reason);
            continue;
        }
        if is_outdated {
            report.outdated(&result.path);
            continue;
        }
        report.item(&result);
    }
    report.other_lines(request, outputs)?;
    report.loose();
    report.table.write(outputs)?;
    outputs.write(REPORT, |file| {
        report.head().iter().try_for_each(|row| file.write_all(row.as_bytes()))?;
        Ok(report.rows.write_to(file)?)
    })?;
    report.end()
}

impl VerifyReport<'_> {
    /// Takes in the lines that do not belong to a file.
    fn loose(&mut self) {
        for loose in &self.lines.loose {
            *self.counts.entry(NOT_CHECKED).or_default() += 1;
            let text = self.lines.describe(loose);
            self.table.push(&TableRow {
                verdict: NOT_CHECKED,
                reason: &loose.why,
                manifest: self.lines.sources.get(loose.source as usize).map(|source| &source.path),
                line: Some(loose.number),
                ..TableRow::default()
            });
            self.rows.push(format!("{text} ({NOT_CHECKED})\n"));
            self.blame("line", text);
        }
        for path in &self.lines.empty {
            let reason = "the manifest has no line with a checksum";
            self.rows.push(format!("{path}\t{reason}\n"));
            self.table.push(&TableRow { manifest: Some(path), reason, ..TableRow::default() });
            self.blame("empty", path.shown());
        }
        for other in &self.lines.passed_over {
            match other {
                UnreadEntry::Manifest(path, reason) => {
                    let why = format!("the manifest was not read: {}", reason.text());
                    self.rows.push(format!("{path}\t{why}\n"));
                    self.table.push(&TableRow { manifest: Some(path), reason: &why, ..TableRow::default() });
                    self.blame("passed over", format!("{} ({})", path.shown(), reason.text()));
                }
                UnreadEntry::Folder(path) => {
                    let why = "the folder cannot be listed, so whether it has a manifest is not known";
                    self.rows.push(format!("{path}\t{why}\n"));
                    self.table.push(&TableRow { path: Some(path), reason: why, ..TableRow::default() });
                    self.blame("unlisted", path.shown());
                }
            }
        }
    }

    /// Whether a file was compared with other lines than the manifests have now: they were written to while the server
    /// was down. Results and failures of earlier versions do not record this.
    fn is_outdated(&self, result: &ItemResult) -> bool {
        let own = self.lines.of(&result.path);
        let compared = result.result.get(LINES).and_then(|compared| compared.as_str());
        compared.is_some_and(|compared| compared != digest(own).to_string())
    }

    fn outdated(&mut self, path: &RelPath) {
        let why = "the manifest has other lines for it now than when it was compared";
        self.rows.push(format!("{path}\t{NOT_CHECKED}: {why}\n"));
        self.count_all(path, (NOT_CHECKED, why), &Value::Null);
        self.blame("outdated", path.shown());
    }

    /// Gives this verdict, for this reason, to all lines of a file that have none yet. `found` is the file's result, if it was
    /// compared.
    fn count_all(&mut self, path: &RelPath, verdict: (&'static str, &str), found: &Value) {
        for index in self.lines.range(path) {
            self.count(index, verdict, found);
        }
    }

    fn count(&mut self, index: usize, (verdict, reason): (&'static str, &str), found: &Value) {
        let Some(is_told) = self.is_told.get_mut(index).filter(|is_told| !**is_told) else { return };
        *is_told = true;
        *self.counts.entry(verdict).or_default() += 1;
        if let Some(line) = self.lines.lines.get(index) {
            self.table.line(self.lines, line, (verdict, reason), found);
        }
    }

    /// Adds a row about a file that no line names.
    fn without_line(&mut self, path: &RelPath, verdict: &str, reason: &str) {
        self.table.push(&TableRow { path: Some(path), verdict, reason, ..TableRow::default() });
    }

    fn blame(&mut self, what: &'static str, name: String) {
        let (count, names) = self.wrong.entry(what).or_default();
        *count += 1;
        if names.len() < NAMED_IN_MESSAGE {
            names.push(cut_middle(&name, NAME_IN_MESSAGE));
        }
    }

    fn counted(&self, verdict: &str) -> u64 {
        self.counts.get(verdict).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_are_the_totals() {
        let head = "# SHA256SUMS: 3 lines: ok 1, changed 1, missing 1\n# beside them: new 2\n";
        for rows in ["b\tchanged\n# c\tmissing\n", "# a\tchanged\nb\tchanged\n"] {
            let totals = totals(&format!("{head}{rows}"));
            assert_eq!(totals.lines, ["SHA256SUMS: 3 lines: ok 1, changed 1, missing 1", "beside them: new 2"]);
        }
    }
}
