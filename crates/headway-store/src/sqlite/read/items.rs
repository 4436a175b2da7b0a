//! The items of a job: page by page, by name, in groups and in numbers.

use rusqlite::{Connection, Row, ToSql, params};
use serde_json::json;

use super::super::{all_of_jobs, column, nullable};
use crate::Stored;
use crate::rows::{ItemRow, ItemState};
use headway_model::groups::{GroupBy, GroupSorter, ItemGroups};
use headway_model::item::{ItemLabel, ItemStatus};
use headway_model::item_filter::MatchingItems;
use headway_model::library::Pattern;
use headway_model::load::{FileTotals, Load};
use headway_model::{PlannedFile, RelPath, Rerun};

const ITEM_COLUMNS: &str =
    "SELECT job_no, item, code, attempt, path, size, mtime_ns, message, result, rerun, becomes FROM items";

pub(in crate::sqlite) fn items(
    reader: &Connection,
    job_no: u64,
    from: u32,
    limit: u32,
    status: Option<ItemLabel>,
) -> Stored<Vec<ItemRow>> {
    let condition = match status {
        None => "",
        Some(ItemLabel::Waiting | ItemLabel::Running | ItemLabel::Succeeded) => "AND status = ?4",
        // The same condition, phrased so that SQLite can use the partial index of these statuses.
        Some(_) => "AND status = ?4 AND status <> 'waiting' AND status <> 'running' AND status <> 'succeeded'",
    };
    let items = format!("{ITEM_COLUMNS} WHERE job_no = ?1 {condition} AND item >= ?2 ORDER BY item LIMIT ?3");
    let mut values: Vec<&dyn ToSql> = vec![&job_no, &from, &limit];
    let status = status.map(ItemLabel::name);
    values.extend(status.iter().map(|status| status as &dyn ToSql));
    all_of_jobs(reader, &items, &*values, item_row)
}

pub(in crate::sqlite) fn load(reader: &Connection, job_no: u64) -> Stored<Load> {
    const PARTS: &str = "SELECT code, COUNT(*), SUM(size), job_no FROM items WHERE job_no = ? GROUP BY code";
    let part = |row: &Row<'_>| Ok((column(row, 0)?, FileTotals { files: row.get(1)?, bytes: row.get(2)? }));
    let parts: Vec<(ItemStatus, FileTotals)> = all_of_jobs(reader, PARTS, [job_no], part)?;
    let mut load = Load::default();
    parts.into_iter().for_each(|(status, part)| load.add(status, part));
    Ok(load)
}

pub(in crate::sqlite) fn items_at(reader: &Connection, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>> {
    let these = format!("{ITEM_COLUMNS} WHERE job_no = ? AND item IN (SELECT value FROM json_each(?)) ORDER BY item");
    all_of_jobs(reader, &these, params![job_no, json!(items).to_string()], item_row)
}

pub(in crate::sqlite) fn items_for(reader: &Connection, jobs: &[u64], paths: &[RelPath]) -> Stored<Vec<ItemRow>> {
    let these = format!(
        "{ITEM_COLUMNS} WHERE path IN (SELECT value FROM json_each(?)) AND job_no IN (SELECT value FROM json_each(?))"
    );
    let paths: Vec<_> = paths.iter().map(RelPath::as_str).collect();
    all_of_jobs(reader, &these, params![json!(paths).to_string(), json!(jobs).to_string()], item_row)
}

pub(in crate::sqlite) fn groups(reader: &Connection, job_no: u64, by: GroupBy) -> Stored<ItemGroups> {
    let mut sorter = GroupSorter::new(by);
    let files = "SELECT path, size, job_no FROM items WHERE job_no = ? ORDER BY item";
    all_of_jobs(reader, files, [job_no], |row| {
        sorter.add(&column(row, 0)?, row.get(1)?);
        Ok(())
    })?;
    Ok(sorter.end())
}

pub(in crate::sqlite) fn named(reader: &Connection, job_no: u64, pattern: &Pattern) -> Stored<MatchingItems> {
    let mut named = MatchingItems::default();
    // One statement over all items: reading them page by page would also load every row's messages and results.
    let paths = "SELECT item, path, job_no FROM items WHERE job_no = ? ORDER BY item";
    all_of_jobs(reader, paths, [job_no], |row| {
        if pattern.matches_path(&column(row, 1)?) {
            named.add(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(named)
}

fn item_row(row: &Row<'_>) -> rusqlite::Result<ItemRow> {
    let rerun = row.get_ref(9)?.as_str_or_null()?.and_then(Rerun::from_word);
    let (path, size, mtime_ns) = (column(row, 4)?, row.get(5)?, row.get(6)?);
    let file = PlannedFile { path, size, mtime_ns, rerun, becomes: nullable(row, 10)? };
    let state = ItemState { status: column(row, 2)?, attempt: row.get(3)?, message: row.get(7)?, result: row.get(8)? };
    Ok(ItemRow { job_no: row.get(0)?, item: row.get(1)?, file, state })
}
