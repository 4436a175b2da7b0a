//! Files whose content and name change together, and files that go to the trash. Whenever the server dies, the whole
//! change is made or nothing of it. Undo restores every byte and every name.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use headway_model::{JobId, JobStatus, JobSummary};
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::{Files, Mount, mint};

/// Every file by its path, with its content and its modification time; every folder by its path, with no content.
/// Headway's own names are included, except those in a trash.
fn tree(root: &Path) -> BTreeMap<String, Option<(Vec<u8>, i64, u64)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let (path, metadata) = (entry.path(), entry.metadata().expect("a file"));
            let name = path.strip_prefix(root).expect("below it").to_str().expect("a text").to_owned();
            if name == ".headway-trash" {
                continue;
            }
            let file = (!metadata.is_dir())
                .then(|| (std::fs::read(&path).expect("a file"), metadata.mtime(), metadata.nlink()));
            found.insert(name, file);
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

fn names(files: &Files) -> Vec<String> {
    tree(&files.library()).into_iter().filter(|(_, file)| file.is_some()).map(|(name, _)| name).collect()
}

async fn undo(served: &Served, job: JobId) -> JobSummary {
    let undo = mint();
    let (status, body) = served.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{body}");
    served.end(undo).await
}

fn settings(settings: Value) -> Value {
    json!({ "settings": settings, "policy": { "on_interrupt": "retry" } })
}

/// Packs these entries with `zip`, as a file of the library.
fn pack(files: &Files, path: &str, entries: &[(&str, &str)]) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in entries {
        std::fs::write(folder.path().join(name), content).expect("a page");
    }
    files.write(path, b"");
    std::fs::remove_file(files.library().join(path)).expect("a file");
    let mut zip = Command::new("zip");
    zip.args(["-q", "-r"]).arg(files.library().join(path)).arg(".").current_dir(folder.path());
    assert!(zip.status().expect("zip").success());
}

/// The content of an entry, as `unzip` reads it.
fn unpacked(files: &Files, path: &str, entry: &str) -> String {
    let said = Command::new("unzip").arg("-p").arg(files.library().join(path)).arg(entry).output().expect("unzip");
    assert!(said.status.success(), "{path}");
    String::from_utf8(said.stdout).expect("a text")
}

/// Runs a recipe in a server that dies at this point; the next server runs it to its end.
async fn dies_and_goes_on(files: &Files, point: &str, recipe: &str, request: Value) -> (Served, JobId, JobSummary) {
    let mut served = Served::start_in(files, &["env", &format!("HEADWAY_FAULT={point}")]).expect("a ready server");
    let job = served.begin_doomed(recipe, request).await;
    if point != "none" {
        assert!(served.headway.dies_within(Duration::from_secs(20)), "{point}");
        served = Served::start(files);
    }
    let end = served.end(job).await;
    assert_eq!(end.status, JobStatus::Completed, "{point}: {end:?}");
    (served, job, end)
}

const INFO: &str = "<ComicInfo><Number>3</Number><Own>kept</Own></ComicInfo>";

