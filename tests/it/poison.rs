//! Jobs that crash the server: none keeps it from starting, and none keeps other jobs from going on.

use std::path::PathBuf;
use std::time::Duration;

use headway_model::{EndReason, JobId, JobStatus, PauseReason};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::command::Served;
use crate::doctor::doctor;
use crate::helper::{Files, Headway, eventually, http, mint};
use crate::terminal::headway;

/// How long a process can take to die on a busy machine.
const WHILE: Duration = Duration::from_secs(30);

/// Options with which no job waits for another.
const ROOM: &[&str] = &["--jobs", "4", "--workers", "3"];

/// Files that no other job works on for long.
const FREE: [&str; 5] = ["000000", "000001", "000002", "000003", "000004"];

const STUCK: JobStatus = JobStatus::Paused { reason: PauseReason::Stuck };

/// A run of the server with this fault; `None` if it dies before it is ready.
fn life(files: &Files, fault: &str) -> Option<Served> {
    Served::life(files, fault, ROOM)
}

/// Whether the fault kills a run of the server, before it is ready or later.
fn is_killed(files: &Files, fault: &str) -> bool {
    life(files, fault).is_none_or(|mut served| served.headway.is_killed_within(WHILE))
}

/// A run of the server without a fault.
fn sound(files: &Files) -> Served {
    Served::start_with(files, &[], ROOM).expect("a ready server")
}

/// The job that is to crash the server: one item at a time.
async fn begin_poison(served: &Served, recipe: &str) -> JobId {
    let id = mint();
    let body = json!({
        "library": "files", "recipe": recipe, "query": { "paths": FREE }, "title": "poison", "concurrency": 1,
        "policy": { "on_interrupt": "retry" },
    });
    // The server might die before it has answered or recorded the job; then the same call is made again.
    let call = served.client.put(format!("{}/api/jobs/{id}", served.headway.url)).json(&body).send().await;
    drop(call);
    id
}

/// A job that keeps working until the gate is removed.
async fn begin_innocent(served: &Served) -> JobId {
    let more = json!({ "concurrency": 1, "policy": { "on_interrupt": "retry" } });
    let id = served.begin("gated", more).await;
    served.until(id, |summary| summary.counters.succeeded >= 5).await;
    id
}

async fn waits(served: &Served, job: JobId) -> String {
    served.get(&format!("/api/jobs/{job}")).await["waits"].as_str().unwrap_or_default().to_owned()
}

