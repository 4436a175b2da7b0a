//! The lock that one writer of the log holds, and the number that tells writers apart.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_postgres::Row;

use crate::holder::WriterName;
use crate::session::SqlSession;
use crate::values::{digest_or_none, unsigned, value};
use headway_store::{Head, StoreError, Stored};

/// The lock of the log of a database: any number that others are unlikely to choose.
const LOCK: &str = "SELECT pg_try_advisory_lock(4973260811230412)";

/// Who holds the lock. The number of such a lock stands in two halves. What the role may not see of another's connection
/// is NULL, and `concat` leaves it out.
const HOLDER: &str = "SELECT coalesce((SELECT concat('process ', l.pid, ' of PostgreSQL', ', ' || a.application_name, \
    ' at ' || CASE WHEN a.client_port < 0 THEN 'the host of the database' ELSE host(a.client_addr) END, \
    ' since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')) \
    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted \
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND l.classid::bigint << 32 | l.objid::bigint = 4973260811230412 LIMIT 1), 'a process that has ended by now')";

/// How long a connection of a writer that has just died may keep the lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// The place of a writer in the order of all that have written this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fence {
    /// The writer's number.
    pub(crate) writer: i64,
    /// The process of the server that holds its lock.
    pub(crate) process: i32,
}

/// Takes the lock for as long as the connection lives.
///
/// # Errors
/// If another connection has it.
pub(crate) async fn take(session: &SqlSession) -> Stored<()> {
    let end = Instant::now() + PATIENCE;
    while !is_taken_now(session).await? {
        if Instant::now() > end {
            let holder = session.plain(HOLDER).await?.swap_remove(0);
            return Err(StoreError::new(format!("another Headway writes this log: {holder}")));
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Takes the lock if it is free; returns whether this connection has it now.
pub(crate) async fn is_taken_now(session: &SqlSession) -> Stored<bool> {
    Ok(session.plain(LOCK).await?.first().is_some_and(|got| got == "t"))
}

/// Becomes the one writer, under this name: whoever wrote before is refused from now on, whatever its connection has become.
pub(crate) async fn fence(session: &SqlSession, name: &WriterName) -> Stored<(Fence, Head)> {
    const TAKE: &str = "WITH taken AS (UPDATE headway.log SET writer = writer + 1 WHERE one
            RETURNING writer, head, digest, next_job_no),
        named AS (INSERT INTO headway.holder (one, writer, host, process, folder, since, has_ended)
            SELECT TRUE, writer, $1, $2, $3, now(), FALSE FROM taken
            ON CONFLICT (one) DO UPDATE SET writer = excluded.writer, host = excluded.host, process = excluded.process,
                folder = excluded.folder, since = excluded.since, has_ended = FALSE)
        SELECT writer, pg_backend_pid(), head, digest, next_job_no FROM taken";
    let process = i64::from(name.process);
    let row = session
        .row(TAKE, &[&name.host, &process, &name.folder])
        .await?
        .ok_or_else(|| StoreError::new("the log has no head"))?;
    let fence = Fence { writer: value(&row, 0)?, process: value(&row, 1)? };
    Ok((fence, head_at(&row, 2)?))
}

/// Whether this is the last writer that the log has had.
pub(crate) async fn is_last(session: &SqlSession, fence: Fence) -> Stored<bool> {
    let row = session.row("SELECT writer FROM headway.log WHERE one", &[]).await?;
    let last: Option<i64> = row.map(|row| value(&row, 0)).transpose()?;
    Ok(last == Some(fence.writer))
}

/// Notes that nothing of this writer acts any more.
pub(crate) async fn end(session: &SqlSession, fence: Fence) -> Stored<()> {
    const END: &str = "UPDATE headway.holder SET has_ended = TRUE WHERE writer = $1";
    session.execute(END, &[&fence.writer]).await.map(drop)
}

/// Becomes the one writer again on another connection; `None` if another writer came meanwhile.
pub(crate) async fn fence_again(session: &SqlSession, lost: Fence) -> Stored<Option<(Fence, Head)>> {
    const TAKE: &str = "WITH taken AS (UPDATE headway.log SET writer = writer + 1 WHERE one AND writer = $1
            RETURNING writer, head, digest, next_job_no),
        named AS (UPDATE headway.holder SET writer = taken.writer FROM taken)
        SELECT writer, pg_backend_pid(), head, digest, next_job_no FROM taken";
    let Some(row) = session.row(TAKE, &[&lost.writer]).await? else { return Ok(None) };
    let fence = Fence { writer: value(&row, 0)?, process: value(&row, 1)? };
    Ok(Some((fence, head_at(&row, 2)?)))
}

/// The head in three columns of a row, from this one on.
pub(crate) fn head_at(row: &Row, first: usize) -> Stored<Head> {
    let (position, next_job_no) = (unsigned(row, first)?, unsigned(row, first + 2)?);
    Ok(Head { position, digest: digest_or_none(row, first + 1)?, next_job_no })
}
