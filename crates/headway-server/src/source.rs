//! Answers the reads of a stream.

use headway_model::message::Now;
use headway_store::{JobFilter, Store, Stored};

use crate::Server;
use crate::follow::{CHANGED_PAGE, EVENTS_PER_PAGE, Read, ReadResult};
use crate::recent::{Changed, Recent};

impl Server {
    /// Answers a read: recent commits from memory, older ones from the log.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn answer(&self, read: Read) -> Stored<ReadResult> {
        match read {
            Read::Head => Ok(ReadResult::Head(*self.head().borrow())),
            Read::Now(job) => Ok(ReadResult::Now(self.running(0, job))),
            read => answer(&**self.store(), Some(self.recent()), read).await,
        }
    }
}

/// Answers a read from the log, and from the recent commits if they are given. The log does not say which items run.
pub(crate) async fn answer(store: &dyn Store, recent: Option<&Recent>, read: Read) -> Stored<ReadResult> {
    let jobs = async |filter, limit| -> Stored<_> {
        Ok(ReadResult::Jobs(store.jobs(filter, limit).await?.iter().map(Changed::from).collect()))
    };
    Ok(match read {
        Read::Head => ReadResult::Head(store.head().await?),
        Read::DigestAt(position) => ReadResult::DigestAt(store.digest_at(position).await?),
        // A job that is set aside keeps its stream from none of the others.
        Read::Job(job) => match store.job(job).await {
            Err(error) if error.is_set_aside() => ReadResult::SetAside(job),
            row => ReadResult::Job(job, row?.map(Box::new)),
        },
        Read::EventBefore(job, job_no, position) => {
            ReadResult::EventBefore(job, store.event_before(job_no, position).await?)
        }
        Read::EventAt(job, job_no, seq) => {
            let at = store.event_at(job_no, seq).await?;
            ReadResult::EventAt(job, at.map(|(position, digest)| (seq, position, digest)))
        }
        Read::Folds(jobs) => ReadResult::Folds(store.folds(&jobs).await?.1),
        Read::Page(jobs, after, up_to) => {
            match recent.and_then(|recent| recent.page(after, up_to, EVENTS_PER_PAGE as usize)) {
                Some(parts) => ReadResult::Parts(parts),
                None => ReadResult::Page(store.events(&jobs, after, up_to, EVENTS_PER_PAGE).await?),
            }
        }
        Read::Live => jobs(JobFilter::Live, u32::MAX).await?,
        Read::Changed(position) => match recent.and_then(|recent| recent.changed(position)) {
            Some(changed) => ReadResult::Jobs(changed),
            None => jobs(JobFilter::ChangedAfter(position), CHANGED_PAGE as u32).await?,
        },
        Read::Now(job) => ReadResult::Now(Now { job, seq: 0, running: Vec::new() }),
    })
}
