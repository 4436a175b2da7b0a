//! Pause, resume, retry, halt, approval, shortages: on the whole application.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use headway_model::{EndReason, JobStatus, PauseReason};
use headway_recipes::Recipe;
use headway_server::Floor;
use headway_server::config::Config;
use serde_json::json;

use crate::helper::{App, Behaviour, Capitals, Files, Mount, TestRecipe, eventually, mint, request};

async fn with(files: &Files, behaviour: Behaviour) -> (App, Arc<TestRecipe>) {
    let recipe = Arc::new(TestRecipe::new(behaviour, false));
    (App::start_with(files, |config| config.workers = 2, vec![recipe.clone()]).await, recipe)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_ends_what_runs_starts_nothing_and_goes_on_when_resumed() {
    let files = Files::numbered(10);
    let (app, recipe) = with(&files, Behaviour::Held).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    let (status, view) = app.post(&format!("/api/jobs/{job}/pause")).await;
    assert_eq!((status, &view["status"], &view["reason"]), (200, &json!("paused"), &json!("user")));
    // A second call changes nothing.
    let (_, again) = app.post(&format!("/api/jobs/{job}/pause")).await;
    assert_eq!(again["seq"], view["seq"]);
    recipe.release();
    let summary = app.until(job, |summary| summary.counters.succeeded == 2).await;
    assert_eq!((summary.status, summary.counters.running), (JobStatus::Paused { reason: PauseReason::User }, 0));
    assert_eq!(recipe.begun.load(Ordering::SeqCst), 2);
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    assert_eq!(app.end(job).await.counters.succeeded, 10);
    let (status, body) = app.post(&format!("/api/jobs/{job}/resume")).await;
    assert_eq!(status, 409, "{body}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_outlives_the_server() {
    let files = Files::numbered(10);
    let (app, _) = with(&files, Behaviour::Held).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    app.post(&format!("/api/jobs/{job}/pause")).await;
    app.stop().await;
    let (app, recipe) = with(&files, Behaviour::Instant).await;
    let view = app.server.job(job).await.expect("a job");
    assert_eq!(view.summary.status, JobStatus::Paused { reason: PauseReason::User });
    assert_eq!(recipe.begun.load(Ordering::SeqCst), 0);
    app.post(&format!("/api/jobs/{job}/resume")).await;
    assert_eq!(app.end(job).await.counters.succeeded, 10);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_items_are_tried_again_by_policy_by_hand_and_by_a_new_job() {
    let files = Files::numbered(2);
    files.write("flaky", b"x");
    files.write("fail", b"x");
    let (app, recipe) = with(&files, Behaviour::Instant).await;
    let mut body = request("test");
    body["policy"] = json!({ "tries": 2, "backoff_ms": 10 });
    let id = app.begin_with(&body).await;
    let end = app.end(id).await;
    assert_eq!((end.counters.succeeded, end.counters.failed), (3, 1));
    assert_eq!(recipe.begun.load(Ordering::SeqCst), 6);

    // A new job over exactly those items, which names its parent.
    std::fs::rename(files.library().join("fail"), files.library().join("well")).expect("a file");
    let mut body = request("test");
    body["query"] = json!({ "items": { "job": id, "which": "failed" } });
    let again = app.begin_with(&body).await;
    let end = app.end(again).await;
    assert_eq!((end.counters.total, end.counters.skipped), (1, 1), "the file is gone");
    let (_, view) = app.get(&format!("/api/jobs/{again}")).await;
    assert_eq!(view["request"]["parent"], json!(id));
    let (status, body) = app.post(&format!("/api/jobs/{id}/retry")).await;
    assert_eq!(status, 409, "{body}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_item_of_a_job_under_way_runs_again_when_asked() {
    let files = Files::new();
    files.write("flaky", b"x");
    files.write("later", b"x");
    let recipe = Arc::new(TestRecipe::new(Behaviour::Instant, false));
    let app = App::start_with(&files, |config| config.workers = 1, vec![recipe.clone()]).await;
    let mut body = request("test");
    body["concurrency"] = json!(1);
    // The job is paused before anything runs and resumed by hand, so it runs as long as the test needs.
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert_eq!(view["waits"], json!("Ready. Nothing runs until you approve it."));
    assert_eq!(view["asks"], json!(true));
    assert_eq!(recipe.begun.load(Ordering::SeqCst), 0, "nothing runs before it is approved");
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    let end = app.end(job).await;
    assert_eq!((end.counters.succeeded, end.counters.failed), (1, 1));

    let held = Arc::new(TestRecipe::new(Behaviour::Held, false));
    app.stop().await;
    let app = App::start_with(&files, |config| config.workers = 2, vec![held.clone()]).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    let (_, view) = app.post(&format!("/api/jobs/{job}/pause")).await;
    let waits = (json!("Paused by a person. Resume continues it."), json!(true));
    assert_eq!((&view["waits"], &view["asks"]), (&waits.0, &waits.1), "{view}");
    held.release();
    app.until(job, |summary| summary.counters.failed == 1).await;
    let (status, view) = app.post(&format!("/api/jobs/{job}/retry?item=0")).await;
    assert_eq!((status, &view["counters"]["waiting"]), (200, &json!(1)));
    app.post(&format!("/api/jobs/{job}/resume")).await;
    assert_eq!(app.end(job).await.counters.succeeded, 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_given_up_after_too_many_failures() {
    let files = Files::numbered(50);
    (0..3).for_each(|number| files.write(&format!("fail{number}"), b"x"));
    let (app, _) = with(&files, Behaviour::Instant).await;
    let mut body = request("test");
    body["policy"] = json!({ "halt": "soon,fail=2" });
    body["query"] = json!({ "folder": { "include": ["fail*", "*5"] } });
    let id = app.begin_with(&body).await;
    let end = app.end(id).await;
    assert_eq!(end.status, JobStatus::Failed { reason: EndReason::Halt });
    assert!(end.counters.failed >= 2);
    body["policy"] = json!({ "halt": "sometimes" });
    let (status, body) = app.put(&mint().to_string(), &body).await;
    assert_eq!((status, body["message"].as_str().is_some_and(|text| text.contains("soon,fail=10%"))), (422, true));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_gone_pauses_the_job_and_fails_no_item() {
    let files = Files::numbered(20);
    let (app, recipe) = with(&files, Behaviour::Held).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    let away = files.data().with_file_name("away");
    std::fs::rename(files.library(), &away).expect("a folder");
    recipe.release();
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let summary = app.until(job, |summary| summary.status == gone && summary.counters.running == 0).await;
    assert_eq!((summary.counters.failed, summary.counters.skipped), (0, 0));
    std::fs::rename(&away, files.library()).expect("a folder");
    // The job resumes by itself.
    assert_eq!(app.end(job).await.counters.succeeded, 20);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_pauses_jobs_until_there_is_room() {
    let files = Files::numbered(20);
    let small = files.data();
    let Some(_mount) = Mount::tmpfs(&small, "96m") else { return };
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, false));
    let change = |config: &mut Config| {
        config.workers = 2;
        config.floor.disk = 16 * 1024 * 1024;
    };
    let app = App::start_with(&files, change, vec![recipe.clone()]).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    let filler = small.join("filler");
    std::fs::write(&filler, vec![1; 90 * 1024 * 1024]).expect("a large file");
    let full = JobStatus::Paused { reason: PauseReason::DiskFull };
    app.until(job, |summary| summary.status == full).await;
    recipe.release();
    std::fs::remove_file(&filler).expect("a file");
    assert_eq!(app.end(job).await.counters.succeeded, 20);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_fills_while_outputs_are_written_pauses_the_job_and_loses_nothing() {
    let files = Files::new();
    let small = files.elsewhere();
    let Some(_mount) = Mount::tmpfs(&small, "4m") else { return };
    for number in 0..12 {
        std::fs::write(small.join(format!("{number:02}")), vec![b'a'; 200_000]).expect("a file");
    }
    // No free space is required before an item begins: the write itself finds no space.
    let change = |config: &mut Config| {
        (config.libraries[0].1, config.workers) = (small.clone(), 2);
        config.floor = Floor { disk: 0, memory: 0 };
    };
    let app = App::start_with(&files, change, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let filler = small.join(".headway-filler");
    std::fs::write(&filler, vec![1; 1_000_000]).expect("a large file");
    let job = app.begin("capitals").await;
    let full = JobStatus::Paused { reason: PauseReason::DiskFull };
    let paused = app.until(job, |summary| summary.status == full && summary.counters.running == 0).await;
    assert_eq!(paused.counters.failed, 0);
    assert!(paused.counters.succeeded < 12, "it cannot hold every original and every output");
    for number in 0..12 {
        let text = std::fs::read(small.join(format!("{number:02}"))).expect("a file");
        assert!(text == vec![b'a'; 200_000] || text == vec![b'A'; 200_000], "{number} is the old file or the new one");
    }
    // The limit is 0, so the job tries repeatedly, and succeeds when there is space.
    std::fs::remove_file(&filler).expect("a file");
    let remount = ["-o", "remount,size=32m"];
    assert!(
        std::process::Command::new("mount").args(remount).arg(&small).status().is_ok_and(|status| status.success())
    );
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 12));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_disk_inside_the_library_is_written_until_a_part_of_it_is_left_and_the_job_says_so() {
    let files = Files::new();
    let card = files.library().join("card");
    let Some(_mount) = Mount::tmpfs(&card, "32m") else { return };
    files.write("card/a", b"text");
    files.write("card/b", b"text");
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let mut body = request("capitals");
    body["query"] = json!({ "paths": ["card/a"] });
    let end = app.run(&body).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "32 MiB are less than the floor");
    std::fs::write(card.join(".headway-filler"), vec![1; 31 * 1024 * 1024]).expect("a large file");
    body["query"] = json!({ "paths": ["card/b"] });
    let job = app.begin_with(&body).await;
    let full = JobStatus::Paused { reason: PauseReason::DiskFull };
    app.until(job, |summary| summary.status == full && summary.counters.running == 0).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let waits = view["waits"].as_str().unwrap_or_default();
    let needed = "1,677,721 bytes are needed";
    assert!(waits.contains(&format!("{} has ", card.display())) && waits.contains(needed), "{view}");
    std::fs::remove_file(card.join(".headway-filler")).expect("a file");
    assert_eq!(app.end(job).await.counters.succeeded, 1, "it goes on by itself");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn short_memory_pauses_a_job_and_it_goes_on_when_there_is_enough() {
    let files = Files::numbered(3);
    let recipe = || vec![Arc::new(TestRecipe::new(Behaviour::Instant, false)) as Arc<dyn Recipe>];
    let app = App::start_with(&files, |config| config.floor.memory = u64::MAX, recipe()).await;
    let job = app.begin("test").await;
    let short = JobStatus::Paused { reason: PauseReason::MemoryLow };
    let paused = app.until(job, |summary| summary.status == short && summary.counters.running == 0).await;
    assert_eq!((paused.counters.waiting, paused.counters.failed), (3, 0));
    app.stop().await;
    let app = App::start_with(&files, |_| {}, recipe()).await;
    assert_eq!(app.end(job).await.counters.succeeded, 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_priority_and_concurrency_can_be_changed_while_jobs_run() {
    let files = Files::numbered(30);
    let (app, recipe) = with(&files, Behaviour::Held).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    assert_eq!(app.post("/api/workers/5").await.0, 204);
    app.until(job, |summary| summary.counters.running == 5).await;
    assert_eq!(app.post("/api/workers/0").await.0, 422);
    let other = app.begin("test").await;
    let (status, _) = app.post(&format!("/api/jobs/{other}/change?concurrency=1&priority=3")).await;
    assert_eq!(status, 200);
    assert_eq!(app.post(&format!("/api/jobs/{other}/change")).await.0, 400);
    // Before the job is processing, the new workers would all go to the other job and stay there.
    app.until(other, |summary| summary.status == JobStatus::Processing).await;
    assert_eq!(app.post("/api/workers/7").await.0, 204);
    app.until(other, |summary| summary.counters.running == 1).await;
    recipe.release();
    assert_eq!(app.end(job).await.counters.succeeded + app.end(other).await.counters.succeeded, 60);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_says_its_place() {
    let files = Files::numbered(2);
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, false));
    let app = App::start_with(&files, |config| config.jobs = 1, vec![recipe.clone()]).await;
    let first = app.begin("test").await;
    app.until(first, |summary| summary.status == JobStatus::Processing).await;
    let (second, third) = (app.begin("test").await, app.begin("test").await);
    let waits = async |job, text: &str| {
        eventually("its place", async || {
            let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
            view["waits"].as_str().is_some_and(|waits| waits.contains(text)).then_some(())
        })
        .await;
    };
    waits(second, "1st in the queue").await;
    waits(third, "2nd in the queue").await;
    app.post(&format!("/api/jobs/{third}/change?priority=1")).await;
    waits(third, "1st in the queue").await;
    recipe.release();
    app.end(second).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_is_asked_for_twice_makes_one_job() {
    let files = Files::new();
    ["fail", "fail too", "fine"].iter().for_each(|name| files.write(name, b"x"));
    let (app, _) = with(&files, Behaviour::Instant).await;
    let job = app.run(&request("test")).await.job;
    let retry = |recipe: &str, which: serde_json::Value| {
        let mut body = request(recipe);
        body["query"] = json!({ "items": { "job": job, "which": which } });
        // It stays live.
        body["approval"] = json!(true);
        body
    };
    let ids = [mint(), mint()].map(|id| id.to_string());
    let (errors, failed) = (retry("test", json!("errors")), retry("test", json!("failed")));
    let (one, other) = tokio::join!(app.put(&ids[0], &errors), app.put(&ids[1], &failed));
    let (live, body, refused) = if one.0 == 201 { (&ids[0], &errors, &other) } else { (&ids[1], &failed, &one) };
    assert_eq!((one.0.min(other.0), refused.0), (201, 409), "{one:?} {other:?}");
    assert!(refused.1["message"].as_str().is_some_and(|said| said.contains(live.as_str())), "{refused:?}");
    // Nor are parts of it started, and the same call is answered as before.
    for part in [json!({ "these": [0] }), json!({ "these": [0, 1] }), json!("errors")] {
        assert_eq!(app.put(&mint().to_string(), &retry("test", part.clone())).await.0, 409, "{part}");
    }
    assert_eq!(app.put(live, body).await.0, 200);
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert_eq!((&view["retrying"][0]["job"], &view["retrying"][1]), (&json!(live), &json!(null)), "{view}");
    // Another file and another recipe are other work.
    for more in [retry("test", json!({ "these": [1, 2] })), retry("checksum", json!("errors"))] {
        let (status, said) = app.put(&mint().to_string(), &more).await;
        assert_eq!(status, 201, "{said}");
    }
    assert_eq!(app.post(&format!("/api/jobs/{live}/cancel")).await.0, 200);
    app.end(live.parse().expect("an id")).await;
    assert_eq!(app.put(&mint().to_string(), &errors).await.0, 201, "that one is over");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_has_the_whole_title_of_the_first_job_and_another_job_over_its_files_retries_nothing() {
    let files = Files::new();
    ["fail", "fail too"].iter().for_each(|name| files.write(name, b"x"));
    let (app, _) = with(&files, Behaviour::Instant).await;
    let mut body = request("test");
    body["title"] = json!("Holiday: Rome");
    let mut job = app.run(&body).await.job;
    for _ in 0..2 {
        let mut body = request("test");
        body["query"] = json!({ "items": { "job": job, "which": "errors" } });
        let end = app.run(&body).await;
        assert_eq!(end.title, "Holiday: Rome: what failed or was missed, retried");
        job = end.job;
    }
    let mut body = request("checksum");
    body["query"] = json!({ "items": { "job": job, "which": "errors" } });
    assert_eq!(app.run(&body).await.title, "Checksum · what failed or was missed");
    app.stop().await;
}
