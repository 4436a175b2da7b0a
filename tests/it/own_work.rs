//! What the server does by itself for one library or one job: if it crashes at this again and again, it skips this
//! alone and reports it, and everything else continues.

use std::path::Path;
use std::time::Duration;

use headway_model::{JobId, JobStatus};
use headway_server::config::Config;
use headway_server::retention::Retention;
use serde_json::{Value, json};

use crate::command::Served;
use crate::doctor::{doctor, headway};
use crate::helper::{App, Files, eventually, request};

/// How long a process can take to die on a busy machine.
const WHILE: Duration = Duration::from_secs(30);

fn life(files: &Files, fault: &str) -> Option<Served> {
    Served::life(files, fault, &["--workers", "2"])
}

fn dies(files: &Files, fault: &str) -> bool {
    life(files, fault).is_none_or(|mut served| served.headway.is_killed_within(WHILE))
}

/// After two crashes the server starts, other jobs go on, and the doctor says what is left out. Another try is one more
/// crash; without the fault all is well.
async fn is_left_out(files: &Files, fault: &str, says: &[&str]) {
    assert!(dies(files, fault) && dies(files, fault), "{fault}: it is tried");
    for _ in 0..2 {
        let mut served = life(files, fault).expect("a ready server");
        let job = served.run("checksum", json!({ "query": { "paths": ["000000"] } })).await;
        assert_eq!(job.status, JobStatus::Completed, "{fault}");
        let metrics = served.client.get(format!("{}/metrics", served.headway.url)).send().await.expect("an answer");
        assert!(metrics.text().await.expect("text").contains("headway_left_out 1"), "{fault}");
        let health = served.client.get(format!("{}/health", served.headway.url)).send().await.expect("an answer");
        assert_eq!(health.status(), 200, "{fault}: no restart would help");
        let health: Value = health.json().await.expect("JSON");
        assert_eq!(health["status"], "healthy", "{fault}");
        let note = health["notes"][0].as_str().unwrap_or_default();
        assert!(
            note.contains("doctor --try-again") && !note.contains("files"),
            "{fault}: everyone can read it: {note}"
        );
        served.headway.kill();
    }
    let (well, said) = doctor(files);
    assert!(!well && says.iter().all(|word| said.contains(word)) && said.contains("--try-again"), "{fault}: {said}");
    headway(&["doctor", "--try-again"], files);
    assert!(dies(files, fault), "{fault}: it is tried again");
    let (well, said) = doctor(files);
    assert!(well, "the crash is counted by the next start: {said}");
    let mut served = life(files, fault).expect("a ready server");
    served.headway.kill();
    headway(&["doctor", "--try-again"], files);
    let mut served = Served::start(files);
    let word = format!(" {} ", fault.split(' ').next().unwrap_or(fault));
    eventually("a passed step", async || {
        let kept = std::fs::read_to_string(files.data().join("suspects")).expect("a file");
        (!kept.contains(&word)).then_some(())
    })
    .await;
    served.headway.kill();
    assert!(doctor(files).0, "{fault}: without the fault all is well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_scanning_one_library_stops_only_that_scan() {
    let files = Files::numbered(3);
    is_left_out(&files, "scan of files", &["library files", "two times in a row while it scanned this library"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_cleaning_up_one_library_stops_only_that_cleanup() {
    let files = Files::numbered(3);
    is_left_out(&files, "clean_up of files", &["library files", "two times in a row while it removed temporary"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_removing_a_scratch_folder_stops_only_that_removal() {
    let files = Files::numbered(3);
    let mut served = Served::start(&files);
    let run = "sh -c 'touch \"$1/a\"; sleep 600' sh {tmp}";
    let more =
        json!({ "settings": { "run": run }, "policy": { "on_interrupt": "ask" }, "query": { "paths": ["000001"] } });
    let job = served.begin("command", more).await;
    let made = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut all| all.next().is_some());
    eventually("an attempt's folder", async || made(&files.data().join("tmp")).then_some(())).await;
    served.headway.kill();
    drop(served);
    let fault = format!("clear_scratch of {job}");
    is_left_out(&files, &fault, &[&job.to_string(), "two times in a row while it removed what a killed attempt"]).await;
    assert!(!made(&files.data().join("tmp")), "it was removed in the end");
}

/// Three jobs that are over, oldest first, in a data folder without a server.
async fn three_old_jobs(files: &Files) -> [JobId; 3] {
    let rarely = |config: &mut Config| config.sweep = Duration::from_secs(3_600);
    let app = App::start_with(files, rarely, Vec::new()).await;
    let mut jobs = Vec::new();
    for number in 0..3 {
        let mut body = request("checksum");
        body["query"] = json!({ "paths": [format!("00000{number}")] });
        jobs.push(app.run(&body).await.job);
    }
    app.stop().await;
    jobs.try_into().expect("three jobs")
}

fn keep_one(config: &mut Config) {
    config.sweep = Duration::from_millis(100);
    config.retention = Retention { age: None, jobs: Some(1), bytes: None, attempts: None };
}

/// The first job's removal does not succeed; the second's does.
async fn only_the_first_stays(files: &Files, jobs: [JobId; 3]) {
    let app = App::start_with(files, keep_one, Vec::new()).await;
    let outputs = |job: JobId| files.data().join("jobs").join(job.to_string());
    eventually("the second is removed", async || (!outputs(jobs[1]).exists()).then_some(())).await;
    assert!(outputs(jobs[0]).exists(), "the first cannot be removed");
    let status = async |job: JobId| app.get(&format!("/api/jobs/{job}")).await.0;
    assert_eq!([status(jobs[1]).await, status(jobs[2]).await], [410, 200]);
    assert_eq!(status(jobs[0]).await, 200, "what is not removed is not said to be");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_jobs_are_removed_even_if_one_cannot_be() {
    let files = Files::numbered(3);
    let jobs = three_old_jobs(&files).await;
    let attempts = files.data().join("attempts");
    std::fs::create_dir_all(&attempts).expect("a folder");
    let broken = attempts.join(jobs[0].to_string());
    std::os::unix::fs::symlink(&broken, &broken).expect("a link to itself");
    only_the_first_stays(&files, jobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_jobs_are_removed_even_if_the_removal_of_one_crashes_the_server() {
    let files = Files::numbered(3);
    let jobs = three_old_jobs(&files).await;
    std::fs::write(files.data().join("suspects"), format!("2 {} remove_history 0\n", jobs[0])).expect("a file");
    only_the_first_stays(&files, jobs).await;
    let (well, said) = doctor(&files);
    let says = format!("job {}: The server crashed two times in a row while it removed the history", jobs[0]);
    assert!(!well && said.contains(&says), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_a_damaged_row_names_the_command_that_rebuilds_rows() {
    let files = Files::numbered(3);
    let jobs = three_old_jobs(&files).await;
    files.sql("UPDATE jobs SET summary = '{' WHERE job_no = 1").await;
    let (well, said) = doctor(&files);
    assert!(!well && said.contains("headway rebuild"), "{said}");
    let (well, said) = headway(&["rebuild"], &files);
    assert!(well, "{said}");
    let app = App::start(&files).await;
    assert_eq!(app.get(&format!("/api/jobs/{}", jobs[0])).await.0, 200);
    app.stop().await;
}
