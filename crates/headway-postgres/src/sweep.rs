//! Changes of rows that no batch makes. Each runs within a transaction of the writer.

use crate::session::SqlSession;
use crate::values::{signed, value};
use crate::write::EVENT_BYTES;
use headway_model::id::{Millis, Position};
use headway_store::{SetAside, Stored};

pub(crate) async fn renew(session: &SqlSession, worker: &str, until: Millis) -> Stored<()> {
    const RENEW: &str = "UPDATE headway.leases SET until = $1 WHERE worker = $2";
    session.execute(RENEW, &[&signed(until), &worker]).await.map(drop)
}

/// Removes some of the remaining rows of a job's history; returns whether more remain.
pub(crate) async fn trim(session: &SqlSession, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
    const EVENTS: &str = "WITH gone AS (DELETE FROM headway.events WHERE position IN
            (SELECT position FROM headway.events WHERE job_no = $1 AND position < $2 ORDER BY position LIMIT $3)
            RETURNING octet_length(payload) + coalesce(octet_length(detail), 0) + $4::bigint AS bytes),
        counted AS (SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone)
        UPDATE headway.log SET bytes = log.bytes - counted.bytes FROM counted WHERE one RETURNING counted.rows";
    const ITEMS: &str = "DELETE FROM headway.items WHERE job_no = $1 AND item IN
        (SELECT item FROM headway.items WHERE job_no = $1 ORDER BY item LIMIT $2)";
    const LEFT: &str = "UPDATE headway.jobs SET trimmed = TRUE, created_position = $1, library = '', recipe = '',
        work = NULL WHERE job_no = $2";
    let (number, pruned_at, limit) = (signed(job_no), signed(pruned_at), i64::from(limit));
    let row = session.row(EVENTS, &[&number, &pruned_at, &limit, &EVENT_BYTES]).await?;
    let mut gone: i64 = row.map_or(Ok(0), |row| value(&row, 0))?;
    if gone < limit {
        gone = signed(session.execute(ITEMS, &[&number, &limit]).await?);
        if gone < limit {
            session.execute(LEFT, &[&pruned_at, &number]).await?;
        }
    }
    Ok(gone == limit)
}

pub(crate) async fn clear_rows(session: &SqlSession) -> Stored<()> {
    // Not TRUNCATE, which readers of an earlier moment would see.
    for statement in ["DELETE FROM headway.items", "DELETE FROM headway.jobs", "DELETE FROM headway.set_aside"] {
        session.execute(statement, &[]).await?;
    }
    Ok(())
}

/// Removes the rows of a job, and remembers why it has none.
pub(crate) async fn set_aside(session: &SqlSession, aside: &SetAside) -> Stored<()> {
    const ASIDE: &str = "INSERT INTO headway.set_aside (job_no, id, why) VALUES ($1, $2, $3)";
    clear(session, aside.job_no).await?;
    session.execute("DELETE FROM headway.leases WHERE job_no = $1", &[&signed(aside.job_no)]).await?;
    let id = aside.job.map(|job| job.to_string());
    session.execute(ASIDE, &[&signed(aside.job_no), &id, &aside.why.as_bytes()]).await.map(drop)
}

/// Removes the rows of a job, and those of its leases that cannot be read.
pub(crate) async fn clear(session: &SqlSession, job_no: u64) -> Stored<()> {
    for statement in [
        "DELETE FROM headway.items WHERE job_no = $1",
        "DELETE FROM headway.jobs WHERE job_no = $1",
        "DELETE FROM headway.set_aside WHERE job_no = $1",
        // No event has leases, so one that cannot be read is lost.
        "DELETE FROM headway.leases WHERE job_no = $1 AND (item NOT BETWEEN 0 AND 4294967295
            OR attempt NOT BETWEEN 0 AND 4294967295 OR until < 0)",
    ] {
        session.execute(statement, &[&signed(job_no)]).await?;
    }
    Ok(())
}
