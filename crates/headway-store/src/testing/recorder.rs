//! Records jobs as the server does: the same checks, the same rows, in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headway_model::event::{JobEvent, Outcome};
use headway_model::testing::created_with;
use headway_model::{Digest, DiskEffect, FailReason, JobId, PlannedFile, SkipReason, StartJob};

use crate::rows::JobRow;
use crate::{Append, Head, Store, Writer, WriterEffect};

/// Records events through the writer, as the live path does, in one batch.
pub struct Recorder {
    pub(super) writer: Writer,
    pub(super) store: Arc<dyn Store>,
}

impl Recorder {
    /// A recorder for an empty store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let head = Head { next_job_no: 1, ..Head::default() };
        Recorder { writer: Writer::new(head, Vec::new()), store }
    }

    /// Records these events of a job, with their details, in one batch. Panics if an event is refused, or not written.
    pub async fn record(&mut self, job: JobId, events: Vec<(JobEvent, Option<String>)>) {
        for (event, detail) in events {
            self.writer.append(Append { ticket: 0, job, event, detail, at: 1_764_000_000_000, over: None });
        }
        let batch = self.writer.batch().expect("something to write");
        self.store.commit(batch).await.expect("a good disk");
        for effect in self.writer.committed(true) {
            if let WriterEffect::Answer(_, append, answer) = effect {
                answer.unwrap_or_else(|error| panic!("{}: {error}", append.event.name()));
            }
        }
    }
}

/// The id of a new job.
pub fn new_job() -> JobId {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    JobId::mint(1_764_000_000_000, random)
}

const REQUEST: &str = r#"{"library":"files","recipe":"checksum","query":{"folder":{}}}"#;

/// The first event of a job of the recipe `checksum`, and its request.
pub fn created(id: JobId) -> (JobEvent, Option<String>) {
    let request: StartJob = serde_json::from_str(REQUEST).expect("a request");
    let body = serde_json::to_string(&request).expect("JSON");
    let event = created_with(id, "checksum", Digest::of(body.as_bytes()));
    (event, Some(body))
}

/// The files `fN`. The last one is a link. An odd one gets the name `gN`.
pub(super) fn planned(first: u32, count: u32) -> (JobEvent, Option<String>) {
    let file = |number| PlannedFile {
        path: format!("f{number:04}").parse().expect("a path"),
        size: 7,
        mtime_ns: -3,
        rerun: None,
        becomes: (number % 2 == 1).then(|| format!("g{number:04}").parse().expect("a path")),
    };
    let files: Vec<_> = (first..first + count).map(file).collect();
    let detail = serde_json::to_string(&files).expect("JSON");
    let skips = vec![(first + count - 1, 1, SkipReason::Symlink)];
    (JobEvent::Planned { first, count, skips, detail: Digest::of(detail.as_bytes()) }, Some(detail))
}

/// An event without a detail.
pub(super) fn plain(event: JobEvent) -> (JobEvent, Option<String>) {
    (event, None)
}

fn succeeded(item: u32) -> (JobEvent, Option<String>) {
    let result = r#"{"sha256":"00"}"#.to_owned();
    let detail = Some(Digest::of(result.as_bytes()));
    (JobEvent::Succeeded { item, attempt: 1, effect: DiskEffect::Read, detail }, Some(result))
}

/// A whole small job: three items: one is skipped, and one was interrupted once.
pub(super) fn whole_job(id: JobId) -> Vec<(JobEvent, Option<String>)> {
    vec![
        created(id),
        planned(0, 3),
        plain(JobEvent::PlanEnded { total: 3, reruns: Default::default() }),
        plain(JobEvent::Began {}),
        plain(JobEvent::Started { item: 0, attempt: 1 }),
        succeeded(0),
        plain(JobEvent::Started { item: 1, attempt: 1 }),
        plain(JobEvent::Recovered { item: 1, attempt: 1, alive: None }),
        plain(JobEvent::Requeued { item: 1 }),
        plain(JobEvent::Started { item: 1, attempt: 2 }),
        plain(JobEvent::Failed {
            item: 1,
            attempt: 2,
            reason: FailReason::Read,
            message: "gone bad".into(),
            detail: None,
        }),
        plain(JobEvent::Finishing {}),
        plain(JobEvent::Ended { outcome: Outcome::CompletedWithErrors }),
    ]
}

/// Records a job that has ended and one that is planned: the first one, its row, and the recorder for more.
pub(super) async fn two_jobs(store: &Arc<dyn Store>) -> (Recorder, JobId, JobRow) {
    let (one, other) = (new_job(), new_job());
    let mut recorder = Recorder::new(Arc::clone(store));
    recorder.record(one, whole_job(one)).await;
    recorder.record(other, vec![created(other), planned(0, 2)]).await;
    let row = store.job(one).await.expect("a read").expect("the job");
    (recorder, one, row)
}
