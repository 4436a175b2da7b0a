//! rename: gives each file a name by a template, with the date at which a photo was taken, a counter, or parts of its path.

mod clean;
mod taken;
mod template;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Attempt, Binding, Failure, Recipe, Rename as NewName, Setting, Settings, Success, Unable, Work};
use clean::Clean;
use headway_files::{Library, OpenFile};
use headway_model::summary::RecipeInfo;
use headway_model::{Effect, FailReason, OnDone, PlannedFile, RelPath, SkipReason, WrongSetting, setting};
use template::{Case, NameTemplate};

pub(super) struct Rename;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    case: Case,
    clean: Clean,
}

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
        RecipeInfo {
            name: "rename".into(),
            summary: "Gives each file a name by a template. Nothing is overwritten.".into(),
            settings: vec![
                Setting::text("name", "Name").default("{exif:date}.{+.}").help(
                    "{/} the name, {/.} without its ending, {+.} the ending, {//} the folder, {#:4} a counter, {exif:date} when it was taken, \
                     {exif:date:%Y-%m} in a form of your own; a / makes folders.",
                ),
                Setting::choice("case", "Letters", &Case::CHOICES),
                Setting::choice("clean", "Characters", &Clean::CHOICES),
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

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        let settings = setting::check(&self.info().settings, given)?;
        let name = settings.get("name").and_then(|name| name.as_str()).unwrap_or_default();
        match NameTemplate::new(name) {
            Ok(_) => Ok(settings),
            Err(reason) => Err(vec![WrongSetting::new("name", &format!("cannot be used: {reason}"))]),
        }
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let Wanted { name, case, clean } = job.settings(&self.info().settings)?;
        let template = NameTemplate::new(&name).map_err(Unable::Failed)?;
        Ok(Box::new(Bound { library: Arc::clone(job.library), template, case, clean }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: Wanted = super::super::defaults(&Rename, json!({}));
        assert_eq!((&*wanted.name, wanted.case, wanted.clean), ("{exif:date}.{+.}", Case::Keep, Clean::Keep));
        let given = |case: &str, clean: &str| {
            super::super::defaults::<Wanted>(&Rename, json!({ "case": case, "clean": clean }))
        };
        for (case, _) in Case::CHOICES {
            for (clean, _) in Clean::CHOICES {
                let wanted = given(case, clean);
                assert!(
                    (wanted.case == Case::Keep) == (case == "keep")
                        && (wanted.clean == Clean::Keep) == (clean == "keep")
                );
            }
        }
        let name = json!({ "name": "same.jpg" });
        let wrong = Rename.settings(name.as_object().expect("an object")).expect_err("it is the same for all");
        assert_eq!(wrong[0].setting, "name");
    }
}
