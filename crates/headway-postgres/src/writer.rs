//! The connection that writes, and what ends it.

mod transaction;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::session::SqlSession;
use headway_store::rows::Batch;
use headway_store::{StoreError, Stored};
use transaction::NotCommitted;
pub(crate) use transaction::Writing;

/// The connection that writes.
#[derive(Clone)]
pub(crate) struct LogWriter {
    /// `None` once a commit has failed, or after the connection broke: it is never used again.
    slot: Arc<Mutex<Option<Writing>>>,
    runtime: Handle,
}

impl LogWriter {
    pub(crate) fn new(writing: Option<Writing>, runtime: Handle) -> Self {
        LogWriter { slot: Arc::new(Mutex::new(writing)), runtime }
    }

    /// Commits a batch. After an error, nothing is written by this connection again.
    pub(crate) async fn commit(&self, batch: Batch) -> Stored<()> {
        let slot = Arc::clone(&self.slot);
        self.to_its_end(async move {
            let mut slot = slot.lock().await;
            let mut writing = slot.take().ok_or_else(gone)?;
            writing.commit(&batch).await?;
            *slot = Some(writing);
            Ok(())
        })
        .await
    }

    /// Writes in a transaction. If `work` fails, the transaction is taken back and the connection kept.
    pub(crate) async fn transaction<T, F>(&self, work: impl FnOnce(Arc<SqlSession>) -> F + Send + 'static) -> Stored<T>
    where
        T: Send + 'static,
        F: Future<Output = Stored<T>> + Send,
    {
        let slot = Arc::clone(&self.slot);
        self.to_its_end(async move {
            let mut slot = slot.lock().await;
            let writing = slot.take().ok_or_else(gone)?;
            let done = match writing.transaction(work).await {
                Err(NotCommitted::Lost(error)) => return Err(error),
                Err(NotCommitted::TakenBack(error)) => Err(error),
                Ok(done) => Ok(done),
            };
            *slot = Some(writing);
            done
        })
        .await
    }

    /// Goes on even if the caller stops waiting: no transaction is left half done.
    async fn to_its_end<T: Send + 'static>(&self, work: impl Future<Output = Stored<T>> + Send + 'static) -> Stored<T> {
        let ended = self.runtime.spawn(work).await;
        ended.map_err(|error| {
            StoreError::new(format!("it might or might not be in the log, as its writing broke off: {error}"))
        })?
    }
}

fn gone() -> StoreError {
    StoreError::new("this process does not write the log: an earlier write failed, or it was opened for reading")
}
