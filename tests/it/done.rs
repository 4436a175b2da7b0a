//! Files that are done are not processed again, unless the file, its output or the settings changed.

use std::sync::Arc;

use headway_model::{JobStatus, JobSummary, Reruns};
use serde_json::{Value, json};

use crate::helper::{App, Behaviour, Capitals, Files, eventually, mint, request};

async fn start(files: &Files) -> App {
    App::start_with(files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await
}

/// A request that writes capitals there, with this rule for files that are done.
async fn run(app: &App, output: Value, on_done: Option<&str>) -> JobSummary {
    let mut body = request("capitals");
    body["output"] = output;
    on_done.into_iter().for_each(|word| body["policy"] = json!({ "on_done": word }));
    app.run(&body).await
}

fn replace() -> Value {
    json!({ "place": "replace" })
}

fn beside(name: &str) -> Value {
    json!({ "place": { "beside": { "name": name } } })
}

const DONE: &str = "already done";

#[tokio::test(flavor = "multi_thread")]
async fn replaced_files_are_done_until_they_change_or_are_put_back() {
    let files = Files::numbered(5);
    files.write("SAME", b"CAPITALS");
    let app = start(&files).await;
    let first = run(&app, replace(), None).await;
    assert_eq!(first.counters.succeeded, 6);

    let again = run(&app, replace(), None).await;
    assert_eq!((again.status, again.counters.skipped, again.reruns), (JobStatus::Completed, 6, Reruns::default()));
    assert!(app.reasons(again.job, "skipped").await.iter().all(|(_, why)| why == DONE));

    files.write("000002", b"mine now");
    let changed = run(&app, replace(), None).await;
    assert_eq!((changed.counters.succeeded, changed.counters.skipped), (1, 5));
    assert_eq!(changed.reruns, Reruns { changed: 1, settings: 0 });

    let undone = mint();
    assert_eq!(app.post(&format!("/api/jobs/{}/undo/{undone}", first.job)).await.0, 201);
    let undone = app.end(undone).await;
    assert_eq!((undone.counters.succeeded, undone.counters.skipped), (4, 1));
    let after = run(&app, replace(), None).await;
    assert_eq!((after.counters.succeeded, after.counters.skipped), (4, 2), "what was put back is not done");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_beside_are_done_until_they_are_gone_and_other_settings_are_other_work() {
    let files = Files::numbered(4);
    let app = start(&files).await;
    let only = |output| {
        let mut body = request("capitals");
        body["output"] = output;
        body["query"] = json!({ "paths": ["000000", "000001", "000002", "000003"] });
        body
    };
    assert_eq!(app.run(&only(beside("{/}.up"))).await.counters.succeeded, 4);
    assert_eq!(app.run(&only(beside("{/}.up"))).await.counters.skipped, 4);
    std::fs::remove_file(files.library().join("000001.up")).expect("an output");
    let gone = app.run(&only(beside("{/}.up"))).await;
    assert_eq!((gone.counters.succeeded, gone.reruns), (1, Reruns { changed: 1, settings: 0 }));

    // If the plan is requested first, it says how many files would run again, and why.
    let mut body = only(beside("{/}.capitals"));
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    let planned = app.until(job, |summary| summary.status == JobStatus::Planned).await;
    assert_eq!(planned.reruns, Reruns { changed: 0, settings: 4 });
    let (_, page) = app.get(&format!("/api/jobs/{job}/items")).await;
    assert_eq!(page["items"][3]["rerun"], json!("settings"));
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    assert_eq!(app.end(job).await.counters.succeeded, 4);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_output_an_undo_took_away_is_as_if_it_was_never_done() {
    let files = Files::numbered(3);
    let app = start(&files).await;
    let mut body = request("capitals");
    body["output"] = beside("{/}.up");
    body["query"] = json!({ "paths": ["000000", "000001", "000002"] });
    let first = app.run(&body).await;
    assert_eq!(first.counters.succeeded, 3);
    let undone = mint();
    assert_eq!(app.post(&format!("/api/jobs/{}/undo/{undone}", first.job)).await.0, 201);
    assert_eq!(app.end(undone).await.counters.succeeded, 3);

    let list = eventually("the outcomes", async || {
        let (_, list) = app.get("/api/libraries/files/files?show=unprocessed").await;
        (list["total"] == 3).then_some(list)
    })
    .await;
    let outcome = &list["entries"][0]["outcome"];
    assert_eq!((&outcome["status"], &outcome["job"]), (&json!("undone"), &json!(undone)));

    body["query"] = json!({ "folder": { "show": "unprocessed" } });
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    let planned = app.until(job, |summary| summary.status == JobStatus::Planned).await;
    assert_eq!((planned.counters.waiting, planned.reruns), (3, Reruns::default()), "nothing has changed since");
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    assert_eq!(app.end(job).await.counters.succeeded, 3);
    body["approval"] = json!(false);
    body["query"] = json!({ "paths": ["000000", "000001", "000002"] });
    assert_eq!(app.run(&body).await.counters.skipped, 3, "now they are done");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_file_is_recognised_by_its_content_when_requested() {
    let files = Files::numbered(3);
    let app = start(&files).await;
    assert_eq!(
        run(&app, json!({ "place": { "folder": { "path": "out" } } }), Some("skip_moved")).await.counters.succeeded,
        3
    );
    let moved = |from: &str, to: &str| {
        std::fs::rename(files.library().join(from), files.library().join(to)).expect("a file");
    };
    moved("000001", "moved");
    let mut body = request("capitals");
    body["output"] = json!({ "place": { "folder": { "path": "out" } } });
    body["query"] = json!({ "paths": ["000000", "000002", "moved"] });
    body["policy"] = json!({ "on_done": "skip_moved" });
    let end = app.run(&body).await;
    let skipped = app.reasons(end.job, "skipped").await;
    assert_eq!(skipped.last(), Some(&("moved".into(), "already done, under another name".into())));
    assert_eq!(end.counters.skipped, 3);
    body["policy"] = json!({ "on_done": "skip" });
    assert_eq!(app.run(&body).await.counters.succeeded, 1, "by its path alone it is a new file");
    body["policy"] = json!({ "on_done": "again" });
    std::fs::remove_dir_all(files.library().join("out")).expect("the outputs");
    assert_eq!(app.run(&body).await.counters.succeeded, 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_file_that_was_moved_is_recognised_though_its_original_was_never_hashed() {
    let files = Files::numbered(2);
    let app = start(&files).await;
    assert_eq!(run(&app, replace(), None).await.counters.succeeded, 2);
    std::fs::rename(files.library().join("000001"), files.library().join("elsewhere")).expect("a file");
    let end = run(&app, replace(), Some("skip_moved")).await;
    assert_eq!((end.counters.total, end.counters.skipped), (2, 2));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_known_after_the_rows_were_rebuilt() {
    let files = Files::numbered(3);
    let app = start(&files).await;
    assert_eq!(run(&app, replace(), None).await.counters.succeeded, 3);
    app.stop().await;
    let store = headway_store::SqliteStore::open(&files.data().join("log.sqlite")).await.expect("a log");
    headway_store::rebuild(&store, |_| {}).await.expect("rows");
    drop(store);
    let app = start(&files).await;
    assert_eq!(run(&app, replace(), None).await.counters.skipped, 3);
    app.stop().await;
}
