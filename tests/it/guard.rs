//! No process of a command outlives its server, and a replace that is interrupted anywhere ends with the old file or
//! the new one.

use std::time::Duration;

use headway_files::Swap;
use headway_guard::attempts_left;
use headway_model::{EndReason, JobId, JobStatus, PauseReason};
use serde_json::json;

use crate::command::Served;
use crate::helper::{Files, Mount, eventually, mint};

fn left(job: JobId) -> usize {
    attempts_left(|attempt| attempt.starts_with(&job.to_string())).expect("a look").len()
}

async fn at_work(served: &Served, recipe: &str, processes: usize, more: serde_json::Value) -> JobId {
    let job = served.begin(recipe, more).await;
    eventually("the commands at work", async || (left(job) >= processes).then_some(())).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_survives_a_killed_server_and_a_person_is_asked() {
    let files = Files::numbered(2);
    let mut served = Served::start(&files);
    let job = at_work(&served, "stubborn", 6, json!({})).await;
    served.headway.kill();
    eventually("no process left", async || (left(job) == 0).then_some(())).await;

    let served = Served::start(&files);
    let paused = JobStatus::Paused { reason: PauseReason::Interrupted };
    let summary = served.until(job, |summary| summary.status == paused).await;
    assert_eq!(summary.counters.interrupted, 2);
    assert_eq!(left(job), 0, "nothing runs unasked");
    let (status, body) = served.post(&format!("/api/jobs/{job}/leave_out")).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(served.end(job).await.counters.failed, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_server_waits_until_the_last_ones_commands_are_gone() {
    let files = Files::numbered(2);
    let mut served = Served::start(&files);
    let job = at_work(&served, "stubborn", 6, json!({ "policy": { "on_interrupt": "retry" } })).await;
    served.headway.kill();
    // At once, while the guard is still working.
    let served = Served::start(&files);
    served.until(job, |summary| summary.counters.running == 2).await;
    let attempts =
        attempts_left(|attempt| attempt.starts_with(&job.to_string()) && attempt.ends_with("-1")).expect("a look");
    assert!(attempts.is_empty(), "the first attempts are over before the second ones begin");
    let (status, _) = served.post(&format!("/api/jobs/{job}/cancel")).await;
    assert_eq!(status, 200);
    assert_eq!(served.end(job).await.status, JobStatus::Cancelled);
    assert_eq!(left(job), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_dies_interrupts_its_items_and_another_takes_over() {
    let files = Files::numbered(2);
    let served = Served::start(&files);
    let job = at_work(&served, "sleep", 2, json!({})).await;
    let guard = served.headway.children().into_iter().next().expect("a guard");
    rustix::process::kill_process(guard, rustix::process::Signal::KILL).expect("a living guard");
    let paused = JobStatus::Paused { reason: PauseReason::Interrupted };
    let summary = served.until(job, |summary| summary.status == paused).await;
    assert_eq!((summary.counters.interrupted, left(job)), (2, 0));
    let (status, body) = served.post(&format!("/api/jobs/{job}/resume")).await;
    assert_eq!(status, 200, "{body}");
    eventually("they run again", async || (left(job) >= 2).then_some(())).await;
    served.post(&format!("/api/jobs/{job}/cancel")).await;
    served.end(job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_kills_or_stops_its_guard_fails_alone() {
    let files = Files::numbered(2);
    let served = Served::start(&files);
    for (policy, signal) in [("retry", "KILL"), ("ask", "KILL"), ("retry", "STOP"), ("ask", "STOP")] {
        let of = |path: &str, run: &str| {
            let policy = json!({ "on_interrupt": policy, "on_done": "again" });
            json!({ "query": { "paths": [path] }, "settings": { "run": run }, "policy": policy })
        };
        let innocent = served.begin("command", of("000000", "sh -c 'until [ -e go ]; do sleep 0.02; done'")).await;
        eventually("it is at work", async || (left(innocent) >= 1).then_some(())).await;
        let run = format!("sh -c 'kill -{signal} $PPID; sleep 300'");
        let guilty = served.begin("command", of("000001", &run)).await;
        if policy == "ask" {
            let paused = JobStatus::Paused { reason: PauseReason::Interrupted };
            for job in [innocent, guilty] {
                served.until(job, |summary| summary.status == paused).await;
                assert_eq!(served.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
            }
        }
        let end = served.end(guilty).await;
        assert_eq!((end.status, end.counters.failed), (JobStatus::Failed { reason: EndReason::AllFailed }, 1));
        let item = &served.get(&format!("/api/jobs/{guilty}/items")).await["items"][0];
        assert_eq!(item["attempt"], json!(2), "{item}");
        assert!(
            item["message"].as_str().is_some_and(|said| said.contains("kills or stops its parent process")),
            "{item}"
        );
        files.write("go", b"");
        let end = served.end(innocent).await;
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1), "{end:?}");
        std::fs::remove_file(files.library().join("go")).expect("it goes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_kills_its_guard_fails_the_item_although_the_command_itself_ends_well() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    let end = served.run("deadly-check", json!({ "policy": { "on_interrupt": "retry" } })).await;
    let item = &served.get(&format!("/api/jobs/{}/items", end.job)).await["items"][0];
    assert_eq!((end.counters.failed, &item["attempt"]), (1, &json!(2)), "{item}");
    assert!(item["message"].as_str().is_some_and(|said| said.contains("kills or stops its parent process")), "{item}");
    assert_eq!(std::fs::read(files.library().join("000000")).expect("the original"), b"file 0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_all_guards_die_no_item_fails_that_has_tries_left() {
    let files = Files::new();
    for number in 0..80 {
        files.write(&format!("{number:06}"), b"0");
    }
    let served = Served::start(&files);
    let policy = json!({ "policy": { "on_interrupt": "retry", "tries": 5, "backoff_ms": 10 } });
    let job = served.begin("exit", policy).await;
    for settled in [1, 10, 20, 30] {
        served.until(job, |summary| summary.counters.settled() >= settled).await;
        for guard in served.headway.children() {
            rustix::process::kill_process(guard, rustix::process::Signal::KILL).ok();
        }
    }
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.succeeded, end.counters.failed), (JobStatus::Completed, 80, 0));
}

/// The limit does not apply to root, so the server runs as somebody else, who has many other processes.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_processes_pauses_the_job_and_fails_no_item() {
    use std::os::unix::process::CommandExt;
    const NOBODY: [&str; 6] = ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"];
    if !rustix::process::geteuid().is_root() {
        return println!("only root can start processes of somebody else");
    }
    let files = Files::new();
    for number in 0..4 {
        files.write(&format!("{number:06}"), b"0");
    }
    let folder = files.library().parent().expect("a folder").to_owned();
    let owned = std::process::Command::new("chown").args(["-R", "54321:54321"]).arg(&folder).status();
    assert!(owned.expect("chown").success());
    let served =
        Served::start_in(&files, &[&["prlimit", "--nproc=100"][..], &NOBODY[..]].concat()).expect("a ready server");
    // Its threads are there before the limit is reached.
    let first = served.begin("sleep", json!({})).await;
    served.until(first, |summary| summary.counters.running == 2).await;
    served.post(&format!("/api/jobs/{first}/cancel")).await;
    served.end(first).await;
    let mut crowd = std::process::Command::new(NOBODY[0]);
    crowd.args(&NOBODY[1..]).args(["sh", "-c", "for i in $(seq 120); do sleep 600 & done; echo; wait"]);
    let mut crowd = crowd.process_group(0).stdout(std::process::Stdio::piped()).spawn().expect("a shell");
    let mut line = [0];
    std::io::Read::read_exact(crowd.stdout.as_mut().expect("a pipe"), &mut line).expect("all processes");
    let job = served.begin("exit", json!({})).await;
    let short = JobStatus::Paused { reason: PauseReason::TooManyProcesses };
    let paused = served.until(job, |summary| summary.status == short).await;
    assert_eq!((paused.counters.failed, paused.counters.interrupted), (0, 0));
    rustix::process::kill_process_group(rustix::process::Pid::from_child(&crowd), rustix::process::Signal::KILL)
        .expect("the crowd");
    crowd.wait().expect("its end");
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.succeeded, end.counters.failed), (JobStatus::Completed, 4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_takes_commands_back_that_do_not_end_in_time() {
    let files = Files::numbered(2);
    let mut served = Served::start(&files);
    let job = at_work(&served, "sleep", 2, json!({})).await;
    assert!(served.headway.terminate(), "a clean end");
    assert_eq!(left(job), 0);
    let served = Served::start(&files);
    // Items that were taken back are not interrupted, so nobody is asked.
    served.until(job, |summary| summary.counters.running == 2).await;
    served.post(&format!("/api/jobs/{job}/cancel")).await;
    served.end(job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_server_at_once_and_nothing_of_a_command_is_left() {
    let files = Files::numbered(2);
    let mut served = Served::start(&files);
    let job = at_work(&served, "sleep", 2, json!({})).await;
    assert_eq!(served.headway.terminate_impatiently(), Some(130));
    eventually("nothing of it is left", async || (left(job) == 0).then_some(())).await;
    let steps = std::fs::read_to_string(files.data().join("steps")).expect("the notes");
    assert!(!steps.contains(" run "), "that is no crash");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replace_that_dies_at_any_step_ends_with_the_old_file_or_the_new_one() {
    for point in ["sealed", "recorded", "exchanged", "placed", "synced"] {
        let files = Files::numbered(4);
        dies_and_goes_on(&files, point, Swap::Exchange).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_where_names_cannot_be_exchanged() {
    for point in ["recorded", "linked", "placed", "synced"] {
        let files = Files::new();
        let below = files.elsewhere();
        std::fs::create_dir(&below).expect("a folder");
        let Some(_mount) = Mount::without_exchange(&below, &files.library()) else { return };
        files.number(4);
        dies_and_goes_on(&files, point, Swap::SecondName).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_on_a_memory_card_with_neither_exchange_nor_second_names() {
    for point in ["recorded", "moved", "held", "placed", "synced"] {
        let files = Files::new();
        let Some(_mount) = Mount::exfat(&files.library()) else { return };
        files.number(4);
        dies_and_goes_on(&files, point, Swap::TwoMoves).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_whose_name_was_only_held_when_the_server_died_is_made() {
    let files = Files::new();
    let Some(_mount) = Mount::exfat(&files.library()) else { return };
    files.write("file", b"text");
    let mut dying = Served::start_in(&files, &["env", "HEADWAY_FAULT=held"]).expect("a ready server");
    let output = json!({ "place": { "beside": { "name": "{/}.up" } } });
    let job = dying.begin_doomed("upper", json!({ "policy": { "on_interrupt": "retry" }, "output": output })).await;
    assert!(dying.headway.dies_within(Duration::from_secs(20)));
    let end = Served::start(&files).end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 1));
    assert_eq!(std::fs::read(files.library().join("file.up")).expect("a file"), b"TEXT");
}

/// Kills a replace at this point. The next server completes it and undoes it.
async fn dies_and_goes_on(files: &Files, point: &str, swap: Swap) {
    let fault = format!("HEADWAY_FAULT={point}");
    let mut dying = Served::start_in(files, &["env", &fault]).expect("a ready server");
    let job = dying.begin_doomed("upper", json!({ "policy": { "on_interrupt": "retry" } })).await;
    assert!(dying.headway.dies_within(Duration::from_secs(20)), "{point}");
    // Between the two moves no file has the name.
    if swap != Swap::TwoMoves {
        for number in 0..4 {
            let text = std::fs::read_to_string(files.library().join(format!("{number:06}"))).expect("a file");
            assert!(text == format!("file {number}\n") || text == format!("FILE {number}\n"), "{point}: {text:?}");
        }
    }
    let served = Served::start(files);
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 4), "{point}");
    for number in 0..4 {
        let text = std::fs::read_to_string(files.library().join(format!("{number:06}"))).expect("a file");
        assert_eq!(text, format!("FILE {number}\n"), "{point}");
    }
    let names: Vec<_> = std::fs::read_dir(files.library()).expect("a folder").flatten().collect();
    assert_eq!(names.len(), 5, "{point}: four files and the trash");
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{undo}")).await.0, 201, "{point}");
    assert_eq!(served.end(undo).await.counters.succeeded, 4, "{point}");
    let text = std::fs::read_to_string(files.library().join("000000")).expect("a file");
    assert_eq!(text, "file 0\n", "{point}");
}
