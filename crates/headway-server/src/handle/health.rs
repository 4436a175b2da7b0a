//! The health of the server: problems that a restart would fix, and reasons why no work can begin.

use std::sync::Arc;
use std::time::Duration;

use super::Server;
use headway_files::free_bytes;
use headway_model::status::WaitEnd;
use headway_model::{ApiError, JobStatus};

/// What pages say while the log cannot be reached.
const AWAY: &str = "The database of the log does not answer: nothing new is recorded, and jobs wait. Everything goes on by itself \
    once it is back.";

/// How long the engine can stand still before a restart is needed.
const STILL: Duration = Duration::from_secs(30);

impl Server {
    /// Problems that a restart would fix; empty if there are none. A full disk, a missing library or a database that is
    /// away is not one of them.
    pub fn ails(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.is_recording() {
            reasons.push("the log could not be written, so nothing new is recorded".into());
        }
        let still = self.inner.context.pulse.still_for();
        if still >= STILL && !self.is_away() && !*self.inner.stop.borrow() {
            reasons.push(format!("the engine has stood still for {} s", still.as_secs()));
        }
        reasons
    }

    /// Whether the log cannot be reached now, and is waited for.
    pub fn is_away(&self) -> bool {
        self.store().away().is_some()
    }

    /// What pages say about the server as a whole: that its log is away, and which of its own tasks it skips after
    /// repeated crashes, and what to do.
    pub fn given_up(&self) -> Option<String> {
        let away = self.is_away().then(|| AWAY.to_owned());
        let texts: Vec<_> = away.into_iter().chain(self.inner.context.steps.given_up_text()).collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    }

    /// Problems that no restart fixes. They name nothing, because everyone can call the probes.
    pub async fn notes(&self) -> Vec<String> {
        let notes = self.given_up_note().into_iter().chain(self.aside_note().await);
        notes.chain(self.schedules_note()).chain(self.watched_note()).chain(self.last_jobs_note().await).collect()
    }

    fn given_up_note(&self) -> Option<String> {
        let pieces = match self.inner.context.steps.given_up() {
            0 => return None,
            1 => "a piece".to_owned(),
            number => format!("{number} pieces"),
        };
        Some(format!(
            "the server gave up {pieces} of its own work, because it crashed there again and again; stop it and run `headway doctor`, \
             which says what that is; `headway doctor --try-again` lets it be tried again"
        ))
    }

    async fn aside_note(&self) -> Option<String> {
        let jobs = match self.store().aside().await.map(|aside| aside.len()) {
            Ok(0) => return None,
            Ok(1) => "a job is".to_owned(),
            Ok(number) => format!("{number} jobs are"),
            Err(error) => {
                tracing::warn!(%error, "it is not known whether jobs are set aside");
                return Some("it is not known whether jobs are set aside, because the log could not be read".into());
            }
        };
        Some(format!(
            "{jobs} set aside, because the events in the log cannot be read; the list of jobs names what is set aside, \
             and `headway doctor` says what can be done"
        ))
    }

    fn schedules_note(&self) -> Option<String> {
        let failed = self.schedules().iter().filter(|schedule| schedule.problem.is_some()).count();
        let what = match failed {
            0 => return None,
            1 => "a schedule could not start its last job".to_owned(),
            number => format!("{number} schedules could not start their last jobs"),
        };
        Some(format!("{what}; GET /api/v1/schedules says why"))
    }

    fn watched_note(&self) -> Option<String> {
        let failed = self.watched_folders().iter().filter(|watched| watched.problem.is_some()).count();
        let (which, whose) = match failed {
            0 => return None,
            1 => ("a watched folder".to_owned(), "its"),
            number => (format!("{number} watched folders"), "their"),
        };
        Some(format!("{which} cannot be read or processed, so {whose} files might wait; GET /api/v1/watches says why"))
    }

    async fn last_jobs_note(&self) -> Option<String> {
        let statuses = async {
            let schedules = self.schedule_views().await?.into_iter().map(|schedule| schedule.last_status);
            let watches = self.watched_folder_views().await?.into_iter().map(|watched| watched.last_status);
            Ok::<_, ApiError>(schedules.chain(watches).flatten().filter(|status| wants_person(*status)).count())
        };
        let whose = match statuses.await {
            Ok(0) => return None,
            Ok(1) => "a schedule or a watched folder".to_owned(),
            Ok(number) => format!("{number} schedules or watched folders"),
            Err(error) => {
                tracing::warn!(%error, "how the last jobs of schedules and watched folders ended is not known");
                return Some(
                    "it is not known how the last jobs of schedules and watched folders ended, because the log could not be read".into(),
                );
            }
        };
        Some(format!(
            "the last job of {whose} failed, ended with errors or waits for a person; GET /api/v1/schedules and \
             GET /api/v1/watches say which"
        ))
    }

    /// Reasons why no work can begin now.
    pub async fn cannot_begin(&self) -> Vec<String> {
        let mut reasons = self.ails();
        reasons.extend(self.is_away().then(|| "the database of the log is away".to_owned()));
        let context = &self.inner.context;
        let (data, floor) = (context.data.root().to_owned(), context.shortage.floor().disk);
        // An unknown amount of free space stops nothing; if there is too little, the calls themselves fail.
        let looked = self.inner.looks.ask("/the data folder", move || free_bytes(&data)).await;
        match looked {
            Err(no_answer) => reasons.push(format!("{no_answer} from the storage of the data folder")),
            Ok(Some(free)) if free < floor => reasons.push("the disk of the data folder is full".into()),
            Ok(_) => {}
        }
        let mut missing = Vec::new();
        let libraries = context.libraries.now();
        for library in libraries.iter() {
            let looked = Arc::clone(library);
            match self.inner.reaches.look(&library.name, move || looked.reach()).await {
                Some(Ok(())) => {}
                _ => missing.push(library.name.clone()),
            }
        }
        if !missing.is_empty() && missing.len() == libraries.len() {
            reasons.push(format!("no library can be reached: {}", missing.join(", ")));
        }
        reasons
    }
}

/// Whether a person has to look at a job that nobody started.
fn wants_person(status: JobStatus) -> bool {
    matches!(status, JobStatus::CompletedWithErrors | JobStatus::Failed { .. })
        || status.wait_end() == Some(WaitEnd::Person)
}
