//! From an item's end to the document that shows it, in a real browser.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headway_model::summary::JobPage;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::app::{App, empty_files};
use crate::recipe::Nothing;
use crate::{figure, middle};

/// The browser's part, as `./run` builds it.
const SITE: &str = "target/site";

pub(crate) async fn run() {
    if !Path::new(SITE).join("pkg/headway_bg.wasm").exists() || !Path::new("end2end/node_modules").exists() {
        eprintln!("page: build the browser's part with ./run, and run ./test browser once for its tools");
        return;
    }
    // An item has two events, its start and its end.
    for (events, items, takes, workers) in [(1, 20, 2_000, 1), (1_000, 5_000, 8, 4)] {
        let mut times = latencies(items, Duration::from_millis(takes), workers).await;
        let p50 = middle(&mut times);
        let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN);
        let note = format!("about {events} events a second, {} items, commit included, Chromium", times.len());
        figure("page-p50", "headway", p50, "ms", &note);
        figure("page-p99", "headway", p99, "ms", &note);
    }
}

/// For each item, the time between its end and the first count that includes it, in ms.
async fn latencies(items: usize, takes: Duration, workers: usize) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("files");
    empty_files(&library, items);
    let recipe = Arc::new(Nothing::taking(takes));
    let app = App::start(&folder.path().join("data"), &library, vec![recipe.clone()], workers, SITE).await;
    let mut child = Command::new("node")
        .args(["benches/page.mjs", &format!("http://{}", app.bound)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert_eq!(lines.next_line().await.expect("a line").as_deref(), Some("ready"));
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let page: JobPage = app.server.jobs(None, 1, &Default::default()).await.expect("the jobs");
        if page.jobs.first().is_some_and(|job| job.status.is_terminal()) {
            break;
        }
    }
    child.stdin.take().expect("a pipe").write_all(b"end\n").await.expect("an open pipe");
    let mut shown = Vec::new();
    while let Some(line) = lines.next_line().await.expect("a line") {
        let (count, at) = line.split_once(' ').expect("two numbers");
        let at = Duration::from_secs_f64(at.parse::<f64>().expect("a number") / 1_000.0);
        shown.push((count.parse::<usize>().expect("a number"), SystemTime::UNIX_EPOCH + at));
    }
    child.wait().await.expect("an end");
    app.stop().await;
    let done = recipe.done.lock().clone();
    let times = done.iter().enumerate().filter_map(|(index, ended)| {
        let (_, at) = shown.iter().find(|(count, _)| *count > index)?;
        Some(at.duration_since(*ended).unwrap_or_default().as_secs_f64() * 1_000.0)
    });
    times.collect()
}
