//! The statements of a batch: one for each table, whose values are arrays.

mod derived;

use crate::lock::Fence;
use crate::session::SqlStep;
use crate::values::signed;
use headway_store::Head;
use headway_store::rows::{Batch, EventRow};

/// The bytes of a row of an event beside its text: its numbers, its digest and what the database adds.
pub(crate) const EVENT_BYTES: i64 = 96;

/// Moves the head, and locks it until the transaction ends. Changes no row if another writer has been there, or if this
/// is not the connection that holds the lock of the writer.
pub(crate) fn head<'a>(batch: &Batch, fence: Fence, before: Head) -> SqlStep<'a> {
    const MOVE: &str = "UPDATE headway.log SET head = $1, digest = $2, next_job_no = $3, bytes = bytes + $4
        WHERE one AND writer = $5 AND pg_backend_pid() = $6 AND head = $7 AND digest IS NOT DISTINCT FROM $8";
    let bytes = |row: &EventRow| row.payload.len() + row.detail.as_ref().map_or(0, String::len);
    let bytes: i64 = batch.events.iter().map(|row| signed(bytes(row) as u64) + EVENT_BYTES).sum();
    let digest = |digest: Option<headway_model::Digest>| digest.map(|digest| digest.0.to_vec());
    SqlStep {
        text: MOVE,
        values: vec![
            Box::new(signed(batch.head)),
            Box::new(digest(batch.digest)),
            Box::new(signed(batch.next_job_no)),
            Box::new(bytes),
            Box::new(fence.writer),
            Box::new(fence.process),
            Box::new(signed(before.position)),
            Box::new(digest(before.digest)),
        ],
    }
}

/// The rows of a batch, without its head.
pub(crate) fn rows(batch: &Batch) -> Vec<SqlStep<'_>> {
    let steps = [
        events(&batch.events),
        derived::jobs(&batch.jobs),
        derived::planned(&batch.planned),
        derived::moved(batch),
        derived::given_back(batch),
        derived::taken(batch),
    ];
    steps.into_iter().flatten().collect()
}

fn events(rows: &[EventRow]) -> Option<SqlStep<'_>> {
    const INSERT: &str = "INSERT INTO headway.events (position, job_no, seq, payload, detail, digest)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])";
    let values: Vec<Box<_>> = vec![
        column(rows, |row| signed(row.position)),
        column(rows, |row| signed(row.job_no)),
        column(rows, |row| signed(row.seq)),
        column(rows, |row| row.payload.as_str()),
        column(rows, |row| row.detail.as_deref()),
        column(rows, |row| row.digest.0.as_slice()),
    ];
    (!rows.is_empty()).then_some(SqlStep { text: INSERT, values })
}

/// One column of these rows.
fn column<'a, R, T>(
    rows: impl IntoIterator<Item = R>,
    of: impl Fn(R) -> T,
) -> Box<dyn tokio_postgres::types::ToSql + Sync + Send + 'a>
where
    T: tokio_postgres::types::ToSql + Sync + Send + 'a,
{
    Box::new(rows.into_iter().map(of).collect::<Vec<T>>())
}
