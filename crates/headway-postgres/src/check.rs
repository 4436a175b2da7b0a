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
    let settings = session.plain(SETTINGS).await?;
    let [version, encoding, recovery, fsync, synchronous, read_only, whole_pages] = settings.as_slice() else {
        return Err(StoreError::new("PostgreSQL does not tell its settings"));
    };
    let refuse = |why: String| Err(StoreError::new(format!("the log cannot be kept in this database: {why}")));
    if version.parse::<u32>().is_ok_and(|version| version < OLDEST) {
        return refuse(format!("version {version} of PostgreSQL is older than 15"));
    }
    if recovery == "t" {
        return refuse("the server is a replica (pg_is_in_recovery), so name the primary".to_owned());
    }
    if encoding != "UTF8" {
        return refuse(format!("its encoding is {encoding}, so create one with ENCODING 'UTF8' TEMPLATE template0"));
    }
    if fsync != "on" {
        return refuse("fsync is off, so a crash of the machine would destroy it".to_owned());
    }
    if synchronous == "off" {
        let set = "ALTER DATABASE ... SET synchronous_commit = on";
        return refuse(format!("synchronous_commit is off, so a crash would lose acknowledged events: {set}"));
    }
    if read_only == "on" {
        return refuse("default_transaction_read_only is on".to_owned());
    }
    if whole_pages != "on" {
        tracing::warn!(
            "full_page_writes is off: a crash of the machine can destroy the log, unless its disk writes pages whole"
        );
    }
    Ok(())
}

/// Fixes for this connection what the server's settings could change later, and lets the server notice within half a
/// minute that the host of this process is gone: until then nobody else can write.
pub(crate) async fn pinned(session: &SqlSession) -> Stored<()> {
    const PINNED: &str = "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false), \
        set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), \
        set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '30s', false), \
        set_config('idle_in_transaction_session_timeout', '0', false), set_config('idle_session_timeout', '0', false)";
    session.plain(PINNED).await.map(drop)
}

/// Refuses a pooler that gives each transaction a connection of its own: the lock that keeps a second writer out belongs
/// to a connection. While another connection is busy with a transaction, such a pooler serves this one from elsewhere.
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
pub(crate) async fn process(session: &SqlSession) -> Stored<i32> {
    let told = session.plain("SELECT pg_backend_pid()").await?;
    let process = told.first().and_then(|text| text.parse().ok());
    process.ok_or_else(|| StoreError::new("PostgreSQL does not tell the number of its process"))
}
