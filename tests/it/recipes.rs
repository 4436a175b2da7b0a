//! The recipes for files of certain types, over HTTP: what they write, report, skip and undo.

use std::process::Command;
use std::time::{Duration, SystemTime};

use headway_model::JobId;
use serde_json::{Value, json};

use crate::helper::{App, Files, mint, request};

fn with(recipe: &str, settings: Value) -> Value {
    let mut body = request(recipe);
    body["settings"] = settings;
    body
}

async fn output(app: &App, job: JobId, name: &str) -> String {
    let (status, text) = app.get(&format!("/api/jobs/{job}/outputs/{name}")).await;
    assert_eq!(status, 200, "{name}: {text}");
    text.as_str().map_or_else(|| text.to_string(), str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn compress_packs_beside_keeps_times_unpacks_the_same_and_is_undone() {
    let files = Files::new();
    let text = "a line of text\n".repeat(5_000);
    files.write("a/text.txt", text.as_bytes());
    files.write("a/empty", b"");
    files.write("picture.png", b"\x89PNG\r\n\x1a\n not packed again");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let path = |name: &str| files.library().join(name);
    let file = std::fs::File::options().write(true).open(path("a/text.txt")).expect("a file");
    file.set_modified(old).expect("a time");
    let app = App::start(&files).await;

    let job = app.begin_with(&with("compress", json!({}))).await;
    let packed = app.end(job).await;
    assert_eq!((packed.counters.succeeded, packed.counters.skipped, packed.counters.failed), (2, 1, 0), "{packed:?}");
    let packed_file = path("a/text.txt.zst").metadata().expect("packed");
    assert!(packed_file.len() < 1_000 && packed_file.modified().expect("a time") == old, "{packed_file:?}");
    assert!(output(&app, job, "COMPRESSED.csv").await.contains("a/text.txt,succeeded,,75000,"));
    // What is skipped was not worked on, and says why.
    let (_, page) = app.get(&format!("/api/jobs/{job}/items?status=skipped")).await;
    assert_eq!(page["items"][0]["reason"], "not a type of file that the recipe is for");

    let mut unpack = with("compress", json!({ "action": "unpack" }));
    unpack["output"] = json!({ "place": { "folder": { "path": "out" } } });
    let unpacked = app.run(&unpack).await;
    assert_eq!((unpacked.counters.succeeded, unpacked.counters.skipped), (2, 3), "{unpacked:?}");
    assert_eq!(std::fs::read_to_string(path("out/a/text.txt")).expect("unpacked"), text);
    assert_eq!(path("out/a/empty").metadata().expect("unpacked").len(), 0);

    let mut replace = with("compress", json!({}));
    replace["output"] = json!({ "place": "replace" });
    let (status, answer) = app.put(&mint().to_string(), &replace).await;
    assert!(status == 422 && answer.to_string().contains("cannot take its place"), "{answer}");

    let undo = mint();
    let (status, answer) = app.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(app.end(undo).await.counters.succeeded, 2);
    assert!(!path("a/text.txt.zst").exists() && path("a/text.txt").exists());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_reports_each_file_and_fails_what_is_damaged() {
    let files = Files::new();
    (0..3).for_each(|number| files.write(&format!("in/{number}.txt"), "content ".repeat(100).as_bytes()));
    let zipped = Command::new("zip").args(["-q", "-r", "good.cbz", "in"]).current_dir(files.library()).status();
    assert!(zipped.expect("zip").success());
    let good = std::fs::read(files.library().join("good.cbz")).expect("an archive");
    files.write("cut.zip", &good[..good.len() - 30]);
    let app = App::start(&files).await;
    let job = app.begin_with(&with("archive", json!({}))).await;
    let tested = app.end(job).await;
    assert_eq!((tested.counters.succeeded, tested.counters.failed, tested.counters.skipped), (1, 1, 3), "{tested:?}");
    let rows = output(&app, job, "ARCHIVES.csv").await;
    assert!(rows.contains("good.cbz,succeeded,,ok,4,2400,"), "{rows}");
    assert!(rows.contains("cut.zip,failed,\"its end is missing"), "{rows}");
    assert_eq!(output(&app, job, "ARCHIVES.jsonl").await.lines().count(), 5);
    app.stop().await;
}
