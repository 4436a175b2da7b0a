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

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_tried_first_are_left_out_as_done_when_the_plan_runs() {
    for (recipe, more) in [
        ("upper", json!({ "output": { "place": "replace" } })),
        ("command", beside()),
        ("rename", json!({ "settings": { "name": "new-{/}" } })),
        ("checksum", json!({})),
    ] {
        let files = Files::numbered(5);
        let served = Served::start(&files);
        let plan = planned(&served, recipe, more.clone()).await;
        let trial = served.run(recipe, trial_of(plan, 2, &more)).await;
        assert_eq!((trial.status, trial.counters.succeeded), (JobStatus::Completed, 2), "{recipe}: {trial:?}");
        let view = served.get(&format!("/api/jobs/{plan}")).await;
        assert_eq!((&view["status"], &view["done_since"]), (&json!("planned"), &json!([0, 1])), "{recipe}: {view}");
        assert_eq!((&view["tried"][0]["job"], &view["retries"]), (&json!(trial.job), &Value::Null), "{recipe}: {view}");
        assert_eq!(served.get(&format!("/api/jobs/{}", trial.job)).await["earlier"]["job"], json!(plan), "{recipe}");
        assert_eq!(served.post(&format!("/api/jobs/{plan}/approve")).await.0, 200, "{recipe}");
        let end = served.end(plan).await;
        let items = served.get(&format!("/api/jobs/{plan}/items")).await;
        assert_eq!(end.status, JobStatus::Completed, "{recipe}: {items}");
        let counters = (end.counters.succeeded, end.counters.skipped, end.counters.missed);
        assert_eq!(counters, (3, 2, 0), "{recipe}: {items}");
        assert_eq!(items["items"][0]["reason"], "already done", "{recipe}: {items}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_tried_first_runs_again_if_its_output_is_no_longer_there() {
    let files = Files::numbered(3);
    let served = Served::start(&files);
    let plan = planned(&served, "command", beside()).await;
    served.run("command", trial_of(plan, 2, &beside())).await;
    std::fs::remove_file(files.library().join("000000.copy")).expect("an output");
    assert_eq!(served.post(&format!("/api/jobs/{plan}/approve")).await.0, 200);
    let end = served.end(plan).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (2, 1), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_runs_only_once_the_job_that_tries_its_files_is_over() {
    let files = Files::numbered(3);
    let served = Served::start(&files);
    let plan = planned(&served, "checksum", json!({})).await;
    // It waits for approval itself, so that it is not over.
    let trial = planned(&served, "checksum", trial_of(plan, 2, &json!({}))).await;
    let (status, said) = served.post(&format!("/api/jobs/{plan}/approve")).await;
    assert!(status == 409 && said.to_string().contains(&trial.to_string()), "{status} {said:?}");
    assert_eq!(served.post(&format!("/api/jobs/{trial}/cancel")).await.0, 200);
    served.end(trial).await;
    assert_eq!(served.post(&format!("/api/jobs/{plan}/approve")).await.0, 200);
    assert_eq!(served.end(plan).await.counters.succeeded, 3);
}

/// A command that makes a copy beside each file.
fn beside() -> Value {
    json!({ "settings": { "run": "cp {} {out}" }, "output": { "place": { "beside": { "name": "{/}.copy" } } } })
}

/// The request for a job that tries the first files of a plan.
fn trial_of(plan: JobId, files: u32, more: &Value) -> Value {
    let mut trial = more.clone();
    (trial["sample"], trial["parent"]) = (json!(files), json!(plan));
    trial
}
