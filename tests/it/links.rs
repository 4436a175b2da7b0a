//! Links that fail: something between the server and the reader delays, cuts, sleeps or disappears.

use std::sync::Arc;
use std::time::{Duration, Instant};

use headway_model::JobStatus;
use headway_model::follow::{Follow, Tracked};
use headway_model::{JobId, JobSummary};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::helper::{
    App, Behaviour, Files, Headway, Stream, TestRecipe, Wire, eventually, follow_at, follow_by_calls, http, http_with,
    mint, request,
};

fn kinds(messages: &Value) -> Vec<&str> {
    messages.as_array().expect("messages").iter().map(|message| message["kind"].as_str().unwrap_or_default()).collect()
}

fn equal_to_the_log(follow: &Follow, job: JobId, truth: &JobSummary) {
    let tracked: &Tracked = follow.job(&job).expect("followed");
    let fold = tracked.fold().expect("folded");
    assert_eq!((fold.seq, fold.digest, fold.status), (truth.seq, truth.digest, truth.status));
    assert_eq!(tracked.proof().base, 0, "never a snapshot: every event was received");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_for_news_and_no_longer_than_asked() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let begun = Instant::now();
    let (status, messages) = app.get("/api/events?watch=jobs&after=0.0&wait=1").await;
    assert_eq!((status, kinds(&messages)), (200, vec!["hello", "caught_up", "ping"]));
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let job = mint();
    let answer = {
        let (client, url) = (app.client.clone(), app.url.clone());
        tokio::spawn(async move {
            let url = format!("{url}/api/events?job={job}&after=0.0&wait=25");
            client.get(url).send().await.expect("an answer").json::<Value>().await.expect("messages")
        })
    };
    let begun = Instant::now();
    assert_eq!(app.put(&job.to_string(), &request("checksum")).await.0, 201);
    let messages = answer.await.expect("an answer");
    assert!(begun.elapsed() < Duration::from_secs(20), "news does not wait");
    assert!(kinds(&messages).contains(&"events"), "{messages}");
    // Each cursor comes with the message to which it belongs, and resumes exactly after it.
    let last = messages.as_array().and_then(|all| all.iter().rev().find_map(|message| message["id"].as_str()));
    assert!(last.is_some_and(|id| id == "end" || id.contains('.')), "{messages}");
    app.end(job).await;
    app.stop().await;
}

/// The last message of an answer is a ping, whether the reader has everything, the job ends, or the log grows
/// meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_always_ends_with_a_ping() {
    let files = Files::numbered(300);
    let app = App::start(&files).await;
    let over = app.begin("checksum").await;
    let truth = app.end(over).await;
    let absent = mint();
    let ask = async |query: String| -> Vec<Value> {
        let (status, messages) = app.get(&format!("/api/events?{query}")).await;
        let (kinds, messages) = (kinds(&messages), messages.as_array().expect("messages"));
        assert_eq!((status, kinds.last()), (200, Some(&"ping")), "{query}: {kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == "ping").count(), 1, "{query}: {kinds:?}");
        messages.clone()
    };
    for query in [
        format!("job={over}&after=0.0&wait=0"),
        format!("job={over}&wait=3"),
        format!("job={over}&watch=jobs&wait=0"),
        format!("job={absent}&wait=0"),
        format!("held={over}&after=rubbish&wait=0"),
        "watch=jobs&wait=1".into(),
    ] {
        ask(query).await;
    }
    // At the end of the stream, the message that tells the client not to return is the last.
    let (mut after, mut calls) = ("0.0".to_owned(), 0);
    let told = loop {
        calls += 1;
        let told = ask(format!("held={over}&after={after}&wait=0")).await;
        let id = told.iter().rev().find_map(|message| message["id"].as_str()).expect("a promise").to_owned();
        if id == "end" {
            break told;
        }
        // There is more, and the last message says so by having no cursor.
        assert_eq!(told.last().expect("a ping")["id"], Value::Null);
        after = id;
    };
    assert!(calls > 4, "600 events take several answers, not {calls}");
    assert_eq!(told.last().expect("a ping")["jobs"][over.to_string()][0].as_u64(), Some(truth.seq));

    let job = app.begin("checksum").await;
    let mut after = "0.0".to_owned();
    loop {
        let told = ask(format!("job={job}&after={after}&wait=1")).await;
        let id = told.iter().rev().find_map(|message| message["id"].as_str()).expect("a promise");
        if id == "end" {
            break;
        }
        after = id.to_owned();
    }
    app.stop().await;
}

