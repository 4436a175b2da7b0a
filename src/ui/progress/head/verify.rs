//! The way from a checksum job to a check of its files.

use headway_model::built_in::CHECKSUM_MANIFESTS;
use headway_model::library::OutcomeFilter;
use headway_model::request::FolderQuery;
use headway_model::summary::{JobView, LibraryName};
use headway_model::{BuiltIn, JobStatus, Query, StartJob};

/// The request that compares the files of the job with the manifest that the job made; `None` if it made none, or its
/// library is not one of these. A file that the manifest does not name, because it is new or was not in the sample, is skipped.
pub(in crate::ui::progress) fn verify_request(view: &JobView, libraries: &[LibraryName]) -> Option<StartJob> {
    let request = view.request.as_ref().filter(|request| request.recipe == BuiltIn::Checksum.name())?;
    let has_manifest = view.outputs.iter().any(|name| CHECKSUM_MANIFESTS.contains(&name.as_str()));
    let is_over = matches!(view.summary.status, JobStatus::Completed | JobStatus::CompletedWithErrors);
    let is_served = libraries.iter().any(|library| library.name == request.library);
    (has_manifest && is_over && is_served).then(|| {
        let query = match request.query.clone() {
            // Since the job was planned, its files have other outcomes.
            Query::Folder(folder) => Query::Folder(FolderQuery { show: OutcomeFilter::All, ..folder }),
            query @ (Query::Paths(_) | Query::Items(_)) => query,
        };
        let verify = StartJob::new(&request.library, BuiltIn::Verify.name(), query);
        let manifest = ("manifest".to_owned(), format!("@{}", view.summary.job).into());
        StartJob { settings: [manifest].into_iter().collect(), ..verify }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::summary;
    use headway_model::{Counters, Cursor, RelPath};

    #[test]
    fn the_very_files_of_the_job_are_verified_by_its_manifest() {
        let paths: Vec<RelPath> = ["a/x", "a/y"].map(|path| path.parse().expect("a path")).into();
        let request = StartJob::new("files", "checksum", Query::Paths(paths));
        let summary = summary(JobStatus::Completed, Counters::default());
        let of = |request: StartJob, outputs: &[&str]| JobView {
            summary: summary.clone(),
            cursor: Cursor::start(),
            outputs: outputs.iter().map(|name| (*name).to_owned()).collect(),
            request: Some(request),
            priority: 0,
            concurrency: 0,
            waits: None,
            asks: false,
            note: None,
            trash: (0, 0),
            trash_left: (0, 0),
            trash_unknown: false,
            folder: None,
            runs_programs: false,
            can_undo: false,
            undone: None,
            earlier: None,
            retries: Vec::new(),
            done_since: Vec::new(),
        };
        let files = [LibraryName { name: "files".into() }];
        let verify = verify_request(&of(request.clone(), &["SHA256SUMS"]), &files).expect("a request");
        assert_eq!((&verify.query, verify.recipe.as_str()), (&request.query, "verify"));
        assert_eq!(verify.settings["manifest"], format!("@{}", summary.job));
        assert_eq!(verify_request(&of(request.clone(), &[]), &files), None, "it made no manifest");
        assert_eq!(verify_request(&of(request.clone(), &["SHA256SUMS"]), &[]), None, "its library is not served");
        let other = StartJob { recipe: "health".into(), ..request };
        assert_eq!(verify_request(&of(other, &["SHA256SUMS"]), &files), None);
        let unprocessed = FolderQuery { show: OutcomeFilter::Unprocessed, ..FolderQuery::default() };
        let sample = StartJob { sample: Some(1), ..StartJob::new("files", "checksum", Query::Folder(unprocessed)) };
        let verify = verify_request(&of(sample, &["SHA256SUMS"]), &files).expect("a request");
        assert_eq!((verify.query, verify.sample), (Query::Folder(FolderQuery::default()), None));
    }
}
