//! Disks that come late, go away, or do not answer.

use std::sync::Arc;
use std::time::Duration;

use headway_model::{FailReason, JobStatus, JobSummary, PauseReason};
use headway_recipes::Recipe;
use serde_json::json;

use crate::helper::{App, Behaviour, Capitals, Files, Mount, Storage, TestRecipe, request};

/// Files of a library on storage that can be told not to answer; `None` where that cannot be.
fn on_storage(names: &[&str]) -> Option<(Files, Mount, Storage)> {
    let files = Files::new();
    std::fs::create_dir_all(files.elsewhere()).expect("a folder");
    for name in names {
        std::fs::write(files.elsewhere().join(name), name).expect("a file");
    }
    let (mount, storage) = Mount::storage(&files.elsewhere(), &files.library())?;
    Some((files, mount, storage))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_does_not_answer_keeps_no_server_from_starting_and_its_jobs_wait_for_it() {
    let Some((files, _mount, storage)) = on_storage(&["a", "b", "c"]) else { return };
    let other = Files::numbered(3);
    let change = |config: &mut headway_server::config::Config| {
        config.libraries.push(("other".to_owned(), other.library()));
        (config.workers, config.drain) = (2, Duration::from_millis(100));
    };
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, true));
    let app = App::start_with(&files, change, vec![recipe.clone()]).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    app.stop().await;
    recipe.release();

    storage.stop();
    let app = App::start_with(&files, change, vec![recipe]).await;
    let silent = JobStatus::Paused { reason: PauseReason::StorageSilent };
    app.until(job, |summary| summary.status == silent).await;
    let mut elsewhere = request("test");
    elsewhere["library"] = json!("other");
    let end = app.run(&elsewhere).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3));
    storage.go_on();
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "it goes on by itself");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_does_not_answer_holds_up_neither_a_time_limit_nor_a_cancel_nor_other_jobs() {
    let Some((files, _mount, storage)) = on_storage(&["a", "b", "c", "d", "e"]) else { return };
    let other = Files::numbered(3);
    let also = ("other".to_owned(), other.library());
    let change = |config: &mut headway_server::config::Config| {
        config.libraries.push(also);
        config.workers = 2;
    };
    let app = App::start_with(&files, change, Vec::new()).await;
    let mut body = request("checksum");
    body["approval"] = json!(true);
    body["policy"] = json!({ "timeout": "1s" });
    let limited = app.begin_with(&body).await;
    body["policy"] = json!({});
    let cancelled = app.begin_with(&body).await;
    for job in [limited, cancelled] {
        app.until(job, |summary| summary.status == JobStatus::Planned).await;
    }
    storage.stop();
    assert_eq!(app.post(&format!("/api/jobs/{limited}/approve")).await.0, 200);
    app.until(limited, |summary| summary.counters.failed >= 2).await;
    let reasons = app.reasons(limited, "failed").await;
    assert!(reasons.iter().all(|(_, why)| why.contains(FailReason::Timeout.text())), "{reasons:?}");
    assert_eq!(app.post(&format!("/api/jobs/{limited}/cancel")).await.0, 200);
    assert_eq!(app.end(limited).await.status, JobStatus::Cancelled);

    assert_eq!(app.post(&format!("/api/jobs/{cancelled}/approve")).await.0, 200);
    app.until(cancelled, |summary| summary.counters.running == 2).await;
    assert_eq!(app.post(&format!("/api/jobs/{cancelled}/cancel")).await.0, 200);
    assert_eq!(app.end(cancelled).await.status, JobStatus::Cancelled);

    let mut elsewhere = request("checksum");
    elsewhere["library"] = json!("other");
    let end = app.run(&elsewhere).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "the threads were replaced");
    storage.go_on();
    let again = app.run(&request("checksum")).await;
    assert_eq!((again.status, again.counters.failed), (JobStatus::Completed, 0), "{again:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_mounted_late_is_there_for_new_jobs_and_an_empty_folder_is_not_taken_for_it() {
    let files = Files::new();
    std::fs::create_dir_all(files.library()).expect("a folder");
    let app = App::start(&files).await;
    assert_eq!(app.run(&request("checksum")).await.counters.total, 0);
    let Some(mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    files.number(7);
    let end = app.run(&request("checksum")).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 7));
    drop(mount);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let job = app.begin("checksum").await;
    app.until(job, |summary| summary.status == gone).await;
    app.stop().await;
    // The next server remembers it.
    let app = App::start(&files).await;
    app.until(job, |summary| summary.status == gone).await;
    let Some(_mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    files.number(3);
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "another disk has files");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_not_there_is_waited_for_while_others_are_served() {
    let files = Files::numbered(2);
    let absent = files.elsewhere().join("usb");
    let library = ("usb".to_owned(), absent.clone());
    let app = App::start_with(&files, |config| config.libraries.push(library), Vec::new()).await;
    assert_eq!(app.run(&request("checksum")).await.counters.succeeded, 2);
    let mut body = request("checksum");
    body["library"] = json!("usb");
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Paused { reason: PauseReason::LibraryGone }).await;
    std::fs::create_dir_all(&absent).expect("a folder");
    std::fs::write(absent.join("file"), "here").expect("a file");
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "it goes on by itself");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_hang_on_one_library_keep_no_job_of_another_waiting() {
    let Some((files, _mount, storage)) = on_storage(&["a", "b", "c", "d", "e"]) else { return };
    let other = Files::numbered(3);
    let change = |config: &mut headway_server::config::Config| {
        config.libraries.push(("other".to_owned(), other.library()));
        (config.workers, config.jobs) = (2, 1);
    };
    let app = App::start_with(&files, change, Vec::new()).await;
    let mut body = request("checksum");
    body["approval"] = json!(true);
    let hung = app.begin_with(&body).await;
    app.until(hung, |summary| summary.status == JobStatus::Planned).await;
    storage.stop();
    assert_eq!(app.post(&format!("/api/jobs/{hung}/approve")).await.0, 200);
    app.until(hung, |summary| summary.counters.running == 2).await;
    // Nobody cancels it, it has no time limit, and there is one place for a job.
    let mut elsewhere = request("checksum");
    elsewhere["library"] = json!("other");
    let end = app.run(&elsewhere).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3));
    let still = app.until(hung, |_| true).await;
    assert_eq!((still.status, still.counters.running), (JobStatus::Processing, 2), "it has no more than its workers");
    storage.go_on();
    let end = app.end(hung).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "{end:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_have_a_live_job_go_on_with_another_folder_at_the_path_which_is_remembered() {
    let files = Files::numbered(20);
    let start = async |recipe: &Arc<TestRecipe>| {
        let change = |config: &mut headway_server::config::Config| {
            (config.workers, config.drain) = (2, Duration::from_millis(100));
        };
        App::start_with(&files, change, vec![Arc::clone(recipe) as Arc<dyn Recipe>]).await
    };
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, true));
    let app = start(&recipe).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    std::fs::rename(files.library(), files.elsewhere()).expect("a folder");
    let copied = std::process::Command::new("cp").arg("-a").args([files.elsewhere(), files.library()]).status();
    assert!(copied.is_ok_and(|status| status.success()));
    recipe.release();
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    app.until(job, |summary| summary.status == gone && summary.counters.running == 0).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert!(view["waits"].as_str().is_some_and(|waits| waits.contains("another folder")), "{view}");
    app.stop().await;

    let held = Arc::new(TestRecipe::new(Behaviour::Held, true));
    let app = start(&held).await;
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    app.until(job, |summary| summary.counters.running == 2).await;
    app.stop().await;
    let app = start(&recipe).await;
    let end = app.until(job, |summary| summary.status.is_terminal() || summary.status == gone).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "it is not asked about again");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_system_that_is_mounted_over_a_library_is_no_full_disk() {
    let files = Files::numbered(20);
    let recipe = Arc::new(Capitals::new(Behaviour::Held));
    let app = App::start_with(&files, |config| config.workers = 2, vec![recipe.clone()]).await;
    let job = app.begin("capitals").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    let Some(mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    recipe.release();
    let is_paused = |summary: &JobSummary| matches!(summary.status, JobStatus::Paused { .. });
    let paused = app.until(job, |summary| is_paused(summary) && summary.counters.running == 0).await;
    assert_eq!(paused.status, JobStatus::Paused { reason: PauseReason::LibraryGone });
    drop(mount);
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 20));
    app.stop().await;
}
