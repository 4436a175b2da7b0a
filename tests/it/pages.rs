//! The rendered pages.

use crate::helper::{App, Files};

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_page_loads_is_all_answered() {
    let files = Files::numbered(30);
    let app = App::start(&files).await;
    for path in ["/", "/?library=files&folder=", "/jobs", "/nothing"] {
        let loads = (0..60).map(|_| app.client.get(format!("{}{path}", app.url)).send());
        for answer in futures::future::join_all(loads).await {
            let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(answer.status().as_u16(), if path == "/nothing" { 404 } else { 200 });
            assert!(answer.text().await.expect("a page").contains("</html>"));
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_looks_like_markup_stays_text() {
    let files = Files::new();
    files.write("<img src=x onerror=alert(1)>", b"x");
    let app = App::start(&files).await;
    let page = app.client.get(&app.url).send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(!page.contains("<img"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_libraries_the_one_that_is_shown_is_marked() {
    let (files, other) = (Files::numbered(1), Files::numbered(1));
    let library = ("other".to_owned(), other.library());
    let app = App::start_with(&files, |config| config.libraries.push(library), Vec::new()).await;
    for (path, name) in [("/", "files"), ("/?library=other", "other")] {
        let answer = app.client.get(format!("{}{path}", app.url)).send().await.expect("an answer");
        let page = answer.text().await.expect("a page");
        let links = page.split_once("class=\"library-names\"").and_then(|(_, rest)| rest.split_once("</nav>"));
        let (links, _) = links.expect("links to the libraries");
        let marked: Vec<_> = links.split("<a ").filter(|link| link.contains("aria-current=\"true\"")).collect();
        assert!(matches!(marked[..], [link] if link.contains(&format!(">{name}"))), "{path}: {marked:?}");
    }
    app.stop().await;
}

/// Pages and JSON, whichever way the caller takes them; never a stream.
#[tokio::test(flavor = "multi_thread")]
async fn responses_are_compressed_and_streams_are_not() {
    let files = Files::numbered(200);
    let app = App::start(&files).await;
    let job = app.end(app.begin("checksum").await).await.job;
    let get = async |path: &str, accepts: &str| {
        let call = app.client.get(format!("{}{path}", app.url)).header("accept-encoding", accepts);
        let answer = call.send().await.expect("an answer");
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        let (coding, vary) = (header("content-encoding"), header("vary").unwrap_or_default());
        (coding, vary, answer.bytes().await.expect("a body"))
    };
    for path in [
        "/".to_owned(),
        "/nothing".into(),
        format!("/jobs/{job}"),
        format!("/api/jobs/{job}/items?limit=1000"),
        format!("/api/jobs/{job}/log"),
    ] {
        let (coding, vary, plain) = get(&path, "identity").await;
        assert_eq!((coding, vary.to_lowercase().contains("accept-encoding")), (None, true), "{path}");
        for (accepts, expected) in [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip")]
        {
            let (coding, vary, body) = get(&path, accepts).await;
            assert_eq!(coding.as_deref(), Some(expected), "{path}, {accepts}");
            assert!(vary.to_lowercase().contains("accept-encoding"), "{path}, {accepts}: {vary}");
            assert!(body.len() < plain.len() / 2, "{path}, {accepts}: {} of {}", body.len(), plain.len());
        }
        if path.starts_with("/api/") {
            let (.., body) = get(&path, "gzip").await;
            assert_eq!(unzipped(&body).len(), plain.len(), "{path}");
        }
    }
    let call = app.client.get(format!("{}/api/events?watch=jobs", app.url)).header("accept-encoding", "br, gzip");
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.headers().get("content-encoding"), None);
    let mut stream = crate::helper::Stream::of(answer);
    assert_eq!(stream.next().await.expect("at once").kind(), "hello");
    app.stop().await;
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut gzip = std::process::Command::new("gzip")
        .arg("-dc")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("gzip");
    let (mut input, bytes) = (gzip.stdin.take().expect("a pipe"), bytes.to_vec());
    let feeding = std::thread::spawn(move || input.write_all(&bytes));
    let output = gzip.wait_with_output().expect("an end");
    feeding.join().expect("a thread").expect("all of it");
    assert!(output.status.success());
    output.stdout
}
