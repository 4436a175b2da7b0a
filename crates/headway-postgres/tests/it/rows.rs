//! What rows hold, and what happens when one cannot be read.

use std::sync::Arc;

use headway_model::{Digest, DiskEffect, FailReason, JobEvent, PlannedFile};
use headway_postgres::PostgresStore;
use headway_store::testing::{Recorder, created, new_job};
use headway_store::{Append, JobFilter, SetAside, Store, Writer};

use crate::server::TestDatabase;

async fn store() -> (TestDatabase, Arc<dyn Store>) {
    let database = TestDatabase::new().await;
    let store = PostgresStore::open(&database.url()).await.expect("a new log").mending();
    (database, Arc::new(store))
}

/// The events of a job with one file, which fails with this message.
fn failing(job: headway_model::JobId, path: &str, message: &str) -> Vec<(JobEvent, Option<String>)> {
    let path = path.parse().expect("a path");
    let file = PlannedFile { path, size: 7, mtime_ns: 1, rerun: None, becomes: None };
    let detail = serde_json::to_string(&[file]).expect("JSON");
    let planned = JobEvent::Planned { first: 0, count: 1, skips: Vec::new(), detail: Digest::of(detail.as_bytes()) };
    let (item, attempt, message) = (0, 1, message.to_owned());
    vec![
        created(job),
        (planned, Some(detail)),
        (JobEvent::PlanEnded { total: 1, reruns: Default::default() }, None),
        (JobEvent::Began {}, None),
        (JobEvent::Started { item, attempt }, None),
        (JobEvent::Failed { item, attempt, reason: FailReason::Read, message, detail: None }, None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_zero_byte_is_stored_as_it_is() {
    let (_database, store) = store().await;
    let job = new_job();
    let message = "a \0 byte, a \\ and a \u{1f4a9}";
    Recorder::new(Arc::clone(&store)).record(job, failing(job, "f", message)).await;
    let items = store.items(1, 0, 10, None).await.expect("items");
    assert_eq!(items[0].state.message.as_deref(), Some(message));
    let why = "at \0".to_owned();
    store.set_aside(&SetAside { job_no: 1, job: Some(job), why }).await.expect("a job that is set aside");
    assert_eq!(store.aside().await.expect("jobs")[0].why, "at \0");
    assert!(store.job(job).await.expect_err("a refusal").is_set_aside());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_compared_by_their_bytes() {
    let (_database, store) = store().await;
    let mut recorder = Recorder::new(Arc::clone(&store));
    // Each of these pairs is equal in some collation of a language.
    let names = ["e\u{301}", "\u{e9}", "strasse", "stra\u{df}e", "A", "a", "a%FF", "a%FE"];
    for name in names {
        let job = new_job();
        recorder.record(job, failing(job, name, "no")).await;
    }
    for (number, name) in (1..).zip(names) {
        let found = store.outcomes("files", &[name.parse().expect("a path")], u64::MAX, &[]).await.expect("outcomes");
        assert_eq!(found.iter().map(|row| row.job_no).collect::<Vec<_>>(), [number], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_the_log_are_counted_as_events_come_and_go() {
    let (database, store) = store().await;
    let job = new_job();
    Recorder::new(Arc::clone(&store)).record(job, failing(job, "f", "\u{e9}")).await;
    let real = "SELECT sum(octet_length(payload) + coalesce(octet_length(detail), 0) + 96) FROM headway.events";
    let counted = async || store.bytes().await.expect("bytes").to_string();
    assert_eq!(counted().await, database.told(real).await);
    while store.trim(1, 6, 2).await.expect("a removal") {}
    assert_eq!(counted().await, database.told(real).await);
    assert_eq!(database.told("SELECT count(*) FROM headway.events").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_made_again_and_a_job_without_readable_events_is_set_aside() {
    let (database, store) = store().await;
    let (job, other) = (new_job(), new_job());
    let mut recorder = Recorder::new(Arc::clone(&store));
    recorder.record(job, failing(job, "f", "no")).await;
    recorder.record(other, failing(other, "g", "no")).await;
    let row = store.job(job).await.expect("a read");
    for damage in [
        "UPDATE headway.jobs SET pruned = TRUE WHERE job_no = 1",
        "UPDATE headway.jobs SET parent = id WHERE job_no = 1",
        "UPDATE headway.jobs SET summary = '{' WHERE job_no = 1",
        "UPDATE headway.jobs SET status = 'paused' WHERE job_no = 1",
        "UPDATE headway.jobs SET work = '\\x00' WHERE job_no = 1",
        "UPDATE headway.jobs SET id = 'nobody' WHERE job_no = 1",
    ] {
        database.sql(damage).await;
        assert_eq!(store.jobs(JobFilter::Live, 10).await.expect("jobs").len(), 2, "{damage}");
        assert_eq!(store.job(job).await.expect("a read"), row, "{damage}");
    }
    database.sql("UPDATE headway.items SET path = '../x' WHERE job_no = 1").await;
    assert_eq!(store.items(1, 0, 10, None).await.expect("items")[0].file.path.as_str(), "f");
    database.sql("UPDATE headway.items SET code = 255 WHERE job_no = 1").await;
    assert_eq!(store.folds(&[job, other]).await.expect("folds").1.len(), 2);

    // A store that fails meanwhile sets nothing aside.
    database.sql("UPDATE headway.jobs SET summary = '{' WHERE job_no = 1").await;
    database.sql("ALTER TABLE headway.items ADD CONSTRAINT room CHECK (path <> 'f') NOT VALID").await;
    let error = store.job(job).await.expect_err("the row cannot be made again now");
    assert!(error.message.contains("room"), "{error}");
    assert_eq!(store.aside().await.expect("jobs"), []);
    database.sql("ALTER TABLE headway.items DROP CONSTRAINT room").await;
    assert_eq!(store.job(job).await.expect("a read"), row);

    // Of two jobs with a broken event, one holds what is no text.
    for (number, id, broken) in [(1, job, "'{'"), (2, other, "'\\xff'")] {
        database
            .sql(&format!("UPDATE headway.events SET payload = {broken} WHERE job_no = {number} AND seq = 2"))
            .await;
        database.sql(&format!("UPDATE headway.jobs SET summary = '{{' WHERE job_no = {number}")).await;
        assert!(store.job(id).await.expect_err("a refusal").is_set_aside());
        assert_eq!(store.aside().await.expect("jobs").last().expect("a job").job, Some(id));
        assert_eq!(store.jobs(JobFilter::Live, 10).await.expect("jobs").len(), 2 - number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_cannot_be_read_is_lost_and_costs_no_job_its_rows() {
    let (database, store) = store().await;
    let job = new_job();
    let mut events = failing(job, "f", "no");
    events.pop();
    Recorder::new(Arc::clone(&store)).record(job, events).await;
    assert_eq!(store.leases().await.expect("leases").len(), 1);
    database.sql("UPDATE headway.leases SET attempt = -1").await;
    assert_eq!(store.leases().await.expect("leases"), []);
    assert_eq!(store.aside().await.expect("jobs"), []);
    assert_eq!(store.items(1, 0, 10, None).await.expect("items").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_and_details_come_back_as_the_bytes_that_were_written() {
    let (database, store) = store().await;
    let job = new_job();
    let (event, detail) = created(job);
    let head = store.head().await.expect("a head");
    let mut writer = Writer::new(head, Vec::new());
    writer.append(Append { ticket: 0, job, event, detail, at: 1_764_000_000_000, over: None });
    let mut batch = writer.batch().expect("something to write");
    // No JSON of ours has all of these, and none of it is to be understood here.
    let odd = "{\"a\" : 1.0, \"a\":1e0}\u{0}\r\n \\u0000 e\u{301}\u{feff}\u{fffd}\u{1f4a9}";
    (batch.events[0].payload, batch.events[0].detail) = (odd.to_owned(), Some(format!("{odd}{odd}")));
    let written = batch.events.clone();
    store.commit(batch).await.expect("a commit");
    assert_eq!(store.events(&[], 0, 9, 9).await.expect("events"), written);
    assert_eq!(store.history(1, 0, 9).await.expect("events"), written);
    assert_eq!(store.request(1).await.expect("a request"), written[0].detail);
    let bytes = database.told("SELECT encode(payload, 'hex') FROM headway.events").await;
    let hex: String = odd.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(bytes, hex);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_with_a_name_that_no_file_can_have_is_recorded() {
    let (_database, store) = store().await;
    let job = new_job();
    let result = r#"{"moved":"a\u0000b"}"#.to_owned();
    let mut events = failing(job, "f", "no");
    events.pop();
    let (effect, detail) = (DiskEffect::Changed, Some(Digest::of(result.as_bytes())));
    events.push((JobEvent::Succeeded { item: 0, attempt: 1, effect, detail }, Some(result.clone())));
    Recorder::new(Arc::clone(&store)).record(job, events).await;
    let items = store.items(1, 0, 10, None).await.expect("items");
    assert_eq!(items[0].state.result.as_deref(), Some(result.as_str()));
}
