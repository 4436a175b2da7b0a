//! The connection that writes, and what ends it.

mod again;
mod proof;
mod transaction;
mod way_back;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::lock;
use crate::session::SqlSession;
use again::{LOSSES, committed, look_after, too_many_losses, unchanged};
use headway_store::rows::Batch;
use headway_store::{StoreError, Stored};
pub(crate) use proof::{LastProof, SURE_FOR};
use transaction::NotCommitted;
pub(crate) use transaction::{BatchPositions, Writing};
pub(crate) use way_back::{FIRST_WAIT, LONGEST_WAIT, WayBack};

/// How often an idle connection is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The connection that writes.
#[derive(Clone)]
pub(crate) struct LogWriter {
    /// `None` once a transaction has failed for good: nothing is written any more.
    slot: Arc<Mutex<Option<Writing>>>,
    runtime: Handle,
    /// How the writer comes back after its connection broke. Without it, it writes nothing more.
    way_back: Option<WayBack>,
}

impl LogWriter {
    pub(crate) fn new(writing: Option<Writing>, runtime: Handle) -> Self {
        LogWriter { slot: Arc::new(Mutex::new(writing)), runtime, way_back: None }
    }

    /// From now on, the writer connects again whenever its connection breaks, also while nothing is written.
    pub(crate) fn reconnects(&mut self, way_back: &WayBack) {
        self.way_back = Some(way_back.clone());
        let (slot, way_back) = (Arc::downgrade(&self.slot), way_back.clone());
        self.runtime.spawn(async move {
            loop {
                sleep(LOOK).await;
                let Some(slot) = slot.upgrade() else { return };
                look_after(&slot, &way_back).await;
            }
        });
    }

    /// Commits a batch. After an error, nothing is written by this store again.
    pub(crate) async fn commit(&self, batch: Batch, positions: BatchPositions) -> Stored<()> {
        let (slot, way_back) = (Arc::clone(&self.slot), self.way_back.clone());
        self.to_its_end(async move {
            let mut slot = slot.lock().await;
            let writing = slot.take().ok_or_else(gone)?;
            let commit = committed(writing, &batch, positions, way_back.as_ref());
            *slot = Some(match &way_back {
                Some(way_back) => way_back.noting(commit).await?,
                None => commit.await?,
            });
            Ok(())
        })
        .await
    }

    /// Writes in a transaction. If `work` fails, the transaction is taken back and the connection kept. If the connection
    /// breaks, `work` can be done again, even if it is in the log already.
    pub(crate) async fn transaction<T, F>(
        &self,
        work: impl Fn(Arc<SqlSession>) -> F + Send + Sync + 'static,
    ) -> Stored<T>
    where
        T: Send + 'static,
        F: Future<Output = Stored<T>> + Send,
    {
        let (slot, way_back) = (Arc::clone(&self.slot), self.way_back.clone());
        self.to_its_end(async move {
            let mut slot = slot.lock().await;
            let mut writing = slot.take().ok_or_else(gone)?;
            for _ in 0..LOSSES {
                let lost = match writing.transaction(&work).await {
                    Ok(done) => {
                        *slot = Some(writing);
                        return Ok(done);
                    }
                    Err(NotCommitted::TakenBack(error)) => {
                        *slot = Some(writing);
                        return Err(error);
                    }
                    Err(NotCommitted::Over(error)) => return Err(error),
                    Err(NotCommitted::Lost(error)) => error,
                };
                let Some(way_back) = &way_back else { return Err(lost) };
                writing = unchanged(&writing, way_back.follow(&writing, &lost).await?)?;
            }
            Err(too_many_losses())
        })
        .await
    }

    /// Notes that nothing of this writer acts any more, and writes nothing from then on.
    pub(crate) async fn leave(&self) -> Stored<()> {
        let slot = Arc::clone(&self.slot);
        self.to_its_end(async move {
            let Some(writing) = slot.lock().await.take() else { return Ok(()) };
            lock::end(&writing.session, writing.fence).await
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
