//! The report of a job: what was found about every file, as CSV for spreadsheets and JSON lines for programs.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::{ItemResult, ItemResults};
use headway_files::Outputs;

/// Writes `NAME.csv`, with the given fields of each result as columns, and `NAME.jsonl`, with all fields. Both
/// contain every item except cancelled ones, in the plan's order.
pub(crate) fn write(
    results: &mut ItemResults<'_>,
    outputs: &Outputs,
    name: &str,
    fields: &[&str],
) -> anyhow::Result<()> {
    outputs.write(&format!("{name}.csv"), |csv| {
        outputs.write(&format!("{name}.jsonl"), |lines| {
            row(csv, ["path", "status", "reason"].into_iter().chain(fields.iter().copied()).map(str::to_owned))?;
            for item in results {
                let item = item?;
                let (status, reason) = ended(&item);
                let cells = fields.iter().map(|field| item.result.get(*field).map(cell).unwrap_or_default());
                row(csv, [item.path.to_string(), status.to_owned(), reason.clone()].into_iter().chain(cells))?;
                let mut line =
                    Map::from_iter([("path".to_owned(), json!(item.path)), ("status".to_owned(), status.into())]);
                if !reason.is_empty() {
                    line.insert("reason".into(), reason.into());
                }
                line.extend(item.result.as_object().cloned().unwrap_or_default());
                serde_json::to_writer(&mut *lines, &line)?;
                lines.write_all(b"\n")?;
            }
            Ok(())
        })
    })
}

/// How an item ended, and why.
fn ended(item: &ItemResult) -> (&'static str, String) {
    match (&item.failure, item.skip) {
        (Some((_, text)), _) => ("failed", text.clone()),
        (None, Some(reason)) => ("skipped", reason.text().into()),
        (None, None) => ("succeeded", String::new()),
    }
}

/// A value as a cell: a text unchanged, a list separated by semicolons.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The text as a spreadsheet shows it and does not calculate it: a cell that begins like a formula gets an apostrophe before
/// it. One that begins with an apostrophe gets another, so the exact text is always the cell without its first apostrophe.
fn as_text(cell: String) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) && !is_number {
        true => format!("'{cell}"),
        false => cell,
    }
}

/// Writes a row of CSV (RFC 4180) that a spreadsheet can open: no cell is taken for a formula.
///
/// # Errors
/// If it cannot be written.
pub fn row(to: &mut dyn Write, cells: impl Iterator<Item = String>) -> std::io::Result<()> {
    let quoted = cells.map(as_text).map(|cell| match cell.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    });
    write!(to, "{}\r\n", quoted.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::DataFolder;
    use headway_model::{FailReason, JobId, RelPath, SkipReason};

    #[test]
    fn no_cell_is_taken_for_a_formula_and_none_loses_its_text() {
        let cells = ["=1+1", "+x", "-x", "@x", "-5", "'quoted", "plain", ""].map(str::to_owned);
        let mut line = Vec::new();
        row(&mut line, cells.iter().cloned()).expect("memory");
        let text = String::from_utf8(line).expect("text");
        assert_eq!(text, "'=1+1,'+x,'-x,'@x,-5,''quoted,plain,\r\n");
        let exact = text.trim_end().split(',').map(|cell| cell.strip_prefix('\'').unwrap_or(cell));
        assert!(exact.eq(cells.iter().map(String::as_str)));
    }

    #[test]
    fn every_item_is_one_row_and_one_line_under_any_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = DataFolder::open(folder.path(), &[]).expect("a data folder").outputs(&JobId::mint(1, [1; 10]));
        let item = |name: &[u8], result, failure, skip| {
            Ok(ItemResult { path: RelPath::from_bytes(name).expect("a path"), result, failure, skip })
        };
        let failed = Some((FailReason::Recipe, "\"x\", is cut off".to_owned()));
        let all = vec![
            item(b"a,\"b\"\n", json!({ "entries": 3, "notes": ["x", "y"] }), None, None),
            item(b"c", Value::Null, failed, None),
            item(b"d", Value::Null, None, Some(SkipReason::Missing)),
        ];
        write(&mut all.into_iter(), &outputs, "REPORT", &["entries", "notes"]).expect("a report");
        let read = |name: &str| {
            let path = outputs.path(name).expect("a folder").expect(name);
            std::fs::read_to_string(path).expect("a text")
        };
        let rows = "path,status,reason,entries,notes\r\n\"a,\"\"b\"\"%0A\",succeeded,,3,x; y\r\nc,failed,\"\"\"x\"\", is cut off\",,\r\nd,skipped,no longer there,,\r\n";
        assert_eq!(read("REPORT.csv"), rows);
        let lines: Vec<Value> =
            read("REPORT.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines[0], json!({ "path": "a,\"b\"%0A", "status": "succeeded", "entries": 3, "notes": ["x", "y"] }));
        assert_eq!(lines.len(), 3);
    }
}
