//! The order of commits, and what a reader sees of them.

use std::sync::Arc;

use headway_model::JobEvent;
use headway_model::event::Recorded;

use super::recorder::{Recorder, created, new_job, plain, planned, whole_job};
use crate::rows::JobKey;
use crate::{Append, AppendError, Head, Store, Writer, WriterEffect};

/// A reader sees all events of a batch, or none.
pub async fn a_batch_is_visible_whole_or_not_at_all(store: Arc<dyn Store>) {
    let id = new_job();
    let mut recorder = Recorder::new(Arc::clone(&store));
    let reader = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                let head = store.head().await.expect("a head").position;
                let events = store.events(&[], 0, u64::MAX >> 1, 1_000).await.expect("events");
                assert!(events.len() as u64 >= head, "the head was ahead of the events");
                assert!(events.len().is_multiple_of(13), "a part of a batch was visible: {}", events.len());
                if events.len() == 5 * 13 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    recorder.record(id, whole_job(id)).await;
    for _ in 0..4 {
        let id = new_job();
        recorder.record(id, whole_job(id)).await;
    }
    reader.await.expect("a reader without complaint");
}

/// Positions become visible in order.
pub async fn a_reader_that_has_read_a_position_never_sees_an_earlier_one_appear(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    let total = 40 * 13;
    let reader = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let (mut after, mut seen) = (0, 0);
            while seen < total {
                for row in store.events(&[], after, u64::MAX >> 1, 7).await.expect("events") {
                    assert_eq!(row.position, after + 1, "a position was missed");
                    after = row.position;
                    seen += 1;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    for _ in 0..40 {
        let id = new_job();
        recorder.record(id, whole_job(id)).await;
    }
    reader.await.expect("a reader without complaint");
}

/// A writer that is made from the head and the folds of the store goes on without a gap.
pub async fn the_head_goes_on_after_a_reopening(store: Arc<dyn Store>) {
    let id = new_job();
    Recorder::new(Arc::clone(&store)).record(id, vec![created(id), planned(0, 2)]).await;
    let head = store.head().await.expect("a head");
    assert_eq!((head.position, head.next_job_no), (2, 2));
    let row = store.job(id).await.expect("a read").expect("the job");
    assert_eq!(head.digest, Some(row.summary.digest));

    let (_, folds) = store.folds(&[id]).await.expect("folds");
    let key = JobKey { job_no: row.job_no, created_position: 1, library: "files".into(), work: None };
    let mut recorder = Recorder { writer: Writer::new(head, vec![(key, folds[0].clone())]), store: Arc::clone(&store) };
    recorder.record(id, vec![plain(JobEvent::PlanEnded { total: 2, reruns: Default::default() })]).await;
    let events = store.events(&[row.job_no], 0, 100, 100).await.expect("events");
    assert_eq!(events.iter().map(|row| (row.position, row.seq)).collect::<Vec<_>>(), [(1, 1), (2, 2), (3, 3)]);
}

/// A batch of a writer that does not know of another one is refused.
pub async fn no_position_is_given_twice(store: Arc<dyn Store>) {
    let id = new_job();
    Recorder::new(Arc::clone(&store)).record(id, vec![created(id)]).await;
    // A second writer that does not know of the first.
    let (event, detail) = created(new_job());
    let JobEvent::Created { id: other, .. } = event else { unreachable!("it is created") };
    let mut late = Writer::new(Head { next_job_no: 2, ..Head::default() }, Vec::new());
    late.append(Append { ticket: 0, job: other, event, detail, at: 1, over: None });
    let batch = late.batch().expect("something to write");
    assert!(store.commit(batch).await.is_err());
    assert_eq!(store.head().await.expect("a head").position, 1);
    assert!(matches!(late.committed(false).as_slice(), [WriterEffect::Answer(_, _, Err(AppendError::Dead))]));
    assert_eq!(store.events(&[], 0, 100, 10).await.expect("events").len(), 1);
    assert!(Recorded::decode(&store.events(&[], 0, 100, 10).await.expect("events")[0].payload).is_ok());
}
