//! Every statement that reads, each in one small function. No transaction outlives its page.

mod aside;
mod earlier;
mod items;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde_json::json;

use super::super::{Head, JobFilter, StoreError, Stored};
use super::values::DamagedRow;
use super::{all, all_of_jobs, column, first, nullable};
use crate::rows::{EventRow, JobColumns, JobRow, Lease};
pub(super) use aside::{aside, malformed};
pub(super) use earlier::{done, done_contents, outcomes};
use headway_model::id::{JobId, Position, Seq};
use headway_model::{Digest, Fold, JobKind};
pub(super) use items::{groups, items, items_at, items_for, load, named};

const JOB_COLUMNS: &str =
    "SELECT job_no, created_position, last_position, library, head, fold, summary, work, id, status, seq,
    digest, terminal, recipe, pruned FROM jobs";

pub(super) fn head(reader: &mut Connection) -> Stored<Head> {
    head_of(reader)
}

pub(super) fn head_of(reader: &Connection) -> Stored<Head> {
    let head = |row: &Row<'_>| Ok(Head { position: row.get(0)?, digest: nullable(row, 1)?, next_job_no: row.get(2)? });
    let found = first(reader, "SELECT head, digest, next_job_no FROM log", [], head)?;
    found.ok_or_else(|| StoreError::new("the log has no head"))
}

pub(super) fn digest_at(reader: &Connection, position: Position) -> Stored<Option<Digest>> {
    first(reader, "SELECT digest FROM events WHERE position = ?", [position], |row| column(row, 0))
}

pub(super) fn events(
    reader: &Connection,
    jobs: &[u64],
    after: Position,
    up_to: Position,
    limit: u32,
) -> Stored<Vec<EventRow>> {
    const ALL: &str = "SELECT position, job_no, seq, payload, digest, detail FROM events
        WHERE position > ? AND position <= ? ORDER BY position LIMIT ?";
    const ONE: &str = "SELECT position, job_no, seq, payload, digest, NULL FROM events
        WHERE job_no = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?";
    const SOME: &str = "SELECT position, job_no, seq, payload, digest, NULL FROM events
        WHERE job_no IN (SELECT value FROM json_each(?)) AND position > ? AND position <= ? ORDER BY position LIMIT ?";
    let event = events_of(reader);
    match jobs {
        [] => all(reader, ALL, params![after, up_to, limit], event),
        [job] => all(reader, ONE, params![job, after, up_to, limit], event),
        jobs => all(reader, SOME, params![json!(jobs).to_string(), after, up_to, limit], event),
    }
}

