//! What a plan says about its files: the name of each output, what is done to the file, and which of several stays.

use std::time::{Duration, SystemTime};

use headway_model::{JobId, JobStatus};
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::Files;
use crate::recipes::picture;

/// A plan that waits for approval.
async fn planned(served: &Served, recipe: &str, mut more: Value) -> JobId {
    more["approval"] = json!(true);
    let job = served.begin(recipe, more).await;
    served.until(job, |summary| summary.status == JobStatus::Planned).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_any_plan_says_what_is_done_to_its_file() {
    let files = Files::new();
    files.write("a.png", &picture(b""));
    let served = Served::start(&files);
    let shorter = "its longest side becomes 800 pixels, unless it is shorter";
    for (recipe, more, output, will) in [
        ("checksum", json!({}), Value::Null, json!("only read")),
        ("metadata", json!({}), Value::Null, json!("only read")),
        ("metadata", json!({ "settings": { "action": "strip" } }), Value::Null, json!("replaced in place")),
        ("image", json!({ "settings": { "format": "webp", "longest": 800 } }), json!("a.webp"), json!(shorter)),
        (
            "image",
            json!({ "settings": { "longest": 800 }, "output": { "place": "replace" } }),
            Value::Null,
            json!(format!("replaced in place; {shorter}")),
        ),
        ("compress", json!({ "settings": { "packed": true } }), json!("a.png.zst"), Value::Null),
        ("checked", json!({}), json!("a.copy"), json!("runs cp a.png a.copy")),
        (
            "upper",
            json!({}),
            Value::Null,
            json!(r#"runs sh -c 'tr a-z A-Z < "$1" > "$2"' sh a.png a.png; replaced in place"#),
        ),
        ("command", json!({ "settings": { "run": "wc -c" } }), Value::Null, json!("runs wc -c a.png")),
    ] {
        let job = planned(&served, recipe, more.clone()).await;
        let page = served.get(&format!("/api/jobs/{job}/items")).await;
        let item = &page["items"][0];
        assert_eq!((&item["output"], &item["will"]), (&output, &will), "{recipe} {more}: {page}");
        served.post(&format!("/api/jobs/{job}/cancel")).await;
        served.end(job).await;
        let page = served.get(&format!("/api/jobs/{job}/items")).await;
        assert_eq!(page["items"][0]["will"], Value::Null, "{recipe} {more}: it does not wait any longer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_removals_says_the_rule_and_which_file_stays_instead_of_each() {
    let files = Files::new();
    let at = |days: u64| SystemTime::now() - Duration::from_secs(days * 86_400);
    files.write_at("A/x.jpg", b"the same", at(9));
    files.write_at("a.jpg", b"the same", at(1));
    files.write_at("b.jpg", b"the same", at(2));
    files.write("other.jpg", b"something else");
    let served = Served::start(&files);
    let report = served.begin("duplicates", json!({ "settings": { "keep": "oldest" } })).await;
    served.end(report).await;
    for (action, what) in [("trash", "to the trash"), ("link", "to the trash, and a hard link takes its place")] {
        let settings = json!({ "settings": { "report": report, "action": action } });
        let job = planned(&served, "deduplicate", settings).await;
        let page = served.get(&format!("/api/jobs/{job}/items?status=waiting")).await;
        let rows = page["items"].as_array().expect("items").iter().map(|item| (&item["path"], &item["will"]));
        let said = json!(format!("{what}; kept: A/x.jpg - the oldest"));
        assert!(rows.eq([(&json!("a.jpg"), &said), (&json!("b.jpg"), &said)]), "{page}");
        let view = served.get(&format!("/api/jobs/{job}")).await;
        assert_eq!(
            view["report"],
            json!([
                "One file of each group with the same content stays: the oldest",
                "The report has 1 group with 3 files; removing 2 of them frees 16 bytes once the trash is emptied"
            ])
        );
        served.post(&format!("/api/jobs/{job}/cancel")).await;
        served.end(job).await;
    }
}
