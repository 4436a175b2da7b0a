//! The report of a job: what happened to each file, as CSV for spreadsheets or JSON lines for programs, and the
//! totals.

use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::Server;
use super::queries::item_view;
use headway_model::item::{DiskEffect, ItemLabel};
use headway_model::summary::{ItemView, JobTotals, NumberedItem, ReportFormat};
use headway_model::{ApiError, ItemStatus, JobId};
use headway_recipes::csv_row;
use headway_store::{ItemPages, StoreError};

/// Items read at a time.
const ITEMS_PER_READ: u32 = 1_000;

/// The columns. Files are numbered from 1, as everywhere where a person gives the number.
const COLUMNS: [&str; 9] = ["number", "path", "status", "reason", "message", "bytes", "output", "output_bytes", "kept"];

impl Server {
    /// The report of a job, a page at a time. While the job runs, it shows the present state of each file. It says what is in the
    /// log: what windows of items find out besides, on the disk, in other jobs and in reports, would be looked up for every file.
    ///
    /// # Errors
    /// If there is no such job, or it cannot be read.
    pub async fn report(
        &self,
        id: JobId,
        format: ReportFormat,
    ) -> Result<impl Stream<Item = Result<Vec<u8>, StoreError>> + Send + 'static, ApiError> {
        let row = self.row(id).await?;
        let store = Arc::clone(self.store());
        let head = match format {
            ReportFormat::Csv => csv(COLUMNS.map(str::to_owned)),
            ReportFormat::Jsonl => Vec::new(),
        };
        let pages =
            stream::try_unfold(ItemPages::new(store, row.job_no, ITEMS_PER_READ), move |mut pages| async move {
                let Some(rows) = pages.next().await? else { return Ok(None) };
                let text: Vec<u8> = rows.into_iter().flat_map(|row| line(&item_view(row), format)).collect();
                Ok(Some((text, pages)))
            });
        Ok(stream::once(async { Ok(head) }).chain(pages.boxed()))
    }

    /// What a job did to the files, in numbers.
    ///
    /// # Errors
    /// If there is no such job, or it cannot be read.
    pub async fn job_totals(&self, id: JobId) -> Result<JobTotals, ApiError> {
        let row = self.row(id).await?;
        let mut totals = JobTotals { counters: row.summary.counters, ..JobTotals::default() };
        let mut pages = ItemPages::new(Arc::clone(self.store()), row.job_no, ITEMS_PER_READ)
            .with_status(Some(ItemLabel::Succeeded));
        while let Some(rows) = pages.next().await? {
            for row in rows {
                totals.unchanged += u64::from(row.state.status == ItemStatus::Succeeded(DiskEffect::Unchanged));
                add(&mut totals, &item_view(row));
            }
        }
        Ok(totals)
    }
}

/// The path and the size in bytes of an item's output, according to its result.
fn output(item: &ItemView) -> Option<(&str, Option<u64>)> {
    let output = item.result.as_ref()?.get("output")?;
    Some((output.get("path")?.as_str()?, output.get("size").and_then(Value::as_u64)))
}

fn text<'a>(item: &'a ItemView, field: &str) -> Option<&'a str> {
    item.result.as_ref()?.get(field)?.as_str()
}

fn add(totals: &mut JobTotals, item: &ItemView) {
    let moved = text(item, "moved");
    match output(item) {
        // The file was removed, or replaced by a link to another file with the same content.
        _ if text(item, "kept").is_some() || text(item, "removed").is_some() => totals.removed.add(item.size),
        Some((path, Some(bytes))) if path == item.path.as_str() || moved == Some(path) => {
            totals.replaced.add(item.size);
            totals.replaced_by += bytes;
        }
        Some((_, Some(bytes))) => totals.created.add(bytes),
        Some((_, None)) => totals.unknown += 1,
        None => {}
    }
}

fn line(item: &ItemView, format: ReportFormat) -> Vec<u8> {
    match format {
        ReportFormat::Csv => {
            let (path, bytes) = output(item).unzip();
            let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
            csv([
                NumberedItem::from(item).number.to_string(),
                item.path.to_string(),
                item.status.to_string(),
                owned(item.reason.as_deref()),
                owned(item.message.as_deref()),
                item.size.to_string(),
                owned(path.or_else(|| text(item, "moved"))),
                bytes.flatten().map(|bytes| bytes.to_string()).unwrap_or_default(),
                owned(text(item, "kept")),
            ])
        }
        ReportFormat::Jsonl => {
            let mut line = json!(NumberedItem::from(item)).to_string().into_bytes();
            line.push(b'\n');
            line
        }
    }
}

fn csv(cells: [String; COLUMNS.len()]) -> Vec<u8> {
    let mut line = Vec::new();
    csv_row(&mut line, cells.into_iter()).expect("memory can be written to");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_bytes_are_those_replaced_and_removed_minus_their_substitutes() {
        let item = |path: &str, size: u64, result: Value| ItemView {
            item: 0,
            path: path.parse().expect("a path"),
            size,
            status: ItemLabel::Succeeded,
            reason: None,
            message: None,
            missed: false,
            attempt: 1,
            result: Some(result),
            rerun: None,
            becomes: None,
            output: None,
            will: None,
            retried: None,
        };
        let mut totals = JobTotals::default();
        for item in [
            item("a", 100, json!({ "output": { "path": "a", "size": 60 } })),
            item("b", 100, json!({ "output": { "path": "c", "size": 90 }, "moved": "c" })),
            item("d", 50, json!({ "output": { "path": "d.zst", "size": 20 } })),
            item("e", 30, json!({ "removed": ".headway-trash/1", "kept": "f" })),
            item("g", 30, json!({ "output": { "path": "g", "size": 30 }, "kept": "f" })),
            item("h", 30, json!({ "output": { "path": "h", "unknown": "gone" } })),
            item("i", 30, json!({ "sha256": "x" })),
        ] {
            add(&mut totals, &item);
        }
        assert_eq!((totals.replaced.files, totals.replaced.bytes, totals.replaced_by), (2, 200, 150));
        assert_eq!((totals.created.files, totals.created.bytes), (1, 20));
        assert_eq!((totals.removed.files, totals.removed.bytes, totals.unknown), (2, 60, 1));
        assert_eq!(totals.saved(), 110);
    }
}
