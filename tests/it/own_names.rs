//! Trashes and temporary files are Headway's own: no request can reach them by any name.

use std::path::Path;
use std::sync::Arc;

use headway_model::{JobId, JobStatus, PauseReason};
use serde_json::{Value, json};

use crate::command::Served;
use crate::doctor::doctor;
use crate::faults::failing;
use crate::helper::{App, Behaviour, Capitals, Files, Mount, eventually, mint, refused_to_serve, request};

/// Originals in a trash, and the server.
async fn with_a_trash(files: &Files) -> (App, String) {
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let app = App::start_with(files, |_| {}, vec![recipe]).await;
    let end = app.run(&request("capitals")).await;
    assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0));
    (app, format!(".headway-trash/{}", end.job))
}

/// The files in the trash.
fn originals(files: &Files, trash: &str) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(files.library().join(trash)).expect("a trash");
    let mut found: Vec<_> = folder.flatten().map(|entry| std::fs::read(entry.path()).expect("a file")).collect();
    found.sort();
    found
}

fn with(query: Value, output: Option<Value>) -> Value {
    let mut body = request("capitals");
    body["query"] = query;
    body["policy"] = json!({ "on_done": "again" });
    output.into_iter().for_each(|output| body["output"] = output);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_names_them_is_refused_with_a_sentence() {
    let files = Files::numbered(7);
    let (app, trash) = with_a_trash(&files).await;
    let before = originals(&files, &trash);
    let one = format!("{trash}/0-1");
    let everything = json!({ "folder": {} });
    let manifest = |path: &str| {
        let mut body = request("verify");
        body["settings"] = json!({ "manifest": path });
        body
    };
    let refused = [
        with(json!({ "paths": [one] }), None),
        with(json!({ "paths": ["000001", one.to_uppercase().replace("%", "")] }), None),
        with(json!({ "paths": ["sub/.headway-0-0-1.txt"] }), None),
        with(json!({ "folder": { "path": ".headway-trash" } }), None),
        with(json!({ "folder": { "path": trash } }), None),
        with(json!({ "folder": { "path": ".Headway-Trash" } }), None),
        with(everything.clone(), Some(json!({ "place": { "folder": { "path": trash } } }))),
        with(everything.clone(), Some(json!({ "place": { "folder": { "path": "a/.HEADWAY-x/b" } } }))),
        with(everything.clone(), Some(json!({ "place": { "beside": { "name": ".headway-{/}" } } }))),
        with(everything, Some(json!({ "place": { "folder": { "path": "out", "name": ".Headway-{/}" } } }))),
        manifest(&one),
    ];
    for body in refused {
        let (status, answer) = app.put(&mint().to_string(), &body).await;
        assert_eq!(status, 422, "{body}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|text| text.contains("Headway")), "{answer}");
    }
    for folder in [".headway-trash", &trash, ".HEADWAY-TRASH", "a/.headway-x"] {
        let (status, answer) = app.get(&format!("/api/libraries/files/files?folder={folder}")).await;
        assert_eq!(status, 422, "{folder}: {answer}");
        let (status, answer) = app.get(&format!("/api/libraries/files/files?folder={folder}&search=*")).await;
        assert_eq!(status, 422, "{folder}: {answer}");
    }
    // A name that could lead into another folder is refused, whatever that folder is.
    for name in ["{/.}/.headway-x", "{/}/x", "a/{/}", "{}", "{//}-{/}", "{.}.x", "{..}"] {
        let body = with(json!({ "folder": {} }), Some(json!({ "place": { "beside": { "name": name } } })));
        let (status, answer) = app.put(&mint().to_string(), &body).await;
        assert_eq!(status, 422, "{name}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|text| text.contains("without a folder")), "{answer}");
    }
    assert_eq!(originals(&files, &trash), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_to_them_only_on_the_disk_is_refused_there() {
    let files = Files::numbered(7);
    files.write("headway-x.txt", b"named so that its output would be ours");
    let (app, trash) = with_a_trash(&files).await;
    let before = originals(&files, &trash);
    // Links within the library are followed, but not into a trash.
    std::os::unix::fs::symlink(".headway-trash", files.library().join("t")).expect("a link");
    std::os::unix::fs::symlink(&trash, files.library().join("deep")).expect("a link");
    let job = trash.rsplit('/').next().expect("a name");

    let named = app.run(&with(json!({ "paths": [format!("t/{job}/0-1"), "deep/1-1"] }), None)).await;
    assert_eq!((named.counters.failed, named.counters.succeeded), (2, 0));
    // A recipe without output is refused too, although nothing would refuse it later.
    let mut read = request("checksum");
    read["query"] = json!({ "paths": ["deep/1-1"] });
    let read = app.run(&read).await;
    assert_eq!((read.counters.failed, read.counters.succeeded), (1, 0), "{read:?}");
    for folder in ["t", "deep", &format!("t/{job}")] {
        let listed = app.run(&with(json!({ "folder": { "path": folder } }), None)).await;
        assert!(
            matches!(listed.status, JobStatus::Failed { .. }) && listed.counters.total == 0,
            "{folder}: {listed:?}"
        );
        let (status, body) = app.get(&format!("/api/libraries/files/files?folder={folder}")).await;
        assert_eq!((status, &body["error"]), (403, &json!("denied")), "{folder}: {body}");
        let output = json!({ "place": { "folder": { "path": folder } } });
        let written = app.run(&with(json!({ "paths": ["000001"] }), Some(output))).await;
        assert_eq!(written.counters.failed, 1, "{folder}: {written:?}");
    }
    let output = json!({ "place": { "beside": { "name": ".{/.}" } } });
    let made = app.run(&with(json!({ "paths": ["headway-x.txt"] }), Some(output))).await;
    assert_eq!((made.counters.missed, made.counters.succeeded), (1, 0), "{made:?}");
    assert!(!files.library().join(".headway-x").exists());

    files.write("SHA256SUMS", format!("{}  {trash}/0-1\n", "0".repeat(64)).as_bytes());
    let mut body = request("verify");
    body["settings"] = json!({ "manifest": "SHA256SUMS" });
    let verified = app.run(&body).await;
    assert!(matches!(verified.status, JobStatus::Failed { .. }), "{verified:?}");
    assert!(verified.message.is_some_and(|text| text.contains("line 1") && text.contains("Headway's own")));
    // By the name of a link it is met on the disk alone.
    let linked = format!("{}  t/{job}/0-1\n{}  sub/other\n", "0".repeat(64), "0".repeat(64));
    files.write("sub/other", b"x");
    files.write("LINKED", linked.as_bytes());
    let mut body = request("verify");
    (body["settings"], body["query"]) = (json!({ "manifest": "LINKED" }), json!({ "paths": ["sub/other"] }));
    let verified = app.run(&body).await;
    let (_, report) = app.get(&format!("/api/jobs/{}/outputs/REPORT.txt", verified.job)).await;
    let report = report.as_str().unwrap_or_default();
    assert!(report.contains("0-1\tunreadable: it cannot be looked at: names that begin with"), "{report}");

    assert_eq!(originals(&files, &trash), before, "every original is untouched");
    let (_, found) = app.get("/api/libraries/files/files?search=*").await;
    let paths: Vec<_> =
        found["entries"].as_array().expect("entries").iter().map(|entry| entry["path"].to_string()).collect();
    assert!(paths.iter().all(|path| !path.contains(".headway") && !path.contains(job)), "{paths:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_where_the_file_system_folds_case() {
    let files = Files::new();
    let Some(_mount) = Mount::exfat(&files.library()) else { return };
    files.number(3);
    let (app, trash) = with_a_trash(&files).await;
    let before = originals(&files, &trash);
    assert_eq!(before, originals(&files, &trash.to_uppercase()), "this file system folds case");
    for path in [".HEADWAY-TRASH", &trash.to_uppercase()] {
        let (status, _) = app.put(&mint().to_string(), &with(json!({ "folder": { "path": path } }), None)).await;
        assert_eq!(status, 422, "{path}");
    }
    assert_eq!(originals(&files, &trash), before);
    app.stop().await;
}

/// A caller by the socket, or the person who starts the server, can make any folder a library, except these.
#[tokio::test(flavor = "multi_thread")]
async fn neither_of_them_can_be_a_library() {
    let files = Files::numbered(7);
    let (app, trash) = with_a_trash(&files).await;
    let before = originals(&files, &trash);
    let folder = |path: &str| files.library().join(path).to_str().expect("text").to_owned();
    std::fs::create_dir(files.library().join(".headway-x")).expect("a folder");
    let outputs = files.data().join("jobs");
    let owner = app.server.for_owner();
    for library in [folder(".headway-trash"), folder(&trash), folder(".headway-x"), outputs.display().to_string()] {
        let mut body = with(json!({ "folder": {} }), None);
        body["library"] = json!(library);
        let request = serde_json::from_value(body).expect("a request");
        let refused = owner.start_job(mint(), &request).await.expect_err("it is Headway's own");
        assert!(refused.to_string().contains("Headway's own"), "{library}: {refused}");
    }
    app.stop().await;
    for library in [".headway-trash", &trash] {
        let said = refused_to_serve(&files, Path::new(&folder(library)), &[]);
        assert!(said.contains("Headway's own"), "{library}: {said}");
    }
    assert_eq!(originals(&files, &trash), before);
}

/// Headway's own names in the top folder of the library, except the trash.
fn own_in(files: &Files, folder: &str) -> Vec<String> {
    let names = std::fs::read_dir(files.library().join(folder)).expect("a folder").flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".headway-") && name != ".headway-trash").collect()
}

/// A server that cannot remove workshops, and its job: a command that writes half of its output and then does this.
async fn with_stuck_workshops(files: &Files, then: &str) -> (Served, JobId) {
    let id = mint();
    let workshops = [0, 1].map(|item| files.library().join(format!(".headway-{id}-{item}-1~")));
    let workshops = workshops.each_ref().map(|path| path.to_str().expect("text"));
    let served = failing(files, "rmdir,unlinkat", "error=EACCES", &workshops);
    let mut body = request("command");
    body["output"] = json!({ "place": "replace" });
    body["settings"] = json!({ "run": format!("sh -c 'echo half > \"$0\"; {then}' {{out}} {{}}") });
    let start = served.client.put(format!("{}/api/jobs/{id}", served.headway.url)).json(&body);
    assert_eq!(start.send().await.expect("an answer").status(), 201);
    (served, id)
}

/// Waits until nothing temporary is in the library, and no note of it in the data folder.
async fn is_tidied(files: &Files) {
    eventually("nothing temporary", async || own_in(files, "").is_empty().then_some(())).await;
    let untidy = files.data().join("untidy");
    eventually("no note", async || std::fs::read_dir(&untidy).expect("a folder").next().is_none().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_attempt_of_a_job_that_is_over_left_is_removed_by_the_next_server() {
    let files = Files::numbered(2);
    let (mut served, id) = with_stuck_workshops(&files, "exit 1").await;
    let end = served.end(id).await;
    assert_eq!((end.status.is_terminal(), end.counters.failed), (true, 2), "{end:?}");
    assert_eq!(own_in(&files, "").len(), 2, "they could not be removed");
    served.headway.kill();
    let served = Served::start(&files);
    is_tidied(&files).await;
    assert_eq!(served.get(&format!("/api/jobs/{}", end.job)).await["status"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cancelled_attempt_left_is_removed_by_the_next_server() {
    let files = Files::numbered(2);
    let (mut served, id) = with_stuck_workshops(&files, "sleep 600").await;
    eventually("an output", async || (!own_in(&files, "").is_empty()).then_some(())).await;
    assert_eq!(served.post(&format!("/api/jobs/{id}/cancel")).await.0, 200);
    assert_eq!(served.end(id).await.status, JobStatus::Cancelled);
    assert!(!own_in(&files, "").is_empty(), "it could not be removed");
    served.headway.kill();
    let _served = Served::start(&files);
    is_tidied(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_a_killed_server_was_making_is_removed_by_the_next_one() {
    let files = Files::numbered(1);
    files.write("sub/file", b"content");
    let mut served = Served::start_in(&files, &["env", "HEADWAY_FAULT=likened"]).expect("a ready server");
    let output = json!({ "place": { "folder": { "path": "sub/out", "name": "{/}" } } });
    let query = json!({ "paths": ["sub/file"] });
    let job = served.begin_doomed("upper", json!({ "output": output, "query": query })).await;
    eventually("its death", async || served.client.get(&served.headway.url).send().await.err()).await;
    served.headway.kill();
    assert_eq!(own_in(&files, "sub").len(), 1);
    let (_, said) = doctor(&files);
    let told = said.lines().any(|line| line.contains(".headway-folder-") && line.contains("can be removed"));
    assert!(told, "{said}");
    // A person is asked about the item, so that nothing makes the folder again.
    let served = Served::start(&files);
    let paused = JobStatus::Paused { reason: PauseReason::Interrupted };
    served.until(job, |summary| summary.status == paused).await;
    assert_eq!(own_in(&files, "sub"), [""; 0]);
    assert!(!files.library().join("sub/out").exists());
}
