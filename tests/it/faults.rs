//! System calls that fail, at the real program: what is not known of a file is never reported as a fact about it, and a
//! failure that is not a file's fault pauses the job.

use std::collections::BTreeMap;
use std::path::PathBuf;

use headway_model::{JobStatus, JobSummary, PauseReason};
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::{Files, eventually, mint, refused_to_serve};

/// The program under a tracer that lets these calls fail, those on `path` alone if one is given as the program names it.
pub(crate) fn failing(files: &Files, calls: &str, what: &str, paths: &[&str]) -> Served {
    try_failing(files, calls, what, paths).expect("a ready server")
}

/// The same; `None` if the program ends before it is ready.
pub(crate) fn try_failing(files: &Files, calls: &str, what: &str, paths: &[&str]) -> Option<Served> {
    let seen = files.data().with_file_name("trace");
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:{what}"));
    let seen = seen.to_str().expect("text");
    // Names are written whole. With paths, strace 6.1 sends no signal to a program that it filters.
    let filter = paths.is_empty().then_some("--seccomp-bpf");
    let mut wrap = vec!["strace"];
    wrap.extend(filter);
    wrap.extend(["-f", "-qq", "-s", "512", "-o", seen, "-e", &trace, "-e", &inject]);
    paths.iter().for_each(|path| wrap.extend(["-P", path]));
    Served::start_in(files, &wrap)
}

/// All calls that look at a file.
const LOOKS: &str = "statx,newfstatat,fstat";

/// All calls that open one.
const OPENS: &str = "openat,openat2";

/// Files of Headway's own that are not in a trash, anywhere in the library.
pub(crate) fn left_over(files: &Files) -> Vec<String> {
    let (mut left, mut folders) = (Vec::new(), vec![files.library()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == ".headway-trash" {
                continue;
            }
            if entry.file_type().expect("a type").is_dir() {
                folders.push(entry.path());
            } else if name.starts_with(".headway-") {
                left.push(name);
            }
        }
    }
    left
}

fn paused_for(reason: PauseReason) -> impl Fn(&JobSummary) -> bool {
    move |summary| summary.status == JobStatus::Paused { reason } || summary.status.is_terminal()
}

