//! A recipe, and its binding to a job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Effect, Library, PlanReport, ReportHead, ReportNotes, Setting, Settings, ShellFile, Unable, Work, WrongSetting,
};
use headway_files::{Change, DataFolder};
use headway_guard::Guard;
use headway_model::summary::RecipeInfo;
use headway_model::{Output, RelPath, StartJob, setting};

/// A recipe: one kind of job that can be started.
pub trait Recipe: Send + Sync + 'static {
    /// Its name, its settings, and how pages show it.
    fn info(&self) -> RecipeInfo;

    /// What it does to files, from which the defaults of its jobs follow.
    fn effect(&self) -> Effect;

    /// The text that identifies it besides its name and settings, such as the program that it runs. If this changes,
    /// files that were already processed are processed again.
    fn identity(&self) -> String {
        String::new()
    }

    /// Checks settings and fills in defaults, or returns everything that is wrong with them.
    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        setting::check(&self.info().settings, given)
    }

    /// An obstacle that can be found at once, given the present state of the server and the disk. If there is one, no
    /// job is created. Obstacles that show only later are reported by [`Recipe::bind`]. Blocking.
    fn obstacle(&self, _request: &StartJob, _library: &Library) -> Option<Obstacle> {
        None
    }

    /// Whether it renames files through [`Work::renames`]. Then its jobs can be undone although they have no output.
    fn renames_files(&self) -> bool {
        false
    }

    /// Whether it runs programs, whose output is stored.
    fn runs_programs(&self) -> bool {
        false
    }

    /// The report that its last step writes, if that begins with totals.
    fn report_head(&self) -> Option<ReportHead> {
        None
    }

    /// The report that its last step writes, if that says more about single files than their results.
    fn report_notes(&self) -> Option<ReportNotes> {
        None
    }

    /// The words of a shell command that does the same to a file, for lists that other tools read.
    fn shell_words(&self, request: &StartJob, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
        file.by_headway(request)
    }

    /// The words that a job runs for a file, if it runs a program: by the same code as the run, with the path at which its output
    /// is to be in the end. Nothing is looked for on the disk, so the program has the name that it was given.
    fn run_words(&self, _request: &StartJob, _file: &ShellFile<'_>, _out: Option<&RelPath>) -> Option<Vec<Vec<u8>>> {
        None
    }

    /// What a plan says about a file besides the name of its output, such as the size of a picture. Nothing is read.
    fn plan_detail(&self, _request: &StartJob, _path: &RelPath) -> Option<String> {
        None
    }

    /// The report of another job that the plan rests on, if it does.
    fn plan_report(&self, _request: &StartJob) -> Option<PlanReport> {
        None
    }

    /// Where the output for a file is to go, as a plan shows it; `None` if there is none. The binding's
    /// [`Work::output`] returns the same.
    fn output_for(&self, request: &StartJob, _path: &RelPath) -> Option<Output> {
        request.output.clone()
    }

    /// Binds the recipe to one job. Reads everything that its work needs before the first item. Blocking.
    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable>;
}

/// A reason why a request cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The setting that it concerns, if it concerns one.
    pub setting: Option<&'static str>,
    /// What is wrong and what to do, as a text for people.
    pub text: String,
}

/// The job that a recipe is bound to.
pub struct Binding<'a> {
    /// The request, with every default filled in.
    pub request: &'a StartJob,
    /// Its library.
    pub library: &'a Arc<Library>,
    /// For an undo: the changes of the job to be undone, in the order of its items.
    pub undone: &'a [Change],
    /// For an undo: the folders that the job to be undone made for new names, including those for files that were put
    /// back before.
    pub undone_folders: &'a [RelPath],
    /// Starts programs.
    pub guard: &'a Arc<Guard>,
    /// Stores the output of programs.
    pub data: &'a Arc<DataFolder>,
    /// Set once nobody waits for the binding any longer, for example because the job was cancelled or the server
    /// stops. Long work must check it from time to time, and end with any error.
    pub stop: &'a AtomicBool,
}

impl Binding<'_> {
    /// Checks whether anybody still waits for the binding.
    ///
    /// # Errors
    /// If nobody does.
    pub fn check_wanted(&self) -> Result<(), Unable> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Unable::Failed("it was stopped".into())),
            false => Ok(()),
        }
    }

    /// The job's settings as the recipe's own type. Works for jobs of any age: settings that were added later have
    /// their defaults, and removed settings are ignored.
    ///
    /// # Errors
    /// A sentence, if a value is no longer valid.
    pub fn settings<T: DeserializeOwned>(&self, all: &[Setting]) -> Result<T, Unable> {
        read(all, &self.request.settings)
    }
}

/// Reads settings into the recipe's own type.
pub(crate) fn read<T: DeserializeOwned>(all: &[Setting], given: &Settings) -> Result<T, Unable> {
    let filled = Value::Object(setting::filled(all, given));
    let unreadable = |error| Unable::Failed(format!("the settings of this job cannot be read: {error}"));
    serde_json::from_value(filled).map_err(unreadable)
}

/// Checks that a recipe's settings match the type that reads them: the defaults, with `given` for settings that have
/// none, must deserialize. The type must deny unknown fields.
#[cfg(test)]
pub(crate) fn defaults<T: DeserializeOwned>(recipe: &dyn Recipe, given: Value) -> T {
    let all = recipe.info().settings;
    let checked = recipe.settings(given.as_object().expect("an object")).expect("defaults are right");
    // Each condition must be on an earlier setting.
    for (at, setting) in all.iter().enumerate() {
        let before = |name: &String| all[..at].iter().any(|before| before.name == *name);
        assert!(setting.only_if.as_ref().is_none_or(|condition| before(&condition.setting)), "{}", setting.name);
        assert!(setting.default.is_some() || given.get(&setting.name).is_some() || setting.only_if.is_some());
    }
    read(&all, &checked).expect("every setting is a field, and every field a setting")
}