/// A line that breaks after 20 kB can carry every message whole, so each connection makes progress.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_line_that_breaks_after_20_kb_a_client_gets_to_the_end() {
    let files = Files::numbered(1_500);
    let app = App::start(&files).await;
    let before = app.begin("checksum").await;
    let end = app.end(before).await;
    // Messages of the past, from the store and from the encoded commits, and live messages of large commits.
    let wire = Wire::breaking_after(20_000, &app.url).await;
    let (follow, _) = follow_at(&app.client, &wire.url, before, |_| usize::MAX).await;
    equal_to_the_log(&follow, before, &end);
    println!("{} events over {} connections", end.seq, wire.opened());
    assert!(wire.opened() > 5, "it did break");
    app.stop().await;
    let app = App::start(&files).await;
    let wire = Wire::breaking_after(20_000, &app.url).await;
    let (follow, _) = follow_at(&app.client, &wire.url, before, |_| usize::MAX).await;
    equal_to_the_log(&follow, before, &end);
    assert!(wire.opened() > 5, "it did break");
    let job = mint();
    let live = {
        let (client, url) = (app.client.clone(), wire.url.clone());
        tokio::spawn(async move { follow_at(&client, &url, job, |_| usize::MAX).await })
    };
    assert_eq!(app.put(&job.to_string(), &request("checksum")).await.0, 201);
    let truth = app.end(job).await;
    let (follow, _) = live.await.expect("a follower");
    equal_to_the_log(&follow, job, &truth);

    // Every message of both jobs, and every cursor in it.
    let query = format!("job={before}&job={job}&after=0.0&replay=all");
    let (mut stream, mut events, mut bytes) = (Stream::open(&app, &query).await, 0, 0);
    while let Some(event) = stream.next().await {
        if event.kind() != "events" {
            continue;
        }
        (events, bytes) = (events + 1, bytes + event.text.len());
        let first = event.json["frames"][0]["events"][0].to_string().len();
        assert!(event.text.len() <= first + 8_000 && event.id.is_some(), "{} bytes", event.text.len());
    }
    println!("{events} messages, {bytes} bytes");
    assert!(bytes > 400_000 && events >= bytes / 8_192, "{events} messages, {bytes} bytes");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_calls_alone_every_event_is_received() {
    let files = Files::numbered(400);
    let app = App::start(&files).await;
    let job = mint();
    let following = {
        let (client, url) = (app.client.clone(), app.url.clone());
        tokio::spawn(async move { follow_by_calls(&client, &url, job).await })
    };
    assert_eq!(app.put(&job.to_string(), &request("checksum")).await.0, 201);
    let (follow, calls) = following.await.expect("the end");
    equal_to_the_log(&follow, job, &app.end(job).await);
    println!("{calls} calls");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_job_without_news_does_not_make_answers_come_at_once() {
    let files = Files::numbered(4);
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, true));
    // With one worker nothing is recorded after its first item has started.
    let app = App::start_with(&files, |config| config.workers = 1, vec![recipe.clone()]).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running > 0).await;
    let (_, first) = app.get("/api/events?watch=jobs&wait=0").await;
    let cursor = first.as_array().and_then(|all| all.iter().rev().find_map(|message| message["id"].as_str()));
    let begun = Instant::now();
    app.get(&format!("/api/events?watch=jobs&after={}&wait=1", cursor.expect("a cursor"))).await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    recipe.release();
    app.end(job).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_ended_in_its_time_and_its_reader_misses_nothing() {
    let files = Files::numbered(2_000);
    let process = Headway::start(&files, &["--stream-age", "1", "--workers", "1"]);
    let client = http();
    let begun = Instant::now();
    let mut stream = Stream::open_at(&client, &process.url, "watch=jobs", None).await;
    while stream.next().await.is_some() {}
    assert!((700..10_000).contains(&begun.elapsed().as_millis()), "ended after {:?}", begun.elapsed());
    let job = mint();
    process.begin(&client, job).await;
    let (follow, _) = follow_at(&client, &process.url, job, |_| usize::MAX).await;
    equal_to_the_log(&follow, job, &process.end(&client, job).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_sends_readers_a_reconnection_time_and_does_not_wait_for_a_stalled_one() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    // Opens a stream, and never reads.
    let mut deaf = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("a connection");
    let host = app.url.trim_start_matches("http://");
    let ask = format!("GET /api/events?watch=jobs&after=0.0 HTTP/1.1\r\nHost: {host}\r\n\r\n");
    deaf.write_all(ask.as_bytes()).await.expect("a request");
    let mut reader = tokio::net::TcpStream::connect(host).await.expect("a connection");
    reader.write_all(ask.as_bytes()).await.expect("a request");
    let mut text = String::new();
    while !text.contains("caught_up") {
        let mut bytes = [0; 4096];
        let count = reader.read(&mut bytes).await.expect("bytes");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    tokio::time::timeout(Duration::from_secs(15), app.stop()).await.expect("a server that ends");
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.ok();
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.contains("retry: "), "{rest}");
}

/// Reads nothing while the log grows far beyond any buffer, and then reads everything: a stream is a cursor, not a
/// queue.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_slept_reads_every_event_in_order_and_costs_no_memory() {
    let count = 100 * crate::helper::repetitions(1_000);
    let files = Files::numbered(count);
    let process = Headway::start(&files, &[]);
    let client = http();
    let job = mint();
    let query = format!("job={job}&after=0.0&replay=all");
    let mut sleeper = Stream::open_at(&client, &process.url, &query, None).await;
    process.begin(&client, job).await;
    let truth = process.end(&client, job).await;
    let before = process.memory();
    let (mut due, mut messages, mut last_id) = (1, 0, None);
    while due <= truth.seq {
        let Some(event) = sleeper.next().await else {
            // A reader that reads nothing for half a minute is cut off, and continues where it was.
            sleeper = Stream::open_at(&client, &process.url, &query, last_id.as_deref()).await;
            continue;
        };
        messages += 1;
        last_id = event.id.clone().or(last_id);
        for frame in event.json["frames"].as_array().into_iter().flatten() {
            for payload in frame["events"].as_array().into_iter().flatten() {
                assert_eq!(payload["seq"].as_u64(), Some(due));
                due += 1;
            }
        }
    }
    assert_eq!(due, truth.seq + 1);
    let after = process.memory();
    println!("{} events in {messages} messages; the server had {before} KiB before and {after} KiB after", truth.seq);
    assert!(after < before + 40 * 1024, "{before} KiB grew to {after} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_leave_nothing_behind() {
    let files = Files::numbered(20);
    let process = Headway::start(&files, &[]);
    let client = http_with().pool_max_idle_per_host(0).build().expect("a client");
    let job = mint();
    process.begin(&client, job).await;
    process.end(&client, job).await;
    // Descriptors are closed a moment later, so the test waits until at most `most` are open.
    let round = async |count: usize, most: usize| {
        for _ in 0..count / 20 {
            let opened = (0..20).map(|_| async {
                let mut stream =
                    Stream::open_at(&client, &process.url, &format!("watch=jobs&job={job}&after=0.0"), None).await;
                stream.until("closed").await;
            });
            futures::future::join_all(opened).await;
        }
        eventually("as many open files as at rest", async || (process.open_files() <= most).then_some(())).await;
    };
    // More of SQLite's files are open after a busy moment.
    round(200, 60).await;
    let (files_before, memory_before) = (process.open_files(), process.memory());
    round(10 * crate::helper::repetitions(100), files_before + 16).await;
    let (files_after, memory_after) = (process.open_files(), process.memory());
    println!("open files {files_before} → {files_after}, memory {memory_before} → {memory_after} KiB");
    assert!(memory_after < memory_before + 16 * 1024, "{memory_before} KiB grew to {memory_after} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_jobs_on_one_stream_are_all_followed_to_their_end() {
    let files = Files::numbered(20);
    let app = App::start(&files).await;
    let jobs: Vec<JobId> = (0..16).map(|_| mint()).collect();
    let asked: Vec<_> = jobs.iter().map(|job| format!("job={job}")).collect();
    let mut stream = Stream::open(&app, &format!("{}&after=0.0", asked.join("&"))).await;
    for job in &jobs {
        assert_eq!(app.put(&job.to_string(), &request("checksum")).await.0, 201);
    }
    let mut due: std::collections::BTreeMap<String, u64> = jobs.iter().map(|job| (job.to_string(), 1)).collect();
    let mut closed = 0;
    while let Some(event) = stream.next().await {
        closed += usize::from(event.kind() == "closed");
        for frame in event.json["frames"].as_array().into_iter().flatten() {
            let due = due.get_mut(frame["job"].as_str().unwrap_or_default()).expect("a followed job");
            for payload in frame["events"].as_array().into_iter().flatten() {
                assert_eq!(payload["seq"].as_u64(), Some(*due));
                *due += 1;
            }
        }
    }
    assert_eq!(closed, 16);
    for job in jobs {
        let truth = app.end(job).await;
        assert_eq!((due[&job.to_string()], truth.status), (truth.seq + 1, JobStatus::Completed));
    }
    app.stop().await;
}
