//! A database of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use headway_postgres::PostgresStore;
use headway_store::Store;
use tokio_postgres::{Client, NoTls};

use super::PostgresServer;

/// A database of a server. The server runs as long as it is used.
pub(crate) struct TestDatabase {
    pub(crate) server: Arc<PostgresServer>,
    pub(crate) name: String,
}

impl TestDatabase {
    /// A new database of the shared server.
    pub(crate) async fn new() -> Self {
        TestDatabase::with(PostgresServer::shared(), "").await
    }

    /// A new database of a server, with options of CREATE DATABASE.
    pub(crate) async fn with(server: Arc<PostgresServer>, options: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("d{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} {options}");
        client(&server.url_for("headway", "postgres")).await.batch_execute(&create).await.expect(&create);
        TestDatabase { server, name }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url_for("headway", &self.name)
    }

    /// The log of this database, as its writer. Waits while the connection of an earlier writer is being closed.
    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            match PostgresStore::open(&self.url()).await {
                Ok(store) => return Arc::new(store),
                Err(error) if error.message.contains("another Headway writes this log") && Instant::now() < end => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) async fn client(&self) -> Client {
        client(&self.url()).await
    }

    /// Runs statements as the owner of everything.
    pub(crate) async fn sql(&self, statements: &str) {
        self.client().await.batch_execute(statements).await.expect(statements);
    }

    /// Makes a gate: from now on, whoever inserts an event waits while a client holds the lock of the gate.
    pub(crate) async fn gate(&self) {
        self.sql(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
            CREATE TRIGGER gate AFTER INSERT ON headway.events FOR EACH STATEMENT EXECUTE FUNCTION gate()",
        )
        .await;
    }

    /// Closes the gate, until this client is dropped.
    pub(crate) async fn close_gate(&self) -> Client {
        let gate = self.client().await;
        gate.batch_execute("SELECT pg_advisory_lock(1)").await.expect("the gate");
        gate
    }

    /// Runs statements, and in the same transaction takes the connection with the lock from the writer.
    pub(crate) async fn end_writer_after(&self, statements: &str) {
        const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        self.sql(&format!("BEGIN; {statements}; {END}; COMMIT")).await;
    }

    /// The first column of the first row, as text.
    pub(crate) async fn told(&self, statement: &str) -> String {
        use tokio_postgres::SimpleQueryMessage::Row;
        let messages = self.client().await.simple_query(statement).await.expect(statement);
        let row = messages.iter().find_map(|message| if let Row(row) = message { row.get(0) } else { None });
        row.unwrap_or_default().to_owned()
    }

    /// From now on each commit on this server is on the disk, and waits for a replica that never comes.
    pub(crate) async fn commits_wait_for_a_replica(&self) {
        self.sql("CREATE TABLE probe (number INTEGER)").await;
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").await;
        self.sql("SELECT pg_reload_conf()").await;
        // A process of the server takes over the setting for all others, and tells nobody when.
        while self.told("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").await == "0" {
            let client = self.client().await;
            tokio::spawn(async move { client.batch_execute("INSERT INTO probe VALUES (1)").await });
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until this statement tells something else than 0.
    pub(crate) async fn until(&self, statement: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.told(statement).await == "0" {
            assert!(Instant::now() < end, "this stays 0: {statement}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}
