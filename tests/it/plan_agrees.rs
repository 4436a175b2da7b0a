//! A plan that waits for approval leaves out exactly the files that a run skips because its recipe is not for them.

use std::collections::BTreeSet;

use headway_model::{JobStatus, SkipReason};
use serde_json::{Value, json};

use crate::helper::{App, Files, request};

/// Beginnings of files, by the extension that belongs to each.
const CONTENTS: [(&str, &[u8]); 9] = [
    ("txt", b"a text that is long enough to be looked at"),
    ("mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom a video"),
    ("jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0 a picture"),
    ("png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR a picture"),
    ("zip", b"PK\x03\x04\x14\0\0\0\0\0\0\0 an archive"),
    ("gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03 packed"),
    ("flac", b"fLaC\0\0\0\x22\x10\0\x10\0 a song"),
    ("pdf", b"%PDF-1.7\n% a document"),
    ("empty", b""),
];

/// Extensions that a file can have although its content is something else.
const NAMES: [&str; 8] = ["txt", "jpg", "zip", "cbz", "cbr", "gz", "flac", "none"];

/// Each content under the name that belongs to it, and under every other.
fn every_pair() -> Files {
    let files = Files::new();
    for (own, content) in CONTENTS {
        NAMES.iter().for_each(|name| files.write(&format!("{own}/x.{name}"), content));
        files.write(&format!("{own}/y.{own}"), content);
        files.write(&format!("{own}/without"), content);
    }
    files
}

/// The recipes to try, with settings that change what they are for.
fn recipes() -> Vec<(&'static str, Value)> {
    let plain = ["archive", "checksum", "comic", "compress", "duplicates", "health", "image", "metadata", "repack"];
    let mut recipes: Vec<_> = plain.into_iter().map(|recipe| (recipe, json!({}))).collect();
    recipes.push(("compress", json!({ "packed": true })));
    recipes.push(("compress", json!({ "action": "unpack" })));
    recipes.push(("health", json!({ "ending": "note" })));
    recipes.push(("image", json!({ "format": "png" })));
    recipes.push(("metadata", json!({ "action": "strip" })));
    recipes
}

/// The items that the recipe is not for.
async fn not_for(app: &App, job: headway_model::JobId) -> BTreeSet<String> {
    let skipped = app.reasons(job, "skipped&limit=1000").await.into_iter();
    skipped.filter(|(_, reason)| reason == SkipReason::Recipe.text()).map(|(path, _)| path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_leaves_out_exactly_what_a_run_skips_as_not_for_its_recipe() {
    for (recipe, settings) in recipes() {
        let body = json!({ "settings": settings });
        let with = |mut request: Value| {
            request["settings"] = body["settings"].clone();
            request
        };
        let files = every_pair();
        let app = App::start(&files).await;
        let asked = json!({ "approval": true });
        let mut planned = with(request(recipe));
        planned["approval"] = asked["approval"].clone();
        let job = app.begin_with(&planned).await;
        app.until(job, |summary| summary.status == JobStatus::Planned).await;
        let in_plan = not_for(&app, job).await;
        let (status, answer) = app.post(&format!("/api/jobs/{job}/approve")).await;
        assert!(status < 300, "{answer}");
        app.end(job).await;
        assert_eq!(not_for(&app, job).await, in_plan, "{recipe} {settings}: what was planned to run is skipped");
        app.stop().await;

        let files = every_pair();
        let app = App::start(&files).await;
        let job = app.begin_with(&with(request(recipe))).await;
        app.end(job).await;
        assert_eq!(not_for(&app, job).await, in_plan, "{recipe} {settings}: the plan leaves out something else");
        app.stop().await;
        let leaves_out = !matches!(recipe, "checksum" | "duplicates") && settings["packed"].is_null();
        assert_eq!(!in_plan.is_empty(), leaves_out, "{recipe} {settings}: {in_plan:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_taken_of_files_that_the_recipe_is_for() {
    let files = Files::new();
    (0..50).for_each(|number| files.write(&format!("{number:02}.txt"), b"a text"));
    files.write("one.gz", CONTENTS[5].1);
    let app = App::start(&files).await;
    let mut sample = request("archive");
    sample["sample"] = json!(1);
    files.write("one.zip", CONTENTS[4].1);
    let job = app.begin_with(&sample).await;
    let ended = app.end(job).await;
    assert_eq!((ended.counters.failed, ended.counters.skipped), (1, 51), "{ended:?}");
    app.stop().await;
}
