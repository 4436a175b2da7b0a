//! Whether the events of a job that is over are those that were recorded. A page shows what the rows of a job say; an
//! event that was altered on the disk since is noticed only when it is read. So a short log is read when its job is
//! looked at. The results are remembered for the life of the server, unless one is an error, or so many logs were read
//! that all of it is forgotten. Longer logs are left to `headway doctor`.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::Server;
use headway_model::Digest;
use headway_model::event::Recorded;
use headway_model::id::Seq;
use headway_store::rows::JobRow;
use headway_store::{Store, StoreError};

/// The most events of a log that is read.
const EVENTS_LIMIT: Seq = 10_000;

/// Maximum number of jobs whose results are remembered; then all results are removed.
const JOBS_LIMIT: usize = 10_000;

const EVENTS_PER_READ: u32 = 1_000;

/// The first damaged event of the jobs whose logs were read, by their numbers.
#[derive(Default)]
pub(super) struct ReadLogs(Mutex<HashMap<u64, Option<Seq>>>);

impl Server {
    /// What to say of a job whose log is damaged.
    pub(super) async fn damaged_log(&self, row: &JobRow) -> Option<String> {
        if !row.summary.status.is_terminal() || row.summary.seq > EVENTS_LIMIT {
            return None;
        }
        let read = &self.inner.read_logs.0;
        let known = read.lock().get(&row.job_no).copied();
        let damaged = match known {
            Some(damaged) => damaged,
            None => match first_damaged(&**self.store(), row).await {
                Ok(damaged) => {
                    let mut read = read.lock();
                    if read.len() >= JOBS_LIMIT {
                        read.clear();
                    }
                    read.insert(row.job_no, damaged);
                    damaged
                }
                Err(error) => return Some(format!("The log of this job cannot be read: {error}.")),
            },
        };
        damaged.map(|seq| {
            format!(
                "The log of this job is damaged at its event {seq}, so that its shown state might be wrong; `headway doctor` reports more."
            )
        })
    }
}

/// The first event of a job that is not what was recorded.
async fn first_damaged(store: &dyn Store, row: &JobRow) -> Result<Option<Seq>, StoreError> {
    let (mut digest, mut seq, mut position) = (Digest::start(&row.summary.job), 0, 0);
    loop {
        let events = store.history(row.job_no, position, EVENTS_PER_READ).await?;
        for event in &events {
            (digest, seq, position) = (digest.then(event.payload.as_bytes()), seq + 1, event.position);
            let detail = event.detail.as_ref().map(|detail| Digest::of(detail.as_bytes()));
            let is_whole = Recorded::decode(&event.payload)
                .is_ok_and(|recorded| (recorded.seq, recorded.event.detail()) == (seq, detail));
            if !is_whole || (event.seq, event.digest) != (seq, digest) {
                return Ok(Some(seq));
            }
        }
        if events.is_empty() {
            let last = row.summary.seq;
            return Ok(match seq == last {
                true => (digest != row.summary.digest).then_some(seq),
                // The first one that is missing, or that is too many.
                false => Some(seq.min(last) + 1),
            });
        }
    }
}
