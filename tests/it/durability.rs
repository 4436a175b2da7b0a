//! Acknowledged means on the disk: the real process, killed and with failing system calls.

use std::collections::BTreeMap;
use std::time::Duration;

use headway_model::{Cursor, Digest, Fold, JobId, JobStatus, JobSummary};
use headway_store::{JobFilter, SqliteStore, Store, rebuild};
use serde_json::Value;

use crate::helper::{Files, Headway, eventually, http, mint, repetitions, request};

/// Starts a job; whether the server acknowledged it.
async fn put(client: &reqwest::Client, url: &str, id: JobId) -> Option<u16> {
    let call = client.put(format!("{url}/api/jobs/{id}")).json(&request("checksum")).timeout(Duration::from_secs(20));
    call.send().await.ok().map(|answer| answer.status().as_u16())
}

/// The cursor of one answer of the stream, up to which events are in the log.
async fn seen(client: &reqwest::Client, url: &str) -> Option<Cursor> {
    let answer =
        client.get(format!("{url}/api/events?watch=jobs&wait=0")).timeout(Duration::from_secs(20)).send().await.ok()?;
    let messages: Value = answer.json().await.ok()?;
    let caught_up = messages.as_array()?.iter().find(|message| message["kind"] == "caught_up")?.clone();
    caught_up["cursor"].as_str()?.parse().ok()
}

/// Reads the whole log and checks it: positions are contiguous, events can be folded, digests are right, and rows
/// match the events. Returns the folds.
async fn audit(files: &Files) -> BTreeMap<JobId, Fold> {
    let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("a log that opens");
    let mut folds: BTreeMap<u64, Fold> = BTreeMap::new();
    let (mut after, head) = (0, store.head().await.expect("a head"));
    loop {
        let page = store.events(&[], after, head.position, 1_000).await.expect("events");
        if page.is_empty() {
            break;
        }
        for row in page {
            assert_eq!(row.position, after + 1, "a hole in the log");
            after = row.position;
            match folds.get_mut(&row.job_no) {
                Some(fold) => drop(fold.apply(&row.payload).expect("a foldable log")),
                None => drop(folds.insert(row.job_no, Fold::create(&row.payload).expect("created first"))),
            }
            assert_eq!(folds[&row.job_no].digest, row.digest);
        }
    }
    assert_eq!(after, head.position);
    let ids: Vec<_> = folds.values().map(|fold| fold.id).collect();
    let (_, from_rows) = store.folds(&ids).await.expect("folds");
    assert_eq!(from_rows, folds.values().cloned().collect::<Vec<_>>());
    let rows = async || {
        let jobs = store.jobs(JobFilter::Before(None), u32::MAX).await.expect("jobs");
        let mut items = Vec::new();
        for job in &jobs {
            items.push(store.items(job.job_no, 0, u32::MAX, None).await.expect("items"));
        }
        (jobs, items)
    };
    let before = rows().await;
    rebuild(&store, |_| {}).await.expect("a good log");
    assert!(rows().await == before, "rebuilt rows differ");
    folds.into_values().map(|fold| (fold.id, fold)).collect()
}

