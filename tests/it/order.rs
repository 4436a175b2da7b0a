//! The order of a job's files: page2 before page10, as the pages list them.

use std::sync::Arc;

use headway_model::event::JobEvent;
use headway_model::{Digest, JobStatus, PlannedFile};
use headway_store::SqliteStore;
use headway_store::testing::{Recorder, created};
use serde_json::json;

use crate::helper::{App, Files, mint};

/// The paths of a job's items, in order.
async fn items(app: &App, job: headway_model::JobId) -> Vec<String> {
    let (_, items) = app.get(&format!("/api/jobs/{job}/items?limit=500")).await;
    let items = items["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["path"].as_str().expect("a path").to_owned()).collect()
}

const NAMES: [&str; 7] = ["Page 1", "page2", "page10", "a/x2", "a/x10", "Chapter 2/1", "chapter 10/1"];

#[tokio::test(flavor = "multi_thread")]
async fn files_run_in_natural_order_even_if_they_were_chosen_one_by_one() {
    let files = Files::new();
    NAMES.iter().rev().for_each(|name| files.write(name, b"x"));
    let app = App::start(&files).await;
    let mut chosen = NAMES.to_vec();
    chosen.sort_unstable();
    for query in [json!({ "folder": {} }), json!({ "paths": chosen })] {
        let job = app.begin_with(&json!({ "library": "files", "recipe": "checksum", "query": query })).await;
        assert_eq!(app.end(job).await.status, JobStatus::Completed);
        assert_eq!(items(&app, job).await, NAMES, "{query}");
    }
    app.stop().await;
}

/// An earlier version listed files in byte order. Its log goes on with whatever is not in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_an_earlier_version_began_in_another_order_has_every_file_once() {
    let files = Files::new();
    NAMES.iter().for_each(|name| files.write(name, b"x"));
    std::fs::create_dir_all(files.data()).expect("a folder");
    let job = mint();
    let mut sorted = NAMES.to_vec();
    sorted.sort_unstable();
    {
        let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("a new log");
        let seen = |name: &&str| {
            let metadata = std::fs::metadata(files.library().join(name)).expect("a file");
            let mtime_ns = std::os::unix::fs::MetadataExt::mtime(&metadata) * 1_000_000_000
                + std::os::unix::fs::MetadataExt::mtime_nsec(&metadata);
            let path = name.parse().expect("a path");
            PlannedFile { path, size: metadata.len(), mtime_ns, rerun: None, becomes: None }
        };
        let first: Vec<_> = sorted[..3].iter().map(seen).collect();
        let detail = serde_json::to_string(&first).expect("JSON");
        let planned =
            JobEvent::Planned { first: 0, count: 3, skips: Vec::new(), detail: Digest::of(detail.as_bytes()) };
        let mut recorder = Recorder::new(Arc::new(store));
        recorder.record(job, vec![created(job), (planned, Some(detail))]).await;
    }
    let app = App::start(&files).await;
    let end = app.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, NAMES.len() as u32));
    let listed = items(&app, job).await;
    assert_eq!(listed[..3], sorted[..3], "what was listed stays as it is");
    let rest: Vec<_> = NAMES.iter().filter(|name| !sorted[..3].contains(name)).collect();
    assert_eq!(listed[3..].iter().collect::<Vec<_>>(), rest);
    app.stop().await;
}
