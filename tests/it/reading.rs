//! A read-only token: its holder can see everything, and change nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use headway::web::Tokens;
use reqwest::{Method, redirect};
use serde_json::{Value, json};

use crate::helper::{App, Files, Stream, http_with, mint, request};

const ALL: &str = "all-all-all-all-all";
const READING: &str = "reading-reading-reading";

/// The server functions that a read-only page needs.
const FUNCTIONS: [&str; 15] = [
    "attempts",
    "causes",
    "command_lines",
    "folder",
    "groups",
    "history",
    "items",
    "items_at",
    "job",
    "jobs",
    "load",
    "makers",
    "named",
    "presets",
    "room",
];

async fn start(files: &Files) -> App {
    let app = App::start_behind(files, |_| {}, Vec::new(), Some(ALL.into()), &[]).await;
    app.access.admit(Tokens { all: Some(ALL.into()), reading: Some(READING.into()) });
    app
}

/// What the server has recorded of jobs and presets.
async fn recorded(app: &App) -> (Value, Value) {
    let read = async |path: &str| app.call(app.client.get(format!("{}{path}", app.url)).bearer_auth(ALL)).await.1;
    (read("/api/v1/jobs").await["jobs"].clone(), read("/api/v1/presets").await)
}

async fn planned(app: &App) -> String {
    let mut body = request("checksum");
    body["approval"] = json!(true);
    let job = mint();
    let call = app.client.put(format!("{}/api/v1/jobs/{job}", app.url)).bearer_auth(ALL).json(&body);
    assert_eq!(app.call(call).await.0, 201);
    app.until(job, |summary| summary.status == headway_model::JobStatus::Planned).await;
    job.to_string()
}

