//! Disks that come late, go away, or do not answer.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use headway_files::Library;
use headway_model::{FailReason, JobId, JobStatus, JobSummary, PauseReason};
use headway_recipes::Recipe;
use serde_json::{Value, json};

use headway_guard::attempts_left;

use crate::command::Served;
use crate::faults::{failing, left_over};
use crate::helper::{
    App, Behaviour, Capitals, Files, Headway, Mount, Storage, Stream, TestRecipe, eventually, http, mint, payloads,
    request,
};

/// Files of a library on storage that can be stopped from answering; `None` where that is not possible.
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
    // What is not known is not said: only for how long no answer has come.
    eventually("what is known of the storage", async || {
        let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
        let note = view["note"].as_str().unwrap_or_default();
        note.contains("The storage of this library has given no answer for ").then_some(())
    })
    .await;
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
async fn what_writes_and_hangs_holds_up_neither_a_time_limit_nor_a_cancel_and_places_nothing_afterwards() {
    let files = Files::new();
    for path in ["late/a", "late/b", "cancelled/a", "cancelled/b"] {
        files.write(path, b"small");
    }
    let recipe = Arc::new(Capitals::new(Behaviour::Hangs));
    let app = App::start_with(&files, |config| config.workers = 2, vec![recipe.clone()]).await;
    let mut body = request("capitals");
    body["query"] = json!({ "folder": { "path": "late" } });
    body["policy"] = json!({ "timeout": "1s" });
    let late = app.end(app.begin_with(&body).await).await;
    assert!(matches!(late.status, JobStatus::Failed { .. }) && late.counters.failed == 2, "{late:?}");
    let reasons = app.reasons(late.job, "failed").await;
    assert!(reasons.iter().all(|(_, why)| why.contains(FailReason::Timeout.text())), "{reasons:?}");

    body["query"] = json!({ "folder": { "path": "cancelled" } });
    body["policy"] = json!({});
    // Its outputs go into a folder that is made for them.
    body["output"] = json!({ "place": { "folder": { "path": "made" } } });
    let cancelled = app.begin_with(&body).await;
    let has_begun = async || (recipe.begun.load(Ordering::SeqCst) == 4).then_some(());
    eventually("attempts on both files", has_begun).await;
    assert_eq!(app.post(&format!("/api/jobs/{cancelled}/cancel")).await.0, 200);
    assert_eq!(app.end(cancelled).await.status, JobStatus::Cancelled);

    recipe.release();
    let gone = async || left_over(&files).is_empty().then_some(());
    eventually("the temporary files of the lost threads to be removed", gone).await;
    for path in ["late/a", "late/b", "cancelled/a", "cancelled/b"] {
        assert_eq!(std::fs::read(files.library().join(path)).expect("a file"), b"small", "{path}");
    }
    let again = app.run(&request("capitals")).await;
    assert_eq!((again.status, again.counters.succeeded), (JobStatus::Completed, 4), "the files are free: {again:?}");
    let removed = async || (!files.library().join("made").exists()).then_some(());
    eventually("the folder that was made for nothing to be removed", removed).await;
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
    // A job that begins now is about this disk; the one that waits is about the disk that was there before it.
    let new = app.run(&request("checksum")).await;
    assert_eq!((new.status, new.counters.succeeded), (JobStatus::Completed, 3), "another disk has files");
    let looked_at = app.until(job, |summary| summary.status == gone).await;
    assert_eq!(looked_at.counters.total, 0, "nothing of another disk is planned");
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "a person accepts it");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_name_does_not_tell_a_folder_from_a_file_all_below_it_is_taken_in() {
    let files = Files::new();
    let Some(_mount) = Mount::without_kinds(&files.library()) else { return };
    for name in ["a", "sub/b", "sub/deep/c"] {
        files.write(name, name.as_bytes());
    }
    std::os::unix::fs::symlink("a", files.library().join("link")).expect("a link");
    let app = App::start(&files).await;
    let end = app.run(&request("checksum")).await;
    assert_eq!((end.status, end.counters.succeeded, end.counters.skipped), (JobStatus::Completed, 3, 1));
    app.stop().await;
    // The doctor looks there too.
    let left = format!("sub/deep/.headway-{}-0-1", mint());
    files.write(&left, b"x");
    let library = Library::open("files", &files.library()).expect("a library");
    let (found, _) = library.own_names(&[], &mut |_| {}).expect("a folder");
    let found: Vec<_> = found.into_iter().map(|own| own.path.to_string()).collect();
    assert_eq!(found, [left]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_an_idle_library_can_be_unmounted_and_is_taken_up_again() {
    let files = Files::new();
    let Some(mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    let unmount = || Command::new("umount").arg(files.library()).output().is_ok_and(|told| told.status.success());
    files.write("a", b"a");
    let app = App::start(&files).await;
    let end = app.run(&request("checksum")).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1));
    assert_eq!(app.get("/api/libraries/files/files").await.0, 200);
    eventually("an unmounted disk", async || unmount().then_some(())).await;
    let gone = app.begin("checksum").await;
    let paused = JobStatus::Paused { reason: PauseReason::LibraryGone };
    app.until(gone, |summary| summary.status == paused).await;
    drop(mount);
    let Some(_mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    files.write("b", b"b");
    let new = app.run(&request("checksum")).await;
    assert_eq!((new.status, new.counters.succeeded), (JobStatus::Completed, 1), "the library is taken up again");
    // This is another disk than the one that the job began to wait for.
    assert_eq!(app.post(&format!("/api/jobs/{gone}/resume")).await.0, 200);
    let end = app.end(gone).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "a person accepts it");
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
async fn a_server_starts_without_its_only_library_if_that_was_used_before() {
    let (files, client) = (Files::numbered(3), http());
    let mut process = Headway::start(&files, &[]);
    let (job, mut body) = (mint(), request("checksum"));
    body["approval"] = json!(true);
    let call = client.put(format!("{}/api/jobs/{job}", process.url)).json(&body).send().await.expect("an answer");
    assert_eq!(call.status().as_u16(), 201);
    process.until(&client, job, |summary| summary.status == JobStatus::Planned).await;
    assert!(process.terminate());
    std::fs::rename(files.library(), files.elsewhere()).expect("a folder");

    let process = Headway::start(&files, &[]);
    let get = async |path: &str| {
        let answer = client.get(format!("{}{path}", process.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    };
    let (status, _) = get("/").await;
    assert_eq!(status, 200, "the page is served");
    eventually("the page says that the library is absent", async || {
        let (_, text) = get("/api/libraries/files/files").await;
        text.contains("the library files cannot be listed").then_some(())
    })
    .await;
    let approve = format!("{}/api/jobs/{job}/approve", process.url);
    assert_eq!(client.post(approve).send().await.expect("an answer").status().as_u16(), 200);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    process.until(&client, job, |summary| summary.status == gone).await;
    std::fs::rename(files.elsewhere(), files.library()).expect("a folder");
    let end = process.end(&client, job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "it goes on by itself");
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
    assert!(
        view["waits"].as_str().is_some_and(|waits| waits.contains("is not the one for which this job was planned")),
        "{view}"
    );
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

/// The process state that a person sees in the system: `D`, and no signal ends the process.
fn is_held(process: rustix::process::Pid) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero())).into_iter().flatten().flatten();
    let mut texts = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok());
    texts.any(|text| text.contains("State:\tD") && text.contains("SigPnd:\t0000000000000100"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_be_killed_keeps_no_server_from_starting_and_its_job_waits_for_its_end() {
    let (files, other, client) = (Files::new(), Files::numbered(2), http());
    std::fs::create_dir_all(files.elsewhere()).expect("a folder");
    std::fs::write(files.elsewhere().join("a"), "a").expect("a file");
    let (gate, between) = (files.data().with_file_name("gate"), files.data().with_file_name("between"));
    let mounted = Mount::storage_that_holds(&files.elsewhere(), &between, &files.library());
    let Some((_mount, _below, storage)) = mounted else { return };
    let config = files.data().with_file_name("headway.toml");
    let script = format!("while [ ! -e {} ]; do sleep 0.01; done; exec cat \"$0\"", gate.display());
    let text = format!("[[command]]\nname = \"read\"\nrun = [\"sh\", \"-c\", '{script}', \"{{}}\"]\n");
    std::fs::write(&config, text).expect("a file");
    let also = format!("other={}", other.library().display());
    let arguments = ["--config", config.to_str().expect("text"), also.as_str()];
    let mut process = Headway::start(&files, &arguments);
    let job = mint();
    let mut body = request("read");
    body["policy"] = json!({ "on_interrupt": "retry" });
    body["query"] = json!({ "paths": ["a"] });
    let call = client.put(format!("{}/api/jobs/{job}", process.url)).json(&body).send().await.expect("an answer");
    assert_eq!(call.status().as_u16(), 201);
    let of_job = || attempts_left(|attempt| attempt.starts_with(&job.to_string())).expect("a look");
    eventually("the program", async || (!of_job().is_empty()).then_some(())).await;
    storage.stop();
    std::fs::write(&gate, "").expect("a file");
    let reads = || {
        of_job().iter().any(|pid| {
            std::fs::read_to_string(format!("/proc/{}/wchan", pid.as_raw_nonzero()))
                .is_ok_and(|place| place.contains("wait_answer"))
        })
    };
    eventually("a read that waits", async || reads().then_some(())).await;
    process.kill();
    eventually("a program that cannot be killed", async || of_job().iter().any(|pid| is_held(*pid)).then_some(()))
        .await;

    let process = Headway::start(&files, &arguments);
    let silent = JobStatus::Paused { reason: PauseReason::StorageSilent };
    process.until(&client, job, |summary| summary.status == silent).await;
    let (elsewhere, mut body) = (mint(), request("checksum"));
    body["library"] = json!("other");
    client.put(format!("{}/api/jobs/{elsewhere}", process.url)).json(&body).send().await.expect("an answer");
    assert_eq!(process.end(&client, elsewhere).await.status, JobStatus::Completed);
    let summary = process.until(&client, job, |_| true).await;
    assert_eq!((summary.status, of_job().is_empty()), (silent, false), "nothing of it runs meanwhile");
    storage.go_on();
    assert_eq!(process.end(&client, job).await.status, JobStatus::Completed, "it goes on by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_that_waits_for_storage_keeps_the_next_one_from_nothing() {
    // It is dropped last, when the storage answers.
    let mut old;
    let (files, other, client) = (Files::new(), Files::numbered(2), http());
    std::fs::create_dir_all(files.elsewhere()).expect("a folder");
    std::fs::write(files.elsewhere().join("a"), "a").expect("a file");
    let between = files.data().with_file_name("between");
    let mounted = Mount::storage_that_holds(&files.elsewhere(), &between, &files.library());
    let Some((_mount, _below, storage)) = mounted else { return };
    let also = format!("other={}", other.library().display());
    old = Headway::start(&files, &[&also]);
    storage.stop();
    let job = mint();
    old.begin(&client, job).await;
    // Its log is also in use when it is killed.
    let mut body = request("checksum");
    body["library"] = json!("other");
    let beside = mint();
    client.put(format!("{}/api/jobs/{beside}", old.url)).json(&body).send().await.expect("an answer");
    old.end(&client, beside).await;
    old.strike();
    eventually("a server that cannot be killed", async || old.is_struck(is_held).then_some(())).await;

    let process = Headway::start(&files, &[&also]);
    let (elsewhere, again) = (mint(), client.clone());
    again.put(format!("{}/api/jobs/{elsewhere}", process.url)).json(&body).send().await.expect("an answer");
    assert_eq!(process.end(&client, elsewhere).await.status, JobStatus::Completed);
    assert_eq!(process.end(&client, beside).await.counters.succeeded, 2, "what the last one did is known");
    let third = Command::new(env!("CARGO_BIN_EXE_headway")).arg("rebuild").arg("--data").arg(files.data()).output();
    let said = String::from_utf8_lossy(&third.expect("the program").stderr).into_owned();
    assert!(said.contains("another Headway already uses"), "a third one is refused: {said}");
    storage.go_on();
    assert_eq!(process.end(&client, job).await.status, JobStatus::Completed);
    assert!(old.dies_within(Duration::from_secs(20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_within_the_time_that_containers_have_though_a_file_hangs() {
    let Some((files, _mount, storage)) = on_storage(&["a"]) else { return };
    let client = http();
    let mut process = Headway::start(&files, &[]);
    storage.stop();
    process.begin(&client, mint()).await;
    assert!(process.terminates_within(Duration::from_millis(9_900)));
    storage.go_on();
}

/// A manifest of these files; of those that are not there, as of empty ones.
fn sums_of(files: &Files, names: &[&str]) -> String {
    let line = |name: &&str| {
        let content = std::fs::read(files.library().join(name)).unwrap_or_default();
        format!("{}  {name}\n", blake3::hash(&content).to_hex())
    };
    names.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_inside_the_library_that_is_absent_is_asked_about_by_each_job() {
    let files = Files::numbered(2);
    let usb = files.library().join("photos/usb");
    let Some(mount) = Mount::tmpfs(&usb, "8m") else { return };
    files.write("photos/usb/a", b"a");
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let app = App::start(&files).await;
    let end = app.run(&request("checksum")).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3));
    app.stop().await;
    drop(mount);

    // The next server remembers it.
    let app = App::start(&files).await;
    let mut body = request("checksum");
    body["policy"] = json!({ "on_done": "again" });
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == gone).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let waits = view["waits"].as_str().unwrap_or_default();
    assert!(waits.contains("The disk that was at photos/usb") && waits.contains("is missing"), "{view}");
    let mut elsewhere = body.clone();
    elsewhere["query"] = json!({ "folder": { "exclude": ["usb"] } });
    assert_eq!(app.run(&elsewhere).await.status, JobStatus::Completed, "its files are not asked for");
    elsewhere["query"] = json!({ "folder": { "path": "photos/usb" } });
    let named = app.begin_with(&elsewhere).await;
    app.until(named, |summary| summary.status == gone).await;
    assert_eq!(app.post(&format!("/api/jobs/{named}/cancel")).await.0, 200);
    let Some(mount) = Mount::tmpfs(&usb, "8m") else { return };
    files.write("photos/usb/b", b"b");
    files.write("photos/usb/c", b"c");
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 4), "it goes on by itself");

    // A person has one job go on without it, and the next job asks again.
    drop(mount);
    // So it does if the person paused it while it waited, as a command that is interrupted does.
    for actions in [&["resume"][..], &["pause", "resume"]] {
        let job = app.begin_with(&body).await;
        app.until(job, |summary| summary.status == gone).await;
        for action in actions {
            let (status, view) = app.post(&format!("/api/jobs/{job}/{action}")).await;
            assert_eq!(status, 200, "{view}");
            let said = view["note"].as_str().unwrap_or_default();
            let is_said = said.contains("photos/usb") && said.contains("is missing. The job is paused; Resume has");
            assert!(*action == "resume" || is_said, "{view}");
        }
        let end = app.end(job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::CompletedWithErrors, 2), "{actions:?}");
        let unseen = ("photos/usb".to_owned(), "not looked at: its disk is missing".to_owned());
        assert_eq!(app.reasons(job, "skipped").await, [unseen], "the list does not have its files");
    }
    app.stop().await;
    for again in ["by the next server", "by the one after it"] {
        let app = App::start(&files).await;
        let next = app.begin_with(&body).await;
        app.until(next, |summary| summary.status == gone).await;
        assert_eq!(app.post(&format!("/api/jobs/{next}/resume")).await.0, 200, "{again}");
        let end = app.end(next).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::CompletedWithErrors, 2), "{again}");
        let next = app.begin_with(&body).await;
        app.until(next, |summary| summary.status == gone).await;
        // A manifest that names the disk's files says nothing of them.
        files.write("SUMS", sums_of(&files, &["000000", "000001", "photos/usb/a"]).as_bytes());
        let mut verify = request("verify");
        verify["settings"] = json!({ "manifest": "SUMS" });
        let verify = app.begin_with(&verify).await;
        app.until(verify, |summary| summary.status == gone).await;
        assert_eq!(app.post(&format!("/api/jobs/{verify}/resume")).await.0, 200, "{again}");
        assert!(matches!(app.end(verify).await.status, JobStatus::Failed { .. }), "{again}");
        let (_, report) = app.get(&format!("/api/jobs/{verify}/outputs/REPORT.txt")).await;
        let said = "photos/usb/a\tnot checked: the disk that was at photos/usb is missing";
        assert!(report.as_str().is_some_and(|report| report.contains(said)), "{report}");
        std::fs::remove_file(files.library().join("SUMS")).expect("a file");
        assert_eq!(app.post(&format!("/api/jobs/{next}/cancel")).await.0, 200);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_leaves_in_the_middle_of_a_job_pauses_it_and_no_file_is_passed_over() {
    let files = Files::new();
    let Some(mount) = usb(&files) else { return };
    let line = |number: usize| {
        let name = format!("usb/{number}");
        files.write(&name, name.as_bytes());
        format!("{}  {name}\n", blake3::hash(name.as_bytes()).to_hex())
    };
    files.write("SUMS", (0..9).map(line).collect::<String>().as_bytes());
    let app = App::start(&files).await;
    let mut body = request("verify");
    body["settings"] = json!({ "manifest": "SUMS" });
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    drop(mount);
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let paused = app.until(job, |summary| summary.status == gone || summary.status.is_terminal()).await;
    assert_eq!((paused.status, paused.counters.missed, paused.counters.failed), (gone, 0, 0), "{paused:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_differed_from_an_older_manifest_is_not_said_to_differ_from_the_mended_one() {
    let files = Files::new();
    let Some(mount) = usb(&files) else { return };
    let line = |name: &str, content: &str| format!("{}  {name}\n", blake3::hash(content.as_bytes()).to_hex());
    files.write("a", b"a");
    files.write("usb/b", b"b");
    files.write("SUMS", [line("a", "wrong"), line("usb/b", "b")].concat().as_bytes());
    let app = App::start(&files).await;
    let mut body = request("verify");
    body["settings"] = json!({ "manifest": "SUMS" });
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    drop(mount);
    files.write("SUMS", [line("a", "a"), line("usb/b", "b")].concat().as_bytes());
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    app.until(job, |summary| summary.status == gone && summary.counters.failed == 1).await;
    // The job compares with what it has read, and says so.
    let (_, items) = app.get(&format!("/api/jobs/{job}/items?status=failed")).await;
    let why = items["items"][0]["message"].as_str().unwrap_or_default();
    assert!(why.starts_with("changed: ") && why.contains("SUMS was written to since this job read it"), "{items}");
    app.stop().await;
    // The next server reads it again.
    let app = App::start(&files).await;
    app.until(job, |summary| summary.status == gone).await;
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    app.end(job).await;
    let (_, report) = app.get(&format!("/api/jobs/{job}/outputs/REPORT.txt")).await;
    let said = "a\tnot checked: the manifest has other lines for it now than when it was compared";
    assert!(report.as_str().is_some_and(|report| report.contains(said) && !report.contains("changed:")), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_goes_on_without_one_disk_asks_about_another_one() {
    let files = Files::numbered(1);
    let [at_a, at_b] = ["a", "b"].map(|name| files.library().join(name));
    let (Some(a), Some(b)) = (Mount::tmpfs(&at_a, "8m"), Mount::tmpfs(&at_b, "8m")) else { return };
    for name in ["a/1", "b/1", "b/2"] {
        files.write(name, name.as_bytes());
    }
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let app = App::start(&files).await;
    assert_eq!(app.run(&request("checksum")).await.counters.succeeded, 4);
    let mut body = request("checksum");
    body["policy"] = json!({ "on_done": "again" });
    body["approval"] = json!(true);
    let waits = async |job| {
        let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
        view["waits"].as_str().unwrap_or_default().to_owned()
    };
    let act = async |job, action: &str| {
        let (status, answer) = app.post(&format!("/api/jobs/{job}/{action}")).await;
        assert_eq!(status, 200, "{action}: {answer}");
    };
    drop(a);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == gone).await;
    let said = waits(job).await;
    assert!(said.starts_with("The disk that was at a (tmpfs) is missing."), "{said}");
    act(job, "resume").await;
    let planned = app.until(job, |summary| summary.status == JobStatus::Planned).await;
    assert_eq!(planned.counters.total, 4, "what lies on the other disk is in the plan, and that one is missing");
    // Nobody was asked about the disk that leaves now.
    drop(b);
    act(job, "approve").await;
    app.until(job, |summary| summary.status == gone).await;
    let said = waits(job).await;
    assert!(said.starts_with("The disk that was at b (tmpfs) is missing."), "{said}");
    let mut both = body.clone();
    both["approval"] = json!(false);
    let both = app.begin_with(&both).await;
    app.until(both, |summary| summary.status == gone).await;
    let said = waits(both).await;
    assert!(said.starts_with("The disks that were at a (tmpfs) and b (tmpfs) are missing."), "{said}");
    act(both, "cancel").await;
    act(job, "resume").await;
    let end = app.end(job).await;
    let log = Stream::open(&app, &format!("job={job}&after=0.0&replay=all")).await.until("closed").await;
    let log = payloads(&log, job);
    let resumed = log.iter().rposition(|event| event["event"] == "resumed").expect("its resumption");
    let is_paused_again = log[resumed..].iter().any(|event| event["event"] == "paused");
    assert!(!is_paused_again, "it does not pause once more, without a reason: {log:?}");
    assert_eq!((end.status, end.counters.missed), (JobStatus::CompletedWithErrors, 3));
    let why = || "not looked at: its disk is missing".to_owned();
    assert_eq!(app.reasons(job, "skipped").await, ["b/1", "b/2", "a"].map(|path| (path.to_owned(), why())));

    // A manifest has a verdict for each of its lines: what is there is compared.
    let Some(_b) = Mount::tmpfs(&at_b, "8m") else { return };
    files.write("b/1", b"b/1");
    let line = |name: &str, content: &str| format!("{}  {name}\n", blake3::hash(content.as_bytes()).to_hex());
    files.write("SUMS", [line("a/1", "a/1"), line("b/1", "b/1")].concat().as_bytes());
    let mut verify = request("verify");
    verify["settings"] = json!({ "manifest": "SUMS" });
    let verify = app.begin_with(&verify).await;
    app.until(verify, |summary| summary.status == gone).await;
    let said = waits(verify).await;
    assert!(said.starts_with("The disk that was at a (tmpfs) is missing."), "{said}");
    act(verify, "resume").await;
    let end = app.end(verify).await;
    assert!(matches!(end.status, JobStatus::Failed { .. }), "{end:?}");
    let skipped = app.reasons(verify, "skipped").await;
    assert!(skipped.contains(&("a/1".to_owned(), why())), "{skipped:?}");
    let (_, report) = app.get(&format!("/api/jobs/{verify}/outputs/REPORT.txt")).await;
    let report = report.as_str().unwrap_or_default();
    assert!(report.contains("ok 1, changed 0, bit rot 0, missing 0, unreadable 0, not checked 1"), "{report}");
    assert!(report.contains("a/1\tnot checked: the disk that was at a is missing"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_on_a_disk_that_was_given_up_is_neither_forgotten_nor_called_no_file() {
    let files = Files::new();
    let Some(mount) = usb(&files) else { return };
    let sums = |name: &str| format!("{}  {name}\n", blake3::hash(name.as_bytes()).to_hex());
    for name in ["a", "usb/b"] {
        files.write(name, name.as_bytes());
    }
    files.write("SUMS", sums("a").as_bytes());
    files.write("usb/SUMS", blake3::hash(b"usb/b").to_hex().as_bytes());
    let app = App::start(&files).await;
    assert_eq!(app.run(&request("checksum")).await.counters.succeeded, 4);
    drop(mount);
    let resumed = async |manifest: &str| {
        let mut body = request("verify");
        body["settings"] = json!({ "manifest": manifest });
        let job = app.begin_with(&body).await;
        assert!(waits(&app, job).await.starts_with("The disk that was at usb (tmpfs) is missing."));
        assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
        app.end(job).await
    };
    let end = resumed("**/SUMS").await;
    assert_eq!((end.status, end.counters.missed), (JobStatus::CompletedWithErrors, 1));
    let (_, report) = app.get(&format!("/api/jobs/{}/outputs/REPORT.txt", end.job)).await;
    assert!(
        report.as_str().is_some_and(|report| report.contains("usb\tnot looked at: its disk is missing")),
        "{report}"
    );
    let end = resumed("usb/SUMS").await;
    assert!(matches!(end.status, JobStatus::Failed { .. }), "{end:?}");
    let (_, view) = app.get(&format!("/api/jobs/{}", end.job)).await;
    let why = view["message"].as_str().unwrap_or_default();
    assert!(why.contains("cannot be read: the disk that was at usb is missing"), "{view}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resume_accepts_what_a_person_was_told_of_the_disks_and_nothing_else() {
    let files = Files::new();
    let disk = |name: &str| {
        let disk = Mount::tmpfs(&files.library().join(name), "8m")?;
        files.write_at(&format!("{name}/1"), b"one", then());
        Some(disk)
    };
    let (Some(a), Some(b)) = (disk("a"), disk("b")) else { return };
    let app = App::start(&files).await;
    let act = async |job, action: &str| {
        let (status, answer) = app.post(&format!("/api/jobs/{job}/{action}")).await;
        assert_eq!(status, 200, "{action}: {answer}");
    };
    assert_eq!(app.run(&request("checksum")).await.counters.succeeded, 2);
    let mut body = request("checksum");
    body["policy"] = json!({ "on_done": "again" });
    // A disk that leaves between the look at the page and the click on it.
    drop(a);
    let job = app.begin_with(&body).await;
    assert!(waits(&app, job).await.starts_with("The disk that was at a (tmpfs) is missing."));
    drop(b);
    act(job, "resume").await;
    let said = waits(&app, job).await;
    assert!(said.starts_with("The disk that was at b (tmpfs) is missing."), "nobody was asked about it: {said}");
    act(job, "cancel").await;
    app.end(job).await;

    // One disk is missing, and another one is in the place of the second: neither hides the other.
    let (Some(a), Some(b)) = (disk("a"), disk("b")) else { return };
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    drop((a, b));
    let Some(b) = disk("b") else { return };
    act(job, "approve").await;
    let said = waits(&app, job).await;
    assert!(said.contains("a (tmpfs) is missing, and the disk at b is not the one that was there"), "{said}");
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let note = view["note"].as_str().unwrap_or_default();
    assert!(note.contains("At b of ") && !note.contains("At a of "), "a missing disk is not another one: {note}");
    act(job, "resume").await;
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::CompletedWithErrors, 1));
    let unseen = ("a/1".to_owned(), "not looked at: its disk is missing".to_owned());
    assert_eq!(app.reasons(job, "skipped").await, [unseen]);
    app.stop().await;
    drop(b);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_server_says_what_a_job_lacks_before_resume_accepts_it() {
    let files = Files::new();
    files.write("c", b"c");
    let disk = |name: &str| {
        let disk = Mount::tmpfs(&files.library().join(name), "8m")?;
        files.write_at(&format!("{name}/1"), b"one", then());
        Some(disk)
    };
    let (Some(a), Some(b)) = (disk("a"), disk("b")) else { return };
    let app = App::start(&files).await;
    assert_eq!(app.run(&request("checksum")).await.counters.succeeded, 3);
    let mut body = request("checksum");
    body["policy"] = json!({ "on_done": "again" });
    drop(a);
    let job = app.begin_with(&body).await;
    assert!(waits(&app, job).await.starts_with("The disk that was at a (tmpfs) is missing."));
    app.stop().await;
    drop(b);
    let app = App::start(&files).await;
    let resume = async || app.post(&format!("/api/jobs/{job}/resume")).await;
    // Whoever resumes it has not been told that the second disk is missing too.
    let (status, answer) = resume().await;
    let said = answer["message"].as_str().unwrap_or_default();
    assert!(status == 409 && said.contains("The disks that were at a (tmpfs) and b (tmpfs) are missing."), "{answer}");
    assert_eq!(resume().await.0, 200, "what was said is accepted");
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::CompletedWithErrors, 1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_files_on_a_disk_that_is_missing_and_nothing_is_written_in_its_place() {
    let files = Files::numbered(2);
    let (disk, usb) = (files.elsewhere(), files.library().join("usb"));
    std::fs::create_dir_all(&disk).expect("a folder");
    std::fs::write(disk.join("a"), "on the disk").expect("a file");
    std::fs::create_dir_all(&usb).expect("a folder");
    let mount = || Mount::without_exchange(&disk, &usb);
    let Some(mounted) = mount() else { return };
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let end = app.run(&request("checksum")).await;
    let text = async |job, name: &str| {
        let (_, text) = app.get(&format!("/api/jobs/{job}/outputs/{name}")).await;
        text.as_str().unwrap_or_default().to_owned()
    };
    let manifest = text(end.job, "SHA256SUMS").await;
    let mut body = request("capitals");
    body["query"] = json!({ "paths": ["usb/a"] });
    let replaced = app.run(&body).await;
    assert_eq!((replaced.status, replaced.counters.succeeded), (JobStatus::Completed, 1));
    files.write("SHA256SUMS", manifest.as_bytes());
    drop(mounted);
    files.write("usb/below", b"in the folder below the disk");

    // A job that leaves its files out is not kept from running, and does not call them missing.
    let mut verify = request("verify");
    verify["settings"] = json!({ "manifest": "SHA256SUMS" });
    verify["query"] = json!({ "folder": { "exclude": ["usb"] } });
    let end = app.run(&verify).await;
    let report = text(end.job, "REPORT.txt").await;
    assert!(report.contains("ok 2, changed 0, bit rot 0, missing 0, unreadable 0, not checked 1"), "{report}");
    assert!(report.contains("the disk that was at usb is missing"), "{report}");

    // Outputs wait for the disk, and so does what puts its originals back.
    let mut out = request("capitals");
    out["query"] = json!({ "paths": ["000000"] });
    out["output"] = json!({ "place": { "folder": { "path": "usb/out" } } });
    let out = app.begin_with(&out).await;
    app.until(out, |summary| summary.status == gone).await;
    let undo = mint();
    assert_eq!(app.post(&format!("/api/jobs/{}/undo/{undo}", replaced.job)).await.0, 201);
    app.until(undo, |summary| summary.status == gone).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    for waiting in [out, undo] {
        let (_, view) = app.get(&format!("/api/jobs/{waiting}")).await;
        assert_eq!(view["reason"], "library_gone", "{view}");
        assert!(view["waits"].as_str().is_some_and(|waits| waits.contains("The disk that was at usb")), "{view}");
        assert!(view["seq"].as_u64().is_some_and(|seq| seq < 15), "it does not begin again and again: {view}");
    }
    let below: Vec<_> = std::fs::read_dir(&usb).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(below, ["below"]);

    let Some(_mounted) = mount() else { return };
    for waiting in [out, undo] {
        let end = app.end(waiting).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "it goes on by itself");
    }
    assert_eq!(std::fs::read_to_string(disk.join("a")).expect("a file"), "on the disk");
    assert_eq!(std::fs::read_dir(disk.join("out")).expect("a folder").count(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_on_another_disk_is_not_called_bit_rot() {
    let files = Files::new();
    let then = std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    let set = |name: &str, content: &[u8]| files.write_at(name, content, then);
    let disk = || Mount::tmpfs(&files.library().join("usb"), "8m");
    let Some(first) = disk() else { return };
    for name in ["usb/a", "b"] {
        set(name, b"good");
    }
    let app = App::start(&files).await;
    let text = async |job, name: &str| {
        let (_, text) = app.get(&format!("/api/jobs/{job}/outputs/{name}")).await;
        text.as_str().unwrap_or_default().to_owned()
    };
    let end = app.run(&request("checksum")).await;
    files.write("SHA256SUMS", text(end.job, "SHA256SUMS").await.as_bytes());
    drop(first);
    let Some(_second) = disk() else { return };
    for name in ["usb/a", "b"] {
        set(name, b"gone");
    }
    let mut verify = request("verify");
    verify["settings"] = json!({ "manifest": "SHA256SUMS" });
    let report = text(app.run(&verify).await.job, "REPORT.txt").await;
    assert!(
        report.contains("b\tbit rot: ")
            && report.contains("usb/a\tchanged: cause unknown, because this might not be the disk"),
        "{report}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_on_one_disk_is_not_said_of_another_at_its_mount_point() {
    let files = Files::new();
    let then = std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    let set = |name: &str, content: &[u8]| files.write_at(name, content, then);
    let disk = || Mount::tmpfs(&files.library().join("usb"), "8m");
    let Some(first) = disk() else { return };
    set("usb/a", b"one");
    set("b", b"one");
    let app = App::start(&files).await;
    let mut body = request("checksum");
    body["policy"] = json!({ "on_done": "skip" });
    assert_eq!(app.run(&body).await.counters.succeeded, 2);
    assert_eq!(app.run(&body).await.counters.skipped, 2, "the same disk");
    drop(first);
    let Some(_second) = disk() else { return };
    set("usb/a", b"two");
    let end = app.run(&body).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (1, 1), "other bytes of the same name, size and time");
    assert_eq!(app.reasons(end.job, "skipped").await[0].0, "b");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_comes_late_is_listed_and_one_that_is_missing_is_not_called_empty() {
    let files = Files::new();
    let app = App::start(&files).await;
    let listed = async |folder: &str| app.get(&format!("/api/libraries/files/files?folder={folder}")).await;
    assert_eq!(listed("").await.1["total"], 0);
    let Some(mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    files.write("a", b"a");
    let Some(inner) = Mount::tmpfs(&files.library().join("usb"), "8m") else { return };
    files.write("usb/b", b"b");
    eventually("the files of a late disk", async || (listed("").await.1["total"] == 2).then_some(())).await;
    app.run(&request("checksum")).await;
    drop(inner);
    let (status, answer) = listed("usb").await;
    assert_eq!(status, 503, "{answer}");
    assert_eq!(answer["message"], "the folder \"usb\" of files cannot be listed: the disk that was at usb is absent");
    drop(mount);
    let (status, answer) = listed("").await;
    assert_eq!(status, 503, "{answer}");
    assert_eq!(answer["message"], "the library files cannot be listed: the library's folder cannot be reached");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_library_is_is_remembered_as_soon_as_a_job_is_planned_on_it() {
    let files = Files::new();
    std::fs::create_dir_all(files.library()).expect("a folder");
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let mut served = Served::start(&files);
    let Some(mount) = Mount::tmpfs(&files.library(), "8m") else { return };
    files.write("a", b"a");
    let job = served.begin("checksum", json!({ "approval": true })).await;
    let plan = served.until(job, |summary| summary.status == JobStatus::Planned).await;
    assert_eq!(plan.counters.total, 1);
    // The machine stops before any file was read, and the next server is there before the disk.
    served.headway.kill();
    drop(served);
    drop(mount);
    let served = Served::start(&files);
    let job = served.begin("checksum", json!({})).await;
    let end = served.until(job, |summary| summary.status.is_terminal() || summary.status == gone).await;
    assert_eq!(end.status, gone, "an empty folder is not the library");
}

/// When the files of every disk were last changed, so that only their content differs.
fn then() -> std::time::SystemTime {
    std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000)
}

/// An empty disk at `usb` in the library; `None` where that is not possible.
fn usb(files: &Files) -> Option<Mount> {
    Mount::tmpfs(&files.library().join("usb"), "8m")
}

/// A job of this recipe over all files, whose plan waits for a person.
async fn planned(app: &App, recipe: &str) -> JobId {
    let mut body = request(recipe);
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    job
}

/// The counts of what the list of a library says of its files: processed or not.
async fn processed(app: &App) -> u64 {
    let (_, page) = app.get("/api/libraries/files/files?folder=usb").await;
    page["entries"].as_array().expect("entries").iter().filter(|entry| entry["outcome"].is_object()).count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanged_disk_is_not_listed_with_what_was_done_on_the_first() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let app = App::start(&files).await;
    assert_eq!(app.run(&request("checksum")).await.counters.succeeded, 1);
    let listed = |wanted: u64| {
        let app = &app;
        async move { (processed(app).await == wanted).then_some(()) }
    };
    eventually("the outcome of a file", || listed(1)).await;
    drop(first);
    let Some(_second) = usb(&files) else { return };
    files.write_at("usb/a", b"two", then());
    eventually("a file of the second disk is new", || listed(0)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trash_on_a_disk_that_was_exchanged_is_not_emptied_and_not_said_to_be() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let served = Served::start(&files);
    let job = served.run("upper", json!({ "output": { "place": "replace" } })).await.job;
    drop(first);
    let Some(_second) = usb(&files) else { return };
    // A copy of the first disk has a trash of the same name.
    let trash = files.library().join("usb").join(".headway-trash").join(job.to_string());
    std::fs::create_dir_all(&trash).expect("a folder");
    std::fs::write(trash.join("of the second disk"), b"two").expect("a file");
    let (status, answer) = served.post(&format!("/api/jobs/{job}/empty_trash")).await;
    assert!(status >= 400 && answer.to_string().contains("another disk"), "{status}: {answer}");
    assert!(trash.join("of the second disk").exists(), "nothing of the second disk is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_go_on_with_another_disk_inside_the_library_unless_a_person_wants_it() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    files.write_at("b", b"one", then());
    let app = App::start(&files).await;
    let job = planned(&app, "checksum").await;
    drop(first);
    let Some(_second) = usb(&files) else { return };
    files.write_at("usb/a", b"two", then());
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let paused = app.until(job, |summary| summary.status.is_terminal() || summary.status == gone).await;
    assert_eq!(paused.status, gone, "a file of the same name, size and time is another one");
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let waits = view["waits"].as_str().unwrap_or_default();
    assert!(waits.contains("The disk at usb is not the one") && view["asks"] == json!(true), "{view}");
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 2));

    // On which of the disks it read a file is not stored, so nothing there counts as done.
    let mut body = request("checksum");
    body["policy"] = json!({ "on_done": "skip" });
    let again = app.run(&body).await;
    assert_eq!((again.counters.succeeded, again.counters.skipped), (1, 1));
    assert_eq!(app.reasons(again.job, "skipped").await[0].0, "b");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_disk_is_accepted_too_for_a_job_that_a_person_paused_while_it_waited_for_its_own() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let app = App::start(&files).await;
    let job = planned(&app, "checksum").await;
    drop(first);
    let Some(second) = usb(&files) else { return };
    files.write_at("usb/a", b"two", then());
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    assert!(waits(&app, job).await.contains("The disk at usb is not the one"));
    let (status, view) = app.post(&format!("/api/jobs/{job}/pause")).await;
    let note = view["note"].as_str().unwrap_or_default();
    let is_told = note.contains("The disk at usb is not the one") && note.contains("Resume uses the disk");
    assert!(status == 200 && is_told, "{status}: {view}");
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "Resume accepts what was said");
    app.stop().await;
    drop(second);
}

/// What a job waits for, as its page says it, once it is paused because its disk is gone.
async fn waits(app: &App, job: JobId) -> String {
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let paused = app.until(job, |summary| summary.status.is_terminal() || summary.status == gone).await;
    assert_eq!(paused.status, gone);
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    view["waits"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_disk_that_a_person_accepts_for_one_job_is_not_accepted_for_the_others() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let app = App::start(&files).await;
    let (accepting, other) = (planned(&app, "checksum").await, planned(&app, "checksum").await);
    drop(first);
    let Some(second) = usb(&files) else { return };
    files.write_at("usb/a", b"two", then());
    for job in [accepting, other] {
        assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
        assert!(waits(&app, job).await.contains("The disk at usb is not the one"));
    }
    assert_eq!(app.post(&format!("/api/jobs/{accepting}/resume")).await.0, 200);
    assert_eq!(app.end(accepting).await.counters.succeeded, 1);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let said = waits(&app, other).await;
    assert!(said.contains("The disk at usb is not the one"), "nobody accepted it for this job: {said}");
    assert_eq!(app.post(&format!("/api/jobs/{other}/resume")).await.0, 200);
    assert_eq!(app.end(other).await.counters.succeeded, 1);
    app.stop().await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_the_place_of_the_accepted_one_is_noticed_too() {
    let files = Files::new();
    let disk = |content: &[u8]| {
        let disk = usb(&files)?;
        files.write_at("usb/a", content, then());
        files.write_at("usb/b", content, then());
        Some(disk)
    };
    let Some(first) = disk(b"one") else { return };
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, true));
    let app = App::start_with(&files, |config| config.workers = 1, vec![recipe.clone()]).await;
    let job = planned(&app, "test").await;
    drop(first);
    let Some(second) = disk(b"two") else { return };
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    assert!(waits(&app, job).await.contains("The disk at usb is not the one"));
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    app.until(job, |summary| summary.counters.running == 1).await;
    drop(second);
    let Some(_third) = disk(b"six") else { return };
    recipe.release();
    assert!(waits(&app, job).await.contains("The disk at usb is not the one"));
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 2));
    app.stop().await;
}

#[test]
fn an_empty_folder_that_cannot_be_removed_stays_and_keeps_no_other_from_being_removed() {
    let files = Files::new();
    std::fs::create_dir_all(files.library().join("made/empty")).expect("folders");
    let Some(_mount) = Mount::tmpfs(&files.library().join("made/usb"), "1m") else { return };
    let library = Library::open("files", &files.library()).expect("a library");
    let made = ["made", "made/empty", "made/usb"].map(|path| path.parse().expect("a path"));
    library.remove_empty(made).expect("what can be removed is");
    assert!(files.library().join("made/usb").is_dir() && !files.library().join("made/empty").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_exchanged_while_no_server_runs_is_not_taken_for_that_of_a_placing() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let mut dying = Served::start_in(&files, &["env", "HEADWAY_FAULT=recorded"]).expect("a ready server");
    let job = dying.begin_doomed("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
    assert!(dying.headway.dies_within(Duration::from_secs(20)));
    let left: Vec<_> = std::fs::read_dir(files.library().join("usb")).expect("a folder").flatten().collect();
    let temp = left.into_iter().map(|entry| entry.file_name()).find(|name| name != "a").expect("a temporary file");
    drop(first);
    let Some(_second) = usb(&files) else { return };
    files.write_at("usb/a", b"two", then());
    let other = files.library().join("usb").join(temp);
    std::fs::write(&other, b"of the second disk").expect("a file");
    let served = Served::start(&files);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let paused = served.until(job, |summary| summary.status.is_terminal() || summary.status == gone).await;
    assert_eq!((paused.status, paused.counters.failed), (gone, 0), "nothing is known of the placing");
    assert!(other.exists(), "nothing of the second disk is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_exchanged_while_no_server_runs_is_not_taken_for_that_of_a_live_job() {
    // Another folder of the same disk, and another disk.
    for is_disk in [false, true] {
        let files = Files::new();
        files.write_at("a", b"one", then());
        let mut dying = Served::start_in(&files, &["env", "HEADWAY_FAULT=recorded"]).expect("a ready server");
        let job = dying.begin_doomed("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
        assert!(dying.headway.dies_within(Duration::from_secs(20)));
        let left: Vec<_> = std::fs::read_dir(files.library()).expect("a folder").flatten().collect();
        let mut names = left.iter().filter(|entry| entry.path().is_file()).map(std::fs::DirEntry::file_name);
        let temp = names.find(|name| name != "a").expect("a temporary file");
        std::fs::rename(files.library(), files.elsewhere()).expect("a folder");
        std::fs::create_dir(files.library()).expect("a folder");
        let mount = if is_disk { Mount::tmpfs(&files.library(), "8m") } else { None };
        if is_disk && mount.is_none() {
            return;
        }
        files.write_at("a", b"two", then());
        let other = files.library().join(temp);
        std::fs::write(&other, b"of the second folder").expect("a file");
        let served = Served::start(&files);
        let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
        let paused = served.until(job, |summary| summary.status.is_terminal() || summary.status == gone).await;
        assert_eq!((paused.status, paused.counters.failed), (gone, 0), "nothing is known of the placing");
        assert!(other.exists(), "nothing of the second folder is removed");
        assert_eq!(std::fs::read(files.library().join("a")).expect("a file"), b"two");
        let (_, view) = served.answer(&format!("/api/jobs/{job}")).await;
        assert!(view["waits"].as_str().is_some_and(|waits| waits.contains("is not the one")), "{view}");
        drop(served);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_by_itself_when_its_root_is_back_though_another_one_was_there_at_the_restart() {
    let files = Files::numbered(5);
    let app = App::start(&files).await;
    let job = planned(&app, "checksum").await;
    app.stop().await;
    std::fs::rename(files.library(), files.elsewhere()).expect("a folder");
    files.write("other", b"of another folder");
    let app = App::start(&files).await;
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    assert!(waits(&app, job).await.contains("is not the one"));
    std::fs::remove_dir_all(files.library()).expect("a folder");
    std::fs::rename(files.elsewhere(), files.library()).expect("a folder");
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 5));
    app.stop().await;
}

/// A server whose commands wait for the file `gate`: `copy` then writes an output, and `append` changes its file.
fn gated(files: &Files) -> Headway {
    let gate = files.data().with_file_name("gate");
    let wait = format!("while [ ! -e {} ]; do sleep 0.01; done", gate.display());
    let command = |name: &str, script: &str, words: &str| {
        format!("[[command]]\nname = \"{name}\"\nrun = [\"sh\", \"-c\", '{wait}; {script}', \"sh\", {words}]\n")
    };
    let copy = command("copy", r#"cat "$1" > "$2""#, r#""{}", "{out}""#);
    let text = copy + &command("append", r#"test -e "$1" && echo more >> "$1""#, r#""{}""#);
    let config = files.data().with_file_name("headway.toml");
    std::fs::write(&config, text).expect("a file");
    Headway::start(files, &["--config", config.to_str().expect("text")])
}

/// Begins a job with one of these commands on `usb/a` and this policy, and waits until its program runs.
async fn begin_gated(process: &Headway, client: &reqwest::Client, recipe: &str, policy: Value) -> JobId {
    let (job, mut body) = (mint(), request(recipe));
    body["query"] = json!({ "paths": ["usb/a"] });
    body["policy"] = policy;
    let call = client.put(format!("{}/api/jobs/{job}", process.url)).json(&body).send().await.expect("an answer");
    assert_eq!(call.status().as_u16(), 201);
    let runs = || {
        let left = attempts_left(|attempt| attempt.starts_with(&job.to_string())).expect("a look");
        (!left.is_empty()).then_some(())
    };
    eventually("the program", async || runs()).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_leaves_while_a_command_runs_on_its_file_fails_no_file() {
    for (recipe, reason) in [("copy", PauseReason::LibraryGone), ("append", PauseReason::Interrupted)] {
        let (files, client) = (Files::new(), http());
        let (disk, usb) = (files.elsewhere(), files.library().join("usb"));
        std::fs::create_dir_all(&disk).expect("a folder");
        std::fs::write(disk.join("a"), "a").expect("a file");
        let mount = || Mount::without_exchange(&disk, &usb);
        let Some(mounted) = mount() else { return };
        let process = gated(&files);
        let job = begin_gated(&process, &client, recipe, json!({})).await;
        drop(mounted);
        std::fs::write(files.data().with_file_name("gate"), "").expect("a file");
        let is_paused = |summary: &JobSummary| matches!(summary.status, JobStatus::Paused { .. });
        let is_over = |summary: &JobSummary| summary.status.is_terminal() || is_paused(summary);
        let paused = process.until(&client, job, |summary| is_over(summary) && summary.counters.running == 0).await;
        assert_eq!((paused.status, paused.counters.failed), (JobStatus::Paused { reason }, 0), "{recipe}: {paused:?}");
        let Some(_mounted) = mount() else { return };
        if reason == PauseReason::Interrupted {
            // What the program did is not known, so it is not repeated without asking.
            let resume = format!("{}/api/jobs/{job}/resume", process.url);
            assert_eq!(client.post(resume).send().await.expect("an answer").status().as_u16(), 200);
        }
        let end = process.end(&client, job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{recipe}: {end:?}");
        let is_left = || {
            let mut names = std::fs::read_dir(&disk).expect("a folder").flatten().map(|entry| entry.file_name());
            names.any(|name| name.to_string_lossy().starts_with(&format!(".headway-{job}")))
        };
        eventually("a tidy disk", async || (!is_left()).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_does_not_wait_for_the_missing_disk_of_interrupted_files() {
    let (files, client) = (Files::new(), http());
    let (disk, usb) = (files.elsewhere(), files.library().join("usb"));
    std::fs::create_dir_all(&disk).expect("a folder");
    std::fs::write(disk.join("a"), "a").expect("a file");
    let Some(mounted) = Mount::without_exchange(&disk, &usb) else { return };
    let mut process = gated(&files);
    let job = begin_gated(&process, &client, "append", json!({})).await;
    process.kill();
    drop((process, mounted));
    let process = gated(&files);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    process.until(&client, job, |summary| summary.status == gone).await;
    let cancel = format!("{}/api/jobs/{job}/cancel", process.url);
    assert_eq!(client.post(cancel).send().await.expect("an answer").status().as_u16(), 200);
    let end = process.end(&client, job).await;
    assert_eq!((end.status, end.counters.cancelled), (JobStatus::Cancelled, 1), "{end:?}");
    assert_eq!(std::fs::read(disk.join("a")).expect("a file"), b"a");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_fails_no_file_whose_disk_has_left() {
    let (files, client) = (Files::new(), http());
    let (disk, usb) = (files.elsewhere(), files.library().join("usb"));
    std::fs::create_dir_all(&disk).expect("a folder");
    std::fs::write(disk.join("a"), "a").expect("a file");
    let mount = || Mount::without_exchange(&disk, &usb);
    let Some(mounted) = mount() else { return };
    let process = gated(&files);
    let job = begin_gated(&process, &client, "copy", json!({ "timeout": "5s" })).await;
    drop(mounted);
    // Nothing but the time limit ends the program.
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let is_over = |summary: &JobSummary| summary.status.is_terminal() || summary.status == gone;
    let paused = process.until(&client, job, |summary| is_over(summary) && summary.counters.running == 0).await;
    assert_eq!((paused.status, paused.counters.failed), (gone, 0), "{paused:?}");
    std::fs::write(files.data().with_file_name("gate"), "").expect("a file");
    let Some(_mounted) = mount() else { return };
    let end = process.end(&client, job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_finished_job_left_on_a_missing_disk_is_removed_when_the_disk_is_back_and_nowhere_else() {
    let files = Files::new();
    let (disk, usb) = (files.elsewhere(), files.library().join("usb"));
    std::fs::create_dir_all(&disk).expect("a folder");
    std::fs::write(disk.join("a"), "a").expect("a file");
    let mount = || Mount::without_exchange(&disk, &usb);
    let Some(mounted) = mount() else { return };
    let served = Served::start(&files);
    let on_disk = json!({ "query": { "paths": ["usb/a"] }, "output": { "place": "replace" } });
    let end = served.run("upper", on_disk.clone()).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1));
    drop(served);
    // As a server leaves it that is killed while its disk leaves.
    let left = format!(".headway-{}-0-1~", end.job);
    let notes = files.data().join("untidy");
    std::fs::create_dir_all(&notes).expect("a folder");
    std::fs::write(notes.join(end.job.to_string()), "").expect("a note");
    std::fs::create_dir(disk.join(&left)).expect("a folder");
    std::fs::write(disk.join(&left).join("a"), "half").expect("a file");
    drop(mounted);
    std::fs::create_dir(usb.join(&left)).expect("a folder of the same name at the mount point");
    let served = Served::start(&files);
    let waiting = served.begin("upper", on_disk).await;
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    served.until(waiting, |summary| summary.status == gone).await;
    let Some(mounted) = mount() else { return };
    eventually("an empty disk", async || (!disk.join(&left).exists()).then_some(())).await;
    served.end(waiting).await;
    eventually("no note", async || std::fs::read_dir(&notes).expect("a folder").next().is_none().then_some(())).await;
    drop((served, mounted));
    assert!(usb.join(&left).exists(), "nothing at the bare mount point is taken for it");
}

/// What lies on the second disk looks like a change that has to be taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_exchanged_before_a_retry_runs_is_not_taken_for_that_of_a_half_changed_file() {
    let files = Files::new();
    let Some(first) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let folder = files.library().join("usb");
    let served = failing(&files, "renameat2", "error=EBUSY:when=2+", &[folder.to_str().expect("text")]);
    let job = served.run("upper", json!({})).await;
    assert_eq!((job.counters.failed, job.counters.succeeded), (1, 0));
    drop(served);
    let left = std::fs::read_dir(&folder).expect("a folder").flatten().filter(|entry| entry.path().is_file());
    let original = left.map(|entry| entry.file_name()).find(|name| name != "a").expect("the original");
    let served = Served::start(&files);
    let query = json!({ "items": { "job": job.job, "which": "errors" } });
    let retry = served.begin("upper", json!({ "query": query, "approval": true })).await;
    let is_planned = |summary: &JobSummary| summary.status == JobStatus::Planned || summary.status.is_terminal();
    assert_eq!(served.until(retry, is_planned).await.counters.waiting, 1);
    drop(first);
    let Some(_second) = usb(&files) else { return };
    files.write_at("usb/a", b"one", then());
    let other = folder.join(original);
    std::fs::write(&other, b"ONE").expect("a file");
    assert_eq!(served.post(&format!("/api/jobs/{retry}/approve")).await.0, 200);
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let paused = served.until(retry, |summary| summary.status.is_terminal() || summary.status == gone).await;
    assert_eq!((paused.status, paused.counters.failed), (gone, 0), "nothing is known of the change");
    assert!(other.exists(), "nothing of the second disk is removed");
}

/// One folder at two places, with another device each: nothing but a look after the removal tells that both names are one file.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_file_with_its_content_is_not_removed_because_it_is_seen_at_two_places() {
    // The first in the order of paths stays.
    for name in ["before", "view"] {
        let files = Files::new();
        files.write("real/file", b"the only copy");
        let real = files.library().join("real");
        let view = files.library().join(name);
        let Some(_mount) = Mount::without_exchange(&real, &view) else { return };
        let served = Served::start(&files);
        let found = served.run("duplicates", json!({ "settings": { "keep": "first" } })).await.job;
        let given = json!({ "settings": { "report": found.to_string() } });
        let end = served.run("deduplicate", given).await;
        let items = served.get(&format!("/api/jobs/{}/items", end.job)).await;
        assert_eq!((end.counters.succeeded, end.counters.failed), (0, 1), "{name}: {items}");
        assert!(items.to_string().contains("so this file stays too"), "{name}: {items}");
        for folder in [&real, &view] {
            assert_eq!(std::fs::read(folder.join("file")).expect("a file"), b"the only copy", "{name}");
        }
    }
}
