//! The connection that writes, and what ends it.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::lock::{Fence, head_at};
use crate::session::{SqlSession, SqlStep};
use crate::write;
use headway_store::rows::Batch;
use headway_store::{Head, StoreError, Stored};

/// The levels are those of the contract, whatever the database's defaults are.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// The connection that writes.
#[derive(Clone)]
pub(crate) struct LogWriter {
    /// `None` once a commit has failed, or after the connection broke: it is never used again.
    slot: Arc<Mutex<Option<Writing>>>,
    runtime: Handle,
}

/// A connection that holds the lock of the writer.
pub(crate) struct Writing {
    pub(crate) session: Arc<SqlSession>,
    pub(crate) fence: Fence,
    pub(crate) head: Head,
}

/// Why a transaction was not committed.
enum NotCommitted {
    /// It was taken back, and the connection is as before.
    TakenBack(StoreError),
    /// The connection cannot be used any more.
    Lost(StoreError),
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
            let done = writing.transaction(work).await;
            match done {
                Err(NotCommitted::Lost(error)) => Err(error),
                Err(NotCommitted::TakenBack(error)) => {
                    *slot = Some(writing);
                    Err(error)
                }
                Ok(done) => {
                    *slot = Some(writing);
                    Ok(done)
                }
            }
        })
        .await
    }

    /// Goes on even if the caller stops waiting: no transaction is left half done.
    async fn to_its_end<T: Send + 'static>(&self, work: impl Future<Output = Stored<T>> + Send + 'static) -> Stored<T> {
        self.runtime.spawn(work).await.map_err(|error| StoreError::new(error.to_string()))?
    }
}

fn gone() -> StoreError {
    StoreError::new("this process does not write the log: an earlier write failed, or it was opened for reading")
}

impl Writing {
    async fn commit(&mut self, batch: &Batch) -> Stored<()> {
        self.continued_by(batch)?;
        let mut steps = vec![write::head(batch, self.fence, self.head)];
        steps.extend(write::rows(batch));
        let changed = self.session.all(BEGIN, &steps).await?;
        if changed.first() != Some(&1) {
            return Err(self.overtaken().await);
        }
        // Only now: what fails before this is not in the log for certain.
        self.end().await?;
        self.head = Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no };
        Ok(())
    }

    async fn end(&self) -> Stored<()> {
        self.session.send("COMMIT").await.map_err(|error| {
            let StoreError { message, passes, .. } = error;
            let unknown = "the last commit has no answer, so it might or might not be in the log";
            StoreError::new(format!("{unknown}: {message}")).passing(passes)
        })
    }

    /// Refuses a batch whose positions do not begin behind the head.
    fn continued_by(&self, batch: &Batch) -> Stored<()> {
        let positions = (self.head.position + 1..).zip(&batch.events);
        let is_next = positions.into_iter().all(|(position, row)| row.position == position);
        match is_next && batch.head == self.head.position + batch.events.len() as u64 {
            true => Ok(()),
            false => Err(StoreError::new(format!(
                "the batch up to position {} does not continue the log, whose head is {}",
                batch.head, self.head.position
            ))),
        }
    }

    async fn transaction<T, F>(&self, work: impl FnOnce(Arc<SqlSession>) -> F) -> Result<T, NotCommitted>
    where
        F: Future<Output = Stored<T>>,
    {
        const MINE: &str = "SELECT 1 FROM headway.log WHERE one AND writer = $1 AND pg_backend_pid() = $2 FOR UPDATE";
        let Fence { writer, process } = self.fence;
        let mine = SqlStep { text: MINE, values: vec![Box::new(writer), Box::new(process)] };
        let changed = self.session.all(BEGIN, &[mine]).await.map_err(NotCommitted::Lost)?;
        if changed != [1] {
            return Err(NotCommitted::Lost(self.overtaken().await));
        }
        match work(Arc::clone(&self.session)).await {
            Ok(done) => self.end().await.map(|()| done).map_err(NotCommitted::Lost),
            Err(error) => match self.session.send("ROLLBACK").await {
                Ok(()) => Err(NotCommitted::TakenBack(error)),
                Err(_) => Err(NotCommitted::Lost(error)),
            },
        }
    }

    /// Why the row of the head is not as this writer left it.
    async fn overtaken(&self) -> StoreError {
        const ROW: &str = "SELECT head, digest, next_job_no, writer FROM headway.log";
        let found = match self.session.row(ROW, &[]).await {
            Ok(row) => row,
            Err(error) => return error,
        };
        let (Fence { writer, .. }, head) = (self.fence, self.head.position);
        let text = match found.map(|row| (head_at(&row, 0), row.get::<_, i64>(3))) {
            None => "the log has no head".to_owned(),
            Some((_, now)) if now != writer => {
                format!("another Headway has taken over this log (writer {now}, this one is {writer})")
            }
            Some((Ok(now), _)) if now.position != head => {
                format!("the head of the log is {}, and this writer left it at {head}", now.position)
            }
            Some(_) => "the lock of this log belongs to another connection to PostgreSQL".to_owned(),
        };
        StoreError::new(text)
    }
}
