//! The rows that are derived from events.

use std::collections::BTreeMap;

use super::column;
use crate::session::SqlStep;
use crate::values::signed;
use headway_model::item::{ItemLabel, ItemStatus};
use headway_model::{RelPath, Rerun};
use headway_store::rows::{Batch, ItemRow, ItemState, JobRow};

pub(super) fn jobs(rows: &[JobRow]) -> Option<SqlStep<'_>> {
    const UPSERT: &str = "INSERT INTO headway.jobs (job_no, id, status, seq, digest, created_position, last_position,
            terminal, over_position, library, head, fold, summary, recipe, work, parent, pruned)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::bigint[],
            $7::bigint[], $8::boolean[], $9::bigint[], $10::text[], $11::text[], $12::bytea[], $13::text[],
            $14::text[], $15::bytea[], $16::text[], $17::boolean[])
        ON CONFLICT (job_no) DO UPDATE SET status = excluded.status, seq = excluded.seq, digest = excluded.digest,
            last_position = excluded.last_position, terminal = excluded.terminal,
            over_position = excluded.over_position, head = excluded.head, fold = excluded.fold,
            summary = excluded.summary, parent = excluded.parent, pruned = excluded.pruned";
    let last: BTreeMap<_, _> = rows.iter().map(|row| (row.job_no, row)).collect();
    let rows: Vec<_> = last.into_values().map(|row| (row, row.texts(), row.summary.status.is_terminal())).collect();
    let is_empty = rows.is_empty();
    let values: Vec<Box<_>> = vec![
        column(&rows, |(row, ..)| signed(row.job_no)),
        column(&rows, |(row, ..)| row.summary.job.to_string()),
        column(&rows, |(row, ..)| row.summary.status.label()),
        column(&rows, |(row, ..)| signed(row.summary.seq)),
        column(&rows, |(row, ..)| row.summary.digest.0.as_slice()),
        column(&rows, |(row, ..)| signed(row.created_position)),
        column(&rows, |(row, ..)| signed(row.last_position)),
        column(&rows, |(_, _, is_over)| *is_over),
        column(&rows, |(row, _, is_over)| is_over.then_some(signed(row.last_position))),
        column(&rows, |(row, ..)| row.library.as_str()),
        column(&rows, |(_, (head, _), _)| head.clone()),
        column(&rows, |(row, ..)| row.fold.as_ref().map(|fold| fold.0.as_slice())),
        column(&rows, |(_, (_, summary), _)| summary.clone()),
        column(&rows, |(row, ..)| row.summary.recipe.as_str()),
        column(&rows, |(row, ..)| row.work.as_ref().map(|work| work.0.as_slice())),
        column(&rows, |(row, ..)| row.head.parent().map(|parent| parent.to_string())),
        column(&rows, |(row, ..)| row.summary.pruned),
    ];
    (!is_empty).then_some(SqlStep { text: UPSERT, values })
}

pub(super) fn planned(rows: &[ItemRow]) -> Option<SqlStep<'_>> {
    const INSERT: &str = "INSERT INTO headway.items (job_no, item, status, code, attempt, path, size, mtime_ns, rerun,
            becomes, noted)
        SELECT job_no, item, status, code, 0, path, size, mtime_ns, rerun, becomes, noted
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::bigint[], $7::bigint[],
            $8::text[], $9::text[], $10::text[])
            AS planned (job_no, item, status, code, path, size, mtime_ns, rerun, becomes, noted)";
    let values: Vec<Box<_>> = vec![
        column(rows, |row| signed(row.job_no)),
        column(rows, |row| i64::from(row.item)),
        column(rows, |row| row.state.status.label().name()),
        column(rows, |row| i16::from(row.state.status.byte())),
        column(rows, |row| row.file.path.as_str()),
        column(rows, |row| signed(row.file.size)),
        column(rows, |row| row.file.mtime_ns),
        column(rows, |row| row.file.rerun.map(Rerun::word)),
        column(rows, |row| row.file.becomes.as_ref().map(|path| path.as_str())),
        column(rows, |row| noted(row.state.status)),
    ];
    (!rows.is_empty()).then_some(SqlStep { text: INSERT, values })
}

