//! The kinds of job, told apart by their recipe.

use crate::{BuiltIn, Digest};

/// The kind of a job: most jobs run a recipe over files, some undo what another job did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Runs a recipe over files.
    Recipe,
    /// Undoes what its parent did.
    Undo,
}

impl JobKind {
    /// The recipe name of every undo job.
    pub const UNDO: &str = BuiltIn::Undo.name();

    /// What the title of an undo begins with, before the title of what it undoes.
    pub const UNDO_TITLE: &str = "Undo: ";

    /// What the title begins with of a job that takes back an undo, before the title of the job that was undone.
    pub const REDO_TITLE: &str = "Redo: ";

    /// The kind of a job with this recipe.
    pub fn of(recipe: &str) -> Self {
        if recipe == JobKind::UNDO { JobKind::Undo } else { JobKind::Recipe }
    }

    /// The title of a job that undoes one with this recipe and title. Undos of undos do not pile up in it: the undo of an undo
    /// redoes the job, and the undo of that undoes it again.
    pub fn undo_title(recipe: &str, title: &str) -> String {
        let is_undo = JobKind::of(recipe) == JobKind::Undo;
        let (begin, of) = match (title.strip_prefix(JobKind::UNDO_TITLE), title.strip_prefix(JobKind::REDO_TITLE)) {
            (Some(of), _) if is_undo => (JobKind::REDO_TITLE, of),
            (_, Some(of)) if is_undo => (JobKind::UNDO_TITLE, of),
            _ => (JobKind::UNDO_TITLE, title),
        };
        format!("{begin}{of}")
    }
}

/// What a job tried with its files. A failure is shown until a later job succeeds with the same: the same recipe or,
/// where a person types a program, the same program. The job's `work` tells such programs apart.
pub fn tried(recipe: &str, work: Option<Digest>) -> String {
    match work.filter(|_| recipe == BuiltIn::Command.name()) {
        Some(work) => format!("{recipe} {work}"),
        None => recipe.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undos_of_undos_do_not_pile_up_in_a_title() {
        let undo = |title: &str| JobKind::undo_title(JobKind::UNDO, title);
        let first = JobKind::undo_title("upper", "Upper · files");
        assert_eq!(first, "Undo: Upper · files");
        assert_eq!(undo(&first), "Redo: Upper · files");
        assert_eq!(undo(&undo(&first)), first);
        // A person's own title says nothing about what the job does.
        assert_eq!(JobKind::undo_title("upper", "Undo: mine"), "Undo: Undo: mine");
    }
}
