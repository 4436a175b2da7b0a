//! The list of jobs that are over: which were undone, how large their files were, and what can be done to all of them at once.

use std::sync::Arc;

use headway_model::find::{FindJobs, JobShow};
use headway_model::summary::{JobsWithFiles, ShownJobs};
use headway_model::{ApiError, JobId};
use headway_server::Server;
use serde_json::json;

use crate::helper::{App, Behaviour, Capitals, Files, mint};

async fn listed(server: &Server, find: &FindJobs) -> Vec<JobId> {
    server.jobs(None, 100, find).await.expect("a list").jobs.iter().map(|job| job.job).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_were_undone_are_a_list_of_their_own_in_each_order() {
    let files = Files::numbered(2);
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let run = async |name: &str| {
        let output = json!({ "place": "replace" });
        let query = json!({ "paths": [name] });
        app.run(&json!({ "library": "files", "recipe": "capitals", "output": output, "query": query })).await.job
    };
    let (kept, undone) = (run("000000").await, run("000001").await);
    let find = |show, sort: &str| FindJobs {
        show,
        sort: headway_model::find::JobSort::from_word(sort).expect("an order"),
        ..FindJobs::default()
    };
    assert_eq!(listed(&app.server, &find(JobShow::Undone, "newest")).await, []);
    let undo = mint();
    assert_eq!(app.post(&format!("/api/jobs/{undone}/undo/{undo}")).await.0, 201);
    app.end(undo).await;
    for sort in ["newest", "files"] {
        assert_eq!(listed(&app.server, &find(JobShow::Undone, sort)).await, [undone], "{sort}");
        assert_eq!(listed(&app.server, &find(JobShow::All, sort)).await.len(), 3, "{sort}");
    }
    let (_, page) = app.get("/api/v1/jobs?show=undone").await;
    assert_eq!(page["jobs"][0]["undone_as"], json!("undone"), "{page}");

    // The trash of each job counts with the list that shows the job.
    let trash = async |show| app.server.over_jobs(&find(show, "newest")).await.expect("what can be done").trash;
    let [of_undone, of_all] = [trash(JobShow::Undone).await, trash(JobShow::All).await];
    assert!(of_undone.jobs == [undone] && of_undone.files == 1, "{of_undone:?}");
    assert!(of_all.jobs.contains(&kept) && of_all.files > of_undone.files && of_all.bytes > 0, "{of_all:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_a_page_has_the_bytes_of_the_files_that_each_job_processed() {
    let files = Files::new();
    files.write("a", &[b'x'; 1_500]);
    files.write("b", &[b'x'; 500]);
    let app = App::start(&files).await;
    let whole = app.end(app.begin("checksum").await).await.job;
    let missed = json!({ "library": "files", "recipe": "checksum", "query": { "paths": ["gone"] } });
    let missed = app.run(&missed).await.job;
    // The second answer comes from what is remembered.
    for _ in 0..2 {
        let ShownJobs { page, bytes } = app.server.shown_jobs(None, 50, &FindJobs::default()).await.expect("a list");
        assert_eq!(page.jobs.iter().map(|job| job.job).collect::<Vec<_>>(), [missed, whole]);
        assert_eq!(bytes, [None, Some(2_000)]);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_all_that_failed_runs_no_file_that_a_later_job_has_tried() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let paths = json!({ "paths": ["000000", "gone", "gone too", "gone as well"] });
    let job = app.run(&json!({ "library": "files", "recipe": "checksum", "query": paths })).await.job;
    let to_retry = async || app.server.over_jobs(&FindJobs::default()).await.expect("what can be done").retry;
    assert_eq!(to_retry().await, JobsWithFiles { jobs: vec![job], files: 3, bytes: 0 });

    // A person retries one of them, and it is still missed: now it is a matter of that job.
    let one = json!({ "items": { "job": job, "which": { "these": [1] } } });
    let single = app.run(&json!({ "library": "files", "recipe": "checksum", "query": one })).await.job;
    assert_eq!(to_retry().await, JobsWithFiles { jobs: vec![single, job], files: 3, bytes: 0 });
    files.write("gone too", b"here again");
    let new = mint();
    app.server.retry_errors(job, new).await.expect("a new job");
    let retry = app.end(new).await;
    assert_eq!((retry.counters.total, retry.counters.succeeded, retry.counters.missed), (2, 1, 1), "{retry:?}");

    // Nothing is left of the first job.
    assert_eq!(to_retry().await, JobsWithFiles { jobs: vec![new, single], files: 2, bytes: 0 });
    let refused = app.server.retry_errors(job, mint()).await;
    assert!(matches!(refused, Err(ApiError::Conflict { .. })), "{refused:?}");
    app.stop().await;
}
