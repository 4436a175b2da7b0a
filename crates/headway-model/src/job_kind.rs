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

    /// The kind of a job with this recipe.
    pub fn of(recipe: &str) -> Self {
        if recipe == JobKind::UNDO { JobKind::Undo } else { JobKind::Recipe }
    }
}

/// What a job tried with its files. A failure is shown until a later job succeeds with the same. That is the recipe, or
/// the program where a person types it, which the job's `work` tells apart from others.
pub fn tried(recipe: &str, work: Option<Digest>) -> String {
    match work.filter(|_| recipe == BuiltIn::Command.name()) {
        Some(work) => format!("{recipe} {work}"),
        None => recipe.to_owned(),
    }
}
