//! One busy job and a crowd of followers, compared with the common way (axum with a broadcast channel) and with the
//! limit: one thread that writes the same bytes to every socket.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures::StreamExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use crate::app::{App, empty_files, mint};
use crate::crowd::{Crowd, Seen};
use crate::raw::Raw;
use crate::recipe::Nothing;
use crate::{count, figure};

/// The time between two messages when their latency is measured: 50 a second.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) async fn run() {
    let (followers, items) = (count("F", 1_000), count("M", 1_000));
    let mut memory = BTreeMap::new();
    for slow in [0, followers / 10] {
        let note = format!("{followers} followers, {slow} of them read nothing for 5 s");
        for name in ["headway", "axum + broadcast(256)", "limit: raw writer, joined writes"] {
            reset_peak();
            let seen = match name {
                "headway" => headway(followers, slow, items, Duration::ZERO).await,
                "axum + broadcast(256)" => channel(followers, slow, 2 * items, Duration::ZERO).await,
                _ => raw(followers, slow, 2 * items, Duration::ZERO).await,
            };
            let peak = peak();
            figure("fanout", name, seen.rate(), "deliveries/s", format!("{} events each; {note}", seen.each));
            figure("fanout-lost", name, (seen.each * followers) as f64 - seen.events as f64, "lost", &note);
            let before = *memory.entry(name).or_insert(peak);
            let ratio = peak / before;
            figure("fanout-memory", name, peak, "MiB", format!("{note}; {ratio:.2} of that with none slow"));
        }
    }
}

/// The time from the moment when an event can be sent to the moment when a follower has it.
pub(crate) async fn latency() {
    let (followers, items) = (count("F", 200), count("M", 250));
    for (name, seen) in [
        ("headway", headway(followers, 0, items, PAUSE).await),
        ("axum + broadcast(256)", channel(followers, 0, items, PAUSE).await),
        ("limit: raw writer", raw(followers, 0, items, PAUSE).await),
    ] {
        let mut times = seen.latencies();
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
        let note =
            format!("50 messages a second to {followers} followers, {} deliveries, without the commit", times.len());
        figure("latency-p50", name, at(0.5), "ms", &note);
        figure("latency-p99", name, at(0.99), "ms", &note);
    }
}

/// The real server, a real job, every event durable.
async fn headway(followers: usize, slow: usize, items: usize, pause: Duration) -> Seen {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("files");
    empty_files(&library, items);
    let (recipe, workers) = if pause.is_zero() { (Nothing::new(true), 4) } else { (Nothing::taking(pause), 1) };
    let app =
        App::start(&folder.path().join("data"), &library, vec![Arc::new(recipe)], workers, "no-such-folder").await;
    let id = mint();
    let crowd =
        Crowd::gather(&format!("{}/api/events?job={id}&after=0.0&replay=all", app.bound), followers, slow).await;
    let mut head = app.server.head();
    // The log is new: a position is the only job's seq.
    let told = tokio::spawn(async move {
        let mut told = BTreeMap::new();
        while head.changed().await.is_ok() {
            let at = SystemTime::now();
            told.insert(head.borrow_and_update().position, at);
        }
        told
    });
    app.begin(id, "nothing", json!({})).await;
    let seen = crowd.seen().await;
    let each = app.state(id).await.seq as usize;
    app.stop().await;
    Seen { each, told: told.await.expect("an end"), ..seen }
}

fn payload(seq: usize) -> String {
    format!(r#"{{"seq":{seq},"at":1764000000000,"event":"succeeded","item":{seq},"attempt":1,"effect":"read"}}"#)
}

/// The same number of events from a broadcast channel, published as fast as the runtime lets it.
async fn channel(followers: usize, slow: usize, events: usize, pause: Duration) -> Seen {
    let (sender, _) = broadcast::channel::<String>(256);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let bound = listener.local_addr().expect("an address");
    let subscribe = sender.downgrade();
    let follow = get(move || {
        let receiver = subscribe.upgrade().map(|sender| sender.subscribe());
        async move {
            let events = futures::stream::unfold(receiver, |receiver| async {
                let mut receiver = receiver?;
                loop {
                    match receiver.recv().await {
                        Ok(text) => return Some((Ok::<_, Infallible>(Event::default().data(text)), Some(receiver))),
                        // These events are lost for this follower, without a notice.
                        Err(broadcast::error::RecvError::Lagged(_)) => {}
                        Err(broadcast::error::RecvError::Closed) => return None,
                    }
                }
            });
            Sse::new(futures::stream::once(async { Ok(Event::default().comment("")) }).chain(events))
        }
    });
    let serving = tokio::spawn(axum::serve(listener, Router::new().route("/events", follow)).into_future());
    let crowd = Crowd::gather(&format!("{bound}/events"), followers, slow).await;
    let mut told = BTreeMap::new();
    for seq in 1..=events {
        rest(pause).await;
        told.insert(seq as u64, SystemTime::now());
        sender.send(payload(seq)).ok();
    }
    drop(sender);
    let seen = crowd.seen().await;
    serving.abort();
    Seen { each: events, told, ..seen }
}

/// The same number of events from the raw writer.
async fn raw(followers: usize, slow: usize, events: usize, pause: Duration) -> Seen {
    let raw = Raw::start();
    let crowd = Crowd::gather(&format!("{}/events", raw.address()), followers, slow).await;
    let mut told = BTreeMap::new();
    for seq in 1..=events {
        rest(pause).await;
        told.insert(seq as u64, SystemTime::now());
        raw.write(format!("data: {}\n\n", payload(seq)).as_bytes());
    }
    raw.end();
    Seen { each: events, told, ..crowd.seen().await }
}

async fn rest(pause: Duration) {
    if pause.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(pause).await;
    }
}

/// Resets the peak memory of this process.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

/// The peak memory of this process, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().map_or(f64::NAN, |kib: f64| kib / 1024.0)
}
