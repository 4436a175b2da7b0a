//! The store in one SQLite file: write-ahead log, `synchronous=FULL`, one connection that writes and a few that read.
//!
//! Each batch is one transaction, with one prepared statement a table: the rows travel as one JSON array.

mod read;
mod write;

pub(super) use read::parsed;

use std::path::Path;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::Mutex;

use super::{Head, JobFilter, Store, StoreError, Stored};
use crate::model::id::{JobId, Millis, Position, Seq};
use crate::model::{Digest, Fold, ItemStatus, RelPath};
use crate::server::rows::{Batch, DoneRow, EventRow, ItemRow, JobRow, Lease};

/// As many as pages and streams need at a time; more would only queue inside SQLite.
const READERS: u32 = 4;

/// The log in one SQLite file.
pub struct SqliteStore {
    /// The one that writes. `None` once a commit has failed: the handle of a failed write is never used again.
    writer: Mutex<Option<SqliteConnection>>,
    readers: SqlitePool,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        StoreError(error.to_string())
    }
}

impl SqliteStore {
    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    pub async fn open(path: &Path) -> Stored<Self> {
        let mut writer = writer(path, SqliteSynchronous::Full).await?;
        sqlx::migrate!("./migrations").run(&mut writer).await.map_err(|error| StoreError(error.to_string()))?;
        let readers = readers(path).await?;
        Ok(SqliteStore { writer: Mutex::new(Some(writer)), readers })
    }
}

/// The connection that writes a file, which is made if it is not there.
pub(super) async fn writer(path: &Path, synchronous: SqliteSynchronous) -> sqlx::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .pragma("cache_size", "-65536");
    SqliteConnection::connect_with(&options).await
}

/// The connections that read it.
pub(super) async fn readers(path: &Path) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).pragma("query_only", "ON");
    SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, batch: Batch) -> Stored<()> {
        let mut slot = self.writer.lock().await;
        let mut writer = slot.take().ok_or_else(|| StoreError("an earlier write failed".into()))?;
        // The connection goes back only if all went well.
        match write::commit(&mut writer, &batch).await {
            Ok(()) => {
                *slot = Some(writer);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn head(&self) -> Stored<Head> {
        read::head(&self.readers).await
    }

    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>> {
        read::digest_at(&self.readers, position).await
    }

    async fn events(&self, jobs: &[u64], after: Position, upto: Position, limit: u32) -> Stored<Vec<EventRow>> {
        read::events(&self.readers, jobs, after, upto, limit).await
    }

    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>> {
        read::event_before(&self.readers, job_no, position).await
    }

    async fn job(&self, id: JobId) -> Stored<Option<JobRow>> {
        read::job(&self.readers, id).await
    }

    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
        read::jobs(&self.readers, filter, limit).await
    }

    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
        read::folds(&self.readers, jobs).await
    }

    async fn request(&self, job_no: u64) -> Stored<Option<String>> {
        read::request(&self.readers, job_no).await
    }

    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<&str>) -> Stored<Vec<ItemRow>> {
        read::items(&self.readers, job_no, from, limit, status).await
    }

    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
        read::history(&self.readers, job_no, after, limit).await
    }

    async fn outcomes(&self, library: &str, paths: &[RelPath]) -> Stored<Vec<(RelPath, ItemStatus)>> {
        read::outcomes(&self.readers, library, paths).await
    }

    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath]) -> Stored<Vec<DoneRow>> {
        read::done(&self.readers, library, recipe, paths).await
    }

    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<(u64, Digest)>> {
        read::done_contents(&self.readers, library, work).await
    }

    async fn leases(&self) -> Stored<Vec<Lease>> {
        read::leases(&self.readers).await
    }

    async fn renew(&self, worker: &str, until: Millis) -> Stored<()> {
        let mut slot = self.writer.lock().await;
        let writer = slot.as_mut().ok_or_else(|| StoreError("an earlier write failed".into()))?;
        Ok(write::renew(writer, worker, until).await?)
    }

    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
        let mut slot = self.writer.lock().await;
        let writer = slot.as_mut().ok_or_else(|| StoreError("an earlier write failed".into()))?;
        Ok(write::trim(writer, job_no, pruned_at, limit).await?)
    }

    async fn bytes(&self) -> Stored<u64> {
        read::bytes(&self.readers).await
    }

    async fn clear_rows(&self) -> Stored<()> {
        let mut slot = self.writer.lock().await;
        let writer = slot.as_mut().ok_or_else(|| StoreError("an earlier write failed".into()))?;
        Ok(write::clear_rows(writer).await?)
    }
}
