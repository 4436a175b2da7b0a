//! The way of the writer back to a database that was away: it becomes the one writer again, if nobody else has written.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use tokio_postgres::Config;

use super::proof::LastProof;
use super::transaction::Writing;
use crate::absence::Absence;
use crate::lock::{self, Fence};
use crate::session::SqlSession;
use crate::{check, migrate, settings};
use headway_store::{StoreError, Stored};

/// The first wait before a try. Each further one is twice as long as the one before it.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait before a try.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long the writer rests when the database has no room.
const REST: Duration = Duration::from_secs(1);

/// How long a commit takes until the database counts as away: the host of a cut network is silent.
const SLOW: Duration = Duration::from_secs(5);

/// What is needed to connect again.
#[derive(Clone)]
pub(crate) struct WayBack {
    pub(crate) config: Config,
    pub(crate) runtime: Handle,
    pub(crate) absence: Absence,
    pub(crate) proof: LastProof,
}

impl WayBack {
    /// Connects until the writer is the one writer again. The new connection comes with the head that the log has by now:
    /// whoever lost the answer to a commit finds it there.
    ///
    /// # Errors
    /// If somebody else has written meanwhile.
    pub(super) async fn follow(&self, lost: &Writing, why: &StoreError) -> Stored<Writing> {
        let (mut why, mut wait) = (why.message.clone(), FIRST_WAIT);
        loop {
            self.absence.begins(&why);
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            match self.once(lost.fence).await {
                Err(error) => why = error.message,
                Ok(back) => {
                    self.absence.ends();
                    return back.ok_or_else(|| {
                        StoreError::new("another Headway has taken over this log while its database was away")
                    });
                }
            }
        }
    }

    /// Carries out a commit, and notes that the database is away while it takes long.
    pub(super) async fn noting<T>(&self, commit: impl Future<Output = T>) -> T {
        let mut commit = pin!(commit);
        if let Ok(done) = timeout(SLOW, commit.as_mut()).await {
            return done;
        }
        self.absence.begins("it does not answer a commit");
        let done = commit.await;
        self.absence.ends();
        done
    }

    /// Waits a while, because the database has no room for what is written.
    pub(super) async fn rest(&self, why: &StoreError) {
        self.absence.begins(&why.message);
        sleep(REST).await;
    }

    /// Tries once; `None` if another writer came after this one.
    async fn once(&self, fence: Fence) -> Stored<Option<Writing>> {
        let session = SqlSession::open(&self.config, &self.runtime).await?;
        check::promises(&session).await?;
        // Another database can be behind the address by now.
        migrate::compare(&session).await?;
        if !lock::is_last(&session, fence).await? {
            return Ok(None);
        }
        lock::take(&session).await?;
        settings::of_writer(&session).await?;
        // A transaction of the old connection that is not over holds the row of the head, so this waits for its end.
        let asked = Instant::now();
        let Some((fence, head)) = lock::fence_again(&session, fence).await? else { return Ok(None) };
        self.proof.note(asked);
        Ok(Some(Writing { session: Arc::new(session), fence, head, proof: self.proof.clone() }))
    }
}
