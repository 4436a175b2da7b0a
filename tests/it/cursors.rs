//! Outdated cursors: a log that was pruned, was restored from a backup or is very long, and a clock that was set
//! back.

use std::path::Path;

use headway_model::testing::created_with;
use headway_model::{Cursor, Digest, JobEvent, JobId, JobStatus};
use headway_store::{Append, SqliteStore, Store, Writer};
use serde_json::json;

use crate::command::Served;
use crate::helper::{App, Event, Files, Stream, follow_at, follow_to_end, kinds, mint, payloads, request};

/// The messages up to the head of the log at the time when the reader connected.
async fn opened(app: &App, query: &str) -> Vec<Event> {
    Stream::open(app, query).await.until("caught_up").await
}

/// A reader comes back with a cursor whose events are no longer kept: it gets a reset, and the job's present state.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_whose_event_was_pruned_is_answered_by_a_snapshot() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    let truth = app.end(job).await;
    let end: Cursor = app.server.job(job).await.expect("a job").cursor;
    app.stop().await;
    // The cursor of an early event, with that event's check value.
    let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("the log");
    let digest = store.digest_at(2).await.expect("a read").expect("an event");
    let early = Cursor { position: 2, check: digest.check() };
    drop(store);
    let app = App::start(&files).await;
    let kept = opened(&app, &format!("held={job}&after={early}")).await;
    assert_eq!(kinds(&kept)[..2], ["hello", "events"], "while it is kept, the log goes on from there");
    app.stop().await;

    files.sql("DELETE FROM events WHERE position <= 4").await;
    let app = App::start(&files).await;
    let told = opened(&app, &format!("held={job}&after={early}")).await;
    assert_eq!(kinds(&told), ["hello", "reset", "snapshot", "caught_up"]);
    assert_eq!(told[1].json, json!({ "kind": "reset", "reason": "pruned", "jobs": [job] }));
    assert_eq!(told[2].json["seq"].as_u64(), Some(truth.seq));
    let still = opened(&app, &format!("held={job}&after={end}")).await;
    assert!(!kinds(&still).contains(&"reset"), "a cursor whose event is kept is good: {still:?}");
    app.stop().await;
}

/// The data folder is restored to an earlier state, and the log continues from there. A client that saw the lost part
/// gets a reset, both while the log is shorter than its cursor and when other events have taken the lost positions.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_put_back_from_a_backup_is_noticed_by_everyone_who_saw_more() {
    let files = Files::numbered(5);
    let app = App::start(&files).await;
    let first = app.begin("checksum").await;
    app.end(first).await;
    app.stop().await;
    let backup = files.data().with_file_name("backup");
    std::fs::create_dir(&backup).expect("a folder");
    files.sql(&format!("VACUUM INTO '{}'", backup.join("log.sqlite").display())).await;

    let app = App::start(&files).await;
    let lost = app.begin("checksum").await;
    app.end(lost).await;
    let cursor: Cursor = app.server.job(lost).await.expect("a job").cursor;
    app.stop().await;

    let app = App::start_with(&files, |config| config.data = backup, Vec::new()).await;
    let query = format!("held={first}&held={lost}&watch=jobs&after={cursor}");
    let told = opened(&app, &query).await;
    assert_eq!(kinds(&told), ["hello", "absent", "reset", "snapshot", "caught_up"]);
    assert_eq!(
        (&told[1].json["job"], &told[2].json["reason"]),
        (&json!(lost), &json!("future")),
        "the lost job is named"
    );
    // Other events have the positions of the lost ones, so the number alone does not tell.
    let other = app.begin("checksum").await;
    let truth = app.end(other).await;
    let told = opened(&app, &query).await;
    assert_eq!(told[2].json["reason"], "diverged");
    // The real receiver starts again and is right.
    let (follow, _) = follow_to_end(&app, other, |_| usize::MAX).await;
    assert_eq!(follow.job(&other).and_then(|tracked| tracked.fold()).map(|fold| fold.digest), Some(truth.digest));
    app.stop().await;
}

