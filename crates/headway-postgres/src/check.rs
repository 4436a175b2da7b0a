//! What a database must promise before a log is kept in it.

use tokio::runtime::Handle;
use tokio_postgres::Config;

use crate::session::SqlSession;
use headway_store::{StoreError, Stored};

const SETTINGS: &str = "SELECT current_setting('server_version_num'), current_setting('server_encoding'), \
    pg_is_in_recovery(), current_setting('fsync'), current_setting('synchronous_commit'), \
    current_setting('default_transaction_read_only'), current_setting('full_page_writes')";

/// The oldest version with which the contract of stores is tested.
const OLDEST: u32 = 150_000;

/// Refuses a database in which an acknowledged event could be lost, or whose server cannot be written to.
pub(crate) async fn promises(session: &SqlSession) -> Stored<()> {
    let told = session.plain(SETTINGS).await?;
    let settings: Vec<_> = told.iter().map(String::as_str).collect();
    let settings: [&str; 7] =
        settings.try_into().map_err(|_| StoreError::new("PostgreSQL does not tell its settings"))?;
    if let Some(why) = refusal(&settings) {
        return Err(StoreError::new(format!("the log cannot be kept in this database: {why}")));
    }
    if settings[6] != "on" {
        tracing::warn!(
            "full_page_writes is off: a crash of the machine can destroy the log, unless its disk writes pages whole"
        );
    }
    Ok(())
}

/// Why a log cannot be kept in a database with these settings.
fn refusal(settings: &[&str; 7]) -> Option<String> {
    let [version, encoding, recovery, fsync, synchronous, read_only, _] = *settings;
    if !version.parse::<u32>().is_ok_and(|version| version >= OLDEST) {
        return Some(format!("version {version} of PostgreSQL is not 15 or later"));
    }
    if recovery != "f" {
        return Some("the server is a replica (pg_is_in_recovery), so name the primary".to_owned());
    }
    if encoding != "UTF8" {
        return Some(format!("its encoding is {encoding}, so create one with ENCODING 'UTF8' TEMPLATE template0"));
    }
    if fsync != "on" {
        return Some("fsync is off, so a crash of the machine would destroy it".to_owned());
    }
    if synchronous == "off" {
        let set = "ALTER DATABASE ... SET synchronous_commit = on";
        return Some(format!("synchronous_commit is off, so a crash would lose acknowledged events: {set}"));
    }
    (read_only != "off").then(|| "default_transaction_read_only is on".to_owned())
}

/// Refuses a pooler that gives each transaction a connection of its own: the lock that keeps a second writer out belongs
/// to a connection. While another connection is busy with a transaction, such a pooler serves this one from elsewhere.
/// If it does so only later, the number of the process in each commit tells.
pub(crate) async fn pooler(session: &SqlSession, config: &Config, runtime: &Handle) -> Stored<()> {
    let before = process(session).await?;
    let other = SqlSession::open(config, runtime).await?;
    other.send("BEGIN").await?;
    let elsewhere = process(&other).await?;
    let after = process(session).await?;
    other.send("ROLLBACK").await?;
    if before == after && before != elsewhere {
        return Ok(());
    }
    Err(StoreError::new(
        "the address of the store leads to a pooler that changes connections between transactions: use a pooler in \
         session mode, or the address of PostgreSQL itself",
    ))
}

/// The process of the server that serves this connection.
async fn process(session: &SqlSession) -> Stored<i32> {
    let told = session.plain("SELECT pg_backend_pid()").await?;
    let process = told.first().and_then(|text| text.parse().ok());
    process.ok_or_else(|| StoreError::new("PostgreSQL does not tell the number of its process"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_broken_promise_is_refused_in_its_own_words() {
        let good = ["150018", "UTF8", "f", "on", "on", "off", "on"];
        assert_eq!(refusal(&good), None);
        for (place, value, said) in [
            (0, "140022", "not 15 or later"),
            (1, "SQL_ASCII", "encoding is SQL_ASCII"),
            (2, "t", "replica"),
            (3, "off", "fsync is off"),
            (4, "off", "synchronous_commit is off"),
            (5, "on", "default_transaction_read_only"),
        ] {
            let mut settings = good;
            settings[place] = value;
            assert!(refusal(&settings).is_some_and(|why| why.contains(said)), "{said}");
        }
        for synchronous in ["local", "remote_write", "remote_apply"] {
            let mut settings = good;
            settings[4] = synchronous;
            assert_eq!(refusal(&settings), None, "{synchronous}: it is on this server's disk");
        }
    }
}
