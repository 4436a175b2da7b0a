//! The connections that read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_postgres::Config;

use crate::absence::Absence;
use crate::session::SqlSession;
use crate::writer::{FIRST_WAIT, LONGEST_WAIT};
use crate::{migrate, settings};
use headway_store::{StoreError, Stored};

/// As many as pages and streams need at once. Each is a process of the server.
const READERS: usize = 4;

/// How long a patient reader waits for a database that the writer does not know to be away.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connections that read, each used by one reader at a time. A broken one is replaced.
pub(crate) struct ReadPool {
    config: Config,
    runtime: Handle,
    absence: Absence,
    idle: Mutex<Vec<Arc<SqlSession>>>,
    turns: Semaphore,
}

/// Why nothing was read.
enum ReadFailure {
    /// The database answered with this error.
    Answered(StoreError),
    /// There was no connection, or it broke.
    Unreached(StoreError),
}

impl ReadPool {
    pub(crate) fn new(config: Config, runtime: Handle, absence: Absence) -> Self {
        ReadPool { config, runtime, absence, idle: Mutex::default(), turns: Semaphore::new(READERS) }
    }

    /// Reads. A patient reader waits while the database is away; the others learn of it at once.
    pub(crate) async fn read<T, F>(
        &self,
        is_patient: bool,
        work: impl Fn(Arc<SqlSession>) -> F + Send + Sync,
    ) -> Stored<T>
    where
        F: Future<Output = Stored<T>> + Send,
    {
        let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
        loop {
            if let Some(why) = self.absence.why().filter(|_| !is_patient) {
                return Err(StoreError::new(format!("the database of the log is away: {why}")).while_away());
            }
            let error = match self.read_once(&work).await {
                Ok(found) => return Ok(found),
                Err(ReadFailure::Answered(error)) => return Err(error),
                Err(ReadFailure::Unreached(error)) => error,
            };
            // A shortage pauses jobs, and is looked at again there.
            let waits = is_patient && error.passes.is_none();
            if !waits || self.absence.why().is_none() && begun.elapsed() > PATIENCE {
                return Err(error.while_away());
            }
            // The caller can be on any thread, and only the runtime has a clock.
            self.runtime.spawn(sleep_for(wait)).await.ok();
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// A connection that broke while nobody used it is found out only by using it, so another one is tried once.
    async fn read_once<T, F>(&self, work: &(impl Fn(Arc<SqlSession>) -> F + Send + Sync)) -> Result<T, ReadFailure>
    where
        F: Future<Output = Stored<T>> + Send,
    {
        let turn = self.turns.acquire().await;
        let _turn = turn.map_err(|error| ReadFailure::Answered(StoreError::new(error.to_string())))?;
        let idle = self.idle.lock().pop();
        if let Some(session) = idle.filter(|session| !session.is_closed()) {
            match self.read_by(session, work).await {
                Err(ReadFailure::Unreached(_)) => self.idle.lock().clear(),
                other => return other,
            }
        }
        let session = self.open().await.map_err(ReadFailure::Unreached)?;
        self.read_by(Arc::new(session), work).await
    }

    /// Reads by a connection. It is kept only if that succeeds: no transaction is left open.
    async fn read_by<T, F>(
        &self,
        session: Arc<SqlSession>,
        work: &(impl Fn(Arc<SqlSession>) -> F + Send + Sync),
    ) -> Result<T, ReadFailure>
    where
        F: Future<Output = Stored<T>> + Send,
    {
        let error = match work(Arc::clone(&session)).await {
            Ok(found) => {
                self.idle.lock().push(session);
                return Ok(found);
            }
            Err(error) => error,
        };
        match is_gone(&session).await {
            true => Err(ReadFailure::Unreached(error)),
            false => Err(ReadFailure::Answered(error)),
        }
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

/// Whether the connection is gone. The database closes it a moment after its last answer, so it is asked for another one.
async fn is_gone(session: &SqlSession) -> bool {
    session.is_closed() || session.send("ROLLBACK").await.is_err()
}

async fn sleep_for(time: Duration) {
    sleep(time).await;
}
