//! Two writers on one database. One of them is stopped before its commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use headway_postgres::{PostgresStore, StandbyState, WriterName};
use headway_store::{Store, Stored};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::batches::Batches;
use crate::server::TestDatabase;

/// A store with one event, and a gate: whoever inserts an event waits while a client holds the gate's lock.
async fn gated() -> (TestDatabase, Arc<dyn Store>, Batches) {
    let database = TestDatabase::new().await;
    let store = database.store().await;
    let mut batches = Batches::at(store.head().await.expect("a head"));
    batches.commit(&store, 1).await.expect("a commit");
    database.gate().await;
    (database, store, batches)
}

/// A commit of three events that waits within its transaction, until the client of the gate is dropped.
async fn stopped(
    database: &TestDatabase,
    store: &Arc<dyn Store>,
    mut batches: Batches,
) -> (Client, JoinHandle<(Stored<u64>, Batches)>) {
    let gate = database.close_gate().await;
    let store = Arc::clone(store);
    let commit = tokio::spawn(async move { (batches.commit(&store, 3).await, batches) });
    until_waiting(database, "advisory").await;
    (gate, commit)
}

/// Connections to this database that wait for a lock. The server has databases of other tests, too.
const WAITING: &str = "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted \
    AND a.datname = current_database()";

/// Waits until a connection waits for a lock of this kind.
async fn until_waiting(database: &TestDatabase, kind: &str) {
    database.until(&format!("SELECT count(*) {WAITING} AND l.locktype = '{kind}'")).await;
}

