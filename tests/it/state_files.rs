//! The small files of the data folder, at the real program: what cannot be read there is not taken for nothing, and nothing
//! takes its place.

use headway_model::{JobStatus, JobSummary, PauseReason};
use serde_json::json;

use crate::command::Served;
use crate::faults::{failing, try_failing};
use crate::helper::{Files, set_modified};

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
    let paused = served.until(job, is_paused).await;
    assert_eq!(paused.status, JobStatus::Paused { reason: PauseReason::StorageErrors }, "{paused:?}");
    // However often it is approved and resumed.
    for action in ["approve", "resume", "approve"] {
        served.post(&format!("/api/jobs/{job}/{action}")).await;
        let paused = served.until(job, is_paused).await;
        assert_eq!((paused.status.is_terminal(), paused.counters.succeeded), (false, 0), "{action}: {paused:?}");
    }
    served.headway.kill();
    for number in 0..2 {
        let content = std::fs::read(files.library().join(format!("{number:06}"))).expect("a file");
        assert_eq!(content, format!("copy {number}\n").into_bytes());
    }
}
