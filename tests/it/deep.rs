//! Folders that are nested too deeply for any path.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use headway_files::remove_tree;
use headway_model::JobStatus;
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use serde_json::{Value, json};

use crate::command::Served;
use crate::doctor::doctor;
use crate::helper::{Files, Headway, eventually, mint, http};

/// A tree of folders named `d`, each in the one before. It is removed with the test, because ordinary ways of
/// removing it fail.
struct Deep(PathBuf);

impl Deep {
    fn make(files: &Files, levels: usize) -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut dir = openat(CWD, files.library(), flags, Mode::empty()).expect("a folder");
        for level in 1..=levels {
            mkdirat(&dir, "d", Mode::RWXU).expect("a folder");
            dir = openat(&dir, "d", flags, Mode::empty()).expect("a folder");
            if level == 1_000 || level == levels {
                let file = openat(&dir, "deep-file", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).expect("a file");
                std::fs::File::from(file).write_all(b"deep").expect("content");
            }
        }
        Deep(files.library().join("d"))
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        remove_tree(&self.0).expect("it can be removed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_nested_5_000_deep_is_planned_run_and_indexed_and_the_server_starts_again() {
    let files = Files::new();
    files.write("a-before", b"a");
    files.write("z-after", b"z");
    let _deep = Deep::make(&files, 5_000);
    let client = http();
    for round in 0..2 {
        let mut process = Headway::start(&files, &[]);
        let job = mint();
        process.begin(&client, job).await;
        let end = process.end(&client, job).await;
        let counters = end.counters;
        // A folder that no call can open is reported, with everything below it.
        assert_eq!((end.status, counters.total), (JobStatus::CompletedWithErrors, 4), "{round}: {end:?}");
        assert_eq!((counters.succeeded, counters.failed), (3, 1), "{round}");
        let get = async |path: &str| -> Value {
            client.get(format!("{}{path}", process.url)).send().await.expect("an answer").json().await.expect("JSON")
        };
        let failed = get(&format!("/api/jobs/{job}/items?status=failed")).await;
        let why = failed["items"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(why.contains("at most 4095 can be opened"), "{why}");
        let page = eventually("a library that is read", async || {
            let page = get("/api/libraries/files/files?search=deep-file").await;
            (page["scan"].is_null() && page["seen"].is_u64()).then_some(page)
        })
        .await;
        assert_eq!((page["total"].as_u64(), page["unread"]["folders"].as_u64()), (Some(1), Some(1)), "{page}");
        process.kill();
    }
    let (well, said) = doctor(&files);
    assert!(well, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_of_manifests_skips_and_reports_an_unreadable_folder() {
    let files = Files::new();
    files.write("a", b"a");
    let made = Command::new("sha256sum").arg("a").current_dir(files.library()).output().expect("sha256sum");
    files.write("SHA256SUMS", &made.stdout);
    let _deep = Deep::make(&files, 2_100);
    let served = Served::start(&files);
    let body = json!({ "settings": { "manifest": "**/SHA256SUMS" }, "query": { "paths": ["a"] } });
    let end = served.run("verify", body).await;
    assert_eq!((end.counters.succeeded, end.counters.total), (1, 1), "{end:?}");
    let view = served.get(&format!("/api/jobs/{}", end.job)).await;
    let message = view["message"].as_str().unwrap_or_default();
    assert_eq!(view["status"], "failed", "{view}");
    assert!(message.contains("1 folder cannot be listed and might have a manifest: d/d/d"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_the_longest_path_that_can_be_opened_is_replaced_and_put_back() {
    let files = Files::new();
    let _deep = Deep::make(&files, 1_980);
    let deepest = format!("{}deep-file", "d/".repeat(1_980));
    // Folders of this depth cannot be named in one call from the root of the disk.
    let content = || {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW;
        let library = openat(CWD, files.library(), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
        let file = openat(library.expect("the library"), &deepest, flags, Mode::empty()).expect("the file");
        std::io::read_to_string(std::fs::File::from(file)).expect("text")
    };
    let served = Served::start(&files);
    let end = served.run("upper", json!({ "query": { "paths": [deepest] } })).await;
    assert_eq!((end.status, content().as_str()), (JobStatus::Completed, "DEEP"), "{end:?}");
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{}/undo/{undo}", end.job)).await.0, 201);
    assert_eq!((served.end(undo).await.status, content().as_str()), (JobStatus::Completed, "deep"));
}
