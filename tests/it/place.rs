//! Outputs and originals: where they go, what is kept, and what undo restores.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use headway_model::{JobId, JobStatus, JobSummary, PauseReason};
use serde_json::{Value, json};

use crate::helper::{App, Behaviour, Capitals, Files, Mount, eventually, mint, request, set_modified};

/// Every file below a folder, by its path, without Headway's own.
fn content(root: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below it").as_os_str().as_bytes().to_vec();
            if path.file_name().is_some_and(|name| name.as_bytes().starts_with(b".headway-trash")) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

async fn start(files: &Files) -> (App, Arc<Capitals>) {
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    (App::start_with(files, |config| config.workers = 2, vec![recipe.clone()]).await, recipe)
}

async fn run(app: &App, output: Option<Value>) -> JobSummary {
    let mut body = request("capitals");
    output.into_iter().for_each(|output| body["output"] = output);
    app.run(&body).await
}

async fn undo(app: &App, job: JobId) -> JobSummary {
    let id = mint();
    let (status, answer) = app.post(&format!("/api/jobs/{job}/undo/{id}")).await;
    assert_eq!(status, 201, "{answer}");
    app.end(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_file_is_the_new_one_and_undo_puts_back_every_byte() {
    let files = Files::numbered(30);
    files.write("deep/er/SAME", b"ALREADY IN CAPITALS");
    files.write_bytes(b"odd \xFF\nname", b"odd");
    let before = content(&files.library());
    let path = files.library().join("000007");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    let old = std::fs::metadata(&path).expect("a file");
    let (app, _) = start(&files).await;
    let end = run(&app, None).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 32));
    let capitals = |(name, text): (&Vec<u8>, &Vec<u8>)| (name.clone(), text.to_ascii_uppercase());
    assert_eq!(content(&files.library()), before.iter().map(capitals).collect());
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o7777, 0o640);
    let (_, view) = app.get(&format!("/api/jobs/{}", end.job)).await;
    assert_eq!(view["trash"][0], json!(31), "the one that stayed as it was is in no trash");

    let undone = undo(&app, end.job).await;
    assert_eq!((undone.status, undone.counters.succeeded, undone.counters.total), (JobStatus::Completed, 31, 31));
    assert_eq!(content(&files.library()), before);
    let new = std::fs::metadata(&path).expect("a file");
    assert_eq!((new.mtime(), new.mtime_nsec(), new.mode()), (old.mtime(), old.mtime_nsec(), old.mode()));
    let (status, answer) = app.post(&format!("/api/jobs/{}/undo/{}", end.job, mint())).await;
    let says = format!("job {} was already undone by job {}", end.job, undone.job);
    assert!(status == 409 && answer["message"].as_str().is_some_and(|text| text.contains(&says)), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_keeps_what_was_changed_since_and_says_so() {
    let files = Files::numbered(3);
    let (app, _) = start(&files).await;
    let end = run(&app, None).await;
    files.write("000001", b"mine now");
    std::fs::remove_file(files.library().join("000002")).expect("a file");
    let undone = undo(&app, end.job).await;
    assert_eq!(undone.counters.succeeded, 1);
    let kept = [("000001", "no longer what the job put there"), ("000002", "not there")];
    assert_eq!(app.reasons(undone.job, "skipped").await, kept.map(|(path, why)| (path.to_owned(), why.to_owned())));
    assert_eq!(std::fs::read(files.library().join("000001")).expect("a file"), b"mine now");
    let word = async || {
        let (_, list) = app.get("/api/v1/jobs").await;
        let job = end.job.to_string();
        let jobs = list["jobs"].as_array().expect("jobs").clone();
        jobs.iter().find(|listed| listed["job"] == *job).map(|listed| listed["undone_as"].clone())
    };
    assert_eq!(word().await, Some(json!("partly undone")));
    // A second undo takes only what is left.
    for name in ["000001", "000002"] {
        files.write(name, format!("FILE {}\n", &name[5..]).as_bytes());
    }
    let rest = undo(&app, end.job).await;
    assert_eq!((rest.status, rest.counters.total, rest.counters.succeeded), (JobStatus::Completed, 2, 2), "{rest:?}");
    assert_eq!(word().await, Some(json!("undone")));
    for number in 0..3 {
        let text = std::fs::read_to_string(files.library().join(format!("00000{number}"))).expect("a file");
        assert_eq!(text, format!("file {number}\n"));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_several_undos_start_at_once_only_one_is_made() {
    let files = Files::numbered(3);
    let (app, _) = start(&files).await;
    let job = run(&app, None).await.job;
    // It waits for approval, so it is under way when the last call comes.
    let query = json!({ "items": { "job": job, "which": "placed" } });
    let body = json!({ "library": "files", "recipe": "undo", "query": query, "approval": true });
    let ids: Vec<_> = (0..12).map(|_| mint().to_string()).collect();
    let calls = ids.iter().chain(&ids).map(|id| app.put(id, &body));
    let answers = futures::future::join_all(calls).await;
    let count = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(201), count(200), count(409)), (1, 1, 22), "{answers:?}");
    assert_eq!(app.get("/api/jobs").await.1["jobs"].as_array().map(Vec::len), Some(2));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_trash_is_gone_and_an_undo_after_it_fails_file_by_file() {
    let files = Files::numbered(3);
    let (app, _) = start(&files).await;
    let end = run(&app, None).await;
    let (status, view) = app.post(&format!("/api/jobs/{}/empty_trash", end.job)).await;
    assert_eq!((status, &view["trash"]), (200, &json!([0, 0])));
    let undone = undo(&app, end.job).await;
    assert_eq!((undone.counters.failed, undone.counters.succeeded), (3, 0));
    assert_eq!(std::fs::read(files.library().join("000001")).expect("a file"), b"FILE 1\n");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trash_is_emptied_by_its_age_and_not_before() {
    let files = Files::numbered(3);
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let age = std::time::Duration::from_secs(2);
    let change = |config: &mut headway_server::config::Config| {
        (config.trash_age, config.sweep) = (Some(age), std::time::Duration::from_millis(200));
    };
    let app = App::start_with(&files, change, vec![recipe]).await;
    let end = run(&app, None).await;
    let begun = std::time::Instant::now();
    eventually("an empty trash", async || {
        let (_, view) = app.get(&format!("/api/jobs/{}", end.job)).await;
        (view["trash"][0] == json!(0)).then_some(())
    })
    .await;
    assert!(begun.elapsed() > std::time::Duration::from_secs(1), "not before its time");
    assert_eq!(std::fs::read(files.library().join("000001")).expect("a file"), b"FILE 1\n");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trash_is_not_emptied_on_the_word_of_a_clock_that_jumped() {
    let files = Files::numbered(3);
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let start = async |age: Option<std::time::Duration>| {
        let change = move |config: &mut headway_server::config::Config| {
            (config.trash_age, config.sweep) = (age, std::time::Duration::from_millis(50));
        };
        App::start_with(&files, change, vec![recipe.clone()]).await
    };
    let old = Some(std::time::Duration::from_millis(1));
    let app = start(None).await;
    let job = run(&app, None).await.job;
    app.stop().await;
    // At this start the clock is 400 days ahead of what was known.
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let known = since - std::time::Duration::from_secs(400 * 86_400);
    let clock = files.data().join("clock");
    std::fs::write(&clock, format!("{} 0\n", known.as_millis())).expect("a file");
    let app = start(old).await;
    // Before the last of these looks, the trashes were looked at.
    for _ in 0..5 {
        let seen = std::fs::read(&clock).expect("the clock");
        let looked = async || std::fs::read(&clock).is_ok_and(|now| now != seen).then_some(());
        eventually("another look at the clock", looked).await;
    }
    let (_, room) = app.get("/api/room").await;
    assert!(room["suspended"].is_u64() && room["trash_age"] == json!(1), "{room}");
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert_eq!(view["trash"][0], json!(3), "{view}");
    app.stop().await;
    // Where nothing speaks against the clock, the same trash is old.
    std::fs::remove_file(&clock).expect("a file");
    let app = start(old).await;
    eventually("an empty trash", async || {
        let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
        (view["trash"][0] == json!(0)).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_inherits_times_and_attributes_when_requested() {
    let files = Files::numbered(2);
    let path = files.library().join("000001");
    let set = rustix::fs::setxattr(&path, "user.note", b"kept", rustix::fs::XattrFlags::empty());
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    set_modified(&path, old);
    let (app, _) = start(&files).await;
    let keep = json!({ "place": "replace", "keep": { "times": true, "xattrs": true } });
    assert_eq!(run(&app, Some(keep)).await.counters.succeeded, 2);
    assert_eq!(std::fs::metadata(&path).expect("a file").modified().expect("a time"), old);
    if set.is_ok() {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&path, "user.note", &mut value[..]).expect("an attribute");
        assert_eq!(&value[..length], b"kept");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_go_beside_or_into_another_folder_and_never_over_a_file() {
    let files = Files::new();
    for path in ["a.txt", "b.txt", "deep/a.txt", "deep/a.md"] {
        files.write(path, path.as_bytes());
    }
    files.write("b.big", b"was here");
    let before = content(&files.library());
    let (app, _) = start(&files).await;
    let end = run(&app, Some(json!({ "place": { "beside": { "name": "{/.}.big" } } }))).await;
    // b.big is there, deep/a.md and deep/a.txt want the same name, and b.big would be its own output.
    assert_eq!((end.counters.succeeded, end.counters.skipped), (2, 3));
    let made = content(&files.library());
    assert_eq!(made[&b"a.big".to_vec()], b"A.TXT");
    assert_eq!(made[&b"b.big".to_vec()], b"was here");
    assert_eq!(made[&b"deep/a.big".to_vec()], b"DEEP/A.MD", "the first in the plan has the name");
    let undone = undo(&app, end.job).await;
    assert_eq!(undone.counters.succeeded, 2);
    assert_eq!(content(&files.library()), before);

    let end = run(&app, Some(json!({ "place": { "folder": { "path": "made/here" } } }))).await;
    assert_eq!((end.counters.succeeded, end.counters.total), (5, 5));
    assert_eq!(content(&files.library())[&b"made/here/deep/a.txt".to_vec()], b"DEEP/A.TXT");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_cannot_be_named_is_reported_in_the_plan() {
    let files = Files::new();
    let long = format!("{}.png", "n".repeat(251));
    files.write(&long, b"x");
    files.write("bare", b"x");
    files.write("headway-a.png", b"x");
    let (app, _) = start(&files).await;
    let reserved = "the output's name would begin with .headway-, which is reserved for Headway";
    for (path, name, reason) in [
        (long.as_str(), "{/.}.webp", "the output's name would be longer than 255 bytes"),
        ("bare", "{+.}", "the output's name would not be a file name"),
        ("headway-a.png", ".{/}", reserved),
    ] {
        let mut body = request("capitals");
        body["query"] = json!({ "paths": [path] });
        body["output"] = json!({ "place": { "beside": { "name": name } } });
        body["approval"] = json!(true);
        let job = app.begin_with(&body).await;
        let planned = app.until(job, |summary| summary.status == JobStatus::Planned).await;
        assert_eq!((planned.counters.skipped, planned.counters.missed), (1, 1), "{name}");
        assert_eq!(app.reasons(job, "skipped").await, [(path.to_owned(), reason.to_owned())]);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_is_kept_only_if_it_is_smaller_when_requested() {
    let files = Files::numbered(2);
    let before = content(&files.library());
    let (app, _) = start(&files).await;
    let end = run(&app, Some(json!({ "place": "replace", "smaller": 0 }))).await;
    assert_eq!(end.counters.skipped, 2);
    assert_eq!(app.reasons(end.job, "skipped").await[0].1, "would not be smaller");
    assert_eq!(content(&files.library()), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hard_links_and_files_changed_under_our_hands_are_left_alone() {
    let files = Files::numbered(3);
    std::fs::hard_link(files.library().join("000000"), files.data().with_file_name("other")).expect("a link");
    let recipe = Arc::new(Capitals::new(Behaviour::Held));
    let app = App::start_with(&files, |config| config.workers = 3, vec![recipe.clone()]).await;
    let job = app.begin("capitals").await;
    // Read, written, not yet put into place.
    eventually("two at work", async || (recipe.begun.load(std::sync::atomic::Ordering::SeqCst) == 2).then_some(()))
        .await;
    files.write("000001", b"changed meanwhile");
    recipe.release();
    let end = app.end(job).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (1, 2));
    let why = [("000000", "has other hard links"), ("000001", "changed since it was planned")];
    assert_eq!(app.reasons(job, "skipped").await, why.map(|(path, why)| (path.to_owned(), why.to_owned())));
    assert_eq!(std::fs::read(files.library().join("000001")).expect("a file"), b"changed meanwhile");
    assert_eq!(content(&files.library()).len(), 3, "no temporary file is left");
    let body = json!({ "place": "replace", "hard_links": true });
    let end = run(&app, Some(body)).await;
    assert_eq!(end.counters.succeeded, 3);
    assert_eq!(std::fs::read(files.data().with_file_name("other")).expect("a file"), b"file 0\n");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_do_not_work_on_one_file_and_the_second_names_the_job_it_waits_for() {
    let files = Files::numbered(1);
    let recipe = Arc::new(Capitals::new(Behaviour::Held));
    let app = App::start_with(&files, |config| config.workers = 2, vec![recipe.clone()]).await;
    let first = app.begin("capitals").await;
    app.until(first, |summary| summary.counters.running == 1).await;
    let second = app.begin("capitals").await;
    let waits = eventually("the second job waits", async || {
        let (_, view) = app.get(&format!("/api/jobs/{second}")).await;
        view["waits"].as_str().filter(|text| text.contains("works on it")).map(str::to_owned)
    })
    .await;
    assert!(waits.contains(&first.to_string()), "{waits}");
    recipe.release();
    assert_eq!(app.end(first).await.counters.succeeded, 1);
    // The first job has changed the file since the second was planned.
    assert_eq!(app.end(second).await.counters.skipped, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_jobs_that_make_one_name_at_the_same_time_one_gets_it() {
    let files = Files::new();
    files.write("a.txt", b"text");
    files.write("a.md", b"mark");
    let recipe = Arc::new(Capitals::new(Behaviour::Held));
    let app = App::start_with(&files, |config| config.workers = 2, vec![recipe.clone()]).await;
    let begin = async |name: &str| {
        let mut body = request("capitals");
        body["query"] = json!({ "paths": [name] });
        body["output"] = json!({ "place": { "beside": { "name": "{/.}.big" } } });
        app.begin_with(&body).await
    };
    let jobs = [begin("a.txt").await, begin("a.md").await];
    // The name is free while one is at work, and the other waits for it.
    eventually("a job at work", async || (recipe.begun.load(std::sync::atomic::Ordering::SeqCst) >= 1).then_some(()))
        .await;
    recipe.release();
    let ends = [app.end(jobs[0]).await, app.end(jobs[1]).await];
    let (winner, loser) = if ends[0].counters.succeeded == 1 { (0, 1) } else { (1, 0) };
    assert_eq!((ends[winner].counters.succeeded, ends[winner].status), (1, JobStatus::Completed));
    assert_eq!((ends[loser].counters.skipped, ends[loser].status), (1, JobStatus::CompletedWithErrors));
    let (_, items) = app.get(&format!("/api/jobs/{}/items", jobs[loser])).await;
    assert_eq!(items["items"][0]["reason"], "another file has the new name", "{items}");
    let left = content(&files.library());
    assert_eq!(left[&b"a.big".to_vec()], [b"TEXT", b"MARK"][winner], "{left:?}");
    assert_eq!(left.len(), 3, "nothing temporary is left: {left:?}");
    // Taken back, it frees the name.
    assert_eq!(undo(&app, jobs[winner]).await.counters.succeeded, 1);
    assert!(!files.library().join("a.big").exists());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_names_of_one_file_are_one_file_to_two_jobs() {
    let files = Files::numbered(1);
    std::fs::hard_link(files.library().join("000000"), files.library().join("linked")).expect("a link");
    let recipe = Arc::new(Capitals::new(Behaviour::Held));
    let app = App::start_with(&files, |config| config.workers = 2, vec![recipe.clone()]).await;
    let begin = async |name: &str| {
        let mut body = request("capitals");
        body["query"] = json!({ "paths": [name] });
        body["output"] = json!({ "place": "replace", "hard_links": true });
        app.begin_with(&body).await
    };
    let first = begin("000000").await;
    app.until(first, |summary| summary.counters.running == 1).await;
    eventually("the first job at work", async || {
        (recipe.begun.load(std::sync::atomic::Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    let second = begin("linked").await;
    eventually("the second job waits", async || {
        let (_, view) = app.get(&format!("/api/jobs/{second}")).await;
        view["waits"].as_str().filter(|text| text.contains(&first.to_string())).map(drop)
    })
    .await;
    recipe.release();
    assert_eq!(app.end(first).await.counters.succeeded, 1);
    assert!(app.end(second).await.status.is_terminal());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_system_in_the_midst_of_the_tree_has_a_trash_of_its_own() {
    let files = Files::numbered(2);
    let inner = files.library().join("inner");
    let Some(_mount) = Mount::tmpfs(&inner, "16m") else { return };
    files.write("inner/deep/file", b"inside");
    let before = content(&files.library());
    let (app, _) = start(&files).await;
    let end = run(&app, None).await;
    assert_eq!(end.counters.succeeded, 3);
    assert!(inner.join(".headway-trash").is_dir());
    assert_eq!(undo(&app, end.job).await.counters.succeeded, 3);
    assert_eq!(content(&files.library()), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_exchange_of_names_a_replace_uses_another_method_and_reports_it() {
    let files = Files::numbered(4);
    let Some(_mount) = Mount::without_exchange(&files.library(), &files.elsewhere()) else { return };
    let before = content(&files.library());
    let root = files.elsewhere();
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let change = move |config: &mut headway_server::config::Config| config.libraries[0].1 = root;
    let app = App::start_with(&files, change, vec![recipe]).await;
    let end = run(&app, None).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 4));
    assert_eq!(std::fs::read(files.library().join("000003")).expect("a file"), b"FILE 3\n");
    let (_, view) = app.get(&format!("/api/jobs/{}", end.job)).await;
    assert!(view["note"].as_str().is_some_and(|note| note.contains("exchange")), "{view}");
    // For a second, this file system answers as if each file still had the name in between.
    let mut body = request("capitals");
    body["policy"] = json!({ "on_done": "again" });
    let again = app.run(&body).await;
    assert_eq!((again.status, again.counters.succeeded), (JobStatus::Completed, 4), "{again:?}");
    assert_eq!(run(&app, Some(json!({ "place": { "beside": { "name": "{/}.up" } } }))).await.counters.succeeded, 4);
    assert_eq!(undo(&app, end.job).await.counters.succeeded, 4);
    assert_eq!(std::fs::read(files.library().join("000003")).expect("a file"), before[&b"000003"[..]]);
    let names: Vec<_> =
        std::fs::read_dir(files.library()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), 9, "four files, four outputs and the trash: {names:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_card_is_worked_on_safely_and_its_names_differ_by_more_than_case() {
    let files = Files::new();
    let Some(_mount) = Mount::exfat(&files.library()) else { return };
    for (name, text) in
        [("a.txt", "one"), ("A.md", "two"), ("b.txt", "three"), ("B.UP", "kept"), ("deep/c.txt", "four")]
    {
        files.write(name, text.as_bytes());
    }
    assert!(files.library().join("DEEP/C.TXT").exists(), "this file system folds case");
    let before = content(&files.library());
    let (app, _) = start(&files).await;

    // Of two outputs whose names differ only in case, one is made, and the file that is there already stays, because
    // both names stand for the same file.
    let beside = json!({ "place": { "beside": { "name": "{/.}.up" } } });
    let end = run(&app, Some(beside)).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (2, 3), "{end:?}");
    let skipped = app.reasons(end.job, "skipped").await;
    assert!(skipped.iter().all(|(_, why)| why == "another file has the new name"), "{skipped:?}");
    assert_eq!(std::fs::read(files.library().join("b.up")).expect("a file"), b"kept");
    assert_eq!(undo(&app, end.job).await.counters.succeeded, 2);
    assert_eq!(content(&files.library()), before);

    let end = run(&app, None).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 5));
    let capitals = |(name, text): (&Vec<u8>, &Vec<u8>)| (name.clone(), text.to_ascii_uppercase());
    assert_eq!(content(&files.library()), before.iter().map(capitals).collect());
    let (_, view) = app.get(&format!("/api/jobs/{}", end.job)).await;
    assert!(view["note"].as_str().is_some_and(|note| note.contains("no file of that name")), "{view}");
    assert_eq!(undo(&app, end.job).await.counters.succeeded, 5);
    assert_eq!(content(&files.library()), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_back_shares_its_blocks_with_the_trash_where_the_file_system_can() {
    const SIZE: usize = 40 << 20;
    let files = Files::new();
    let Some(_mount) = Mount::btrfs(&files.library()) else { return };
    let text: Vec<_> = (b'a'..=b'z').cycle().take(SIZE).collect();
    files.write("large", &text);
    let (app, _) = start(&files).await;
    let end = run(&app, None).await;
    assert_eq!(end.counters.succeeded, 1);
    let used = || {
        let folder = std::fs::File::open(files.library()).expect("a folder");
        rustix::fs::syncfs(&folder).expect("a sync");
        let disk = rustix::fs::fstatvfs(&folder).expect("a file system");
        (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    };
    let before = used();
    assert_eq!(undo(&app, end.job).await.counters.succeeded, 1);
    assert!(std::fs::read(files.library().join("large")).expect("a file") == text, "it is back");
    let more = used().saturating_sub(before);
    assert!(more < (SIZE / 4) as u64, "{more} bytes more are used");
    app.stop().await;
}

/// An output needs its folder, which is not there either. That says nothing about the file.
#[tokio::test(flavor = "multi_thread")]
async fn no_file_fails_if_the_library_disappears_while_a_job_writes() {
    let files = Files::numbered(20);
    let recipe = Arc::new(Capitals::new(Behaviour::Held));
    let app = App::start_with(&files, |config| config.workers = 2, vec![recipe.clone()]).await;
    let job = app.begin("capitals").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    std::fs::rename(files.library(), files.elsewhere()).expect("a folder");
    recipe.release();
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    let paused = app.until(job, |summary| summary.status == gone && summary.counters.running == 0).await;
    assert_eq!((paused.counters.failed, paused.counters.skipped), (0, 0), "{paused:?}");
    std::fs::rename(files.elsewhere(), files.library()).expect("a folder");
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 20), "{end:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_removes_the_empty_folders_that_its_job_made_and_no_others() {
    let files = Files::new();
    for file in ["a/one", "a/deep/two", "b/three"] {
        files.write(file, file.as_bytes());
    }
    // The owner's own folders, one of them empty.
    for folder in ["out/b", "empty"] {
        std::fs::create_dir_all(files.library().join(folder)).expect("a folder");
    }
    let (app, _) = start(&files).await;
    let there = || ["out", "out/a", "out/a/deep", "out/b", "empty"].map(|name| files.library().join(name).is_dir());
    let place = json!({ "place": { "folder": { "path": "out" } } });
    for _ in 0..2 {
        let done = run(&app, Some(place.clone())).await;
        assert_eq!((done.counters.succeeded, there()), (3, [true; 5]));
        files.write("out/a/mine", b"the owner's");
        let undone = undo(&app, done.job).await;
        assert_eq!(undone.counters.succeeded, 3);
        let (_, totals) = app.get(&format!("/api/v1/jobs/{}/totals", undone.job)).await;
        assert_eq!((&totals["removed"]["files"], &totals["unknown"]), (&json!(3), &json!(0)), "{totals}");
        assert_eq!(there(), [true, true, false, true, true], "a folder with another file stays");
        std::fs::remove_dir_all(files.library().join("out/a")).expect("a folder");
    }
    app.stop().await;
}
