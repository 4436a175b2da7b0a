//! What can be done to files. Adding a recipe is one file here and one line in [`all`].

mod checksum;
mod hash;
pub mod manifest;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Map, Value};

use super::data::Outputs;
use super::files::{Library, OpenFile};
use crate::model::summary::RecipeInfo;
use crate::model::{Effect, FailReason, RelPath, SkipReason};

/// Settings of a recipe, as a request gives them.
pub type Settings = Map<String, Value>;

/// The longest text of a setting, in bytes: as long as a path can be.
const TEXT_LIMIT: usize = 4_096;

/// Every built-in recipe.
pub fn all() -> Vec<Arc<dyn Recipe>> {
    vec![Arc::new(checksum::Checksum), Arc::new(verify::Verify)]
}

/// Plan, then items, then finish: what one kind of job does in the last two.
pub trait Recipe: Send + Sync + 'static {
    /// How the pages offer it.
    fn info(&self) -> RecipeInfo;

    /// Whether an interrupted item may simply be run again: it only reads.
    fn is_repeatable(&self) -> bool;

    /// The settings with defaults filled in, or everything that is wrong with them.
    fn settings(&self, given: &Settings) -> Result<Settings, Vec<String>> {
        choose(&self.info(), given)
    }

    /// The recipe bound to one job, if it must read something of the library before its first item; otherwise `None`. Blocking.
    fn bind(&self, _settings: &Settings, _library: &Library) -> Result<Option<Arc<dyn Recipe>>, String> {
        Ok(None)
    }

    /// Works on one file. Blocking; looks at [`Attempt::is_stopped`] often.
    fn run(&self, settings: &Settings, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure>;

    /// The last step, over all items that succeeded or failed, in the plan's order. May be run again.
    fn finish(
        &self,
        settings: &Settings,
        results: &mut dyn Iterator<Item = ItemResult>,
        outputs: &Outputs,
    ) -> anyhow::Result<()>;
}

/// An attempt under way: how far it is, and whether it should end.
#[derive(Debug)]
pub struct Attempt {
    /// The file.
    pub path: RelPath,
    /// The number of the attempt.
    pub number: u32,
    /// Bytes in all.
    pub total: u64,
    done: AtomicU64,
    stopped: AtomicBool,
}

/// How an attempt succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// What it did to the disk.
    pub effect: Effect,
    /// What it found.
    pub result: Value,
}

/// How an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was told to end, and did.
    Stopped,
    /// There was nothing to do.
    Skipped(SkipReason),
    /// It failed: why, and in a person's words.
    Failed(FailReason, String),
}

/// An item that succeeded or failed, as the last step sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The file.
    pub path: RelPath,
    /// What the recipe found.
    pub result: Value,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl Attempt {
    /// An attempt that has not begun.
    pub fn new(path: RelPath, number: u32, total: u64) -> Self {
        Attempt { path, number, total, done: AtomicU64::new(0), stopped: AtomicBool::new(false) }
    }

    /// So many more bytes are done.
    pub fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes done.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Asks it to end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Checks settings: a choice of one word each, or a text where there is none to choose from.
fn choose(info: &RecipeInfo, given: &Settings) -> Result<Settings, Vec<String>> {
    let mut settings = Settings::new();
    let mut wrong = Vec::new();
    for setting in &info.settings {
        if setting.choices.is_empty() {
            let text = given.get(&setting.name).and_then(Value::as_str).unwrap_or_default().trim();
            if text.is_empty() || text.len() > TEXT_LIMIT {
                wrong.push(format!("setting {:?} is missing: a text of 1 to {TEXT_LIMIT} bytes", setting.name));
            }
            settings.insert(setting.name.clone(), text.into());
            continue;
        }
        let words: Vec<&str> = setting.choices.iter().map(|(word, _)| word.as_str()).collect();
        let value = match given.get(&setting.name) {
            None => words.first().copied().unwrap_or_default(),
            Some(value) => value.as_str().filter(|word| words.contains(word)).unwrap_or_else(|| {
                wrong.push(format!("setting {:?} is one of {}, not {value}", setting.name, words.join(", ")));
                ""
            }),
        };
        settings.insert(setting.name.clone(), value.into());
    }
    let known = |name: &&String| info.settings.iter().any(|setting| setting.name == **name);
    for name in given.keys().filter(|name| !known(name)) {
        wrong.push(format!("recipe {} has no setting {name:?}", info.name));
    }
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}
