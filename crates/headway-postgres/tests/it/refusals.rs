//! Databases in which no log is kept, and what a person is told.

use std::time::{Duration, Instant};

use headway_model::PauseReason;
use headway_postgres::PostgresStore;
use headway_store::StoreError;
use tokio_postgres::NoTls;

use crate::server::{KeptProgram, PostgresServer, TestDatabase};

async fn refusal(url: &str) -> StoreError {
    PostgresStore::open(url).await.err().expect("a refusal")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_could_lose_an_acknowledged_event_is_refused() {
    let lazy = TestDatabase::new().await;
    lazy.sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", lazy.name)).await;
    let said = refusal(&lazy.url()).await.message;
    assert!(said.contains("synchronous_commit is off"), "{said}");

    let careless = TestDatabase::with(PostgresServer::new(&["fsync=off"]), "").await;
    let said = refusal(&careless.url()).await.message;
    assert!(said.contains("fsync is off"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_hold_the_text_of_a_log_or_be_written_to_is_refused() {
    let latin = TestDatabase::with(PostgresServer::shared(), "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0").await;
    let said = refusal(&latin.url()).await.message;
    assert!(said.contains("encoding is LATIN1"), "{said}");

    let fixed = TestDatabase::new().await;
    fixed.sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", fixed.name)).await;
    let said = refusal(&fixed.url()).await.message;
    assert!(said.contains("default_transaction_read_only"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_refused() {
    let server = PostgresServer::new(&[]);
    let database = TestDatabase::with(server.clone(), "").await;
    drop(PostgresStore::open(&database.url()).await.expect("a log"));
    server.stop("INT");
    std::fs::write(server.data().join("standby.signal"), "").expect("a file");
    server.start(&["hot_standby=on"]);
    let said = refusal(&database.url()).await.message;
    assert!(said.contains("is a replica"), "{said}");
    let said = PostgresStore::open_to_read(&database.url()).await.err().expect("no answer from a replica").message;
    assert!(said.contains("is a replica"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_a_later_version_is_refused_and_left_alone() {
    let database = TestDatabase::new().await;
    let early = PostgresStore::open_to_read(&database.url()).await.err().expect("a refusal").message;
    assert!(early.contains("version 0"), "{early}");
    drop(database.store().await);
    drop(database.store().await);
    database.sql("UPDATE headway.version SET number = 99").await;
    let reading = PostgresStore::open_to_read(&database.url()).await.err().expect("a refusal").message;
    for said in [refusal(&database.url()).await.message, reading] {
        assert!(said.contains("version 99") && said.contains("later"), "{said}");
    }
    assert_eq!(database.told("SELECT number FROM headway.version").await, "99");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_room_for_a_connection_says_so_and_it_passes() {
    let database = TestDatabase::new().await;
    let name = &database.name;
    database
        .sql(&format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 1; GRANT CREATE ON DATABASE {name} TO {name}"))
        .await;
    let error = refusal(&database.server.url_for(name, name)).await;
    assert!(error.message.contains("too many connections"), "{error}");
    assert_eq!(error.passes, Some(PauseReason::TooManyProcesses));
    database.sql(&format!("ALTER ROLE {name} CONNECTION LIMIT 10")).await;
    PostgresStore::open(&database.server.url_for(name, name)).await.expect("a log, now that there is room");
}

/// A pooler in this mode before a database: its address, and the process that runs until it is dropped.
async fn pooler(database: &TestDatabase, mode: &str, port: u16) -> (String, KeptProgram) {
    let (folder, name) = (database.server.folder(), &database.name);
    let path = folder.display();
    let settings = format!(
        "[databases]\n{name} = host={path} dbname={name} user=headway\n[pgbouncer]\nauth_type = any\nlisten_addr =\n\
         unix_socket_dir = {path}\nlisten_port = {port}\npool_mode = {mode}\n"
    );
    let file = folder.join(format!("pooler{port}"));
    std::fs::write(&file, settings).expect("a file");
    let (log, file) = (format!("pooler{port}.log"), file.display().to_string());
    // What other signals mean to a pooler depends on its version.
    let running = KeptProgram::start(folder, &log, "KILL", "pgbouncer", &[file]);
    let url = database.url().replace(&format!("/{name}"), &format!(":{port}/{name}"));
    let end = Instant::now() + Duration::from_secs(60);
    while tokio_postgres::connect(&url, NoTls).await.is_err() {
        let said = std::fs::read_to_string(folder.join(&log));
        assert!(Instant::now() < end, "the pooler (Debian: apt-get install pgbouncer) does not start: {said:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (url, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_changes_connections_between_transactions_is_refused_and_another_is_not() {
    let database = TestDatabase::new().await;
    let (url, _running) = pooler(&database, "transaction", 6_432).await;
    let said = refusal(&url).await.message;
    assert!(said.contains("a pooler") && said.contains("session mode"), "{said}");
    let (url, _running) = pooler(&database, "session", 6_433).await;
    let store = PostgresStore::open(&url).await.expect("a log");
    assert_eq!(headway_store::Store::head(&store).await.expect("a head").position, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_is_told_without_its_password() {
    for url in ["postgres://me:secret@127.0.0.1:1/headway", "postgres:/me:secret@nowhere/x", "log.sqlite"] {
        let said = refusal(url).await.message;
        assert!(said.contains("store"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    // A connection that has to be encrypted is not made without encryption.
    let database = TestDatabase::new().await;
    let said = refusal(&format!("{}?sslmode=require", database.url())).await.message;
    assert!(said.contains("TLS"), "{said}");
}