pub(super) fn event_before(reader: &Connection, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>> {
    const LAST: &str =
        "SELECT seq, digest FROM events WHERE job_no = ? AND position <= ? ORDER BY position DESC LIMIT 1";
    first(reader, LAST, params![job_no, position], |row| Ok((row.get(0)?, column(row, 1)?)))
}

pub(super) fn event_at(reader: &Connection, job_no: u64, seq: Seq) -> Stored<Option<(Position, Digest)>> {
    // A job's events have no gap, so the place in its order finds the event by the index alone.
    const AT: &str = "SELECT position, digest, seq FROM events WHERE job_no = ? ORDER BY position LIMIT 1 OFFSET ?";
    let Some(before) = seq.checked_sub(1) else { return Ok(None) };
    let row = |row: &Row<'_>| Ok((row.get(0)?, column(row, 1)?, row.get(2)?));
    let found: Option<(Position, Digest, Seq)> = first(reader, AT, params![job_no, before], row)?;
    Ok(found.filter(|(_, _, found)| *found == seq).map(|(position, digest, _)| (position, digest)))
}

pub(super) fn job(reader: &Connection, id: JobId) -> Stored<Option<JobRow>> {
    match with_rows(reader, id)? {
        None => aside::refuse(reader, id).map(|()| None),
        found => Ok(found),
    }
}

/// One job that is not set aside.
fn with_rows(reader: &Connection, id: JobId) -> Stored<Option<JobRow>> {
    let rows = all_of_jobs(reader, &format!("{JOB_COLUMNS} WHERE id = ?"), [id.to_string()], job_row)?;
    Ok(rows.into_iter().next())
}

pub(super) fn jobs(reader: &Connection, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
    const BEFORE: &str = "job_no < ? AND summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?";
    let find = |condition: &str, values: &[&dyn ToSql]| {
        all_of_jobs(reader, &format!("{JOB_COLUMNS} WHERE {condition}"), values, job_row)
    };
    match filter {
        JobFilter::Live => find("terminal = 0 ORDER BY last_position LIMIT ?", &[&limit]),
        JobFilter::ChangedAfter(position) => changed(reader, position, limit),
        JobFilter::Over(job_no) => {
            find("terminal = 1 AND pruned = 0 AND job_no > ? ORDER BY job_no LIMIT ?", &[&job_no, &limit])
        }
        JobFilter::Undoing(id) => {
            const UNDOING: &str = "head ->> 'parent' = ? AND summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?";
            find(&format!("{} AND {UNDOING}", is_undo()), &[&id.to_string(), &limit])
        }
        JobFilter::Retrying(id) => {
            // Only later jobs can run its files again.
            const RETRYING: &str =
                "job_no > ? AND head ->> 'parent' = ? AND summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?";
            let first = job(reader, id)?.map_or(0, |row| row.job_no);
            find(&format!("NOT ({}) AND {RETRYING}", is_undo()), &[&first, &id.to_string(), &limit])
        }
        JobFilter::Repeating(id) => {
            // The index `jobs_by_work` finds them.
            const REPEATING: &str = "work IS ? AND recipe = ? AND job_no > ? AND head ->> 'parent' IS NOT NULL
                AND summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?";
            let Some(row) = job(reader, id)? else { return Ok(Vec::new()) };
            let (work, recipe) = (row.work.map(|work| work.0), row.summary.recipe);
            find(&format!("NOT ({}) AND {REPEATING}", is_undo()), &[&work, &recipe, &row.job_no, &limit])
        }
        JobFilter::Undos(after) => {
            const UNDOS: &str = "job_no > ? AND summary ->> 'pruned' = 0 ORDER BY job_no DESC LIMIT ?";
            let after = after.map(|id| job(reader, id)).transpose()?.flatten();
            find(&format!("{} AND {UNDOS}", is_undo()), &[&after.map_or(0, |row| row.job_no), &limit])
        }
        JobFilter::Before(None) => find(BEFORE, &[&i64::MAX, &limit]),
        JobFilter::Before(Some(id)) => match job(reader, id)? {
            Some(row) => find(BEFORE, &[&row.job_no, &limit]),
            None => Ok(Vec::new()),
        },
    }
}

/// The condition on `jobs` for an undo. The name stands in the text, because SQLite uses the index `jobs_undo`, which has the same
/// condition, for no bound value.
fn is_undo() -> String {
    format!("recipe = '{}'", JobKind::UNDO)
}

/// An index finds the jobs that are over; the others are few.
fn changed(reader: &Connection, after: Position, limit: u32) -> Stored<Vec<JobRow>> {
    let changed = format!(
        "SELECT * FROM ({JOB_COLUMNS} WHERE terminal = 1 AND last_position > ?1 ORDER BY last_position LIMIT ?2)
        UNION ALL {JOB_COLUMNS} WHERE terminal = 0 AND last_position > ?1 ORDER BY last_position LIMIT ?2"
    );
    all_of_jobs(reader, &changed, params![after, limit], job_row)
}

pub(super) fn folds(reader: &mut Connection, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
    let moment = reader.transaction()?;
    let head = head_of(&moment)?;
    let mut folds = Vec::new();
    for id in jobs {
        let Some(row) = with_rows(&moment, *id)? else { continue };
        const ITEMS: &str = "SELECT code, attempt, job_no FROM items WHERE job_no = ? ORDER BY item";
        let mut items: Vec<(u8, u32)> = Vec::new();
        // A pruned job has no items, even if some of their rows remain.
        if !row.summary.pruned {
            items = all_of_jobs(&moment, ITEMS, [row.job_no], |row| Ok((row.get(0)?, row.get(1)?)))?;
        }
        folds.push(row.fold_of(items).map_err(|why| StoreError::damaged(row.job_no, &why))?);
    }
    Ok((head.position, folds))
}

pub(super) fn leases(reader: &mut Connection) -> Stored<Vec<Lease>> {
    all_of_jobs(reader, "SELECT job_no, item, attempt, worker, until FROM leases", [], lease_row)
}

pub(super) fn lease_row(row: &Row<'_>) -> rusqlite::Result<Lease> {
    let (job_no, item, attempt) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Lease { job_no, item, attempt, worker: row.get(3)?, until: row.get(4)? })
}

