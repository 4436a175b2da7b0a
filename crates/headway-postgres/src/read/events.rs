//! The log itself. A row of it that cannot be read is no damage of derived rows, so none of these names its job as
//! the column `job_no`.

use tokio_postgres::Row;

use super::all;
use crate::session::SqlSession;
use crate::values::{digest, signed, signed_all, text_of_bytes, text_of_bytes_or_none, unsigned, value};
use headway_model::Digest;
use headway_model::id::{JobId, Position, Seq};
use headway_store::rows::EventRow;
use headway_store::{StoreError, Stored};

/// The columns of an event with the id of its job, around a condition.
macro_rules! events {
    ($detail:literal, $which:literal) => {
        concat!(
            "SELECT e.position, e.job_no AS number, e.seq, e.payload, e.digest, e.detail, coalesce(j.id, a.id) FROM (
                SELECT position, job_no, seq, payload, digest, ",
            $detail,
            " AS detail FROM headway.events WHERE ",
            $which,
            ") AS e LEFT JOIN headway.jobs j ON j.job_no = e.job_no
            LEFT JOIN headway.set_aside a ON a.job_no = e.job_no ORDER BY e.position"
        )
    };
}

pub(crate) async fn digest_at(session: &SqlSession, position: Position) -> Stored<Option<Digest>> {
    const AT: &str = "SELECT digest FROM headway.events WHERE position = $1";
    session.row(AT, &[&signed(position)]).await?.map(|row| digest(&row, 0)).transpose()
}

pub(crate) async fn events(
    session: &SqlSession,
    jobs: &[u64],
    after: Position,
    up_to: Position,
    limit: u32,
) -> Stored<Vec<EventRow>> {
    const ALL: &str = events!("detail", "position > $1 AND position <= $2 ORDER BY position LIMIT $3");
    const SOME: &str =
        events!("NULL::bytea", "position > $1 AND position <= $2 AND job_no = ANY($4) ORDER BY position LIMIT $3");
    const ONE: &str =
        events!("NULL::bytea", "position > $1 AND position <= $2 AND job_no = $4 ORDER BY position LIMIT $3");
    let (after, up_to, limit) = (signed(after), signed(up_to), i64::from(limit));
    let rows = match jobs {
        [] => session.rows(ALL, &[&after, &up_to, &limit]).await?,
        [job] => session.rows(ONE, &[&after, &up_to, &limit, &signed(*job)]).await?,
        jobs => session.rows(SOME, &[&after, &up_to, &limit, &signed_all(jobs)]).await?,
    };
    all(&rows, event)
}

pub(crate) async fn history(session: &SqlSession, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
    all(&history_rows(session, job_no, after, limit).await?, event)
}

/// The rows of [`history`], which might hold what is no event.
pub(crate) async fn history_rows(session: &SqlSession, job_no: u64, after: Position, limit: u32) -> Stored<Vec<Row>> {
    const OF: &str = events!("detail", "job_no = $1 AND position > $2 ORDER BY position LIMIT $3");
    session.rows(OF, &[&signed(job_no), &signed(after), &i64::from(limit)]).await
}

pub(crate) async fn event_before(
    session: &SqlSession,
    job_no: u64,
    position: Position,
) -> Stored<Option<(Seq, Digest)>> {
    const LAST: &str =
        "SELECT seq, digest FROM headway.events WHERE job_no = $1 AND position <= $2 ORDER BY position DESC LIMIT 1";
    let row = session.row(LAST, &[&signed(job_no), &signed(position)]).await?;
    row.map(|row| Ok((unsigned(&row, 0)?, digest(&row, 1)?))).transpose()
}

pub(crate) async fn event_at(session: &SqlSession, job_no: u64, seq: Seq) -> Stored<Option<(Position, Digest)>> {
    // A job's events have no gap, so the place in its order finds the event by the index alone.
    const AT: &str = "SELECT position, digest, seq FROM headway.events WHERE position =
        (SELECT position FROM headway.events WHERE job_no = $1 ORDER BY position OFFSET $2 LIMIT 1)";
    let Some(before) = seq.checked_sub(1) else { return Ok(None) };
    let Some(row) = session.row(AT, &[&signed(job_no), &signed(before)]).await? else { return Ok(None) };
    let (position, digest) = (unsigned(&row, 0)?, digest(&row, 1)?);
    Ok((unsigned::<Seq>(&row, 2)? == seq).then_some((position, digest)))
}

pub(crate) async fn request(session: &SqlSession, job_no: u64) -> Stored<Option<String>> {
    const FIRST: &str = "SELECT detail FROM headway.events WHERE job_no = $1 ORDER BY position LIMIT 1";
    session.row(FIRST, &[&signed(job_no)]).await?.map_or(Ok(None), |row| text_of_bytes_or_none(&row, 0))
}

/// An event of these statements.
pub(crate) fn event(row: &Row) -> Stored<EventRow> {
    let (position, job_no, payload) = (unsigned(row, 0)?, unsigned(row, 1)?, text_of_bytes(row, 3)?);
    let id = value::<Option<String>>(row, 6)?.map(|id| id.parse::<JobId>()).transpose();
    let id = id.map_err(|error| StoreError::damaged(job_no, &error.to_string()))?;
    // During a rebuild, only the job's own first event holds its id.
    let job = id.or_else(|| EventRow::id_in(&payload)).unwrap_or_else(EventRow::unknown_job);
    let (seq, digest, detail) = (unsigned(row, 2)?, digest(row, 4)?, text_of_bytes_or_none(row, 5)?);
    Ok(EventRow { position, job_no, job, seq, payload, detail, digest })
}
