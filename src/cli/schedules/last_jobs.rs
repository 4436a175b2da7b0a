//! The status of the last job of each schedule and watched folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cli::failure::CommandFailure;
use crate::cli::follow::not_worked_on;
use crate::cli::out::say;
use crate::cli::session::{ServerArguments, Session};
use headway_client::ClientError;
use headway_model::{ApiError, JobId};
use headway_server::config::StoreAddress;

/// What is known of the status of each job, in words.
pub(super) struct LastJobs(BTreeMap<JobId, String>);

impl LastJobs {
    /// Asks the server of the data folder or, if none runs, a server in this process that works on no job. If neither answers,
    /// no status is known, and standard error says why.
    pub(super) async fn ask(
        jobs: BTreeSet<JobId>,
        data: &Path,
        store: Option<StoreAddress>,
        config: Option<PathBuf>,
    ) -> Self {
        if jobs.is_empty() {
            return LastJobs(BTreeMap::new());
        }
        let which = ServerArguments { data: data.to_owned(), store, server: None, token_file: None, config };
        let known = match which.ask().await {
            Ok(session) => known(session, jobs).await,
            Err(CommandFailure { text, .. }) => {
                let why = text.unwrap_or_default();
                say(&format!("headway: the status of the last jobs is not known: {why}"));
                BTreeMap::new()
            }
        };
        LastJobs(known)
    }

    /// The job, and its status if that is known.
    pub(super) fn shown(&self, job: JobId) -> String {
        let status = self.0.get(&job).map_or("status not known", String::as_str);
        format!("job {job} ({status})")
    }
}

/// The status of each job, as this session tells it.
async fn known(session: Session, jobs: BTreeSet<JobId>) -> BTreeMap<JobId, String> {
    let mut known = BTreeMap::new();
    for job in jobs {
        known.insert(job, status(&session, job).await);
    }
    session.close().await;
    known
}

/// The status of a job, or why it is not known. Standard error names a job that no server works on.
async fn status(session: &Session, job: JobId) -> String {
    match session.client.job(job).await {
        Ok(view) => {
            if view.has_no_server() {
                say(&format!("headway: {}", not_worked_on(session, job)));
            }
            view.summary.status_text()
        }
        Err(ClientError::Refused(ApiError::Pruned { .. })) => "its history was removed".into(),
        Err(error) => format!("status not known: {error}"),
    }
}
