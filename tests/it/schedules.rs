//! Schedules: each time starts its preset once, whatever fails in between.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::helper::{Files, Headway, eventually, http, mint, request};

const HOUR: u64 = 60 * 60 * 1_000;

fn config(files: &Files) -> PathBuf {
    files.data().with_file_name("headway.toml")
}

/// Files, and a file of settings with a schedule for the preset `sums`.
fn scheduled(at: &str) -> Files {
    let files = Files::numbered(3);
    let text = format!("[[schedule]]\npreset = \"sums\"\nat = \"{at}\"\nzone = \"UTC\"\n");
    std::fs::write(config(&files), text).expect("a new file");
    files
}

fn serve(files: &Files) -> Headway {
    Headway::start(files, &["--config", config(files).to_str().expect("text")])
}

/// What `headway schedules` prints.
fn listed(files: &Files) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command.arg("schedules").env("HEADWAY_CONFIG", config(files)).env("HEADWAY_DATA", files.data());
    String::from_utf8(command.output().expect("the program").stdout).expect("text")
}

/// What a server tells of its only schedule, once it is this.
async fn told(server: &Headway, is_this: impl Fn(&Value) -> bool) -> Value {
    let url = format!("{}/api/v1/schedules", server.url);
    eventually("the schedule", async || {
        let answer: Value = http().get(&url).send().await.ok()?.json().await.ok()?;
        answer.get(0).filter(|schedule| is_this(schedule)).cloned()
    })
    .await
}

/// The notes of `/health`.
async fn notes(server: &Headway) -> String {
    let answer = http().get(format!("{}/health", server.url)).send().await.expect("an answer");
    answer.json::<Value>().await.expect("JSON")["notes"].to_string()
}

async fn store_preset(server: &Headway) {
    let call = http().put(format!("{}/api/v1/presets/sums", server.url)).json(&request("checksum"));
    assert!(call.send().await.expect("an answer").status().is_success());
}

/// The jobs of a server, once there are so many and all are over.
async fn ended(server: &Headway, count: usize) -> Vec<Value> {
    let url = format!("{}/api/v1/jobs", server.url);
    eventually("the jobs", async || {
        let answer: Value = http().get(&url).send().await.ok()?.json().await.ok()?;
        let jobs = answer["jobs"].as_array().or(answer.as_array())?.clone();
        let are_over = jobs.iter().all(|job| job["status"] == "completed");
        (jobs.len() == count && are_over).then_some(jobs)
    })
    .await
}

/// The time in the id of a job, in milliseconds since 1970.
fn time_of(job: &Value) -> u64 {
    let id = job["job"].as_str().expect("an id").replace('-', "");
    u64::from_str_radix(&id[..12], 16).expect("a UUIDv7")
}

fn progress(files: &Files) -> PathBuf {
    files.data().join("schedules/sums.json")
}

