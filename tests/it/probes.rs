//! `/health`, `/ready` and `/metrics`.

use serde_json::Value;

use std::collections::{BTreeMap, BTreeSet};

use crate::helper::{Files, Headway, http, mint};

#[tokio::test]
async fn probes_need_no_token_and_distinguish_what_a_restart_would_fix() {
    let files = Files::numbered(1);
    let token = files.data().with_file_name("token");
    std::fs::write(&token, "a-secret-of-the-server").expect("a new file");
    let server = Headway::start(&files, &["--token-file", token.to_str().expect("text")]);
    let base = server.url.split("/login").next().expect("an address").to_owned();
    let client = http();
    let ask = async |path: &str| {
        // As kubelet calls: by address, and without a token.
        let answer =
            client.get(format!("{base}{path}")).header("host", "10.1.2.3:3000").send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    assert_eq!(ask("/health").await, (200, serde_json::json!({"status": "healthy"})));
    assert_eq!(ask("/ready").await, (200, serde_json::json!({"status": "ready"})));
    for closed in ["/api/jobs", "/", "/healthy", "/ready/"] {
        assert_eq!(ask_status(&client, &base, closed).await, 403, "{closed}");
    }
    std::fs::rename(files.library(), files.elsewhere()).expect("a folder that goes away");
    let (status, body) = ask("/ready").await;
    assert_eq!((status, &body["reasons"][0]), (503, &"no library can be reached: files".into()), "{body}");
    assert_eq!(ask("/health").await.0, 200, "a restart brings no library back");
    std::fs::rename(files.elsewhere(), files.library()).expect("the folder comes back");
    assert_eq!(ask("/ready").await.0, 200);
}

async fn ask_status(client: &reqwest::Client, base: &str, path: &str) -> u16 {
    let answer = client.get(format!("{base}{path}")).header("host", "10.1.2.3:3000").send().await;
    answer.expect("an answer").status().as_u16()
}

/// Reads a page as Prometheus does: each sample follows its metric's header, and no sample appears twice.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let (mut found, mut heads, mut current) = (BTreeMap::new(), BTreeSet::new(), String::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a kind");
            assert!(heads.insert(name.to_owned()), "{name} begins twice");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            current = name.to_owned();
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            assert_eq!(sample.split('{').next(), Some(current.as_str()), "{line}");
            let value = value.parse().expect("a number");
            assert!(found.insert(sample.to_owned(), value).is_none(), "{line} comes twice");
        }
    }
    found
}

#[tokio::test]
async fn metrics_count_what_the_log_has_and_survive_a_restart() {
    let files = Files::numbered(30);
    let client = http();
    let scrape = async |server: &Headway| {
        let answer = client.get(format!("{}/metrics", server.url)).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        samples(&answer.text().await.expect("a page"))
    };
    let mut server = Headway::start(&files, &[]);
    let empty = scrape(&server).await;
    assert!(!empty.keys().any(|name| name.starts_with("headway_jobs_ended_total")));
    for _ in 0..2 {
        let job = mint();
        server.begin(&client, job).await;
        server.end(&client, job).await;
    }
    let before = scrape(&server).await;
    assert_eq!(before["headway_jobs_ended_total{recipe=\"checksum\",status=\"completed\"}"], 2.0);
    assert_eq!(before["headway_items_total{recipe=\"checksum\",outcome=\"succeeded\"}"], 60.0);
    assert_eq!((before["headway_recording"], before["headway_library_up{library=\"files\"}"]), (1.0, 1.0));
    assert!(before["headway_log_position"] > 60.0 && before["headway_data_free_bytes"] > 0.0);
    assert!(before.len() < 100, "{} series", before.len());
    assert!(server.terminate());
    let server = Headway::start(&files, &[]);
    let after = scrape(&server).await;
    let totals = |page: &BTreeMap<String, f64>| {
        page.iter()
            .filter(|(name, _)| name.contains("_total"))
            .map(|(name, value)| (name.clone(), *value))
            .collect::<Vec<_>>()
    };
    assert_eq!(totals(&after), totals(&before));
}
