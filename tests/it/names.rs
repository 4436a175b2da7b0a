//! A folder is one library, whether the terminal names it by its path or a server by a name.

use std::io::BufRead;
use std::path::Path;
use std::process::{Command, Stdio};

use headway_model::JobStatus;
use headway_model::library::FolderPage;
use serde_json::{Value, json};

use crate::helper::{Files, Headway, Mount, eventually, http, mint, set_modified};

/// Runs the program to its end; returns its exit code and its whole output.
fn called(files: &Files, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command.args(arguments).env("HEADWAY_DATA", files.data()).env_remove("HEADWAY_CONFIG").stdin(Stdio::null());
    let ended = command.output().expect("the program");
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// Replaces the content of a file by a command with these options.
fn replace(files: &Files, options: &[&str], path: &Path) {
    let program = ["--", "sh", "-c", "cp /etc/hostname $2", "x", "{}", "{out}", ":::", text(path)];
    let (code, said) = called(files, &[&["run", "--replace"], options, &program[..]].concat());
    assert_eq!(code, Some(0), "{said}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// Three files, one of them in a folder.
fn photos() -> Files {
    let files = Files::new();
    for name in ["a.jpg", "b.jpg", "2004/c.jpg"] {
        files.write(name, name.as_bytes());
    }
    files
}

/// The list of the server's library, read whole.
async fn listed(server: &Headway, query: &str) -> FolderPage {
    let client = http();
    eventually("a list that is read", async || {
        let url = format!("{}/api/libraries/files/files?{query}", server.url);
        let page: FolderPage = client.get(url).send().await.ok()?.json().await.ok()?;
        Some(page).filter(|page| page.scan.is_none())
    })
    .await
}

/// Runs a recipe over the server's library; returns its status and its items.
async fn run(server: &Headway, body: Value) -> (JobStatus, Vec<Value>) {
    let (client, job) = (http(), mint());
    let call = client.put(format!("{}/api/jobs/{job}", server.url)).json(&body);
    assert_eq!(call.send().await.expect("an answer").status().as_u16(), 201);
    let summary = server.end(&client, job).await;
    let items = client.get(format!("{}/api/jobs/{job}/items", server.url)).send().await.expect("an answer");
    let items: Value = items.json().await.expect("JSON");
    (summary.status, items["items"].as_array().expect("items").clone())
}

/// Changes one byte of a file, and nothing that the file system says of it.
fn rot(path: &Path) {
    let time = path.metadata().expect("a file").modified().expect("a time");
    let mut content = std::fs::read(path).expect("a file");
    content[0] ^= 1;
    std::fs::write(path, content).expect("a file");
    set_modified(path, time);
}

fn newest(files: &Files) -> Value {
    serde_json::from_str(&called(files, &["show", "@1", "--json"]).1).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_terminal_did_to_a_folder_counts_when_the_folder_is_served_by_a_name() {
    let files = photos();
    let (library, inside) = (files.library(), files.library().join("2004"));
    let (code, said) = called(&files, &["run", "checksum", text(&library)]);
    assert_eq!(code, Some(0), "{said}");
    let whole = newest(&files)["job"].as_str().expect("an id").to_owned();
    assert_eq!(called(&files, &["run", "checksum", text(&inside)]).0, Some(0));
    let part = newest(&files)["job"].as_str().expect("an id").to_owned();
    assert_eq!(called(&files, &["run", "--", "false", "{}", ":::", text(&library.join("b.jpg"))]).0, Some(1));
    rot(&inside.join("c.jpg"));

    let server = Headway::start(&files, &[]);
    let page = listed(&server, "show=failed").await;
    assert_eq!(page.entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["b.jpg"]);
    assert_eq!(listed(&server, "show=processed").await.total, 2, "what was done to the folder inside counts as well");
    for (job, lines) in [(whole, 2), (part, 0)] {
        let settings = json!({ "manifest": format!("@{job}") });
        let body = json!({ "library": "files", "recipe": "verify", "settings": settings, "query": { "folder": {} } });
        let (status, items) = run(&server, body).await;
        assert_ne!(status, JobStatus::Completed);
        let of = |path: &str| items.iter().find(|item| item["path"] == path).expect(path).clone();
        let message = of("2004/c.jpg")["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with("bit rot"), "{message}");
        let ok = items.iter().filter(|item| item["result"]["verdict"] == "ok").count();
        assert_eq!(ok, lines, "{items:?}");
    }
    let query = json!({ "folder": { "path": "2004" } });
    let policy = json!({ "on_done": "skip" });
    let body = json!({ "library": "files", "recipe": "checksum", "query": query, "policy": policy });
    let (_, items) = run(&server, body).await;
    assert_eq!(items[0]["reason"], "already done", "{items:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_file_failed_is_listed_whatever_folder_its_job_was_on() {
    let files = photos();
    let library = files.library();
    // The job is on a folder inside the library.
    let inside = library.join("2004/c.jpg");
    assert_eq!(called(&files, &["run", "--", "sh", "-c", "exit 5", "x", "{}", ":::", text(&inside)]).0, Some(1));
    // The job is on a folder around it, because that is the folder that its files have in common.
    std::fs::create_dir(files.elsewhere()).expect("a folder");
    let beside = files.elsewhere().join("d.jpg");
    std::fs::write(&beside, b"d").expect("a file");
    let b = library.join("b.jpg");
    let both = [text(&b), text(&beside)];
    let around = ["run", "--", "sh", "-c", "exit 4", "x", "{}", ":::", both[0], both[1]];
    assert_eq!(called(&files, &around).0, Some(2));

    let server = Headway::start(&files, &[]);
    let told = async |query: &str| {
        let page = listed(&server, query).await;
        let of = |entry: &headway_model::library::Entry| {
            let outcome = entry.outcome.clone().expect("an outcome");
            (entry.path.to_string(), outcome.reason.unwrap_or_default(), outcome.item.is_some(), outcome.changed_since)
        };
        page.entries.iter().map(of).collect::<Vec<_>>()
    };
    let before = told("show=failed").await;
    assert_eq!(before.len(), 2, "{before:?}");
    for (path, word) in [("2004/c.jpg", "exit code 5"), ("b.jpg", "exit code 4")] {
        let (_, reason, has_item, changed) = before.iter().find(|(shown, ..)| shown == path).expect(path);
        assert!(reason.contains(word) && *has_item && !changed, "{before:?}");
    }
    std::fs::write(&inside, b"another text").expect("a file");
    eventually("a file that was changed since", async || {
        // A folder is read each time, and everything below a folder at most once a minute.
        listed(&server, "folder=2004").await;
        let after = told("show=failed&folder=2004").await;
        after.iter().any(|(path, _, _, changed)| path == "2004/c.jpg" && *changed).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_served_has_its_name_in_the_terminal_too_and_keeps_its_past_without_a_server() {
    let files = photos();
    let library = files.library();
    let mut server = Headway::start(&files, &[]);
    let id = mint().to_string();
    for _ in 0..2 {
        let (code, said) = called(&files, &["run", "checksum", text(&library), "--id", &id]);
        assert_eq!(code, Some(0), "{said}");
    }
    assert_eq!(newest(&files)["title"], "Checksum · files");
    assert_eq!(listed(&server, "show=processed").await.total, 3);
    server.terminate();
    // The same call again is the same job, although no server knows the name now.
    let (code, said) = called(&files, &["run", "checksum", text(&library), "--id", &id]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = called(&files, &["run", "checksum", text(&library), "--on-done", "skip"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 done, 3 skipped"), "{said}");
    let (code, said) = called(&files, &["run", "checksum", text(&library.join("2004")), "--on-done", "skip"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 done, 1 skipped"), "{said}");
    rot(&library.join("a.jpg"));
    let (code, said) = called(&files, &["run", "verify", text(&library), "--set", &format!("manifest=@{id}")]);
    assert_eq!(code, Some(1), "{said}");
    let (_, said) = called(&files, &["show", "@1", "--failed", "--json"]);
    assert!(said.contains("bit rot"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_job_says_where_its_manifest_is_and_what_verifies_it() {
    let files = photos();
    let (code, said) = called(&files, &["run", "checksum", text(&files.library())]);
    assert_eq!(code, Some(0), "{said}");
    let manifest = said.lines().find_map(|line| line.strip_prefix("manifest: ")).expect("the manifest's path");
    assert_eq!(std::fs::read_to_string(manifest).expect("the manifest").lines().count(), 3);
    let command =
        said.lines().find_map(|line| line.strip_prefix("to verify these files later: headway ")).expect(&said);
    let words: Vec<_> = command.split(' ').collect();
    let (code, said) = called(&files, &words);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 done"), "{said}");
    let (code, said) = called(&files, &["run", "verify", text(&files.library()), "--set", "manifest=@1"]);
    assert_eq!(code, Some(102), "{said}");
    assert!(said.contains("has no manifest: it is not a checksum job"), "{said}");
}

#[test]
fn a_named_pipe_counts_as_missed_and_one_in_a_folder_does_not() {
    let files = photos();
    let pipe = files.library().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    let (code, said) = called(&files, &["run", "checksum", text(&pipe)]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("0 done, 1 missed (named, but not a regular file)"), "{said}");
    assert!(!said.contains("manifest:"), "one that names no file: {said}");
    let (_, said) = called(&files, &["show", "@1", "--status", "skipped", "--json"]);
    assert!(said.contains("named, but not a regular file"), "{said}");
    let (code, said) = called(&files, &["run", "checksum", text(&files.library())]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 done, 1 skipped (not a regular file)"), "{said}");
    let both = [text(&files.library().join("2004")).to_owned(), text(&pipe).to_owned()];
    let (code, said) = called(&files, &["run", "checksum", &both[0], &both[1]]);
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn a_named_symbolic_link_is_followed_to_a_folder_or_left_alone() {
    let files = photos();
    let link = |target: &str, name: &str| {
        let path = files.library().join(name);
        std::os::unix::fs::symlink(target, &path).expect("a link");
        path
    };
    let (folder, file, nothing) = (link("2004", "latest"), link("a.jpg", "best.jpg"), link("gone", "dangling"));
    let (code, said) = called(&files, &["run", "checksum", text(&folder)]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 done in"), "{said}");
    let (circle, below) = (link("circle", "circle"), files.library().join("circle/x.jpg"));
    for named in [&file, &nothing, &circle] {
        let (code, said) = called(&files, &["run", "checksum", text(named)]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("0 done, 1 missed (named, but not a regular file)"), "{said}");
    }
    // A link that leads round in a circle is a matter of its own name alone.
    let (code, said) = called(&files, &["run", "checksum", text(&below), text(&files.library().join("a.jpg"))]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 done, 1 failed"), "{said}");
    assert_eq!(called(&files, &["run", "checksum", text(&file)]).0, Some(1));
    // Tried again, it was still asked for.
    assert_eq!(called(&files, &["retry", "@1"]).0, Some(1));
    let (code, said) = called(&files, &["run", "checksum", text(&folder), text(&files.library().join("a.jpg"))]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 done, 1 missed"), "{said}");
    // What nobody named is left out.
    let (code, said) = called(&files, &["run", "checksum", text(&files.library())]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 done, 4 skipped (a symbolic link)"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_folder_leads_to_it_in_a_request_as_in_a_command() {
    let files = photos();
    for (target, link) in [("2004", "year"), ("a.jpg", "one")] {
        std::os::unix::fs::symlink(target, files.library().join(link)).expect("a link");
    }
    let server = Headway::start(&files, &[]);
    let of = |query: Value| json!({ "library": "files", "recipe": "checksum", "query": query });
    for query in [json!({ "folder": { "path": "year" } }), json!({ "paths": ["year"] })] {
        let (status, items) = run(&server, of(query.clone())).await;
        assert_eq!(status, JobStatus::Completed, "{query}");
        let named: Vec<_> = items.iter().map(|item| item["path"].as_str()).collect();
        assert_eq!(named, [Some("2004/c.jpg")], "a file has one name: {query}");
    }
    let (_, items) = run(&server, of(json!({ "paths": ["year", "a.jpg"] }))).await;
    assert_eq!((&items[0]["status"], &items[1]["status"]), (&json!("succeeded"), &json!("skipped")), "{items:?}");
    // It exists, and is not a folder.
    let (client, job) = (http(), mint());
    let call = client.put(format!("{}/api/jobs/{job}", server.url)).json(&of(json!({ "folder": { "path": "one" } })));
    assert_eq!(call.send().await.expect("an answer").status().as_u16(), 201);
    let ended = server.end(&client, job).await.status;
    assert!(matches!(ended, JobStatus::Failed { .. }), "{ended:?}");
    let said = called(&files, &["show", &job.to_string()]).1;
    assert!(said.contains("Not a directory") && !said.contains("No such file"), "{said}");
}

#[test]
fn an_undo_in_a_library_that_was_moved_says_so_and_does_not_wait() {
    let files = photos();
    let one = files.library().join("a.jpg");
    replace(&files, &["--in", text(&files.library())], &one);
    std::fs::rename(files.library(), files.elsewhere()).expect("a rename");
    let (code, said) = called(&files, &["undo", "@1"]);
    assert_eq!(code, Some(255), "{said}");
    assert!(said.contains("although its disk is there: it was moved, renamed or removed"), "{said}");
    assert!(!called(&files, &["jobs"]).1.contains("Undo"), "nothing was begun");

    // Another folder is there in its place.
    std::fs::create_dir(files.library()).expect("a folder");
    let same =
        |path: &Path| Command::new("cp").arg("-a").arg(path).arg(files.library()).status().expect("cp").success();
    assert!(same(&files.elsewhere().join("a.jpg")) && same(&files.elsewhere().join(".headway-trash")));
    let (code, said) = called(&files, &["undo", "@1"]);
    assert_eq!(code, Some(104), "{said}");
    assert!(said.contains("is not the one that this job is about"), "{said}");
    assert_ne!(std::fs::read(&one).expect("a file"), b"a.jpg", "the copy is left alone");
    assert_eq!(called(&files, &["cancel", "@1"]).0, Some(0));

    std::fs::remove_dir_all(files.library()).expect("a folder");
    std::fs::rename(files.elsewhere(), files.library()).expect("a rename");
    let (code, said) = called(&files, &["undo", "@2"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(std::fs::read(&one).expect("a file"), b"a.jpg");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_one_folder_are_not_applied_to_another_that_was_given_its_name() {
    let files = photos();
    let body = |recipe: &str, settings: Value, on_done: &str| {
        json!({ "library": "files", "recipe": recipe, "settings": settings, "query": { "folder": {} },
            "policy": { "on_done": on_done } })
    };
    let checksum = body("checksum", json!({}), "skip");
    let mut server = Headway::start(&files, &[]);
    assert_eq!(run(&server, checksum.clone()).await.0, JobStatus::Completed);
    let made = newest(&files)["job"].as_str().expect("an id").to_owned();
    let (_, again) = run(&server, checksum.clone()).await;
    assert!(again.iter().all(|item| item["reason"] == "already done"), "{again:?}");
    server.terminate();

    exchange_for_a_copy(&files, "b.jpg");
    let server = Headway::start(&files, &[]);
    assert_eq!(listed(&server, "show=processed").await.total, 0);
    let (_, items) = run(&server, checksum.clone()).await;
    assert!(items.iter().all(|item| item["status"] == "succeeded" && item["rerun"].is_null()), "{items:?}");
    let (_, again) = run(&server, checksum).await;
    assert!(again.iter().all(|item| item["reason"] == "already done"), "this folder was read: {again:?}");
    let (status, items) = run(&server, body("verify", json!({ "manifest": format!("@{made}") }), "again")).await;
    assert_eq!(status, JobStatus::CompletedWithErrors);
    let wrong = items.iter().find(|item| item["path"] == "b.jpg").expect("a file");
    let message = wrong["message"].as_str().expect("a message");
    assert!(message.starts_with("changed: cause unknown, because this might not be the disk"), "{message}");
}

/// Puts a copy of the library in its place, in which one file was damaged on the way.
fn exchange_for_a_copy(files: &Files, damaged: &str) {
    let (one, other) = (files.library(), files.elsewhere());
    assert!(Command::new("cp").arg("-a").args([&one, &other]).status().expect("cp").success());
    std::fs::rename(&one, one.with_file_name("first")).expect("a rename");
    std::fs::rename(&other, &one).expect("a rename");
    rot(&one.join(damaged));
}

#[test]
fn what_was_written_in_one_folder_is_done_in_another_only_where_its_bytes_are() {
    for (into, damaged) in [(false, "b.jpg"), (true, "out/b.jpg")] {
        let files = photos();
        let out = files.library().join("out");
        let place = if into { &["--into", text(&out)][..] } else { &["--replace"] };
        let run = || {
            let program = ["--exclude", "out", "--", "sh", "-c", "printf done > $1; cat $2 >> $1", "x", "{out}", "{}"];
            let library = files.library();
            let (code, _) = called(&files, &[&["run"], place, &program[..], &[":::", text(&library)]].concat());
            (code, newest(&files)["counters"]["succeeded"].as_u64())
        };
        assert_eq!(run(), (Some(0), Some(3)));
        assert_eq!(run(), (Some(0), Some(0)), "all are done");
        exchange_for_a_copy(&files, damaged);
        // A file whose bytes are not those that the job made runs again. If its output's bytes are not, the output keeps its name.
        let expected = if into { (Some(1), Some(0)) } else { (Some(0), Some(1)) };
        assert_eq!(run(), expected, "{place:?}");
    }
}

/// Puts a copy of the library in its place, as a disk that was cloned, and the library there.
fn exchange(files: &Files, aside: &Path) {
    let (one, other) = (files.library(), files.elsewhere());
    assert!(Command::new("cp").arg("-a").args([&one, &other]).status().expect("cp").success());
    std::fs::rename(&one, aside).expect("a rename");
    std::fs::rename(&other, &one).expect("a rename");
}

#[test]
fn outputs_of_one_folder_are_not_attributed_to_another_in_its_place() {
    let files = photos();
    let (library, first) = (files.library(), files.library().with_file_name("first"));
    let one = library.join("a.jpg");
    let run = || {
        let options = ["run", "--replace", "--on-done", "skip", "--in", text(&library)];
        let program = ["--", "sh", "-c", "cp /etc/hostname $2", "x", "{}", "{out}", ":::", text(&one)];
        let (code, said) = called(&files, &[&options[..], &program[..]].concat());
        assert_eq!(code, Some(0), "{said}");
        said
    };
    assert!(run().contains("1 done"));
    let said = run();
    assert!(said.contains("0 done, 1 skipped"), "{said}");
    exchange(&files, &first);
    rot(&one);
    let said = run();
    assert!(said.contains("1 done"), "other bytes under the same name, size and time: {said}");
    // The job there says nothing of the first folder, and hides nothing that is known of it.
    std::fs::rename(&library, files.elsewhere()).expect("a rename");
    std::fs::rename(&first, &library).expect("a rename");
    let said = run();
    assert!(said.contains("0 done, 1 skipped"), "{said}");
}

#[test]
fn a_trash_in_a_copy_of_the_folder_is_neither_reported_nor_emptied_as_the_jobs_trash() {
    let files = photos();
    let first = files.library().with_file_name("first");
    replace(&files, &["--in", text(&files.library())], &files.library().join("a.jpg"));
    let job = newest(&files)["job"].as_str().expect("an id").to_owned();
    exchange(&files, &first);
    for arguments in [&["trash"][..], &["trash", "--empty", "@1", "--yes"]] {
        let (code, said) = called(&files, arguments);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("is not known") && said.contains("is not the one that this job is about"), "{said}");
        assert!(!said.contains("no trash holds anything"), "{said}");
    }
    let kept = files.library().join(".headway-trash").join(&job);
    assert_eq!(std::fs::read_dir(&kept).expect("the trash of the copy").count(), 1);
    assert!(called(&files, &["show", "@1"]).1.contains("is not the one that this job is about"));

    // An undo waits, and stays the only one.
    let (code, said) = called(&files, &["undo", "@1"]);
    assert_eq!(code, Some(104), "{said}");
    let (code, said) = called(&files, &["undo", "@2"]);
    assert_eq!(code, Some(255), "{said}");
    assert!(said.contains("is already undoing") && said.contains("resume or cancel it first"), "{said}");
    assert!(said.contains("is being undone, by job") && !said.contains("undone before"), "{said}");
    std::fs::remove_dir_all(files.library()).expect("a folder");
    std::fs::rename(&first, files.library()).expect("a rename");
    let (code, said) = called(&files, &["resume", "@1"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(std::fs::read(files.library().join("a.jpg")).expect("a file"), b"a.jpg");
    let said = called(&files, &["trash"]).1;
    assert!(said.contains("copies of what job"), "{said}");
}

#[test]
fn what_failed_in_one_folder_is_not_tried_again_in_another_in_its_place() {
    let files = photos();
    let one = files.library().join("b.jpg");
    let place = ["--in", text(&files.library())].map(str::to_owned);
    let program = ["run", &place[0], &place[1], "--", "false", "{}", ":::", text(&one)];
    assert_eq!(called(&files, &program).0, Some(1));
    exchange(&files, &files.library().with_file_name("first"));
    let (code, said) = called(&files, &["retry", "@1"]);
    assert_eq!(code, Some(104), "{said}");
    assert!(said.contains("is not the one that this job is about"), "{said}");
}

#[test]
fn a_job_that_finds_no_file_says_so() {
    let files = Files::new();
    let (code, said) = called(&files, &["run", "checksum", text(&files.library())]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no file found: nothing was done") && said.contains("is it mounted?"), "{said}");
    assert_eq!(called(&files, &["run", "checksum", text(&files.library()), "--fail-if-empty"]).0, Some(102));
    // Nor is there a file that is left out; once there is one, the pattern is taken for a mistake.
    let library = files.library();
    let without = ["run", "checksum", "--exclude", "*", text(&library)];
    let (code, said) = called(&files, &without);
    assert_eq!(code, Some(0), "{said}");
    files.write("sub/file", b"file");
    let (code, said) = called(&files, &without);
    assert!(code == Some(102) && said.contains("Every file in the library is left out by *."), "{code:?} {said}");
}

#[test]
fn what_systems_leave_behind_is_taken_on_request() {
    let files = Files::new();
    for path in ["a/.DS_Store", "a/x", "b/@eaDir/y"] {
        files.write(path, b"content");
    }
    let (library, folders) = (files.library(), ["a", "b"].map(|name| files.library().join(name)));
    let run = ["run", "checksum", "--include", ".DS_Store", text(&library)];
    let (code, said) = called(&files, &run);
    assert!(code == Some(102) && said.contains("--system-files in a terminal"), "{code:?} {said}");
    let (code, said) = called(&files, &[&run[..], &["--system-files"]].concat());
    assert_eq!((code, &newest(&files)["counters"]["succeeded"]), (Some(0), &json!(1)), "{said}");
    let (code, said) = called(&files, &["plan", "checksum", "--system-files", text(&library)]);
    assert!(code == Some(0) && said.contains("@eaDir/y"), "{code:?} {said}");
    let several = ["run", "checksum", "--system-files", text(&folders[0]), text(&folders[1])];
    let (code, said) = called(&files, &several);
    assert_eq!((code, &newest(&files)["counters"]["succeeded"]), (Some(0), &json!(3)), "{said}");
    assert_eq!(called(&files, &["run", "checksum", "--system-files", text(&library)]).0, Some(0));
    let (_, said) = called(&files, &["show", "@1"]);
    assert!(said.contains("--system-files --set manifest=@"), "how to verify these files: {said}");
    assert_eq!(called(&files, &["preset", "save", "all", "@1"]).0, Some(0));
    let (code, said) = called(&files, &["preset", "run", "all"]);
    assert_eq!((code, &newest(&files)["counters"]["succeeded"]), (Some(0), &json!(3)), "{said}");
}

#[test]
fn a_selection_that_matches_nothing_is_reported_in_the_terminal_and_by_the_api() {
    let files = photos();
    let library = files.library();
    let library = text(&library);
    let sentence = "No file in the library matches *.xyz.";
    let run = ["run", "checksum", "--include", "*.xyz", library];
    // Nothing was looked at, so that job has failed; a plan has no more to say.
    for (more, end, field) in [(&[][..], Some(102), "message"), (&["--dry-run"], Some(0), "note")] {
        let (code, said) = called(&files, &[&run[..], more].concat());
        assert!(code == end && said.contains(sentence), "{more:?}: {code:?} {said}");
        assert_eq!(newest(&files)[field].as_str(), Some(sentence), "{more:?}");
    }
    // The words are the same everywhere.
    let (_, ran) = called(&files, &run);
    let (_, shown) = called(&files, &["show", "@1"]);
    for said in [ran, shown] {
        assert!(said.contains("failed: no file was found"), "{said}");
    }
    let (_, said) = called(&files, &[&run[..], &["--json=end", "-q"]].concat());
    let end: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).expect("JSON");
    assert_eq!(end["message"].as_str(), Some(sentence), "{said}");
}

#[test]
fn the_contents_of_a_trash_are_reported_with_the_reason_and_one_command_empties_it() {
    let files = photos();
    let one = files.library().join("a.jpg");
    for _ in 0..2 {
        replace(&files, &[], &one);
        files.write("a.jpg", b"another");
    }
    let (code, said) = called(&files, &["trash"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("to put them back: headway undo").count(), 2, "{said}");
    assert_eq!(called(&files, &["trash", "--older-than", "1d"]).1.trim(), "no trash holds anything");
    assert_eq!(called(&files, &["trash", "--empty"]).0, Some(2), "what to empty is not said");
    let (code, said) = called(&files, &["trash", "--empty", "@1"]);
    assert_eq!(code, Some(1), "nobody can be asked: {said}");
    assert_eq!(called(&files, &["trash"]).1.lines().count(), 2);
    let (code, said) = called(&files, &["trash", "--empty", "@1", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(called(&files, &["trash"]).1.lines().count(), 1);
    // The output is there as the job left it, and its original is gone.
    std::fs::copy("/etc/hostname", &one).expect("a file");
    assert_eq!(called(&files, &["undo", "@1"]).0, Some(1));
    let (_, said) = called(&files, &["show", "@1", "--failed", "--json"]);
    assert!(said.contains("the trash of that job was emptied"), "{said}");
    let (code, said) = called(&files, &["trash", "--empty", "--older-than", "0s", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(called(&files, &["trash"]).1.trim(), "no trash holds anything");
}

#[tokio::test]
async fn the_trash_of_a_folder_that_is_not_served_is_shown_as_in_the_terminal() {
    let files = photos();
    let other = files.elsewhere();
    std::fs::create_dir(&other).expect("a folder");
    std::fs::write(other.join("a.jpg"), "another").expect("a file");
    for path in [other.join("a.jpg"), files.library().join("b.jpg")] {
        replace(&files, &[], &path);
    }
    assert_eq!(called(&files, &["trash"]).1.lines().count(), 2);
    let server = Headway::start(&files, &[]);
    let room = async || -> Value {
        let answer = http().get(format!("{}/api/room", server.url)).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    let told = room().await;
    // The folder that is served is counted under its name, and not a second time.
    assert_eq!(told["trashes"], json!([{ "library": "files", "holds": { "files": 1, "bytes": 5 } }]), "{told}");
    assert_eq!(told["elsewhere"], json!({ "holds": { "files": 1, "bytes": 7 }, "unknown": 0 }), "{told}");
    assert_eq!(called(&files, &["trash"]).1.lines().count(), 2);
    assert_eq!(called(&files, &["trash", "--empty", "--older-than", "0s", "--yes"]).0, Some(0));
    assert!(room().await.get("elsewhere").is_none());
}

#[test]
fn the_rest_of_a_half_emptied_trash_is_reported_and_removed() {
    let files = photos();
    let one = files.library().join("a.jpg");
    replace(&files, &["--in", text(&files.library())], &one);
    let job = newest(&files)["job"].as_str().expect("an id").to_owned();
    let trash = files.library().join(".headway-trash");
    // As a kill leaves it.
    let kill = || std::fs::rename(trash.join(&job), trash.join(format!("emptying-{job}"))).expect("a rename");
    kill();
    let (_, said) = called(&files, &["trash"]);
    assert!(said.contains("left of a trash that was being emptied"), "{said}");
    let place = format!("files={}", text(&files.library()));
    let (_, said) = called(&files, &["doctor", &place]);
    assert!(said.contains(&format!(".headway-trash/emptying-{job} can be removed (--remove)")), "{said}");
    let (code, said) = called(&files, &["trash", "--empty", "@1", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("emptied: 1 file, 5 bytes"), "{said}");
    assert_eq!(called(&files, &["trash"]).1.trim(), "no trash holds anything");
    // The doctor removes it as well.
    std::fs::create_dir(trash.join(&job)).expect("a folder");
    std::fs::write(trash.join(&job).join("0-1"), "x").expect("a file");
    kill();
    let (_, said) = called(&files, &["doctor", "--remove", &place]);
    assert!(said.contains(&format!(".headway-trash/emptying-{job} was removed")), "{said}");
    assert_eq!(std::fs::read_dir(&trash).expect("a folder").count(), 0);
}

#[test]
fn a_doctor_beside_a_server_says_what_to_do() {
    let files = photos();
    let _server = Headway::start(&files, &[]);
    let (code, said) = called(&files, &["doctor"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Stop the server (Ctrl-C") && said.contains("headway verify job.jsonl"), "{said}");
}

#[test]
fn a_job_waits_for_an_unmounted_disk_even_if_it_is_named_or_below_one_of_several_folders() {
    let files = Files::new();
    files.write("other/file", b"file");
    files.write("photos/p", b"p");
    let disk = files.library().join("photos/disk");
    let Some(mount) = Mount::tmpfs(&disk, "8m") else { return };
    files.write("photos/disk/a", b"a");
    assert_eq!(called(&files, &["run", "checksum", text(&disk)]).0, Some(0));
    let (photos, other) = (files.library().join("photos"), files.library().join("other"));
    drop(mount);
    for named in [disk, photos] {
        let mut waits = Command::new(env!("CARGO_BIN_EXE_headway"));
        waits.args(["run", "checksum", text(&named), text(&other)]).env("HEADWAY_DATA", files.data());
        let waits = waits.env_remove("HEADWAY_CONFIG").stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut waits = waits.expect("the program");
        let lines = std::io::BufReader::new(waits.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let said: Vec<_> = lines.take_while(|line| !line.contains("The disk that was at photos/disk")).collect();
        let is_waiting = waits.try_wait().expect("a look").is_none();
        waits.kill().and_then(|()| waits.wait()).expect("its end");
        assert!(is_waiting, "{named:?}: it asks for the disk: {said:?}");
    }
    // An empty folder that was never a disk has no file, and that is all.
    let empty = files.library().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let (code, said) = called(&files, &["run", "checksum", text(&empty), text(&other)]);
    assert!(code == Some(0) && said.contains("1 done"), "{code:?} {said}");
}

#[test]
fn a_folder_on_a_disk_with_a_new_id_is_not_taken_for_a_missing_disk() {
    let files = Files::new();
    let stick = files.library().join("stick");
    let Some(mount) = Mount::tmpfs(&stick, "8m") else { return };
    files.write("stick/photos/p", b"p");
    assert_eq!(called(&files, &["run", "checksum", text(&stick.join("photos"))]).0, Some(0));
    drop(mount);
    let Some(_mount) = Mount::tmpfs(&stick, "8m") else { return };
    files.write("stick/photos/p", b"p");
    files.write("stick/q", b"q");
    let (code, said) = called(&files, &["run", "checksum", text(&stick)]);
    assert!(code == Some(0) && said.contains("2 done"), "{code:?} {said}");
}
