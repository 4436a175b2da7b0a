//! Watched folders: each new file that has stopped changing is processed once, whatever fails in between.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::helper::{Files, Headway, Mount, eventually, http, mint, request};

fn config(files: &Files) -> PathBuf {
    files.data().with_file_name("headway.toml")
}

/// An empty library, and a file of settings with a watch of the folder `in` for the preset `each`.
fn watching(more: &str) -> Files {
    let files = Files::new();
    let text = format!(
        "[[watch]]\nname = \"inbox\"\npreset = \"each\"\nfolder = \"in\"\nquiet = \"300ms\"\nevery = \"100ms\"\n{more}"
    );
    std::fs::write(config(&files), text).expect("a new file");
    files
}

/// Writes a file of the folder, which is there with all its content from the first moment.
fn put(files: &Files, name: &str, content: &[u8]) {
    files.write("in/.new", content);
    let folder = files.library().join("in");
    std::fs::rename(folder.join(".new"), folder.join(name)).expect("a rename");
}

fn serve(files: &Files) -> Headway {
    Headway::start(files, &["--config", config(files).to_str().expect("text")])
}

async fn get(server: &Headway, path: &str) -> Option<Value> {
    http().get(format!("{}{path}", server.url)).send().await.ok()?.json().await.ok()
}

async fn store_preset(server: &Headway, recipe: &str) {
    let call = http().put(format!("{}/api/v1/presets/each", server.url)).json(&request(recipe));
    assert!(call.send().await.expect("an answer").status().is_success());
}

/// What the server tells of the watch, once it is this.
async fn told(server: &Headway, what: &str, is_this: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let watches = get(server, "/api/v1/watches").await?;
        watches.get(0).filter(|watch| is_this(watch)).cloned()
    })
    .await
}

/// Waits for a look that began after this call and found nothing to do.
async fn idle(server: &Headway) -> Value {
    let looked = |watch: &Value| watch["looked"].as_u64();
    let now = told(server, "the watch", |_| true).await;
    let next = told(server, "a look", |watch| looked(watch) > looked(&now)).await;
    let is_idle =
        |watch: &Value| looked(watch) > looked(&next) && watch["waiting"] == 0 && watch["waits_for"].is_null();
    told(server, "nothing to do", is_idle).await
}

/// The jobs of a server, newest first, once there are so many and all are over.
async fn ended(server: &Headway, count: usize) -> Vec<Value> {
    eventually("the jobs", async || {
        let jobs = get(server, "/api/v1/jobs").await?["jobs"].as_array()?.clone();
        let are_over = jobs.iter().all(|job| job["status"] == "completed");
        (jobs.len() == count && are_over).then_some(jobs)
    })
    .await
}

/// The jobs of a server, newest first, once there are so many and all are over, whether or not all their files succeeded.
async fn over(server: &Headway, count: usize) -> Vec<Value> {
    eventually("the jobs", async || {
        let jobs = get(server, "/api/v1/jobs").await?["jobs"].as_array()?.clone();
        let is_over =
            |job: &Value| ["completed", "completed_with_errors", "failed"].iter().any(|end| job["status"] == *end);
        (jobs.len() == count && jobs.iter().all(is_over)).then_some(jobs)
    })
    .await
}

/// The paths and sizes of a job's files.
async fn items(server: &Headway, job: &Value) -> Vec<(String, u64)> {
    let path = format!("/api/v1/jobs/{}/items", job["job"].as_str().expect("an id"));
    let items = get(server, &path).await.expect("the items");
    let items = items["items"].as_array().expect("a list").iter();
    items.map(|item| (item["path"].as_str().expect("a path").into(), item["size"].as_u64().expect("a size"))).collect()
}

fn progress(files: &Files) -> PathBuf {
    files.data().join("watches/inbox.json")
}