#[tokio::test(flavor = "multi_thread")]
async fn a_comic_gets_content_and_name_together_whenever_the_server_dies() {
    for point in ["none", "sealed", "recorded", "renamed", "synced"] {
        let files = Files::new();
        for name in ["S/a.cbz", "S/right/x.cbz"] {
            pack(&files, name, &[("1.jpg", "page"), ("ComicInfo.xml", INFO)]);
        }
        files.write("S/note.txt", b"no comic");
        let before = tree(&files.library());
        let (served, job, end) = dies_and_goes_on(&files, point, "comic", settings(json!({}))).await;
        assert_eq!((end.counters.succeeded, end.counters.skipped), (2, 1), "{point}: {end:?}");
        let expected = ["S/S - Chapter 0003.cbz", "S/note.txt", "S/right/right - Chapter 0003.cbz"];
        assert_eq!(names(&files), expected, "{point}");
        let info = unpacked(&files, expected[0], "ComicInfo.xml");
        assert_eq!(info, INFO.replace("<Number>", "<Title>Chapter 3</Title><Series>S</Series><Number>"), "{point}");
        assert_eq!(unpacked(&files, expected[0], "1.jpg"), "page");
        // The second time there is nothing to do, and nothing is written.
        let after = tree(&files.library());
        let again = served.begin("comic", settings(json!({}))).await;
        let again = served.end(again).await.counters;
        assert_eq!((again.succeeded, again.skipped, again.missed), (0, 3, 0));
        assert_eq!(tree(&files.library()), after);
        assert_eq!(undo(&served, job).await.counters.succeeded, 2, "{point}");
        assert_eq!(tree(&files.library()), before, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comic_whose_name_is_taken_is_left_alone_and_one_that_was_changed_since_is_not_undone() {
    let files = Files::new();
    pack(&files, "S/a.cbz", &[("1.jpg", "page"), ("ComicInfo.xml", INFO)]);
    pack(&files, "S/b.cbz", &[("1.jpg", "other"), ("ComicInfo.xml", INFO)]);
    pack(&files, "root 1.cbz", &[("1.jpg", "no series")]);
    pack(&files, "T/zip 1.zip", &[("p10.jpg", "ten"), ("p2.jpg", "two"), ("Thumbs.db", "junk")]);
    let before = tree(&files.library());
    let served = Served::start(&files);
    let job = served.begin("comic", settings(json!({}))).await;
    let end = served.end(job).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (1, 3), "{end:?}");
    let items = served.get(&format!("/api/jobs/{job}/items?status=skipped")).await;
    let skipped: Vec<_> =
        items["items"].as_array().expect("items").iter().map(|item| (&item["path"], &item["reason"])).collect();
    assert!(skipped.contains(&(&json!("S/b.cbz"), &json!("another file has the new name"))), "{items}");
    let lacking = json!("lacks something that its new name is made from, such as a date or a series");
    assert!(skipped.contains(&(&json!("root 1.cbz"), &lacking)), "{items}");
    std::fs::remove_file(files.library().join("root 1.cbz")).expect("a file");
    assert_eq!(names(&files), ["S/S - Chapter 0003.cbz", "S/b.cbz", "T/zip 1.zip"]);

    let repack = served.begin("repack", settings(json!({ "ending": "cbz" }))).await;
    assert_eq!(served.end(repack).await.counters.failed, 0);
    assert_eq!(names(&files), ["S/S - Chapter 0003.cbz", "S/b.cbz", "T/zip 1.cbz"]);
    let listed = Command::new("unzip").arg("-Z1").arg(files.library().join("T/zip 1.cbz")).output().expect("unzip");
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "p2.jpg\np10.jpg\n");
    undo(&served, repack).await;
    assert_eq!(tree(&files.library())["T/zip 1.zip"], before["T/zip 1.zip"]);

    std::fs::write(files.library().join("S/S - Chapter 0003.cbz"), "written since").expect("a file");
    assert_eq!(undo(&served, job).await.counters.skipped, 1);
    assert_eq!(std::fs::read(files.library().join("S/S - Chapter 0003.cbz")).expect("a file"), b"written since");
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_go_to_the_trash_and_come_back_whenever_the_server_dies() {
    for point in ["none", "recorded", "renamed", "synced"] {
        let files = Files::new();
        for name in ["a/1", "b/1", "c/1"] {
            files.write(name, "the same".repeat(1_000).as_bytes());
        }
        files.write("d/other", "the samE".repeat(1_000).as_bytes());
        files.write("e/empty", b"");
        files.write("f/empty", b"");
        std::fs::hard_link(files.library().join("b/1"), files.library().join("b/2")).expect("a second name");
        let before = tree(&files.library());
        let report = {
            let served = Served::start(&files);
            let report = served.begin("duplicates", json!({})).await;
            assert_eq!(served.end(report).await.counters.succeeded, 7);
            let group = served.get(&format!("/api/jobs/{report}/outputs/GROUPS.jsonl")).await;
            assert_eq!((&group["keep"], &group["remove"]), (&json!(["b/1", "b/2"]), &json!(["a/1", "c/1"])), "{group}");
            let totals = served.get(&format!("/api/jobs/{report}/outputs/DUPLICATES.json")).await;
            assert_eq!((&totals["groups"], &totals["bytes"]), (&json!(1), &json!(16_000)), "{totals}");
            report
        };
        let request = settings(json!({ "report": report }));
        let (served, job, end) = dies_and_goes_on(&files, point, "deduplicate", request).await;
        assert_eq!((end.counters.succeeded, end.counters.skipped), (2, 5), "{point}: {end:?}");
        assert_eq!(names(&files), ["b/1", "b/2", "d/other", "e/empty", "f/empty"], "{point}");
        let view = served.get(&format!("/api/jobs/{job}")).await;
        assert_eq!(view["can_undo"], true, "{view}");
        assert_eq!(undo(&served, job).await.counters.succeeded, 2, "{point}");
        assert_eq!(tree(&files.library()), before, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_become_hard_links_and_come_back_whenever_the_server_dies() {
    for point in ["none", "recorded", "renamed", "synced"] {
        shared(&Files::new(), point, "link").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_become_clones_that_share_blocks_and_come_back() {
    for point in ["none", "renamed"] {
        let files = Files::new();
        let Some(_mount) = Mount::btrfs(&files.library()) else { return };
        shared(&files, point, "reflink").await;
    }
}

/// Files with the same content, size and modification time, which only their inodes tell apart. The first stays; a
/// link or a clone replaces the others.
async fn shared(files: &Files, point: &str, action: &str) {
    let path = |name: &str| files.library().join(name);
    let inode = |name: &str| path(name).metadata().expect("a file").ino();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for name in ["a/1", "b/1", "c/1"] {
        files.write_at(name, "the same".repeat(10_000).as_bytes(), time);
    }
    let (before, inodes) = (tree(&files.library()), ["a/1", "b/1", "c/1"].map(inode));
    let report = {
        let served = Served::start(files);
        let report = served.begin("duplicates", json!({})).await;
        served.end(report).await;
        report
    };
    let request = settings(json!({ "report": report, "action": action }));
    let (served, job, end) = dies_and_goes_on(files, point, "deduplicate", request).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (2, 1), "{point}: {end:?}");
    let now = ["a/1", "b/1", "c/1"].map(inode);
    assert_eq!(now == [inodes[0]; 3], action == "link", "{point}: {now:?}");
    assert!(now[1] != inodes[1] && now[2] != inodes[2], "{point}: {now:?}");
    for name in ["b/1", "c/1"] {
        assert_eq!(std::fs::read(path(name)).expect("a file"), before[name].as_ref().expect("a file").0, "{point}");
        assert_eq!(path(name).metadata().expect("a file").modified().expect("a time"), time, "{point}");
    }
    if action == "reflink" {
        let said = Command::new("filefrag").arg("-v").arg(path("b/1")).output().expect("filefrag");
        assert!(String::from_utf8_lossy(&said.stdout).contains("shared"), "{said:?}");
    }
    assert_eq!(undo(&served, job).await.counters.succeeded, 2, "{point}");
    // The number of the first file's links is not compared, because the removed links are in the trash of the undo.
    let after = tree(&files.library());
    assert_eq!(after.len(), before.len(), "{point}");
    for (name, file) in &after {
        match (&before[name], file) {
            (Some((old, old_time, _)), Some((new, time, _))) => {
                assert!(old == new && old_time == time, "{point}: {name}")
            }
            (before, now) => assert!(before.is_none() && now.is_none(), "{point}: {name}"),
        }
    }
    assert_eq!(["a/1", "b/1", "c/1"].map(inode), inodes, "{point}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_whose_ends_differ_are_not_read_whole() {
    let files = Files::new();
    let content = |at: usize| {
        let mut content = vec![7; 2 << 20];
        content[at] = 8;
        content
    };
    for (name, at) in [("1", 1 << 20), ("2", 1 << 20), ("middle", 1_000_000), ("head", 0), ("tail", (2 << 20) - 1)] {
        files.write(name, &content(at));
    }
    let served = Served::start(&files);
    let report = served.begin("duplicates", json!({})).await;
    assert_eq!(served.end(report).await.counters.succeeded, 5);
    let group = served.get(&format!("/api/jobs/{report}/outputs/GROUPS.jsonl")).await;
    assert_eq!((&group["keep"], &group["remove"]), (&json!(["1"]), &json!(["2"])), "{group}");
    let items = served.get(&format!("/api/jobs/{report}/items")).await;
    for item in items["items"].as_array().expect("items") {
        let is_read = !["head", "tail"].contains(&item["path"].as_str().expect("a path"));
        assert_eq!(item["result"]["blake3"].is_string(), is_read, "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_with_another_mode_is_not_made_a_hard_link() {
    let files = Files::new();
    ["a", "b"].iter().for_each(|name| files.write(name, b"one content"));
    std::fs::set_permissions(files.library().join("b"), std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let before = tree(&files.library());
    let served = Served::start(&files);
    let report = served.begin("duplicates", json!({})).await;
    served.end(report).await;
    let job = served.begin("deduplicate", settings(json!({ "report": report, "action": "link" }))).await;
    assert_eq!(served.end(job).await.counters.failed, 1);
    let items = served.get(&format!("/api/jobs/{job}/items?status=failed")).await;
    let message = items["items"][0]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("names of one file have one owner and one mode"), "{items}");
    assert_eq!(tree(&files.library()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_not_removed_if_the_one_that_was_to_stay_is_gone_or_another() {
    let files = Files::new();
    for name in ["a", "b", "x", "y"] {
        files.write(name, if name < "m" { b"one content" } else { b"other stuff" });
    }
    let served = Served::start(&files);
    let report = served.begin("duplicates", json!({ "settings": { "keep": "first" } })).await;
    served.end(report).await;
    std::fs::remove_file(files.library().join("a")).expect("a file");
    files.write("x", b"other size!");
    let job = served.begin("deduplicate", settings(json!({ "report": report }))).await;
    let end = served.end(job).await;
    assert_eq!((end.counters.succeeded, end.counters.failed, end.counters.skipped), (0, 1, 2), "{end:?}");
    assert_eq!(names(&files), ["b", "x", "y"]);
    let items = served.get(&format!("/api/jobs/{job}/items?status=failed")).await;
    let message = items["items"][0]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("a, which is to stay, cannot be compared: no longer there"), "{items}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_takes_sidecars_along_and_its_undo_removes_the_folders_that_it_made() {
    let files = Files::new();
    for name in ["p/IMG_1.JPG", "p/IMG_1.CR2", "p/IMG_1.xmp", "p/IMG_2.JPG", "p/IMG_2.JPG.xmp"] {
        files.write(name, name.as_bytes());
    }
    std::fs::create_dir(files.library().join("kept")).expect("a folder");
    let before = tree(&files.library());
    let served = Served::start(&files);
    let mut request = settings(json!({ "name": "/made/{//}/new-{/}" }));
    request["query"] = json!({ "folder": { "include": ["*.JPG", "*.CR2"] } });
    let job = served.begin("rename", request).await;
    assert_eq!(served.end(job).await.counters.succeeded, 3);
    let made = ["CR2", "JPG", "xmp"].map(|extension| format!("made/p/new-IMG_1.{extension}"));
    let more = ["made/p/new-IMG_2.JPG", "made/p/new-IMG_2.JPG.xmp"].map(str::to_owned);
    assert_eq!(names(&files), [&made[..], &more[..]].concat());
    assert_eq!(undo(&served, job).await.counters.succeeded, 3);
    assert_eq!(tree(&files.library()), before);

    // A file that somebody put there since stays.
    let job = served.begin("rename", settings(json!({ "name": "/kept/made/{/}" }))).await;
    served.end(job).await;
    files.write("kept/made/mine", b"mine");
    undo(&served, job).await;
    assert_eq!(tree(&files.library())["kept/made/mine"].as_ref().expect("a file").0, b"mine");
}
