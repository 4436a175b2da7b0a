//! One transaction of the writer: the head is held from its beginning to its end.

use std::sync::Arc;
use std::time::Instant;

use super::proof::LastProof;
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
    pub(crate) proof: LastProof,
}

/// Which positions the events of a batch can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchPositions {
    /// Those behind the head, without a gap.
    Next,
    /// Those of another log, which can lack some.
    Copied,
}

/// Why a transaction was not committed.
pub(super) enum NotCommitted {
    /// It was taken back, and the connection is as before.
    TakenBack(StoreError),
    /// The connection broke. Unless the error says so, it is not known whether the transaction is in the log.
    Lost(StoreError),
    /// It was refused, and nothing more can be written: the log is not this writer's, or the database does not take it.
    Over(StoreError),
}

impl NotCommitted {
    pub(super) fn into_error(self) -> StoreError {
        let (NotCommitted::TakenBack(error) | NotCommitted::Lost(error) | NotCommitted::Over(error)) = self;
        error
    }
}

/// The head of the log once a batch is in it.
pub(super) fn head_after(batch: &Batch) -> Head {
    Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no }
}

impl Writing {
    /// Commits a batch. The transaction has begun before anything else is sent, because a statement outside of it would be
    /// committed by itself. It ends only once everything else is answered: what fails before that is certainly not in the
    /// log.
    pub(super) async fn commit(&mut self, batch: &Batch, positions: BatchPositions) -> Result<(), NotCommitted> {
        self.continued_by(batch, positions).map_err(NotCommitted::Over)?;
        let asked = Instant::now();
        self.session.send(BEGIN).await.map_err(NotCommitted::Lost)?;
        if let Err(error) = self.write(batch).await {
            return Err(self.taken_back(error).await);
        }
        if let Err(error) = self.session.commit().await {
            return Err(self.unconfirmed(error).await);
        }
        self.head = head_after(batch);
        self.proof.note(asked);
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
            return Err(match self.taken_back(error).await {
                NotCommitted::TakenBack(error) => NotCommitted::Over(error),
                other => other,
            });
        }
        match work(Arc::clone(&self.session)).await {
            Ok(done) => match self.session.commit().await {
                Ok(()) => Ok(done),
                Err(error) => Err(self.unconfirmed(error).await),
            },
            Err(error) => match self.session.send("ROLLBACK").await {
                Ok(()) => Err(NotCommitted::TakenBack(error)),
                Err(_) => Err(NotCommitted::Lost(error)),
            },
        }
    }

    /// Refuses a batch whose positions do not begin behind the head.
    fn continued_by(&self, batch: &Batch, positions: BatchPositions) -> Stored<()> {
        let (before, events) = (self.head.position, &batch.events);
        let continues = match positions {
            BatchPositions::Next => {
                let is_next = (before + 1..).zip(events).all(|(position, row)| row.position == position);
                is_next && batch.head == before + events.len() as u64
            }
            BatchPositions::Copied => {
                let is_in_order = events.is_sorted_by(|one, next| one.position < next.position);
                let is_behind = events.first().is_none_or(|row| row.position > before);
                is_in_order && is_behind && batch.head == events.last().map_or(before, |row| row.position)
            }
        };
        match continues {
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
    async fn taken_back(&self, error: StoreError) -> NotCommitted {
        match self.session.send("ROLLBACK").await {
            Err(_) => NotCommitted::Lost(error),
            Ok(()) => match self.overtaken().await {
                Ok(Some(why)) => NotCommitted::Over(StoreError::new(why)),
                Ok(None) | Err(_) => NotCommitted::TakenBack(error),
            },
        }
    }

    /// A `COMMIT` has failed. If the connection still answers, the database has refused the transaction.
    async fn unconfirmed(&self, error: StoreError) -> NotCommitted {
        match self.session.send("ROLLBACK").await {
            Ok(()) => NotCommitted::Over(error),
            Err(_) => NotCommitted::Lost(error),
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
