//! Folders that are nested too deeply for any path.

use std::path::PathBuf;

use headway_model::JobStatus;
use headway_files::remove_tree;
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use serde_json::Value;

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
                openat(&dir, "deep-file", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).expect("a file");
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
