//! The data folder is its owner's alone.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use headway_model::JobStatus;
use serde_json::json;

use crate::command::Served;
use crate::helper::{Files, eventually};

/// Every folder and file there, with its mode.
fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mode = |path: &Path| path.symlink_metadata().expect("a file").permissions().mode() & 0o7777;
    let mut found = vec![(folder.to_owned(), mode(folder))];
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path().is_dir() {
            true => found.extend(modes(&entry.path())),
            false => found.push((entry.path(), mode(&entry.path()))),
        }
    }
    found
}

fn open_to_others(folder: &Path) -> Vec<(PathBuf, u32)> {
    let private = |(path, mode): &(PathBuf, u32)| *mode != if path.is_dir() { 0o700 } else { 0o600 };
    modes(folder).into_iter().filter(private).collect()
}

async fn work(served: &Served) {
    for (recipe, more) in [("checksum", json!({})), ("exit", json!({}))] {
        assert_eq!(served.run(recipe, more).await.status, JobStatus::Completed);
    }
    let url = format!("{}/api/libraries/files/files", served.headway.url);
    assert_eq!(served.client.get(url).send().await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_read_what_is_in_the_data_folder() {
    let files = Files::new();
    files.write("0", b"0");
    let mut served = Served::start(&files);
    work(&served).await;
    let all: Vec<_> = modes(&files.data()).into_iter().map(|(path, _)| path).collect();
    for part in
        ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "files.sqlite", "lock", "ballast", "SHA256SUMS", "0.jsonl"]
    {
        assert!(all.iter().any(|path| path.ends_with(part)), "{part} is not there: {all:?}");
    }
    assert_eq!(open_to_others(&files.data()), []);
    // Files that a command makes in a library keep the mode that it gives them.
    assert_eq!(files.library().metadata().expect("a folder").permissions().mode() & 0o077, 0o055);

    // The folder as an earlier version left it when it was killed.
    served.headway.kill();
    for (path, _) in modes(&files.data()) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("ours");
    }
    std::fs::remove_file(files.data().join("files.sqlite")).expect("a file");
    // A first start that was killed while it made a database leaves such a file.
    std::fs::write(files.data().join("files.sqlite-journal"), "").expect("a file");
    let served = Served::start(&files);
    assert_eq!(open_to_others(&files.data()), []);
    work(&served).await;
    eventually("an index that is made again", async || files.data().join("files.sqlite").exists().then_some(())).await;
    assert_eq!(open_to_others(&files.data()), []);
}

/// The server does not change the mode of a folder that contains other people's files.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_others_in_the_data_folder_stay_as_they_are() {
    let files = Files::new();
    files.write("0", b"0");
    std::fs::create_dir(files.data()).expect("a folder");
    std::fs::write(files.data().join("letter"), "Dear all").expect("a file");
    // A folder with the name of one of Headway's folders.
    let (tmp, script) = (files.data().join("tmp"), files.data().join("tmp/run.sh"));
    std::fs::create_dir(&tmp).expect("a folder");
    std::fs::write(&script, "true").expect("a file");
    let theirs = [(files.data(), 0o755), (files.data().join("letter"), 0o644), (tmp, 0o755), (script, 0o755)];
    for (path, mode) in &theirs {
        std::fs::set_permissions(path, PermissionsExt::from_mode(*mode)).expect("ours");
    }
    // The second time the folder contains a log of Headway.
    for _ in 0..2 {
        let served = Served::start(&files);
        work(&served).await;
        drop(served);
        for (path, mode) in &theirs {
            let found = std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            assert_eq!(found, *mode, "{}", path.display());
        }
    }
    let open: Vec<_> = open_to_others(&files.data()).into_iter().map(|(path, _)| path).collect();
    assert_eq!(open.len(), theirs.len(), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_enter_a_trash() {
    let files = Files::numbered(2);
    let served = Served::start(&files);
    assert_eq!(served.run("upper", json!({})).await.status, JobStatus::Completed);
    let folders: Vec<_> =
        modes(&files.library().join(".headway-trash")).into_iter().filter(|(path, _)| path.is_dir()).collect();
    assert_eq!(folders.len(), 2, "all trashes, and that of the job: {folders:?}");
    assert!(folders.iter().all(|(_, mode)| *mode == 0o700), "{folders:?}");
}
