//! Every statement that writes.

use rusqlite::{Connection, params};

use super::{Stored, immediate};
use crate::rows::{Batch, JobRow};
use headway_model::Rerun;
use headway_model::id::{Millis, Position};

/// Commits a batch in one transaction, and returns once it is durable. After an error the transaction stays open: it
/// ends with its connection, which is never used again.
pub(super) fn commit(writer: &Connection, batch: &Batch) -> Stored<()> {
    writer.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    write(writer, batch)?;
    writer.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Writes a batch within a transaction.
pub(super) fn write(writer: &Connection, batch: &Batch) -> Stored<()> {
    let mut insert = writer.prepare_cached(
        "INSERT INTO events (position, job_no, seq, payload, detail, digest) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for row in &batch.events {
        insert.execute(params![row.position, row.job_no, row.seq, row.payload, row.detail, row.digest.0])?;
    }
    for row in &batch.jobs {
        write_job(writer, row)?;
    }
    let mut insert = writer.prepare_cached(
        "INSERT INTO items (job_no, item, status, code, attempt, path, size, mtime_ns, rerun, becomes)
        VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
    )?;
    for row in &batch.planned {
        let (file, status) = (&row.file, row.state.status);
        let rerun = file.rerun.map(Rerun::word);
        let (label, code) = (status.label().name(), status.byte());
        insert.execute(params![
            row.job_no,
            row.item,
            label,
            code,
            file.path.as_str(),
            file.size,
            file.mtime_ns,
            rerun,
            file.becomes.as_ref().map(|path| path.as_str())
        ])?;
    }
    // If an item moves several times, only its last state is written.
    let mut update = writer.prepare_cached(
        "UPDATE items SET status = ?3, code = ?4, attempt = ?5, message = ?6, result = ?7
        WHERE job_no = ?1 AND item = ?2",
    )?;
    for ((job_no, item), state) in batch.last_moves() {
        let (label, code) = (state.status.label().name(), state.status.byte());
        update.execute(params![job_no, item, label, code, state.attempt, state.message, state.result])?;
    }
    let mut give_back = writer.prepare_cached("DELETE FROM leases WHERE job_no = ? AND item = ?")?;
    let mut take = writer.prepare_cached(
        "INSERT OR REPLACE INTO leases (job_no, item, attempt, until, worker) VALUES (?, ?, ?, ?, ?)",
    )?;
    for ((job_no, item), lease) in &batch.leases {
        match lease {
            None => give_back.execute(params![job_no, item])?,
            Some((attempt, until)) => take.execute(params![job_no, item, attempt, until, batch.worker])?,
        };
    }
    let mut move_head = writer.prepare_cached("UPDATE log SET head = ?, digest = ?, next_job_no = ? WHERE one = 1")?;
    move_head.execute(params![batch.head, batch.digest.map(|digest| digest.0), batch.next_job_no])?;
    Ok(())
}

fn write_job(writer: &Connection, row: &JobRow) -> Stored<()> {
    let mut upsert = writer.prepare_cached(
        "INSERT INTO jobs (job_no, id, status, seq, digest, created_position, last_position, terminal, library, head,
            fold, summary, recipe, work)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (job_no) DO UPDATE SET status = excluded.status, seq = excluded.seq, digest = excluded.digest,
            last_position = excluded.last_position, head = excluded.head, fold = excluded.fold,
            summary = excluded.summary",
    )?;
    let summary = &row.summary;
    let (head, summary_text) = row.texts();
    upsert.execute(params![
        row.job_no,
        summary.job.to_string(),
        summary.status.label(),
        summary.seq,
        summary.digest.0,
        row.created_position,
        row.last_position,
        row.library,
        head,
        row.fold.map(|fold| fold.0),
        summary_text,
        summary.recipe,
        row.work.map(|work| work.0),
    ])?;
    // A separate statement, because updating an indexed column costs time even if nothing changes.
    if summary.status.is_terminal() {
        let mut end = writer.prepare_cached("UPDATE jobs SET terminal = 1 WHERE job_no = ?")?;
        end.execute([row.job_no])?;
    }
    Ok(())
}

/// Renews all leases of a process until this time.
pub(super) fn renew(writer: &Connection, worker: &str, until: Millis) -> Stored<()> {
    writer.prepare_cached("UPDATE leases SET until = ? WHERE worker = ?")?.execute(params![until, worker])?;
    Ok(())
}

pub(super) fn clear_rows(writer: &mut Connection) -> Stored<()> {
    let transaction = immediate(writer)?;
    transaction.execute_batch("DELETE FROM items; DELETE FROM jobs; DELETE FROM set_aside")?;
    Ok(transaction.commit()?)
}

/// Removes some of the remaining rows of a job's history; returns whether more remain.
pub(super) fn trim(writer: &mut Connection, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
    const EVENTS: &str = "DELETE FROM events WHERE position IN
        (SELECT position FROM events WHERE job_no = ? AND position < ? ORDER BY position LIMIT ?)";
    const ITEMS: &str = "DELETE FROM items WHERE job_no = ?1 AND item IN
        (SELECT item FROM items WHERE job_no = ?1 ORDER BY item LIMIT ?2)";
    const LEFT: &str = "UPDATE jobs SET pruned = 1, created_position = ?, library = '', recipe = '', work = NULL
        WHERE job_no = ?";
    let transaction = immediate(writer)?;
    let limit = limit as usize;
    let mut gone = transaction.execute(EVENTS, params![job_no, pruned_at, limit])?;
    if gone < limit {
        gone = transaction.execute(ITEMS, params![job_no, limit])?;
        if gone < limit {
            transaction.execute(LEFT, params![pruned_at, job_no])?;
        }
    }
    transaction.commit()?;
    Ok(gone == limit)
}
