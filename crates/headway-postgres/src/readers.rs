//! The connections that read.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_postgres::Config;

use crate::session::SqlSession;
use crate::{migrate, settings};
use headway_store::{StoreError, Stored};

/// As many as pages and streams need at once. Each is a process of the server.
const READERS: usize = 4;

/// The connections that read, each used by one reader at a time. A broken one is replaced.
pub(crate) struct ReadPool {
    config: Config,
    runtime: Handle,
    idle: Mutex<Vec<Arc<SqlSession>>>,
    turns: Semaphore,
}

impl ReadPool {
    pub(crate) fn new(config: Config, runtime: Handle) -> Self {
        ReadPool { config, runtime, idle: Mutex::default(), turns: Semaphore::new(READERS) }
    }

    /// Reads. A connection that broke while nobody used it is found out only by using it, so another one is tried once.
    pub(crate) async fn read<T, F>(&self, work: impl Fn(Arc<SqlSession>) -> F + Send) -> Stored<T>
    where
        F: Future<Output = Stored<T>> + Send,
    {
        let _turn = self.turns.acquire().await.map_err(|error| StoreError::new(error.to_string()))?;
        let idle = self.idle.lock().pop();
        if let Some(session) = idle.filter(|session| !session.is_closed()) {
            let found = work(Arc::clone(&session)).await;
            if found.is_ok() || !session.is_closed() {
                return self.keep(session, found);
            }
            self.idle.lock().clear();
        }
        let session = Arc::new(self.open().await?);
        let found = work(Arc::clone(&session)).await;
        self.keep(session, found)
    }

    /// A connection is kept only if the read succeeded: no transaction is left open.
    fn keep<T>(&self, session: Arc<SqlSession>, found: Stored<T>) -> Stored<T> {
        if found.is_ok() {
            self.idle.lock().push(session);
        }
        found
    }

    /// Opens a connection. What is behind the address can be another server than before, and the log of a later version.
    async fn open(&self) -> Stored<SqlSession> {
        let session = SqlSession::open(&self.config, &self.runtime).await?;
        let replica = session.plain("SELECT pg_is_in_recovery()").await?;
        if replica.first().is_none_or(|answer| answer != "f") {
            return Err(StoreError::new("the server of the store is a replica, which can lack the newest events"));
        }
        settings::of_reader(&session).await?;
        migrate::compare(&session).await?;
        Ok(session)
    }
}
