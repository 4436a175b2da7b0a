//! The real program with real commands that replace files: killed at random, and with system calls that fail. Every file is
//! the old one or the new one at every moment, every item in one state, and what was done can be undone.

use std::time::{Duration, Instant};

use headway::model::JobId;
use serde_json::{Value, json};

use crate::command::{Served, config};
use crate::doctor::doctor;
use crate::helper::{Files, Headway, eventually, mint, repetitions};

/// So many files are replaced.
const FILES: usize = 120;

fn old(number: usize) -> String {
    format!("file {number}\n")
}

/// How many files are new; each is the old one or the new one.
fn new_ones(files: &Files, count: usize, when: &str) -> usize {
    let is_new = |number: &usize| {
        let text =
            std::fs::read_to_string(files.library().join(format!("{number:06}"))).expect("no name is ever empty");
        let (old, new) = (old(*number), old(*number).to_uppercase());
        assert!(text == old || text == new, "{when}: {number} is {text:?}");
        text == new
    };
    (0..count).filter(is_new).count()
}

/// Names of Headway's own in the library's folder, the trash aside.
fn left_over(files: &Files) -> Vec<String> {
    let names = std::fs::read_dir(files.library()).expect("a folder").flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(".headway-") && name != ".headway-trash").collect()
}

/// The server ends the job, all adds up, and undo brings back every byte.
async fn ends_and_is_undone(files: &Files, job: JobId, count: usize, when: &str) {
    let served = Served::start(files);
    let end = served.end(job).await;
    let counters = end.counters;
    assert_eq!(counters.total as usize, count, "{when}");
    assert_eq!(counters.succeeded + counters.failed + counters.skipped, counters.total, "{when}: {counters:?}");
    // Where the disk failed in the midst of a swap, what lies where is said; the original is kept under that name.
    let failed = served.get(&format!("/api/jobs/{job}/items?status=failed")).await;
    let failed = failed["items"].as_array().cloned().unwrap_or_default();
    let said = |item: &&Value| item["message"].as_str().is_some_and(|text| text.contains("the original at .headway-"));
    let midst = failed.iter().filter(said).count();
    assert_eq!(new_ones(files, count, when), counters.succeeded as usize + midst, "{when}: {failed:?}");
    assert_eq!(left_over(files).len(), midst, "{when}: {:?}, {failed:?}", left_over(files));
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{undo}")).await.0, 201, "{when}");
    let undone = served.end(undo).await.counters;
    assert_eq!((undone.succeeded, undone.failed), (counters.succeeded, 0), "{when}");
    assert_eq!(new_ones(files, count, when), midst, "{when}: every byte is back");
    drop(served);
    let (well, said) = doctor(files);
    assert!(well, "{when}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_a_job_of_commands_damages_nothing_and_ends() {
    let files = Files::numbered(FILES);
    let (mut job, kills) = (None, repetitions(10));
    for round in 0..kills {
        let mut served = Served::start(&files);
        let policy = json!({ "policy": { "on_interrupt": "retry" } });
        let id = match job {
            None => *job.insert(served.begin("slow-upper", policy).await),
            Some(id) => id,
        };
        let (before, moment) = (new_ones(&files, FILES, "between"), u64::from(mint().bytes()[15]) % 80);
        // From some moment in its start or its work on.
        if round % 3 > 0 {
            eventually("work", async || {
                let view: Value = served.get(&format!("/api/jobs/{id}")).await;
                let over = view["status"].as_str().is_some_and(|status| status.starts_with("completed"));
                (over || new_ones(&files, FILES, "at work") > before).then_some(())
            })
            .await;
        }
        tokio::time::sleep(Duration::from_millis(moment)).await;
        served.headway.kill();
        new_ones(&files, FILES, "killed");
    }
    let job = job.expect("a round");
    println!("{kills} kills, {} of {FILES} files new at the last", new_ones(&files, FILES, "in the end"));
    ends_and_is_undone(&files, job, FILES, "after the kills").await;
}

/// What is done to a system call.
fn injections() -> Vec<String> {
    let mut all = Vec::new();
    for when in ["1", "2", "3", "5", "8", "2+"] {
        for (call, error) in [("renameat2", "EIO"), ("renameat2", "ENOSPC"), ("fsync", "EIO"), ("unlinkat", "EIO")] {
            all.push(format!("{call}:error={error}:when={when}"));
        }
        for call in ["renameat2", "fsync", "unlinkat", "pwrite64"] {
            all.push(format!("{call}:signal=KILL:when={}", when.trim_end_matches('+')));
        }
    }
    // Below these the server does not even start.
    for when in ["150", "250", "350", "400+"] {
        all.push(format!("openat:error=EMFILE:when={when}"));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_system_call_fails_in_a_replace_no_file_is_damaged_and_the_job_ends() {
    let (mut runs, mut begun) = (0, 0);
    let all = injections();
    let stride = (100 / repetitions(100).max(1)).max(1);
    for inject in all.iter().step_by(stride) {
        runs += 1;
        let files = Files::numbered(3);
        let config = config(&files);
        let site = files.data().with_file_name("site");
        let call = inject.split(':').next().expect("a call");
        let (trace, injected) = (format!("trace={call}"), format!("inject={inject}"));
        let wrap = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &injected];
        let arguments = ["--config", config.to_str().expect("text"), "--workers", "1"];
        let job = mint();
        let body = json!({ "library": "files", "recipe": "upper", "query": { "folder": {} }, "policy": { "on_interrupt": "retry" } });
        let client = reqwest::Client::new();
        let mut acknowledged = false;
        if let Some(mut headway) = Headway::try_start(&files, Some(&site), &wrap, &arguments) {
            let call =
                client.put(format!("{}/api/jobs/{job}", headway.url)).json(&body).timeout(Duration::from_secs(10));
            acknowledged = call.send().await.is_ok_and(|answer| answer.status().as_u16() == 201);
            // Until it is over, dead, or stands still.
            let deadline = Instant::now() + Duration::from_secs(3);
            while Instant::now() < deadline && !headway.dies_within(Duration::from_millis(20)) {
                new_ones(&files, 3, inject);
                let view =
                    client.get(format!("{}/api/jobs/{job}", headway.url)).timeout(Duration::from_secs(2)).send().await;
                let Ok(view) = view else { continue };
                let view: Value = view.json().await.unwrap_or_default();
                if ["completed", "completed_with_errors", "failed"].iter().any(|over| view["status"] == *over) {
                    break;
                }
            }
            headway.kill();
        }
        new_ones(&files, 3, inject);
        begun += usize::from(acknowledged);
        if !acknowledged {
            // Perhaps it was recorded, and only the answer lost: the same call again is the same job.
            let served = Served::start(&files);
            let call = served.client.put(format!("{}/api/jobs/{job}", served.headway.url)).json(&body);
            assert!(call.send().await.expect("an answer").status().is_success(), "{inject}");
        }
        ends_and_is_undone(&files, job, 3, inject).await;
    }
    println!("{runs} runs with failing calls, {begun} of them at work");
    assert!(begun * 2 > runs, "the failures must hit the work: {begun} of {runs}");
}
