//! A recipe as it is offered, and the job that it is bound to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Effect, Library, Setting, Settings, ShellFile, Unable, Work, WrongSetting};
use headway_files::{Change, DataFolder};
use headway_guard::Guard;
use headway_model::summary::RecipeInfo;
use headway_model::{StartJob, setting};

/// One kind of job, as it is offered.
pub trait Recipe: Send + Sync + 'static {
    /// How the pages offer it.
    fn info(&self) -> RecipeInfo;

    /// What it does to files. The defaults of its jobs follow from that.
    fn effect(&self) -> Effect;

    /// What it is besides its name and settings, such as the program it runs: files that were done by another are not done.
    fn identity(&self) -> String {
        String::new()
    }

    /// The settings with defaults filled in, or everything that is wrong with them.
    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        setting::check(&self.info().settings, given)
    }

    /// What stands in the way of a request, as the server and the disk are now, if that can be told at once: then no job is made.
    /// What can only be seen later is told by [`Recipe::bind`]. Blocking.
    fn obstacle(&self, _request: &StartJob, _library: &Library) -> Option<Obstacle> {
        None
    }

    /// Whether it gives files other names, as its [`Work::renames`] says: then its jobs can be undone without an output.
    fn renames_files(&self) -> bool {
        false
    }

    /// Whether it runs programs, whose output may be kept.
    fn runs_programs(&self) -> bool {
        false
    }

    /// The words of a shell's line that does the same to a file, for lists that other tools read.
    fn shell_words(&self, request: &StartJob, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
        file.by_headway(request)
    }

    /// The work of one job: what must be read before its first item is read here. Blocking.
    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable>;
}

/// What stands in the way of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The setting that it is about, if it is about one.
    pub setting: Option<&'static str>,
    /// What is wrong and what to do, in a person's words.
    pub text: String,
}

/// The job that a recipe is bound to.
pub struct Binding<'a> {
    /// What was asked for, with every default filled in.
    pub request: &'a StartJob,
    /// Its library.
    pub library: &'a Arc<Library>,
    /// What another job changed, in the order of its items, if the request names one to be undone.
    pub undone: &'a [Change],
    /// Starts programs.
    pub guard: &'a Arc<Guard>,
    /// Keeps what programs write.
    pub data: &'a Arc<DataFolder>,
    /// Set once nobody waits for it any more, as when the job is cancelled or the server ends. Whatever takes long looks at it now and
    /// then, and ends with any error.
    pub stop: &'a AtomicBool,
}

impl Binding<'_> {
    /// Whether anybody still waits for it.
    ///
    /// # Errors
    /// If nobody does.
    pub fn is_wanted(&self) -> Result<(), Unable> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Unable::Failed("it was stopped".into())),
            false => Ok(()),
        }
    }

    /// The job's settings as the recipe's own type. A job of any age can be read: settings that came later have their defaults, and
    /// those that are gone are passed over.
    ///
    /// # Errors
    /// A sentence, if a value no longer means anything.
    pub fn settings<T: DeserializeOwned>(&self, all: &[Setting]) -> Result<T, Unable> {
        read(all, &self.request.settings)
    }
}

/// Settings as a type of the recipe's own.
pub(crate) fn read<T: DeserializeOwned>(all: &[Setting], given: &Settings) -> Result<T, Unable> {
    let filled = Value::Object(setting::filled(all, given));
    let unreadable = |error| Unable::Failed(format!("the settings of this job cannot be read: {error}"));
    serde_json::from_value(filled).map_err(unreadable)
}

/// The settings of a recipe and the type that reads them are one: defaults, with these values for what must be given, are read without
/// a field left over. The type must deny unknown fields.
#[cfg(test)]
pub(crate) fn defaults<T: DeserializeOwned>(recipe: &dyn Recipe, given: Value) -> T {
    let all = recipe.info().settings;
    let checked = recipe.settings(given.as_object().expect("an object")).expect("defaults are right");
    // Each condition is on a setting that stands before.
    for (at, setting) in all.iter().enumerate() {
        let before = |name: &String| all[..at].iter().any(|before| before.name == *name);
        assert!(setting.only_if.as_ref().is_none_or(|condition| before(&condition.setting)), "{}", setting.name);
        assert!(setting.default.is_some() || given.get(&setting.name).is_some() || setting.only_if.is_some());
    }
    read(&all, &checked).expect("every setting is a field, and every field a setting")
}