async fn positions(store: &dyn Store) -> Vec<u64> {
    let events = store.events(&[], 0, u64::MAX >> 1, 1_000).await.expect("events");
    events.iter().map(|row| row.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_stopped_before_its_commit_another_is_refused_and_readers_read_on() {
    let (database, store, batches) = gated().await;
    let (gate, stopped) = stopped(&database, &store, batches).await;
    let reader = PostgresStore::open_to_read(&database.url()).await.expect("a reader");
    for _ in 0..20 {
        assert_eq!(reader.head().await.expect("a head").position, 1);
        assert_eq!(positions(&reader).await, [1], "a part of a batch is visible");
    }
    let said = PostgresStore::open(&database.url()).await.err().expect("a refusal").message;
    assert!(
        said.contains("another Headway writes this log") && said.contains("headway at the host of the database"),
        "{said}"
    );
    assert!(!stopped.is_finished());
    drop(gate);
    assert_eq!(stopped.await.expect("no panic").0.expect("a commit"), 4);
    assert_eq!(positions(&reader).await, [1, 2, 3, 4]);
    // Once the writer is gone, another one goes on behind it.
    drop(store);
    let next = database.store().await;
    let mut batches = Batches::at(next.head().await.expect("a head"));
    assert_eq!(batches.commit(&next, 2).await.expect("a commit"), 6);
    assert_eq!(positions(&reader).await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_connection_ends_before_its_commit_has_written_nothing_and_writes_nothing_more() {
    let (database, store, batches) = gated().await;
    let (gate, stopped) = stopped(&database, &store, batches).await;
    database.sql(&format!("SELECT pg_terminate_backend(pid) {WAITING}")).await;
    let said = stopped.await.expect("no panic").0.expect_err("a broken connection").message;
    assert!(said.contains("PostgreSQL"), "{said}");
    drop(gate);
    let next = database.store().await;
    let mut batches = Batches::at(next.head().await.expect("a head"));
    assert_eq!(batches.commit(&next, 2).await.expect("a commit"), 3, "positions without a gap");
    let late = Batches::at(store.head().await.expect("reading goes on")).jobs(1);
    let said = store.commit(late).await.expect_err("an earlier commit failed").message;
    assert!(said.contains("earlier write failed"), "{said}");
    assert!(store.renew("here", 1).await.is_err());
    assert_eq!(positions(&*store).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_lost_its_place_without_noticing_is_refused() {
    let (database, store, batches) = gated().await;
    let (gate, stopped) = stopped(&database, &store, batches).await;
    // As another writer does when the lock has been lost: it waits for the row of the head.
    let other = database.client().await;
    let takes = tokio::spawn(async move { other.batch_execute("UPDATE headway.log SET writer = writer + 1").await });
    until_waiting(&database, "transactionid").await;
    drop(gate);
    let (done, mut batches) = stopped.await.expect("no panic");
    assert_eq!(done.expect("it came first"), 4);
    takes.await.expect("no panic").expect("it comes next");
    let said = batches.commit(&store, 1).await.expect_err("a refusal").message;
    assert!(said.contains("another Headway has taken over"), "{said}");
    assert_eq!(positions(&*store).await, [1, 2, 3, 4]);
    assert!(store.clear_rows().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_comes_back_after_another_has_written_is_told_so_and_changes_nothing() {
    let (database, store, mut batches) = gated().await;
    // As after another writer's commit, while this one was cut off: the same positions are taken by other events.
    database
        .sql(
            "BEGIN; UPDATE headway.log SET writer = writer + 1, head = 3;
            INSERT INTO headway.events SELECT position, 9, position, 'theirs', NULL, decode(repeat('00', 16), 'hex')
                FROM generate_series(2, 3) AS position; COMMIT",
        )
        .await;
    let said = batches.commit(&store, 2).await.expect_err("a refusal").message;
    assert!(said.contains("another Headway has taken over"), "{said}");
    let theirs = database.told("SELECT count(*) FROM headway.events WHERE payload = 'theirs'").await;
    assert_eq!((theirs.as_str(), positions(&*store).await), ("2", vec![1, 2, 3]));
    assert_eq!(database.told("SELECT count(*) FROM headway.jobs").await, "1", "a row of a batch that was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_head_was_moved_by_others_is_not_written() {
    let (database, store, mut batches) = gated().await;
    database.sql("UPDATE headway.log SET head = head + 1").await;
    let said = batches.commit(&store, 1).await.expect_err("a refusal").message;
    assert!(said.contains("the head of the log is 2, and this writer left it at 1"), "{said}");
    assert_eq!(positions(&*store).await, [1]);

    let (database, store, mut batches) = gated().await;
    database.sql("UPDATE headway.log SET digest = decode(repeat('00', 16), 'hex')").await;
    let said = batches.commit(&store, 1).await.expect_err("a refusal").message;
    assert!(said.contains("the event at the head of the log, 1, is not the one"), "{said}");
    assert_eq!(positions(&*store).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_only_reads_writes_nothing() {
    let (database, store, _) = gated().await;
    let reader: Arc<dyn Store> = Arc::new(PostgresStore::open_to_read(&database.url()).await.expect("a reader"));
    let mut batches = Batches::at(store.head().await.expect("a head"));
    let said = batches.commit(&reader, 1).await.expect_err("a refusal").message;
    assert!(said.contains("opened for reading"), "{said}");
}

fn name(host: &str) -> WriterName {
    WriterName { host: host.to_owned(), process: 7, folder: format!("the folder of {host}") }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stands_by_takes_over_a_lost_lock_and_the_first_writer_is_fenced() {
    let database = TestDatabase::new().await;
    let url =
        format!("{}{}application_name=first", database.url(), if database.url().contains('?') { "&" } else { "?" });
    let first: Arc<dyn Store> =
        Arc::new(PostgresStore::open_as(&url, &name("one")).await.expect("a log").reconnecting());
    let mut batches = Batches::at(first.head().await.expect("a head"));
    batches.commit(&first, 2).await.expect("a commit");
    assert!(first.is_sure());
    let (told, mut tells) = watch::channel(None);
    let second = {
        let url = database.url();
        tokio::spawn(async move {
            PostgresStore::stand_by(&url, &name("two"), move |state| drop(told.send_replace(Some(state)))).await
        })
    };
    let is_named = |state: &Option<StandbyState>| match state {
        Some(StandbyState::Waits(Some(holder))) => holder.name == name("one") && !holder.has_ended && holder.since > 0,
        _ => false,
    };
    drop(tells.wait_for(is_named).await.expect("it tells who writes"));
    assert!(!second.is_finished());
    // The first writer loses its lock, and each connection with which it would come back.
    const LOSE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'first' \
        AND datname = current_database()";
    while tells.borrow_and_update().as_ref() != Some(&StandbyState::TakesOver) {
        database.sql(LOSE).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    batches.commit(&first, 1).await.expect_err("it is fenced");
    let second: Arc<dyn Store> = Arc::new(second.await.expect("no panic").expect("a log"));
    assert!(!first.is_sure(), "it would act beside the second one");
    let mut batches = Batches::at(second.head().await.expect("a head"));
    assert_eq!(batches.commit(&second, 2).await.expect("a commit"), 4);
    let late = Batches::at(second.head().await.expect("a head")).jobs(1);
    first.commit(late).await.expect_err("it stays fenced");
    assert!(first.renew("one", 1).await.is_err());
    assert_eq!(positions(&*second).await, [1, 2, 3, 4]);
    assert_eq!(database.told("SELECT host FROM headway.holder").await, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ended_in_order_is_not_waited_for() {
    let database = TestDatabase::new().await;
    let first = PostgresStore::open_as(&database.url(), &name("one")).await.expect("a log");
    first.leave().await.expect("an end");
    let waits = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&waits);
    let tell = move |state: StandbyState| {
        told.fetch_or(state == StandbyState::TakesOver, Ordering::Relaxed);
    };
    PostgresStore::stand_by(&database.url(), &name("two"), tell).await.expect("a log");
    assert!(!waits.load(Ordering::Relaxed), "nothing of it can act");
}
