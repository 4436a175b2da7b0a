//! The door for what the server does by itself, for one library or one job: each such piece of work has a crash note.
//! After two crashes in a row at a task, it is given up and reported, and everything else continues.

use super::subject::number_of;
use super::{Step, Steps, Subject};
use headway_files::fault_of;
use headway_model::{JobId, RelPath};

/// A piece of work that nobody waits for.
#[derive(Debug, Clone)]
pub(crate) struct OwnWork {
    of: Subject,
    step: Step,
    /// The subject, for people: the name of a library or the id of a job.
    name: String,
}

impl OwnWork {
    pub(crate) fn of_library(name: &str, step: Step) -> Self {
        OwnWork { of: Subject::library(name), step, name: name.to_owned() }
    }

    pub(crate) fn of_job(job: JobId, step: Step) -> Self {
        OwnWork { of: job.into(), step, name: job.to_string() }
    }

    pub(crate) fn of_data(step: Step) -> Self {
        OwnWork { of: Subject::Data, step, name: "the data folder".into() }
    }

    /// The scan of a folder of a library, or of the whole library.
    pub(crate) fn scan(library: &str, folder: Option<&RelPath>) -> Self {
        // 32 bits are enough to tell the folders apart that crash a server.
        let step = folder.map(|folder| Step::ScanFolder(number_of(&folder.to_bytes()) as u32));
        OwnWork::of_library(library, step.unwrap_or(Step::Scan))
    }
}

/// A piece of work is left out, because the server crashed at it again and again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{name}: {crashed}, so it gave that up; `headway doctor --try-again` lets it try again")]
pub(crate) struct LeftOut {
    name: String,
    crashed: String,
}

impl Steps {
    /// Carries out a piece of the server's own work, unless it is left out. Blocking: if one more crash would make it
    /// stuck, it waits for its turn.
    pub(crate) fn carry_out<T>(&self, own: &OwnWork, act: impl FnOnce() -> T) -> Result<T, LeftOut> {
        if self.is_stuck_at(own.of, own.step) {
            return Err(self.leave_out(own));
        }
        let _step = self.begin(own.of, own.step, || self.shared.notes.is_closed());
        fault_of(own.step.word(), &own.name);
        Ok(act())
    }

    /// Lets everything of a library be tried again, as a person asked.
    pub(crate) fn forgive_library(&self, name: &str) {
        let of = Subject::library(name);
        self.shared.suspects.forgive(of);
        self.shared.left_out.lock().retain(|(other, _), _| *other != of);
    }

    /// How much of the server's own work was left out since its start.
    pub(crate) fn left_out(&self) -> usize {
        self.shared.left_out.lock().len()
    }

    /// The server's own tasks that were given up, as a text with what to do, for those who may know the names: the
    /// first piece, and how many there are besides.
    pub(crate) fn left_out_text(&self) -> Option<String> {
        let left_out = self.shared.left_out.lock();
        let first = left_out.values().next()?;
        Some(match left_out.len() - 1 {
            0 => format!("{first}."),
            more => format!("{first}. {more} more of its own tasks are given up in the same way; its log names them."),
        })
    }

    /// Logs what is left out, once in the life of a server.
    fn leave_out(&self, own: &OwnWork) -> LeftOut {
        let left_out = LeftOut { name: own.name.clone(), crashed: super::crashed(own.step) };
        if self.shared.left_out.lock().insert((own.of, own.step), left_out.clone()).is_none() {
            tracing::error!("{left_out}");
        }
        left_out
    }
}
