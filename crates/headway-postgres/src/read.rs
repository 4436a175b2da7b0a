//! Every statement that reads, each in one small function.

mod earlier;
mod events;
mod folds;
mod items;
mod jobs;

pub(crate) use earlier::{done, done_contents, outcomes};
pub(crate) use events::{digest_at, event, event_at, event_before, events, history, history_rows, request};
pub(crate) use folds::folds;
pub(crate) use items::{groups, items, items_at, items_for, load, named};
pub(crate) use jobs::{aside, job, jobs};

use tokio_postgres::Row;

use crate::lock::head_at;
use crate::session::SqlSession;
use crate::values::{unsigned, value};
use headway_store::rows::Lease;
use headway_store::{Head, StoreError, Stored};

pub(crate) async fn head(session: &SqlSession) -> Stored<Head> {
    let row = session.row("SELECT head, digest, next_job_no FROM headway.log", &[]).await?;
    head_at(&row.ok_or_else(|| StoreError::new("the log has no head"))?, 0)
}

pub(crate) async fn leases(session: &SqlSession) -> Stored<Vec<Lease>> {
    const ALL: &str = "SELECT job_no, item, attempt, worker, until FROM headway.leases ORDER BY job_no, item";
    all(&session.rows(ALL, &[]).await?, |row| {
        let (job_no, item, attempt) = (unsigned(row, 0)?, unsigned(row, 1)?, unsigned(row, 2)?);
        Ok(Lease { job_no, item, attempt, worker: value(row, 3)?, until: unsigned(row, 4)? })
    })
}

pub(crate) async fn bytes(session: &SqlSession) -> Stored<u64> {
    let row = session.row("SELECT bytes FROM headway.log", &[]).await?;
    row.map_or(Ok(0), |row| unsigned(&row, 0))
}

/// Reads all these rows.
fn all<T>(rows: &[Row], read: impl FnMut(&Row) -> Stored<T>) -> Stored<Vec<T>> {
    rows.iter().map(read).collect()
}
