//! The request of a start call.

use serde::{Deserialize, Serialize};

use super::conditions::Conditions;
use super::digest::Digest;
use super::done::OnDone;
use super::event::{TITLE_LIMIT, cut};
use super::id::JobId;
use super::item::ItemStatus;
use super::job_kind::JobKind;
use super::library::OutcomeFilter;
use super::output::Output;
use super::path::RelPath;
use super::policy::Policy;
use super::sample::Sample;
use super::serde_defaults::is_default;
use super::setting::{self, Setting, Settings};
use crate::read::FromJson;

/// Maximum number of paths in an explicit selection.
pub const PATHS_LIMIT: usize = 10_000;

/// A request to run a recipe over files. Two requests are the same if they are equal in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StartJob {
    /// Name of the library.
    pub library: String,
    /// Name of the recipe.
    pub recipe: String,
    /// The recipe's settings; omitted ones have their defaults.
    #[serde(default)]
    pub settings: Settings,
    /// Which files.
    pub query: Query,
    /// What these files must be like to be processed: the others are left out, each with its reason.
    #[serde(default, skip_serializing_if = "is_default")]
    pub conditions: Conditions,
    /// The job's title; derived from the rest if omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Maximum number of items to run at once; 0 lets the server decide.
    #[serde(default)]
    pub concurrency: u32,
    /// Higher priorities run first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: i32,
    /// Whether a person must approve the plan before anything runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub approval: bool,
    /// An earlier job whose files this one runs again, or which it undoes. With a query for items, it is always the job that the
    /// query names.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parent: Option<JobId>,
    /// Where the output goes; the recipe's default if omitted. Only for recipes that have an output.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Option<Output>,
    /// Take only some of the files that are to run: this many, the first in order; or a percentage of them, spread over the
    /// plan, at least one file. All if omitted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sample: Option<Sample>,
    /// What to do when items fail, hang or are interrupted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: Policy,
}

impl StartJob {
    /// This recipe over these files, with everything else at its default.
    pub fn new(library: &str, recipe: &str, query: Query) -> Self {
        StartJob {
            library: library.to_owned(),
            recipe: recipe.to_owned(),
            settings: Settings::new(),
            query,
            conditions: Conditions::default(),
            title: None,
            concurrency: 0,
            priority: 0,
            approval: false,
            parent: None,
            output: None,
            sample: None,
            policy: Policy::default(),
        }
    }

    /// A request to undo a job with this recipe and title on this library.
    pub fn undo(library: &str, job: JobId, (recipe, title): (&str, &str)) -> Self {
        let query = Query::Items(ItemsQuery { job, which: ItemSelection::Placed });
        let title = Some(cut(&JobKind::undo_title(recipe, title), TITLE_LIMIT));
        StartJob { title, parent: Some(job), ..StartJob::new(library, JobKind::UNDO, query) }
    }

    /// The same request again, limited to these items of the earlier job. They met its conditions; what that job could not look
    /// at is judged by its conditions, which the plan finds in the log.
    pub fn again(&self, job: JobId, which: ItemSelection) -> Self {
        let title = self.title.as_ref().map(|title| match title.starts_with("Again: ") {
            true => title.clone(),
            false => cut(&format!("Again: {title}"), TITLE_LIMIT),
        });
        let policy = Policy { on_done: Some(OnDone::Again), ..self.policy.clone() };
        let query = Query::Items(ItemsQuery { job, which });
        let conditions = Conditions::default();
        StartJob { query, conditions, title, parent: Some(job), policy, sample: None, ..self.clone() }
    }

    /// The hash of everything that determines the output for a file: the recipe's name and version (`recipe`), those
    /// of its settings that count according to `known`, and where its output goes.
    pub fn work(&self, recipe: &str, known: &[Setting]) -> Digest {
        let settings = setting::identity(known, &self.settings);
        let parts = serde_json::json!([self.recipe, recipe, settings, self.output]);
        Digest::of(parts.to_string().as_bytes())
    }
}

/// Which files of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Query {
    /// Every file below a folder.
    Folder(FolderQuery),
    /// These files, and all files below these folders; 1 to 10,000 paths.
    Paths(Vec<RelPath>),
    /// Items of a job that is over.
    Items(ItemsQuery),
}

/// Items of a job that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ItemsQuery {
    /// The job.
    pub job: JobId,
    /// Which of its items.
    pub which: ItemSelection,
}

