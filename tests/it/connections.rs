//! Connections that are opened and not used: they lock nobody out, take no descriptor from a job, and end.

use std::time::Duration;

use headway_model::JobStatus;
use serde_json::json;

use crate::command::Served;
use crate::helper::{App, Files, Headway, Raw, Stream, eventually, mint, request, status};

/// Longer than any silent connection may stay open.
const LATE: Duration = Duration::from_secs(40);

fn host(url: &str) -> &str {
    url.trim_start_matches("http://")
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_endless_requests_are_disconnected_and_streams_are_not() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let host = host(&app.url);
    let id = mint();
    let head = format!("PUT /api/jobs/{id} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");

    // Which connections are answered, and how.
    let quiet = async |said: String, answer: u16| {
        let mut raw = Raw::open(&app.url).await;
        raw.say(&said).await;
        let rest = raw.rest(LATE).await;
        assert_eq!(status(&rest), answer, "{said:?}: {rest}");
    };
    let dripping = async |said: String, drop: &str, answer: u16| {
        let mut raw = Raw::open(&app.url).await;
        raw.say(&said).await;
        let (mut from, mut to) = raw.0.into_split();
        let drops = async {
            loop {
                if tokio::io::AsyncWriteExt::write_all(&mut to, drop.as_bytes()).await.is_err() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let mut bytes = Vec::new();
        let rest = tokio::io::AsyncReadExt::read_to_end(&mut from, &mut bytes);
        tokio::select! {
            _ = drops => {}
            read = tokio::time::timeout(LATE, rest) => drop_late(read.is_ok(), &said),
        }
        assert_eq!(status(&String::from_utf8_lossy(&bytes)), answer, "{said:?}");
    };
    let mut stream = Stream::open(&app, "watch=jobs").await;
    let waiting = app.get("/api/events?watch=jobs&after=0.0&wait=25");
    let ((status, _), ..) = tokio::join!(
        waiting,
        quiet(String::new(), 0),
        quiet("GET / HT".into(), 0),
        quiet(format!("GET / HTTP/1.1\r\nHost: {host}\r\n"), 0),
        quiet(format!("GET /api/jobs HTTP/1.1\r\nHost: {host}\r\n\r\n"), 200),
        quiet(format!("{head}Content-Length: 500\r\n\r\n{{"), 408),
        quiet(format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"), 408),
        // Much of the body arrived at once; a steady sender would have minutes for it.
        quiet(format!("{head}Content-Length: 4000000\r\n\r\n{}", "x".repeat(3_000_000)), 408),
        // It is too large, however it goes on.
        quiet(format!("{head}Content-Length: 5000000\r\n\r\n{{"), 413),
        quiet(format!("{head}Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n"), 413),
        dripping("GET / HTTP/1.1\r\n".into(), "X-Drop: 1\r\n", 0),
        dripping(format!("{head}Content-Length: 100000\r\n\r\n{{"), " ", 408),
        dripping(
            format!(
                "POST /api/fn/jobs HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{"
            ),
            " ",
            408
        ),
    );
    assert_eq!(status, 200, "an answer that waits is not cut");
    assert_eq!(app.get("/api/jobs").await.1["jobs"], json!([]), "half a call does nothing");
    // All of them are closed; the earlier stream is still open.
    let job = app.begin("checksum").await;
    loop {
        let event = stream.next().await.expect("the stream goes on");
        if event.json["summaries"].as_array().into_iter().flatten().any(|summary| summary["status"] == "completed") {
            break;
        }
    }
    app.end(job).await;
    app.stop().await;
}

fn drop_late(closed: bool, said: &str) {
    assert!(closed, "still open after {LATE:?}: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_peer_has_its_share_and_no_more_and_others_are_let_in() {
    let files = Files::numbered(1);
    let process = Headway::start(&files, &["--connections", "8"]);
    let url = &process.url;
    let ask = format!("GET /api/jobs HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", host(url));
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(Raw::open(url).await);
    }
    let refused = async || {
        let mut raw = Raw::open(url).await;
        raw.say(&ask).await;
        let answer = raw.rest(Duration::from_secs(20)).await;
        // Whatever the answer is, it names its request.
        assert!(status(&answer) == 0 || answer.contains("\r\nx-request-id: "), "{answer}");
        status(&answer)
    };
    eventually("a refusal", async || (refused().await == 503).then_some(())).await;
    // With or without a token, because the token was not checked. The other callers are other peers.
    let mut other = Raw::open_from("127.0.0.2", url).await;
    other.say(&ask).await;
    assert_eq!(status(&other.rest(Duration::from_secs(20)).await), 200);
    held.clear();
    eventually("a place", async || (refused().await == 200).then_some(())).await;
}

/// Enough connections to leave no descriptor: the work that they must not disturb reads and writes files.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_half_open_connections_take_nothing_from_a_job() {
    let files = Files::numbered(60);
    let wrap = ["sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"];
    let served = Served::start_in(&files, &wrap).expect("a ready server");
    let url = served.headway.url.clone();
    let mut held = Vec::new();
    for number in 0..1_000 {
        let mut raw = Raw::open_from(&format!("127.0.1.{}", 1 + number % 20), &url).await;
        raw.say("GET /api/jobs HTTP/1.1\r\nHost:").await;
        held.push(raw);
    }
    let crowd = held.len();
    // A later caller gets in when a half-open connection is closed. A refusal that comes before the request is written
    // can be lost in the client library, which then waits forever.
    let job = mint();
    let mut body = request("upper");
    body["output"] = json!({ "place": "replace" });
    eventually("a start", async || {
        let answer = served
            .client
            .put(format!("{url}/api/jobs/{job}"))
            .timeout(Duration::from_secs(5))
            .json(&body)
            .send()
            .await
            .ok()?;
        matches!(answer.status().as_u16(), 200 | 201).then_some(())
    })
    .await;
    let end = served.headway.until(&served.client, job, |summary| summary.status.is_terminal()).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 60), "with {crowd} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_may_open_more_than_it_was_started_with_and_its_commands_may_not() {
    let files = Files::numbered(1);
    let hard = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.expect("a limit");
    let wrap = ["sh", "-c", "ulimit -Sn 256; exec \"$@\"", "sh"];
    let served = Served::start_in(&files, &wrap).expect("a ready server");
    assert_eq!(served.headway.limit_of_files(), (hard, hard));
    let job = served.begin("command", json!({ "settings": { "run": "sh -c 'ulimit -Sn' {}" } })).await;
    assert_eq!(served.end(job).await.status, JobStatus::Completed);
    let url = format!("{}/api/jobs/{job}/items/0/attempts", served.headway.url);
    let attempts: serde_json::Value =
        served.client.get(url).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(attempts[0]["stdout"]["head"], "256\n", "{attempts}");
}

/// Hyper answers these before the router sees them.
#[tokio::test(flavor = "multi_thread")]
async fn answers_to_malformed_requests_have_the_common_headers() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let (long, many) = ("x".repeat(70_000), "x: y\r\n".repeat(20_000));
    let good = format!("GET /api/jobs HTTP/1.1\r\nHost: {}\r\n\r\n", host(&app.url));
    let cases = [
        ("no request\r\n\r\n".to_owned(), 400),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431),
        (format!("{good}{good}no request\r\n\r\n"), 200),
    ];
    for (said, expected) in cases {
        let mut raw = Raw::open(&app.url).await;
        raw.say(&said).await;
        let answers = raw.rest(Duration::from_secs(20)).await;
        assert_eq!(status(&answers), expected, "{answers}");
        let heads: Vec<_> = answers.split("HTTP/1.1 ").skip(1).collect();
        assert_eq!(heads.len(), if expected == 200 { 3 } else { 1 }, "{answers}");
        for head in heads {
            for header in ["base-uri 'none'; frame-ancestors 'none'", "nosniff", "no-referrer", "no-store"] {
                assert_eq!(head.matches(header).count(), 1, "{header}: {head}");
            }
        }
    }
    app.stop().await;
}
