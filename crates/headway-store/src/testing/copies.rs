//! Copies of a log in another store.

use std::sync::Arc;

use headway_model::{JobEvent, JobId};

use super::recorder::{Recorder, created, new_job, plain, planned, whole_job};
use crate::rows::JobKey;
use crate::{Append, CopiedLog, JobFilter, MemoryStore, Store, compare, copy};

/// A log in memory with this many jobs that are over, and its recorder.
async fn log_of(jobs: usize) -> (Arc<dyn Store>, Recorder, Vec<JobId>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut recorder = Recorder::new(Arc::clone(&store));
    let ids: Vec<_> = (0..jobs).map(|_| new_job()).collect();
    for id in &ids {
        recorder.record(*id, whole_job(*id)).await;
    }
    (store, recorder, ids)
}

/// A copy has the events, the rows and the leases of its original. One that was stopped goes on, and another one changes
/// nothing.
pub async fn a_copy_is_the_same_log_and_goes_on_where_it_was_stopped(store: Arc<dyn Store>) {
    let (original, mut recorder, mut ids) = log_of(2).await;
    recorder.writer = recorder.writer.named("here");
    // As far as a copy came that was stopped.
    let done = copy(&*original, &*store, |_| {}).await.expect("a copy");
    assert_eq!(done, CopiedLog { kept: 0, copied: 26, aside: Vec::new() });
    let live = new_job();
    ids.push(live);
    let begin = [created(live), planned(0, 3), plain(JobEvent::PlanEnded { total: 3, reruns: Default::default() })];
    recorder.record(live, begin.into()).await;
    let begun = vec![plain(JobEvent::Began {}), plain(JobEvent::Started { item: 0, attempt: 1 })];
    recorder.record(live, begun).await;
    for (kept, copied) in [(26, 5), (31, 0)] {
        let mut reached = 0;
        let done = copy(&*original, &*store, |position| reached = position).await.expect("a copy");
        assert_eq!(done, CopiedLog { kept, copied, aside: Vec::new() });
        assert_eq!(reached, 31);
        assert_eq!(compare(&*original, &*store, |_| {}).await.expect("the same log"), 31);
        let mut seen = Vec::new();
        for one in [&original, &store] {
            let jobs = one.jobs(JobFilter::Before(None), 100).await.expect("jobs");
            let mut items = Vec::new();
            for job in &jobs {
                items.extend(one.items(job.job_no, 0, 100, None).await.expect("items"));
            }
            let folds = one.folds(&ids).await.expect("folds");
            seen.push((jobs, items, folds, one.leases().await.expect("leases"), one.head().await.expect("a head")));
        }
        assert_eq!(seen[0].0.len(), 3);
        assert_eq!(seen[0].3.len(), 1);
        assert_eq!(seen[0], seen[1]);
    }
    // Whoever goes on with the copy goes on with the log.
    recorder.store = Arc::clone(&store);
    recorder.record(live, vec![plain(JobEvent::Returned { item: 0, attempt: 1 })]).await;
    let error = copy(&*original, &*store, |_| {}).await.expect_err("it has more than its original");
    assert!(error.message.contains("another log is there already"), "{error}");
    compare(&*original, &*store, |_| {}).await.expect_err("it has more than its original");
}

/// A copy has the positions of its original, also where events were removed. Another log is never copied over it.
pub async fn a_copy_keeps_the_gaps_of_its_original_and_another_log_is_refused(store: Arc<dyn Store>) {
    let (original, mut recorder, ids) = log_of(2).await;
    let (old, row) = (ids[0], original.job(ids[0]).await.expect("a read").expect("the job"));
    let fold = original.folds(&[old]).await.expect("folds").1.pop().expect("the job");
    let event = fold.prune().expect("it is over");
    let key = JobKey { job_no: row.job_no, created_position: row.created_position, ..JobKey::default() };
    let over = Some(Box::new((key, fold)));
    recorder.writer.append(Append { ticket: 0, job: old, event, detail: None, at: 1_764_000_000_000, over });
    let batch = recorder.writer.batch().expect("its last event");
    let pruned_at = batch.head;
    original.commit(batch).await.expect("a commit");
    recorder.writer.committed(true);
    while original.trim(row.job_no, pruned_at, 5).await.expect("a step") {}

    let done = copy(&*original, &*store, |_| {}).await.expect("a copy");
    assert_eq!(done, CopiedLog { kept: 0, copied: 14, aside: Vec::new() });
    assert_eq!(compare(&*original, &*store, |_| {}).await.expect("the same log"), 14);
    let events = store.events(&[], 0, u64::MAX >> 1, 100).await.expect("events");
    assert_eq!(events.iter().map(|row| row.position).collect::<Vec<_>>(), (14..=27).collect::<Vec<_>>());
    let left = store.job(old).await.expect("a read").expect("what is left of it");
    assert!(left.summary.pruned);
    for jobs in [1, 3] {
        let (other, ..) = log_of(jobs).await;
        let error = copy(&*other, &*store, |_| {}).await.expect_err("another log");
        assert!(error.message.contains("another log is there already"), "{error}");
        compare(&*other, &*store, |_| {}).await.expect_err("another log");
    }
    assert_eq!(store.head().await.expect("a head"), original.head().await.expect("a head"));
}
