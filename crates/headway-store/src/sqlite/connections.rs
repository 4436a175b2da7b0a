//! The connections to one SQLite file: one writer and a few readers, each used by one thread at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;

use super::{StoreError, Stored};
use headway_files::private;

/// As many as pages and streams need at once; more would only queue inside SQLite.
const READERS: usize = 4;

/// Capacity of the cache of prepared statements: more than there are statements.
const PREPARED: usize = 64;

/// How long a connection waits for another one, for example while a file is opened or checkpointed.
const BUSY: Duration = Duration::from_secs(5);

/// The connection that writes.
#[derive(Clone)]
pub(crate) struct WriteConnection {
    /// `None` once a write has failed: the handle of a failed write is never used again.
    slot: Arc<Mutex<Option<Connection>>>,
}

/// The connections that read.
#[derive(Clone)]
pub(crate) struct ReadConnections {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

/// Opens the writing connection of a file, and creates the file if it is missing. SQLite gives its companion files the
/// same mode.
pub(crate) fn writer(path: &Path, synchronous: &str) -> Stored<Connection> {
    private::ensure(path).map_err(|error| StoreError::new(format!("{}: {error}", path.display())))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = prepared(Connection::open_with_flags(path, flags)?)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    Ok(connection)
}

/// A transaction that takes the write lock at once.
pub(crate) fn immediate(writer: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    writer.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn prepared(connection: Connection) -> Stored<Connection> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // Otherwise SQLite recompiles every statement with `LIMIT ?` at each use, to plan for the bound value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

impl WriteConnection {
    pub(crate) fn new(connection: Connection) -> Self {
        WriteConnection { slot: Arc::new(Mutex::new(Some(connection))) }
    }

    /// Writes on this thread. The connection is kept only if the write succeeded.
    pub(crate) fn here<T>(&self, work: impl FnOnce(&mut Connection) -> Stored<T>) -> Stored<T> {
        let mut slot = self.slot.lock();
        let mut connection = slot.take().ok_or_else(|| StoreError::new("an earlier write failed"))?;
        let done = work(&mut connection)?;
        *slot = Some(connection);
        Ok(done)
    }

    /// Writes on the blocking pool. `work` must leave no transaction open if it fails.
    pub(crate) async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        let slot = Arc::clone(&self.slot);
        blocking(move || match slot.lock().as_mut() {
            Some(connection) => work(connection),
            None => Err(StoreError::new("an earlier write failed")),
        })
        .await
    }
}

impl ReadConnections {
    pub(crate) fn new(path: &Path) -> Self {
        ReadConnections { path: path.to_owned(), idle: Arc::default(), turns: Arc::new(Semaphore::new(READERS)) }
    }

    /// Reads on the blocking pool.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| StoreError::new(error.to_string()))?;
        let readers = self.clone();
        blocking(move || {
            let idle = readers.idle.lock().pop();
            let mut connection = idle.map_or_else(|| readers.open(), Ok)?;
            let found = work(&mut connection);
            readers.idle.lock().push(connection);
            drop(turn);
            found
        })
        .await
    }

    fn open(&self) -> Stored<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = prepared(Connection::open_with_flags(&self.path, flags)?)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Stored<T> + Send + 'static) -> Stored<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::new(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_compiled_once_for_all_limits() {
        let connection = prepared(Connection::open_in_memory().expect("a database")).expect("prepared");
        connection.execute_batch("CREATE TABLE numbers (number INTEGER PRIMARY KEY)").expect("a table");
        let mut statement =
            connection.prepare("SELECT number FROM numbers WHERE number > ? LIMIT ?").expect("compiled");
        for limit in 1..4 {
            let numbers = statement.query_map([0, limit], |row| row.get::<_, u32>(0)).expect("an answer");
            assert_eq!(numbers.count(), 0);
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
