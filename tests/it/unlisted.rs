//! A folder that cannot be listed is one item: no recipe and no rule about files is asked about it, it fails in its own
//! words, and a retry lists it. A plan without all of its files is never shown as the plan.

use std::process::Command;

use headway_model::{JobId, JobStatus};
use serde_json::{Value, json};

use crate::command::Served;
use crate::faults::failing;
use crate::helper::Files;
use crate::terminal::{ended, headway};

/// Files in two folders, one of which is to fail.
fn two_folders() -> Files {
    let files = Files::numbered(1);
    files.write("sub/a.txt", b"a");
    files.write("sub/b.bin", b"b");
    files
}

/// The program where listing `folder` fails so, called in the library.
pub(crate) fn called_where(
    files: &Files,
    (folder, calls, what): (&str, &str, &str),
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let program = headway(files, arguments);
    let mut command = Command::new("strace");
    let log = files.data().with_file_name("trace");
    command.args(["-D", "-f", "-qq", "-o"]).arg(log).arg("-P").arg(files.library().join(folder));
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{what}")]).arg(program.get_program());
    command
        .args(program.get_args())
        .current_dir(files.library())
        .env("HEADWAY_DATA", files.data())
        .env_remove("HEADWAY_CONFIG");
    ended(command)
}

async fn items(served: &Served, job: JobId) -> Vec<(String, String, String)> {
    let page = served.get(&format!("/api/jobs/{job}/items?limit=1000")).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| (text(&item["path"]), text(&item["status"]), text(&item["message"]))).collect()
}

#[test]
fn a_plan_whose_files_cannot_be_listed_reports_the_failure_like_a_run() {
    let files = two_folders();
    let all = files.library().to_string_lossy().into_owned();
    for verb in ["plan", "run"] {
        // An input/output error might pass, so it pauses the job.
        let fault = ("", "getdents64", "error=EACCES");
        let (code, out, err) = called_where(&files, fault, &[verb, "checksum", &all]);
        assert_eq!((code, out.as_str()), (Some(102), ""), "{verb}: {err}");
        assert!(err.contains("cannot be listed") && err.contains("Permission denied"), "{verb}: {err}");
    }
}

#[test]
fn a_folder_that_a_command_names_is_listed_again_if_a_signal_interrupts_that() {
    let files = two_folders();
    let interrupted = ("sub", "getdents64", "error=EINTR:when=1");
    let (code, _, err) = called_where(&files, interrupted, &["run", "checksum", "000000", "sub"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("3 done"), "{err}");
}

#[test]
fn a_plan_that_pauses_shows_all_files_once_it_has_gone_on() {
    let files = two_folders();
    let all = files.library().to_string_lossy().into_owned();
    let fault = ("sub", "getdents64", "error=EMFILE:when=1");
    let (code, out, err) = called_where(&files, fault, &["plan", "checksum", &all]);
    assert_eq!(code, Some(0), "{err}");
    // The pause is reported if it lasts until the command looks.
    assert_eq!(out.matches("run").count(), 3, "{out}{err}");
}

#[test]
fn a_plan_does_not_say_that_a_folder_runs() {
    let files = two_folders();
    let all = files.library().to_string_lossy().into_owned();
    let (code, out, err) = called_where(&files, ("sub", "getdents64", "error=EIO"), &["plan", "checksum", &all]);
    assert_eq!(code, Some(0), "{err}");
    let line = out.lines().find(|line| line.contains("sub")).expect("its line");
    assert!(line.starts_with("fails") && line.contains("the folder could not be listed"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_listed_fails_for_every_recipe() {
    let files = two_folders();
    files.write("c.bin", b"b");
    let served = Served::start(&files);
    let report = served.run("duplicates", json!({})).await;
    drop(served);
    let served = failing(&files, "openat,openat2", "error=EACCES", &["sub"]);
    for (recipe, settings) in [
        ("checksum", json!({})),
        ("repack", json!({})),
        ("deduplicate", json!({ "report": report.job })),
        ("archive", json!({})),
        ("rename", json!({ "name": "{/.}-new{+.}" })),
        ("compress", json!({})),
        ("image", json!({})),
        ("upper", json!({})),
    ] {
        for approval in [false, true] {
            let more = json!({ "settings": settings, "approval": approval, "policy": { "on_done": "again" } });
            let job = served.begin(recipe, more).await;
            if approval {
                served.until(job, |summary| summary.status == JobStatus::Planned).await;
                let plan = items(&served, job).await;
                let folder = plan.iter().find(|item| item.0 == "sub").expect("its item");
                assert_eq!(
                    (folder.1.as_str(), folder.2.as_str()),
                    ("waiting", "the folder could not be listed"),
                    "{recipe}"
                );
                served.post(&format!("/api/jobs/{job}/cancel")).await;
                continue;
            }
            let end = served.end(job).await;
            assert_ne!(end.status, JobStatus::Completed, "{recipe}");
            let all = items(&served, job).await;
            let folder = all.iter().find(|item| item.0 == "sub").expect("its item");
            let told = ("failed", "the folder could not be listed: Permission denied");
            assert_eq!((folder.1.as_str(), folder.2.as_str()), told, "{recipe}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_what_is_unprocessed_holds_the_folder_every_time() {
    let files = two_folders();
    let served = failing(&files, "openat,openat2", "error=EACCES", &["sub"]);
    for round in 0..3 {
        files.write(&format!("new{round}"), b"new");
        let end = served.run("checksum", json!({ "query": { "folder": { "show": "unprocessed" } } })).await;
        assert_eq!(end.counters.failed, 1, "round {round}: {end:?}");
        assert!(items(&served, end.job).await.iter().any(|item| item.0 == "sub" && item.1 == "failed"), "{round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_the_folder_lists_what_was_asked_for_below_it() {
    let files = two_folders();
    let served = failing(&files, "openat,openat2", "error=EACCES", &["sub"]);
    let text = json!({ "query": { "folder": { "include": ["*.txt"] } } });
    let first = served.run("checksum", text).await;
    assert_eq!((first.counters.total, first.counters.failed), (1, 1));
    // It still cannot be listed: again one item, which fails in its own words.
    let retry = |job: JobId, which: Value| json!({ "query": { "items": { "job": job, "which": which } } });
    let second = served.run("checksum", retry(first.job, json!("failed"))).await;
    let told = ("sub".into(), "failed".into(), "the folder could not be listed: Permission denied".into());
    assert_eq!(items(&served, second.job).await, [told]);
    drop(served);
    let served = Served::start(&files);
    for which in [json!("failed"), json!("errors"), json!({ "these": [0] })] {
        for job in [first.job, second.job] {
            let mut more = retry(job, which.clone());
            more["policy"] = json!({ "on_done": "again" });
            let end = served.run("checksum", more).await;
            let found = items(&served, end.job).await;
            assert_eq!(found, [("sub/a.txt".into(), "succeeded".into(), String::new())], "{which}");
        }
    }
    // The first job's view does not count fewer files below the folder either.
    let view = json!({ "query": { "folder": { "show": "unprocessed" } } });
    drop(served);
    let served = failing(&files, "openat,openat2", "error=EACCES", &["sub"]);
    let third = served.run("checksum", view).await;
    drop(served);
    let served = Served::start(&files);
    let mut more = retry(third.job, json!("failed"));
    more["policy"] = json!({ "on_done": "again" });
    let end = served.run("checksum", more).await;
    assert_eq!(items(&served, end.job).await, [("sub/b.bin".into(), "succeeded".into(), String::new())]);
}