fn stored(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("the progress")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_processed_once_and_again_only_when_it_has_changed() {
    let files = watching("");
    let mut server = serve(&files);
    let problem =
        |part: &'static str| move |watch: &Value| watch["problem"].as_str().is_some_and(|why| why.contains(part));
    told(&server, "no preset", problem("no preset \"each\"")).await;
    store_preset(&server, "checksum").await;
    told(&server, "no folder", problem("\"in\" of files")).await;
    let health = get(&server, "/health").await.expect("an answer");
    assert!(health["notes"].to_string().contains("a watched folder"), "{health}");
    files.write("outside", b"1");
    put(&files, "a", b"1");
    put(&files, "b.part", b"1");
    let jobs = ended(&server, 1).await;
    assert_eq!((&jobs[0]["recipe"], &jobs[0]["title"]), (&json!("checksum"), &json!("inbox")));
    assert_eq!(items(&server, &jobs[0]).await, [("in/a".to_owned(), 1)]);
    let watch = idle(&server).await;
    assert_eq!((&watch["last"]["job"], &watch["problem"]), (&jobs[0]["job"], &Value::Null), "{watch}");
    assert_eq!((&watch["library"], &watch["folder"]), (&json!("files"), &json!("in")), "{watch}");
    assert_eq!(watch["last_status"], json!({ "status": "completed" }), "{watch}");
    put(&files, "a", b"12");
    std::fs::rename(files.library().join("in/b.part"), files.library().join("in/b")).expect("a rename");
    eventually("all files", async || {
        let jobs = get(&server, "/api/v1/jobs").await?["jobs"].as_array()?.clone();
        let mut done = Vec::new();
        for job in &jobs {
            done.extend(items(&server, job).await);
        }
        done.sort();
        // In one job or in two.
        (done == [("in/a".to_owned(), 1), ("in/a".to_owned(), 2), ("in/b".to_owned(), 1)]).then_some(())
    })
    .await;
    idle(&server).await;
    let count = get(&server, "/api/v1/jobs").await.expect("jobs")["jobs"].as_array().expect("a list").len();
    server.kill();
    let server = serve(&files);
    idle(&server).await;
    assert_eq!(ended(&server, count).await.len(), count, "a restart processes nothing again");
}

/// The process can die after the job is stored as the next one, before and after it is started.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_start_was_interrupted_is_started_once() {
    let files = watching("");
    let mut server = serve(&files);
    store_preset(&server, "checksum").await;
    put(&files, "a", b"1");
    let first = ended(&server, 1).await.remove(0);
    idle(&server).await;
    assert!(server.terminate());
    let mut before = stored(&progress(&files));
    let state = before["known"]["in/a"][0].clone();
    let mut pending = json!({
        "start": before["last"],
        "request": { "library": "files", "recipe": "checksum", "query": { "paths": ["in/a"] }, "title": "inbox" },
        "files": { "in/a": state },
    });
    (before["last"], before["pending"]) = (Value::Null, pending.clone());
    std::fs::write(progress(&files), before.to_string()).expect("the progress");
    let mut server = serve(&files);
    let watch = idle(&server).await;
    assert_eq!(watch["last"]["job"], first["job"], "{watch}");
    ended(&server, 1).await;
    assert!(server.terminate());
    let other = mint().to_string();
    pending["start"]["job"] = json!(other);
    before["pending"] = pending;
    std::fs::write(progress(&files), before.to_string()).expect("the progress");
    let server = serve(&files);
    let watch = idle(&server).await;
    assert_eq!(watch["last"]["job"], other, "{watch}");
    assert!(ended(&server, 2).await.iter().any(|job| job["job"] == *other));
    assert_eq!(stored(&progress(&files))["pending"], Value::Null);
}

/// Otherwise the copy would be copied, and that copy too.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_makes_in_the_folder_starts_no_other_job() {
    let files = watching(
        "[[command]]\nname = \"copy\"\nrun = [\"cp\", \"{}\", \"{out}\"]\noutput = { place = { beside = { name = \"{/}.copy\" } } }\n",
    );
    let mut server = serve(&files);
    store_preset(&server, "copy").await;
    put(&files, "a", b"1");
    ended(&server, 1).await;
    assert!(files.library().join("in/a.copy").exists());
    idle(&server).await;
    ended(&server, 1).await;
    server.kill();
    let server = serve(&files);
    idle(&server).await;
    ended(&server, 1).await;
    let mut names: Vec<_> = std::fs::read_dir(files.library().join("in")).expect("a folder").flatten().collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    assert_eq!(names.iter().map(std::fs::DirEntry::file_name).collect::<Vec<_>>(), ["a", "a.copy"]);
}

