//! What a job that waits is going to do to each of its files, as plans and previews say it.

use std::path::Path;

use crate::engine::target;
use headway_model::text::quoted;
use headway_model::{JobKind, RelPath, StartJob};
use headway_recipes::{Recipe, ShellFile};

/// A job that waits, and whatever decides what it does to a file.
pub(super) struct PlannedJob<'a> {
    pub(super) recipe: &'a dyn Recipe,
    /// Its request, with every default filled in.
    pub(super) request: &'a StartJob,
    /// The path of the library's root.
    pub(super) library: &'a Path,
    /// How many files it has.
    pub(super) total: u32,
}

/// Where the output for a file is to be in the end.
pub(super) struct PlannedOutput {
    pub(super) path: RelPath,
    /// Whether it takes the place of the file.
    pub(super) replaces: bool,
}

impl PlannedJob<'_> {
    /// Where the output for a file is to be; `None` if there is none, or no name for it. Files are numbered from 1.
    pub(super) fn output(&self, number: u32, path: &RelPath) -> Option<PlannedOutput> {
        let output = self.recipe.output_for(self.request, path)?;
        let replaces = output.replaces();
        // The attempt reports a name that is not possible.
        target(&output, path, number, 0).ok().map(|path| PlannedOutput { path, replaces })
    }

    /// The command that runs for a file, as a line for a shell; `None` if no program runs.
    pub(super) fn line(&self, number: u32, path: &RelPath) -> Option<String> {
        let out = self.output(number, path).map(|output| output.path);
        let file = ShellFile { library: self.library, path, number, total: self.total };
        let words = self.recipe.run_words(self.request, &file, out.as_ref())?;
        let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        Some(String::from_utf8_lossy(&words.join(&b' ')).into_owned())
    }

    /// What is done to a file, besides the new name that it or its output gets; `None` if that name says it all.
    pub(super) fn words(&self, number: u32, path: &RelPath, is_renamed: bool) -> Option<String> {
        let line = self.line(number, path);
        let place = match self.output(number, path) {
            Some(PlannedOutput { replaces: true, .. }) if is_renamed => Some("rewritten"),
            Some(PlannedOutput { replaces: true, .. }) => Some("replaced in place"),
            Some(PlannedOutput { replaces: false, .. }) => None,
            None => (line.is_none() && self.only_reads()).then_some("only read"),
        };
        let runs = line.map(|line| format!("runs {line}"));
        let parts = [runs, place.map(str::to_owned), self.recipe.plan_detail(self.request, path)];
        let words = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        (!words.is_empty()).then_some(words)
    }

    /// Whether a file that gets no output stays as it is.
    fn only_reads(&self) -> bool {
        // An output that can have no name is none.
        let writes = self.request.output.is_some() || self.recipe.renames_files();
        !writes && JobKind::of(&self.request.recipe) != JobKind::Undo
    }
}
