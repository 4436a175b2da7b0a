//! The manifest, judged by the tools whose format it has.

use std::process::Command;

use headway_model::JobStatus;
use serde_json::{Value, json};

use crate::helper::{App, Files, mint, request};

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_of_a_halted_job_says_in_its_name_that_it_is_not_complete() {
    let files = Files::numbered(2_000);
    let app = App::start(&files).await;
    let id = mint();
    let mut body = request("checksum");
    body["policy"] = json!({ "halt": "soon,success=1" });
    assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
    let end = app.end(id).await;
    assert!(end.counters.succeeded > 0 && end.counters.cancelled > 0, "{end:?}");
    let (_, view) = app.get(&format!("/api/jobs/{id}")).await;
    assert_eq!(
        view["outputs"],
        json!(["CHECKSUMS.incomplete.csv", "CHECKSUMS.incomplete.jsonl", "SHA256SUMS.incomplete"])
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sha256sum_accepts_the_manifest_whatever_the_names() {
    let files = Files::new();
    let names: [&[u8]; 9] = [
        b"-",
        b"-c",
        b"new\nline",
        b"back\\slash",
        b"cr\rhere",
        b" space ",
        b"100%",
        b"not-utf8-\xff\xfe",
        "grün/ß".as_bytes(),
    ];
    for name in names {
        files.write_bytes(name, name);
    }
    let app = App::start(&files).await;
    let id = mint();
    let mut body = request("checksum");
    body["settings"] = json!({ "algorithm": "both" });
    assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
    let end = app.end(id).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 9));
    let (_, view) = app.get(&format!("/api/jobs/{id}")).await;
    assert_eq!(view["outputs"], json!(["B3SUMS", "CHECKSUMS.csv", "CHECKSUMS.jsonl", "SHA256SUMS"]));

    let answer =
        app.client.get(format!("{}/api/jobs/{id}/outputs/SHA256SUMS", app.url)).send().await.expect("an answer");
    assert!(answer.headers()["content-disposition"].to_str().is_ok_and(|value| value.starts_with("attachment")));
    let policy = answer.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("sandbox") && policy.contains("base-uri 'none'"), "{policy}");
    let manifest = files.data().with_file_name("manifest");
    std::fs::write(&manifest, answer.bytes().await.expect("a file")).expect("a new file");
    let check = Command::new("sha256sum")
        .arg("--check")
        .arg("--strict")
        .arg(&manifest)
        .current_dir(files.library())
        .output()
        .expect("coreutils");
    assert!(
        check.status.success(),
        "{}{}",
        String::from_utf8_lossy(&check.stdout),
        String::from_utf8_lossy(&check.stderr)
    );
    assert_eq!(
        check.stdout.iter().filter(|byte| **byte == b'\n').count(),
        9,
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );

    // BLAKE3 by its own implementation, one file at a time.
    let (_, items) = app.get(&format!("/api/jobs/{id}/items")).await;
    for item in items["items"].as_array().expect("items") {
        let path: headway_model::RelPath = item["path"].as_str().expect("a path").parse().expect("a coded path");
        let expected = blake3::hash(&path.to_bytes()).to_hex().to_string();
        assert_eq!(item["result"]["blake3"], json!(expected), "{path}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_has_what_was_done_before_by_what_is_known_of_it() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let mut body = request("checksum");
    assert_eq!(app.run(&body).await.status, JobStatus::Completed);
    files.write("new", b"new");
    body["policy"] = json!({ "on_done": "skip" });
    let end = app.run(&body).await;
    assert_eq!((end.status, end.counters.skipped, end.counters.succeeded), (JobStatus::Completed, 2, 1));
    let (_, manifest) = app.get(&format!("/api/jobs/{}/outputs/SHA256SUMS", end.job)).await;
    let names: Vec<_> = manifest.as_str().expect("a text").lines().map(|line| &line[66..]).collect();
    assert_eq!(names, ["000000", "000001", "new"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_of_a_checksum_job_is_a_row_with_its_checksums_and_its_size_or_why_it_has_none() {
    let files = Files::new();
    files.write("a", b"abc");
    files.write("b", b"b");
    std::os::unix::fs::symlink("a", files.library().join("link")).expect("a link");
    let app = App::start(&files).await;
    let mut body = request("checksum");
    body["settings"] = json!({ "algorithm": "both" });
    let job = app.run(&body).await.job;
    let (_, rows) = app.get(&format!("/api/jobs/{job}/outputs/CHECKSUMS.csv")).await;
    let rows = rows.as_str().expect("a text");
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let blake3 = blake3::hash(b"abc").to_hex();
    assert!(rows.starts_with("path,status,reason,sha256,blake3,size\r\n"), "{rows}");
    assert!(rows.contains(&format!("\r\na,succeeded,,{abc},{blake3},3\r\n")), "{rows}");
    assert!(rows.contains("\r\nlink,skipped,"), "{rows}");
    let (_, lines) = app.get(&format!("/api/jobs/{job}/outputs/CHECKSUMS.jsonl")).await;
    let lines = lines.as_str().expect("a text").lines();
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |path: &str| lines.iter().find(|line| line["path"] == path).expect(path);
    assert_eq!((&of("a")["sha256"], &of("a")["size"]), (&json!(abc), &json!(3)));
    assert_eq!((lines.len(), &of("link")["status"]), (3, &json!("skipped")), "{lines:?}");
    app.stop().await;
}
