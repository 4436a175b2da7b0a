//! Finds work that the server has stopped: jobs that are paused as stuck, and work of its own that it gave up. Also
//! lists the jobs that are not over, because no server works on them while the doctor looks.

use std::collections::BTreeSet;

use super::{Finding, Remedy};
use crate::steps::{Step, Steps, Subject, crashed};
use headway_files::{DataFolder, io_text};
use headway_model::{JobStatus, JobSummary, PauseReason};
use headway_store::{JobFilter, Store, StoreError};

/// Work of a data folder that no server uses.
#[derive(Debug, Default)]
pub struct OpenWork {
    /// What the server has stopped.
    pub stuck: Vec<Finding>,
    /// The other jobs that are not over. That is no fault.
    pub waiting: Vec<JobSummary>,
}

/// Lists what is stuck in a data folder that no server uses, and the other jobs that are not over.
pub(crate) async fn open_work(store: &dyn Store, data: &DataFolder) -> Result<OpenWork, StoreError> {
    let all = Steps::all_stuck(data.root());
    let (mut findings, mut waiting) = (Vec::new(), Vec::new());
    let live = match store.jobs(JobFilter::Live, u32::MAX).await {
        Err(error) if error.is_damaged_row() => {
            findings.push(Finding { what: error.message, remedy: Remedy::Rebuild });
            Vec::new()
        }
        live => live?,
    };
    for row in live {
        let job = row.summary.job;
        let step = all.iter().find(|(of, step)| *of == Subject::Job(job) && !step.is_own()).map(|(_, step)| *step);
        let is_stuck = row.summary.status == (JobStatus::Paused { reason: PauseReason::Stuck });
        if step.is_some() || is_stuck {
            let why = step.map_or_else(|| "the server could not go on with it".to_owned(), crashed);
            let what = format!("job {job}, {:?}, is stuck: {why}", row.summary.title);
            findings.push(Finding { what, remedy: Remedy::Resume });
        } else {
            waiting.push(row.summary);
        }
    }
    let known = data.known_libraries();
    let known = known.map_err(|error| {
        StoreError::new(format!(
            "what is known of the libraries cannot be read in the data folder: {}",
            io_text(&error)
        ))
    });
    let libraries: BTreeSet<String> = known?.into_keys().collect();
    for (of, step) in all.into_iter().filter(|(_, step)| step.is_own()) {
        findings.push(Finding { what: given_up(of, step, &libraries), remedy: Remedy::TryAgain });
    }
    Ok(OpenWork { stuck: findings, waiting })
}

/// The work of its own that the server has given up, as a text.
fn given_up(of: Subject, step: Step, libraries: &BTreeSet<String>) -> String {
    let of = match of {
        Subject::Job(job) => format!("job {job}"),
        Subject::Data => "the data folder".to_owned(),
        Subject::Library(_) => match libraries.iter().find(|name| Subject::library(name) == of) {
            Some(name) => format!("library {name}"),
            None => "a library that is not known any more".to_owned(),
        },
    };
    format!("{of}: {}, so it gave that up", crashed(step))
}
