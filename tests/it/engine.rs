//! Jobs on real files: limits, cancel, panics, restarts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use headway_model::{EndReason, JobStatus};
use serde_json::json;

use crate::helper::{App, Behaviour, Files, TestRecipe, eventually, mint, request};

async fn with_recipe(files: &Files, jobs: usize, behaviour: Behaviour, repeatable: bool) -> (App, Arc<TestRecipe>) {
    let recipe = Arc::new(TestRecipe::new(behaviour, repeatable));
    let change = |config: &mut headway_server::config::Config| {
        config.jobs = jobs;
        config.workers = 3;
    };
    (App::start_with(files, change, vec![recipe.clone()]).await, recipe)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_one_item_is_that_items_failure() {
    let files = Files::numbered(5);
    files.write("panic", b"x");
    files.write("fail", b"x");
    let (app, _) = with_recipe(&files, 4, Behaviour::Instant, true).await;
    let end = app.end(app.begin("test").await).await;
    assert_eq!(end.status, JobStatus::CompletedWithErrors);
    assert_eq!((end.counters.succeeded, end.counters.failed), (5, 2));
    let (_, items) = app.get(&format!("/api/jobs/{}/items?status=failed", end.job)).await;
    let why: Vec<_> = items["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (item["reason"].clone(), item["message"].clone()))
        .collect();
    assert_eq!(
        why,
        [(json!("failed"), json!("as the test wants")), (json!("the recipe crashed"), json!("as the test wants"))]
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_every_item_fails_has_failed() {
    let files = Files::new();
    files.write("fail-1", b"x");
    files.write("fail-2", b"x");
    let (app, _) = with_recipe(&files, 4, Behaviour::Instant, false).await;
    let end = app.end(app.begin("test").await).await;
    assert_eq!(end.status, JobStatus::Failed { reason: EndReason::AllFailed });
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_fails_the_plan_and_says_so() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let id = mint();
    let body = json!({ "library": "files", "recipe": "checksum", "query": { "folder": { "path": "missing" } } });
    // The start call does not refuse what only the plan can find out.
    assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
    let end = app.end(id).await;
    assert_eq!(end.status, JobStatus::Failed { reason: EndReason::Plan });
    assert!(end.message.as_ref().is_some_and(|text| text.contains("\"missing\"")), "{end:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_jobs_process_at_once_than_allowed_and_items_share_the_workers() {
    let files = Files::numbered(6);
    let (app, recipe) = with_recipe(&files, 2, Behaviour::Held, true).await;
    // One after the other: the job whose plan ends first is the first in the queue.
    let mut jobs = Vec::new();
    for status in [JobStatus::Processing, JobStatus::Processing, JobStatus::Queued] {
        let job = app.begin("test").await;
        app.until(job, |summary| summary.status == status).await;
        jobs.push(job);
    }
    eventually("three items at work", async || (recipe.begun.load(Ordering::SeqCst) == 3).then_some(())).await;
    assert_eq!(recipe.begun.load(Ordering::SeqCst), 3);
    recipe.release();
    for job in jobs {
        assert_eq!(app.end(job).await.counters.succeeded, 6);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_stops_for_good_and_is_never_overwritten() {
    for repeatable in [true, false] {
        let files = Files::numbered(50);
        let (app, recipe) = with_recipe(&files, 1, Behaviour::Held, repeatable).await;
        let running = app.begin("test").await;
        app.until(running, |summary| summary.counters.running == 3).await;
        let queued = app.begin("test").await;
        app.until(queued, |summary| summary.status == JobStatus::Queued).await;
        for job in [running, queued] {
            assert_eq!(app.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
        }
        let end = app.end(running).await;
        assert_eq!(end.status, JobStatus::Cancelled);
        assert_eq!((end.counters.total, end.counters.cancelled), (50, 50));
        let begun = recipe.begun.load(Ordering::SeqCst);
        assert!(begun <= 6, "{begun} items began");
        assert_eq!(app.end(queued).await.counters.cancelled, 50);
        // A second cancel and late results change nothing.
        recipe.release();
        let (status, body) = app.post(&format!("/api/jobs/{running}/cancel")).await;
        assert_eq!((status, body["status"].as_str()), (200, Some("cancelled")));
        assert_eq!(body["seq"], json!(end.seq));
        assert_eq!(recipe.begun.load(Ordering::SeqCst), begun);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_takes_running_items_back_and_a_new_one_goes_on() {
    let files = Files::numbered(20);
    let (app, recipe) = with_recipe(&files, 1, Behaviour::Held, false).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 3).await;
    let waiting = app.begin("test").await;
    app.stop().await;
    drop(recipe);

    let (app, recipe) = with_recipe(&files, 1, Behaviour::Instant, false).await;
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 20));
    assert_eq!(app.end(waiting).await.counters.succeeded, 20);
    assert_eq!(recipe.begun.load(Ordering::SeqCst), 40);
    let (_, items) = app.get(&format!("/api/jobs/{job}/items")).await;
    let again = items["items"].as_array().expect("items").iter().filter(|item| item["attempt"] == json!(2)).count();
    assert_eq!(again, 3, "only what was running ran twice");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vanished_changed_and_unreadable_files_are_reported_separately() {
    let files = Files::numbered(4);
    std::os::unix::fs::symlink("000000", files.library().join("link")).expect("a link");
    rustix::fs::mknodat(rustix::fs::CWD, files.library().join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("a pipe");
    let app =
        App::start_with(&files, |config| config.jobs = 1, vec![Arc::new(TestRecipe::new(Behaviour::Held, true))]).await;
    // The plan is made while another job has the only place; then the files change.
    let first = app.begin("test").await;
    app.until(first, |summary| summary.status == JobStatus::Processing).await;
    let job = app.begin("checksum").await;
    app.until(job, |summary| summary.status == JobStatus::Queued).await;
    std::fs::remove_file(files.library().join("000000")).expect("a file");
    files.write("000001", b"longer than it was before");
    app.post(&format!("/api/jobs/{first}/cancel")).await;
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded, end.counters.skipped), (JobStatus::CompletedWithErrors, 2, 4));
    assert_eq!(end.counters.missed, 2, "what is gone or has changed was asked for, a link and a pipe were not");
    let (_, items) = app.get(&format!("/api/jobs/{job}/items?status=skipped")).await;
    let why: Vec<_> = items["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (item["path"].clone(), item["reason"].clone()))
        .collect();
    let expected = [
        ("000000", "no longer there"),
        ("000001", "changed since it was planned"),
        ("link", "a symbolic link"),
        ("pipe", "not a regular file"),
    ];
    assert_eq!(why, expected.map(|(path, reason)| (json!(path), json!(reason))));
    // The two numbers of the skipped each have a list, and each item says which of them counts it.
    let missed = ("missed", Some(json!(true)), ["000000", "000001"]);
    for (status, missed, paths) in [missed, ("left_out", None, ["link", "pipe"])] {
        let (_, items) = app.get(&format!("/api/jobs/{job}/items?status={status}&limit=2")).await;
        let listed = items["items"].as_array().expect("items").iter();
        let listed: Vec<_> = listed.map(|item| (item["path"].clone(), item.get("missed").cloned())).collect();
        assert_eq!(listed, paths.map(|path| (json!(path), missed.clone())));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_choose_files_and_a_job_whose_pattern_matches_none_fails() {
    let files = Files::new();
    for path in ["a.jpg", "b.txt", "deep/c.jpg", "deep/no/d.jpg"] {
        files.write(path, b"x");
    }
    let app = App::start(&files).await;
    for (include, exclude, expected) in [
        (json!(["*.jpg"]), json!(["deep/no/*"]), 2),
        (json!([]), json!(["*.jpg"]), 1),
        (json!(["*.png"]), json!([]), 0),
        (json!([]), json!(["*"]), 0),
        (json!([]), json!(["deep/", "*.jpg", "*.txt"]), 0),
    ] {
        let id = mint();
        let mut body = request("checksum");
        body["query"] = json!({ "folder": { "include": include, "exclude": exclude } });
        assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
        let end = app.end(id).await;
        let status = if expected > 0 { JobStatus::Completed } else { JobStatus::Failed { reason: EndReason::NoMatch } };
        assert_eq!((end.status, end.counters.total), (status, expected));
    }
    // Of the files that no job has processed yet, there are none: that is an answer.
    for (show, status) in
        [("unprocessed", JobStatus::Completed), ("all", JobStatus::Failed { reason: EndReason::NoMatch })]
    {
        let mut body = request("checksum");
        body["query"] = json!({ "folder": { "search": "no such name", "show": show } });
        assert_eq!(app.run(&body).await.status, status, "{show}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_data_folder_is_refused() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let config = headway_server::config::Config::new(files.data(), vec![("files".into(), files.library())]);
    let error = headway_server::Server::start(config).await.map(drop).expect_err("a locked folder");
    assert!(error.to_string().contains("another Headway"), "{error}");
    let inside =
        headway_server::config::Config::new(files.library().join("data"), vec![("files".into(), files.library())]);
    let error = headway_server::Server::start(inside).await.map(drop).expect_err("a folder inside the library");
    assert!(error.to_string().contains("inside the library"), "{error}");
    app.stop().await;
}
