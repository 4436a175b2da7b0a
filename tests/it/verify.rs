//! The recipe `verify`, against manifests that real tools wrote.

use std::process::Command;
use std::time::{Duration, SystemTime};

use headway_model::JobStatus;
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::{App, Files, mint, set_modified};

const DAY: Duration = Duration::from_secs(86_400);

fn sum(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

async fn verify(app: &App, settings: Value) -> (Value, Vec<Value>, String) {
    let job = mint();
    let body = json!({ "library": "files", "recipe": "verify", "settings": settings, "query": { "folder": {} } });
    let (status, answer) = app.put(&job.to_string(), &body).await;
    assert_eq!(status, 201, "{answer}");
    app.end(job).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let (_, items) = app.get(&format!("/api/jobs/{job}/items")).await;
    let report = match app.get(&format!("/api/jobs/{job}/outputs/REPORT.txt")).await {
        (200, Value::String(text)) => text,
        _ => String::new(),
    };
    (view, items["items"].as_array().expect("items").clone(), report)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_distinguishes_ok_changed_missing_and_new_files() {
    let files = Files::new();
    for name in ["ok", "sub/changed", "rotten", "gone", "new\nline"] {
        files.write(name, name.as_bytes());
    }
    let made = Command::new("sh")
        .args(["-c", "touch SHA256SUMS; find . -type f -print0 | xargs -0 sha256sum > SHA256SUMS"])
        .current_dir(files.library())
        .status();
    assert!(made.expect("sha256sum").success());
    let now = SystemTime::now();
    let path = |name: &str| files.library().join(name);
    std::fs::remove_file(path("gone")).expect("a file less");
    files.write("rotten", b"ROTTEN");
    set_modified(&path("rotten"), now - DAY);
    files.write("sub/changed", b"changed since");
    set_modified(&path("sub/changed"), now + DAY);
    files.write("new", b"n");

    let app = App::start(&files).await;
    let (view, items, report) = verify(&app, json!({ "manifest": "SHA256SUMS" })).await;
    let of = |name: &str| items.iter().find(|item| item["path"] == name).expect(name).clone();
    for (name, verdict) in [("ok", "ok"), ("new%0Aline", "ok"), ("SHA256SUMS", "the manifest")] {
        assert_eq!(of(name)["result"]["verdict"], verdict, "{name}");
    }
    // Nothing was compared.
    assert_eq!(
        (&of("new")["status"], &of("new")["reason"]),
        (&json!("skipped"), &json!("no line of the manifest names it"))
    );
    assert_eq!(view["counters"]["succeeded"], 3, "{view}");
    // What is missing is counted and listed as any other file that was missed.
    assert_eq!((&of("gone")["status"], &of("gone")["reason"]), (&json!("skipped"), &json!("not there")));
    assert_eq!(view["counters"]["missed"], 1, "{view}");
    let why = |name: &str| of(name)["message"].as_str().unwrap_or_default().to_owned();
    // Nobody knows the file's modification time when `sha256sum` read it.
    assert!(why("rotten").starts_with("changed: cause unknown"), "{}", why("rotten"));
    assert!(why("sub/changed").starts_with("changed: "), "{}", why("sub/changed"));
    assert_eq!((view["status"].as_str(), view["reason"].as_str()), (Some("failed"), Some("finish")), "{view}");
    assert_eq!(view["message"], "1 file that the manifest names is missing: gone");
    let head = "# SHA256SUMS: 6 lines: ok 2, changed 2, bit rot 0, missing 1, unreadable 0, not checked 1\n";
    assert!(report.starts_with(&format!("{head}# beside them: new 1\n")), "{report}");
    assert!(report.contains("SHA256SUMS\tnot checked: it is the manifest itself"), "{report}");
    assert!(report.contains("gone\tmissing"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_manifest_is_a_row_with_what_it_expects_and_what_the_file_has() {
    let files = Files::new();
    for name in ["ok", "changed", "new"] {
        files.write(name, name.as_bytes());
    }
    let (ok, expected, actual) = (sum(b"ok"), sum(b"before"), sum(b"changed"));
    let lines = format!(
        "BLAKE3 (ok) = {}\nBLAKE3 (changed) = {expected}\n{expected}  gone\nSM3 (ok) = {expected}\nnonsense\n",
        sum(b"ok")
    );
    files.write("SUMS", lines.as_bytes());
    let app = App::start(&files).await;
    let (view, ..) = verify(&app, json!({ "manifest": "SUMS" })).await;
    assert_eq!(view["outputs"], json!(["REPORT.csv", "REPORT.jsonl", "REPORT.txt"]));
    let id = view["job"].as_str().expect("an id");
    let output = async |name: &str| match app.get(&format!("/api/jobs/{id}/outputs/{name}")).await {
        (200, Value::String(text)) => text,
        other => panic!("{name}: {other:?}"),
    };
    let table = output("REPORT.csv").await;
    let head = "path,verdict,reason,algorithm,expected,actual,expected_size,size,manifest,line\r\n";
    assert!(table.starts_with(head), "{table}");
    assert!(table.contains(&format!(",blake3,{expected},{actual},,7,SUMS,2\r\n")), "{table}");
    let rows = output("REPORT.jsonl").await;
    let rows: Vec<Value> = rows.lines().map(|row| serde_json::from_str(row).expect("JSON")).collect();
    assert_eq!(table.lines().count(), rows.len() + 1, "both forms have the same rows: {table}");
    let of = |line: u64| rows.iter().find(|row| row["line"] == line).unwrap_or_else(|| panic!("{line}: {rows:?}"));
    let verdicts: Vec<_> = (1..=5).map(|line| of(line)["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["ok", "changed", "missing", "not checked", "not checked"], "{rows:?}");
    let blake3 = |expected: &str, actual: Option<&str>| json!([{ "algorithm": "blake3", "expected": expected, "actual": actual }]);
    assert_eq!(of(1)["checksums"], blake3(&ok, Some(ok.as_str())));
    assert_eq!(of(2)["checksums"], blake3(&expected, Some(actual.as_str())));
    assert_eq!((&of(1)["size"], &of(2)["size"], &of(3)["size"]), (&json!(2), &json!(7), &Value::Null));
    // The file that would show by which algorithm this line is is not there, but others of the manifest are by BLAKE3.
    assert_eq!((&of(3)["path"], &of(3)["checksums"]), (&json!("gone"), &blake3(&expected, None)));
    assert_eq!(of(4)["checksums"], json!([{ "algorithm": "SM3", "expected": expected, "actual": null }]));
    let new = rows.iter().find(|row| row["path"] == "new").expect("the file that no line names");
    assert_eq!((&new["verdict"], new.get("line")), (&json!("new"), None));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_chosen_are_verified_alone() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let checksum = json!({ "library": "files", "recipe": "checksum", "query": { "folder": {} } });
    let made = app.run(&checksum).await.job;
    // It is not one of the chosen files, so its absence is not counted as their error.
    std::fs::remove_file(files.library().join("000002")).expect("a file less");
    let verify = |query: Value| json!({ "library": "files", "recipe": "verify", "query": query, "settings": { "manifest": format!("@{made}") } });
    let chosen = app.run(&verify(json!({ "paths": ["000000", "000001"] }))).await;
    assert_eq!((chosen.status, chosen.counters.total), (JobStatus::Completed, 2), "{chosen:?}");
    let all = app.run(&verify(json!({ "folder": {} }))).await;
    assert_eq!((all.counters.succeeded, all.counters.missed, all.counters.total), (2, 1, 3), "{all:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_vanish_before_they_are_compared_are_missing_in_the_report() {
    let files = Files::numbered(5);
    let line = |number: usize| format!("{}  {number:06}\n", sum(format!("file {number}\n").as_bytes()));
    files.write("SUMS", (0..5).map(line).collect::<String>().as_bytes());
    let app = App::start(&files).await;
    let body = json!({ "library": "files", "recipe": "verify", "settings": { "manifest": "SUMS" },
        "query": { "folder": {} }, "approval": true });
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    for name in ["000001", "000003"] {
        std::fs::remove_file(files.library().join(name)).expect("a file less");
    }
    assert_eq!(app.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    let end = app.end(job).await;
    assert!(matches!(end.status, JobStatus::Failed { .. }) && end.counters.missed == 2, "{end:?}");
    let (_, report) = app.get(&format!("/api/jobs/{job}/outputs/REPORT.txt")).await;
    let report = report.as_str().unwrap_or_default();
    assert!(report.contains("ok 3, changed 0, bit rot 0, missing 2, unreadable 0, not checked 0"), "{report}");
    assert!(report.contains("000001\tmissing: ") && report.contains("000003\tmissing: "), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_of_a_checksum_job_verifies() {
    let files = Files::numbered(40);
    let app = App::start(&files).await;
    let job = mint();
    let body = json!({ "library": "files", "recipe": "checksum", "settings": { "algorithm": "blake3" }, "query": { "folder": {} } });
    assert_eq!(app.put(&job.to_string(), &body).await.0, 201);
    app.end(job).await;
    let (_, manifest) = app.get(&format!("/api/jobs/{job}/outputs/B3SUMS")).await;
    files.write("B3SUMS", manifest.as_str().expect("a text").as_bytes());
    let (view, _, report) = verify(&app, json!({ "manifest": "B3SUMS" })).await;
    assert_eq!(view["status"], "completed", "{view}");
    let counts = "ok 40, changed 0, bit rot 0, missing 0, unreadable 0, not checked 0";
    assert_eq!(report, format!("# B3SUMS: 40 lines: {counts}\n"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_cannot_be_used_says_why() {
    let files = Files::numbered(1);
    files.write("outside.sha256", format!("{}  ../outside\n", "00".repeat(32)).as_bytes());
    let app = App::start(&files).await;
    let body = json!({ "library": "files", "recipe": "verify", "query": { "folder": {} } });
    let (status, answer) = app.put(&mint().to_string(), &body).await;
    assert_eq!(status, 422, "{answer}");
    // A fault that can be found at once is reported at the setting, and no job is made.
    for (manifest, says) in
        [("nowhere", "cannot be read: No such file"), ("../x", "invalid path, \"../x\": the path has")]
    {
        let mut body = body.clone();
        body["settings"] = json!({ "manifest": manifest });
        let id = mint().to_string();
        let (status, answer) = app.put(&id, &body).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["settings"]["manifest"].as_str().is_some_and(|text| text.contains(says)), "{answer}");
        assert_eq!(app.get(&format!("/api/jobs/{id}")).await.0, 404, "there is no dead job of it");
    }
    for (manifest, says) in
        [("000000", "line 1 of 000000: no checksum"), ("outside.sha256", "line 1 of outside.sha256: the path has")]
    {
        let (view, items, _) = verify(&app, json!({ "manifest": manifest })).await;
        assert_eq!((view["status"].as_str(), items.len()), (Some("failed"), 0), "{view}");
        assert_eq!(view["reason"], "plan");
        let message = view["message"].as_str().unwrap_or_default();
        assert!(message.contains(says), "{message}");
    }
    // A repeated call finds the same job, even if the manifest is gone meanwhile.
    files.write("SUMS", format!("{}  000000\n", "00".repeat(32)).as_bytes());
    let (mut body, id) = (body, mint());
    body["settings"] = json!({ "manifest": "SUMS" });
    assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
    app.end(id).await;
    std::fs::remove_file(files.library().join("SUMS")).expect("a file");
    assert_eq!(app.put(&id.to_string(), &body).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_a_manifest_repeats_a_line_each_has_its_verdict_soon() {
    let files = Files::numbered(1);
    let line = format!("{}  000000\n", sum(b"file 0\n"));
    files.write("SUMS", line.repeat(100_000).as_bytes());
    let app = App::start(&files).await;
    let (view, _, report) = verify(&app, json!({ "manifest": "SUMS" })).await;
    assert_eq!(view["status"], "completed", "{view}");
    let counts = "ok 100,000, changed 0, bit rot 0, missing 0, unreadable 0, not checked 0";
    assert_eq!(report, format!("# SUMS: 100,000 lines: {counts}\n"));
    // As many lines about a file that does not exist.
    files.write("SUMS", line.replace("000000", "gone").repeat(100_000).as_bytes());
    let (view, _, report) = verify(&app, json!({ "manifest": "SUMS" })).await;
    assert_eq!(view["reason"], "finish", "{view}");
    assert!(report.contains("missing 100,000") && report.len() < 1_000, "{} bytes", report.len());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_skipped_because_an_earlier_job_checked_them_are_no_failure() {
    let files = Files::numbered(2);
    files.write("SUMS", format!("{}  000000\n", sum(b"file 0\n")).as_bytes());
    let app = App::start(&files).await;
    let body = json!({ "library": "files", "recipe": "verify", "settings": { "manifest": "SUMS" },
        "query": { "folder": {} }, "policy": { "on_done": "skip" } });
    assert_eq!(app.run(&body).await.status, JobStatus::Completed);
    let end = app.run(&body).await;
    let (_, view) = app.get(&format!("/api/jobs/{}", end.job)).await;
    assert_eq!(view["status"], "completed", "{view}");
    let (_, report) = app.get(&format!("/api/jobs/{}/outputs/REPORT.txt", end.job)).await;
    let report = report.as_str().expect("a text");
    assert!(report.contains("000000\tnot checked: an earlier job checked it"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_patterns_choose_is_missed_if_something_else_is_there_and_one_they_leave_out_never() {
    let files = Files::numbered(4);
    let line = |file: usize| format!("{}  00000{file}\n", sum(format!("file {file}\n").as_bytes()));
    files.write("SUMS", (0..4).map(line).collect::<String>().as_bytes());
    let app = App::start(&files).await;
    let path = |name: &str| files.library().join(name);
    let run = async |query: Value| {
        let body =
            json!({ "library": "files", "recipe": "verify", "settings": { "manifest": "SUMS" }, "query": query });
        let end = app.run(&body).await;
        app.get(&format!("/api/jobs/{}", end.job)).await.1
    };
    let chosen = [
        json!({ "folder": { "exclude": ["*.none"] } }),
        json!({ "folder": { "include": ["0000*"] } }),
        json!({ "folder": { "search": "00001" } }),
        json!({ "folder": {} }),
    ];
    let left_out = [
        json!({ "folder": { "exclude": ["000001"] } }),
        json!({ "folder": { "include": ["000002"] } }),
        json!({ "folder": { "search": "00002" } }),
    ];
    let make = |kind: usize| match kind {
        0 => std::fs::create_dir(path("000001")).expect("a folder"),
        1 => std::os::unix::fs::symlink("000000", path("000001")).expect("a link"),
        2 => assert!(Command::new("mkfifo").arg(path("000001")).status().expect("mkfifo").success()),
        _ => {}
    };
    for kind in 0..4 {
        std::fs::remove_file(path("000001")).expect("a file");
        make(kind);
        for query in &chosen {
            let view = run(query.clone()).await;
            assert_ne!(view["status"], "completed", "{kind} {query}: {view}");
        }
        for query in &left_out {
            let view = run(query.clone()).await;
            assert_eq!(view["status"], "completed", "{kind} {query}: {view}");
        }
        if kind == 0 {
            std::fs::remove_dir(path("000001")).expect("an empty folder");
            files.write("000001", b"file 1\n");
        }
        if kind == 3 {
            files.write("000001", b"file 1\n");
        }
    }
    // Below a folder that is named, too.
    files.write("p/a", b"a");
    files.write("SUMS", format!("{}  p/a\n", sum(b"a")).as_bytes());
    std::fs::remove_file(path("p/a")).expect("a file");
    std::fs::create_dir(path("p/a")).expect("a folder");
    let view = run(json!({ "paths": ["p"] })).await;
    assert_ne!(view["status"], "completed", "{view}");
    // A pattern that fits the folder itself leaves out nothing below it, neither what is there nor what is not.
    files.write("p/b", b"b");
    files.write("SUMS", format!("{}  p/b\n{}  p/gone\n", sum(b"b"), sum(b"gone")).as_bytes());
    let view = run(json!({ "folder": { "path": "p", "exclude": ["p"] } })).await;
    assert_eq!((&view["counters"]["succeeded"], &view["counters"]["missed"]), (&json!(1), &json!(1)), "{view}");
    app.stop().await;
}

/// A debug build needs many seconds to read this manifest.
fn write_huge_manifest(files: &Files) {
    let mut text = String::new();
    for number in 0..400_000 {
        text.push_str(&format!("{number:064x}  folder/name of a file {number}\n"));
    }
    files.write("SHA256SUMS", text.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_and_a_cancel_end_the_reading_of_a_huge_manifest() {
    let files = Files::numbered(1);
    write_huge_manifest(&files);
    let body = json!({
        "library": "files", "recipe": "verify", "settings": { "manifest": "SHA256SUMS" }, "query": { "folder": {} }
    });
    let app = App::start(&files).await;
    let job = app.begin_with(&body).await;
    let begun = std::time::Instant::now();
    app.stop().await;
    let app = App::start(&files).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert_eq!(view["status"], "planning", "it was stopped before its end, and goes on");
    assert_eq!(app.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
    assert_eq!(app.end(job).await.status, JobStatus::Cancelled);
    app.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// After a restart at its last step, a job reads its manifest again, which is huge by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_a_stop_and_a_cancel_end_the_reading_of_a_huge_manifest_at_the_last_step() {
    let files = Files::numbered(1);
    files.write("SHA256SUMS", format!("{}  000000\n", sum(b"file 0\n")).as_bytes());
    let mut served = Served::start_in(&files, &["env", "HEADWAY_FAULT=finishing of last"]).expect("a ready server");
    let job = mint();
    let body = json!({
        "library": "files", "recipe": "verify", "settings": { "manifest": "SHA256SUMS" }, "query": { "folder": {} },
        "title": "last"
    });
    // The server can die before it answers.
    served.client.put(format!("{}/api/jobs/{job}", served.headway.url)).json(&body).send().await.ok();
    assert!(served.headway.dies_within(Duration::from_secs(30)));
    drop(served);
    write_huge_manifest(&files);

    let quick = |config: &mut headway_server::config::Config| config.drain = Duration::from_millis(100);
    let app = App::start_with(&files, quick, Vec::new()).await;
    let status = async |app: &App| app.get(&format!("/api/jobs/{job}")).await.1["status"].clone();
    let begun = std::time::Instant::now();
    assert_eq!(status(&app).await, "finishing");
    assert_eq!(app.post(&format!("/api/jobs/{job}/pause")).await.0, 200);
    assert_eq!(app.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    app.until(job, |summary| summary.status == JobStatus::Finishing).await;
    app.stop().await;
    let app = App::start_with(&files, quick, Vec::new()).await;
    assert_eq!(status(&app).await, "finishing", "it was stopped before its end, and goes on");
    assert_eq!(app.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
    assert_eq!(app.end(job).await.status, JobStatus::Cancelled);
    app.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// As when the read of the manifest hangs.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_gets_no_answer_says_so_and_not_that_there_are_no_files() {
    let files = Files::numbered(1);
    let gate = files.data().with_file_name("hangs");
    std::fs::write(&gate, "").expect("a file");
    let fault = format!("HEADWAY_FAULT=preparing while {}", gate.display());
    let served = Served::start_in(&files, &["env", &fault]).expect("a ready server");
    let job = served.begin("checksum", json!({})).await;
    let mut waits = Value::Null;
    for _ in 0..80 {
        waits = served.get(&format!("/api/jobs/{job}")).await["waits"].clone();
        if !waits.is_null() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(waits.as_str().is_some_and(|text| text.starts_with("The listing has made no progress for ")), "{waits}");
    let page = served.client.get(format!("{}/jobs/{job}", served.headway.url)).send().await.expect("an answer");
    let page = page.text().await.expect("a page");
    assert!(
        page.contains("The listing has made no progress for ") && page.contains("No file is listed yet."),
        "{page}"
    );
    assert!(!page.contains("This job has no files."), "{page}");
    std::fs::remove_file(&gate).expect("a file");
    assert_eq!(served.end(job).await.status, JobStatus::Completed);
}

/// After a restart the first attempt prepares the job again, on storage that no longer answers, and another one waits for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_preparation_delays_no_cancel_and_no_shutdown() {
    let files = Files::numbered(2);
    let gate = files.data().with_file_name("hangs");
    let fault = format!("HEADWAY_FAULT=preparing while {}", gate.display());
    let hanging = ["env", &fault];
    let mut served = Served::start_in(&files, &hanging).expect("a ready server");
    let job = served.begin("checksum", json!({ "approval": true })).await;
    served.until(job, |summary| summary.status == JobStatus::Planned).await;
    assert!(served.headway.terminate());
    drop(served);

    std::fs::write(&gate, "").expect("a file");
    let mut served = Served::start_in(&files, &hanging).expect("a ready server");
    assert_eq!(served.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    served.until(job, |summary| summary.counters.running == 2).await;
    assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
    assert_eq!(served.end(job).await.status, JobStatus::Cancelled);
    assert!(gate.exists() && served.headway.terminates_within(Duration::from_secs(9)));
}

/// Starts a verify over `query` that skips files that are done, and returns the job with its report.
async fn verify_the_rest(app: &App, manifest: &str, query: Value, on_done: &str) -> (Value, String) {
    let job = mint();
    let body = json!({ "library": "files", "recipe": "verify", "settings": { "manifest": manifest }, "query": query,
        "policy": { "on_done": on_done } });
    let (status, answer) = app.put(&job.to_string(), &body).await;
    assert_eq!(status, 201, "{answer}");
    app.end(job).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    let (_, report) = app.get(&format!("/api/jobs/{job}/outputs/REPORT.txt")).await;
    (view, report.as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_stays_done_only_while_its_lines_in_the_manifest_are_unchanged() {
    let files = Files::new();
    ["x", "y", "z"].iter().for_each(|name| files.write(&format!("p/{name}"), name.as_bytes()));
    let manifest = |sums: &[(&str, &str)]| {
        let lines: String =
            sums.iter().map(|(name, content)| format!("{}  p/{name}\n", sum(content.as_bytes()))).collect();
        files.write("M", lines.as_bytes());
    };
    manifest(&[("x", "x"), ("y", "y"), ("z", "z")]);
    let app = App::start(&files).await;
    let (view, report) = verify_the_rest(&app, "M", json!({ "paths": ["p/x"] }), "skip_moved").await;
    assert_eq!(view["status"], "completed", "{view} {report}");
    let all = || json!({ "folder": { "path": "p" } });
    // Lines in another order say the same.
    manifest(&[("z", "z"), ("x", "x"), ("y", "y")]);
    let (view, report) = verify_the_rest(&app, "M", all(), "skip_moved").await;
    assert_eq!((&view["status"], &view["counters"]["skipped"]), (&json!("completed"), &json!(1)), "{view} {report}");
    // The only file that is compared fails.
    manifest(&[("x", "another"), ("y", "y"), ("z", "z")]);
    let (view, report) = verify_the_rest(&app, "M", all(), "skip_moved").await;
    assert_eq!(view["status"], "failed", "{view} {report}");
    assert!(report.contains("p/x\tchanged"), "{report}");
    // A moved file is not what the line about its new name says.
    std::fs::rename(files.library().join("p/z"), files.library().join("p/moved")).expect("a rename");
    manifest(&[("moved", "another"), ("x", "x"), ("y", "y")]);
    let (view, report) = verify_the_rest(&app, "M", all(), "skip_moved").await;
    assert_eq!(view["status"], "failed", "{view} {report}");
    assert!(report.contains("p/moved\tchanged"), "{report}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_match_that_is_not_a_regular_file_is_reported() {
    let files = Files::new();
    files.write("x/a", b"a");
    files.write("x/SHA256SUMS", format!("{}  a\n", sum(b"a")).as_bytes());
    files.write("y/b", b"rotten");
    files.write("store/y.sums", format!("{}  b\n", sum(b"b")).as_bytes());
    std::os::unix::fs::symlink("../store/y.sums", files.library().join("y/SHA256SUMS")).expect("a link");
    std::fs::create_dir(files.library().join("z")).expect("a folder");
    let pipe = Command::new("mkfifo").arg(files.library().join("z/SHA256SUMS")).status();
    assert!(pipe.expect("mkfifo").success());
    let app = App::start(&files).await;
    let (view, _, report) = verify(&app, json!({ "manifest": "**/SHA256SUMS" })).await;
    let message = view["message"].as_str().unwrap_or_default();
    assert_eq!(view["status"], "failed", "{view} {report}");
    assert!(message.contains("2 manifests were not read: ") && message.contains("y/SHA256SUMS"), "{message}");
    for name in ["y", "z"] {
        assert!(report.contains(&format!("{name}/SHA256SUMS\tthe manifest was not read: ")), "{report}");
    }
    let (view, _, _) = verify(&app, json!({ "manifest": "y/*SUMS" })).await;
    assert!(view["message"].as_str().is_some_and(|message| message.contains("y/SHA256SUMS was not read: ")), "{view}");
    app.stop().await;
}
