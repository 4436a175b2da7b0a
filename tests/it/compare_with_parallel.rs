//! The same command over the same files, by GNU parallel and by Headway: the results are equal, and the tests compare
//! what a kill leaves behind.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::command::Served;
use crate::helper::{App, Behaviour, Files, Stream, TestRecipe, eventually, http, mint, repetitions, request};

/// Writes the first half of the output, pauses, and writes the second half.
const HALVES: &str = r#"tr a-z A-Z < "$1" > "$2"; sleep 0.05; tr a-z A-Z < "$1" >> "$2""#;

fn outputs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    let named = named.filter(|(name, _)| !name.starts_with(".headway-"));
    named.filter_map(|(name, path)| Some((name, std::fs::read(path).ok()?))).collect()
}

fn expected(count: usize) -> BTreeMap<String, Vec<u8>> {
    (0..count).map(|number| (format!("{number:06}"), format!("FILE {number}\nFILE {number}\n").into_bytes())).collect()
}

fn parallel(files: &Files, out: &Path) -> Command {
    let mut command = Command::new("parallel");
    command.args(["--will-cite", "-j2", "sh", "-c"]);
    command.arg(format!("'{HALVES}'")).args(["sh", "{}"]).arg(out.join("{/}")).arg(":::");
    command.args(outputs(&files.library()).keys().map(|name| files.library().join(name)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command
}

/// The number of outputs that have their final name and incomplete content.
fn halves(found: &BTreeMap<String, Vec<u8>>, count: usize) -> usize {
    let whole = expected(count);
    found.iter().filter(|(name, content)| whole.get(*name) != Some(content)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn headway_makes_what_gnu_parallel_makes_and_a_kill_leaves_no_half_of_it() {
    let count = repetitions(60).max(10);
    let files = Files::numbered(count);
    let theirs = files.elsewhere();
    std::fs::create_dir(&theirs).expect("a folder");
    let begun = Instant::now();
    assert!(parallel(&files, &theirs).status().expect("GNU parallel").success());
    let their_time = begun.elapsed();
    assert_eq!(outputs(&theirs), expected(count));

    let served = Served::start(&files);
    let run = format!("sh -c '{HALVES}' sh {{}} {{out}}");
    let into = |folder: &str| {
        json!({
            "settings": { "run": run },
            "output": { "place": { "folder": { "path": folder, "name": "{/}" } } },
            "query": { "folder": { "exclude": ["ours/**", "killed/**"] } },
            "policy": { "on_interrupt": "retry" }
        })
    };
    let begun = Instant::now();
    let end = served.run("command", into("ours")).await;
    let our_time = begun.elapsed();
    assert_eq!(
        end.counters.succeeded as usize,
        count,
        "{:?}",
        served.get(&format!("/api/jobs/{}/items?status=failed", end.job)).await
    );
    assert_eq!(outputs(&files.library().join("ours")), outputs(&theirs), "equal, byte by byte");

    // Everything is killed during the work, as by a power cut.
    let killed = files.elsewhere().with_file_name("killed");
    std::fs::create_dir(&killed).expect("a folder");
    let mut child = parallel(&files, &killed).spawn().expect("GNU parallel");
    let deadline = Instant::now() + Duration::from_secs(20);
    while halves(&outputs(&killed), count) == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    let group = rustix::process::Pid::from_child(&child);
    // Its programs have groups of their own.
    Command::new("pkill").args(["-KILL", "-f", &killed.display().to_string()]).status().expect("pkill");
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
    child.wait().ok();
    let their_halves = halves(&outputs(&killed), count);

    let mut served = served;
    let job = served.begin("command", into("killed")).await;
    let ours = files.library().join("killed");
    eventually("work", async || (!outputs(&ours).is_empty()).then_some(())).await;
    served.headway.kill();
    let our_halves = halves(&outputs(&ours), count);
    assert_eq!(our_halves, 0, "a name stands for a whole output");
    let served = Served::start(&files);
    assert_eq!(served.end(job).await.counters.succeeded as usize, count);
    assert_eq!(outputs(&ours), expected(count), "and the job goes on by itself");
    println!(
        "{count} files: parallel {:.2} s, Headway {:.2} s ({:.2} of it); half outputs after a kill: {their_halves} and {our_halves}",
        their_time.as_secs_f64(),
        our_time.as_secs_f64(),
        our_time.as_secs_f64() / their_time.as_secs_f64()
    );
    assert!(their_halves > 0, "the kill must come in the midst of the work");
}

/// The numbered messages that a client received.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct ReceivedNumbers {
    lost: u64,
    doubled: u64,
    disordered: u64,
}

impl ReceivedNumbers {
    fn of(numbers: &[u64], last: u64) -> ReceivedNumbers {
        let distinct: std::collections::BTreeSet<_> = numbers.iter().collect();
        let doubled = (numbers.len() - distinct.len()) as u64;
        let disordered = numbers.windows(2).filter(|pair| pair[1] < pair[0]).count() as u64;
        ReceivedNumbers { lost: last - distinct.len() as u64, doubled, disordered }
    }
}

/// Reads a stream as a page on a bad link does: the connection repeatedly breaks after some messages, and sometimes
/// the client does not read for a while. `numbers` returns the numbers in a message; `over` says that no more will
/// come.
async fn torture(
    url: &str,
    query: &str,
    numbers: impl Fn(&serde_json::Value) -> Vec<u64>,
    over: impl Fn(&serde_json::Value, &[u64]) -> bool,
) -> Vec<u64> {
    let client = http();
    let (mut seen, mut id, mut round) = (Vec::new(), None::<String>, 0u64);
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        round += 1;
        assert!(Instant::now() < deadline, "it never ends: {} seen", seen.len());
        let mut call = client.get(format!("{url}/api/v1/events?{query}"));
        if let Some(id) = &id {
            call = call.header("last-event-id", id);
        }
        let mut stream = Stream::of(call.send().await.expect("an answer"));
        for message in 0..1 + round * 7 % 11 {
            if message == 2 && round % 9 == 0 {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            let next = tokio::time::timeout(Duration::from_secs(2), stream.next()).await;
            let Ok(Some(event)) = next else { break };
            seen.extend(numbers(&event.json));
            id = event.id.clone().or(id);
            if over(&event.json, &seen) {
                return seen;
            }
        }
        drop(stream);
        tokio::time::sleep(Duration::from_millis(round % 15)).await;
    }
}

/// Plain axum: a message goes to every client that listens at that moment.
async fn broadcast(last: u64) -> String {
    use axum::response::sse::{Event, Sse};
    use futures::StreamExt;
    let (send, _) = tokio::sync::broadcast::channel::<u64>(256);
    let sender = send.clone();
    let events = move || {
        let receiver = sender.subscribe();
        let stream = futures::stream::unfold(receiver, |mut receiver| async move {
            loop {
                match receiver.recv().await {
                    Ok(number) => return Some((number, receiver)),
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        let message = |number: u64| {
            Ok::<_, std::convert::Infallible>(
                Event::default().id(number.to_string()).data(format!("{{\"n\":{number}}}")),
            )
        };
        std::future::ready(Sse::new(stream.map(message)))
    };
    let app = axum::Router::new().route("/api/v1/events", axum::routing::get(events));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::spawn(async move {
        while send.receiver_count() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for number in 1..=last {
            send.send(number).ok();
            if number % 8 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        // The last message is repeated until it is received; otherwise a client could never know that the stream is
        // over.
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            send.send(last).ok();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_bad_link_a_broadcast_loses_messages_but_the_log_loses_none() {
    let items = repetitions(1_000).max(200);
    let files = Files::numbered(items);
    let recipe = std::sync::Arc::new(TestRecipe::new(Behaviour::Instant, true));
    let app = App::start_with(&files, |_| {}, vec![recipe]).await;
    let job = mint();
    let reading = {
        let url = app.url.clone();
        tokio::spawn(async move {
            let numbers = |message: &serde_json::Value| {
                let frames = message["frames"].as_array().into_iter().flatten();
                let events = frames.flat_map(|frame| frame["events"].as_array().into_iter().flatten());
                events.filter_map(|event| event["seq"].as_u64()).collect()
            };
            // It follows before the job exists, as a page does.
            let query = format!("job={job}&after=0.0&replay=all");
            torture(&url, &query, numbers, |message, _| message["kind"] == "closed" && message["seq"].is_u64()).await
        })
    };
    let (status, answer) = app.put(&job.to_string(), &request("test")).await;
    assert_eq!(status, 201, "{answer}");
    let last = app.end(job).await.seq;
    let ours = ReceivedNumbers::of(&reading.await.expect("a client"), last);
    app.stop().await;

    let url = broadcast(last).await;
    let numbers = |message: &serde_json::Value| message["n"].as_u64().into_iter().collect();
    let mut seen = torture(&url, "", numbers, |_, seen| seen.last() == Some(&last)).await;
    seen.dedup();
    let theirs = ReceivedNumbers::of(&seen, last);
    println!("{last} messages: a broadcast {theirs:?}, the log {ours:?}");
    assert_eq!(ours, ReceivedNumbers::default());
    assert!(theirs.lost > 0, "the link is not bad enough");
}
