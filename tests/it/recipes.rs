//! The recipes for certain file types, over HTTP: what they write, report, skip and undo.

use std::process::Command;
use std::time::{Duration, SystemTime};

use headway_model::JobId;
use serde_json::{Value, json};

use crate::helper::{App, Files, mint, request, set_modified};

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
    set_modified(&path("a/text.txt"), old);
    let app = App::start(&files).await;

    let job = app.begin_with(&with("compress", json!({}))).await;
    let packed = app.end(job).await;
    assert_eq!((packed.counters.succeeded, packed.counters.skipped, packed.counters.failed), (2, 1, 0), "{packed:?}");
    let (_, rows) = app.get(&format!("/api/v1/jobs/{job}/report.csv")).await;
    let rows = rows.as_str().expect("CSV");
    assert!(rows.starts_with("number,path,status,reason,message,bytes,output,output_bytes,kept\r\n"), "{rows}");
    assert!(rows.contains(",a/text.txt,succeeded,,,75000,a/text.txt.zst,"), "{rows}");
    assert!(rows.contains(",picture.png,skipped,not a type of file that the recipe is for,,"), "{rows}");
    let (_, lines) = app.get(&format!("/api/v1/jobs/{job}/report.jsonl")).await;
    assert_eq!(lines.as_str().expect("lines").lines().count(), 3);
    let (_, totals) = app.get(&format!("/api/v1/jobs/{job}/totals")).await;
    assert_eq!((&totals["created"]["files"], &totals["saved"]), (&json!(2), &json!(0)), "{totals}");
    let packed_file = path("a/text.txt.zst").metadata().expect("packed");
    assert!(packed_file.len() < 1_000 && packed_file.modified().expect("a time") == old, "{packed_file:?}");
    assert!(output(&app, job, "COMPRESSED.csv").await.contains("a/text.txt,succeeded,,75000,"));
    // A skipped file was not processed, and its item says why.
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
async fn duplicates_has_a_note_for_each_file_of_a_window_and_its_report_says_what_is_in_the_log() {
    let files = Files::new();
    for (name, content) in [("a", "same"), ("b", "same"), ("c", "else")] {
        files.write(name, content.as_bytes());
    }
    let app = App::start(&files).await;
    let job = app.begin_with(&with("duplicates", json!({ "keep": "first" }))).await;
    assert_eq!(app.end(job).await.counters.succeeded, 3);
    let two = "2 files with this content, 4 bytes each:";
    let alone = "no other file of this job that was read has this content".to_owned();
    let said = [format!("{two} this one stays"), format!("{two} a stays"), alone];
    // The second window is read with the index that the first one made.
    for _ in 0..2 {
        let (_, page) = app.get(&format!("/api/v1/jobs/{job}/items")).await;
        let items = page["items"].as_array().expect("items").iter();
        let notes: Vec<_> = items.map(|item| item["result"]["note"].as_str().unwrap_or_default()).collect();
        assert_eq!(notes, said);
    }
    let (_, lines) = app.get(&format!("/api/v1/jobs/{job}/report.jsonl")).await;
    let lines = lines.as_str().expect("lines");
    assert!(lines.lines().count() == 3 && lines.contains("blake3") && !lines.contains("\"note\""), "{lines}");
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

/// A PNG file of one pixel, with these chunks in it.
pub(crate) fn picture(chunks: &[u8]) -> Vec<u8> {
    const HEAD: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";
    const PIXEL: &[u8] = b"\0\0\0\x0aIDAT\x78\x9c\x63\x68\0\0\0\x82\0\x81\x77\xcd\x72\xb6\0\0\0\0IEND\xae\x42\x60\x82";
    [HEAD, chunks, PIXEL].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_converted_beside_enlarged_in_place_and_both_are_undone() {
    let files = Files::new();
    files.write("a/one.png", &picture(b""));
    files.write("cut.png", &picture(b"")[..40]);
    files.write("text.txt", b"no picture");
    let path = |name: &str| files.library().join(name);
    let app = App::start(&files).await;

    let job = app.begin_with(&with("image", json!({ "format": "jpeg" }))).await;
    let made = app.end(job).await;
    assert_eq!((made.counters.succeeded, made.counters.failed, made.counters.skipped), (1, 1, 1), "{made:?}");
    assert!(std::fs::read(path("a/one.jpg")).expect("a picture").starts_with(b"\xff\xd8\xff"));
    assert!(!path("cut.jpg").exists());
    assert!(output(&app, job, "IMAGES.csv").await.contains("a/one.png,succeeded,,\"png, 1 x 1, 67 bytes\",jpeg,1,1,"));
    let undo = mint();
    let (status, answer) = app.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{answer}");
    app.end(undo).await;
    assert!(!path("a/one.jpg").exists());

    let mut replace = with("image", json!({ "longest": 16, "enlarge": true }));
    replace["output"] = json!({ "place": "replace" });
    let job = app.begin_with(&replace).await;
    assert_eq!(app.end(job).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(path("a/one.png")).expect("a picture")[16..24], [0, 0, 0, 16, 0, 0, 0, 16]);
    let undo = mint();
    let (status, answer) = app.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(app.end(undo).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(path("a/one.png")).expect("a picture"), picture(b""));

    replace["settings"]["format"] = "webp".into();
    let (status, answer) = app.put(&mint().to_string(), &replace).await;
    assert!(status == 422 && answer.to_string().contains("cannot take the place"), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_reported_stripped_in_place_and_undo_brings_back_every_byte() {
    let files = Files::new();
    let secret = picture(b"\0\0\0\x0etEXtComment\0secret\x64\xaa\xc5\x29");
    files.write("a/told.png", &secret);
    files.write("plain.png", &picture(b""));
    files.write("cut.png", &secret[..60]);
    files.write("text.txt", b"no picture");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let path = |name: &str| files.library().join(name);
    set_modified(&path("a/told.png"), old);
    let app = App::start(&files).await;

    let job = app.begin_with(&with("metadata", json!({}))).await;
    let told = app.end(job).await;
    assert_eq!((told.counters.succeeded, told.counters.skipped, told.counters.failed), (3, 1, 0), "{told:?}");
    let rows = output(&app, job, "METADATA.csv").await;
    assert!(rows.contains("a/told.png,succeeded,,png,text,26,"), "{rows}");
    assert!(rows.contains("cut.png,succeeded,,png,text,26,,,,,,,it is cut off"), "{rows}");

    let job = app.begin_with(&with("metadata", json!({ "action": "strip" }))).await;
    let stripped = app.end(job).await;
    assert_eq!((stripped.counters.succeeded, stripped.counters.failed), (2, 1), "{stripped:?}");
    assert_eq!(std::fs::read(path("a/told.png")).expect("a file"), picture(b""));
    assert_eq!(path("a/told.png").metadata().expect("a file").modified().expect("a time"), old);
    assert_eq!(std::fs::read(path("cut.png")).expect("a file"), secret[..60]);
    assert!(output(&app, job, "METADATA.csv").await.contains("a/told.png,succeeded,,png,text,,26"));

    let undo = mint();
    let (status, answer) = app.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(app.end(undo).await.counters.succeeded, 1);
    assert_eq!(std::fs::read(path("a/told.png")).expect("a file"), secret);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_kept_under_a_name_across_restarts_and_run_from_the_terminal() {
    let files = Files::new();
    files.write("a.txt", b"a text");
    let app = App::start(&files).await;
    let mut body = with("checksum", json!({ "algorithm": "blake3" }));
    body["query"] = json!({ "folder": { "include": ["*.txt"] } });
    let (status, kept) = app.put_at("/api/v1/presets/sums", &body).await;
    assert!(status == 200 && kept["sums"]["recipe"] == "checksum", "{kept}");
    let (status, wrong) = app.put_at("/api/v1/presets/no.name", &body).await;
    assert!(status == 422 && wrong.to_string().contains("letters, digits"), "{wrong}");
    let mut elsewhere = with("checksum", json!({}));
    elsewhere["library"] = json!("nowhere");
    let mut of_a_job = with("checksum", json!({}));
    of_a_job["query"] = json!({ "items": { "job": mint(), "which": "failed" } });
    for (pointer, body) in [
        ("/recipe", with("checksun", json!({}))),
        ("/query", with("undo", json!({}))),
        ("/library", elsewhere),
        ("/query/items", of_a_job),
    ] {
        let (status, wrong) = app.put_at("/api/v1/presets/wrong", &body).await;
        assert_eq!((status, &wrong["errors"][0]["pointer"]), (422, &json!(pointer)), "{wrong}");
        assert_eq!(wrong["errors"][0]["detail"], wrong["detail"], "{wrong}");
    }
    app.stop().await;

    let app = App::start(&files).await;
    let (_, presets) = app.get("/api/v1/presets").await;
    assert_eq!(presets["sums"]["settings"], body["settings"], "{presets}");
    let job = app.begin_with(&presets["sums"]).await;
    assert_eq!(app.end(job).await.counters.succeeded, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_presets_is_named_by_the_answer_and_by_the_doctor() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    app.put_at("/api/v1/presets/sums", &with("checksum", json!({}))).await;
    app.stop().await;
    for damaged in ["", "[]", "\u{fffd}"] {
        std::fs::write(files.data().join("presets.json"), damaged).expect("a file");
        let app = App::start(&files).await;
        let (status, answer) = app.get("/api/v1/presets").await;
        assert!(status == 409 && answer.to_string().contains("presets.json"), "{damaged:?}: {answer}");
        assert_eq!(answer["retry"], false, "{damaged:?}: trying again does not help: {answer}");
        app.stop().await;
        let (is_well, said) = crate::doctor::doctor(&files);
        assert!(!is_well && said.contains("presets.json"), "{damaged:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_that_cannot_be_read_now_can_be_requested_again() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let path = files.data().join("presets.json");
    std::fs::create_dir(&path).expect("a folder in its place");
    let (status, answer) = app.get("/api/v1/presets").await;
    assert!(status == 503 && answer["retry"] == true, "{answer}");
    std::fs::remove_dir(&path).expect("the folder");
    assert_eq!(app.get("/api/v1/presets").await.0, 200);
    app.stop().await;
}
