//! Every statement that reads: one small function each. No transaction outlives its page.

use serde_json::json;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Executor, Row, Sqlite};

use super::super::{Head, JobFilter, StoreError, Stored};
use crate::model::id::{JobId, Position, Seq};
use crate::model::item::ItemStatus;
use crate::model::{Digest, Fold, RelPath, Rerun};
use crate::server::rows::{DoneRow, EventRow, ItemRow, ItemState, JobRow, Lease, PlannedFile};

const JOB_COLUMNS: &str =
    "SELECT job_no, created_position, last_position, library, head, fold, summary, work FROM jobs";

pub(super) async fn head<'a>(reader: impl Executor<'a, Database = Sqlite>) -> Stored<Head> {
    let row = sqlx::query("SELECT head, digest, next_job_no FROM log").fetch_one(reader).await?;
    let digest = row.try_get::<Option<Vec<u8>>, _>(1)?.map(digest).transpose()?;
    Ok(Head { position: number(&row, 0)?, digest, next_job_no: number(&row, 2)? })
}

pub(super) async fn digest_at(readers: &SqlitePool, position: Position) -> Stored<Option<Digest>> {
    let query = sqlx::query("SELECT digest FROM events WHERE position = ?").bind(position as i64);
    let row = query.fetch_optional(readers).await?;
    row.map(|row| digest(row.try_get(0)?)).transpose()
}

pub(super) async fn events(
    readers: &SqlitePool,
    jobs: &[u64],
    after: Position,
    upto: Position,
    limit: u32,
) -> Stored<Vec<EventRow>> {
    const ALL: &str = "SELECT e.position, e.job_no, j.id, e.seq, e.payload, e.detail, e.digest
        FROM events e LEFT JOIN jobs j USING (job_no) WHERE e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?";
    const ONE: &str = "SELECT e.position, e.job_no, j.id, e.seq, e.payload, NULL, e.digest
        FROM events e JOIN jobs j USING (job_no)
        WHERE e.job_no = ? AND e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?";
    const SOME: &str = "SELECT e.position, e.job_no, j.id, e.seq, e.payload, NULL, e.digest
        FROM events e JOIN jobs j USING (job_no)
        WHERE e.job_no IN (SELECT value FROM json_each(?)) AND e.position > ? AND e.position <= ?
        ORDER BY e.position LIMIT ?";
    let query = match jobs {
        [] => sqlx::query(ALL),
        [job] => sqlx::query(ONE).bind(*job as i64),
        jobs => sqlx::query(SOME).bind(json!(jobs).to_string()),
    };
    let rows = query.bind(after as i64).bind(upto as i64).bind(limit).fetch_all(readers).await?;
    rows.iter().map(event).collect()
}

pub(super) async fn event_before(
    readers: &SqlitePool,
    job_no: u64,
    position: Position,
) -> Stored<Option<(Seq, Digest)>> {
    const LAST: &str =
        "SELECT seq, digest FROM events WHERE job_no = ? AND position <= ? ORDER BY position DESC LIMIT 1";
    let row = sqlx::query(LAST).bind(job_no as i64).bind(position as i64).fetch_optional(readers).await?;
    row.map(|row| Ok((number(&row, 0)?, digest(row.try_get(1)?)?))).transpose()
}

pub(super) async fn job<'a>(reader: impl Executor<'a, Database = Sqlite>, id: JobId) -> Stored<Option<JobRow>> {
    const ONE: &str =
        "SELECT job_no, created_position, last_position, library, head, fold, summary, work FROM jobs WHERE id = ?";
    let row = sqlx::query(ONE).bind(id.to_string()).fetch_optional(reader).await?;
    row.as_ref().map(job_row).transpose()
}

pub(super) async fn jobs(readers: &SqlitePool, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
    let (condition, value) = match filter {
        JobFilter::Live => ("WHERE terminal = 0 ORDER BY last_position LIMIT ?", None),
        JobFilter::ChangedAfter(position) => return changed(readers, position, limit).await,
        JobFilter::Over(job_no) => {
            ("WHERE terminal = 1 AND pruned = 0 AND job_no > ? ORDER BY job_no LIMIT ?", Some(job_no as i64))
        }
        JobFilter::Before(None) => ("WHERE summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?", None),
        JobFilter::Before(Some(id)) => {
            let Some(row) = job(readers, id).await? else { return Ok(Vec::new()) };
            ("WHERE job_no < ? AND summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?", Some(row.job_no as i64))
        }
    };
    let mut query = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB_COLUMNS} {condition}")));
    if let Some(value) = value {
        query = query.bind(value);
    }
    let rows = query.bind(limit).fetch_all(readers).await?;
    rows.iter().map(job_row).collect()
}

