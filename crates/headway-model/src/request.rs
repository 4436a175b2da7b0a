//! What a start call asks for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digest::Digest;
use super::done::OnDone;
use super::event::{TITLE_LIMIT, cut};
use super::id::JobId;
use super::job_kind::JobKind;
use super::library::Show;
use super::output::Output;
use super::path::RelPath;
use super::policy::Policy;
use super::serde_defaults::is_default;

/// The most paths an explicit selection may name.
pub const PATHS_LIMIT: usize = 10_000;

/// Run this recipe over these files. Two requests are the same if they are equal in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartJob {
    /// Name of the library.
    pub library: String,
    /// Name of the recipe.
    pub recipe: String,
    /// The recipe's settings; what is left out has its default.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Which files.
    pub query: Query,
    /// What a person calls the job; made up from the rest if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The most items to run at once; 0 leaves it to the server.
    #[serde(default)]
    pub concurrency: u32,
    /// Higher goes first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: i32,
    /// Whether a person must approve the plan before anything runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub approval: bool,
    /// The job this one retries or takes back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parent: Option<JobId>,
    /// Where the output goes; the recipe's default if left out. Only for recipes that have one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Option<Output>,
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
            settings: Map::new(),
            query,
            title: None,
            concurrency: 0,
            priority: 0,
            approval: false,
            parent: None,
            output: None,
            policy: Policy::default(),
        }
    }

    /// Take back what a job did, which had this title and was on this library.
    pub fn undo(library: &str, job: JobId, title: &str) -> Self {
        let query = Query::Items(ItemsQuery { job, which: Which::Placed });
        let title = Some(cut(&format!("Undo: {title}"), TITLE_LIMIT));
        StartJob { title, parent: Some(job), ..StartJob::new(library, JobKind::UNDO, query) }
    }

    /// The same once more, for these items of the job that it was.
    pub fn again(&self, job: JobId, which: Which) -> Self {
        let title = self.title.as_ref().map(|title| match title.starts_with("Again: ") {
            true => title.clone(),
            false => cut(&format!("Again: {title}"), TITLE_LIMIT),
        });
        let policy = Policy { on_done: Some(OnDone::Again), ..self.policy.clone() };
        StartJob { query: Query::Items(ItemsQuery { job, which }), title, parent: Some(job), policy, ..self.clone() }
    }

    /// The hash of all that decides what becomes of a file: the recipe, what it is by itself, its settings and where its
    /// output goes.
    pub fn work(&self, recipe: &str) -> Digest {
        let parts = serde_json::json!([self.recipe, recipe, self.settings, self.output]);
        Digest::of(parts.to_string().as_bytes())
    }
}

/// Which files of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Query {
    /// Every file below a folder.
    Folder(FolderQuery),
    /// These files; 1 to 10,000.
    Paths(Vec<RelPath>),
    /// Items of a job that is over.
    Items(ItemsQuery),
}

/// Items of a job that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemsQuery {
    /// The job.
    pub job: JobId,
    /// Which of its items.
    pub which: Which,
}

/// Which items of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Those whose last try failed.
    Failed,
    /// Those that a cancel or a halt ended before they were done.
    Cancelled,
    /// Those whose output was put into place.
    Placed,
    /// These, by index; at most 10,000.
    These(Vec<u32>),
}

/// Every file below a folder that the patterns let through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderQuery {
    /// The folder; empty for the whole library.
    #[serde(default)]
    pub path: RelPath,
    /// Glob patterns of which a file's path or name must match one; empty lets all through.
    #[serde(default)]
    pub include: Vec<String>,
    /// Glob patterns of which none may match.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What a file's name must match, as [`Pattern`](super::library::Pattern) reads it; empty lets all through.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub search: String,
    /// Which files, by how they last ended when the plan came to them.
    #[serde(default, skip_serializing_if = "Show::is_default")]
    pub show: Show,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_it_means_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<StartJob>(text);
        let all = read(r#"{"library":"l","recipe":"checksum","query":{"folder":{}}}"#).expect("the shortest request");
        assert_eq!(all.query, Query::Folder(FolderQuery::default()));
        for (text, says) in [
            (r#"{"library":"l","recipe":"checksum","query":{"folder":{}},"colour":1}"#, "unknown field `colour`"),
            (r#"{"library":"l","recipe":"checksum","query":{"folder":{"depth":1}}}"#, "unknown field `depth`"),
            (r#"{"library":"l","recipe":"checksum"}"#, "missing field `query`"),
            (r#"{"library":"l","recipe":"checksum","query":{"paths":["../x"]}}"#, "`..`"),
            (r#"{"library":"l","recipe":"checksum","query":{"paths":["/etc/passwd"]}}"#, "absolute"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
