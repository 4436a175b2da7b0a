//! Every statement that writes.

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::model::id::{Millis, Position};
use crate::server::rows::Batch;

/// All of it in one call: the connection lives on a thread of its own, and each call is a way there and back. After an
/// error the transaction is left open; it goes with its connection, which is never used again.
const COMMIT: &str = "BEGIN IMMEDIATE;
INSERT INTO events (position, job_no, seq, payload, detail, digest)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5) FROM json_each(?);
INSERT INTO jobs
    (job_no, id, status, seq, digest, created_position, last_position, terminal, library, head, fold, summary,
        recipe, work)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6,
        value ->> 7, value ->> 8, value ->> 9, unhex(value ->> 10), value ->> 11, value ->> 12, unhex(value ->> 13)
    FROM json_each(?) WHERE true
    ON CONFLICT (job_no) DO UPDATE SET status = excluded.status, seq = excluded.seq, digest = excluded.digest,
        last_position = excluded.last_position, head = excluded.head, fold = excluded.fold, summary = excluded.summary;
UPDATE jobs SET terminal = 1 WHERE job_no IN (SELECT value FROM json_each(?));
INSERT INTO items (job_no, item, status, code, attempt, path, size, mtime_ns, rerun)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 0, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM json_each(?);
UPDATE items SET status = new.value ->> 2, code = new.value ->> 3, attempt = new.value ->> 4,
        message = new.value ->> 5, result = new.value ->> 6
    FROM json_each(?) AS new WHERE items.job_no = new.value ->> 0 AND items.item = new.value ->> 1;
DELETE FROM leases WHERE (job_no, item) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?));
INSERT OR REPLACE INTO leases (job_no, item, attempt, until, worker)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ? FROM json_each(?);
UPDATE log SET head = ?, digest = ?, next_job_no = ? WHERE one = 1;
COMMIT";

/// One transaction. Answers once it is on the disk.
pub(super) async fn commit(writer: &mut SqliteConnection, batch: &Batch) -> sqlx::Result<()> {
    let events =
        batch.events.iter().map(|row| json!([row.position, row.job_no, row.seq, row.payload, row.detail, row.digest]));
    let jobs = batch.jobs.iter().map(|row| {
        let summary = &row.summary;
        json!([
            row.job_no,
            summary.job,
            summary.status.label(),
            summary.seq,
            summary.digest,
            row.created_position,
            row.last_position,
            u8::from(summary.status.is_terminal()),
            row.library,
            serde_json::to_string(&row.head).unwrap_or_default(),
            row.fold,
            serde_json::to_string(summary).unwrap_or_default(),
            summary.recipe,
            row.work,
        ])
    });
    let ended = batch.jobs.iter().filter(|row| row.summary.status.is_terminal());
    let planned = batch.planned.iter().map(|row| {
        let (file, status) = (&row.file, row.state.status);
        json!([row.job_no, row.item, status.label(), status.byte(), file.path, file.size, file.mtime_ns, file.rerun])
    });
    // Of several moves of one item only the last one may be in the statement.
    let latest: std::collections::BTreeMap<_, _> =
        batch.moved.iter().map(|(job_no, item, state)| ((*job_no, *item), state)).collect();
    let moved = latest.into_iter().map(|((job_no, item), state)| {
        json!([job_no, item, state.status.label(), state.status.byte(), state.attempt, state.message, state.result])
    });
    let freed =
        batch.leases.iter().filter(|(_, lease)| lease.is_none()).map(|((job_no, item), _)| json!([job_no, item]));
    let taken = batch
        .leases
        .iter()
        .filter_map(|((job_no, item), lease)| lease.map(|(attempt, until)| json!([job_no, item, attempt, until])));
    let rows = |rows: Vec<serde_json::Value>| serde_json::Value::Array(rows).to_string();
    sqlx::query(COMMIT)
        .bind(rows(events.collect()))
        .bind(rows(jobs.collect()))
        .bind(rows(ended.map(|row| row.job_no.into()).collect()))
        .bind(rows(planned.collect()))
        .bind(rows(moved.collect()))
        .bind(rows(freed.collect()))
        .bind(&batch.worker)
        .bind(rows(taken.collect()))
        .bind(batch.head as i64)
        .bind(batch.digest.map(|digest| digest.0.to_vec()))
        .bind(batch.next_job_no as i64)
        .execute(writer)
        .await?;
    Ok(())
}

/// All leases of a process hold until then.
pub(super) async fn renew(writer: &mut SqliteConnection, worker: &str, until: Millis) -> sqlx::Result<()> {
    let query = sqlx::query("UPDATE leases SET until = ? WHERE worker = ?").bind(until as i64).bind(worker.to_owned());
    query.execute(writer).await.map(drop)
}

pub(super) async fn clear_rows(writer: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut transaction = writer.begin().await?;
    sqlx::query("DELETE FROM items").execute(&mut *transaction).await?;
    sqlx::query("DELETE FROM jobs").execute(&mut *transaction).await?;
    transaction.commit().await
}

/// Removes some of what is left of a job's history; whether there is more.
pub(super) async fn trim(
    writer: &mut SqliteConnection,
    job_no: u64,
    pruned_at: Position,
    limit: u32,
) -> sqlx::Result<bool> {
    const EVENTS: &str = "DELETE FROM events WHERE position IN
        (SELECT position FROM events WHERE job_no = ? AND position < ? ORDER BY position LIMIT ?)";
    const ITEMS: &str = "DELETE FROM items WHERE job_no = ?1 AND item IN
        (SELECT item FROM items WHERE job_no = ?1 ORDER BY item LIMIT ?2)";
    const LEFT: &str = "UPDATE jobs SET pruned = 1, created_position = ?, library = '', recipe = '', work = NULL
        WHERE job_no = ?";
    let (job, upto) = (job_no as i64, pruned_at as i64);
    let mut transaction = writer.begin().await?;
    let query = sqlx::query(EVENTS).bind(job).bind(upto).bind(limit);
    let mut gone = query.execute(&mut *transaction).await?.rows_affected();
    if gone < u64::from(limit) {
        let query = sqlx::query(ITEMS).bind(job).bind(limit);
        gone = query.execute(&mut *transaction).await?.rows_affected();
        if gone < u64::from(limit) {
            sqlx::query(LEFT).bind(upto).bind(job).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(gone == u64::from(limit))
}
