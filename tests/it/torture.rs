//! The real program with real commands that replace files: killed at random, and with system calls that fail. Every file is
//! the old one or the new one at every moment, every item in one state, and what was done can be undone.

use std::time::{Duration, Instant};

use headway_model::JobId;
use serde_json::{Value, json};

use crate::command::{Served, config};
use crate::doctor::doctor;
use crate::helper::{Files, Headway, Mount, eventually, http, mint, repetitions};

/// How many files are replaced.
fn count() -> usize {
    repetitions(120)
}

fn old(number: usize) -> String {
    format!("file {number}\n")
}

/// How many files there are, and where.
struct Ground {
    files: Files,
    count: usize,
    /// The memory card, if the files are on one: there a name is free between the two moves of a replace.
    card: Option<Mount>,
}

impl Ground {
    fn disk(count: usize) -> Self {
        Ground { files: Files::numbered(count), count, card: None }
    }

    /// If there can be no memory card here, prints so and returns `None`.
    fn card(count: usize) -> Option<Self> {
        let files = Files::new();
        let card = Mount::exfat(&files.library())?;
        files.number(count);
        Some(Ground { files, count, card: Some(card) })
    }

    /// How many files are new, during or after the work of a server. Each must be either the old file or the new one.
    fn new_so_far(&self, when: &str) -> usize {
        (0..self.count).filter(|number| self.is_new(*number, when, self.card.is_some())).count()
    }

    /// How many files are new once the job is over. Each must be either the old file or the new one.
    fn new_ones(&self, when: &str) -> usize {
        (0..self.count).filter(|number| self.is_new(*number, when, false)).count()
    }

    fn is_new(&self, number: usize, when: &str, may_be_between: bool) -> bool {
        let text = std::fs::read_to_string(self.files.library().join(format!("{number:06}")));
        let is_held = |text: &String| text.is_empty() || text.starts_with("this name is held for .headway-");
        if may_be_between && text.as_ref().map_or(true, is_held) {
            return false;
        }
        let text = text.unwrap_or_else(|error| panic!("{when}: no name is ever empty: {error}"));
        let (old, new) = (old(number), old(number).to_uppercase());
        assert!(text == old || text == new, "{when}: {number} is {text:?}");
        text == new
    }
}

/// Headway's own names in the library's folder, without the trash.
fn left_over(files: &Files) -> Vec<String> {
    let names = std::fs::read_dir(files.library()).expect("a folder").flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(".headway-") && name != ".headway-trash").collect()
}

