//! Previews the commands that a job would run.

use std::sync::Arc;

use super::planned_job::PlannedJob;
use super::{Server, checks};
use crate::engine::first_files;
use headway_files::Library;
use headway_model::{ApiError, RelPath, StartJob};

/// Maximum number of lines in an answer.
const LINES_LIMIT: usize = 10;

/// How many of the first files are looked for, if none are given.
const FIRST: usize = 3;

impl Server {
    /// The commands that a request would run for some files, each as a line for a shell: the words of the run, with the path at
    /// which each output is to be in the end. The files are given with their numbers in the plan, from 1 to `total`; without
    /// any, the first ones of the request are looked for. Empty if the recipe runs no program, if the settings are invalid, or if
    /// no file is found soon.
    ///
    /// # Errors
    /// If there is no such library or recipe.
    pub async fn command_lines(
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
        let output = request.output.clone().or_else(|| recipe.info().output);
        let request = StartJob { settings, output, ..request.clone() };
        let files = match files {
            [] => self.first_files(&library, &request).await,
            files => files.to_vec(),
        };
        let job = PlannedJob { recipe: &**recipe, request: &request, library: &library.path, total };
        Ok(files.iter().take(LINES_LIMIT).filter_map(|(number, path)| job.line(*number, path)).collect())
    }

    /// The first files of a request, with their numbers. Storage that does not answer has none to show: the plan will say so.
    async fn first_files(&self, library: &Arc<Library>, request: &StartJob) -> Vec<(u32, RelPath)> {
        let (looked_at, mut request) = (Arc::clone(library), request.clone());
        // Starting the job reports what is wrong with the query.
        if !checks::query(&mut request.query).is_empty() {
            return Vec::new();
        }
        let look = move || first_files(&looked_at, &request, FIRST);
        let first = self.inner.looks.look(&library.name, look).await.unwrap_or_default();
        (1..).zip(first).collect()
    }
}