/// If an item moves several times, only its last state is written.
pub(super) fn moved(batch: &Batch) -> Option<SqlStep<'_>> {
    const UPDATE: &str = "UPDATE headway.items AS i SET status = m.status, code = m.code, attempt = m.attempt,
            message = m.message, result = m.result, moved = m.moved, noted = m.noted
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::bigint[], $6::bytea[], $7::bytea[],
            $8::text[], $9::text[]) AS m (job_no, item, status, code, attempt, message, result, moved, noted)
        WHERE i.job_no = m.job_no AND i.item = m.item";
    let rows: Vec<_> = batch.last_moves().into_iter().collect();
    let is_empty = rows.is_empty();
    let values: Vec<Box<_>> = vec![
        column(&rows, |((job_no, _), _)| signed(*job_no)),
        column(&rows, |((_, item), _)| i64::from(*item)),
        column(&rows, |(_, state)| state.status.label().name()),
        column(&rows, |(_, state)| i16::from(state.status.byte())),
        column(&rows, |(_, state)| i64::from(state.attempt)),
        column(&rows, |(_, state)| state.message.as_ref().map(|message| message.as_bytes())),
        column(&rows, |(_, state)| state.result.as_ref().map(|result| result.as_bytes())),
        column(&rows, |(_, state)| moved_to(state)),
        column(&rows, |(_, state)| noted(state.status)),
    ];
    (!is_empty).then_some(SqlStep { text: UPDATE, values })
}

pub(super) fn given_back(batch: &Batch) -> Option<SqlStep<'_>> {
    const DELETE: &str = "DELETE FROM headway.leases AS l USING unnest($1::bigint[], $2::bigint[]) AS g (job_no, item)
        WHERE l.job_no = g.job_no AND l.item = g.item";
    let rows: Vec<_> = batch.leases.iter().filter(|(_, lease)| lease.is_none()).map(|(key, _)| *key).collect();
    let is_empty = rows.is_empty();
    let values = vec![column(&rows, |(job_no, _)| signed(*job_no)), column(&rows, |(_, item)| i64::from(*item))];
    (!is_empty).then_some(SqlStep { text: DELETE, values })
}

pub(super) fn taken(batch: &Batch) -> Option<SqlStep<'_>> {
    const UPSERT: &str = "INSERT INTO headway.leases (job_no, item, attempt, until, worker)
        SELECT t.*, $5 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS t
        ON CONFLICT (job_no, item) DO UPDATE SET attempt = excluded.attempt, until = excluded.until,
            worker = excluded.worker";
    let rows: Vec<_> = batch.leases.iter().filter_map(|(key, lease)| lease.map(|lease| (*key, lease))).collect();
    let is_empty = rows.is_empty();
    let values: Vec<Box<_>> = vec![
        column(&rows, |((job_no, _), _)| signed(*job_no)),
        column(&rows, |((_, item), _)| i64::from(*item)),
        column(&rows, |(_, (attempt, _))| i64::from(*attempt)),
        column(&rows, |(_, (_, until))| signed(*until)),
        Box::new(batch.worker.as_str()),
    ];
    (!is_empty).then_some(SqlStep { text: UPSERT, values })
}

/// The status, where people look for it: most items go well, and none of their changes touches an index.
fn noted(status: ItemStatus) -> Option<&'static str> {
    let label = status.label();
    let is_common = matches!(label, ItemLabel::Waiting | ItemLabel::Running | ItemLabel::Succeeded);
    (!is_common).then(|| label.name())
}

/// The name that a result says the file has now, if it is one that a file can have.
fn moved_to(state: &ItemState) -> Option<String> {
    let result = state.result.as_deref().filter(|result| result.contains("\"moved\""))?;
    let result: serde_json::Value = serde_json::from_str(result).ok()?;
    result.get("moved")?.as_str()?.parse::<RelPath>().ok().map(String::from)
}
