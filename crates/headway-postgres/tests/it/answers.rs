//! Commits that are refused, that are not confirmed, and that take longer than others may.

use std::sync::Arc;
use std::time::Duration;

use headway_store::{Store, Stored};
use tokio::task::JoinHandle;

use crate::batches::Batches;
use crate::server::{PostgresServer, TestDatabase};

/// A commit of two events, under way.
fn committing(store: &Arc<dyn Store>, mut batches: Batches) -> JoinHandle<Stored<u64>> {
    let store = Arc::clone(store);
    tokio::spawn(async move { batches.commit(&store, 2).await })
}

/// The connections to this database in whose `COMMIT` something happens.
const COMMITTING: &str = "FROM pg_stat_activity WHERE query = 'COMMIT' AND datname = current_database() AND wait_event";

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_not_confirmed_might_be_in_the_log_and_is_said_so() {
    let database = TestDatabase::with(PostgresServer::new(&[]), "").await;
    let store = database.store().await;
    let batches = Batches::at(store.head().await.expect("a head"));
    database.commits_wait_for_a_replica().await;
    let commit = committing(&store, batches);
    database.until(&format!("SELECT count(*) {COMMITTING} = 'SyncRep'")).await;
    database.sql(&format!("SELECT pg_terminate_backend(pid) {COMMITTING} = 'SyncRep'")).await;
    let said = commit.await.expect("no panic").expect_err("no confirmation").message;
    assert!(said.contains("might or might not be in the log"), "{said}");
    assert!(store.renew("here", 1).await.is_err(), "nothing is written by this connection again");

    database.sql("ALTER SYSTEM RESET synchronous_standby_names").await;
    database.sql("SELECT pg_reload_conf()").await;
    let next = database.store().await;
    let head = next.head().await.expect("a head");
    assert_eq!(head.position, 2, "it is in the log");
    assert_eq!(Batches::at(head).commit(&next, 1).await.expect("a commit"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_ends_with_its_connection_is_not_confirmed_and_one_that_is_refused_is_not_in_the_log() {
    let database = TestDatabase::new().await;
    let store = database.store().await;
    let batches = Batches::at(store.head().await.expect("a head"));
    // A trigger that runs within `COMMIT`, and waits there for a lock that a client holds.
    database
        .sql(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RAISE EXCEPTION ''no room''; END';
            CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON headway.events DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION gate()",
        )
        .await;
    let gate = database.client().await;
    gate.batch_execute("SELECT pg_advisory_lock(1)").await.expect("the gate");
    let commit = committing(&store, batches);
    database.until(&format!("SELECT count(*) {COMMITTING} = 'advisory'")).await;
    database.sql(&format!("SELECT pg_terminate_backend(pid) {COMMITTING} = 'advisory'")).await;
    let said = commit.await.expect("no panic").expect_err("no confirmation").message;
    assert!(said.contains("might or might not be in the log"), "{said}");
    drop(gate);

    let next = database.store().await;
    let head = next.head().await.expect("a head");
    assert_eq!(head.position, 0);
    let said = Batches::at(head).commit(&next, 1).await.expect_err("a refusal").message;
    assert!(said.contains("is not in the log") && said.contains("no room"), "{said}");
    assert_eq!(next.head().await.expect("a head").position, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_may_take_longer_than_the_statements_of_others() {
    let database = TestDatabase::new().await;
    database
        .sql(&format!(
            "ALTER DATABASE {name} SET statement_timeout = '5s'; ALTER DATABASE {name} SET lock_timeout = '5s';
            ALTER DATABASE {name} SET idle_session_timeout = '5s'",
            name = database.name
        ))
        .await;
    let store = database.store().await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    let slow =
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(6); RETURN NULL; END';
        CREATE TRIGGER slow AFTER INSERT ON headway.events FOR EACH STATEMENT EXECUTE FUNCTION slow()";
    database.sql(slow).await;
    assert_eq!(batches.commit(&store, 1).await.expect("a commit"), 1);
    // The connection was idle for as long as others may not be, and so was the one that reads.
    database.sql("DROP TRIGGER slow ON headway.events").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(batches.commit(&store, 1).await.expect("a commit"), 2);
}
