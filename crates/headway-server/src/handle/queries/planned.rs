//! What a plan says: of its files that wait, and of the whole job.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::super::Server;
use super::super::planned_job::PlannedJob;
use super::totals::read_totals;
use headway_model::item::ItemLabel;
use headway_model::summary::ItemView;
use headway_model::{ApiError, JobId, RelPath, StartJob};
use headway_recipes::PlanReport;
use headway_store::rows::JobRow;

/// The text for a folder that the plan could not list, until its attempt reports why.
pub(super) const UNLISTED: &str = "the folder could not be listed";

impl Server {
    /// Adds to items that wait where their outputs are to go, and what is to be done to their files.
    pub(super) async fn say_planned(&self, row: &JobRow, items: &mut [ItemView]) -> Result<(), ApiError> {
        if !items.iter().any(waits) {
            return Ok(());
        }
        let Some(recipe) = self.inner.context.recipe(&row.summary.recipe) else { return Ok(()) };
        let Some(request) = self.request_of(row).await? else { return Ok(()) };
        let library = self.inner.context.library(&row.library);
        let library = library.map_or_else(|| PathBuf::from(&row.library), |library| library.path.clone());
        let total = row.summary.counters.total;
        let job = PlannedJob { recipe: &**recipe, request: &request, library: &library, total };
        for item in items.iter_mut().filter(|item| waits(item)) {
            let number = item.item + 1;
            item.will = job.words(number, &item.path, item.becomes.is_some());
            item.output = job.output(number, &item.path).filter(|output| !output.replaces).map(|output| output.path);
        }
        if let Some(report) = recipe.plan_report(&request) {
            self.say_by_report(row.summary.job, report, items).await?;
        }
        Ok(())
    }

    /// Adds to items that wait what the report says on which their plan rests.
    async fn say_by_report(&self, job: JobId, report: PlanReport, items: &mut [ItemView]) -> Result<(), ApiError> {
        let files = items.iter().filter(|item| waits(item)).map(|item| (item.path.clone(), Value::Null));
        let files: Vec<(RelPath, Value)> = files.collect();
        let indexes = Arc::clone(&self.inner.report_indexes);
        let said = self
            .read_data(move |data| -> io::Result<Vec<Option<String>>> {
                // The job that wrote it can have been removed since.
                let Some(path) = data.outputs(&report.job).path(report.notes.output)? else { return Ok(Vec::new()) };
                let mut text = BufReader::new(File::open(path)?);
                // The index is that of this plan, because the other job has one of its own.
                let index = indexes.of(job, || (report.notes.index)(&mut text))?;
                (report.notes.read)(&mut text, &index, &files)
            })
            .await?;
        let said = said.unwrap_or_else(|error| {
            tracing::warn!(%job, of = %report.job, %error, "what a report says about a plan cannot be read");
            Vec::new()
        });
        for (item, note) in items.iter_mut().filter(|item| waits(item)).zip(said) {
            let words = [item.will.take(), note].into_iter().flatten().collect::<Vec<_>>();
            item.will = (!words.is_empty()).then(|| words.join("; "));
        }
        Ok(())
    }

    /// What the report on which a plan rests says about the whole plan, one line each.
    pub(super) async fn plan_head(&self, row: &JobRow, request: Option<&StartJob>) -> Result<Vec<String>, ApiError> {
        let recipe = self.inner.context.recipe(&row.summary.recipe);
        let Some(report) = request.and_then(|request| recipe?.plan_report(request)) else { return Ok(Vec::new()) };
        let head = self.read_data(move |data| read_totals(data, report.job, report.head)).await?;
        Ok(head.map(|head| head.lines).unwrap_or_else(|error| {
            tracing::warn!(job = %row.summary.job, of = %report.job, %error, "the report of a plan cannot be read");
            Vec::new()
        }))
    }
}

/// Whether a plan says anything about this item: it waits, and is no folder of which nothing is known.
fn waits(item: &ItemView) -> bool {
    item.status == ItemLabel::Waiting && item.message.as_deref() != Some(UNLISTED)
}
