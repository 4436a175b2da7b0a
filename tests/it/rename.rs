//! Renames: files that belong together all get their new names or keep their old ones, whenever the server dies; undo
//! restores the old names.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use headway_model::{JobId, JobStatus};
use serde_json::{Value, json};

use crate::command::Served;
use crate::faults::failing;
use crate::helper::{Files, Mount, mint};

/// Photos by real cameras, from Debian's golang-github-rwcarlsen-goexif-dev.
const PHOTOS: &str = "/usr/share/gocode/src/github.com/rwcarlsen/goexif/exif/samples";

/// Every file by its path, with its content and its modification time.
fn tree(root: &Path) -> BTreeMap<String, (Vec<u8>, i64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let (path, metadata) = (entry.path(), entry.metadata().expect("a file"));
            match metadata.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(root).expect("below it").to_str().expect("a text").to_owned();
                    found.insert(name, (std::fs::read(&path).expect("a file"), metadata.mtime()));
                }
            }
        }
    }
    found
}

fn named(template: &str) -> Value {
    json!({ "settings": { "name": template }, "policy": { "on_interrupt": "retry" } })
}

async fn undo(served: &Served, job: JobId) -> headway_model::JobSummary {
    let undo = mint();
    let (status, body) = served.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{body}");
    served.end(undo).await
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_get_the_date_that_exiftool_reads_and_their_old_names_back() {
    let files = Files::new();
    for photo in std::fs::read_dir(PHOTOS).expect("run ./test once, which installs the photos") {
        let photo = photo.expect("an entry");
        if photo.path().extension().is_some_and(|extension| extension == "jpg") {
            // Most of them are cut off after their Exif data, and exiftool inspects what follows.
            let content = [std::fs::read(photo.path()).expect("a photo"), vec![0; 70_000]].concat();
            files.write(photo.file_name().to_str().expect("a text"), &content);
        }
    }
    files.write("damaged.jpg", b"\xff\xd8\xff\xe1\xff\xffExif\0\0MM\0*\xff\xff\xff\xff");
    files.write("text.jpg", b"no photo at all");
    let before = tree(&files.library());
    let format = ["-s3", "-d", "%Y-%m-%d_%H-%M-%S", "-DateTimeOriginal", "-CreateDate"];
    let date = |name: &String| {
        let said = Command::new("exiftool").args(format).arg(files.library().join(name)).output();
        let said = String::from_utf8(said.expect("exiftool: run ./test once").stdout).expect("a text");
        Some(said.lines().next().unwrap_or_default().to_owned()).filter(|date| date.starts_with(['1', '2']))
    };
    let expected: BTreeMap<String, (Vec<u8>, i64)> = before
        .iter()
        .map(|(name, file)| (date(name).map_or(name.clone(), |date| format!("{date}-{name}")), file.clone()))
        .collect();
    let dated = expected.keys().filter(|name| !before.contains_key(*name)).count();
    assert!(dated >= 40, "only {dated} of {} photos have a date", before.len());

    let served = Served::start(&files);
    let job = served.begin("rename", named("{exif:date}-{/}")).await;
    let end = served.end(job).await;
    assert_eq!(tree(&files.library()), expected, "{end:?}");
    assert_eq!((end.counters.succeeded as usize, end.counters.skipped as usize), (dated, before.len() - dated));
    let items = served.get(&format!("/api/jobs/{job}/items?status=skipped")).await;
    for item in items["items"].as_array().expect("items") {
        assert_eq!(item["reason"], "lacks something that its new name is made from, such as a date or a series");
    }
    assert_eq!(undo(&served, job).await.counters.succeeded as usize, dated);
    assert_eq!(tree(&files.library()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_that_dies_at_any_step_is_made_in_the_end_and_undone() {
    for point in ["recorded", "renamed", "synced"] {
        let files = Files::numbered(4);
        dies_and_goes_on(&files, point, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_on_file_systems_that_cannot_refuse_to_overwrite() {
    for point in ["recorded", "renamed", "synced"] {
        let files = Files::new();
        let below = files.elsewhere();
        std::fs::create_dir(&below).expect("a folder");
        let Some(_mount) = Mount::without_exchange(&below, &files.library()) else { return };
        files.number(4);
        dies_and_goes_on(&files, point, None).await;
    }
    for point in ["recorded", "held", "renamed"] {
        let files = Files::new();
        let Some(_mount) = Mount::exfat(&files.library()) else { return };
        files.number(4);
        // A second file could die between the creation and the filling of the file that holds its name; docs/proof.md
        // says what happens then.
        dies_and_goes_on(&files, point, Some(1)).await;
    }
}

/// Kills a rename at this point. The next server completes it and undoes it.
async fn dies_and_goes_on(files: &Files, point: &str, concurrency: Option<u32>) {
    let before = tree(&files.library());
    let renamed = |name: &String| format!("moved/{name}.txt");
    let after: BTreeMap<_, _> = before.iter().map(|(name, file)| (renamed(name), file.clone())).collect();
    let mut dying = Served::start_in(files, &["env", &format!("HEADWAY_FAULT={point}")]).expect("a ready server");
    let mut request = named("/moved/{/}.txt");
    if let Some(concurrency) = concurrency {
        request["concurrency"] = json!(concurrency);
    }
    let job = dying.begin_doomed("rename", request).await;
    assert!(dying.headway.dies_within(Duration::from_secs(20)), "{point}");
    let between = tree(&files.library());
    for (name, file) in &before {
        assert!([name, &renamed(name)].iter().any(|name| between.get(*name) == Some(file)), "{point}: {name} is lost");
    }
    let served = Served::start(files);
    let end = served.end(job).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 4), "{point}");
    assert_eq!(tree(&files.library()), after, "{point}");
    assert_eq!(undo(&served, job).await.counters.succeeded, 4, "{point}");
    assert_eq!(tree(&files.library()), before, "{point}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_change_hands_along_chains_and_around_cycles_whenever_the_server_dies_and_back() {
    for point in ["none", "recorded", "renamed", "synced"] {
        // A chain: each takes the name of the one before.
        changes_hands(point, "{#}.{+.}", &[("n/2.txt", "n/1.txt"), ("n/3.txt", "n/2.txt"), ("n/4.txt", "n/3.txt")])
            .await;
        // A cycle: the folder and the name are exchanged.
        changes_hands(point, "/{/}/{//}", &[("a/b", "b/a"), ("b/a", "a/b")]).await;
    }
}

/// Gives files that have the same size and modification time each other's names.
async fn changes_hands(point: &str, template: &str, names: &[(&str, &str)]) {
    let files = Files::new();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for (number, (name, _)) in names.iter().enumerate() {
        files.write_at(name, number.to_string().as_bytes(), time);
    }
    let before = tree(&files.library());
    let after: BTreeMap<_, _> = names.iter().map(|(from, to)| ((*to).to_owned(), before[*from].clone())).collect();
    let faulty = format!("HEADWAY_FAULT={point}");
    let mut served = Served::start_in(&files, &["env", &faulty]).expect("a ready server");
    let mut request = named(template);
    request["query"] = json!({ "paths": names.iter().map(|(from, _)| *from).collect::<Vec<_>>() });
    let job = served.begin_doomed("rename", request).await;
    if point != "none" {
        assert!(served.headway.dies_within(Duration::from_secs(20)), "{point}");
        served = Served::start(&files);
    }
    let end = served.end(job).await;
    let rest = names.len() as u32 - 1;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (1, rest), "{point}: {end:?}");
    assert_eq!(tree(&files.library()), after, "{point} {template}");
    let items = served.get(&format!("/api/jobs/{job}/items?status=skipped")).await;
    for item in items["items"].as_array().expect("items") {
        assert_eq!(item["reason"], "is renamed together with another file of the job");
        assert!(names.iter().any(|(from, to)| item["path"] == *from && item["becomes"] == *to), "{item}");
    }
    assert_eq!(undo(&served, job).await.counters.succeeded, 1, "{point} {template}");
    assert_eq!(tree(&files.library()), before, "{point} {template}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_left_to_its_file_and_one_that_is_right_stays() {
    let files = Files::new();
    for name in ["a/IMG.JPG", "a/img.jpg", "b/x.jpg", "b/X.JPG.jpg", "c/1.TXT"] {
        files.write(name, name.as_bytes());
    }
    let before = tree(&files.library());
    let served = Served::start(&files);
    let small = json!({ "settings": { "name": "{/}", "case": "lower" }, "approval": true });
    let job = served.begin_doomed("rename", small).await;
    // The plan reports it before anything is changed.
    let planned = served.until(job, |summary| summary.status == JobStatus::Planned).await;
    assert_eq!((planned.counters.total, planned.counters.skipped), (5, 3));
    let items = served.get(&format!("/api/jobs/{job}/items?status=waiting")).await;
    let becomes = |item: &Value| (item["path"].clone(), item["becomes"].clone());
    let becomes: Vec<_> = items["items"].as_array().expect("items").iter().map(becomes).collect();
    assert_eq!(becomes, [(json!("b/X.JPG.jpg"), json!("b/x.jpg.jpg")), (json!("c/1.TXT"), json!("c/1.txt"))]);
    assert_eq!(tree(&files.library()), before);
    assert_eq!(served.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    let end = served.end(job).await;
    let items = served.get(&format!("/api/jobs/{job}/items")).await;
    let said = |path: &str| {
        let item = items["items"].as_array().expect("items").iter().find(|item| item["path"] == path).expect("one");
        item["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(said("a/IMG.JPG"), "another file has the new name");
    assert_eq!(said("a/img.jpg"), "already done");
    assert_eq!(end.counters.succeeded, 2);
    let mut expected = before.clone();
    for (from, to) in [("b/X.JPG.jpg", "b/x.jpg.jpg"), ("c/1.TXT", "c/1.txt")] {
        let file = expected.remove(from).expect("it was there");
        expected.insert(to.into(), file);
    }
    assert_eq!(tree(&files.library()), expected);
    // A file that was written to since is no longer the file that the job left.
    std::fs::write(files.library().join("c/1.txt"), "written to since").expect("a file");
    let undone = undo(&served, job).await;
    assert_eq!((undone.counters.succeeded, undone.counters.skipped), (1, 1));
    assert_eq!(std::fs::read(files.library().join("c/1.txt")).expect("a file"), b"written to since");
    assert_eq!(std::fs::read(files.library().join("b/X.JPG.jpg")).expect("a file"), b"b/X.JPG.jpg");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_renames_waits_until_every_file_can_be_inspected() {
    // The first look for the sidecar of one of them fails, and then every one.
    for (what, is_over) in [("error=EMFILE:when=1", true), ("error=EIO", false)] {
        let files = Files::new();
        for number in 2..5 {
            files.write(&format!("s/{number}.txt"), number.to_string().as_bytes());
        }
        let served = failing(&files, "openat2", what, &["s/2.xmp"]);
        let given = json!({ "settings": { "name": "{#}.{+.}" }, "query": { "folder": { "path": "s" } } });
        let end = served.run("rename", given).await;
        let items = served.get(&format!("/api/jobs/{}/items", end.job)).await;
        let content = |number: u32| std::fs::read(files.library().join(format!("s/{number}.txt"))).ok();
        let expected = |number: u32| Some(number.to_string().into_bytes());
        if is_over {
            assert_eq!((end.status, end.counters.failed), (JobStatus::Completed, 0), "{items}");
            assert_eq!([1, 2, 3, 4].map(content), [expected(2), expected(3), expected(4), None], "{items}");
        } else {
            assert_eq!((end.counters.succeeded, end.counters.failed), (0, 1), "{items}");
            assert_eq!([1, 2, 3, 4].map(content), [None, expected(2), expected(3), expected(4)], "{items}");
            let failed = items["items"].as_array().expect("items").iter().find(|item| item["status"] == "failed");
            let why = failed.map(|item| item["message"].to_string()).expect("one of them");
            assert!(why.contains("sidecar files: Input/output error"), "{items}");
        }
    }
}

/// Why the only item of a job fails whose plan was altered while no server ran: it now says `b.txt`.
async fn with_altered_plan(files: &Files, recipe: &str, settings: &Value) -> Value {
    let mut served = Served::start(files);
    let job = served.begin(recipe, json!({ "settings": settings, "approval": true })).await;
    served.until(job, |summary| summary.status == JobStatus::Planned).await;
    served.headway.kill();
    files.sql("UPDATE items SET becomes = 'b.txt'").await;
    served = Served::start(files);
    assert_eq!(served.post(&format!("/api/jobs/{job}/approve")).await.0, 200);
    assert_eq!(served.end(job).await.counters.failed, 1);
    served.get(&format!("/api/jobs/{job}/items")).await["items"][0]["message"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_the_one_in_the_plan_is_not_given() {
    let files = Files::new();
    files.write("a.txt", b"a");
    let message = with_altered_plan(&files, "rename", &json!({ "name": "{/.}-{#}.txt" })).await;
    assert_eq!(message, "it would become a-1.txt, and the plan says b.txt");
    assert_eq!(tree(&files.library()).into_keys().collect::<Vec<_>>(), ["a.txt"]);
    // Nor does a file keep its name that has another one in the plan.
    let message = with_altered_plan(&files, "checksum", &json!({})).await;
    assert_eq!(message, "it would keep its name, and the plan says b.txt");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_change_where_the_folder_takes_both_spellings_for_one_name() {
    for point in ["none", "renamed"] {
        let files = Files::new();
        let Some(_mount) = Mount::exfat(&files.library()) else { return };
        files.write("IMG_1.JPG", b"a photo");
        let before = tree(&files.library());
        let mut served = Served::start_in(&files, &["env", &format!("HEADWAY_FAULT={point}")]).expect("a ready server");
        let small = json!({ "settings": { "name": "{/}", "case": "lower" }, "policy": { "on_interrupt": "retry" } });
        let job = served.begin_doomed("rename", small).await;
        if point != "none" {
            assert!(served.headway.dies_within(Duration::from_secs(20)), "{point}");
            served = Served::start(&files);
        }
        assert_eq!(served.end(job).await.counters.succeeded, 1, "{point}");
        assert_eq!(tree(&files.library()).into_keys().collect::<Vec<_>>(), ["img_1.jpg"], "{point}");
        assert_eq!(undo(&served, job).await.counters.succeeded, 1, "{point}");
        assert_eq!(tree(&files.library()), before, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_a_template_is_reported_before_a_job_is_made() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    let (_, status, body) = served.try_begin("rename", named("photo.{+.}")).await;
    assert_eq!(status, 422, "{body}");
    assert!(body.to_string().contains("same for every file"), "{body}");
}