/// The rest of the test once the job is paused: the page says so, the job is tried again, other jobs go on.
async fn is_held_and_the_others_go_on(files: &Files, fault: &str, poison: JobId, innocent: JobId, says: &str) {
    let mut served = life(files, fault).expect("a ready server");
    served.until(poison, |summary| summary.status == STUCK).await;
    let why = waits(&served, poison).await;
    assert!(why.contains(says) && why.contains("Resume"), "{fault}: {why}");
    let other = served.run("checksum", json!({ "query": { "paths": ["000000"] } })).await;
    assert_eq!(other.status, JobStatus::Completed, "{fault}");
    let at_work = served.until(innocent, |_| true).await;
    assert_eq!(at_work.status, JobStatus::Processing, "{fault}: {at_work:?}");
    // Another try is another crash, after which the job is paused at once.
    served.client.post(format!("{}/api/jobs/{poison}/resume", served.headway.url)).send().await.ok();
    assert!(served.headway.is_killed_within(WHILE), "{fault}: it is tried again");
    drop(served);
    let served = life(files, fault).expect("a ready server");
    served.until(poison, |summary| summary.status == STUCK).await;
    drop(served);
    let (well, said) = doctor(files);
    assert!(!well && said.contains(&format!("job {poison}")) && said.contains("resume the job"), "{fault}: {said}");
    // Without the fault the job ends well.
    let served = sound(files);
    assert_eq!(served.until(poison, |_| true).await.status, STUCK, "{fault}: not by itself");
    assert_eq!(served.post(&format!("/api/jobs/{poison}/resume")).await.0, 200, "{fault}");
    let end = served.end(poison).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "{fault}");
    files.write("gate", b"");
    assert_eq!(served.end(innocent).await.counters.failed, 0, "{fault}");
    drop(served);
    let (well, said) = doctor(files);
    assert!(well, "{fault}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_the_server_with_it_again_and_again_is_paused_and_the_others_go_on() {
    for (point, recipe, crashes, says) in [
        ("listing", "checksum", 2, "two times in a row while it listed the files"),
        ("preparing", "checksum", 2, "two times in a row while it prepared"),
        ("working", "checksum", 3, "three times in a row while it worked on"),
        ("working", "upper", 3, "three times in a row while it ran"),
        ("naming", "upper", 2, "two times in a row while it looked for"),
        ("between", "upper", 3, "three times in a row while it checked"),
        ("placing", "upper", 2, "two times in a row while it put"),
        ("finishing", "checksum", 2, "two times in a row while it ran the last step"),
    ] {
        let files = Files::numbered(7);
        let fault = format!("{point} of poison");
        let mut served = life(&files, &fault).expect("a ready server");
        let innocent = begin_innocent(&served).await;
        let poison = begin_poison(&served, recipe).await;
        assert!(served.headway.is_killed_within(WHILE), "{fault}");
        for crash in 1..crashes {
            assert!(is_killed(&files, &fault), "{fault}: crash {crash}");
        }
        is_held_and_the_others_go_on(&files, &fault, poison, innocent, says).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_that_crash_the_server_where_nothing_is_noted_are_paused_after_a_bounded_number_of_crashes() {
    // A recipe that only reads has no note between its work and the record of its result.
    for recipes in [["checksum", "checksum"], ["checksum", "upper"]] {
        let files = Files::numbered(7);
        let gate = files.data().with_file_name("prepares");
        std::fs::write(&gate, b"").expect("a file");
        let fault = format!("between of poison and preparing while {}", gate.display());
        let mut served = life(&files, &fault).expect("a ready server");
        let jobs = [begin_poison(&served, recipes[0]).await, begin_poison(&served, recipes[1]).await];
        std::fs::remove_file(&gate).expect("a file");
        assert!(served.headway.is_killed_within(WHILE), "{recipes:?}");
        let mut crashes = 1;
        let served = loop {
            // It can die before it is ready.
            if let Some(mut served) = life(&files, &fault)
                && !served.headway.is_killed_within(Duration::from_secs(5))
            {
                break served;
            }
            crashes += 1;
            assert!(crashes <= 12, "{recipes:?}: {crashes} crashes");
        };
        for job in jobs {
            served.until(job, |summary| summary.status == STUCK).await;
            let why = waits(&served, job).await;
            assert!(why.contains("times in a row") && why.contains("Resume"), "{recipes:?}: {why}");
        }
        let other = served.run("checksum", json!({ "query": { "paths": ["000000"] } })).await;
        assert_eq!(other.status, JobStatus::Completed, "{recipes:?}");
        drop(served);
        let (well, said) = doctor(&files);
        assert!(!well && jobs.iter().all(|job| said.contains(&format!("job {job}"))), "{recipes:?}: {said}");
        let served = sound(&files);
        for job in jobs {
            assert_eq!(served.post(&format!("/api/jobs/{job}/resume")).await.0, 200, "{recipes:?}");
            assert_eq!(served.end(job).await.status, JobStatus::Completed, "{recipes:?}");
        }
    }
}

/// Begins a job that is at work when the server is killed, and crashes two further servers with this fault before they
/// are ready.
async fn dies_twice(files: &Files, mut served: Served, fault: &str) -> JobId {
    let poison = begin_poison(&served, "slow-upper").await;
    served.until(poison, |summary| summary.counters.succeeded > 0).await;
    served.headway.kill();
    drop(served);
    for _ in 0..2 {
        assert!(life(files, fault).is_none(), "it dies before it is ready");
    }
    poison
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_read_does_not_keep_the_server_from_starting() {
    let files = Files::numbered(7);
    let fault = "taking up of poison";
    let served = sound(&files);
    let innocent = begin_innocent(&served).await;
    let poison = dies_twice(&files, served, fault).await;
    is_held_and_the_others_go_on(&files, fault, poison, innocent, "looked at what was left").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_an_unreadable_job_does_not_read_it_again() {
    let files = Files::numbered(7);
    let fault = "taking up of poison";
    let served = sound(&files);
    let poison = dies_twice(&files, served, fault).await;
    let served = life(&files, fault).expect("a ready server");
    let stuck = served.until(poison, |summary| summary.status == STUCK).await;
    assert_eq!(stuck.worked.map(|worked| worked.since), Some(None), "nothing of it is at work");
    assert_eq!(served.post(&format!("/api/jobs/{poison}/cancel")).await.0, 200);
    assert_eq!(served.end(poison).await.status, JobStatus::Cancelled);
}

/// A job that was killed in the middle of placing. As long as the gate is there, nobody can find out how far that got; the fault with
/// it fails those looks.
async fn left_in_placing(files: &Files) -> (JobId, String, PathBuf) {
    let mut served = life(files, "placing of poison").expect("a ready server");
    let poison = begin_poison(&served, "upper").await;
    assert!(served.headway.is_killed_within(WHILE));
    drop(served);
    let gate = files.data().with_file_name("looks-fail");
    std::fs::write(&gate, b"").expect("a file");
    let fault = format!("recovering while {}", gate.display());
    (poison, fault, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn inspecting_a_placement_crashes_the_server_at_most_twice() {
    for cancels in [false, true] {
        let files = Files::numbered(5);
        let (poison, fails, gate) = left_in_placing(&files).await;
        // No look kills this server, however late the test asks it.
        let mut served = life(&files, &fails).expect("a ready server");
        let short = JobStatus::Paused { reason: PauseReason::TooManyOpenFiles };
        served.until(poison, |summary| summary.status == short).await;
        assert!(served.headway.terminate(), "an end that is no crash");
        drop(served);
        // The start cannot look because of the gate, and the first look after it kills: on a busy machine even before the server
        // is ready.
        let fault = format!("{fails} and recovering of poison");
        for _ in 0..2 {
            assert!(is_killed(&files, &fault), "the shortage has passed, and it looks");
        }
        let served = life(&files, &fault).expect("a ready server");
        std::fs::remove_file(&gate).expect("a file");
        served.until(poison, |summary| summary.status == STUCK).await;
        let why = waits(&served, poison).await;
        assert!(why.contains("two times in a row while it checked how far the output of file "), "{why}");
        if cancels {
            assert_eq!(served.post(&format!("/api/jobs/{poison}/cancel")).await.0, 200);
            let end = served.end(poison).await;
            assert_eq!((end.status, end.counters.failed), (JobStatus::Cancelled, 1), "{end:?}");
            let items = served.get(&format!("/api/jobs/{poison}/items")).await.to_string();
            assert!(items.contains("could not find out whether its output is in place for good"), "{items}");
            continue;
        }
        drop(served);
        let served = sound(&files);
        assert_eq!(served.post(&format!("/api/jobs/{poison}/resume")).await.0, 200);
        let end = served.end(poison).await;
        assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_held_can_be_cancelled() {
    let files = Files::numbered(5);
    let fault = "listing of poison";
    let mut served = life(&files, fault).expect("a ready server");
    let poison = begin_poison(&served, "checksum").await;
    assert!(served.headway.is_killed_within(WHILE));
    drop(served);
    assert!(is_killed(&files, fault));
    let served = life(&files, fault).expect("a ready server");
    served.until(poison, |summary| summary.status == STUCK).await;
    assert_eq!(served.post(&format!("/api/jobs/{poison}/cancel")).await.0, 200);
    assert_eq!(served.end(poison).await.status, JobStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_from_outside_meet_again_and_again_ends() {
    let files = Files::numbered(60);
    let mut job = None;
    for _ in 0..6 {
        let mut served = sound(&files);
        let policy = json!({ "policy": { "on_interrupt": "retry" } });
        let id = match job {
            None => *job.insert(served.begin("slow-upper", policy).await),
            Some(id) => id,
        };
        let before = served.until(id, |_| true).await.counters.succeeded;
        eventually("work", async || {
            let view = served.until(id, |_| true).await;
            served.headway.resume_if_stuck(&served.client, &view).await;
            (view.counters.succeeded > before || view.status.is_terminal()).then_some(())
        })
        .await;
        served.headway.kill();
    }
    let served = sound(&files);
    assert_eq!(served.end(job.expect("a round")).await.status, JobStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_or_pauses_its_job_and_nothing_else() {
    let prepare = JobStatus::Failed { reason: EndReason::Plan };
    for (point, status) in [
        ("listing", JobStatus::Failed { reason: EndReason::Plan }),
        ("preparing", prepare),
        ("working", JobStatus::Failed { reason: EndReason::AllFailed }),
        ("finishing", JobStatus::Failed { reason: EndReason::Finish }),
    ] {
        let files = Files::numbered(5);
        let served = life(&files, &format!("panic {point} of poison")).expect("a ready server");
        let poison = begin_poison(&served, "checksum").await;
        let end = served.end(poison).await;
        assert_eq!(end.status, status, "{point}: {end:?}");
        let said = format!("{:?} {:?}", end.message, served.get(&format!("/api/jobs/{poison}/items")).await);
        assert!(said.contains("as the test wants"), "{point}: {said}");
        assert_eq!(served.run("checksum", json!({})).await.status, JobStatus::Completed, "{point}");
    }
}

/// The panic comes between two renames: the job's own output has the name, with the size and time of the original.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_panic_leaves_half_changed_is_held_until_that_is_recorded() {
    let files = Files::numbered(1);
    let (begun, gate) = (files.data().with_file_name("begun"), files.data().with_file_name("may-go-on"));
    let served = life(&files, "panic exchanged").expect("a ready server");
    let run = format!(
        r#"sh -c 'touch {}; while [ ! -e {} ]; do sleep 0.02; done; tr a-z A-Z < "$0" > "$1"' {{}} {{out}}"#,
        begun.display(),
        gate.display()
    );
    let replaces = json!({ "place": "replace", "keep": { "times": true } });
    let panics = served.begin("command", json!({ "settings": { "run": run }, "output": replaces })).await;
    eventually("the command", async || begun.exists().then_some(())).await;
    let other = served.begin("command", json!({ "settings": { "run": "cp {} {out}" } })).await;
    let job = panics.to_string();
    eventually("a job that waits", async || waits(&served, other).await.contains(&job).then_some(())).await;
    std::fs::write(&gate, b"").expect("a file");
    let end = served.end(panics).await;
    let told = served.get(&format!("/api/jobs/{panics}/items")).await["items"].clone();
    let is_panic = told[0]["message"].as_str().is_some_and(|text| text.contains("as the test wants"));
    assert!(end.counters.failed == 1 && is_panic, "{told}");
    assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"FILE 0\n");
    let end = served.end(other).await;
    let told = served.get(&format!("/api/jobs/{other}/items")).await["items"].clone();
    assert_eq!((end.counters.succeeded, end.counters.missed), (0, 1), "{told}");
    assert!(told[0]["reason"].as_str().is_some_and(|why| why.contains("half changed by an earlier job")), "{told}");
}

/// The output has the name, and the original a name of Headway's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_placing_is_open_is_held_until_it_is_known_how_it_ended() {
    for restarts in [false, true] {
        let files = Files::numbered(1);
        let gate = files.data().with_file_name("looks-fail");
        std::fs::write(&gate, b"").expect("a file");
        let fault = format!("exchanged while {0} and recovering while {0}", gate.display());
        let mut served = life(&files, &fault).expect("a ready server");
        let open = served.begin("upper", json!({})).await;
        let short = JobStatus::Paused { reason: PauseReason::TooManyOpenFiles };
        served.until(open, |summary| summary.status == short).await;
        if restarts {
            served.headway.kill();
            served = life(&files, &fault).expect("a ready server");
        }
        let other = served.begin("command", json!({ "settings": { "run": "cp {} {out}" } })).await;
        let job = open.to_string();
        eventually("a job that waits", async || {
            let why = waits(&served, other).await;
            (why.contains(&job) && why.contains("has not found out yet")).then_some(())
        })
        .await;
        // It has given its worker back.
        served.until(other, |summary| summary.counters.running == 0 && summary.counters.waiting == 1).await;
        std::fs::remove_file(&gate).expect("a file");
        let end = served.end(open).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{restarts}: {end:?}");
        let end = served.end(other).await;
        assert_eq!((end.status.is_terminal(), end.counters.failed), (true, 0), "{restarts}: {end:?}");
        assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"FILE 0\n", "{restarts}");
    }
}

/// The job that holds the file is tried again and again, so the command would wait for as long as that takes.
#[tokio::test(flavor = "multi_thread")]
async fn free_files_do_not_wait_for_a_held_one_and_one_ctrl_c_ends_the_run_that_does() {
    let files = Files::numbered(3);
    let gate = files.data().with_file_name("looks-fail");
    std::fs::write(&gate, b"").expect("a file");
    let fault = format!("HEADWAY_FAULT=exchanged while {0} and recovering while {0}", gate.display());
    let served = Served::start_with(&files, &["env", &fault], &["--jobs", "4", "--workers", "1"]);
    let served = served.expect("a ready server");
    let open = served.begin("upper", json!({ "query": { "paths": ["000000"] } })).await;
    let short = JobStatus::Paused { reason: PauseReason::TooManyOpenFiles };
    served.until(open, |summary| summary.status == short).await;
    let other = mint();
    let id = other.to_string();
    let arguments = ["run", "--id", &id, "--", "cat", "{}", ":::", "000000", "000001", "000002"];
    let run = headway(&files, &arguments).spawn().expect("the program");
    eventually("the free files", async || {
        let job = served.get(&format!("/api/jobs/{other}")).await;
        (job["counters"]["succeeded"] == 2 && job["counters"]["running"] == 0).then_some(())
    })
    .await;
    kill_process(Pid::from_child(&run), Signal::INT).expect("a living process");
    let output = run.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(130) && said.contains("headway resume"), "{:?} {said}", output.status);
    let job = served.until(other, |_| true).await;
    assert_eq!((job.status, job.counters.waiting), (JobStatus::Paused { reason: PauseReason::User }, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_read_of_the_log_pauses_the_job_and_fails_no_item() {
    let files = Files::numbered(7);
    let gate = files.data().with_file_name("reads-fail");
    let mut served = life(&files, &format!("reading items while {}", gate.display())).expect("a ready server");
    std::fs::write(&gate, b"").expect("a file");
    let job = served.begin("checksum", json!({})).await;
    let paused = JobStatus::Paused { reason: PauseReason::TooManyOpenFiles };
    served.until(job, |summary| summary.status == paused).await;
    std::fs::remove_file(&gate).expect("a file");
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.failed, end.counters.succeeded), (JobStatus::Completed, 0, 7), "{end:?}");
    served.headway.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_recipe_is_gone_is_paused_and_says_so() {
    let files = Files::numbered(7);
    let mut served = sound(&files);
    let job = begin_innocent(&served).await;
    served.headway.kill();
    drop(served);
    // A server without a configuration has no commands.
    let client = http();
    let site = files.data().with_file_name("site");
    let headway = Headway::try_start(&files, Some(&site), &[], ROOM).expect("a ready server");
    headway.until(&client, job, |summary| summary.status == STUCK).await;
    let view: Value = ask(&client, &format!("{}/api/jobs/{job}", headway.url)).await;
    let why = view["waits"].as_str().unwrap_or_default();
    assert!(why.contains("no recipe \"gated\" any more") && why.contains("Resume"), "{view}");
    drop(headway);
    let served = sound(&files);
    assert_eq!(served.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    files.write("gate", b"");
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folders_of_killed_attempts_are_removed_at_the_next_start() {
    let files = Files::numbered(2);
    let mut served = sound(&files);
    let run = "sh -c 'mkdir -p \"$1/a/b\"; chmod 0555 \"$1/a\"; sleep 600' sh {tmp}";
    served.begin("command", json!({ "settings": { "run": run }, "policy": { "on_interrupt": "ask" } })).await;
    let scratch = files.data().join("tmp");
    let left = || std::fs::read_dir(&scratch).map_or(0, |entries| entries.flatten().count());
    let is_made =
        || std::fs::read_dir(&scratch).is_ok_and(|all| all.flatten().any(|one| one.path().join("a").is_dir()));
    eventually("an attempt's folder", async || is_made().then_some(())).await;
    served.headway.kill();
    drop(served);
    assert!(left() > 0, "a killed server cannot tidy up");
    let _served = sound(&files);
    eventually("an empty folder", async || (left() == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_temporary_files_of_failed_items_are_removed_at_the_next_start() {
    let files = Files::numbered(2);
    let mut served = sound(&files);
    let run = "sh -c 'case $1 in *000000) exit 1;; *) sleep 600;; esac' sh {} {out}";
    let more = json!({
        "settings": { "run": run }, "policy": { "on_interrupt": "retry", "tries": 1 },
        "output": { "place": { "beside": { "name": "{/.}.new" } } },
    });
    let job = served.begin("command", more).await;
    served.until(job, |summary| summary.counters.failed == 1 && summary.counters.running == 1).await;
    served.headway.kill();
    drop(served);
    // As if it could not be removed when the item failed; the other file belongs to no job.
    let [left, other] = [format!(".headway-{job}-0-1.new"), format!(".headway-{}-0-1.new", mint())];
    for name in [&left, &other] {
        files.write(name, b"half");
    }
    let _served = sound(&files);
    eventually("the removal", async || (!files.library().join(&left).exists()).then_some(())).await;
    assert!(files.library().join(&other).exists());
}

async fn ask(client: &reqwest::Client, url: &str) -> Value {
    client.get(url).send().await.expect("an answer").json().await.expect("JSON")
}
