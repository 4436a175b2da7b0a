//! Why a plan found no file, in words.

use headway_files::is_litter;
use headway_model::library::OutcomeFilter;
use headway_model::request::FolderQuery;
use headway_model::{JobSummary, Query};

/// What to say of a job that asked for this, if its plan found no file.
pub(crate) fn nothing_found(summary: &JobSummary, query: &Query) -> Option<String> {
    // Until the plan has ended, and if it failed, what there is was not found out.
    (!summary.listing && summary.counters.total == 0).then(|| sentence(query))
}

/// Why a job that found no file fails: it asked for files by their names, and none has such a name. `None` for a job that
/// took whatever was there, or that asked for files by what earlier jobs did with them: there can rightly be none of those.
pub(crate) fn no_match(query: &Query) -> Option<String> {
    let Query::Folder(folder) = query else { return None };
    let by_name = !folder.include.is_empty() || !folder.search.trim().is_empty();
    (by_name && folder.show == OutcomeFilter::All).then(|| sentence(query))
}

/// Why a job that found no file fails, if its folder has files: it left them all out, which is as likely a mistake as a name that
/// no file has. That is `None` for a job that left out nothing, or that asked for files in other ways too.
pub(crate) fn all_left_out(query: &FolderQuery) -> Option<String> {
    let place = place(query);
    only_leaves_out(query).then(|| format!("Every file in {place} is left out by {}.", query.exclude.join(" or ")))
}

fn only_leaves_out(query: &FolderQuery) -> bool {
    let takes_all = query.include.is_empty() && query.search.trim().is_empty() && query.show == OutcomeFilter::All;
    takes_all && !query.exclude.is_empty()
}

fn place(query: &FolderQuery) -> String {
    if query.path.is_root() { "the library".to_owned() } else { query.path.shown() }
}

/// A pattern or a search that names what systems leave behind, although the query does not take that.
fn left_behind(query: &FolderQuery) -> Option<&String> {
    let is_one = |name: &str| [false, true].into_iter().any(|is_folder| is_litter(name.as_bytes(), is_folder));
    query.include.iter().chain([&query.search]).find(|pattern| !query.system_files && pattern.split('/').any(is_one))
}

/// How a person has them included.
const TO_TAKE_THEM: &str = "\"Include system files\" on the page, or --system-files in a terminal, takes it in";

fn sentence(query: &Query) -> String {
    let unmounted = "If the files are on another disk, is it mounted?";
    match query {
        Query::Folder(query) => {
            let place = place(query);
            let behind = left_behind(query)
                .map(|name| format!(" What systems leave behind, such as {name}, is left out; {TO_TAKE_THEM}."))
                .unwrap_or_default();
            match asked(query) {
                _ if only_leaves_out(query) => {
                    let left_out = query.exclude.join(" or ");
                    format!("There is no file in {place} but what is left out by {left_out}. {unmounted}")
                }
                Some(asked) => format!("No file in {place} {asked}.{behind}"),
                None => format!("No file was found in {place}. {unmounted}"),
            }
        }
        Query::Paths(_) => format!("No file was found in the folders that were named. {unmounted}"),
        Query::Items(query) => format!("No file of job {} matches the request.", query.job),
    }
}

/// What a query asks of the files of its folder; `None` if it takes all.
fn asked(query: &FolderQuery) -> Option<String> {
    let list = |patterns: &[String]| patterns.join(" or ");
    let show = match query.show {
        OutcomeFilter::All => None,
        OutcomeFilter::Unprocessed => Some("is not processed yet".to_owned()),
        OutcomeFilter::Processed => Some("is processed".to_owned()),
        OutcomeFilter::Failed => Some("failed when it was last tried".to_owned()),
    };
    let parts = [
        (!query.include.is_empty()).then(|| format!("matches {}", list(&query.include))),
        (!query.search.trim().is_empty()).then(|| format!("is found by the search {:?}", query.search.trim())),
        show,
        (!query.exclude.is_empty()).then(|| format!("is not left out by {}", list(&query.exclude))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::summary;
    use headway_model::{Counters, JobStatus};

    fn said(query: FolderQuery) -> Option<String> {
        let done = summary(JobStatus::Completed, Counters::default());
        nothing_found(&JobSummary { listing: false, ..done }, &Query::Folder(query))
    }

    #[test]
    fn a_selection_that_matches_nothing_says_what_it_asked_for() {
        let asked = FolderQuery {
            include: vec!["*.xyz".into(), "*.zyx".into()],
            exclude: vec!["raw/".into()],
            show: OutcomeFilter::Failed,
            ..FolderQuery::default()
        };
        let sentence = "No file in the library matches *.xyz or *.zyx and failed when it was last tried \
            and is not left out by raw/.";
        assert_eq!(said(asked).as_deref(), Some(sentence));
        let one = |include: &[&str], exclude: &[&str]| {
            let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            FolderQuery { include: owned(include), exclude: owned(exclude), ..FolderQuery::default() }
        };
        let litter = said(one(&["a/.DS_Store"], &[])).expect("a sentence");
        let left_out = "matches a/.DS_Store. What systems leave behind, such as a/.DS_Store, is left out; ";
        assert!(litter.contains(left_out) && litter.contains("--system-files"), "{litter}");
        let searched = said(FolderQuery { search: "Thumbs.db".into(), ..FolderQuery::default() });
        assert!(searched.is_some_and(|said| said.contains("--system-files")));
        let taken = said(FolderQuery { system_files: true, ..one(&[".DS_Store"], &[]) });
        assert_eq!(taken.as_deref(), Some("No file in the library matches .DS_Store."));
        let without = said(one(&[], &["*", "raw/"]));
        let without = without.expect("a sentence");
        assert!(
            without.starts_with("There is no file in the library but what is left out by * or raw/. "),
            "{without}"
        );
        assert_eq!(all_left_out(&one(&[], &["*"])).as_deref(), Some("Every file in the library is left out by *."));
        assert_eq!((all_left_out(&one(&["a"], &["*"])), all_left_out(&FolderQuery::default())), (None, None));
        let all = said(FolderQuery::default()).expect("a sentence");
        assert!(all.ends_with("is it mounted?"), "{all}");
    }

    #[test]
    fn a_plan_that_has_not_ended_has_not_found_out_what_there_is() {
        let failed = summary(JobStatus::Planning, Counters::default());
        assert_eq!(
            nothing_found(&JobSummary { listing: true, ..failed }, &Query::Folder(FolderQuery::default())),
            None
        );
        let some = summary(JobStatus::Completed, Counters { total: 1, succeeded: 1, ..Counters::default() });
        assert_eq!(nothing_found(&some, &Query::Folder(FolderQuery::default())), None);
    }
}