/// A person who undoes a job does not want it done again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_replaces_or_an_undo_puts_back_starts_no_other_job() {
    let files = watching(
        "[[command]]\nname = \"capitals\"\nrun = [\"sh\", \"-c\", \"tr a-z A-Z < \\\"$1\\\" > \\\"$2\\\"\", \"sh\", \"{}\", \"{out}\"]\n",
    );
    let mut server = serve(&files);
    store_preset(&server, "capitals").await;
    put(&files, "a", b"letters");
    let job = ended(&server, 1).await.remove(0);
    let path = files.library().join("in/a");
    assert_eq!(std::fs::read(&path).expect("a file"), b"LETTERS");
    idle(&server).await;
    ended(&server, 1).await;
    let undo = format!("{}/api/v1/jobs/{}/undo/{}", server.url, job["job"].as_str().expect("an id"), mint());
    assert!(http().post(undo).send().await.expect("an answer").status().is_success());
    ended(&server, 2).await;
    assert_eq!(std::fs::read(&path).expect("a file"), b"letters");
    idle(&server).await;
    ended(&server, 2).await;
    server.kill();
    let server = serve(&files);
    idle(&server).await;
    ended(&server, 2).await;
}

/// It can be about to change a file that a look has seen.
#[tokio::test(flavor = "multi_thread")]
async fn files_wait_for_a_retry_of_an_earlier_job() {
    // The file fails once. Its second attempt waits for the gate.
    let files = watching(
        "[[command]]\nname = \"gated\"\nrun = [\"sh\", \"-c\", \"case $1 in */a) [ -e tried ] || { touch tried; exit 1; }; until [ -e gate ]; do sleep 0.02; done ;; esac\", \"sh\", \"{}\"]\n",
    );
    let server = serve(&files);
    store_preset(&server, "gated").await;
    put(&files, "a", b"1");
    let job = over(&server, 1).await.remove(0);
    assert_ne!(job["status"], "completed", "{job}");
    let retry = mint().to_string();
    let mut again = request("gated");
    again["query"] = json!({ "items": { "job": job["job"], "which": "errors" } });
    let call = http().put(format!("{}/api/v1/jobs/{retry}", server.url)).json(&again);
    assert_eq!(call.send().await.expect("an answer").status(), 201);
    put(&files, "b", b"1");
    let watch = told(&server, "files that wait", |watch| !watch["waits_for"].is_null()).await;
    assert_eq!((&watch["waits_for"], &watch["waiting"]), (&json!(retry), &json!(1)), "{watch}");
    let jobs = get(&server, "/api/v1/jobs").await.expect("jobs");
    assert_eq!(jobs["jobs"].as_array().expect("a list").len(), 2, "{jobs}");
    files.write("gate", b"");
    let jobs = over(&server, 3).await;
    assert_eq!(items(&server, &jobs[0]).await, [("in/b".to_owned(), 1)]);
}

