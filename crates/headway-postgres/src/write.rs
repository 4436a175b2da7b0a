//! The statements of a batch: one for each table, whose values are arrays.

mod derived;

use crate::lock::Fence;
use crate::session::SqlStep;
use crate::values::signed;
use headway_store::Head;
use headway_store::rows::{Batch, EventRow};

/// The bytes of a row of an event beside its text: its numbers, its digest and what the database adds.
pub(crate) const EVENT_BYTES: i64 = 96;

/// After how many bytes of text the next event goes into a statement of its own. No value that is sent to PostgreSQL
/// may have 1 GiB, and the requests of the jobs that start in one batch can have more than that.
const STATEMENT_BYTES: usize = 64 << 20;

/// Moves the head, and locks it until the transaction ends. Changes no row if another writer has been there, or if this
/// is not the connection that holds the lock of the writer.
pub(crate) fn head<'a>(batch: &Batch, fence: Fence, before: Head) -> SqlStep<'a> {
    const MOVE: &str = "UPDATE headway.log SET head = $1, digest = $2, next_job_no = $3, bytes = bytes + $4
        WHERE one AND writer = $5 AND pg_backend_pid() = $6 AND head = $7 AND digest IS NOT DISTINCT FROM $8";
    let bytes: i64 = batch.events.iter().map(|row| signed(text_bytes(row) as u64) + EVENT_BYTES).sum();
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
    let derived = [
        derived::jobs(&batch.jobs),
        derived::planned(&batch.planned),
        derived::moved(batch),
        derived::given_back(batch),
        derived::taken(batch),
    ];
    events(&batch.events).chain(derived.into_iter().flatten()).collect()
}

fn events(rows: &[EventRow]) -> impl Iterator<Item = SqlStep<'_>> {
    const INSERT: &str = "INSERT INTO headway.events (position, job_no, seq, payload, detail, digest)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[])";
    parts(rows, STATEMENT_BYTES).map(|rows| {
        let values: Vec<Box<_>> = vec![
            column(rows, |row| signed(row.position)),
            column(rows, |row| signed(row.job_no)),
            column(rows, |row| signed(row.seq)),
            column(rows, |row| row.payload.as_bytes()),
            column(rows, |row| row.detail.as_ref().map(|detail| detail.as_bytes())),
            column(rows, |row| row.digest.0.as_slice()),
        ];
        SqlStep { text: INSERT, values }
    })
}

/// The events in order, in parts: each is over this many bytes of text at its last event.
fn parts(rows: &[EventRow], limit: usize) -> impl Iterator<Item = &[EventRow]> {
    let mut bytes = 0;
    rows.chunk_by(move |row, _| {
        bytes += text_bytes(row);
        let goes_on = bytes < limit;
        if !goes_on {
            bytes = 0;
        }
        goes_on
    })
}

fn text_bytes(row: &EventRow) -> usize {
    row.payload.len() + row.detail.as_ref().map_or(0, String::len)
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

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Digest;

    #[test]
    fn events_are_sent_in_parts_that_are_as_large_as_allowed() {
        let row = |position, payload: &str| EventRow {
            position,
            job_no: 1,
            job: EventRow::unknown_job(),
            seq: position,
            payload: payload.to_owned(),
            detail: Some("12".to_owned()),
            digest: Digest([0; 16]),
        };
        let rows = [row(1, "1"), row(2, "1"), row(3, "12345678"), row(4, "12345678"), row(5, "1")];
        let of = |limit| parts(&rows, limit).map(|part| part.iter().map(|row| row.position).collect()).collect();
        let (small, large): (Vec<Vec<u64>>, Vec<Vec<u64>>) = (of(6), of(1_000));
        assert_eq!(small, [vec![1, 2], vec![3], vec![4], vec![5]]);
        assert_eq!(large, [[1, 2, 3, 4, 5]]);
        assert_eq!(parts(&[], 6).count(), 0);
    }
}
