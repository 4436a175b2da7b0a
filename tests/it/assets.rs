//! One file to deploy: the program serves the client that is embedded in it.

use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};

use crate::helper::{Files, Headway, http};

/// The paths under `/pkg` that a page names.
fn named(page: &str) -> Vec<String> {
    let mut paths: Vec<_> = page.split('"').filter(|part| part.starts_with("/pkg/")).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_a_page_names_is_inside_the_program_under_a_name_for_ever() {
    let files = Files::numbered(1);
    let process = Headway::start_whole(&files);
    let client = http();
    let page = client.get(&process.url).send().await.expect("a page").text().await.expect("text");
    let paths = named(&page);
    assert_eq!(paths.len(), 4, "style, two scripts and program: {paths:?}");
    for path in paths {
        let get = |coding: &'static str| client.get(format!("{}{path}", process.url)).header(ACCEPT_ENCODING, coding);
        let plain = get("identity").send().await.expect("an answer");
        assert_eq!(plain.status(), 200, "{path}");
        assert_eq!(plain.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(plain.headers().get(CONTENT_ENCODING), None);
        assert!(plain.headers().contains_key(CONTENT_TYPE));
        let whole = plain.bytes().await.expect("bytes").len();
        for coding in ["br", "gzip"] {
            let packed = get(coding).send().await.expect("an answer");
            assert_eq!(
                (&packed.headers()[CONTENT_ENCODING], &packed.headers()[VARY]),
                (&coding.parse().expect("text"), &"accept-encoding".parse().expect("text"))
            );
            let etag = packed.headers()[ETAG].clone();
            assert!(packed.bytes().await.expect("bytes").len() < whole, "{path} as {coding}");
            let again = get(coding).header(IF_NONE_MATCH, etag).send().await.expect("an answer");
            assert_eq!(again.status(), 304);
            assert!(again.bytes().await.expect("nothing").is_empty());
        }
    }
    let icon = client.get(format!("{}/favicon.svg", process.url)).send().await.expect("an answer");
    assert_eq!((icon.status().as_u16(), &icon.headers()[CACHE_CONTROL]), (200, &"no-cache".parse().expect("text")));
    let post = client.post(format!("{}/favicon.svg", process.url)).send().await.expect("an answer");
    assert_eq!(post.status(), 405);
    let gone = client.get(format!("{}/pkg/headway.0123.js", process.url)).send().await.expect("an answer");
    assert_eq!(gone.status(), 404);
}