/// What a failed attempt left there is no new file: the command would run again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_job_changed_and_failed_at_starts_no_other_job() {
    let files = watching(
        "[[command]]\nname = \"fails\"\nrun = [\"sh\", \"-c\", \"echo tried >> $1; exit 1\", \"sh\", \"{}\"]\n",
    );
    let mut server = serve(&files);
    store_preset(&server, "fails").await;
    put(&files, "a", b"1\n");
    over(&server, 1).await;
    let read = || std::fs::read_to_string(files.library().join("in/a")).expect("a file");
    assert_eq!(read(), "1\ntried\n");
    idle(&server).await;
    over(&server, 1).await;
    server.kill();
    let server = serve(&files);
    idle(&server).await;
    over(&server, 1).await;
    assert_eq!(read(), "1\ntried\n");
    let watch = told(&server, "the end of the last job", |watch| !watch["last_status"].is_null()).await;
    assert!(watch["last_status"]["status"].as_str().is_some_and(|status| status != "completed"), "{watch}");
    let health = get(&server, "/health").await.expect("an answer");
    assert!(health["notes"].to_string().contains("the last job of a schedule or a watched folder failed"), "{health}");
    let metrics = http().get(format!("{}/metrics", server.url)).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("a text");
    let label = watch["last_status"]["status"].as_str().expect("a label");
    assert!(metrics.contains(&format!("headway_watched_folders{{last_job=\"{label}\"}} 1")), "{metrics}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command.arg("schedules").env("HEADWAY_CONFIG", config(&files)).env("HEADWAY_DATA", files.data());
    let list = String::from_utf8(command.output().expect("the program").stdout).expect("text");
    let status = format!("last job {} ({}", watch["last"]["job"].as_str().expect("an id"), label.replace('_', " "));
    assert!(list.contains(&status), "{list}");
    put(&files, "a", b"2\n");
    over(&server, 2).await;
    assert_eq!(read(), "2\ntried\n", "it changed later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_panics_says_so_until_the_server_stops() {
    let files = watching("");
    let config = config(&files);
    let (site, arguments) = (files.data().with_file_name("site"), ["--config", config.to_str().expect("text")]);
    let fault = ["env", "HEADWAY_FAULT=panic watching of inbox"];
    let server = Headway::try_start(&files, Some(&site), &fault, &arguments).expect("a ready server");
    let watch = told(&server, "the problem", |watch| !watch["problem"].is_null()).await;
    assert!(watch["problem"].as_str().is_some_and(|why| why.contains("an error of Headway")), "{watch}");
    let health = get(&server, "/health").await.expect("an answer");
    assert!(health["notes"].to_string().contains("a watched folder"), "{health}");
}

/// Each would take what the other makes for new files, without end.
#[tokio::test(flavor = "multi_thread")]
async fn two_watches_of_the_same_files_report_each_other_and_start_nothing() {
    let more =
        "[[watch]]\nname = \"deep\"\npreset = \"each\"\nfolder = \"in/deep\"\nquiet = \"300ms\"\nevery = \"100ms\"\n";
    let files = watching(more);
    files.write("in/deep/.keep", b"");
    let server = serve(&files);
    store_preset(&server, "checksum").await;
    let refuse = async || {
        eventually("two problems", async || {
            let watches = get(&server, "/api/v1/watches").await?;
            let looked = watches.as_array()?.iter().map(|watch| {
                let why = watch["problem"].as_str().filter(|why| why.contains("watches the same files"));
                why.and_then(|_| watch["looked"].as_u64())
            });
            looked.collect::<Option<Vec<_>>>().filter(|looked| looked.len() == 2)
        })
        .await
    };
    refuse().await;
    put(&files, "a", b"new");
    let before = refuse().await;
    eventually("more looks", async || (refuse().await[0] > before[0] + 1000).then_some(())).await;
    assert_eq!(get(&server, "/api/v1/jobs").await.expect("the jobs")["jobs"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_disk_below_the_folder_stops_no_watch_and_its_files_are_not_new_when_it_is_back() {
    let files = watching("");
    std::fs::create_dir_all(files.elsewhere()).expect("a folder");
    std::fs::write(files.elsewhere().join("u"), b"1").expect("a file");
    let usb = || Mount::without_exchange(&files.elsewhere(), &files.library().join("in/usb"));
    let Some(first) = usb() else { return };
    let server = serve(&files);
    store_preset(&server, "checksum").await;
    let jobs = ended(&server, 1).await;
    assert_eq!(items(&server, &jobs[0]).await, [("in/usb/u".to_owned(), 1)]);
    drop(first);
    let is_named = |watch: &Value| {
        let names = |text: &Value| text.as_str().is_some_and(|text| text.contains("in/usb ("));
        watch["missing"].as_array().is_some_and(|missing| missing.iter().any(names)) && names(&watch["problem"])
    };
    told(&server, "the missing disk", is_named).await;
    put(&files, "a", b"1");
    let jobs = ended(&server, 2).await;
    assert_eq!(items(&server, &jobs[0]).await, [("in/a".to_owned(), 1)], "the others are processed");
    let Some(_second) = usb() else { return };
    told(&server, "no problem", |watch| watch["problem"].is_null() && watch["missing"] == json!([])).await;
    idle(&server).await;
    ended(&server, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_takes_no_other_disk_for_its_own_unless_any_will_do() {
    let files = watching("");
    let disk = || Mount::tmpfs(&files.library().join("in"), "8m");
    let Some(first) = disk() else { return };
    files.write("in/u", b"1");
    let mut server = serve(&files);
    store_preset(&server, "checksum").await;
    ended(&server, 1).await;
    server.kill();
    drop(first);
    let Some(_second) = disk() else { return };
    files.write("in/other", b"12");
    let mut server = serve(&files);
    let is_told = |watch: &Value| watch["problem"].as_str().is_some_and(|why| why.contains("the disk at in is not"));
    let looked = |watch: &Value| watch["looked"].as_u64();
    let watch = told(&server, "the other disk", is_told).await;
    told(&server, "more looks", |next| looked(next) > looked(&watch).map(|at| at + 1000) && is_told(next)).await;
    ended(&server, 1).await;
    server.kill();
    let text = std::fs::read_to_string(config(&files)).expect("a file") + "other_disks = true\n";
    std::fs::write(config(&files), text).expect("a file");
    let server = serve(&files);
    let jobs = ended(&server, 2).await;
    assert_eq!(items(&server, &jobs[0]).await, [("in/other".to_owned(), 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_absence_is_accepted_is_no_problem_of_the_watch() {
    let files = watching("without = [\"in/usb\"]\n");
    let Some(disk) = Mount::tmpfs(&files.library().join("in/usb"), "8m") else { return };
    files.write("in/usb/u", b"1");
    let server = serve(&files);
    store_preset(&server, "checksum").await;
    ended(&server, 1).await;
    drop(disk);
    let is_named = |watch: &Value| watch["missing"].as_array().is_some_and(|missing| missing.len() == 1);
    let watch = told(&server, "the missing disk", is_named).await;
    assert_eq!(watch["problem"], Value::Null, "{watch}");
    put(&files, "a", b"1");
    ended(&server, 2).await;
}

/// Each new name would be a new file, without end.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_its_command_renames_is_processed_once() {
    let files = watching("[[command]]\nname = \"moves\"\nrun = [\"sh\", \"-c\", \"mv $1 $1.x\", \"sh\", \"{}\"]\n");
    let mut server = serve(&files);
    store_preset(&server, "moves").await;
    put(&files, "a", b"1");
    over(&server, 1).await;
    assert!(files.library().join("in/a.x").exists());
    idle(&server).await;
    over(&server, 1).await;
    server.kill();
    let server = serve(&files);
    idle(&server).await;
    over(&server, 1).await;
    put(&files, "b", b"12");
    over(&server, 2).await;
}

/// The job has not renamed it, and has not worked on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_program_renames_before_its_job_gets_to_it_is_processed() {
    let files = watching(
        "[[command]]\nname = \"gated\"\nrun = [\"sh\", \"-c\", \"until [ -e gate ]; do sleep 0.02; done\", \"sh\", \"{}\"]\n",
    );
    let server = serve(&files);
    // Before there is a preset, so that one job has both.
    put(&files, "a", b"1");
    put(&files, "b", b"12");
    let mut one_at_a_time = request("gated");
    one_at_a_time["concurrency"] = json!(1);
    let call = http().put(format!("{}/api/v1/presets/each", server.url)).json(&one_at_a_time);
    assert!(call.send().await.expect("an answer").status().is_success());
    eventually("the first file at work", async || {
        let jobs = get(&server, "/api/v1/jobs").await?;
        let numbers = &jobs["jobs"].get(0)?["counters"];
        (numbers["running"] == 1 && numbers["total"] == 2).then_some(())
    })
    .await;
    let place = |name: &str| files.library().join("in").join(name);
    std::fs::rename(place("b"), place("c")).expect("a rename");
    files.write("gate", b"");
    let jobs = over(&server, 2).await;
    assert_eq!(items(&server, &jobs[0]).await, [("in/c".to_owned(), 2)]);
    idle(&server).await;
    over(&server, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_whose_jobs_go_on_making_new_files_stops_and_says_so() {
    let script = "cat $1 > $1.x && rm $1";
    let files =
        watching(&format!("[[command]]\nname = \"grows\"\nrun = [\"sh\", \"-c\", \"{script}\", \"sh\", \"{{}}\"]\n"));
    let server = serve(&files);
    store_preset(&server, "grows").await;
    put(&files, "a", b"1");
    let stopped = |watch: &Value| watch["problem"].as_str().is_some_and(|why| why.contains("a new name"));
    let watch = told(&server, "the reason", stopped).await;
    assert_eq!(watch["waiting"], 1, "{watch}");
    over(&server, 6).await;
    assert!(files.library().join("in/a.x.x.x.x.x.x").exists());
    // Another file is processed, and the first one does not go on with it.
    put(&files, "b", b"1");
    over(&server, 12).await;
    for name in ["in/a.x.x.x.x.x.x", "in/b.x.x.x.x.x.x"] {
        assert!(files.library().join(name).exists(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_is_renamed_goes_on_with_what_it_knew() {
    let files = watching(
        "[[command]]\nname = \"copy\"\nrun = [\"cp\", \"{}\", \"{out}\"]\noutput = { place = { beside = { name = \"{/}.copy\" } } }\n",
    );
    let mut server = serve(&files);
    store_preset(&server, "copy").await;
    put(&files, "a", b"1");
    ended(&server, 1).await;
    // Before a look could see what the job made.
    server.kill();
    let text = std::fs::read_to_string(config(&files)).expect("the settings");
    std::fs::write(config(&files), text.replace("\"inbox\"", "\"scans\"")).expect("the settings");
    let server = serve(&files);
    let watch = idle(&server).await;
    assert_eq!(watch["name"], "scans", "{watch}");
    ended(&server, 1).await;
    assert!(!progress(&files).exists() && files.data().join("watches/scans.json").exists());
    put(&files, "b", b"12");
    ended(&server, 2).await;
    idle(&server).await;
    ended(&server, 2).await;
}

/// Each would process all files of the other's folder again.
#[tokio::test(flavor = "multi_thread")]
async fn two_watches_that_exchange_their_names_process_nothing_again() {
    let files = watching(
        "[[watch]]\nname = \"scans\"\npreset = \"each\"\nfolder = \"other\"\nquiet = \"300ms\"\nevery = \"100ms\"\n",
    );
    let mut server = serve(&files);
    store_preset(&server, "checksum").await;
    put(&files, "a", b"1");
    files.write("other/b", b"12");
    ended(&server, 2).await;
    idle(&server).await;
    assert!(server.terminate());
    let text = std::fs::read_to_string(config(&files)).expect("the settings");
    let text = text.replace("\"inbox\"", "\"\"").replace("\"scans\"", "\"inbox\"").replace("\"\"", "\"scans\"");
    std::fs::write(config(&files), text).expect("the settings");
    let server = serve(&files);
    let looked = async || {
        let watches = get(&server, "/api/v1/watches").await?;
        watches.as_array()?.iter().map(|watch| watch["looked"].as_u64()).collect::<Option<Vec<_>>>()
    };
    let first = eventually("both watches", async || looked().await).await;
    eventually("later looks", async || {
        let now = looked().await?;
        now.iter().zip(&first).all(|(now, first)| *now > first + 1_000).then_some(())
    })
    .await;
    ended(&server, 2).await;
}

/// Otherwise all files would be processed again, the outputs of the watch too.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_is_renamed_starts_nothing_while_what_it_knew_cannot_be_read() {
    let files = watching("");
    let mut server = serve(&files);
    store_preset(&server, "checksum").await;
    put(&files, "a", b"1");
    ended(&server, 1).await;
    idle(&server).await;
    assert!(server.terminate());
    let whole = std::fs::read(progress(&files)).expect("what it knew");
    std::fs::write(progress(&files), &whole[..whole.len() / 2]).expect("a damaged file");
    let text = std::fs::read_to_string(config(&files)).expect("the settings");
    std::fs::write(config(&files), text.replace("\"inbox\"", "\"scans\"")).expect("the settings");
    let mut server = serve(&files);
    let is_told = |watch: &Value| watch["problem"].as_str().is_some_and(|why| why.contains("watches/inbox.json"));
    let watch = told(&server, "the problem", is_told).await;
    assert_eq!(watch["name"], "scans", "{watch}");
    assert!(server.terminate());
    std::fs::write(progress(&files), &whole).expect("the file");
    let server = serve(&files);
    idle(&server).await;
    ended(&server, 1).await;
}