/// Which items of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemSelection {
    /// Those whose last attempt failed.
    Failed,
    /// Those that count as errors: their last attempt failed, or they were asked for and could not be processed.
    Errors,
    /// Those that a cancel or a halt ended before they finished.
    Cancelled,
    /// Those whose output was placed.
    Placed,
    /// These, by index; at most 10,000.
    These(Vec<u32>),
}

impl ItemSelection {
    /// Whether it takes this item, which counts as an error. `has_failed` is false if the item might have been missed instead.
    pub fn takes_error(&self, item: u32, has_failed: bool) -> bool {
        match self {
            ItemSelection::Errors => true,
            ItemSelection::Failed => has_failed,
            ItemSelection::Cancelled | ItemSelection::Placed => false,
            ItemSelection::These(items) => items.binary_search(&item).is_ok(),
        }
    }

    /// Whether it takes the item with this index and status.
    pub fn takes(&self, item: u32, status: ItemStatus) -> bool {
        match self {
            ItemSelection::Cancelled => status == ItemStatus::Cancelled,
            ItemSelection::These(items) => items.binary_search(&item).is_ok(),
            _ => status.is_error() && self.takes_error(item, matches!(status, ItemStatus::Failed(_))),
        }
    }
}

/// Every file below a folder that matches the patterns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderQuery {
    /// The folder; empty for the whole library.
    #[serde(default)]
    pub path: RelPath,
    /// Glob patterns, one of which a file's path or name must match, whatever the case; an empty list matches every file.
    #[serde(default)]
    pub include: Vec<String>,
    /// Patterns for what is left out, together with everything below it. The syntax is that of a `.gitignore` line,
    /// but case does not matter: a pattern without a slash matches a name at any depth.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Whether the job includes what systems leave behind, such as `.DS_Store` and `@eaDir`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub system_files: bool,
    /// What a file's name must match, in the syntax of [`Pattern`](super::library::Pattern); empty matches every name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub search: String,
    /// Which files, by their last outcome when the plan reaches them.
    #[serde(default, skip_serializing_if = "OutcomeFilter::is_default")]
    pub show: OutcomeFilter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_with_unknown_missing_or_invalid_fields_is_refused() {
        let read = |text: &str| serde_json::from_str::<StartJob>(text);
        let all = read(r#"{"library":"l","recipe":"checksum","query":{"folder":{}}}"#).expect("the shortest request");
        assert_eq!(all.query, Query::Folder(FolderQuery::default()));
        for (text, says) in [
            (r#"{"library":"l","recipe":"checksum","query":{"folder":{}},"colour":1}"#, "unknown field `colour`"),
            (r#"{"library":"l","recipe":"checksum","query":{"folder":{"depth":1}}}"#, "unknown field `depth`"),
            (r#"{"library":"l","recipe":"checksum"}"#, "missing field `query`"),
            (
                r#"{"library":"l","recipe":"checksum","query":{"folder":{}},"conditions":{"size":1}}"#,
                "unknown field `size`",
            ),
            (
                r#"{"library":"l","recipe":"checksum","query":{"folder":{}},"conditions":{"min_size":-1}}"#,
                "invalid value",
            ),
            (r#"{"library":"l","recipe":"checksum","query":{"paths":["../x"]}}"#, "`..`"),
            (r#"{"library":"l","recipe":"checksum","query":{"paths":["/etc/passwd"]}}"#, "absolute"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_request_of_an_earlier_version_is_written_as_it_was_hashed() {
        let recorded = r#"{"library":"l","recipe":"checksum","settings":{},"query":{"folder":{"path":"","include":[],"exclude":[]}},"concurrency":0}"#;
        let request: StartJob = serde_json::from_str(recorded).expect("a request without conditions");
        assert!(request.conditions.is_empty());
        assert_eq!(serde_json::to_string(&request).expect("JSON"), recorded);
    }

    #[test]
    fn a_retry_is_for_its_items_and_not_for_what_meets_the_conditions_again() {
        let conditions = Conditions { min_size: Some(1), ..Conditions::default() };
        let request = StartJob { conditions, ..StartJob::new("l", "checksum", Query::Folder(FolderQuery::default())) };
        assert!(request.again(JobId::mint(1, [0; 10]), ItemSelection::Errors).conditions.is_empty());
    }
}
