//! Everything below a base path, as behind a proxy.

use reqwest::redirect::Policy;

use crate::helper::{App, Files, http_with};

const TOKEN: &str = "a-token-of-some-length";

/// The addresses in a page: the values of the attribute `name`.
fn addresses<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_calls_streams_and_the_cookie_lie_below_it() {
    let files = Files::numbered(3);
    files.write("sub/x", b"x");
    let base = "/tools/headway".parse().expect("a base");
    let app = App::start_below(&files, |_| {}, Vec::new(), Some(TOKEN.into()), &[], base).await;
    let client = http_with().redirect(Policy::none()).build().expect("a client");
    let get = async |path: &str| {
        let call = client.get(format!("{}{path}", app.url)).bearer_auth(TOKEN);
        call.send().await.expect("an answer")
    };
    let page = get("/tools/headway?library=files").await;
    assert_eq!(
        (page.status().as_u16(), page.headers()["location"].to_str().ok()),
        (308, Some("/tools/headway/?library=files"))
    );
    for path in ["/tools/headway/", "/tools/headway/jobs", "/tools/headway/nothing", "/", "/jobs"] {
        let answer = get(path).await;
        assert_eq!(answer.status().as_u16(), if path.ends_with("nothing") { 404 } else { 200 }, "{path}");
        let page = answer.text().await.expect("a page");
        assert!(page.contains("data-base=\"/tools/headway\""), "{path}");
        let links = ["href", "src", "action"].map(|name| addresses(&page, name)).concat();
        assert!(links.len() > 4, "{path}: {links:?}");
        for link in links {
            assert!(link.starts_with("/tools/headway/") || link.starts_with('#'), "{path}: {link}");
        }
    }
    for path in ["/tools/headway/api/jobs", "/api/jobs"] {
        assert_eq!(get(path).await.status().as_u16(), 200, "{path}");
    }
    let stream = get("/tools/headway/api/events?watch=jobs").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    drop(stream);
    // A path that only resembles the base path is refused, and a longer path does not get past the gate.
    assert_eq!(get("/tools/headwayx/api/jobs").await.status().as_u16(), 404);
    for path in ["/tools/headway/api/jobs", "/tools/headway/api/events?watch=jobs"] {
        let url = format!("{}{path}", app.url);
        let foreign = client.get(&url).bearer_auth(TOKEN).header("origin", "https://evil.example");
        assert_eq!(foreign.send().await.expect("an answer").status().as_u16(), 403, "{path}");
        assert_eq!(client.get(&url).send().await.expect("an answer").status().as_u16(), 401, "{path}");
    }
    let foreign = client.get(format!("{}/tools/headway", app.url)).bearer_auth(TOKEN).header("host", "evil.example");
    assert_eq!(foreign.send().await.expect("an answer").status().as_u16(), 403);
    let login = get(&format!("/tools/headway/login?token={TOKEN}")).await;
    assert_eq!(login.headers()["location"], "/tools/headway/");
    let cookie = login.headers()["set-cookie"].to_str().expect("text");
    assert!(cookie.contains("; Path=/tools/headway;"), "{cookie}");
    app.stop().await;
}
