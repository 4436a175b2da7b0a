//! One busy job and a crowd of followers, beside the common way: axum with a broadcast channel.
//!
//! The followers are a process of their own (this very program again), so that they do not share the server's threads.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures::StreamExt;
use headway::model::{JobId, StartJob};
use headway::server::config::Config;
use headway::server::{Server, now};
use headway::web::{self, Access, Assets, Settings};
use leptos::config::LeptosOptions;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, oneshot};

use crate::items::Nothing;
use crate::{count, figure};

/// Every event's payload begins so, whoever sends it.
const MARK: &[u8] = br#"{"seq":"#;

/// How long a slow follower reads nothing.
const SLOW: Duration = Duration::from_secs(5);

pub(crate) async fn run() {
    let (followers, items) = (count("F", 1_000), count("M", 1_000));
    for slow in [0, followers / 10] {
        let note = format!("{followers} followers, {slow} of them read nothing for 5 s");
        for (name, seen) in [
            ("headway", headway(followers, slow, items).await),
            ("axum + broadcast(256)", channel(followers, slow, 2 * items).await),
        ] {
            figure("fanout", name, seen.rate(), "deliveries/s", format!("{} events each; {note}", seen.each));
            figure("fanout-lost", name, (seen.each * followers) as f64 - seen.events as f64, "lost", &note);
        }
    }
}

struct Seen {
    events: usize,
    each: usize,
    seconds: f64,
}

impl Seen {
    fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

/// The real server, a real job, every event durable.
async fn headway(followers: usize, slow: usize, items: usize) -> Seen {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("files");
    std::fs::create_dir(&library).expect("a folder");
    for item in 0..items {
        std::fs::write(library.join(format!("{item:06}")), "").expect("a file");
    }
    let config = Config::new(folder.path().join("data"), vec![("files".into(), library)]);
    let server = Server::start_with(config, vec![Arc::new(Nothing::new(true))]).await.expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let bound = listener.local_addr().expect("an address");
    let settings = Settings {
        access: Access::new(bound, &[], None).expect("no origins"),
        options: LeptosOptions::builder().output_name("headway").site_addr(bound).build(),
        assets: Assets::folder("no-such-folder".into()),
        stream_age: web::STREAM_AGE,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(web::serve(listener, server.clone(), settings, async { drop(stopped.await) }));

    let id = JobId::mint(now(), [7; 10]);
    let crowd = Crowd::gather(&format!("{bound}/api/events?job={id}&after=0.0&replay=all"), followers, slow).await;
    let request = json!({ "library": "files", "recipe": "nothing", "query": { "folder": {} } });
    let request: StartJob = serde_json::from_value(request).expect("a request");
    server.start_job(id, &request).await.expect("a job");
    let seen = crowd.seen().await;
    let each = server.job(id).await.expect("the job").summary.seq as usize;
    stop.send(()).ok();
    serving.await.expect("a clean end").expect("a clean end");
    Seen { each, ..seen }
}

/// The same number of events from a broadcast channel, published as fast as the runtime lets it.
async fn channel(followers: usize, slow: usize, events: usize) -> Seen {
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
                        // Gone for this follower, and nobody tells it.
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
    for seq in 1..=events {
        let text = format!(
            r#"{{"seq":{seq},"at":1764000000000,"event":"succeeded","item":{seq},"attempt":1,"effect":"read"}}"#
        );
        sender.send(text).ok();
        tokio::task::yield_now().await;
    }
    drop(sender);
    let seen = crowd.seen().await;
    serving.abort();
    Seen { each: events, ..seen }
}

/// The followers' process.
struct Crowd {
    child: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Crowd {
    /// Starts it, and waits until every follower has heard something.
    async fn gather(address: &str, followers: usize, slow: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = tokio::process::Command::new(program)
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

    async fn seen(mut self) -> Seen {
        let line = self.line().await;
        self.child.wait().await.expect("an end");
        let (events, seconds) = line.split_once(' ').expect("two numbers");
        Seen { events: events.parse().expect("a number"), each: 0, seconds: seconds.parse().expect("a number") }
    }
}

/// In the followers' process: reads all streams to their ends, and says how many events came and how long that took.
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
    let (mut events, mut first, mut last) = (0, None::<Instant>, Instant::now());
    for task in tasks {
        let (seen, begun, ended) = task.await.expect("a follower");
        events += seen;
        first = [first, begun].into_iter().flatten().min();
        last = last.max(ended);
    }
    println!("{events} {}", first.map_or(0.0, |first| (last - first).as_secs_f64()));
}

/// How many events came, when the first did, and when the stream ended.
async fn read(mut stream: TcpStream, slow: bool) -> (usize, Option<Instant>, Instant) {
    let (mut bytes, mut kept, mut events, mut first) = (vec![0; 64 * 1024], 0, 0, None);
    if slow {
        tokio::time::sleep(SLOW).await;
    }
    loop {
        let count = stream.read(&mut bytes[kept..]).await.unwrap_or(0);
        if count == 0 {
            return (events, first, Instant::now());
        }
        let end = kept + count;
        let found = bytes[..end].windows(MARK.len()).filter(|window| *window == MARK).count();
        if found > 0 {
            first.get_or_insert_with(Instant::now);
        }
        events += found;
        // A mark may lie across two reads; chunk headers may not, as no write is that small.
        kept = (MARK.len() - 1).min(end);
        bytes.copy_within(end - kept..end, 0);
    }
}
