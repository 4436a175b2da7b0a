//! Many items, end to end, in the real program: `HEADWAY_SCALE` says how many; 100,000 by default.

use std::time::{Duration, Instant};

use headway_model::{JobId, JobStatus};
use headway_store::{SqliteStore, Store, rebuild};
use reqwest::Client;
use serde_json::{Value, json};

use crate::helper::{Files, Headway, eventually, follow_at, http_with, mint, repetitions};

fn scale() -> usize {
    std::env::var("HEADWAY_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| repetitions(100_000))
}

/// Writes this many small files, a thousand to a folder.
fn write(files: &Files, count: usize) {
    for number in 0..count {
        if number % 1_000 == 0 {
            std::fs::create_dir(files.library().join(format!("{:05}", number / 1_000))).expect("a folder");
        }
        files.write(&format!("{:05}/{number:07}", number / 1_000), format!("{number}").as_bytes());
    }
}

/// Waits until the job has completed: how it stands then, and the most memory that the server took, in KiB.
async fn completed(client: &Client, process: &Headway, job: JobId) -> (Value, u64) {
    let (mut most, deadline) = (0, Instant::now() + Duration::from_secs(3_600));
    loop {
        let view = client.get(format!("{}/api/jobs/{job}", process.url)).send().await.expect("an answer");
        let view: Value = view.json().await.expect("JSON");
        most = most.max(process.memory());
        if view["status"] == "completed" {
            return (view, most);
        }
        assert!(Instant::now() < deadline && view["ended"].is_null(), "{view}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_items_end_to_end_and_what_they_cost() {
    let (files, count) = (Files::new(), scale());
    write(&files, count);
    let client = http_with().timeout(Duration::from_secs(120)).build().expect("a client");
    let mut process = Headway::start(&files, &["--workers", "4"]);
    let empty = process.memory();
    let (job, begun) = (mint(), Instant::now());
    process.begin(&client, job).await;
    let (end, most) = completed(&client, &process, job).await;
    let most = most.max(empty);
    let took = begun.elapsed();
    assert_eq!(end["counters"]["succeeded"], json!(count));

    // A page that opens late gets one complete snapshot.
    let begun = Instant::now();
    let text = client.get(format!("{}/api/events?job={job}&wait=0", process.url)).send().await.expect("an answer");
    let snapshot = text.text().await.expect("a body");
    let shown = begun.elapsed();
    assert!(snapshot.contains("\"kind\":\"snapshot\"") && snapshot.contains("\"kind\":\"closed\""));
    // The real receiving machine checks all of it.
    let begun = Instant::now();
    let (follow, _) = follow_at(&client, &process.url, job, |_| usize::MAX).await;
    let replayed = begun.elapsed();
    let fold = follow.job(&job).and_then(|tracked| tracked.fold()).expect("a fold");
    assert_eq!((fold.status, fold.counters.succeeded as usize), (JobStatus::Completed, count));
    assert_eq!(json!(fold.digest), end["digest"]);
    let resident = process.memory();
    assert!(process.terminate());

    let log = files.data().join("log.sqlite");
    let bytes = std::fs::metadata(&log).expect("the log").len();
    let begun = Instant::now();
    let again = Headway::start(&files, &[]);
    let resumed = begun.elapsed();
    eventually("the job as it was", async || {
        let view = client.get(format!("{}/api/jobs/{job}", again.url)).send().await.ok()?;
        (view.json::<Value>().await.ok()?["digest"] == end["digest"]).then_some(())
    })
    .await;
    drop(again);
    let store = SqliteStore::open(&log).await.expect("the log");
    let begun = Instant::now();
    let rebuilt = rebuild(&store, |_| {}).await.expect("rows");
    let rebuilding = begun.elapsed();
    let (_, folds) = store.folds(&[job]).await.expect("folds");
    assert_eq!(&folds[0], fold);
    println!(
        "{count} items: {:.0} a second, {:.1} s; server {} MiB empty, {} at most, {} after; log {} bytes an item; snapshot {} \
         bytes in {} ms; followed to its end in {:.1} s; ready after a restart in {} ms; {} events rebuilt in {:.1} s",
        count as f64 / took.as_secs_f64(),
        took.as_secs_f64(),
        empty / 1024,
        most / 1024,
        resident / 1024,
        bytes as usize / count,
        snapshot.len(),
        shown.as_millis(),
        replayed.as_secs_f64(),
        resumed.as_millis(),
        rebuilt.events,
        rebuilding.as_secs_f64(),
    );
    // For each item, memory grows by a few bytes, and the log by some hundred.
    assert!((most - empty) * 1024 < 600 * count as u64 + 150 * 1024 * 1024, "{} KiB more", most - empty);
    assert!(bytes < 1_500 * count as u64 + 1_000_000, "{bytes} bytes");
    assert!(snapshot.len() < 100_000, "runs of equal items are one: {}", snapshot.len());
}
