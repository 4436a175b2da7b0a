//! The kinds of job, told apart by their recipe.

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
    pub const UNDO: &str = "undo";

    /// The kind of a job with this recipe.
    pub fn of(recipe: &str) -> Self {
        if recipe == JobKind::UNDO { JobKind::Undo } else { JobKind::Recipe }
    }
}
