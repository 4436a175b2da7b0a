//! `headway doctor` and `headway verify` accept what is intact, and find every change.

use std::process::{Command, Output};
use std::sync::Arc;

use headway_model::{JobId, JobStatus};
use headway_store::{SqliteStore, rebuild};
use serde_json::json;

use crate::helper::{App, Behaviour, Capitals, Files, Mount, mint, request};

/// The program's output with these arguments, and whether it ended well.
pub(crate) fn headway(arguments: &[&str], files: &Files) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    let Output { status, stdout, stderr } =
        command.args(arguments).env("HEADWAY_DATA", files.data()).output().expect("it runs");
    (status.success(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

/// The doctor's output for a data folder, and whether it found nothing wrong.
pub(crate) fn doctor(files: &Files) -> (bool, String) {
    headway(&["doctor", &format!("files={}", files.library().display())], files)
}

/// A data folder with three jobs: one replaced files, one was undone, and one failed in part.
async fn used() -> (Files, JobId) {
    let files = Files::numbered(5);
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let first = app.begin("capitals").await;
    assert_eq!(app.end(first).await.status, JobStatus::Completed);
    files.write("other", b"other");
    let second = app.begin("capitals").await;
    assert_eq!(app.end(second).await.counters.skipped, 5);
    let undo = mint();
    assert_eq!(app.post(&format!("/api/jobs/{second}/undo/{undo}")).await.0, 201);
    app.end(undo).await;
    let checksum = app.begin("checksum").await;
    app.end(checksum).await;
    app.stop().await;
    (files, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_data_folder_is_well_and_every_change_to_it_is_found() {
    let (files, _) = used().await;
    let (well, said) = doctor(&files);
    assert!(well && said.contains("no problems found"), "{said}");
    assert!(said.contains(" events of 4 jobs, ") && said.contains("5 originals are in a trash"), "{said}");
    assert!(
        said.contains("1 is as it was before")
            && said.contains("1 copy in a trash is of what is in its place again, 1 file that an undo replaced"),
        "{said}"
    );
    assert!(
        !said.contains("history of") && !said.contains("no longer"),
        "nothing is said of what there is none of: {said}"
    );

    let log = files.data().join("log.sqlite");
    let whole = files.data().with_file_name("whole.sqlite");
    files.sql(&format!("VACUUM INTO '{}'", whole.display())).await;
    for (statement, remedy) in [
        ("UPDATE items SET path = 'elsewhere' WHERE item = 2 AND job_no = 1", "headway rebuild"),
        ("UPDATE items SET result = '{}' WHERE item = 0 AND job_no = 1", "headway rebuild"),
        ("UPDATE items SET code = 7 WHERE item = 1 AND job_no = 1", "headway rebuild"),
        ("DELETE FROM items WHERE item = 4 AND job_no = 1", "headway rebuild"),
        ("UPDATE jobs SET summary = json_set(summary, '$.counters.failed', 1) WHERE job_no = 2", "headway rebuild"),
        ("DELETE FROM jobs WHERE job_no = 3", "headway rebuild"),
        ("INSERT INTO leases VALUES (1, 0, 1, 'nobody', 0)", "the next start"),
        ("DELETE FROM events WHERE position = 7", "backup"),
        ("DELETE FROM events WHERE position = (SELECT MAX(position) FROM events)", "backup"),
        ("UPDATE events SET payload = replace(payload, '\"at\":1', '\"at\":2') WHERE position = 9", "backup"),
        ("UPDATE events SET digest = randomblob(16) WHERE position = 5", "backup"),
        ("UPDATE events SET detail = detail || ' ' WHERE seq = 2 AND job_no = 1", "backup"),
        ("UPDATE events SET seq = seq + 1 WHERE position = 6", "backup"),
    ] {
        files.sql(statement).await;
        let (well, said) = doctor(&files);
        assert!(!well && said.contains(remedy), "{statement}: {said}");
        if remedy == "headway rebuild" {
            let store = SqliteStore::open(&log).await.expect("a log");
            rebuild(&store, |_| {}).await.expect("rows");
            drop(store);
            let (well, said) = doctor(&files);
            assert!(well, "after a rebuild: {statement}: {said}");
        }
        for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
            std::fs::remove_file(files.data().join(name)).ok();
        }
        std::fs::copy(&whole, &log).expect("the log as it was");
    }

    let trash = std::fs::read_dir(files.library().join(".headway-trash")).expect("a trash").flatten();
    // This includes files that nothing needs any more; they are not findings.
    for original in trash.filter_map(|job| std::fs::read_dir(job.path()).ok()).flat_map(Iterator::flatten) {
        std::fs::write(original.path(), b"changed").expect("a file");
    }
    let (well, said) = doctor(&files);
    assert!(!well && said.contains("not the original of"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_log_proves_its_report_and_a_changed_one_nothing() {
    let (files, job) = used().await;
    let app = App::start(&files).await;
    let answer = app.client.get(format!("{}/api/jobs/{job}/log", app.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.expect("a body");
    app.stop().await;
    let path = files.data().with_file_name("log.jsonl");
    let verify = |text: &str| {
        std::fs::write(&path, text).expect("a file");
        headway(&["verify", path.to_str().expect("text")], &files)
    };
    let (proved, said) = verify(&text);
    assert!(proved && said.contains("proved") && said.contains("5 succeeded"), "{said}");
    let lines: Vec<&str> = text.lines().collect();
    let without = |index: usize| [&lines[..index], &lines[index + 1..]].concat().join("\n");
    for index in [1, 2, lines.len() / 2, lines.len() - 1] {
        let (proved, said) = verify(&without(index));
        assert!(!proved && said.contains("proves nothing"), "without line {index}: {said}");
    }
    let (proved, said) = verify("e3b0c442  000001\n");
    assert!(!proved && said.contains("headway run verify ") && said.contains("--set manifest=log.jsonl"), "{said}");
    assert!(!verify(&text.replace("\"succeeded\":5", "\"succeeded\":6")).0);
    assert!(!verify(&text.replacen("000003", "000004", 1)).0, "a detail is a part of it");
    for (from, to) in
        [("{\"format\"", "{\"approved_by\":\"me\",\"format\""), ("{\"payload\"", "{\"approved_by\":\"me\",\"payload\"")]
    {
        let (proved, said) = verify(&text.replacen(from, to, 1));
        assert!(!proved && said.contains("approved_by"), "a field that nothing proves: {said}");
    }
    assert!(!verify("").0);
    assert!(!verify("not JSON").0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_job_under_way_proves_how_far_it_is() {
    let files = Files::numbered(3);
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let mut body = request("capitals");
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    app.until(job, |summary| summary.status == JobStatus::Planned).await;
    let answer = app.client.get(format!("{}/api/jobs/{job}/log", app.url)).send().await.expect("an answer");
    let path = files.data().with_file_name("log.jsonl");
    std::fs::write(&path, answer.bytes().await.expect("a body")).expect("a file");
    let (proved, said) = headway(&["verify", path.to_str().expect("text")], &files);
    assert!(proved && said.contains("planned after 3 events"), "{said}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn summaries_of_an_earlier_log_get_the_counts_of_missed_items_and_of_entries_that_are_no_files() {
    let files = Files::numbered(2);
    std::fs::create_dir(files.library().join("sub")).expect("a folder");
    std::os::unix::fs::symlink("../000000", files.library().join("sub/link")).expect("a link");
    let app = App::start(&files).await;
    let mut body = request("checksum");
    body["query"] = serde_json::json!({ "paths": ["000000", "000001", "sub", "gone"] });
    let counters = app.run(&body).await.counters;
    assert_eq!((counters.total, counters.links, counters.files(), counters.files_done()), (4, 1, 3, 3));
    assert_eq!((counters.skipped, counters.missed, counters.missed_in_plan), (2, 1, 1));
    app.stop().await;
    let without = "UPDATE jobs SET summary = json_remove(summary, '$.counters.missed_in_plan'";
    let earlier = format!("{without}, '$.counters.links', '$.counters.missed', '$.listing')");
    files.sql(&earlier).await;
    assert!(!doctor(&files).0, "it is missed");
    // The additions of later migrations do not exist yet.
    files
        .sql(&format!(
            "{earlier}; DROP INDEX items_by_moved; ALTER TABLE items DROP COLUMN becomes; PRAGMA user_version = 5"
        ))
        .await;
    let (well, said) = doctor(&files);
    assert!(well, "{said}");
    files.sql(&format!("{without})")).await;
    assert!(!doctor(&files).0, "what the plan found is missed");
    files.sql("PRAGMA user_version = 12").await;
    let (well, said) = doctor(&files);
    assert!(well, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_missing_is_not_called_changed_or_emptied() {
    let files = Files::new();
    let Some(root) = Mount::tmpfs(&files.library(), "1g") else { return };
    let usb = files.library().join("usb");
    std::fs::create_dir_all(files.elsewhere()).expect("a folder");
    let Some(inner) = Mount::without_exchange(&files.elsewhere(), &usb) else { return };
    files.write("usb/a", b"a");
    files.write("b", b"b");
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    assert_eq!(app.run(&request("capitals")).await.counters.succeeded, 2);
    app.stop().await;
    let (well, said) = doctor(&files);
    assert!(well && said.contains("2 outputs are as") && said.contains("2 originals are in a trash"), "{said}");
    assert!(said.ends_with("no problems found\n"), "{said}");
    drop(inner);
    let (_, said) = doctor(&files);
    assert!(said.contains("1 output is as it was put into place, ") && !said.contains("changed since"), "{said}");
    assert!(said.contains(", 2 files could not be read") && said.contains("usb cannot be read"), "{said}");
    assert!(said.contains("no problems found in what could be read"), "{said}");
    drop(root);
    let (well, said) = doctor(&files);
    assert!(!well && said.contains("was not checked: the library's folder cannot be reached"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_attempts_left_and_no_live_job_owns_is_listed_and_removed_if_that_is_wanted() {
    let (files, over) = used().await;
    let app = App::start(&files).await;
    let mut body = request("checksum");
    body["approval"] = json!(true);
    let live = app.begin_with(&body).await;
    app.until(live, |summary| summary.status == JobStatus::Planned).await;
    app.stop().await;
    let unknown = mint();
    let [temp, workshop] = [format!(".headway-{over}-0-9.txt"), format!(".headway-{over}-1-9~/more")];
    let [owned, foreign] = [format!(".headway-{live}-0-1"), format!(".headway-{unknown}-0-1")];
    for name in [&temp, &workshop, &owned, &foreign] {
        files.write(name, b"x");
    }
    let library = format!("files={}", files.library().display());
    let there = || [&temp, &workshop, &owned, &foreign].map(|name| files.library().join(name).exists());
    let (well, said) = headway(&["doctor", &library], &files);
    assert!(well && said.contains("no live job owns: 3"), "{said}");
    let name = &live.to_string()[30..];
    let waits = format!("is planned, and no server works on it: headway approve {name} approves its plan");
    assert!(said.contains(&waits), "{said}");
    assert!(said.contains(&format!("{temp} can be removed (--remove)")) && !said.contains(&owned), "{said}");
    assert!(said.contains(&format!("{foreign} is left for you to look at: this log does not know")), "{said}");
    assert_eq!(there(), [true; 4]);
    let (well, said) = headway(&["doctor", "--remove", &library], &files);
    assert!(well && said.contains(&format!("{temp} was removed")), "{said}");
    assert_eq!(there(), [false, false, true, true], "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_the_doctor_looks_into_all_that_it_knows_and_names_those_it_cannot_look_into() {
    let (files, over) = used().await;
    let temp = format!(".headway-{over}-0-9.txt");
    files.write(&temp, b"x");
    let (well, said) = headway(&["doctor"], &files);
    assert!(well && said.contains(&format!("{temp} can be removed (--remove)")), "{said}");
    assert!(said.ends_with("no problems found\n"), "{said}");
    files.write(&format!(".headway-{}-0-1", mint()), b"x");
    let (_, said) = headway(&["doctor"], &files);
    assert!(said.ends_with("no problems found; 1 name left for you to look at\n"), "{said}");
    std::fs::rename(files.library(), files.library().with_file_name("moved")).expect("a rename");
    let (_, said) = headway(&["doctor"], &files);
    assert!(said.contains("files was not looked into: "), "{said}");
    assert!(said.ends_with("no problems found in what could be read\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_the_doctor_removes_only_if_all_folders_are_asked_for() {
    let (files, over) = used().await;
    let temp = format!(".headway-{over}-0-9.txt");
    files.write(&temp, b"x");
    let there = || files.library().join(&temp).exists();
    let (well, said) = headway(&["doctor", "--remove"], &files);
    assert!(!well && said.contains("--remove needs the folders") && said.contains("--all"), "{said}");
    assert!(there() && !said.contains(&temp), "{said}");
    let library = format!("files={}", files.library().display());
    assert!(!headway(&["doctor", "--remove", "--all", library.as_str()], &files).0, "all, and one of them");
    let (well, said) = headway(&["doctor", "--all"], &files);
    assert!(well && said.contains(&format!("{temp} can be removed (--remove)")) && there(), "{said}");
    let (well, said) = headway(&["doctor", "--remove", "--all"], &files);
    assert!(well && said.contains(&format!("{temp} was removed")) && !there(), "{said}");
    let (_, said) = headway(&["doctor", "--help"], &files);
    assert!(said.contains("--all"), "{said}");
}

/// Which of these names the doctor tells of.
fn told_of(said: &str, names: &[String]) -> Vec<bool> {
    names.iter().map(|name| said.contains(name.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_live_job_of_a_library_around_or_inside_the_folder_owns_is_not_called_left() {
    let files = Files::new();
    files.write("sub/a", b"a");
    let sub = files.library().join("sub");
    let inner = ("inner".to_owned(), sub.clone());
    let recipe = Arc::new(Capitals::new(Behaviour::Instant));
    let app = App::start_with(&files, |config| config.libraries.push(inner), vec![recipe]).await;
    let over = app.run(&request("capitals")).await.job;
    let mut live = Vec::new();
    for library in ["files", "inner"] {
        let mut body = request("checksum");
        body["library"] = json!(library);
        body["approval"] = json!(true);
        let job = app.begin_with(&body).await;
        app.until(job, |summary| summary.status == JobStatus::Planned).await;
        live.push(job);
    }
    app.stop().await;
    let names = [live[0], live[1], over].map(|job| format!(".headway-{job}-0-7.txt"));
    names.iter().for_each(|name| files.write(&format!("sub/{name}"), b"x"));
    let [outer, inner] =
        [("files", files.library()), ("inner", sub.clone())].map(|(name, root)| format!("{name}={}", root.display()));
    for arguments in [&["doctor", outer.as_str()][..], &["doctor", inner.as_str()], &["doctor"]] {
        let (well, said) = headway(arguments, &files);
        assert!(well && said.contains("no live job owns: 1\n"), "{arguments:?}: {said}");
        assert_eq!(told_of(&said, &names), [false, false, true], "{arguments:?}: {said}");
        assert_eq!(said.matches(&names[2]).count(), 1, "{arguments:?}: {said}");
    }
    let (well, said) = headway(&["doctor", "--remove", &inner], &files);
    assert!(well && said.contains(&format!("{} was removed", names[2])), "{said}");
    let there = |name: &String| sub.join(name).exists();
    assert_eq!(names.iter().map(there).collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_or_removed_of_a_folder_in_the_place_of_the_one_that_a_job_was_planned_on() {
    let (files, over) = used().await;
    let temp = format!(".headway-{over}-0-9.txt");
    std::fs::rename(files.library(), files.elsewhere()).expect("a rename");
    std::fs::create_dir(files.library()).expect("a folder");
    files.write("another", b"another");
    files.write(&temp, b"of the second folder");
    let library = format!("files={}", files.library().display());
    for arguments in [&["doctor", library.as_str()][..], &["doctor", "--remove", library.as_str()]] {
        let (well, said) = headway(arguments, &files);
        assert!(
            well && said.contains("were not looked at, because another folder or disk is in their place"),
            "{said}"
        );
        assert!(!said.contains("no longer in a trash") && !said.contains("changed since"), "{said}");
        assert!(
            said.contains(&format!("{temp} is left for you to look at: another folder or disk is there")),
            "{said}"
        );
        assert!(said.contains("no problems found in what could be read; 1 name left for you to look at\n"), "{said}");
    }
    assert!(files.library().join(&temp).exists());
    // The folder of the job is as it was.
    let (_, said) = headway(&["doctor", &format!("files={}", files.elsewhere().display())], &files);
    assert!(said.contains("5 originals are in a trash") && !said.contains("not looked at"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_or_removed_of_a_disk_in_the_place_of_the_one_that_a_job_was_planned_on() {
    let files = Files::new();
    let usb = files.library().join("usb");
    let Some(first) = Mount::tmpfs(&usb, "8m") else { return };
    files.write("usb/a", b"a");
    files.write("b", b"b");
    let app = App::start_with(&files, |_| {}, vec![Arc::new(Capitals::new(Behaviour::Instant))]).await;
    let job = app.run(&request("capitals")).await.job;
    app.stop().await;
    drop(first);
    let Some(_second) = Mount::tmpfs(&usb, "8m") else { return };
    let names = ["usb/", ""].map(|folder| format!("{folder}.headway-{job}-0-9.txt"));
    names.iter().for_each(|name| files.write(name, b"x"));
    let (well, said) = headway(&["doctor", "--remove", &format!("files={}", files.library().display())], &files);
    assert!(
        well && said.contains("1 file was not looked at, because another folder or disk is in its place"),
        "{said}"
    );
    assert!(said.contains("1 original is in a trash") && !said.contains("changed since"), "{said}");
    assert_eq!(names.map(|name| files.library().join(name).exists()), [true, false], "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_event_is_one_finding_that_names_its_job() {
    let (files, first) = used().await;
    let whole = files.data().with_file_name("whole.sqlite");
    files.sql(&format!("VACUUM INTO '{}'", whole.display())).await;
    for damage in [
        "UPDATE events SET payload = '{' WHERE job_no = 1 AND seq = 4",
        "UPDATE events SET payload = replace(payload, '\"seq\":4', '\"seq\":5') WHERE job_no = 1 AND seq = 4",
        "UPDATE events SET digest = x'00000000000000000000000000000000' WHERE job_no = 1 AND seq = 4",
        "UPDATE events SET detail = 'x' WHERE job_no = 1 AND seq = 4",
    ] {
        for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
            std::fs::remove_file(files.data().join(name)).ok();
        }
        std::fs::copy(&whole, files.data().join("log.sqlite")).expect("a copy");
        files.sql(damage).await;
        let (well, said) = doctor(&files);
        let found: Vec<_> = said.lines().filter(|line| line.starts_with("WRONG: the event at ")).collect();
        assert!(!well && found.len() == 1 && found[0].contains(&first.to_string()), "{damage}: {said}");
    }
}