pub(super) fn bytes(reader: &mut Connection) -> Stored<u64> {
    const USED: &str = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    Ok(first(reader, USED, [], |row| row.get(0))?.unwrap_or_default())
}

pub(super) fn request(reader: &Connection, job_no: u64) -> Stored<Option<String>> {
    const FIRST: &str = "SELECT detail FROM events WHERE job_no = ? ORDER BY position LIMIT 1";
    Ok(first(reader, FIRST, [job_no], |row| row.get(0))?.flatten())
}

pub(super) fn history(reader: &Connection, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
    all(reader, HISTORY, params![job_no, after, limit], events_of(reader))
}

/// The events of a job after a position.
pub(super) const HISTORY: &str = "SELECT position, job_no, seq, payload, digest, detail FROM events
    WHERE job_no = ? AND position > ? ORDER BY position LIMIT ?";

/// Reads events, each with the id of its job. The id is looked up once for a run of events of one job.
pub(super) fn events_of(reader: &Connection) -> impl FnMut(&Row<'_>) -> rusqlite::Result<EventRow> {
    let mut last = None;
    move |row| {
        let job_no = row.get(1)?;
        let payload: String = row.get(3)?;
        let job = match last {
            Some((known, job)) if known == job_no => job,
            _ => id_of(reader, job_no, &payload)?,
        };
        last = Some((job_no, job));
        Ok(EventRow {
            position: row.get(0)?,
            job_no,
            job,
            seq: row.get(2)?,
            payload,
            detail: row.get(5)?,
            digest: column(row, 4)?,
        })
    }
}

fn id_of(reader: &Connection, job_no: u64, payload: &str) -> rusqlite::Result<JobId> {
    use rusqlite::Error::FromSqlConversionFailure;
    const ID: &str = "SELECT id FROM jobs WHERE job_no = ?1 UNION ALL SELECT id FROM set_aside WHERE job_no = ?1";
    let mut statement = reader.prepare_cached(ID)?;
    let id = statement.query_row([job_no], |row| nullable(row, 0)).optional();
    let id = id.map_err(|error| match error {
        error @ FromSqlConversionFailure(..) => {
            DamagedRow { job_no: job_no.cast_signed(), error: Box::new(error) }.into()
        }
        error => error,
    })?;
    // During a rebuild, only the job's own first event holds its id.
    Ok(id.flatten().or_else(|| EventRow::id_in(payload)).unwrap_or_else(EventRow::unknown_job))
}

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    let columns = JobColumns {
        job_no: row.get(0)?,
        created_position: row.get(1)?,
        last_position: row.get(2)?,
        library: row.get(3)?,
        head: row.get(4)?,
        fold: nullable(row, 5)?,
        summary: row.get(6)?,
        work: nullable(row, 7)?,
        id: column(row, 8)?,
        status: row.get(9)?,
        seq: row.get(10)?,
        digest: column(row, 11)?,
        is_terminal: row.get(12)?,
        recipe: row.get(13)?,
        is_trimmed: row.get(14)?,
    };
    columns.row().map_err(|why| rusqlite::Error::FromSqlConversionFailure(6, Type::Text, why.into()))
}
