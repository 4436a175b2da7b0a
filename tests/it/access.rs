//! Who may call: one gate before every route.

use std::time::Duration;

use reqwest::Method;

use crate::helper::{App, Files, Raw, http_with, mint, request, status};

/// Every route, with a method that it accepts.
fn routes() -> Vec<(Method, String)> {
    let id = mint();
    vec![
        (Method::GET, "/".into()),
        (Method::GET, "/jobs".into()),
        (Method::GET, format!("/jobs/{id}")),
        (Method::GET, "/pkg/headway.js".into()),
        (Method::GET, "/nothing".into()),
        (Method::GET, "/api/jobs".into()),
        (Method::GET, format!("/api/jobs/{id}")),
        (Method::PUT, format!("/api/jobs/{id}")),
        (Method::GET, format!("/api/jobs/{id}/items")),
        (Method::POST, format!("/api/jobs/{id}/cancel")),
        (Method::GET, format!("/api/jobs/{id}/items/0/attempts")),
        (Method::POST, format!("/api/jobs/{id}/pause")),
        (Method::POST, format!("/api/jobs/{id}/resume")),
        (Method::POST, format!("/api/jobs/{id}/leave_out")),
        (Method::POST, format!("/api/jobs/{id}/approve")),
        (Method::POST, format!("/api/jobs/{id}/retry")),
        (Method::POST, format!("/api/jobs/{id}/adopt")),
        (Method::GET, format!("/api/jobs/{id}/log")),
        (Method::GET, format!("/api/jobs/{id}/joblog")),
        (Method::GET, "/metrics".into()),
        (Method::POST, format!("/api/jobs/{id}/change?priority=1")),
        (Method::POST, format!("/api/jobs/{id}/undo/{id}")),
        (Method::POST, format!("/api/jobs/{id}/empty_trash")),
        (Method::POST, "/api/workers/3".into()),
        (Method::GET, format!("/api/jobs/{id}/outputs/x")),
        (Method::GET, "/api/events?watch=jobs&wait=0".into()),
        (Method::POST, "/api/fn/start_job".into()),
        (Method::POST, "/api/fn/cancel_job".into()),
        (Method::POST, "/api/fn/job".into()),
        (Method::POST, "/api/fn/jobs".into()),
        (Method::POST, "/api/fn/items".into()),
        (Method::POST, "/api/fn/folder".into()),
        (Method::POST, "/api/fn/steer_job".into()),
        (Method::POST, "/api/fn/attempts".into()),
        (Method::POST, "/api/fn/causes".into()),
        (Method::POST, "/api/fn/load".into()),
        (Method::POST, "/api/fn/room".into()),
        (Method::POST, "/api/fn/command_lines".into()),
        (Method::POST, "/api/fn/named".into()),
        (Method::GET, "/api/nothing".into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_refused_on_every_route() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    for (method, path) in routes() {
        for host in ["evil.example", "127.0.0.1:1", "localhost"] {
            let call = app.client.request(method.clone(), format!("{}{path}", app.url)).header("host", host);
            assert_eq!(app.call(call).await.0, 403, "{method} {path} as {host}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_is_refused_on_every_call_and_may_only_link_to_pages() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    for (method, path) in routes() {
        let api = path.starts_with("/api/");
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let call = app.client.request(method.clone(), format!("{}{path}", app.url)).header(name, value);
            let (status, _) = app.call(call).await;
            assert_eq!(status == 403, api, "{method} {path} with {name}: {value} gave {status}");
        }
    }
    let port = app.url.rsplit(':').next().expect("a port").to_owned();
    for (name, value) in [
        ("origin", app.url.clone()),
        ("origin", format!("http://localhost:{port}")),
        ("sec-fetch-site", "same-origin".into()),
        ("sec-fetch-site", "none".into()),
    ] {
        let call = app.client.get(format!("{}/api/jobs", app.url)).header(name, &value);
        assert_eq!(app.call(call).await.0, 200, "{name}: {value}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_the_token_gets_a_page_that_says_how_to_log_in_and_a_call_gets_its_problem() {
    let files = Files::numbered(1);
    let app = App::start_behind(&files, |_| {}, Vec::new(), Some("0123456789abcdef0123".into()), &[]).await;
    let client = http_with().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let get = async |path: &str| {
        let call = client.get(format!("{}{path}", app.url));
        let answer =
            call.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").send().await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        (answer.status().as_u16(), kind, answer.text().await.expect("a body"))
    };
    for path in ["/", "/jobs", "/jobs/x?at=3", "/nothing", "/login?token=wrong", "/login"] {
        let (status, kind, text) = get(path).await;
        assert_eq!((status, &*kind), (401, "text/html; charset=utf-8"), "{path}: {text}");
        assert!(text.contains("/login?token=") && text.contains("headway serve"), "{path}: {text}");
    }
    let (status, kind, text) = get("/api/v1/jobs").await;
    assert_eq!((status, &*kind), (401, "application/problem+json"), "{text}");
    let (status, kind, text) = get("/api/jobs").await;
    assert_eq!((status, &*kind), (401, "application/json"), "{text}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_nothing_answers_without_it() {
    let files = Files::numbered(1);
    let token = "0123456789abcdef0123";
    let app = App::start_behind(&files, |_| {}, Vec::new(), Some(token.into()), &[]).await;
    let client = http_with().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    for (method, path) in routes() {
        let call = |authorization: Option<&str>| {
            let call = client.request(method.clone(), format!("{}{path}", app.url));
            authorization.iter().fold(call, |call, value| call.header("authorization", *value))
        };
        assert_eq!(app.call(call(None)).await.0, 401, "{method} {path}");
        assert_eq!(app.call(call(Some("Bearer 0123456789abcdef0124"))).await.0, 401, "{method} {path}");
        assert_ne!(app.call(call(Some(&format!("Bearer {token}")))).await.0, 401, "{method} {path}");
        assert_ne!(
            app.call(call(Some(&format!("bearer {token}")))).await.0,
            401,
            "{method} {path}: a scheme has no case"
        );
    }
    // The printed link exchanges the token for a cookie that scripts cannot read.
    let answer = client.get(format!("{}/login?token={token}", app.url)).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().ok()), (303, Some("/")));
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains(token), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    let call = client.get(format!("{}/api/jobs", app.url)).header("cookie", pair);
    assert_eq!(app.call(call).await.0, 200);
    assert_eq!(app.call(client.get(format!("{}/login?token=wrong", app.url))).await.0, 401);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_what_protects_it_and_reading_changes_nothing() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    for (method, path) in routes() {
        let answer = app.client.request(method.clone(), format!("{}{path}", app.url)).send().await.expect("an answer");
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert!(header("content-security-policy").contains("default-src"), "{path}");
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(header("content-security-policy").contains("base-uri 'none'"), "{path}");
        if path.starts_with("/api/") {
            assert!(header("cache-control").contains("no-store"), "{path}");
        }
    }
    let page = app.client.get(&app.url).send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
    let body = page.text().await.expect("a page");
    let inline = body.matches("<script").count();
    assert_eq!(body.matches(&format!("nonce=\"{nonce}\"")).count(), inline, "an inline script without the nonce");
    assert!(!body.contains(" style="), "inline styles are not allowed by our own policy");

    // GET, HEAD and OPTIONS never change anything, whatever they are sent.
    for path in [format!("/api/jobs/{}", mint()), "/api/fn/start_job".into(), format!("/api/jobs/{}/cancel", mint())] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            app.call(app.client.request(method, format!("{}{path}", app.url)).json(&request("checksum"))).await;
        }
    }
    assert_eq!(app.get("/api/jobs").await.1["jobs"].as_array().map(Vec::len), Some(0));
    // Forwarding headers change nothing.
    let call = app
        .client
        .get(format!("{}/api/jobs", app.url))
        .header("host", "evil.example")
        .header("x-forwarded-host", "localhost");
    assert_eq!(app.call(call).await.0, 403);
    app.stop().await;
}

/// Whatever the first line or the headers contain, the refusal has the form of every other, and is not a 5xx.
#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_are_refused_and_harm_nothing() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let host = app.url.trim_start_matches("http://").to_owned();
    let ask = async |text: String| {
        let mut raw = Raw::open(&app.url).await;
        raw.say(&text).await;
        raw.rest(Duration::from_secs(40)).await
    };
    let end = format!("Host: {host}\r\nConnection: close\r\n\r\n");
    for (line, expected) in [
        (format!("CONNECT {host} HTTP/1.1"), [400, 405]),
        ("CONNECT evil.example:443 HTTP/1.1".into(), [400, 403]),
        ("OPTIONS * HTTP/1.1".into(), [400, 400]),
        ("GET * HTTP/1.1".into(), [400, 400]),
        ("TRACE / HTTP/1.1".into(), [405, 405]),
        ("TRACE /api/jobs HTTP/1.1".into(), [405, 405]),
        ("PATCH /jobs HTTP/1.1".into(), [405, 405]),
        ("BREW /api/jobs HTTP/1.1".into(), [405, 405]),
        ("OPTIONS /api/jobs HTTP/1.1".into(), [405, 405]),
        ("DELETE /nothing HTTP/1.1".into(), [404, 405]),
        (format!("GET http://{host}/api/jobs HTTP/1.1"), [200, 200]),
        ("GET http://evil.example/api/jobs HTTP/1.1".into(), [403, 403]),
        (format!("GET http://me@{host}/api/jobs HTTP/1.1"), [400, 403]),
        ("GET /%zz HTTP/1.1".into(), [404, 400]),
        ("GET /%00%ff%2e%2e HTTP/1.1".into(), [404, 400]),
        // The answer is a page that says so.
        ("GET /jobs/%ff HTTP/1.1".into(), [404, 200]),
        ("GET //evil.example:99999999/ HTTP/1.1".into(), [404, 400]),
        ("GET /../../etc/passwd HTTP/1.1".into(), [404, 400]),
        ("GET /api/jobs/%ff HTTP/1.1".into(), [400, 404]),
        ("GET /api/jobs?limit=x HTTP/1.1".into(), [400, 400]),
        ("GET /login?x HTTP/1.1".into(), [303, 303]),
    ] {
        let answer = ask(format!("{line}\r\n{end}")).await;
        assert!(expected.contains(&status(&answer)), "{line}: {answer}");
        let head = answer.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
        assert!(head.contains("base-uri 'none'") && head.contains("frame-ancestors 'none'"), "{line}: {head}");
        assert!(head.contains("cache-control: no-"), "{line}: {head}");
    }
    // These are not even parsed as requests; hyper itself answers.
    for text in [
        "GET / HTTP/3.0\r\n\r\n".to_owned(),
        "\u{1}\r\n\r\n".into(),
        format!("GET / HTTP/1.1\r\nX: {}\r\n{end}", "x".repeat(500_000)),
    ] {
        let answer = ask(text).await;
        assert!([0, 400, 431, 505].contains(&status(&answer)), "{answer}");
    }
    assert_eq!(status(&ask("GET /api/jobs HTTP/1.0\r\n\r\n".into()).await), 400, "no name at all");
    assert_eq!(status(&ask("GET /api/jobs HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n".into()).await), 403);

    // With two headers, the server must not choose one.
    for (name, good, other) in [
        ("Host", host.as_str(), "evil.example"),
        ("Origin", app.url.as_str(), "https://evil.example"),
        ("Sec-Fetch-Site", "same-origin", "cross-site"),
        ("Authorization", "Bearer x", "Bearer y"),
        ("Content-Type", "application/json", "text/plain"),
        ("Last-Event-ID", "0.0", "end"),
    ] {
        for (first, second) in [(good, other), (other, good), (good, good)] {
            let own = if name == "Host" { String::new() } else { format!("Host: {host}\r\n") };
            let text = format!(
                "GET /api/events?watch=jobs&wait=0 HTTP/1.1\r\n{own}{name}: {first}\r\n{name}: {second}\r\nConnection: close\r\n\r\n"
            );
            assert_eq!(status(&ask(text).await), 400, "{name}: {first}, {second}");
        }
    }
    let lengths = "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}";
    assert_eq!(status(&ask(format!("POST /api/fn/jobs HTTP/1.1\r\nHost: {host}\r\n{lengths}")).await), 400);
    assert_eq!(app.get("/api/jobs").await.0, 200, "it is well");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_the_cookie_is_secure_and_the_answer_is_not_cached() {
    let files = Files::numbered(1);
    let token = "0123456789abcdef0123";
    let origins = ["https://photos.example.org".to_owned(), "http://plain.example.org".into()];
    let app = App::start_behind(&files, |_| {}, Vec::new(), Some(token.into()), &origins).await;
    let client = http_with().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let own = app.url.trim_start_matches("http://");
    for (host, secure) in
        [("photos.example.org", true), ("photos.example.org:443", true), ("plain.example.org", false), (own, false)]
    {
        for (path, status) in
            [(format!("/login?token={token}"), 303), ("/login?token=wrong".into(), 401), ("/login".into(), 401)]
        {
            let answer = client.get(format!("{}{path}", app.url)).header("host", host).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), status, "{host}{path}");
            assert_eq!(answer.headers()["cache-control"], "no-store", "{host}{path}");
            let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
            assert_eq!(cookie.is_empty(), status != 303);
            assert_eq!(cookie.contains("; Secure"), secure && status == 303, "{host}: {cookie}");
        }
    }
    app.stop().await;
}
