//! rename: gives each file a name by a template, with the date at which a photo was taken, a counter, or parts of its path.

mod clean;
mod taken;
mod template;

use std::sync::Arc;

use serde_json::json;

use super::{Attempt, Binding, Failure, Recipe, Rename as NewName, Settings, Success, Unable, Work, choose};
use clean::Clean;
use headway_files::{Library, OpenFile};
use headway_model::summary::{RecipeInfo, SettingInfo};
use headway_model::{Effect, FailReason, OnDone, PlannedFile, RelPath, SkipReason};
use template::{Case, NameTemplate};

pub(super) struct Rename;

struct Bound {
    library: Arc<Library>,
    template: NameTemplate,
    case: Case,
    clean: Clean,
}

/// `NAME_MAX` of Linux, in bytes.
const LONGEST_NAME: usize = 255;

impl Recipe for Rename {
    fn info(&self) -> RecipeInfo {
        let text = |name: &str, label: &str, default: &str| SettingInfo {
            name: name.into(),
            label: label.into(),
            choices: Vec::new(),
            default: default.into(),
        };
        let choice = |name: &str, label: &str, choices: &[(&str, &str)]| SettingInfo {
            choices: choices.iter().map(|(word, label)| ((*word).to_owned(), (*label).to_owned())).collect(),
            ..text(name, label, "")
        };
        RecipeInfo {
            name: "rename".into(),
            summary: "Gives each file a name by a template. Nothing is overwritten.".into(),
            settings: vec![
                text("name", "Name", "{exif:date}.{+.}"),
                choice("case", "Letters", &Case::CHOICES),
                choice("clean", "Characters", &Clean::CHOICES),
            ],
            output: None,
            hidden: false,
        }
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn renames_files(&self) -> bool {
        true
    }

    fn on_done(&self) -> OnDone {
        // A file that has its name already is skipped whatever was done before.
        OnDone::Again
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<String>> {
        let settings = choose(&self.info(), given)?;
        let name = settings["name"].as_str().unwrap_or_default();
        NameTemplate::new(name).map(|_| settings.clone()).map_err(|wrong| vec![format!("setting \"name\": {wrong}")])
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let word = |name: &str| job.request.settings.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        Ok(Box::new(Bound {
            library: Arc::clone(job.library),
            template: NameTemplate::new(word("name")).map_err(Unable::Failed)?,
            case: Case::of(word("case")),
            clean: Clean::of(word("clean")),
        }))
    }
}

impl Work for Bound {
    fn renames(&self, file: &PlannedFile, number: u32) -> Result<Vec<NewName>, Failure> {
        let to = self.name(file, number)?;
        if to == file.path {
            return Err(Failure::Skipped(SkipReason::Done));
        }
        Ok(vec![NewName { from: file.path.clone(), to }])
    }

    fn run(&self, _: &mut OpenFile, _: &Attempt) -> Result<Success, Failure> {
        Ok(Success { effect: Effect::Changed, result: json!({}) })
    }
}

impl Bound {
    /// The path that a file is to have.
    fn name(&self, file: &PlannedFile, number: u32) -> Result<RelPath, Failure> {
        let fail = |text: String| Failure::Failed(FailReason::Recipe, text);
        let taken = match self.template.wants_date() {
            true => Some(taken::taken(&self.library, &file.path)?),
            false => None,
        };
        let path = file.path.to_bytes();
        let text = self.template.expand(&path, number, taken.as_ref());
        let is_from_root = text.first() == Some(&b'/');
        let mut to = if is_from_root { RelPath::default() } else { file.path.parent().unwrap_or_default() };
        // The folder of a file in the root is a dot.
        let parts = text.split(|byte| *byte == b'/').skip(usize::from(is_from_root)).filter(|part| *part != b".");
        for part in parts {
            let part = self.clean.name(&self.case.name(part));
            if part.len() > LONGEST_NAME {
                return Err(fail(format!("its name would have {} bytes, and {LONGEST_NAME} are possible", part.len())));
            }
            to = to.join(&part).map_err(|error| fail(format!("its new name does not fit: {error}")))?;
        }
        Ok(to)
    }
}
