//! One busy job and a crowd of followers, compared with the common way (axum with a broadcast channel) and with the
//! limit: one thread that writes the same bytes to every socket.
//!
//! The followers are a process of their own (this very program again), so that they do not share the server's threads.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures::StreamExt;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

use crate::app::{App, empty_files, mint};
use crate::raw::Raw;
use crate::recipe::Nothing;
use crate::{count, figure};

/// Every event's payload begins with this.
const MARK: &[u8] = br#"{"seq":"#;

/// How long a slow follower reads nothing.
const SLOW: Duration = Duration::from_secs(5);

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

/// The events that arrived, and when.
pub(crate) struct Seen {
    events: usize,
    each: usize,
    seconds: f64,
    /// When each event arrived, on every connection.
    arrivals: Vec<(u64, SystemTime)>,
    /// When each event could be sent.
    told: BTreeMap<u64, SystemTime>,
}

impl Seen {
    fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    /// In ms.
    fn latencies(&self) -> Vec<f64> {
        let times = self.arrivals.iter().filter_map(|(seq, at)| {
            // A commit has one time, that of its last event.
            let (_, told) = self.told.range(seq..).next()?;
            Some(at.duration_since(*told).unwrap_or_default().as_secs_f64() * 1_000.0)
        });
        times.collect()
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

/// The followers' process.
pub(crate) struct Crowd {
    child: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Crowd {
    /// Starts it, and waits until every follower has received something.
    pub(crate) async fn gather(address: &str, followers: usize, slow: usize) -> Self {
        Crowd::gather_at(0, address, followers, slow).await
    }

    /// Starts it with this niceness, and waits until every follower has received something. 19 is for followers that
    /// represent other machines and leave the server its time.
    pub(crate) async fn gather_at(nice: u8, address: &str, followers: usize, slow: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = tokio::process::Command::new("nice")
            .arg(format!("-n{nice}"))
            .arg(program)
            .args(["crowd", address, &followers.to_string(), &slow.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the followers");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut crowd = Crowd { child, lines };
        assert_eq!(crowd.line().await, "ready");
        crowd
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.expect("a line").expect("a line")
    }

    pub(crate) async fn seen(mut self) -> Seen {
        let line = self.line().await;
        let (events, seconds) = line.split_once(' ').expect("two numbers");
        let (events, seconds) = (events.parse().expect("a number"), seconds.parse().expect("a number"));
        let mut arrivals = Vec::new();
        while let Some(line) = self.lines.next_line().await.expect("a line") {
            let (seq, at) = line.split_once(' ').expect("two numbers");
            let at = Duration::from_nanos(at.parse().expect("a number"));
            arrivals.push((seq.parse().expect("a number"), SystemTime::UNIX_EPOCH + at));
        }
        self.child.wait().await.expect("an end");
        Seen { events, each: 0, seconds, arrivals, told: BTreeMap::new() }
    }
}

/// What one follower saw.
#[derive(Default)]
struct Follower {
    events: usize,
    first: Option<Instant>,
    last: Option<Instant>,
    /// The first event of each read, and when; only of the first ones, so that no crowd fills the memory.
    arrivals: Vec<(u64, SystemTime)>,
}

/// In the followers' process: reads all streams to their ends, and reports how many events arrived, how long that took,
/// and when they arrived.
pub(crate) async fn crowd(address: &str, followers: usize, slow: usize) {
    let (host, path) = address.split_once('/').expect("an address and a path");
    let mut streams = BTreeMap::new();
    for number in 0..followers {
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let ask = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.expect("a request");
        stream.readable().await.expect("an answer");
        streams.insert(number, stream);
    }
    println!("ready");
    let tasks: Vec<_> = streams.into_iter().map(|(number, stream)| tokio::spawn(read(stream, number < slow))).collect();
    let mut seen = Vec::new();
    for task in tasks {
        seen.push(task.await.expect("a follower"));
    }
    let events: usize = seen.iter().map(|follower| follower.events).sum();
    let first = seen.iter().filter_map(|follower| follower.first).min();
    let last = seen.iter().filter_map(|follower| follower.last).max();
    let took = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    let mut lines = format!("{events} {took}\n");
    for (seq, at) in seen.iter().flat_map(|follower| &follower.arrivals) {
        let at = at.duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_nanos();
        lines.push_str(&format!("{seq} {at}\n"));
    }
    print!("{lines}");
}

/// One stream to its end.
async fn read(mut stream: TcpStream, slow: bool) -> Follower {
    const LIMIT: usize = 1_000;
    let (mut bytes, mut kept, mut seen) = (vec![0; 64 * 1024], 0, Follower::default());
    if slow {
        tokio::time::sleep(SLOW).await;
    }
    loop {
        let count = stream.read(&mut bytes[kept..]).await.unwrap_or(0);
        if count == 0 {
            seen.last = Some(Instant::now());
            return seen;
        }
        let (end, at) = (kept + count, SystemTime::now());
        let mut marks = bytes[..end].windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
        if let Some((first, _)) = marks.next() {
            seen.first.get_or_insert_with(Instant::now);
            seen.events += 1 + marks.count();
            let number: String = bytes[first + MARK.len()..end]
                .iter()
                .map_while(|byte| byte.is_ascii_digit().then_some(*byte as char))
                .collect();
            if seen.arrivals.len() < LIMIT {
                seen.arrivals.extend(number.parse().ok().map(|seq| (seq, at)));
            }
        }
        // A mark can lie across two reads. A chunk header cannot, because no write is that small.
        kept = (MARK.len() - 1).min(end);
        bytes.copy_within(end - kept..end, 0);
    }
}
