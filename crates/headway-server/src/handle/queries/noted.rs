//! What the report of a job that is over says about its files.

use std::fs::File;
use std::io::{self, BufReader};
use std::sync::Arc;

use serde_json::Value;

use super::super::Server;
use headway_model::ApiError;
use headway_model::summary::ItemView;
use headway_store::rows::JobRow;

impl Server {
    /// Adds to the results of items the notes of the report, if the recipe writes one that has any.
    pub(super) async fn say_noted(&self, row: &JobRow, items: &mut [ItemView]) -> Result<(), ApiError> {
        let notes = self.inner.context.recipe(&row.summary.recipe).and_then(|recipe| recipe.report_notes());
        let Some(notes) = notes.filter(|_| row.summary.status.is_terminal()) else { return Ok(()) };
        let files: Vec<_> = items.iter().filter_map(|item| Some((item.path.clone(), item.result.clone()?))).collect();
        if files.is_empty() {
            return Ok(());
        }
        let (job, indexes) = (row.summary.job, Arc::clone(&self.inner.report_indexes));
        let said = self
            .read_data(move |data| -> io::Result<Vec<Option<String>>> {
                // A job that failed before its last step has none.
                let Some(path) = data.outputs(&job).path(notes.output)? else { return Ok(Vec::new()) };
                let mut report = BufReader::new(File::open(path)?);
                let index = indexes.of(job, || (notes.index)(&mut report))?;
                (notes.read)(&mut report, &index, &files)
            })
            .await?;
        let said = said.unwrap_or_else(|error| {
            tracing::warn!(%job, report = notes.output, %error, "the notes about its files cannot be read");
            Vec::new()
        });
        let results = items.iter_mut().filter_map(|item| item.result.as_mut());
        for (result, note) in results.zip(said) {
            if let (Value::Object(fields), Some(note)) = (result, note) {
                fields.insert("note".to_owned(), note.into());
            }
        }
        Ok(())
    }
}
