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

/// A piece of the server's own work is given up, because the server crashed at it again and again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{name}: {crashed}, so it gave that up; `headway doctor --try-again` lets it try again")]
pub(crate) struct GivenUpWork {
    name: String,
    crashed: String,
}

impl Steps {
    /// Carries out a piece of the server's own work, unless it is given up. Blocking: if one more crash would make it
    /// stuck, it waits for its turn.
    pub(crate) fn carry_out<T>(&self, own: &OwnWork, act: impl FnOnce() -> T) -> Result<T, GivenUpWork> {
        if self.is_stuck_at(own.of, own.step) {
            return Err(self.give_up(own));
        }
        let _step = self.begin(own.of, own.step, || self.shared.notes.is_closed());
        fault_of(own.step.word(), &own.name);
        Ok(act())
    }

    /// Lets everything of a library be tried again, as a person asked.
    pub(crate) fn forgive_library(&self, name: &str) {
        let of = Subject::library(name);
        self.shared.suspects.forgive(of);
        self.shared.given_up.lock().retain(|(other, _), _| *other != of);
    }

    /// How many pieces of the server's own work it has given up since its start.
    pub(crate) fn given_up(&self) -> usize {
        self.shared.given_up.lock().len()
    }

    /// The server's own tasks that were given up, as a text with what to do: the first one, and how many more there are.
    /// Only for callers who may know the names in it.
    pub(crate) fn given_up_text(&self) -> Option<String> {
        let given_up = self.shared.given_up.lock();
        let first = given_up.values().next()?;
        Some(match given_up.len() - 1 {
            0 => format!("{first}."),
            more => format!("{first}. {more} more of its own tasks are given up in the same way; its log names them."),
        })
    }

    /// Logs what is given up, once in the life of a server.
    fn give_up(&self, own: &OwnWork) -> GivenUpWork {
        let given_up = GivenUpWork { name: own.name.clone(), crashed: super::crashed(own.step) };
        if self.shared.given_up.lock().insert((own.of, own.step), given_up.clone()).is_none() {
            tracing::error!("{given_up}");
        }
        given_up
    }
}
