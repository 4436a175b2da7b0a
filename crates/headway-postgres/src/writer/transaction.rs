//! One transaction of the writer: the head is held from its beginning to its end.

use std::sync::Arc;

use crate::lock::{Fence, head_at};
use crate::session::SqlSession;
use crate::values::value;
use crate::write;
use headway_store::rows::Batch;
use headway_store::{Head, StoreError, Stored};

/// The levels are those of the contract, whatever the database's defaults are.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// A connection that holds the lock of the writer.
pub(crate) struct Writing {
    pub(crate) session: Arc<SqlSession>,
    pub(crate) fence: Fence,
    pub(crate) head: Head,
}

/// Why a transaction was not committed.
pub(super) enum NotCommitted {
    /// It was taken back, and the connection is as before.
    TakenBack(StoreError),
    /// The connection cannot be used any more.
    Lost(StoreError),
}

impl Writing {
    /// Commits a batch. The transaction has begun before anything else is sent, because a statement outside of it would be
    /// committed by itself. It ends only once everything else is answered: what fails before that is certainly not in the
    /// log.
    pub(super) async fn commit(&mut self, batch: &Batch) -> Stored<()> {
        self.continued_by(batch)?;
        self.session.send(BEGIN).await?;
        if let Err(error) = self.write(batch).await {
            return Err(self.taken_back(error).await);
        }
        self.session.commit().await?;
        self.head = Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no };
        Ok(())
    }

    /// Writes within a transaction. It is taken back if that fails, and the connection kept.
    pub(super) async fn transaction<T, F>(&self, work: impl FnOnce(Arc<SqlSession>) -> F) -> Result<T, NotCommitted>
    where
        F: Future<Output = Stored<T>>,
    {
        const HOLD: &str = "SELECT 1 FROM headway.log WHERE one AND writer = $1 AND pg_backend_pid() = $2 FOR UPDATE";
        self.session.send(BEGIN).await.map_err(NotCommitted::Lost)?;
        let held = self.session.row(HOLD, &[&self.fence.writer, &self.fence.process]).await;
        if let Err(error) = held.and_then(|row| row.map(drop).ok_or_else(elsewhere)) {
            return Err(NotCommitted::Lost(self.taken_back(error).await));
        }
        match work(Arc::clone(&self.session)).await {
            Ok(done) => self.session.commit().await.map(|()| done).map_err(NotCommitted::Lost),
            Err(error) => match self.session.send("ROLLBACK").await {
                Ok(()) => Err(NotCommitted::TakenBack(error)),
                Err(_) => Err(NotCommitted::Lost(error)),
            },
        }
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

    async fn write(&self, batch: &Batch) -> Stored<()> {
        let mut steps = vec![write::head(batch, self.fence, self.head)];
        steps.extend(write::rows(batch));
        match self.session.all(&steps).await?.first() {
            Some(1) => Ok(()),
            _ => Err(elsewhere()),
        }
    }

    /// Takes back the transaction. If the reason is another writer, the error says so.
    async fn taken_back(&self, error: StoreError) -> StoreError {
        match self.session.send("ROLLBACK").await {
            Ok(()) => self.overtaken().await.ok().flatten().map_or(error, StoreError::new),
            Err(_) => error,
        }
    }

    /// How the row of the head differs from what this writer left.
    async fn overtaken(&self) -> Stored<Option<String>> {
        const ROW: &str = "SELECT head, digest, next_job_no, writer FROM headway.log";
        let Some(row) = self.session.row(ROW, &[]).await? else { return Ok(Some("the log has no head".to_owned())) };
        let (head, writer, mine, left) = (head_at(&row, 0)?, value::<i64>(&row, 3)?, self.fence.writer, self.head);
        Ok(if writer != mine {
            Some(format!("another Headway has taken over this log (writer {writer}, this one is {mine})"))
        } else if head.position != left.position {
            Some(format!("the head of the log is {}, and this writer left it at {}", head.position, left.position))
        } else if head.digest != left.digest {
            Some(format!("the event at the head of the log, {}, is not the one that this writer left", left.position))
        } else {
            None
        })
    }
}

/// The row of the head is not this writer's, although it is as this writer left it.
fn elsewhere() -> StoreError {
    StoreError::new("the lock of this log belongs to another connection to PostgreSQL")
}