/// Jobs that are over are found by an index, the others are few.
async fn changed(readers: &SqlitePool, after: Position, limit: u32) -> Stored<Vec<JobRow>> {
    let changed = format!(
        "SELECT * FROM ({JOB_COLUMNS} WHERE terminal = 1 AND last_position > ?1 ORDER BY last_position LIMIT ?2)
        UNION ALL {JOB_COLUMNS} WHERE terminal = 0 AND last_position > ?1 ORDER BY last_position LIMIT ?2"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(changed)).bind(after as i64).bind(limit);
    query.fetch_all(readers).await?.iter().map(job_row).collect()
}

pub(super) async fn folds(readers: &SqlitePool, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
    let mut moment = readers.begin().await?;
    let head = head(&mut *moment).await?;
    let mut folds = Vec::new();
    for id in jobs {
        let Some(row) = job(&mut *moment, *id).await? else { continue };
        const ITEMS: &str = "SELECT code, attempt FROM items WHERE job_no = ? ORDER BY item";
        let mut items: Vec<(u8, u32)> = Vec::new();
        // Whatever is left of them, a job whose history is removed has none.
        if !row.summary.pruned {
            items = sqlx::query_as(ITEMS).bind(row.job_no as i64).fetch_all(&mut *moment).await?;
        }
        folds.push(row.head.with_items(items).fold().map_err(|error| StoreError(error.to_string()))?);
    }
    Ok((head.position, folds))
}

pub(super) async fn leases(readers: &SqlitePool) -> Stored<Vec<Lease>> {
    let rows = sqlx::query("SELECT job_no, item, attempt, worker, until FROM leases").fetch_all(readers).await?;
    let read = |row: &SqliteRow| {
        let (item, attempt) = (row.try_get(1)?, row.try_get(2)?);
        Ok(Lease { job_no: number(row, 0)?, item, attempt, worker: row.try_get(3)?, until: number(row, 4)? })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn bytes(readers: &SqlitePool) -> Stored<u64> {
    const USED: &str = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    number(&sqlx::query(USED).fetch_one(readers).await?, 0)
}

pub(super) async fn request(readers: &SqlitePool, job_no: u64) -> Stored<Option<String>> {
    const FIRST: &str = "SELECT detail FROM events WHERE job_no = ? ORDER BY position LIMIT 1";
    let row = sqlx::query(FIRST).bind(job_no as i64).fetch_optional(readers).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
}

pub(super) async fn items(
    readers: &SqlitePool,
    job_no: u64,
    from: u32,
    limit: u32,
    status: Option<&str>,
) -> Stored<Vec<ItemRow>> {
    let condition = match status {
        None => "",
        Some("waiting" | "running" | "succeeded") => "AND status = ?",
        // The same, said so that the index of these statuses is known to hold it.
        Some(_) => "AND status = ? AND status NOT IN ('waiting', 'running', 'succeeded')",
    };
    let items = format!(
        "SELECT job_no, item, code, attempt, path, size, mtime_ns, message, result, rerun FROM items
        WHERE job_no = ? {condition} AND item >= ? ORDER BY item LIMIT ?"
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(items)).bind(job_no as i64);
    if let Some(status) = status {
        query = query.bind(status.to_owned());
    }
    let rows = query.bind(from).bind(limit).fetch_all(readers).await?;
    rows.iter().map(item_row).collect()
}

pub(super) async fn history(readers: &SqlitePool, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
    const ONE: &str = "SELECT e.position, e.job_no, j.id, e.seq, e.payload, e.detail, e.digest
        FROM events e JOIN jobs j USING (job_no) WHERE e.job_no = ? AND e.position > ? ORDER BY e.position LIMIT ?";
    let query = sqlx::query(ONE).bind(job_no as i64).bind(after as i64).bind(limit);
    query.fetch_all(readers).await?.iter().map(event).collect()
}

pub(super) async fn outcomes(
    readers: &SqlitePool,
    library: &str,
    paths: &[RelPath],
) -> Stored<Vec<(RelPath, ItemStatus)>> {
    const LATEST: &str = "SELECT i.path, i.code, MAX(i.job_no)
        FROM json_each(?) AS wanted JOIN items i ON i.path = wanted.value JOIN jobs j USING (job_no)
        WHERE j.library = ? AND i.status IN ('succeeded', 'skipped', 'failed') GROUP BY i.path";
    let query = sqlx::query(LATEST).bind(json!(paths).to_string()).bind(library.to_owned());
    let rows = query.fetch_all(readers).await?;
    rows.iter().map(|row| Ok((parsed(row.try_get(0)?)?, status(row, 1)?))).collect()
}

pub(super) async fn done(readers: &SqlitePool, library: &str, recipe: &str, paths: &[RelPath]) -> Stored<Vec<DoneRow>> {
    // Of each path the last one of each kind of work.
    const LATEST: &str = "SELECT i.path, i.size, i.mtime_ns, j.work, j.recipe, i.result, MAX(i.job_no)
        FROM json_each(?) AS wanted JOIN items i ON i.path = wanted.value JOIN jobs j USING (job_no)
        WHERE j.library = ? AND j.recipe IN (?, 'undo') AND i.code IN (SELECT value FROM json_each(?))
        GROUP BY i.path, j.recipe, j.work";
    let done: Vec<u8> =
        (0..=u8::MAX).filter(|code| ItemStatus::from_byte(*code).is_some_and(ItemStatus::is_done)).collect();
    let query = sqlx::query(LATEST).bind(json!(paths).to_string()).bind(library.to_owned()).bind(recipe.to_owned());
    let rows = query.bind(json!(done).to_string()).fetch_all(readers).await?;
    let read = |row: &SqliteRow| {
        let file = PlannedFile {
            path: parsed(row.try_get(0)?)?,
            size: number(row, 1)?,
            mtime_ns: row.try_get(2)?,
            rerun: None,
        };
        let work = row.try_get::<Option<Vec<u8>>, _>(3)?.map(digest).transpose()?;
        let work = work.filter(|_| row.try_get::<&str, _>(4).is_ok_and(|recipe| recipe != "undo"));
        Ok(DoneRow { file, job_no: number(row, 6)?, work, result: row.try_get(5)? })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn done_contents(readers: &SqlitePool, library: &str, work: Digest) -> Stored<Vec<(u64, Digest)>> {
    const ALL: &str = "SELECT size, hash FROM (
            SELECT i.size AS size, i.result ->> '$.input' AS hash, j.id FROM jobs j JOIN items i USING (job_no)
            WHERE j.library = ?1 AND j.work = ?2 AND i.status = 'succeeded'
            UNION ALL
            SELECT i.result ->> '$.output.size', i.result ->> '$.output.hash', j.id FROM jobs j JOIN items i USING (job_no)
            WHERE j.library = ?1 AND j.work = ?2 AND i.status = 'succeeded' AND i.result ->> '$.output.path' = i.path
        ) WHERE hash IS NOT NULL AND id NOT IN (
            SELECT head ->> 'parent' FROM jobs WHERE recipe = 'undo' AND head ->> 'parent' IS NOT NULL)";
    let rows = sqlx::query(ALL).bind(library.to_owned()).bind(work.0.to_vec()).fetch_all(readers).await?;
    rows.iter().map(|row| Ok((number(row, 0)?, parsed(row.try_get(1)?)?))).collect()
}

fn event(row: &SqliteRow) -> Stored<EventRow> {
    let payload: String = row.try_get(4)?;
    let job = match row.try_get::<Option<String>, _>(2)? {
        Some(id) => parsed(id)?,
        // While rows are being rebuilt the job's own first event is all there is.
        None => id_in(&payload).unwrap_or_else(|| JobId::mint(0, [0; 10])),
    };
    Ok(EventRow {
        position: number(row, 0)?,
        job_no: number(row, 1)?,
        job,
        seq: number(row, 3)?,
        payload,
        detail: row.try_get(5)?,
        digest: digest(row.try_get(6)?)?,
    })
}

fn id_in(payload: &str) -> Option<JobId> {
    serde_json::from_str::<serde_json::Value>(payload).ok()?.get("id")?.as_str()?.parse().ok()
}

fn job_row(row: &SqliteRow) -> Stored<JobRow> {
    let read = |error: serde_json::Error| StoreError(format!("an unreadable job row: {error}"));
    Ok(JobRow {
        job_no: number(row, 0)?,
        created_position: number(row, 1)?,
        last_position: number(row, 2)?,
        library: row.try_get(3)?,
        head: serde_json::from_str(row.try_get(4)?).map_err(read)?,
        fold: row.try_get::<Option<Vec<u8>>, _>(5)?.map(digest).transpose()?,
        summary: serde_json::from_str(row.try_get(6)?).map_err(read)?,
        work: row.try_get::<Option<Vec<u8>>, _>(7)?.map(digest).transpose()?,
    })
}

fn item_row(row: &SqliteRow) -> Stored<ItemRow> {
    let rerun = row.try_get::<Option<&str>, _>(9)?.and_then(Rerun::from_word);
    let file = PlannedFile { path: parsed(row.try_get(4)?)?, size: number(row, 5)?, mtime_ns: row.try_get(6)?, rerun };
    let state = ItemState {
        status: status(row, 2)?,
        attempt: row.try_get(3)?,
        message: row.try_get(7)?,
        result: row.try_get(8)?,
    };
    Ok(ItemRow { job_no: number(row, 0)?, item: row.try_get(1)?, file, state })
}

fn status(row: &SqliteRow, column: usize) -> Stored<ItemStatus> {
    let code: u8 = row.try_get(column)?;
    ItemStatus::from_byte(code)
        .ok_or_else(|| StoreError(format!("an item status {code} that this version does not know")))
}

fn number(row: &SqliteRow, column: usize) -> Stored<u64> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| StoreError(format!("a negative number in column {column}")))
}

fn digest(bytes: Vec<u8>) -> Stored<Digest> {
    let bytes = bytes.try_into().map_err(|_| StoreError("a digest that is not 16 bytes".into()))?;
    Ok(Digest(bytes))
}

/// A value that is stored as its text.
pub(in crate::server::store) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: String) -> Stored<T> {
    text.parse().map_err(|error: T::Err| StoreError(format!("{text:?} in a row: {error}")))
}
