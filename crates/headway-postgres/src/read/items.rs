//! The items of a job: page by page, by name, in groups and in numbers.

use tokio_postgres::Row;

use super::all;
use crate::session::SqlSession;
use crate::values::{parsed, parsed_or_none, signed, signed_all, status, text_of_bytes_or_none, unsigned, value};
use headway_model::groups::{GroupBy, GroupSorter, ItemGroups};
use headway_model::item::ItemLabel;
use headway_model::item_filter::MatchingItems;
use headway_model::library::Pattern;
use headway_model::load::{FileTotals, Load};
use headway_model::{PlannedFile, RelPath, Rerun};
use headway_store::Stored;
use headway_store::rows::{ItemRow, ItemState};

/// Items under a condition.
macro_rules! items {
    ($condition:literal) => {
        concat!(
            "SELECT job_no, item, code, attempt, path, size, mtime_ns, message, result, rerun, becomes
                FROM headway.items WHERE ",
            $condition
        )
    };
}

pub(crate) async fn items(
    session: &SqlSession,
    job_no: u64,
    from: u32,
    limit: u32,
    label: Option<ItemLabel>,
) -> Stored<Vec<ItemRow>> {
    const ALL: &str = items!("job_no = $1 AND item >= $2 ORDER BY item LIMIT $3");
    const COMMON: &str = items!("job_no = $1 AND item >= $2 AND status = $4 ORDER BY item LIMIT $3");
    const NOTED: &str = items!("job_no = $1 AND item >= $2 AND noted = $4 ORDER BY item LIMIT $3");
    let (job_no, from, limit) = (signed(job_no), i64::from(from), i64::from(limit));
    let rows = match label {
        None => session.rows(ALL, &[&job_no, &from, &limit]).await?,
        Some(label @ (ItemLabel::Waiting | ItemLabel::Running | ItemLabel::Succeeded)) => {
            session.rows(COMMON, &[&job_no, &from, &limit, &label.name()]).await?
        }
        Some(label) => session.rows(NOTED, &[&job_no, &from, &limit, &label.name()]).await?,
    };
    all(&rows, item_row)
}

pub(crate) async fn load(session: &SqlSession, job_no: u64) -> Stored<Load> {
    const PARTS: &str = "SELECT code, count(*), sum(size)::bigint, job_no FROM headway.items WHERE job_no = $1
        GROUP BY code, job_no";
    let mut load = Load::default();
    for row in session.rows(PARTS, &[&signed(job_no)]).await? {
        load.add(status(&row, 0)?, FileTotals { files: unsigned(&row, 1)?, bytes: unsigned(&row, 2)? });
    }
    Ok(load)
}

pub(crate) async fn items_at(session: &SqlSession, job_no: u64, these: &[u32]) -> Stored<Vec<ItemRow>> {
    const THESE: &str = items!("job_no = $1 AND item = ANY($2) ORDER BY item");
    let these: Vec<_> = these.iter().copied().map(i64::from).collect();
    all(&session.rows(THESE, &[&signed(job_no), &these]).await?, item_row)
}

pub(crate) async fn items_for(session: &SqlSession, jobs: &[u64], paths: &[RelPath]) -> Stored<Vec<ItemRow>> {
    const THESE: &str = items!("path = ANY($1) AND job_no = ANY($2)");
    let paths: Vec<_> = paths.iter().map(RelPath::as_str).collect();
    all(&session.rows(THESE, &[&paths, &signed_all(jobs)]).await?, item_row)
}

pub(crate) async fn groups(session: &SqlSession, job_no: u64, by: GroupBy) -> Stored<ItemGroups> {
    const FILES: &str = "SELECT path, size, job_no FROM headway.items WHERE job_no = $1 ORDER BY item";
    let mut sorter = GroupSorter::new(by);
    session
        .each(FILES, &[&signed(job_no)], |row| {
            sorter.add(&parsed(row, 0)?, unsigned(row, 1)?);
            Ok(())
        })
        .await?;
    Ok(sorter.end())
}

pub(crate) async fn named(session: &SqlSession, job_no: u64, pattern: &Pattern) -> Stored<MatchingItems> {
    // One statement over all items: reading them page by page would also load every row's messages and results.
    const PATHS: &str = "SELECT path, item, job_no FROM headway.items WHERE job_no = $1 ORDER BY item";
    let mut named = MatchingItems::default();
    session
        .each(PATHS, &[&signed(job_no)], |row| {
            if pattern.matches_path(&parsed(row, 0)?) {
                named.add(unsigned(row, 1)?);
            }
            Ok(())
        })
        .await?;
    Ok(named)
}

fn item_row(row: &Row) -> Stored<ItemRow> {
    let rerun = value::<Option<String>>(row, 9)?.and_then(|word| Rerun::from_word(&word));
    let (path, size, mtime_ns) = (parsed(row, 4)?, unsigned(row, 5)?, value(row, 6)?);
    let file = PlannedFile { path, size, mtime_ns, rerun, becomes: parsed_or_none(row, 10)? };
    let (status, attempt) = (status(row, 2)?, unsigned(row, 3)?);
    let (message, result) = (text_of_bytes_or_none(row, 7)?, text_of_bytes_or_none(row, 8)?);
    let state = ItemState { status, attempt, message, result };
    Ok(ItemRow { job_no: unsigned(row, 0)?, item: unsigned(row, 1)?, file, state })
}