async fn holds(files: &Files, cursor: &Cursor) -> bool {
    let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("a log that opens");
    let there: Option<Digest> = store.digest_at(cursor.position).await.expect("a read");
    cursor.position == 0 || there.is_some_and(|digest| digest.check() == cursor.check)
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_events_survive_a_kill() {
    let files = Files::numbered(40);
    let client = http();
    let mut acknowledged: Vec<JobId> = Vec::new();
    let kills = repetitions(50);
    for round in 0..kills {
        let mut process = Headway::start(&files, &[]);
        let url = process.url.clone();
        let mut last = Cursor::start();
        // A random moment during calls and work; or a later one, if the machine is so busy that no call was answered
        // before.
        let patience = if acknowledged.len() < round { 20 } else { 1 };
        let moment = (u64::from(mint().bytes()[15]) % 60 + round as u64 % 7) * patience;
        let (killed, until) = (tokio::time::sleep(Duration::from_millis(moment)), tokio::time::Instant::now());
        tokio::pin!(killed);
        loop {
            let id = mint();
            tokio::select! {
                biased;
                () = &mut killed => break,
                answer = put(&client, &url, id) => if answer == Some(201) {
                    acknowledged.push(id);
                },
            }
            tokio::select! {
                biased;
                () = &mut killed => break,
                cursor = seen(&client, &url) => last = cursor.unwrap_or(last),
            }
        }
        assert!(until.elapsed() < Duration::from_secs(30));
        process.kill();
        assert!(holds(&files, &last).await, "round {round}: {last} was seen and is gone");
    }
    println!("{kills} kills, {} acknowledged jobs", acknowledged.len());
    assert!(acknowledged.len() > kills / 2);

    // All of them continue to their end.
    let mut process = Headway::start(&files, &[]);
    for id in &acknowledged {
        eventually("the end of an acknowledged job", async || {
            let answer = client.get(format!("{}/api/jobs/{id}", process.url)).send().await.ok()?;
            assert_eq!(answer.status().as_u16(), 200, "an acknowledged job is gone");
            let view: JobSummary = answer.json().await.ok()?;
            process.resume_if_stuck(&client, &view).await;
            (view.status == JobStatus::Completed && view.counters.succeeded == 40).then_some(())
        })
        .await;
    }
    assert!(process.terminate(), "a clean end after TERM");
    let folds = audit(&files).await;
    assert!(acknowledged.iter().all(|id| folds.contains_key(id)));
}

/// A kill cannot lose what the kernel holds; a failing disk can.
#[tokio::test(flavor = "multi_thread")]
async fn when_writes_fail_nothing_acknowledged_is_lost_and_nothing_is_tried_again() {
    let client = http();
    let (mut died_at_work, mut runs) = (0, 0);
    for call in ["fsync", "fdatasync", "pwrite64"] {
        for error in ["EIO", "ENOSPC"] {
            // The first call, the second, or all from then on; and later calls, which happen during the work.
            for when in ["1", "2", "1+", "2+", "9", "14", "25+", "40", "60+"] {
                runs += 1;
                let files = Files::numbered(3);
                let site = files.data().with_file_name("site");
                let inject = format!("inject={call}:error={error}:when={when}");
                let trace = format!("trace={call}");
                let wrap = ["strace", "--seccomp-bpf", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
                let mut acknowledged = Vec::new();
                if let Some(mut process) = Headway::try_start(&files, Some(&site), &wrap, &[]) {
                    let mut refused = false;
                    for _ in 0..25 {
                        let id = mint();
                        match put(&client, &process.url, id).await {
                            Some(201) => {
                                assert!(!refused, "{inject}: acknowledged after a failed write");
                                acknowledged.push(id);
                            }
                            Some(503) => refused = true,
                            other => panic!("{inject}: {other:?}"),
                        }
                    }
                    if refused {
                        died_at_work += 1;
                        let hello: Value = client
                            .get(format!("{}/api/events?watch=jobs&wait=0", process.url))
                            .send()
                            .await
                            .expect("a server that still reads")
                            .json()
                            .await
                            .expect("messages");
                        assert_eq!(hello[0]["recording"], Value::Bool(false), "every page says so");
                    }
                    process.kill();
                }
                // The disk works again.
                let mut process = Headway::start(&files, &[]);
                for id in &acknowledged {
                    let answer = client.get(format!("{}/api/jobs/{id}", process.url)).send().await.expect("an answer");
                    assert_eq!(answer.status().as_u16(), 200, "{inject}: an acknowledged job is gone");
                }
                assert!(process.terminate(), "{inject}");
                let folds = audit(&files).await;
                assert!(acknowledged.iter().all(|id| folds.contains_key(id)), "{inject}");
            }
        }
    }
    println!("{runs} runs with failing calls, {died_at_work} of them failed while jobs were started");
    assert!(died_at_work >= 6, "the failures must hit the work: {died_at_work} of {runs}");
}
