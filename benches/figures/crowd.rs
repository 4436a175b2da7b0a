//! The followers: a process of their own (this very program again), so that they do not share the server's threads.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Every event's payload begins with this.
const MARK: &[u8] = br#"{"seq":"#;

/// How long a slow follower reads nothing.
const SLOW: Duration = Duration::from_secs(5);

/// The events that arrived, and when.
pub(crate) struct Seen {
    pub(crate) events: usize,
    pub(crate) each: usize,
    pub(crate) seconds: f64,
    /// When each event arrived, on every connection.
    pub(crate) arrivals: Vec<(u64, SystemTime)>,
    /// When each event could be sent.
    pub(crate) told: BTreeMap<u64, SystemTime>,
}

impl Seen {
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    /// In ms.
    pub(crate) fn latencies(&self) -> Vec<f64> {
        let times = self.arrivals.iter().filter_map(|(seq, at)| {
            // A commit has one time, that of its last event.
            let (_, told) = self.told.range(seq..).next()?;
            Some(at.duration_since(*told).unwrap_or_default().as_secs_f64() * 1_000.0)
        });
        times.collect()
    }
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
pub(crate) async fn follow(address: &str, followers: usize, slow: usize) {
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