/// Path, status and message of every item.
async fn items(served: &Served, job: headway_model::JobId) -> Vec<(String, String, String)> {
    let page = served.get(&format!("/api/jobs/{job}/items?limit=1000")).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| (text(&item["path"]), text(&item["status"]), text(&item["message"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_inspected_becomes_an_item_that_fails_with_the_reason() {
    for (error, words) in [
        ("EIO", "Input/output error"),
        ("EACCES", "Permission denied"),
        ("ELOOP", "Too many levels of symbolic links"),
        ("ENAMETOOLONG", "File name too long"),
    ] {
        let files = Files::numbered(40);
        let served = failing(&files, LOOKS, &format!("error={error}"), &["000007"]);
        for query in [json!({ "folder": {} }), json!({ "paths": ["000006", "000007", "000008"] })] {
            let total = if query["paths"].is_null() { 40 } else { 3 };
            let end = served.run("checksum", json!({ "query": query })).await;
            assert_eq!(end.status, JobStatus::CompletedWithErrors, "{error}");
            let counters = end.counters;
            assert_eq!((counters.total, counters.succeeded, counters.failed), (total, total - 1, 1), "{error}");
            let failed: Vec<_> = items(&served, end.job).await.into_iter().filter(|item| item.1 == "failed").collect();
            assert_eq!(failed, [("000007".into(), "failed".into(), words.into())], "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_fail_in_their_own_words_and_only_what_is_not_there_is_missing() {
    let files = Files::numbered(1);
    std::os::unix::fs::symlink("loop", files.library().join("loop")).expect("a link");
    let served = Served::start_in(&files, &[]).expect("a ready server");
    let long = "n".repeat(300);
    let end = served.run("checksum", json!({ "query": { "paths": ["000000/below", "gone", long, "loop/x"] } })).await;
    assert_eq!((end.counters.failed, end.counters.skipped), (2, 2));
    let found = items(&served, end.job).await;
    let is = |path: &str, status: &str, words: &str| {
        assert!(found.contains(&(path.into(), status.into(), words.into())), "{path}: {found:?}");
    };
    is("000000/below", "skipped", "");
    is("gone", "skipped", "");
    is(&long, "failed", "File name too long");
    is("loop/x", "failed", "Too many levels of symbolic links");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_environment_delays_the_plan_which_then_lists_everything() {
    for (calls, error, reason) in [
        (LOOKS, "ENOMEM", PauseReason::MemoryLow),
        (OPENS, "EMFILE", PauseReason::TooManyOpenFiles),
        (OPENS, "ENFILE", PauseReason::TooManyOpenFiles),
        (OPENS, "ESTALE", PauseReason::LibraryGone),
    ] {
        let files = Files::numbered(3);
        for number in 0..5 {
            files.write(&format!("sub/{number}"), b"x");
        }
        let mut served =
            failing(&files, calls, &format!("error={error}"), &[if calls == LOOKS { "000001" } else { "sub" }]);
        let job = served.begin("checksum", json!({})).await;
        let paused = served.until(job, paused_for(reason)).await;
        assert_eq!(paused.status, JobStatus::Paused { reason }, "{error}: {:?}", paused.counters);
        served.headway.kill();
        let end = Served::start(&files).end(job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 8), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_may_not_be_listed_fails_in_its_own_words() {
    let files = Files::numbered(2);
    files.write("sub/inside", b"x");
    let served = failing(&files, OPENS, "error=EACCES", &["sub"]);
    let end = served.run("checksum", json!({})).await;
    assert_eq!((end.counters.total, end.counters.succeeded, end.counters.failed), (3, 2, 1));
    let failed = &items(&served, end.job).await[2];
    assert_eq!(failed, &("sub".into(), "failed".into(), "the folder could not be listed: Permission denied".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_read_is_never_answered_as_one_that_is_not_there() {
    for (error, status, code, words) in [
        ("EIO", 503, "unavailable", "Input/output error"),
        ("ESTALE", 503, "unavailable", "Stale file handle"),
        ("EACCES", 403, "denied", "Permission denied"),
        ("ELOOP", 422, "invalid", "Too many levels of symbolic links"),
        ("ENOENT", 404, "not_found", "is not there; perhaps it was moved"),
    ] {
        let files = Files::numbered(1);
        files.write("sub/inside", b"x");
        let served = failing(&files, OPENS, &format!("error={error}"), &["sub"]);
        let (answer, body) = served.answer("/api/libraries/files/files?folder=sub").await;
        assert_eq!((answer, &body["error"]), (status, &json!(code)), "{error}: {body}");
        let message = body["message"].as_str().expect("a text");
        assert!(message.contains(words), "{error}: {message}");
        assert_eq!(message.contains("cannot be listed"), code != "not_found", "{error}: {message}");
        assert_eq!(served.answer("/api/libraries/files/files").await.0, 200, "the folder above it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_never_reported_as_gone_or_changed_whichever_call_on_it_fails() {
    // As the program names the file, and as its open descriptors are named.
    for when in 1..=8 {
        let files = Files::numbered(3);
        let path = files.library().join("000001");
        let paths = ["000001", path.to_str().expect("text")];
        let served = failing(&files, LOOKS, &format!("error=EIO:when={when}"), &paths);
        for recipe in ["checksum", "upper"] {
            let end = served.run(recipe, json!({})).await;
            assert_eq!((end.counters.total, end.counters.skipped), (3, 0), "{recipe}, {when}: {end:?}");
            for (path, status, message) in items(&served, end.job).await {
                let told = status == "succeeded" || path == "000001" && message.contains("Input/output error");
                assert!(told, "{recipe}, {when}: {path} {status} {message}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_is_tried_again_at_once_and_only_then_fails_the_file() {
    let files = Files::numbered(3);
    let path = files.library().join("000001");
    let paths = ["000001", path.to_str().expect("text")];
    let served = failing(&files, "read", "error=EIO:when=1", &paths);
    let end = served.run("checksum", json!({})).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "{end:?}");
    drop(served);
    let served = failing(&files, "read", "error=EIO", &paths);
    let end = served.run("checksum", json!({})).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::CompletedWithErrors, 1), "{end:?}");
    assert_eq!(items(&served, end.job).await[1].2, "reading: Input/output error");
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_fails_for_file_after_file_pauses_the_job_until_it_reads_again() {
    let files = Files::numbered(12);
    let paths: Vec<_> = (0..12).map(|number| files.library().join(format!("{number:06}"))).collect();
    let paths: Vec<_> = paths.iter().map(|path| path.to_str().expect("text")).collect();
    let mut served = failing(&files, "read", "error=EIO", &paths);
    let job = served.begin("checksum", json!({})).await;
    let paused = served.until(job, paused_for(PauseReason::StorageErrors)).await;
    assert_eq!(paused.status, JobStatus::Paused { reason: PauseReason::StorageErrors });
    // It continues automatically only when the last of them can be read.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let paused = served.until(job, |summary| summary.counters.running == 0).await;
    assert_eq!((paused.status.is_terminal(), paused.counters.failed), (false, 4), "{paused:?}");
    served.headway.kill();
    let end = Served::start(&files).end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::CompletedWithErrors, 8), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_meets_one_input_output_error_is_made_at_the_second_try() {
    let replace = json!({ "output": { "place": "replace" } });
    let beside = json!({ "output": { "place": { "folder": { "path": "out", "name": "{/}" } } } });
    for (calls, recipe, more) in [
        ("renameat2", "upper", &replace),
        ("renameat2", "rename", &json!({ "settings": { "name": "{/}.txt" } })),
        ("mkdirat", "upper", &beside),
        (LOOKS, "upper", &replace),
        // The program of a command would meet the error too.
        (OPENS, "rename", &json!({ "settings": { "name": "{/}.txt" } })),
    ] {
        let files = Files::numbered(3);
        let root = files.library();
        let paths = match calls {
            LOOKS | OPENS => &["000000", "000001", "000002"][..],
            _ => &[root.to_str().expect("text")][..],
        };
        // Every second call of each thread.
        let served = failing(&files, calls, "error=EIO:when=1+2", paths);
        let end = served.run(recipe, more.clone()).await;
        let told = items(&served, end.job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "{calls} {recipe}: {told:?}");
        let trace = std::fs::read_to_string(files.data().with_file_name("trace")).expect("a trace");
        assert!(trace.contains("INJECTED"), "{calls} {recipe}: nothing failed");
        assert_eq!(left_over(&files), [""; 0], "{calls} {recipe}");
    }
}

/// All that fails is the change of names: every file can be read, and so the job goes on by itself again and again.
#[tokio::test(flavor = "multi_thread")]
async fn storage_on_which_only_names_cannot_change_fails_no_further_file_after_the_first_pause() {
    let files = Files::numbered(12);
    let root = files.library();
    let mut served = failing(&files, "renameat2", "error=EIO", &[root.to_str().expect("text")]);
    let job = served.begin("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
    eventually("a job that has paused three times", async || {
        let events = served.get(&format!("/api/events?job={job}&after=0.0&replay=all&wait=0")).await.to_string();
        (events.matches(r#""event":"paused""#).count() >= 3).then_some(())
    })
    .await;
    let view = served.until(job, |summary| summary.counters.running == 0).await;
    assert_eq!((view.status.is_terminal(), view.counters.failed), (false, 4), "{:?}", items(&served, job).await);
    served.headway.kill();
    drop(served);
    let end = Served::start(&files).end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::CompletedWithErrors, 8), "{end:?}");
    assert_eq!(left_over(&files), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_or_read_only_disk_at_the_swap_pauses_the_job_and_fails_no_file() {
    for (error, reason) in [
        ("ENOSPC", PauseReason::DiskFull),
        ("EDQUOT", PauseReason::DiskFull),
        ("EROFS", PauseReason::ReadOnly),
        ("EMFILE", PauseReason::TooManyOpenFiles),
    ] {
        let files = Files::numbered(12);
        let mut served = failing(&files, "renameat2", &format!("error={error}"), &[]);
        for output in [json!({ "place": "replace" }), json!({ "place": { "beside": { "name": "{/}.up" } } })] {
            let job =
                served.begin("upper", json!({ "output": output, "query": { "paths": ["000003", "000004"] } })).await;
            let paused = served.until(job, paused_for(reason)).await;
            assert_eq!((paused.status, paused.counters.failed), (JobStatus::Paused { reason }, 0), "{error} {output}");
            assert_eq!(std::fs::read(files.library().join("000003")).expect("a file"), b"file 3\n");
            served.post(&format!("/api/jobs/{job}/cancel")).await;
            assert_eq!(served.end(job).await.status, JobStatus::Cancelled, "{error} {output}");
            assert_eq!(left_over(&files), [""; 0], "{error} {output}");
        }
        // It is killed at whatever moment: what is interrupted then runs again.
        let job = served.begin("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
        served.until(job, paused_for(reason)).await;
        served.headway.kill();
        let served = Served::start(&files);
        let end = served.end(job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 12), "{error}");
        assert_eq!(left_over(&files), [""; 0], "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_temporary_file_stays_after_a_failed_open() {
    for when in (4..64).step_by(6) {
        let files = Files::new();
        for number in 0..6 {
            files.write(&format!("a/b/{number}"), format!("file {number}\n").as_bytes());
        }
        let mut served = failing(&files, "openat2", &format!("error=ENFILE:when={when}+"), &[]);
        let job = served.begin("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
        let before = served.until(job, paused_for(PauseReason::TooManyOpenFiles)).await;
        assert_eq!(before.counters.failed, 0, "{when}: {before:?}");
        served.headway.kill();
        let served = Served::start(&files);
        let end = served.end(job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 6), "{when}");
        assert_eq!(left_over(&files), [""; 0], "{when}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_of_a_server_that_died_are_gone_after_the_next_start() {
    let files = Files::numbered(2);
    let mut served = failing(&files, "renameat2", "signal=KILL:when=1", &[]);
    // The view of a job that replaces files asks what the file system can do: the call is not answered.
    let job = format!("{}/api/jobs/{}", served.headway.url, mint());
    let body = json!({ "library": "files", "recipe": "upper", "query": { "folder": {} } });
    assert!(served.client.put(job).json(&body).send().await.is_err(), "it died");
    assert!(served.headway.dies_within(std::time::Duration::from_secs(60)));
    let probes = left_over(&files).iter().filter(|name| name.starts_with(".headway-probe-")).count();
    assert_eq!(probes, 2, "it died between: {:?}", left_over(&files));
    let served = Served::start(&files);
    assert!(left_over(&files).iter().all(|name| !name.starts_with(".headway-probe-")), "{:?}", left_over(&files));
    drop(served);
}

/// The sync after the move fails, or the process dies there. What was moved is moved.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_an_undo_removed_is_never_reported_as_missing() {
    for what in ["error=ENOSPC", "error=EMFILE", "error=EIO", "signal=KILL:when=1"] {
        let files = Files::numbered(4);
        let served = Served::start(&files);
        let beside = json!({ "output": { "place": { "beside": { "name": "{/}.up" } } } });
        let made = served.run("upper", beside).await.job;
        drop(served);
        let undo = mint();
        // Only moves into it have this folder synced.
        let trash = files.library().join(format!(".headway-trash/{undo}"));
        let mut served = failing(&files, "fsync", what, &[trash.to_str().expect("text")]);
        let url = format!("{}/api/jobs/{made}/undo/{undo}", served.headway.url);
        let asked = served.client.post(url).send().await;
        if what.starts_with("signal") {
            assert!(served.headway.dies_within(std::time::Duration::from_secs(60)), "it died at the first move");
            served = Served::start(&files);
        } else {
            assert_eq!(asked.expect("an answer").status().as_u16(), 201, "{what}");
        }
        let end = served
            .until(undo, |summary| summary.status.is_terminal() || matches!(summary.status, JobStatus::Paused { .. }))
            .await;
        let told = items(&served, undo).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 4), "{what}: {told:?}");
        let there = std::fs::read_dir(files.library()).expect("a folder").flatten();
        let left = there.filter(|entry| entry.file_name().to_string_lossy().ends_with(".up")).count();
        assert_eq!(left, 0, "{what}");
    }
}

/// The process that starts programs reports its own errors as what they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_be_started_for_want_of_anything_pauses_the_job_and_fails_no_file() {
    for (error, reason) in [
        ("EMFILE", PauseReason::TooManyOpenFiles),
        ("ENFILE", PauseReason::TooManyOpenFiles),
        ("ENOMEM", PauseReason::MemoryLow),
    ] {
        let files = Files::numbered(3);
        // It makes this call for each program.
        let mut served = failing(&files, "pidfd_open", &format!("error={error}"), &[]);
        let job = served.begin("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
        let paused = served.until(job, paused_for(reason)).await;
        assert_eq!((paused.status, paused.counters.failed), (JobStatus::Paused { reason }, 0), "{error}");
        served.headway.kill();
        let end = Served::start(&files).end(job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "{error}");
        assert_eq!(left_over(&files), [""; 0], "{error}");
    }
}

/// A duplicate goes only after the file that stays was looked at again. If that is not possible now, it waits.
#[tokio::test(flavor = "multi_thread")]
async fn no_duplicate_fails_when_a_call_on_the_kept_file_lacks_memory() {
    for when in 1..=8 {
        let files = Files::new();
        for name in ["a", "b"] {
            files.write(name, b"the same");
        }
        let served = Served::start(&files);
        let found = served.run("duplicates", json!({ "settings": { "keep": "first" } })).await.job;
        drop(served);
        let path = files.library().join("a");
        let paths = ["a", path.to_str().expect("text")];
        let served = failing(&files, LOOKS, &format!("error=ENOMEM:when={when}"), &paths);
        let settings = json!({ "report": found.to_string() });
        let end = served.run("deduplicate", json!({ "settings": settings })).await;
        let told = items(&served, end.job).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{when}: {told:?}");
        assert!(path.exists() && !files.library().join("b").exists(), "{when}");
    }
}

#[test]
fn a_folder_that_cannot_be_inspected_is_not_reported_as_something_else() {
    let files = Files::numbered(1);
    let library = files.library();
    let inject = ["-e", "trace=statx", "-e", "inject=statx:error=EIO", "-P", library.to_str().expect("text")];
    let wrap = [&["strace", "--seccomp-bpf", "-f", "-qq", "-o", "/dev/null"][..], &inject].concat();
    let said = refused_to_serve(&files, &library, &wrap);
    assert!(said.contains("Input/output error") && !said.contains("is not a folder"), "{said}");
}

/// A file whose output has its name while its original could not go to the trash, because the storage reported an error:
/// the server, and the job that waits.
async fn half_swapped(files: &Files) -> (Served, headway_model::JobId) {
    let root = files.library();
    // Each thread has its own count: the first rename of the one that works exchanges the names.
    let served = failing(files, "renameat2", "error=EIO:when=2+", &[root.to_str().expect("text")]);
    let job = served.begin("upper", json!({})).await;
    let paused = served.until(job, paused_for(PauseReason::StorageErrors)).await;
    assert_eq!(
        paused.status,
        JobStatus::Paused { reason: PauseReason::StorageErrors },
        "{:?}",
        items(&served, job).await
    );
    (served, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_error_between_two_renames_is_resolved_once_the_storage_answers() {
    let files = Files::numbered(1);
    let (served, job) = half_swapped(&files).await;
    // Another thread looks again, and its first rename succeeds.
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{:?}", items(&served, job).await);
    assert_eq!(left_over(&files), [""; 0]);
    drop(served);
    let served = Served::start(&files);
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{undo}")).await.0, 201);
    assert_eq!(served.end(undo).await.status, JobStatus::Completed);
    assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"file 0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_says_of_a_file_that_was_left_half_changed_that_nothing_was_put_back() {
    let files = Files::numbered(1);
    let (mut served, job) = half_swapped(&files).await;
    served.headway.kill();
    drop(served);
    let served = failing(&files, "renameat2", "error=EIO", &[]);
    // Who cancels does not wait for the storage.
    assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Cancelled, 1), "{end:?}");
    // The original is under a temporary name, from which an undo takes it by the trash.
    let trash = format!("{}/api/v1/jobs/{job}/trash", served.headway.url);
    let answer = served.client.delete(trash).send().await.expect("an answer");
    let (status, refused) = (answer.status().as_u16(), answer.text().await.expect("a text"));
    assert!(status == 409 && refused.contains("undo the job"), "{refused}");
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{undo}")).await.0, 201);
    let end = served.end(undo).await;
    assert_ne!(end.status, JobStatus::Completed, "{end:?}");
    assert_eq!((end.counters.succeeded, end.counters.failed), (0, 1), "{end:?}");
    let told = items(&served, undo).await;
    assert!(told[0].2.contains("nothing was put back"), "{told:?}");
    drop(served);
    // A second request looks at the disk again.
    let served = Served::start(&files);
    let again = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{again}")).await.0, 201);
    let end = served.end(again).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{:?}", items(&served, again).await);
    assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"file 0\n");
    assert_eq!(left_over(&files), [""; 0]);
}

/// A job all of whose files failed, the first of them between its two renames: the job's own output has the name, and the original
/// one of Headway's.
async fn half_changed(files: &Files) -> JobSummary {
    half_changed_by(files, json!({})).await
}

/// The same by a job with these terms.
async fn half_changed_by(files: &Files, terms: Value) -> JobSummary {
    let root = files.library();
    // EBUSY is no state of the storage: the exchange of the names succeeds, and then neither way is open.
    let served = failing(files, "renameat2", "error=EBUSY:when=2+", &[root.to_str().expect("text")]);
    let job = served.run("upper", terms).await;
    let counters = &job.counters;
    assert_eq!((counters.failed, counters.succeeded), (counters.total, 0), "{:?}", items(&served, job.job).await);
    assert_eq!(std::fs::read(root.join("000000")).expect("a file"), b"FILE 0\n", "the job's own output has the name");
    job
}

/// Every file of the library by its path, Headway's own ones too, with its content.
fn contents(files: &Files) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![files.library()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.file_type().expect("a type").is_dir() {
                true => folders.push(entry.path()),
                false => drop(found.insert(entry.path(), std::fs::read(entry.path()).expect("a file"))),
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_job_never_runs_on_what_an_earlier_job_left_half_changed() {
    let files = Files::numbered(1);
    let file = files.library().join("000000");
    let job = half_changed(&files).await;
    files.write("new", b"new");
    let served = Served::start(&files);
    let other = json!({ "settings": { "run": "cp {} {out}" } });
    for (recipe, body) in [("upper", json!({})), ("command", other)] {
        let end = served.run(recipe, body).await;
        let told = served.get(&format!("/api/jobs/{}/items", end.job)).await["items"].clone();
        assert_eq!((end.counters.succeeded, end.counters.missed), (1, 1), "{recipe}: {told}");
        assert!(told[0]["reason"].as_str().is_some_and(|why| why.contains("half changed by an earlier job")), "{told}");
        assert_eq!(std::fs::read(&file).expect("a file"), b"FILE 0\n", "{recipe}");
    }
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{}/undo/{undo}", job.job)).await.0, 201);
    assert_eq!(served.end(undo).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(&file).expect("a file"), b"file 0\n");
    let only = json!({ "query": { "paths": ["000000"] } });
    assert_eq!(served.run("upper", only).await.counters.succeeded, 1, "nothing is left half changed by now");
}

/// What the other job made has the size and time of the original.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_planned_before_never_runs_on_what_another_job_has_left_half_changed_since() {
    let files = Files::numbered(1);
    let file = files.library().join("000000");
    let planned = async |served: &Served, name: &str| {
        let output = json!({ "place": { "beside": { "name": name } } });
        let body = json!({ "settings": { "run": "cp {} {out}" }, "output": output, "approval": true });
        let job = served.begin("command", body).await;
        served.until(job, |summary| summary.status == JobStatus::Planned).await;
        job
    };
    let served = Served::start(&files);
    let (first, second) = (planned(&served, "{/}.1").await, planned(&served, "{/}.2").await);
    let before = file.metadata().expect("a file");
    drop(served);
    let terms = json!({ "output": { "place": "replace", "keep": { "times": true } } });
    let job = half_changed_by(&files, terms).await;
    let after = file.metadata().expect("a file");
    let seen = |found: &std::fs::Metadata| (found.len(), found.modified().expect("a time"));
    assert_eq!(seen(&before), seen(&after), "the plan cannot tell");
    let served = Served::start(&files);
    assert_eq!(served.post(&format!("/api/jobs/{first}/approve")).await.0, 200);
    let end = served.end(first).await;
    let told = served.get(&format!("/api/jobs/{first}/items")).await["items"].clone();
    assert_eq!((end.counters.succeeded, end.counters.missed), (0, 1), "{told}");
    assert!(told[0]["reason"].as_str().is_some_and(|why| why.contains("half changed by an earlier job")), "{told}");
    assert!(!files.library().join("000000.1").exists());
    // Once that job is undone, the file is again the one that was planned.
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{}/undo/{undo}", job.job)).await.0, 201);
    assert_eq!(served.end(undo).await.counters.succeeded, 1);
    assert_eq!(served.post(&format!("/api/jobs/{second}/approve")).await.0, 200);
    assert_eq!(served.end(second).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(files.library().join("000000.2")).expect("a copy"), b"file 0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_has_put_in_the_place_of_a_half_changed_one_is_processed() {
    for is_retry in [false, true] {
        let files = Files::numbered(1);
        let job = half_changed(&files).await;
        files.write("000000", b"edited");
        let served = Served::start(&files);
        let errors = json!({ "query": { "items": { "job": job.job, "which": "errors" } } });
        let end = served.run("upper", if is_retry { errors } else { json!({}) }).await;
        assert_eq!(end.counters.succeeded, 1, "retry {is_retry}: {:?}", items(&served, end.job).await);
        assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"EDITED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_a_retry_that_waits_for_approval_has_touched_nothing() {
    let files = Files::numbered(1);
    let job = half_changed(&files).await;
    let served = Served::start(&files);
    let before = contents(&files);
    let query = json!({ "items": { "job": job.job, "which": "errors" } });
    let other = json!({ "settings": { "run": "cp {} {out}" }, "query": query, "approval": true });
    let retry = served.begin("command", other).await;
    let is_planned = |summary: &JobSummary| summary.status == JobStatus::Planned || summary.status.is_terminal();
    let planned = served.until(retry, is_planned).await;
    assert_eq!((planned.status, planned.counters.waiting), (JobStatus::Planned, 1), "{planned:?}");
    assert_eq!(contents(&files), before);
    assert_eq!(served.post(&format!("/api/jobs/{retry}/approve")).await.0, 200);
    assert_eq!(served.end(retry).await.counters.succeeded, 1);
    assert_eq!(left_over(&files), [""; 0], "the original is in the trash by now");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_an_undo_that_waits_for_approval_has_touched_nothing() {
    let files = Files::numbered(1);
    let job = half_changed(&files).await;
    let served = Served::start(&files);
    let before = contents(&files);
    let query = json!({ "items": { "job": job.job, "which": "placed" } });
    let undo = served.begin("undo", json!({ "query": query, "approval": true })).await;
    let is_planned = |summary: &JobSummary| summary.status == JobStatus::Planned || summary.status.is_terminal();
    let planned = served.until(undo, is_planned).await;
    assert_eq!((planned.status, planned.counters.waiting), (JobStatus::Planned, 1), "{planned:?}");
    assert_eq!(contents(&files), before);
    assert_eq!(served.post(&format!("/api/jobs/{undo}/approve")).await.0, 200);
    let end = served.end(undo).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{:?}", items(&served, undo).await);
    assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"file 0\n");
    assert_eq!(left_over(&files), [""; 0]);
}

/// A server on which what an earlier job left half changed is not recovered, as on storage that does not answer, as long as the
/// file exists that is returned.
fn hanging(files: &Files) -> (Served, PathBuf) {
    let gate = files.data().with_file_name("hangs");
    std::fs::write(&gate, "").expect("a file");
    let fault = format!("HEADWAY_FAULT=recovering-earlier while {}", gate.display());
    (Served::start_in(files, &["env", &fault]).expect("a ready server"), gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_does_not_wait_for_storage_on_which_half_changed_files_hang_and_none_is_moved_afterwards() {
    for (recipe, which) in [("upper", "errors"), ("undo", "placed")] {
        let files = Files::numbered(2);
        let job = half_changed(&files).await;
        let (served, gate) = hanging(&files);
        let before = contents(&files);
        let query = json!({ "items": { "job": job.job, "which": which } });
        let later = served.begin(recipe, json!({ "query": query, "approval": true })).await;
        let is_planned = |summary: &JobSummary| summary.status == JobStatus::Planned || summary.status.is_terminal();
        let planned = served.until(later, is_planned).await;
        assert!(planned.status == JobStatus::Planned && planned.counters.waiting > 0, "{recipe}: {planned:?}");
        assert_eq!(served.post(&format!("/api/jobs/{later}/approve")).await.0, 200);
        served.until(later, |summary| summary.counters.running == planned.counters.waiting).await;
        assert_eq!(served.post(&format!("/api/jobs/{later}/cancel")).await.0, 200);
        assert_eq!(served.end(later).await.status, JobStatus::Cancelled, "{recipe}");
        assert!(gate.exists(), "the storage has not answered yet");
        std::fs::remove_file(&gate).expect("a file");
        // It waits for the files at which the thread of the cancelled job is.
        assert_eq!(served.run("checksum", json!({})).await.counters.succeeded, 2, "{recipe}");
        assert_eq!(contents(&files), before, "{recipe}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_is_resumed_waits_for_its_own_thread_that_hangs_at_a_half_changed_file() {
    let files = Files::numbered(2);
    let job = half_changed(&files).await;
    let (served, gate) = hanging(&files);
    let query = json!({ "items": { "job": job.job, "which": "errors" } });
    let retry = served.begin("upper", json!({ "query": query })).await;
    served.until(retry, |summary| summary.counters.running == 2).await;
    assert_eq!(served.post(&format!("/api/jobs/{retry}/pause")).await.0, 200);
    served.until(retry, |summary| summary.counters.running == 0).await;
    assert_eq!(served.post(&format!("/api/jobs/{retry}/resume")).await.0, 200);
    served.until(retry, |summary| summary.counters.running == 2).await;
    std::fs::remove_file(&gate).expect("a file");
    let end = served.end(retry).await;
    assert_eq!(end.status, JobStatus::Completed, "{:?}", items(&served, retry).await);
    for (name, content) in [("000000", b"FILE 0\n"), ("000001", b"FILE 1\n")] {
        assert_eq!(std::fs::read(files.library().join(name)).expect("a file"), content);
    }
    assert_eq!(left_over(&files), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_never_runs_on_what_an_earlier_job_left_half_changed() {
    let files = Files::numbered(1);
    let file = files.library().join("000000");
    let job = half_changed(&files).await;
    let retry = |of: headway_model::JobId| json!({ "query": { "items": { "job": of, "which": "errors" } } });
    let served = failing(&files, "renameat2", "error=EBUSY", &[]);
    let first = served.run("upper", retry(job.job)).await;
    // This retry has touched nothing, so the next one has the job before it to ask.
    let second = served.run("upper", retry(first.job)).await;
    for end in [&first, &second] {
        let told = served.get(&format!("/api/jobs/{}/items", end.job)).await["items"].clone();
        assert_eq!((end.counters.missed, end.counters.total), (1, 1), "{told}");
        assert!(told[0]["reason"].as_str().is_some_and(|why| why.contains("half changed by an earlier job")), "{told}");
    }
    drop(served);
    // Once the disk tells that the change was made, there is nothing left to do.
    let served = Served::start(&files);
    let third = served.run("upper", retry(second.job)).await;
    let told = served.get(&format!("/api/jobs/{}/items", third.job)).await["items"].clone();
    assert_eq!(third.status, JobStatus::Completed, "{told}");
    assert!(told[0]["reason"].as_str().is_some_and(|why| why == "already done"), "{told}");
    // To another command, what the job made is a file as any other.
    let other = json!({ "settings": { "run": "cp {} {out}" }, "query": retry(job.job)["query"] });
    assert_eq!(served.run("command", other).await.counters.succeeded, 1);
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{}/undo/{undo}", job.job)).await.0, 201);
    assert_eq!(served.end(undo).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(&file).expect("a file"), b"file 0\n");
    assert_eq!(left_over(&files), [""; 0]);
    // Nothing is left half changed by now, whatever is in the file.
    files.write("000000", b"edited");
    assert_eq!(served.run("upper", retry(job.job)).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(&file).expect("a file"), b"EDITED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trash_that_the_storage_does_not_give_up_now_can_be_emptied_later() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    let job = served.run("upper", json!({})).await.job;
    drop(served);
    let trash = files.library().join(".headway-trash");
    let served = failing(&files, "renameat,renameat2,unlinkat", "error=EIO", &[trash.to_str().expect("text")]);
    let call = served.client.delete(format!("{}/api/v1/jobs/{job}/trash", served.headway.url));
    let answer = call.send().await.expect("an answer");
    let (status, body) = (answer.status().as_u16(), answer.text().await.expect("a text"));
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("Input/output error"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_that_might_not_be_durable_is_never_reported_as_done() {
    let files = Files::new();
    files.write("sub/file", b"content");
    let folder = files.library().join("sub");
    let upper = json!({ "query": { "paths": ["sub/file"] }, "output": { "place": "replace" } });
    let mut served = failing(&files, "fsync", "error=EIO", &[folder.to_str().expect("text")]);
    let job = served.begin("upper", upper.clone()).await;
    let paused = served.until(job, paused_for(PauseReason::StorageErrors)).await;
    assert_eq!((paused.status.is_terminal(), paused.counters.succeeded), (false, 0), "{paused:?}");
    assert_eq!(std::fs::read(folder.join("file")).expect("a file"), b"CONTENT", "it is in place");
    served.headway.kill();
    let end = Served::start(&files).end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{end:?}");
    assert_eq!(left_over(&files), [""; 0]);
    // One failure is followed by another try at once.
    files.write("sub/file", b"once more");
    let served = failing(&files, "fsync", "error=EIO:when=1", &[folder.to_str().expect("text")]);
    let end = served.run("upper", upper).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trash_whose_removal_might_not_be_durable_is_reported_as_uncertain() {
    let files = Files::numbered(1);
    let job = Served::start(&files).run("upper", json!({ "output": { "place": "replace" } })).await.job;
    let trash = files.library().join(".headway-trash");
    // First once it has another name, and then once nothing is left in it.
    for said in ["the trash cannot be emptied: ", "the trash was emptied, but it is not known"] {
        let served = failing(&files, "fsync", "error=EIO:when=1", &[trash.to_str().expect("text")]);
        let (status, body) = served.post(&format!("/api/jobs/{job}/empty_trash")).await;
        assert!(status == 503 && body.to_string().contains(said), "{said}: {status} {body}");
    }
    assert_eq!(std::fs::read_dir(&trash).expect("a folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_call_is_repeated_a_limited_number_of_times() {
    let files = Files::numbered(3);
    let (root, file) = (files.library(), files.library().join("000001"));
    let (root, file) = (root.to_str().expect("text"), file.to_str().expect("text"));
    for (calls, recipe) in [
        ("renameat2", "upper"),
        ("fsync", "upper"),
        ("mkdirat", "upper"),
        ("unlinkat", "upper"),
        ("fstatfs", "checksum"),
        (OPENS, "checksum"),
        ("statx", "checksum"),
        ("getdents64", "checksum"),
        ("read", "checksum"),
    ] {
        // Neither SQLite nor a program that is run makes such calls again.
        let paths = match calls {
            "fsync" | "fstatfs" | "getdents64" | OPENS => &[root][..],
            "statx" | "read" => &["000001", file],
            _ => &[],
        };
        // In each thread, so that not only what the start does is interrupted. A folder is listed by two opens in a row.
        let when = if calls == OPENS { "error=EINTR:when=1+5" } else { "error=EINTR:when=1+2" };
        let served = failing(&files, calls, when, paths);
        let end = served.run(recipe, json!({})).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "{calls}: {end:?}");
        if calls == "unlinkat" {
            // The job itself removes nothing.
            let (status, body) = served.post(&format!("/api/jobs/{}/empty_trash", end.job)).await;
            assert_eq!(status, 200, "{body}");
        }
        let trace = std::fs::read_to_string(files.data().with_file_name("trace")).expect("a trace");
        // A call on a certain path tells by that alone that it was made in the library, the others tell the job.
        let is_of_job = |line: &&str| !paths.is_empty() || line.contains(&end.job.to_string());
        let injected = trace.lines().filter(|line| line.contains("INJECTED")).filter(is_of_job).count();
        assert!(injected > 0, "{calls}: nothing that the job does was interrupted");
        let events = served.get(&format!("/api/events?job={}&after=0.0&replay=all&wait=0", end.job)).await;
        assert!(!events.to_string().contains("paused"), "{calls}: {events}");
        for number in 0..3 {
            files.write(&format!("{number:06}"), format!("after {calls} {number}").as_bytes());
        }
    }
    let served = failing(&files, "read", "error=EINTR", &["000001", file]);
    let job = served.begin("checksum", json!({})).await;
    let paused = served.until(job, paused_for(PauseReason::LibraryGone)).await;
    assert_eq!((paused.status.is_terminal(), paused.counters.failed), (false, 0), "{paused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_lost_its_storage_pauses_the_job_and_fails_no_file() {
    let files = Files::numbered(3);
    let file = files.library().join("000001");
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    for error in [
        "ESTALE",
        "EHOSTDOWN",
        "ETIMEDOUT",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ENETDOWN",
        "ECONNRESET",
        "ENODEV",
        "ENXIO",
        "ENOTCONN",
        "ETIME",
        "EBADFD",
    ] {
        let what = format!("error={error}");
        let served = failing(&files, "read", &what, &["000001", file.to_str().expect("text")]);
        let job = served.begin("checksum", json!({ "policy": { "on_done": "again" } })).await;
        let paused = served.until(job, paused_for(PauseReason::LibraryGone)).await;
        assert_eq!((paused.status, paused.counters.failed), (gone, 0), "{error}: {paused:?}");
        assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
        assert_eq!(served.end(job).await.status, JobStatus::Cancelled, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_says_which_call_failed_at_what_and_does_not_guess() {
    let files = Files::numbered(3);
    files.write("sub/inside", b"content\n");
    let (file, sub) = (files.library().join("000001"), files.library().join("sub"));
    let (file, sub) = (file.to_str().expect("text"), sub.to_str().expect("text"));
    let listing = "the folder \"sub\" of files cannot be listed: Input/output error";
    for (calls, error, path, folder, words) in [
        ("read", "ESTALE", file, json!({}), "000001: reading: Stale file handle"),
        ("getdents64", "EIO", sub, json!({ "path": "sub" }), listing),
    ] {
        let served = failing(&files, calls, &format!("error={error}"), &[path]);
        let query = json!({ "query": { "folder": folder }, "policy": { "on_done": "again" } });
        let job = served.begin("checksum", query).await;
        let view = eventually("what failed", async || {
            let view = served.get(&format!("/api/jobs/{job}")).await;
            view["waits"].as_str().is_some_and(|waits| waits.contains(words)).then_some(view)
        })
        .await
        .to_string();
        for guess in ["file after file", "library's folder"] {
            assert!(!view.contains(guess), "{calls}: {view}");
        }
        assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
        assert_eq!(served.end(job).await.status, JobStatus::Cancelled, "{calls}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_lost_at_another_call_than_a_read_pauses_the_job_and_fails_no_file() {
    let files = Files::numbered(3);
    files.write("sub/inside", b"content\n");
    let sub = files.library().join("sub");
    let sub = sub.to_str().expect("text");
    let gone = JobStatus::Paused { reason: PauseReason::LibraryGone };
    // The look at a file, the open of a folder and its list, and the change of a name.
    for (calls, error, paths, recipe) in [
        (LOOKS, "ENODEV", &["000001"][..], "checksum"),
        (LOOKS, "ENOTCONN", &["000001"], "checksum"),
        (OPENS, "ENXIO", &["sub"], "checksum"),
        (OPENS, "EHOSTDOWN", &["sub"], "checksum"),
        ("getdents64", "ENOTCONN", &[sub], "checksum"),
        ("getdents64", "ECONNRESET", &[sub], "checksum"),
        ("renameat2", "ENETDOWN", &[], "upper"),
        ("renameat2", "ENODEV", &[], "upper"),
    ] {
        let served = failing(&files, calls, &format!("error={error}"), paths);
        let job = served.begin(recipe, json!({ "policy": { "on_done": "again" } })).await;
        let paused = served.until(job, paused_for(PauseReason::LibraryGone)).await;
        let counts = (paused.counters.failed, paused.counters.missed);
        assert_eq!((paused.status, counts), (gone, (0, 0)), "{calls} {error}: {paused:?}");
        assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
        assert_eq!(served.end(job).await.status, JobStatus::Cancelled, "{calls} {error}");
        assert_eq!(std::fs::read(files.library().join("000001")).expect("a file"), b"file 1\n", "{calls} {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_folder_that_is_not_synced_at_first_is_tried_again_and_goes_if_it_never_is() {
    for (when, succeeded) in [(":when=1", 1), ("", 0)] {
        // The folder above the only new one, or above the second of two.
        for (above, path) in [("", "out"), ("out", "out/deep")] {
            let files = Files::numbered(1);
            let (above, out) = (files.library().join(above), files.library().join(path));
            let above = above.to_str().expect("text").trim_end_matches('/');
            let served = failing(&files, "fsync", &format!("error=EIO{when}"), &[above]);
            let output = json!({ "place": { "folder": { "path": path, "name": "{/}" } } });
            let end = served.run("upper", json!({ "output": output })).await;
            let counts = (end.counters.succeeded, end.counters.failed);
            assert_eq!(counts, (succeeded, 1 - succeeded), "{path}{when}: {end:?}");
            let made = std::fs::read_dir(out).map(Iterator::count).unwrap_or_default();
            assert_eq!(made, succeeded as usize, "{path}{when}");
            assert_eq!(files.library().join("out").exists(), succeeded == 1, "{path}{when}");
            assert_eq!(left_over(&files), [""; 0], "{path}{when}");
        }
    }
}