async fn stored(path: &Path) -> Value {
    eventually("the progress", async || serde_json::from_slice(&std::fs::read(path).ok()?).ok()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_times_start_one_job_however_often_the_server_dies_before_it_is_noted() {
    let files = scheduled("@hourly");
    let mut server = serve(&files);
    store_preset(&server).await;
    let mut earlier = stored(&progress(&files)).await;
    assert_eq!(earlier["last"], Value::Null, "nothing is started for the time before the schedule was made");
    assert!(server.terminate());
    earlier["decided"] = (earlier["decided"].as_u64().expect("a time") - 3 * HOUR).into();
    let mut first = None;
    for _ in 0..3 {
        std::fs::write(progress(&files), earlier.to_string()).expect("the progress");
        let mut server = serve(&files);
        let jobs = ended(&server, 1).await;
        assert_eq!(time_of(&jobs[0]) % HOUR, 0, "{jobs:?}");
        assert_eq!((jobs[0]["title"].as_str(), jobs[0]["recipe"].as_str()), (Some("sums"), Some("checksum")));
        assert_eq!(*first.get_or_insert(jobs[0]["job"].clone()), jobs[0]["job"]);
        eventually("the note", async || listed(&files).contains("; 2 missed").then_some(())).await;
        let told = told(&server, |told| told["missed"] == 2).await;
        assert_eq!((&told["name"], &told["last"]["job"]), (&json!("sums"), &jobs[0]["job"]), "{told}");
        assert_eq!(
            (told["next"].as_u64().map(|next| next % HOUR), &told["problem"]),
            (Some(0), &Value::Null),
            "{told}"
        );
        server.kill();
    }
    let list = listed(&files);
    assert!(list.starts_with("sums: preset sums, ") && list.contains(":00 UTC, job "), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_schedules_tells_the_status_of_the_last_job_and_says_when_it_is_not_known() {
    let files = scheduled("@hourly");
    let mut server = serve(&files);
    store_preset(&server).await;
    let mut earlier = stored(&progress(&files)).await;
    assert!(server.terminate());
    earlier["decided"] = (earlier["decided"].as_u64().expect("a time") - HOUR).into();
    std::fs::write(progress(&files), earlier.to_string()).expect("the progress");
    let mut server = serve(&files);
    let job = ended(&server, 1).await[0]["job"].as_str().expect("an id").to_owned();
    let status = format!(", job {job} (completed)");
    eventually("the status, by the server", async || listed(&files).contains(&status).then_some(())).await;
    assert!(server.terminate());
    let list = listed(&files);
    assert!(list.contains(&status), "without a server: {list}");
    let (mut later, other) = (stored(&progress(&files)).await, mint().to_string());
    later["last"]["job"] = other.as_str().into();
    std::fs::write(progress(&files), later.to_string()).expect("the progress");
    let list = listed(&files);
    assert!(list.contains(&format!(", job {other} (status not known: there is no job {other})")), "{list}");
    for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
        std::fs::remove_file(files.data().join(name)).ok();
    }
    let list = listed(&files);
    assert!(list.contains(&format!(", job {other} (status not known)")), "without a log: {list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_time_without_its_preset_is_reported_and_the_next_one_starts_it() {
    let files = scheduled("@hourly");
    let mut server = serve(&files);
    let mut earlier = stored(&progress(&files)).await;
    assert!(server.terminate());
    let decided = earlier["decided"].as_u64().expect("a time");
    earlier["decided"] = (decided - HOUR).into();
    std::fs::write(progress(&files), earlier.to_string()).expect("the progress");
    let mut server = serve(&files);
    eventually("the reason", async || listed(&files).contains("there is no preset \"sums\"").then_some(())).await;
    told(&server, |told| told["problem"].as_str().is_some_and(|why| why.contains("no preset \"sums\""))).await;
    assert!(notes(&server).await.contains("a schedule could not start its last job"), "{}", notes(&server).await);
    store_preset(&server).await;
    assert!(server.terminate());
    std::fs::write(progress(&files), earlier.to_string()).expect("the progress");
    let server = serve(&files);
    ended(&server, 1).await;
    eventually("no reason", async || (!listed(&files).contains("no preset")).then_some(())).await;
    told(&server, |told| told["problem"].is_null()).await;
}

/// By a clock that shows a few seconds before a full minute at the start.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_starts_at_its_time_on_a_running_server() {
    let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        .map(|folder| format!("{folder}/faketime/libfaketime.so.1"));
    let library = library.iter().find(|path| Path::new(path).exists()).expect("Debian's package faketime");
    let files = scheduled("* * * * *");
    let second = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() % 60;
    let wrap = [
        "env".to_owned(),
        format!("LD_PRELOAD={library}"),
        format!("FAKETIME=+{}s", 110 - second),
        "DONT_FAKE_MONOTONIC=1".to_owned(),
        "NO_FAKE_STAT=1".to_owned(),
        format!("HEADWAY_CONFIG={}", config(&files).display()),
    ];
    let wrap: Vec<_> = wrap.iter().map(String::as_str).collect();
    let site = files.data().with_file_name("site");
    let server = Headway::try_start(&files, Some(&site), &wrap, &[]).expect("a ready server");
    store_preset(&server).await;
    let jobs = ended(&server, 1).await;
    assert_eq!(time_of(&jobs[0]) % Duration::from_secs(60).as_millis() as u64, 0, "{jobs:?}");
}