/// The machine's clock is set back by an hour during a job of the real program; all but five items wait for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_in_mid_job_loses_and_repeats_nothing() {
    let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        .map(|folder| format!("{folder}/faketime/libfaketime.so.1"));
    let library = library.iter().find(|path| Path::new(path).exists()).expect("Debian's package faketime");
    let files = Files::numbered(60);
    let clock = files.data().with_file_name("clock");
    // In one step, because a process that reads a half-written offset ends.
    let set = |offset: &str| {
        let new = clock.with_extension("new");
        std::fs::write(&new, offset).and_then(|()| std::fs::rename(&new, &clock)).expect("a clock");
    };
    set("+0");
    let wrap = [
        "env".to_owned(),
        format!("LD_PRELOAD={library}"),
        format!("FAKETIME_TIMESTAMP_FILE={}", clock.display()),
        "FAKETIME_NO_CACHE=1".to_owned(),
        "DONT_FAKE_MONOTONIC=1".to_owned(),
        "NO_FAKE_STAT=1".to_owned(),
    ];
    let wrap: Vec<_> = wrap.iter().map(String::as_str).collect();
    let served = Served::start_in(&files, &wrap).expect("a ready server");
    let gate = files.data().with_file_name("gate");
    let job = served.begin("gated", json!({ "settings": { "gate": gate } })).await;
    let (client, url) = (&served.client, &served.headway.url);
    let reader = {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            follow_at(&client, &url, job, |connection| if connection < 4 { 8 } else { usize::MAX }).await
        })
    };
    served.until(job, |summary| summary.counters.succeeded == 5).await;
    set("-3600");
    std::fs::write(&gate, "").expect("a gate");
    // The clock is set back repeatedly, so that this happens during each kind of wait.
    for hours in 2..20 {
        set(&format!("-{}", hours * 3_600));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let truth = served.end(job).await;
    assert_eq!((truth.status, truth.counters.succeeded), (JobStatus::Completed, 60));

    let (follow, _) = reader.await.expect("a reader");
    let fold = follow.job(&job).and_then(|tracked| tracked.fold()).expect("a fold");
    assert_eq!(fold.digest, truth.digest);
    let mut stream = Stream::open_at(client, url, &format!("job={job}&after=0.0&replay=all"), None).await;
    let events = stream.until("closed").await;
    let times: Vec<_> = payloads(&events, job).iter().filter_map(|event| event["at"].as_i64()).collect();
    assert!(times.windows(2).any(|pair| pair[1] < pair[0] - 3_000_000), "the clock was not set back: {times:?}");
}

/// A log with this many jobs that are over, made by the real writer.
async fn history(files: &Files, jobs: usize) -> Vec<JobId> {
    std::fs::create_dir_all(files.data()).expect("a folder");
    let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("a log");
    let mut writer = Writer::new(store.head().await.expect("a head"), Vec::new());
    let body = serde_json::to_string(&request("checksum")).expect("JSON");
    let ids: Vec<_> = (0..jobs).map(|_| mint()).collect();
    for some in ids.chunks(500) {
        for job in some {
            let created = created_with(*job, "checksum", Digest::of(body.as_bytes()));
            for (event, detail) in
                [(created, Some(body.clone())), (JobEvent::CancelRequested {}, None), (JobEvent::Cancelled {}, None)]
            {
                writer.append(Append { ticket: 0, job: *job, event, detail, at: 1_764_000_000_000, over: None });
            }
        }
        store.commit(writer.batch().expect("events")).await.expect("a commit");
        writer.committed(true);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_past_jobs_cost_a_watcher_nothing_and_are_sent_in_full_to_one_that_missed_them() {
    const JOBS: usize = 10_100;
    let files = Files::numbered(3);
    let past = history(&files, JOBS).await;
    let app = App::start(&files).await;
    // A reader without a cursor receives what happens from now on; the history is in the list, page by page.
    let told = opened(&app, "watch=jobs").await;
    assert_eq!(kinds(&told), ["hello", "caught_up"]);
    let (_, page) = app.get("/api/jobs?limit=50").await;
    assert_eq!(page["jobs"].as_array().map(Vec::len), Some(50));

    let mut watcher = Stream::open(&app, "watch=jobs").await;
    watcher.until("caught_up").await;
    let job = app.begin("checksum").await;
    let truth = app.end(job).await;
    assert_eq!(truth.status, JobStatus::Completed);
    loop {
        let event = watcher.next().await.expect("the stream goes on");
        let summaries = event.json["summaries"].as_array().cloned().unwrap_or_default();
        assert!(summaries.iter().all(|summary| summary["job"] == json!(job)), "a job of the past is no news");
        if summaries.iter().any(|summary| summary["status"] == "completed") {
            break;
        }
    }
    // A reader that was away for all of it gets each job's end once.
    let told = opened(&app, "watch=jobs&after=0.0").await;
    let mut heard: Vec<_> = told
        .iter()
        .flat_map(|message| message.json["summaries"].as_array().cloned().unwrap_or_default())
        .map(|summary| summary["job"].as_str().unwrap_or_default().to_owned())
        .collect();
    heard.sort();
    let mut all: Vec<_> = past.iter().chain([&job]).map(JobId::to_string).collect();
    all.sort();
    assert!(told.iter().all(|message| message.text.len() < 9_000), "each small enough for a bad line");
    assert_eq!(heard.len(), all.len());
    assert_eq!(heard, all);
    app.stop().await;
}
