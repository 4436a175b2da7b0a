//! What a job is by the recipe that made it.

/// What a job is: most work on files by a recipe, some put back what another job did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// It works on files.
    Recipe,
    /// It puts back what its parent did.
    Undo,
}

impl JobKind {
    /// The recipe of every job that undoes another.
    pub const UNDO: &str = "undo";

    /// The kind of a job with this recipe.
    pub fn of(recipe: &str) -> Self {
        if recipe == JobKind::UNDO { JobKind::Undo } else { JobKind::Recipe }
    }
}