/// Every call of the document, every older call, and every server function, so that a new one cannot be forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_token_that_only_reads_every_call_that_changes_something_is_refused() {
    let files = Files::numbered(2);
    let app = start(&files).await;
    let job = planned(&app).await;
    let before = recorded(&app).await;
    let call =
        |method: Method, path: &str| app.client.request(method, format!("{}{path}", app.url)).bearer_auth(READING);
    let (_, document) = app.call(call(Method::GET, "/api/v1/openapi.json")).await;
    let mut refused = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let real = path.replace("{id}", &job).replace("{item}", "0").replace("{name}", "files");
        let real = real.replace("{new}", &mint().to_string()).replace("{count}", "3").replace("{preset}", "p");
        for name in methods.as_object().expect("methods").keys() {
            let method: Method = name.to_uppercase().parse().expect("a method");
            let reads = method == Method::GET;
            let call = call(method, &format!("/api/v1{real}")).json(&request("checksum"));
            let answer = call.send().await.expect("an answer");
            let status = answer.status().as_u16();
            if reads {
                assert!(![401, 403].contains(&status), "{name} {path}: {status}");
                continue;
            }
            assert_eq!(status, 403, "{name} {path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{name} {path}");
            let problem: Value = answer.json().await.expect("JSON");
            assert_eq!((&problem["code"], &problem["status"]), (&json!("read_only"), &json!(403)), "{problem}");
            refused += 1;
        }
    }
    assert!(refused >= 15, "{refused}");
    for old in ["pause", "leave_out", "empty_trash", "change?priority=1", "cancel"] {
        let (status, body) = app.call(call(Method::POST, &format!("/api/jobs/{job}/{old}"))).await;
        assert_eq!((status, &body["error"]), (403, &json!("read_only")), "{old}");
    }
    let mut open = BTreeSet::new();
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let (status, body) = app.call(call(method, path).json(&json!({}))).await;
        assert_ne!(status, 401, "{path}");
        if body["error"] != "read_only" {
            open.insert(path.trim_start_matches("/api/fn/").to_owned());
        }
    }
    assert_eq!(open, FUNCTIONS.map(str::to_owned).into(), "these server functions are open to the read-only token");
    assert_eq!(recorded(&app).await, before, "and nothing has changed");
    for path in ["/metrics", "/api/v1/events?watch=jobs&wait=0", "/api/events?watch=jobs&wait=0"] {
        assert_eq!(app.call(call(Method::GET, path)).await.0, 200, "{path}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_only_reads_offers_nothing_that_cannot_work() {
    let files = Files::numbered(3);
    let app = start(&files).await;
    let job = planned(&app).await;
    for (token, offers) in [(ALL, true), (READING, false)] {
        let page = async |path: &str| {
            let call = app.client.get(format!("{}{path}", app.url)).bearer_auth(token);
            let (status, page) = app.call(call).await;
            assert_eq!(status, 200, "{path}");
            page.as_str().expect("a page").to_owned()
        };
        let (library, jobs, of_job) = (page("/").await, page("/jobs").await, page(&format!("/jobs/{job}")).await);
        for (page, part) in [
            (&library, "class=\"start-panel\""),
            (&library, "data-start=\"run\""),
            (&library, "Select all files listed so far"),
            (&library, ">Refresh<"),
            (&library, "href=\"#start\""),
            (&jobs, "class=\"jobs-bulk\""),
            (&of_job, "data-action=\"approve\""),
            (&of_job, "data-action=\"cancel\""),
            (&of_job, "data-action=\"duplicate\""),
            (&of_job, "class=\"job-change\""),
            (&of_job, "data-action=\"share\""),
        ] {
            assert_eq!(page.contains(part), offers, "{part} with {token}");
        }
        for page in [&library, &jobs, &of_job] {
            assert_eq!(page.contains(">Read only<"), !offers, "{token}");
        }
        assert!(library.contains("000001") && of_job.contains("000001"), "the files are shown");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_moment_of_a_job_opens_it_and_takes_nothing_from_who_may_do_more() {
    let files = Files::numbered(2);
    let app = start(&files).await;
    let job = planned(&app).await;
    let client = http_with().redirect(redirect::Policy::none()).build().expect("a client");
    let link = |token: &'static str, to: &str| {
        let body = json!({ "to": to });
        client.post(format!("{}/api/v1/links", app.url)).bearer_auth(token).json(&body)
    };
    let (status, made) = app.call(link(ALL, &format!("/jobs/{job}?at=2"))).await;
    assert_eq!(status, 200, "{made}");
    let path = made["path"].as_str().expect("a path").to_owned();
    assert!(path.contains(READING) && !path.contains(ALL), "{path}");
    assert_eq!(app.call(link(READING, "/")).await.0, 403, "a caller with a cookie does not get the token");

    let open = async |path: &str, cookie: Option<&str>| {
        let call = client.get(format!("{}{path}", app.url));
        let answer = cookie.into_iter().fold(call, |call, cookie| call.header("cookie", cookie));
        let answer = answer.send().await.expect("an answer");
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        (answer.status().as_u16(), header("location"), header("set-cookie"))
    };
    let pair = |cookie: Option<String>| cookie.expect("a cookie").split(';').next().expect("a pair").to_owned();
    let (status, to, cookie) = open(&path, None).await;
    assert_eq!((status, to.as_deref()), (303, Some(format!("/jobs/{job}?at=2").as_str())));
    let reading = pair(cookie);
    let cancel = format!("{}/api/v1/jobs/{job}/cancel", app.url);
    assert_eq!(app.call(client.post(&cancel).header("cookie", &reading)).await.0, 403);
    assert_eq!(app.call(client.get(format!("{}/api/v1/jobs", app.url)).header("cookie", &reading)).await.0, 200);

    let all = pair(open(&format!("/login?token={ALL}"), None).await.2);
    let (status, to, cookie) = open(&path, Some(&all)).await;
    assert_eq!((status, to.is_some(), cookie), (303, true, None), "it goes there with what it has");
    assert!(open(&format!("/login?token={ALL}"), Some(&reading)).await.2.is_some(), "the other way round it gets more");
    for elsewhere in ["//evil.example", "https://evil.example", "/api/jobs", "/\\evil.example"] {
        let (status, to, _) = open(&format!("/login?token={READING}&to={elsewhere}"), None).await;
        assert_eq!((status, to.as_deref()), (303, Some("/")), "{elsewhere}");
    }
    assert_eq!(app.call(client.post(&cancel).header("cookie", &all)).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_tokens_change_a_stream_ends_and_the_old_token_opens_no_other() {
    let files = Files::numbered(1);
    let app = start(&files).await;
    let call = |token: &str| app.client.get(format!("{}/api/v1/events?watch=jobs", app.url)).bearer_auth(token);
    let answer = call(READING).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let mut stream = Stream::of(answer);
    assert!(stream.next().await.is_some(), "it is open");
    assert!(!app.access.admit(Tokens { all: Some(ALL.into()), reading: Some(READING.into()) }), "they are the same");
    assert!(app.access.admit(Tokens { all: Some(ALL.into()), reading: Some("another-another-another".into()) }));
    let ended = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the stream ends");
    assert_eq!(call(READING).send().await.expect("an answer").status().as_u16(), 401);
    assert_eq!(call("another-another-another").send().await.expect("an answer").status().as_u16(), 200);
    app.stop().await;
}
