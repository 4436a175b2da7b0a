//! What would be run for a file, before it is.

use super::Server;
use super::joblog::quoted;
use headway_model::{ApiError, RelPath, StartJob};
use headway_recipes::ShellFile;

/// The most lines of an answer.
const LINES_LIMIT: usize = 10;

impl Server {
    /// The commands that a request runs for these files, each as a line of a shell: the files' numbers in the plan, from 1, of `total`.
    /// None for a recipe that runs no program, or with settings that are wrong.
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
        let recipe = recipe.ok_or_else(|| ApiError::invalid(format!("there is no recipe {:?}", request.recipe)))?;
        if !recipe.runs_programs() {
            return Ok(Vec::new());
        }
        // What is wrong with them is told when it is started.
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