/// The server ends the job, the counts add up, and undo brings back every byte.
async fn ends_and_is_undone(ground: &Ground, job: JobId, when: &str) {
    let files = &ground.files;
    let served = Served::start(files);
    let end = served.end(job).await;
    let counters = end.counters;
    assert_eq!(counters.total as usize, ground.count, "{when}");
    assert_eq!(counters.succeeded + counters.failed + counters.skipped, counters.total, "{when}: {counters:?}");
    // If the disk failed in the middle of a swap, the message says what is where, and the original is kept there.
    let failed = served.get(&format!("/api/jobs/{job}/items?status=failed")).await;
    let failed = failed["items"].as_array().cloned().unwrap_or_default();
    let said = |item: &&Value| item["message"].as_str().is_some_and(|text| text.contains("the original at .headway-"));
    let midst = failed.iter().filter(said).count();
    assert_eq!(ground.new_ones(when), counters.succeeded as usize + midst, "{when}: {failed:?}");
    // What a job that was over has left is looked for after the start.
    let what = format!("{when}: nothing temporary but {midst}, {failed:?}");
    eventually(&what, async || (left_over(files).len() == midst).then_some(())).await;
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{undo}")).await.0, 201, "{when}");
    let undone = served.end(undo).await.counters;
    assert_eq!((undone.succeeded, undone.failed), (counters.succeeded, 0), "{when}");
    assert_eq!(ground.new_ones(when), midst, "{when}: every byte is back");
    drop(served);
    let (well, said) = doctor(files);
    assert!(well, "{when}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_a_job_of_commands_damages_nothing_and_ends() {
    killed_again_and_again(Ground::disk(count())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_on_a_memory_card() {
    if let Some(ground) = Ground::card(count()) {
        killed_again_and_again(ground).await;
    }
}

async fn killed_again_and_again(ground: Ground) {
    let Ground { files, count, .. } = &ground;
    let (mut job, kills) = (None, repetitions(10));
    for round in 0..kills {
        let mut served = Served::start(files);
        let policy = json!({ "policy": { "on_interrupt": "retry" } });
        let id = match job {
            None => *job.insert(served.begin("slow-upper", policy).await),
            Some(id) => id,
        };
        let (before, moment) = (ground.new_so_far("between"), u64::from(mint().bytes()[15]) % 80);
        // From some moment during its start or its work onwards.
        if round % 3 > 0 {
            eventually("work", async || {
                let view = served.until(id, |_| true).await;
                served.headway.resume_if_stuck(&served.client, &view).await;
                let over = view.status.is_terminal();
                (over || ground.new_so_far("at work") > before).then_some(())
            })
            .await;
        }
        tokio::time::sleep(Duration::from_millis(moment)).await;
        served.headway.kill();
        ground.new_so_far("killed");
    }
    let job = job.expect("a round");
    println!("{kills} kills, {} of {count} files new at the last", ground.new_so_far("in the end"));
    ends_and_is_undone(&ground, job, "after the kills").await;
}

/// Faults and the system calls that they hit: once, at a call that is moved on until a run ends untouched; and at all
/// calls from one on.
const INJECTIONS: [(&str, &str); 9] = [
    ("renameat2", "error=EIO"),
    ("renameat2", "error=ENOSPC"),
    ("renameat2", "signal=KILL"),
    ("fsync", "error=EIO"),
    ("fsync", "signal=KILL"),
    ("unlinkat", "error=EIO"),
    ("unlinkat", "signal=KILL"),
    ("pwrite64", "signal=KILL"),
    ("openat", "error=EMFILE"),
];

/// The faults on a card, where a replace takes two moves.
const INJECTIONS_ON_A_CARD: [(&str, &str); 5] = [
    ("renameat", "error=EIO"),
    ("renameat", "signal=KILL"),
    ("linkat", "signal=KILL"),
    ("unlinkat", "error=EIO"),
    ("fsync", "error=EIO"),
];

/// A thread makes at most this many of these calls in such a job.
const CALLS_LIMIT: usize = 600;

/// Runs a job in which a call fails. Returns whether the job had begun, and whether anything failed.
async fn fails(ground: Ground, call: &str, what: &str, when: &str) -> (bool, bool) {
    let inject = format!("{call}:{what}:when={when}");
    let files = &ground.files;
    let (config, site) = (config(files), files.data().with_file_name("site"));
    let seen = files.data().with_file_name("trace");
    let (trace, injected) = (format!("trace={call}"), format!("inject={inject}"));
    let wrap =
        ["strace", "--seccomp-bpf", "-f", "-qq", "-o", seen.to_str().expect("text"), "-e", &trace, "-e", &injected];
    let arguments = ["--config", config.to_str().expect("text"), "--workers", "1"];
    let job = mint();
    let body = json!({ "library": "files", "recipe": "upper", "query": { "folder": {} }, "policy": { "on_interrupt": "retry" } });
    let client = http();
    let (mut acknowledged, mut died) = (false, true);
    if let Some(mut headway) = Headway::try_start(files, Some(&site), &wrap, &arguments) {
        let call = client.put(format!("{}/api/jobs/{job}", headway.url)).json(&body).timeout(Duration::from_secs(10));
        acknowledged = call.send().await.is_ok_and(|answer| answer.status().as_u16() == 201);
        // Until the job is over, the server is dead, or nothing moves.
        let deadline = Instant::now() + Duration::from_secs(3);
        loop {
            died = headway.dies_within(Duration::from_millis(20));
            if died || Instant::now() > deadline {
                break;
            }
            ground.new_so_far(&inject);
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
    ground.new_so_far(&inject);
    // The tracer reports each error that it injects; a signal shows by its effect.
    let trace = String::from_utf8_lossy(&std::fs::read(&seen).unwrap_or_default()).into_owned();
    let touched = trace.contains("INJECTED") || what.contains("KILL") && died;
    if !acknowledged {
        // Perhaps the job was recorded and only the answer was lost. Repeating the call gives the same job.
        let served = Served::start(files);
        let call = served.client.put(format!("{}/api/jobs/{job}", served.headway.url)).json(&body);
        assert!(call.send().await.expect("an answer").status().is_success(), "{inject}");
    }
    ends_and_is_undone(&ground, job, &inject).await;
    (acknowledged, touched)
}

/// Lets the first call fail, then one `step` calls later, and so on until a run ends untouched. Returns how many runs
/// there were, and in how many the job had begun.
async fn until_untouched(ground: impl Fn() -> Ground, call: &str, what: &str, step: usize) -> (usize, usize) {
    let (mut runs, mut begun) = (0, 0);
    for when in (1..).step_by(step) {
        assert!(when < CALLS_LIMIT, "{call} never ends");
        let (at_work, touched) = fails(ground(), call, what, &when.to_string()).await;
        (runs, begun) = (runs + 1, begun + usize::from(at_work));
        if !touched {
            println!("{call} {what}: untouched at {when}");
            break;
        }
    }
    (runs, begun)
}

#[tokio::test(flavor = "multi_thread")]
async fn any_failing_system_call_in_a_replace_damages_no_file_and_the_job_ends() {
    let (mut runs, mut begun) = (0, 0);
    // Every third call in an ordinary run, every call in a thorough one.
    let stride = (300 / repetitions(100).max(1)).max(1);
    for (call, what) in INJECTIONS {
        // A server opens some hundred files before it is ready. However short the run is to be, it must come to its end.
        let step = if call == "openat" { (40 * stride).min(CALLS_LIMIT / 5) } else { stride };
        let (more, at_work) = until_untouched(|| Ground::disk(3), call, what, step).await;
        (runs, begun) = (runs + more, begun + at_work);
        if what.contains("error") {
            let (at_work, _) = fails(Ground::disk(3), call, what, if call == "openat" { "400+" } else { "2+" }).await;
            (runs, begun) = (runs + 1, begun + usize::from(at_work));
        }
    }
    println!("{runs} runs with failing calls, {begun} of them at work");
    assert!(begun * 5 > runs, "the failures must hit the work: {begun} of {runs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_failing_system_call_on_a_memory_card_damages_no_file_and_the_job_ends() {
    if Ground::card(3).is_none() {
        return;
    }
    let (mut runs, step) = (0, (100 / repetitions(50).max(1)).max(1));
    for (call, what) in INJECTIONS_ON_A_CARD {
        runs += until_untouched(|| Ground::card(3).expect("another card"), call, what, step).await.0;
    }
    println!("{runs} runs with failing calls");
    assert!(runs > 2 * INJECTIONS_ON_A_CARD.len(), "the failures must hit the work: {runs} runs");
}
