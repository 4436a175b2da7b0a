//! Batches as a writer makes them, from one event of a job to the next.

use std::sync::Arc;

use headway_model::JobEvent;
use headway_store::rows::Batch;
use headway_store::testing::{created, new_job};
use headway_store::{Append, Head, Store, Stored, Writer};

/// A machine that decides, at the head of a store.
pub(crate) struct Batches {
    writer: Writer,
}

impl Batches {
    pub(crate) fn at(head: Head) -> Self {
        Batches { writer: Writer::new(head, Vec::new()) }
    }

    /// A batch with this many new jobs.
    pub(crate) fn jobs(&mut self, count: usize) -> Batch {
        for _ in 0..count {
            let job = new_job();
            let (event, detail) = created(job);
            self.append(job, event, detail);
        }
        self.writer.batch().expect("something to write")
    }

    fn append(&mut self, job: headway_model::JobId, event: JobEvent, detail: Option<String>) {
        self.writer.append(Append { ticket: 0, job, event, detail, at: 1_764_000_000_000, over: None });
    }

    /// Commits a batch with this many new jobs, and tells the machine how it went.
    pub(crate) async fn commit(&mut self, store: &Arc<dyn Store>, count: usize) -> Stored<u64> {
        let batch = self.jobs(count);
        let head = batch.head;
        let done = store.commit(batch).await;
        self.writer.committed(done.is_ok());
        done.map(|()| head)
    }
}
