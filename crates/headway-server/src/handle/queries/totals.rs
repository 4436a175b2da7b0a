//! What a job that is over reports at its end, and the job that goes on from there.

use std::fs::File;
use std::io::{self, Read};

use super::super::Server;
use headway_files::DataFolder;
use headway_model::built_in::CHECKSUM_MANIFESTS;
use headway_model::library::OutcomeFilter;
use headway_model::request::FolderQuery;
use headway_model::{ApiError, BuiltIn, JobId, JobStatus, JobSummary, Query, StartJob};
use headway_recipes::{ReportHead, ReportTotals};

/// How much of a report is read, in bytes. Its totals come first.
const HEAD_BYTES: u64 = 64 * 1_024;

impl Server {
    /// The totals of the report of a job that is over; none if its recipe reports none.
    pub(super) async fn reported(
        &self,
        summary: &JobSummary,
        outputs: &[String],
    ) -> Result<io::Result<ReportTotals>, ApiError> {
        let head = self.inner.context.recipe(&summary.recipe).and_then(|recipe| recipe.report_head());
        let is_written = |name: &str| summary.status.is_terminal() && outputs.iter().any(|output| output == name);
        let Some(head) = head.filter(|head| is_written(head.output)) else { return Ok(Ok(ReportTotals::default())) };
        let job = summary.job;
        self.read_data(move |data| read_totals(data, job, head)).await
    }

    /// The job that makes use of what this one found, if this caller can start it.
    pub(super) fn next_job(
        &self,
        summary: &JobSummary,
        request: Option<&StartJob>,
        outputs: &[String],
        has_found: bool,
    ) -> Option<StartJob> {
        let request =
            request.filter(|request| self.is_owner || self.inner.context.configured(&request.library).is_some())?;
        next_job(summary, request, outputs, has_found)
    }
}

/// Reads the totals of a job's report; none if there is no such report. Blocking.
pub(super) fn read_totals(data: &DataFolder, job: JobId, head: ReportHead) -> io::Result<ReportTotals> {
    let Some(path) = data.outputs(&job).path(head.output)? else { return Ok(ReportTotals::default()) };
    let mut text = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut text)?;
    Ok((head.read)(&String::from_utf8_lossy(&text)))
}

/// A check of the very files of a checksum job by the manifest that it made, or a plan to remove the duplicates that a job
/// found. A file that the manifest does not name, because it is new or was not in the sample, is skipped.
fn next_job(summary: &JobSummary, request: &StartJob, outputs: &[String], has_found: bool) -> Option<StartJob> {
    if !matches!(summary.status, JobStatus::Completed | JobStatus::CompletedWithErrors) {
        return None;
    }
    let has_manifest = || outputs.iter().any(|name| CHECKSUM_MANIFESTS.contains(&name.as_str()));
    let (recipe, setting, value, approval) = match BuiltIn::of(&request.recipe)? {
        BuiltIn::Checksum if summary.counters.succeeded > 0 && has_manifest() => {
            (BuiltIn::Verify, "manifest", format!("@{}", summary.job), false)
        }
        BuiltIn::Duplicates if has_found => (BuiltIn::Deduplicate, "report", summary.job.to_string(), true),
        _ => return None,
    };
    let query = match request.query.clone() {
        // Since the job was planned, its files have other outcomes.
        Query::Folder(folder) => Query::Folder(FolderQuery { show: OutcomeFilter::All, ..folder }),
        query @ (Query::Paths(_) | Query::Items(_)) => query,
    };
    let settings = [(setting.to_owned(), value.into())].into_iter().collect();
    Some(StartJob { settings, approval, ..StartJob::new(&request.library, recipe.name(), query) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::summary;
    use headway_model::{Counters, RelPath, Sample};

    #[test]
    fn the_very_files_of_a_job_are_verified_by_its_manifest() {
        let paths: Vec<RelPath> = ["a/x", "a/y"].map(|path| path.parse().expect("a path")).into();
        let request = StartJob::new("files", "checksum", Query::Paths(paths));
        let counters = |succeeded| Counters { total: 2, succeeded, ..Counters::default() };
        let (none, summary) = (summary(JobStatus::Completed, counters(0)), summary(JobStatus::Completed, counters(2)));
        let made = ["SHA256SUMS".to_owned()];
        let verify = next_job(&summary, &request, &made, false).expect("a request");
        assert_eq!((&verify.query, verify.recipe.as_str(), verify.approval), (&request.query, "verify", false));
        assert_eq!(verify.settings["manifest"], format!("@{}", summary.job));
        assert_eq!(next_job(&summary, &request, &[], false), None, "it made no manifest");
        assert_eq!(next_job(&none, &request, &made, false), None, "its manifest names no file");
        let other = StartJob { recipe: "health".into(), ..request };
        assert_eq!(next_job(&summary, &other, &made, false), None);
        let unprocessed = FolderQuery { show: OutcomeFilter::Unprocessed, ..FolderQuery::default() };
        let of_one = StartJob::new("files", "checksum", Query::Folder(unprocessed));
        let sample = StartJob { sample: Some(Sample::Files(1)), ..of_one };
        let verify = next_job(&summary, &sample, &made, false).expect("a request");
        assert_eq!((verify.query, verify.sample), (Query::Folder(FolderQuery::default()), None));
    }

    #[test]
    fn found_duplicates_are_removed_by_a_job_that_is_approved_first() {
        let request = StartJob::new("files", "duplicates", Query::Folder(FolderQuery::default()));
        let of = |status, has_found| next_job(&summary(status, Counters::default()), &request, &[], has_found);
        let next = of(JobStatus::Completed, true).expect("a request");
        assert_eq!((next.recipe.as_str(), next.approval), ("deduplicate", true));
        assert!(next.settings.contains_key("report"));
        assert_eq!(of(JobStatus::Completed, false), None, "it found none");
        assert_eq!(of(JobStatus::Cancelled, true), None);
    }
}
