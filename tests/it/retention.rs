//! The history of old jobs is removed while clients follow them, and everything that must stay stays.

use std::sync::Arc;
use std::time::Duration;

use headway_model::JobStatus;
use headway_server::config::Config;
use headway_server::retention::Retention;
use headway_store::{SqliteStore, rebuild};
use serde_json::json;

use crate::helper::{App, Behaviour, Capitals, Files, Mount, Stream, TestRecipe, eventually, request};

/// A retention that runs often, and keeps this much.
fn keep(retention: Retention) -> impl FnOnce(&mut Config) {
    move |config| (config.sweep, config.retention, config.workers) = (Duration::from_millis(100), retention, 4)
}

const NOTHING: Retention = Retention { age: Some(Duration::ZERO), jobs: None, bytes: None, attempts: None };

async fn gone(app: &App, job: headway_model::JobId) {
    eventually("a removed history", async || (app.get(&format!("/api/jobs/{job}")).await.0 == 410).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_job_stays_410_and_live_jobs_are_not_affected() {
    let files = Files::numbered(1_200);
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, true));
    let app = App::start_with(&files, keep(NOTHING), vec![recipe.clone()]).await;
    let live = app.begin("test").await;
    app.until(live, |summary| summary.counters.running == 4).await;
    app.post(&format!("/api/jobs/{live}/pause")).await;
    assert_eq!(app.post("/api/workers/6").await.0, 204);
    let body = request("checksum");
    let old = app.begin_with(&body).await;
    gone(&app, old).await;
    let (status, answer) = app.put(&old.to_string(), &body).await;
    assert_eq!((status, &answer["error"]), (410, &json!("pruned")), "{answer}");
    assert_eq!(app.get(&format!("/api/jobs/{old}/items")).await.0, 410);
    let (_, page) = app.get("/api/jobs").await;
    let jobs: Vec<_> = page["jobs"].as_array().expect("jobs").iter().map(|job| job["job"].clone()).collect();
    assert_eq!(jobs, [json!(live)]);
    let told = Stream::open(&app, &format!("job={old}")).await.until("closed").await;
    assert_eq!(told.last().map(|event| &event.json["reason"]), Some(&json!("pruned")));
    let outputs = files.data().join("jobs").join(old.to_string());
    eventually("no files", async || (!outputs.exists()).then_some(())).await;

    app.post(&format!("/api/jobs/{live}/resume")).await;
    recipe.release();
    // It is removed as soon as it ends; a follower from before sees all of it.
    gone(&app, live).await;
    app.stop().await;

    // The next server completes a removal that the stop interrupted.
    let app = App::start_with(&files, keep(NOTHING), vec![recipe]).await;
    eventually("of each job its last event alone", async || {
        let left =
            headway_server::testing::store(&app.server).events(&[], 0, u64::MAX >> 1, 100).await.expect("events");
        (left.len() == 2).then_some(())
    })
    .await;
    assert_eq!(app.put(&old.to_string(), &body).await.0, 410);
    app.stop().await;
    let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("a log");
    assert_eq!(rebuild(&store, |_| {}).await.expect("rows").jobs, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_does_not_answer_keeps_its_own_jobs_and_no_others() {
    let (files, other) = (Files::new(), Files::numbered(2));
    std::fs::create_dir_all(files.elsewhere()).expect("a folder");
    std::fs::write(files.elsewhere().join("a"), "a").expect("a file");
    let Some((_mount, storage)) = Mount::storage(&files.elsewhere(), &files.library()) else { return };
    let keep_all = |config: &mut Config| {
        config.libraries.push(("other".to_owned(), other.library()));
        config.sweep = Duration::from_secs(3_600);
    };
    let app = App::start_with(&files, keep_all, Vec::new()).await;
    let mut elsewhere = request("checksum");
    elsewhere["library"] = json!("other");
    let (kept, removed) = (app.run(&request("checksum")).await.job, app.run(&elsewhere).await.job);
    app.stop().await;
    storage.stop();
    let remove = |config: &mut Config| {
        config.libraries.push(("other".to_owned(), other.library()));
        keep(NOTHING)(config);
    };
    let app = App::start_with(&files, remove, Vec::new()).await;
    gone(&app, removed).await;
    assert_eq!(app.get(&format!("/api/jobs/{kept}")).await.0, 200, "its trash might hold originals");
    storage.go_on();
    gone(&app, kept).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_with_originals_in_its_trash_stays_until_it_is_emptied() {
    let files = Files::numbered(3);
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let app = App::start_with(&files, keep(NOTHING), vec![recipe]).await;
    let job = app.begin("capitals").await;
    app.end(job).await;
    let other = app.begin("checksum").await;
    gone(&app, other).await;
    assert_eq!(app.get(&format!("/api/jobs/{job}")).await.0, 200);
    assert_eq!(app.post(&format!("/api/jobs/{job}/empty_trash")).await.0, 200);
    gone(&app, job).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_of_a_missing_disk_stay_because_its_trash_cannot_be_inspected() {
    let files = Files::numbered(3);
    let (library, second) = (files.library(), files.elsewhere());
    std::fs::create_dir(&second).expect("a folder");
    std::fs::write(second.join("file"), "text").expect("a file");
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let config = |config: &mut Config| {
        keep(NOTHING)(config);
        config.libraries.push(("second".into(), second));
    };
    let app = App::start_with(&files, config, vec![recipe]).await;
    let job = app.begin("capitals").await;
    app.end(job).await;
    let away = library.with_file_name("away");
    std::fs::rename(&library, &away).expect("a folder");
    let mut other = request("checksum");
    other["library"] = json!("second");
    gone(&app, app.begin_with(&other).await).await;
    assert_eq!(app.get(&format!("/api/jobs/{job}")).await.0, 200);
    std::fs::rename(&away, &library).expect("a folder");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_jobs_stay_where_a_number_is_kept() {
    let files = Files::numbered(2);
    let retention = Retention { jobs: Some(2), ..Retention::default() };
    let app = App::start_with(&files, keep(retention), Vec::new()).await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        let job = app.begin("checksum").await;
        assert_eq!(app.end(job).await.status, JobStatus::Completed);
        jobs.push(job);
    }
    gone(&app, jobs[0]).await;
    gone(&app, jobs[1]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for job in &jobs[2..] {
        assert_eq!(app.get(&format!("/api/jobs/{job}")).await.0, 200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_limited_by_default_and_its_size_is_reported() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_headway")).args(["serve", "--help"]).output();
    let help = String::from_utf8(help.expect("it runs").stdout).expect("text");
    assert!(help.contains("[default: 365]") && help.contains("[default: 20G]"), "{help}");
    let files = Files::numbered(3);
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    assert_eq!(app.run(&request("checksum")).await.status, JobStatus::Completed);
    assert_eq!(app.run(&request("capitals")).await.status, JobStatus::Completed);
    let (status, room) = app.get("/api/room").await;
    assert_eq!(status, 200, "{room}");
    let bytes = |name: &str| room[name].as_u64().unwrap_or_default();
    assert!(bytes("log") > 10_000 && bytes("outputs") > 100, "{room}");
    let originals = json!([{ "library": "files", "holds": { "files": 3, "bytes": 3 * "file 0\n".len() } }]);
    assert_eq!(room["trashes"], originals);
    assert_eq!((bytes("keep_age"), bytes("keep_bytes")), (365 * 86_400_000, 20_000_000_000));
    assert!(room["suspended"].is_null(), "{room}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_of_the_clock_is_reported() {
    let files = Files::numbered(1);
    let clock = files.data().join("clock");
    let app = App::start(&files).await;
    app.stop().await;
    let known = std::fs::read_to_string(&clock).expect("what the clock showed");
    let (now, up) = known.split_once(' ').expect("a time, and the rest");
    let week_ago = now.parse::<u64>().expect("milliseconds") - 7 * 86_400_000;
    // As it was known when the clock showed 1970; and a week ago by the clock, while the machine was up for no longer than now.
    for known in ["1000 0\n".to_owned(), format!("{week_ago} {up}")] {
        std::fs::write(&clock, &known).expect("a file");
        let app = App::start(&files).await;
        let told = eventually("a clock that jumped", async || app.get("/api/room").await.1["suspended"].as_u64()).await;
        assert!((80_000_000..=86_400_000).contains(&told), "a day, less a moment: {told}, {known}");
        app.stop().await;
    }
}
