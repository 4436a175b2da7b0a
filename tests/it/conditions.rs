//! Files chosen by size, age and type. The oracles are `find` and `file`.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, SystemTime};

use headway_model::{JobId, JobStatus, SkipReason};
use serde_json::{Value, json};

use crate::command::Served;
use crate::faults::failing;
use crate::helper::{App, Files, mint, request};
use crate::terminal::called;

const DAY: u64 = 86_400;

/// Files of many sizes and ages, in two folders.
fn sized_and_aged() -> Files {
    let files = Files::new();
    for (number, (size, days)) in
        [(0, 0), (9, 1), (10, 3), (11, 6), (999, 8), (1_000, 29), (1_001, 31), (20_000, 400)].into_iter().enumerate()
    {
        // An hour more, so that no test is done before a file is as old as it is meant to be.
        let written = SystemTime::now() - Duration::from_secs(days * DAY + 3_600);
        files.write_at(&format!("{number}.bin"), &vec![b'x'; size], written);
        files.write(&format!("sub/{number}.bin"), &vec![b'x'; size]);
    }
    files
}

/// The files for which `find` finds this true.
fn found(files: &Files, tests: &[&str]) -> BTreeSet<String> {
    let mut find = Command::new("find");
    find.args([".", "-type", "f"]).args(tests).args(["-printf", "%P\n"]).current_dir(files.library());
    let told = find.output().expect("find");
    assert!(told.status.success(), "{tests:?}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8_lossy(&told.stdout).lines().map(str::to_owned).collect()
}

fn asking(conditions: &Value) -> Value {
    let mut body = request("checksum");
    body["conditions"] = conditions.clone();
    body
}

/// The paths of the items with this status.
async fn paths(app: &App, job: JobId, status: &str) -> BTreeSet<String> {
    app.reasons(job, &format!("{status}&limit=1000")).await.into_iter().map(|(path, _)| path).collect()
}

/// How many items of a job were left out for this reason, which is a filter of the list too.
async fn left_out(app: &App, job: JobId, reason: SkipReason) -> usize {
    let listed = app.reasons(job, &format!("left_out&limit=1000&cause={}", reason.key())).await;
    assert!(listed.iter().all(|(_, told)| told == reason.text()), "{listed:?}");
    listed.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_and_ages_take_what_find_takes() {
    let files = sized_and_aged();
    let app = App::start(&files).await;
    let days = |days: u64| json!({ "ago_ms": days * DAY * 1_000 });
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs() - 10 * DAY;
    let (at, moment) = (json!({ "at_ms": since * 1_000 }), format!("@{since}"));
    for (conditions, tests) in [
        (json!({ "min_size": 10 }), vec!["-size", "+9c"]),
        (json!({ "max_size": 10 }), vec!["-size", "-11c"]),
        (json!({ "min_size": 10, "max_size": 1_000 }), vec!["-size", "+9c", "-size", "-1001c"]),
        (json!({ "newer_than": days(7) }), vec!["-mtime", "-7"]),
        (json!({ "older_than": days(30) }), vec!["-mtime", "+29"]),
        (json!({ "newer_than": days(30), "older_than": days(2) }), vec!["-mtime", "-30", "-mtime", "+1"]),
        (json!({ "newer_than": at }), vec!["-newermt", moment.as_str()]),
        (json!({ "older_than": at, "min_size": 1_000 }), vec!["!", "-newermt", moment.as_str(), "-size", "+999c"]),
    ] {
        let job = app.begin_with(&asking(&conditions)).await;
        let end = app.end(job).await;
        let expected = found(&files, &tests);
        assert!(!expected.is_empty() && expected.len() < 16, "{tests:?} takes {expected:?}");
        assert_eq!(paths(&app, job, "succeeded").await, expected, "{conditions}");
        let mut others = 0;
        for reason in [SkipReason::TooSmall, SkipReason::TooLarge, SkipReason::TooNew, SkipReason::TooOld] {
            others += left_out(&app, job, reason).await;
        }
        assert_eq!((end.status, end.counters.total, others), (JobStatus::Completed, 16, 16 - expected.len()));
    }
    app.stop().await;
}

/// Content of many types, under names that say something else.
const CONTENTS: [(&str, &[u8]); 9] = [
    ("picture.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"),
    ("photo", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
    ("film.jpg", b"\0\0\0\x14ftypmp42\0\0\0\0isom\0\0\0\x08mdat"),
    ("song.png", b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\0\0\0\0"),
    ("paper.zip", b"%PDF-1.7\n1 0 obj\n"),
    ("packed.pdf", b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xab\0\0\x83\x16\xdc\x8c\x01\0\0\0"),
    ("letter.gz", b"dear reader\n"),
    ("noise.png", b"\x01\x02\x03\x04\0\0\xfe\xfd"),
    ("empty.png", b""),
];

/// The media type of each file, as `file` tells it; `None` if it is not installed.
fn told_by_file(files: &Files) -> Option<Vec<(String, String)>> {
    let told = CONTENTS.map(|(name, _)| {
        let told = Command::new("file").args(["--brief", "--mime-type"]).arg(files.library().join(name)).output();
        let told = String::from_utf8_lossy(&told.ok()?.stdout).trim().to_owned();
        Some((name.to_owned(), told))
    });
    told.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn types_are_told_by_content_as_file_tells_them() {
    let files = Files::new();
    CONTENTS.iter().for_each(|(name, content)| files.write(name, content));
    let Some(told) = told_by_file(&files) else {
        println!("not run, as there is no `file`");
        return;
    };
    let app = App::start(&files).await;
    for (types, begins) in [
        (json!(["image"]), vec!["image/"]),
        (json!(["VIDEO", "audio"]), vec!["video/", "audio/"]),
        (json!(["document"]), vec!["application/pdf"]),
        (json!(["archive"]), vec!["application/gzip"]),
        (json!(["text"]), vec!["text/"]),
        (json!(["image/png", "audio/flac"]), vec!["image/png", "audio/flac"]),
    ] {
        let of_type = |told: &str| begins.iter().any(|begins| told.starts_with(begins));
        let expected = told.iter().filter(|(_, told)| of_type(told)).map(|(name, _)| name.clone());
        let expected: BTreeSet<_> = expected.collect();
        let job = app.begin_with(&asking(&json!({ "types": types }))).await;
        app.end(job).await;
        assert!(!expected.is_empty(), "{types}: {told:?}");
        assert_eq!(paths(&app, job, "succeeded").await, expected, "{types}");
        assert_eq!(left_out(&app, job, SkipReason::OtherType).await, CONTENTS.len() - expected.len(), "{types}");
    }
    // Files that are named one by one are asked about as well.
    let mut named = asking(&json!({ "types": ["image"] }));
    named["query"] = json!({ "paths": ["photo", "film.jpg"] });
    let end = app.run(&named).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (1, 1), "{end:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_type_cannot_be_read_is_missed_and_a_retry_asks_again() {
    let files = Files::new();
    for (name, content) in
        [("locked", CONTENTS[0].1), ("open", CONTENTS[0].1), ("small", b"\x89PNG"), ("text", b"text")]
    {
        files.write(name, content);
    }
    let more = json!({ "conditions": { "types": ["image"], "min_size": 5 } });
    // The content of a file that is too small is not needed.
    let served = failing(&files, "openat,openat2", "error=EACCES", &["locked", "small"]);
    let end = served.run("checksum", more.clone()).await;
    assert_eq!((end.status, end.counters.succeeded, end.counters.missed), (JobStatus::CompletedWithErrors, 1, 1));
    assert_eq!(reason(&served, end.job, "locked").await, SkipReason::NotPermitted.text());
    assert_eq!(reason(&served, end.job, "small").await, SkipReason::TooSmall.text());
    drop(served);
    let served = Served::start(&files);
    let again = json!({ "query": { "items": { "job": end.job, "which": "errors" } } });
    let retried = served.run("checksum", again.clone()).await;
    assert_eq!((retried.status, retried.counters.succeeded, retried.counters.total), (JobStatus::Completed, 1, 1));
    // What it is now counts, by the conditions of the first job.
    files.write("locked", b"a text by now");
    let retried = served.run("checksum", again).await;
    assert_eq!(reason(&served, retried.job, "locked").await, SkipReason::OtherType.text());
}

async fn reason(served: &Served, job: JobId, path: &str) -> String {
    let page = served.get(&format!("/api/jobs/{job}/items?limit=100")).await;
    let item = page["items"].as_array().expect("items").iter().find(|item| item["path"] == path).cloned();
    item.expect("its item")["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ages_count_from_the_start_whatever_comes_between_and_a_preset_begins_again() {
    let files = sized_and_aged();
    let app = App::start(&files).await;
    let mut body = asking(&json!({ "newer_than": { "ago_ms": 7 * DAY * 1_000 } }));
    body["approval"] = json!(true);
    let id = mint();
    assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
    let planned = app.until(id, |summary| summary.status == JobStatus::Planned).await;
    let view = app.get(&format!("/api/jobs/{id}")).await.1;
    let recorded = &view["request"]["conditions"];
    assert_eq!(recorded["newer_than"], body["conditions"]["newer_than"], "as it was asked for");
    assert!(recorded["counted_from"].as_u64().is_some_and(|from| from.abs_diff(planned.created) < 60_000), "{view}");
    // The same call again is the same job, and one that asks for other ages is not.
    assert_eq!(app.put(&id.to_string(), &body).await.0, 200);
    let mut other = body.clone();
    other["conditions"]["newer_than"]["ago_ms"] = json!(1);
    assert_eq!(app.put(&id.to_string(), &other).await.0, 409);
    // After a restart the same files are planned.
    app.stop().await;
    let app = App::start(&files).await;
    assert_eq!(app.put(&id.to_string(), &body).await.0, 200);
    assert_eq!(app.post(&format!("/api/jobs/{id}/approve")).await.0, 200);
    let end = app.end(id).await;
    assert_eq!(end.counters.succeeded, planned.counters.waiting, "{end:?}");
    // A preset that is made of the job counts from whenever it runs.
    let (status, kept) = app.put_at("/api/v1/presets/recent", &view["request"]).await;
    assert_eq!(status, 200, "{kept}");
    let kept = app.get("/api/v1/presets").await.1;
    assert_eq!(kept["recent"]["conditions"], body["conditions"], "{kept}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_that_exclude_each_other_are_refused_with_their_place() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let day = |days: u64| json!({ "ago_ms": days * DAY * 1_000 });
    for (conditions, place, says) in [
        (json!({ "min_size": 2, "max_size": 1 }), "/conditions/min_size", "no file can have both"),
        (json!({ "newer_than": day(1), "older_than": day(7) }), "/conditions/newer_than", "no file can be both"),
        (json!({ "types": ["image", "pdf"] }), "/conditions/types", "did you mean application/pdf?"),
        (json!({ "types": ["f"] }), "/conditions/types", "about regular files"),
        (json!({ "types": ["image/unheard-of"] }), "/conditions/types", "name one of image, video"),
    ] {
        let id = mint();
        let call = app.client.put(format!("{}/api/v1/jobs/{id}", app.url)).json(&asking(&conditions));
        let (status, answer) = app.call(call).await;
        let told = answer.to_string();
        assert!(status == 422 && told.contains(place) && told.contains(says), "{conditions}: {status} {told}");
        assert_eq!(app.get(&format!("/api/jobs/{id}")).await.0, 404);
    }
    app.stop().await;
}

#[test]
fn a_terminal_chooses_by_size_age_and_type() {
    let files = sized_and_aged();
    files.write("photo", CONTENTS[0].1);
    files.write_at("old", b"old", SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000));
    let library = files.library();
    let library = library.to_str().expect("text");
    let plan = |options: &[&str]| {
        let (code, out, err) = called(&files, &[&["plan", "checksum", library], options].concat());
        assert_eq!(code, Some(0), "{options:?}: {err}");
        out.lines().filter(|line| line.starts_with("run")).count()
    };
    assert_eq!(plan(&[]), 18);
    assert_eq!(plan(&["--min-size", "1k", "--max-size", "1k"]), 2);
    assert_eq!(plan(&["--max-size", "1Ki", "--min-size", "1001B"]), 2);
    assert_eq!(plan(&["--older-than", "30d"]), plan(&["--changed-before", "30d"]));
    assert_eq!(plan(&["--changed-within", "7d", "--older-than", "2d"]), 2);
    assert_eq!((plan(&["--older-than", "2024-01-01"]), found(&files, &["!", "-newermt", "2024-01-01"]).len()), (1, 1));
    assert_eq!(plan(&["--type", "image,audio", "--type", "video"]), 1);
    let (_, out, _) = called(&files, &["plan", "checksum", library, "--type", "image"]);
    assert!(out.contains(SkipReason::OtherType.text()), "{out}");
    for (options, says) in [
        (vec!["--min-size", "10X"], "10Mi for 1,024"),
        (vec!["--newer-than", "7"], "write an age such as"),
        (vec!["--min-size", "2k", "--max-size", "1k"], "no file can have both"),
        (vec!["--newer-than", "1d", "--older-than", "1w"], "no file can be both"),
        (vec!["--type", "jpg"], "is not a type"),
    ] {
        let (code, out, err) = called(&files, &[&["run", "checksum", library], &options[..]].concat());
        assert!(code != Some(0) && err.contains(says), "{options:?}: {code:?} {out} {err}");
    }
}
