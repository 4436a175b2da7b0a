//! The small files of the data folder, at the real program: what cannot be read there is not taken for nothing, and nothing
//! takes its place.

use headway_model::{EndReason, JobStatus, JobSummary, PauseReason};
use serde_json::json;

use crate::command::Served;
use crate::faults::{failing, try_failing};
use crate::helper::{Files, mint, set_modified};

fn is_paused(summary: &JobSummary) -> bool {
    matches!(summary.status, JobStatus::Paused { .. }) || summary.status.is_terminal()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_is_not_taken_for_the_library_because_what_is_known_cannot_be_read() {
    let files = Files::numbered(2);
    assert_eq!(Served::start(&files).run("checksum", json!({})).await.counters.succeeded, 2);
    let known = files.data().join("libraries");
    let before = std::fs::read(&known).expect("what is known");
    // As the mount point of a disk that is missing.
    std::fs::rename(files.library(), files.data().with_file_name("aside")).expect("a rename");
    std::fs::create_dir(files.library()).expect("an empty folder");
    for name in ["libraries", "mounts"] {
        let path = files.data().join(name);
        for error in ["EMFILE", "EIO"] {
            let what = format!("error={error}");
            let served = try_failing(&files, "openat", &what, &[path.to_str().expect("text")]);
            assert!(served.is_none(), "it starts though {name} cannot be read: {error}");
            assert_eq!(std::fs::read(&known).expect("what is known"), before, "{name} {error}");
        }
    }
    let served = Served::start(&files);
    let job = served.begin("checksum", json!({})).await;
    let paused = served.until(job, is_paused).await;
    assert_eq!(paused.status, JobStatus::Paused { reason: PauseReason::LibraryGone }, "{paused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_nothing_while_it_cannot_be_read_on_what_it_was_planned() {
    let files = Files::numbered(2);
    let mut served = Served::start(&files);
    let job = served.begin("upper", json!({ "approval": true, "output": { "place": "replace" } })).await;
    let planned = served.until(job, |summary| summary.status == JobStatus::Planned || is_paused(summary)).await;
    assert_eq!(planned.status, JobStatus::Planned, "{planned:?}");
    served.headway.kill();
    drop(served);
    // Another folder has the path, with files of the same names, sizes and times.
    let aside = files.data().with_file_name("aside");
    std::fs::rename(files.library(), &aside).expect("a rename");
    std::fs::create_dir(files.library()).expect("a folder");
    for number in 0..2 {
        let name = format!("{number:06}");
        files.write(&name, format!("copy {number}\n").as_bytes());
        let time = aside.join(&name).metadata().and_then(|found| found.modified()).expect("a time");
        set_modified(&files.library().join(&name), time);
    }
    let ground = files.data().join("jobs").join(job.to_string()).join(".ground");
    let mut served = failing(&files, "openat", "error=EIO", &[ground.to_str().expect("text")]);
    // However often it is approved and resumed.
    for action in ["approve", "resume", "resume"] {
        served.post(&format!("/api/jobs/{job}/{action}")).await;
        let paused = served.until(job, is_paused).await;
        assert_eq!(paused.status, JobStatus::Paused { reason: PauseReason::StorageErrors }, "{action}: {paused:?}");
        assert_eq!(paused.counters.succeeded, 0, "{action}");
    }
    served.headway.kill();
    for number in 0..2 {
        let content = std::fs::read(files.library().join(format!("{number:06}"))).expect("a file");
        assert_eq!(content, format!("copy {number}\n").into_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_waits_while_it_cannot_be_read_which_folders_the_job_made() {
    let files = Files::numbered(2);
    let output = json!({ "place": { "folder": { "path": "made/new" } } });
    let job = Served::start(&files).run("upper", json!({ "output": output })).await.job;
    assert!(files.library().join("made/new/000000").exists());
    let list = files.data().join("jobs").join(job.to_string()).join(".folders");
    let mut served = failing(&files, "openat", "error=EIO", &[list.to_str().expect("text")]);
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{undo}")).await.0, 201);
    let paused = served.until(undo, is_paused).await;
    assert_eq!(paused.status, JobStatus::Paused { reason: PauseReason::StorageErrors }, "{paused:?}");
    served.headway.kill();
    let end = Served::start(&files).end(undo).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 2), "{end:?}");
    assert!(!files.library().join("made").exists(), "its folders are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_whose_last_step_failed_is_made_up_for_by_another_one() {
    let files = Files::numbered(2);
    let job = Served::start(&files).run("rename", json!({ "settings": { "name": "made/{/}" } })).await.job;
    let [undo, again, late] = [mint(), mint(), mint()];
    let call = |undo| format!("/api/jobs/{job}/undo/{undo}");
    // The step first looks what an earlier try left in the folder of its outputs.
    let outputs = files.data().join("jobs").join(undo.to_string());
    let served = failing(&files, "getdents64", "error=EACCES", &[outputs.to_str().expect("text")]);
    assert_eq!(served.post(&call(undo)).await.0, 201);
    let end = served.end(undo).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Failed { reason: EndReason::Finish }, 2), "{end:?}");
    assert!(files.library().join("made").is_dir(), "the folder is still there");
    drop(served);
    let served = Served::start(&files);
    let (status, body) = served.post(&call(again)).await;
    assert_eq!(status, 201, "{body}");
    let end = served.end(again).await;
    assert_eq!((end.status, end.counters.total), (JobStatus::Completed, 0), "{end:?}");
    assert!(!files.library().join("made").exists());
    let (status, body) = served.post(&call(late)).await;
    assert!(status == 409 && body.to_string().contains("already undone"), "{status} {body}");
}
