//! What became of a file, in all jobs.

use std::collections::BTreeSet;
use std::sync::Arc;

use headway_model::{Digest, DiskEffect, JobEvent, RelPath};

use super::recorder::{created, new_job, plain, planned, two_jobs};
use crate::Store;
use crate::rows::OutcomeRow;

/// What became of a file is found at the name that the file has now.
pub async fn an_outcome_is_found_at_the_name_that_its_file_has(store: Arc<dyn Store>) {
    let (mut recorder, one, row) = two_jobs(&store).await;
    let items = store.items(row.job_no, 0, 10, None).await.expect("items");
    let paths: Vec<_> = items.iter().map(|item| item.file.path.clone()).collect();
    let found = async |paths: &[RelPath], before: u64| {
        let rows = store.outcomes("files", paths, before, &[]).await.expect("outcomes");
        let from = |row: &OutcomeRow| row.moved_from.as_ref().map(ToString::to_string).unwrap_or_default();
        let words = rows.iter().map(|row| format!("{} {}{}", row.path, row.status.label(), from(row)));
        words.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let all = ["f0000 succeeded", "f0001 failed", "f0001 skipped", "f0002 skipped"];
    assert_eq!(found(&paths, u64::MAX).await, all);
    assert_eq!(found(&paths, row.job_no + 1).await, ["f0000 succeeded", "f0001 failed", "f0002 skipped"]);
    assert!(store.outcomes("elsewhere", &paths, u64::MAX, &[]).await.expect("outcomes").is_empty());

    // A job that renamed a file is listed under the new name.
    let renames = new_job();
    let result = r#"{"moved":"g0001"}"#.to_owned();
    let detail = Some(Digest::of(result.as_bytes()));
    let moved = JobEvent::Succeeded { item: 1, attempt: 1, effect: DiskEffect::Changed, detail };
    let begin = [created(renames), planned(0, 6), plain(JobEvent::PlanEnded { total: 6, reruns: Default::default() })];
    recorder.record(renames, begin.into()).await;
    let run = [plain(JobEvent::Began {}), plain(JobEvent::Started { item: 1, attempt: 1 }), (moved, Some(result))];
    recorder.record(renames, run.into()).await;
    assert_eq!(found(&paths, u64::MAX).await, all);
    let path = |text: &str| [text.parse::<RelPath>().expect("a path")];
    assert_eq!(found(&path("g0001"), u64::MAX).await, ["g0001 succeededf0001"]);

    // That holds even for a name that the plan did not contain. A failed item gave no name.
    let result = r#"{"moved":"h0003"}"#.to_owned();
    let detail = Some(Digest::of(result.as_bytes()));
    let moved = JobEvent::Succeeded { item: 3, attempt: 1, effect: DiskEffect::Changed, detail };
    recorder.record(renames, [plain(JobEvent::Started { item: 3, attempt: 1 }), (moved, Some(result))].into()).await;
    assert_eq!(found(&path("h0003"), u64::MAX).await, ["h0003 succeededf0003"]);
    assert!(found(&path("g0003"), u64::MAX).await.is_empty(), "the name of the plan is not the file's");
    assert_eq!(found(&paths, u64::MAX).await, all);

    // Jobs that are left out hide nothing.
    let f0001 = path("f0001");
    let without = async |but: &[u64]| store.outcomes("files", &f0001, u64::MAX, but).await.expect("outcomes").len();
    assert_eq!((without(&[]).await, without(&[row.job_no]).await), (2, 1));
    let f0000 = path("f0000");
    let done = async |but: &[u64]| {
        let rows = store.done("files", "checksum", &f0000, but).await.expect("rows");
        rows.iter().map(|done| done.job).collect::<Vec<_>>()
    };
    assert_eq!((done(&[]).await, done(&[row.job_no]).await), (vec![one], vec![]));
}
