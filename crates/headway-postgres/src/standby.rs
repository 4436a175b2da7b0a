//! A process that stands by until the writer of a log is gone, and then becomes the writer.
//!
//! The number in the row of the head is the fence: whoever has it records, and nobody else. What an earlier writer has
//! recorded before, and not yet done to files, needs time: it begins nothing more once [`SURE_FOR`] has passed since the
//! database last confirmed its number. Whoever takes over waits for [`REST`] after it took its own number.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_postgres::Config;

use crate::holder::{LogHolder, WriterName, holder};
use crate::session::SqlSession;
use crate::writer::{LONGEST_WAIT, SURE_FOR};
use crate::{check, lock};
use headway_store::Stored;

/// How long whoever takes over waits until an earlier writer acts no more: it is sure no longer, and has ended what ran.
pub(crate) const REST: Duration = SURE_FOR.saturating_add(Duration::from_secs(4));

/// How often the lock is tried.
const TRY_EVERY: Duration = Duration::from_millis(250);

/// After the database was away, its last writer connects again first.
const WRITER_FIRST: Duration = LONGEST_WAIT.saturating_add(Duration::from_secs(1));

/// What a process that stands by waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandbyState {
    /// Another process writes the log; `None` if it did not say who it is.
    Waits(Option<LogHolder>),
    /// The database does not answer, for this reason.
    Away(String),
    /// The other process is gone, and what it began comes to its end.
    TakesOver,
}

/// A connection that has just got the lock of the writer. A database that is away is waited for.
///
/// # Errors
/// If the database cannot be reached at first, or does not promise what a log needs.
pub(crate) async fn lock_once_free(
    config: &Config,
    runtime: &Handle,
    told: &(impl Fn(StandbyState) + Sync),
) -> Stored<SqlSession> {
    let mut session = connect(config, runtime).await?;
    loop {
        let why = match until_free(&session, told).await {
            Ok(()) => return Ok(session),
            Err(error) => error.message,
        };
        told(StandbyState::Away(why));
        session = loop {
            sleep(TRY_EVERY).await;
            match connect(config, runtime).await {
                Ok(session) => break session,
                Err(error) => told(StandbyState::Away(error.message)),
            }
        };
        sleep(WRITER_FIRST).await;
    }
}

async fn connect(config: &Config, runtime: &Handle) -> Stored<SqlSession> {
    let session = SqlSession::open(config, runtime).await?;
    check::promises(&session).await?;
    check::pooler(&session, config, runtime).await?;
    Ok(session)
}

async fn until_free(session: &SqlSession, told: &(impl Fn(StandbyState) + Sync)) -> Stored<()> {
    while !lock::is_taken_now(session).await? {
        told(StandbyState::Waits(holder(session).await?));
        sleep(TRY_EVERY).await;
    }
    Ok(())
}

/// Whether something of the last writer might still act beside this one: it did not end in order, and has another data
/// folder. Whoever has none changes no files.
pub(crate) fn might_act(last: Option<&LogHolder>, name: &WriterName) -> bool {
    let is_other = |last: &str| last != name.folder && !last.is_empty() && !name.folder.is_empty();
    last.is_some_and(|last| !last.has_ended && is_other(&last.name.folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_that_can_still_act_is_waited_for() {
        let name = |folder: &str| WriterName { host: "a".to_owned(), process: 1, folder: folder.to_owned() };
        let last = |folder: &str, has_ended| LogHolder { name: name(folder), since: 0, has_ended };
        assert!(might_act(Some(&last("one", false)), &name("two")));
        assert!(!might_act(Some(&last("one", true)), &name("two")), "it has ended");
        assert!(!might_act(Some(&last("one", false)), &name("one")), "the lock of the folder is ours");
        assert!(!might_act(None, &name("two")));
        assert!(!might_act(Some(&last("", false)), &name("two")), "a log was copied");
        assert!(!might_act(Some(&last("one", false)), &name("")), "a log is copied");
    }
}
