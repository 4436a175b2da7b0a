//! A writer that connects again: after a crash of the server, after a commit without an answer, and never after another
//! writer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use headway_postgres::PostgresStore;
use headway_store::Store;

use crate::batches::Batches;
use crate::server::{PostgresServer, TestDatabase};

/// The log of a database, whose writer connects again.
async fn reconnecting(database: &TestDatabase) -> Arc<dyn Store> {
    Arc::new(PostgresStore::open(&database.url()).await.expect("a log").reconnecting())
}

async fn positions(store: &dyn Store) -> Vec<u64> {
    let events = store.events(&[], 0, u64::MAX >> 1, 1_000).await.expect("events");
    events.iter().map(|row| row.position).collect()
}

/// Waits until the store says that its database is away, or that it is there.
async fn until_away(store: &dyn Store, is_away: bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while store.away().is_some() != is_away {
        assert!(Instant::now() < end, "away: {:?}", store.away());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_waits_for_a_server_that_was_killed_and_so_does_a_patient_reader() {
    let database = TestDatabase::with(PostgresServer::new(&[]), "").await;
    let store = reconnecting(&database).await;
    let patient = store.patient().expect("a patient reader");
    let mut batches = Batches::at(store.head().await.expect("a head"));
    batches.commit(&store, 2).await.expect("a commit");
    assert_eq!(store.away(), None);
    for round in 1..4 {
        let server = Arc::clone(&database.server);
        tokio::task::spawn_blocking(move || server.kill()).await.expect("no panic");
        // Nothing is written, and the writer finds out all the same.
        until_away(&*store, true).await;
        let error = store.head().await.expect_err("nobody answers");
        assert!(error.message.contains("is away"), "{error}");
        let committing = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { (batches.commit(&store, 2).await, batches) })
        };
        let reading = {
            let patient = Arc::clone(&patient);
            tokio::spawn(async move { patient.leases().await })
        };
        let renewing = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.renew("here", 1).await })
        };
        assert!(!committing.is_finished() && !reading.is_finished() && !renewing.is_finished());
        let server = Arc::clone(&database.server);
        tokio::task::spawn_blocking(move || server.start(&[])).await.expect("no panic");
        let (done, after) = committing.await.expect("no panic");
        batches = after;
        let head = 2 + 2 * round;
        assert_eq!(done.expect("a commit"), head);
        renewing.await.expect("no panic").expect("a renewal");
        assert!(reading.await.expect("no panic").expect("an answer").is_empty());
        until_away(&*store, false).await;
        assert_eq!(positions(&*store).await, (1..=head).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_a_commit_counts_as_away_until_it_does() {
    let database = TestDatabase::new().await;
    let store = reconnecting(&database).await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    database.gate().await;
    let gate = database.close_gate().await;
    let committing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { batches.commit(&store, 2).await })
    };
    until_away(&*store, true).await;
    assert!(!committing.is_finished());
    drop(gate);
    assert_eq!(committing.await.expect("no panic").expect("a commit"), 2);
    assert_eq!(store.away(), None);
    assert_eq!(positions(&*store).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_ended_with_its_connection_is_made_again() {
    let database = TestDatabase::new().await;
    let store = reconnecting(&database).await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    batches.commit(&store, 1).await.expect("a commit");
    database.gate().await;
    let gate = database.close_gate().await;
    let committing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { (batches.commit(&store, 3).await, batches) })
    };
    const WAITING: &str = "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted \
        AND l.locktype = 'advisory' AND a.datname = current_database()";
    for _ in 0..2 {
        database.until(&format!("SELECT count(*) {WAITING}")).await;
        let process = database.told(&format!("SELECT pid {WAITING}")).await;
        database.sql(&format!("SELECT pg_terminate_backend({process})")).await;
        database.until(&format!("SELECT (count(*) = 0)::int FROM pg_stat_activity WHERE pid = {process}")).await;
    }
    assert!(!committing.is_finished());
    drop(gate);
    let (done, mut batches) = committing.await.expect("no panic");
    assert_eq!(done.expect("a commit"), 4);
    assert_eq!(positions(&*store).await, [1, 2, 3, 4]);
    assert_eq!(batches.commit(&store, 1).await.expect("a commit"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_not_confirmed_is_looked_up_and_not_made_twice() {
    let database = TestDatabase::with(PostgresServer::new(&[]), "").await;
    let store = reconnecting(&database).await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    batches.commit(&store, 1).await.expect("a commit");
    database.commits_wait_for_a_replica().await;
    let committing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { (batches.commit(&store, 2).await, batches) })
    };
    const COMMITTING: &str = "FROM pg_stat_activity WHERE query = 'COMMIT' AND datname = current_database() \
        AND wait_event = 'SyncRep'";
    database.until(&format!("SELECT count(*) {COMMITTING}")).await;
    // It is on the disk by now, and its answer never comes.
    database.sql(&format!("SELECT pg_terminate_backend(pid) {COMMITTING}")).await;
    database.sql("ALTER SYSTEM RESET synchronous_standby_names").await;
    database.sql("SELECT pg_reload_conf()").await;
    let (done, mut batches) = committing.await.expect("no panic");
    assert_eq!(done.expect("it is in the log"), 3);
    assert_eq!(positions(&*store).await, [1, 2, 3]);
    assert_eq!(batches.commit(&store, 1).await.expect("a commit"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_was_away_while_another_wrote_writes_nothing_more() {
    let database = TestDatabase::new().await;
    let store = reconnecting(&database).await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    batches.commit(&store, 1).await.expect("a commit");
    // As another writer does, which comes before this one can come back.
    database.end_writer_after("UPDATE headway.log SET writer = writer + 1").await;
    batches.commit(&store, 1).await.expect_err("a refusal");
    let late = Batches::at(store.head().await.expect("reading goes on")).jobs(1);
    let said = store.commit(late).await.expect_err("nothing is written any more").message;
    assert!(said.contains("an earlier write failed"), "{said}");
    assert_eq!(store.away(), None);
    assert_eq!(positions(&*store).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_came_back_without_what_was_acknowledged_is_not_written() {
    let database = TestDatabase::new().await;
    let store = reconnecting(&database).await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    batches.commit(&store, 3).await.expect("a commit");
    // As after a restore, or on a replica that lacks the newest events.
    database
        .end_writer_after(
            "DELETE FROM headway.events WHERE position = 3;
            UPDATE headway.log SET head = 2, digest = (SELECT digest FROM headway.events WHERE position = 2)",
        )
        .await;
    batches.commit(&store, 1).await.expect_err("a refusal");
    assert_eq!(positions(&*store).await, [1, 2]);
}
