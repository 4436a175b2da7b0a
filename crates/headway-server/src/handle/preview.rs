//! Previews the commands that a job would run.

use super::Server;
use headway_model::text::quoted;
use headway_model::{ApiError, RelPath, StartJob};
use headway_recipes::ShellFile;

/// Maximum number of lines in an answer.
const LINES_LIMIT: usize = 10;

impl Server {
    /// The commands that a request would run for some files, each as a line for a shell. The files are given with
    /// their numbers in the plan, from 1 to `total`. Empty if the recipe runs no program, or the settings are
    /// invalid.
    ///
    /// # Errors
    /// If there is no such library or recipe.
    pub fn command_lines(
        &self,
        request: &StartJob,
        files: &[(u32, RelPath)],
        total: u32,
    ) -> Result<Vec<String>, ApiError> {
        let library = self.library(&request.library)?;
        let recipe = self.inner.context.recipe(&request.recipe).filter(|_| self.offers(&request.recipe));
        let recipe = recipe.ok_or_else(|| ApiError::at_place("/recipe", self.no_recipe(&request.recipe)))?;
        if !recipe.runs_programs() {
            return Ok(Vec::new());
        }
        // Starting the job reports what is wrong with them.
        let Ok(settings) = recipe.settings(&request.settings) else { return Ok(Vec::new()) };
        let request = StartJob { settings, ..request.clone() };
        let line = |(number, path): &(u32, RelPath)| {
            let file = ShellFile { library: &library.path, path, number: *number, total };
            let words: Vec<_> = recipe.shell_words(&request, &file).iter().map(|word| quoted(word)).collect();
            String::from_utf8_lossy(&words.join(&b' ')).into_owned()
        };
        Ok(files.iter().take(LINES_LIMIT).map(line).collect())
    }
}
