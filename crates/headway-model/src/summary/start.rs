//! What a page needs for its first paint.

use serde::{Deserialize, Serialize};

use super::JobSummary;
use crate::built_in::BuiltIn;
use crate::cursor::Cursor;
use crate::id::Millis;
use crate::output::Output;
use crate::policy::Policy;
use crate::read::FromJson;
use crate::setting::{OnlyIf, Setting};
use crate::sorted::SortedMap;

/// Everything a page needs for its first paint, taken at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Start {
    /// The build of the server; a page of another build reloads.
    pub build: String,
    /// The server's clock.
    pub now: Millis,
    /// The position from which to follow.
    pub cursor: Cursor,
    /// The libraries.
    pub libraries: Vec<LibraryName>,
    /// The recipes.
    pub recipes: Vec<RecipeInfo>,
    /// By recipe: its default policy for files that were already processed and for interrupted items.
    #[serde(default)]
    pub policies: SortedMap<String, Policy>,
    /// Jobs that are not over, oldest first.
    pub live: Vec<JobSummary>,
    /// What the page can do.
    #[serde(default)]
    pub rights: PageRights,
}

impl Start {
    /// An empty start, from the beginning of the log.
    pub fn empty() -> Self {
        Start {
            build: String::new(),
            now: 0,
            cursor: Cursor::start(),
            libraries: Vec::new(),
            recipes: Vec::new(),
            policies: SortedMap::new(),
            live: Vec::new(),
            rights: PageRights::All,
        }
    }
}

/// What a page can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PageRights {
    /// Everything.
    #[default]
    All,
    /// Everything, and make read-only links.
    Sharing,
    /// Read-only: it offers nothing that changes anything.
    Reading,
}

/// A library, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LibraryName {
    /// Its name.
    pub name: String,
}

/// A recipe, as pages offer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecipeInfo {
    /// Its name.
    pub name: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// Where its output goes unless the request says otherwise; `None` if it has none.
    #[serde(default)]
    pub output: Option<Output>,
    /// The settings under which it writes that output; always if missing. Otherwise it only reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_if: Option<OnlyIf>,
    /// What happens to the files, in one sentence; empty if that follows from where the output goes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to_files: String,
    /// Whether the list of recipes omits it, because it is started elsewhere.
    #[serde(default)]
    pub hidden: bool,
}

impl RecipeInfo {
    /// A recipe without settings and without an output, which says nothing more about the files.
    pub fn new(name: &str, summary: &str) -> Self {
        RecipeInfo {
            name: name.into(),
            summary: summary.into(),
            settings: Vec::new(),
            output: None,
            output_if: None,
            to_files: String::new(),
            hidden: false,
        }
    }

    /// A recipe that only reads files.
    pub fn reading(recipe: BuiltIn, summary: &str, settings: Vec<Setting>) -> Self {
        let to_files = "The files are only read.".into();
        RecipeInfo { settings, to_files, ..RecipeInfo::new(recipe.name(), summary) }
    }
}
