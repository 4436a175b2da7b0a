//! Rows that are made again from the events, even while a history is being removed.

use std::sync::Arc;

use headway_model::{Fold, JobEvent};

use super::recorder::{Recorder, new_job, plain, whole_job};
use crate::rows::JobKey;
use crate::{Append, JobFilter, Store, rebuild};

/// Rows that are made again from the events are the rows that were there.
pub async fn rebuilt_rows_are_the_same(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    let mut ids = Vec::new();
    for round in 0..6 {
        let id = new_job();
        let mut events = whole_job(id);
        match round {
            // A job with each kind of end, and some live jobs.
            1 => events.truncate(5),
            2 => {
                events.truncate(3);
                events.extend([plain(JobEvent::CancelRequested {}), plain(JobEvent::Cancelled {})]);
            }
            3 => events.truncate(2),
            _ => {}
        }
        recorder.record(id, events).await;
        ids.push(id);
    }
    let all = async || {
        let jobs = store.jobs(JobFilter::Before(None), 100).await.expect("jobs");
        let mut items = Vec::new();
        for job in &jobs {
            items.extend(store.items(job.job_no, 0, 100, None).await.expect("items"));
        }
        (jobs, items, store.folds(&ids).await.expect("folds"), store.head().await.expect("a head"))
    };
    let before = all().await;
    let done = rebuild(store.as_ref(), |_| {}).await.expect("a good log");
    assert_eq!(done.jobs, 6);
    assert_eq!(all().await, before);
}

/// The history of a job is removed in steps, and its rows can be made again between any two.
pub async fn a_job_whose_history_is_removed_is_rebuilt_from_its_last_event_alone(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    let (old, other) = (new_job(), new_job());
    recorder.record(old, whole_job(old)).await;
    recorder.record(other, whole_job(other)).await;
    let row = store.job(old).await.expect("a read").expect("the job");
    let (_, folds) = store.folds(&[old]).await.expect("folds");
    let prune = |fold: &Fold| {
        let event = fold.prune().expect("it is over");
        let key = JobKey { job_no: row.job_no, created_position: row.created_position, ..JobKey::default() };
        let over = Some(Box::new((key, fold.clone())));
        Append { ticket: 0, job: old, event, detail: None, at: 1_764_000_000_000, over }
    };
    recorder.writer.append(prune(&folds[0]));
    // A writer that read the job before that and records the same event is refused.
    recorder.writer.append(prune(&folds[0]));
    let batch = recorder.writer.batch().expect("something to write");
    assert_eq!(batch.events.len(), 1);
    store.commit(batch).await.expect("a good disk");
    recorder.writer.committed(true);
    recorder.writer.append(prune(&folds[0]));
    assert!(recorder.writer.batch().is_none());

    let all = async || {
        let over = store.jobs(JobFilter::Over(0), 10).await.expect("jobs");
        let shown = store.jobs(JobFilter::Before(None), 10).await.expect("jobs");
        assert_eq!(shown.iter().map(|row| row.summary.job).collect::<Vec<_>>(), [other], "lists do not show it");
        (
            store.job(old).await.expect("a read").expect("the job"),
            over.len(),
            store.folds(&[other]).await.expect("folds"),
        )
    };
    let (left, over, _) = all().await;
    let (_, folds) = store.folds(&[old]).await.expect("folds");
    assert_eq!(Some(folds[0].hash()), left.fold, "though its items are still there");
    assert_eq!((left.summary.pruned, left.summary.counters.total, over), (true, 0, 2));
    let position = left.last_position;
    // During the removal, and after it, the rows can be rebuilt.
    let bytes = store.bytes().await.expect("bytes");
    assert!(store.trim(row.job_no, position, 3).await.expect("a removal"));
    rebuild(store.as_ref(), |_| {}).await.expect("a log");
    let (again, ..) = all().await;
    assert_eq!((again.head, again.fold, again.summary), (left.head, left.fold, left.summary));
    while store.trim(row.job_no, position, 3).await.expect("a removal") {}
    let trimmed = all().await;
    assert_eq!((trimmed.0.created_position, trimmed.1), (position, 1), "nothing is left to be removed");
    assert!(store.bytes().await.expect("bytes") <= bytes);
    assert_eq!(store.events(&[row.job_no], 0, 1_000, 100).await.expect("events").len(), 1);
    assert!(store.items(row.job_no, 0, 10, None).await.expect("items").is_empty());
    assert_eq!(store.events(&[], 0, 1_000, 100).await.expect("events")[0].position, row.last_position + 1);
    rebuild(store.as_ref(), |_| {}).await.expect("a log");
    assert_eq!((all().await.0, all().await.2), (trimmed.0, trimmed.2));
}
