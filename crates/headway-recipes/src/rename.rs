//! rename: names each file by a template, with the date when a photo was taken, a counter, or parts of its path.

mod clean;
mod taken;
mod template;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Attempt, Binding, Effect, Failure, Recipe, Rename as NewName, Setting, Settings, Success, Unable, Work};
pub(crate) use clean::Clean;
use headway_files::{LONGEST_NAME, Library, OpenFile};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect, FailReason, PlannedFile, RelPath, SkipReason, WrongSetting, setting};
use template::{Case, NameTemplate};

pub(super) struct RenameRecipe;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameSettings {
    name: String,
    case: Case,
    clean: Clean,
    sidecars: bool,
}

struct RenameWork {
    library: Arc<Library>,
    template: NameTemplate,
    case: Case,
    clean: Clean,
    sidecars: bool,
}

/// The extensions of sidecar files, in which programs store data about another file of the same name.
const SIDECARS: [&str; 4] = ["xmp", "XMP", "aae", "AAE"];

impl Recipe for RenameRecipe {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: BuiltIn::Rename.name().into(),
            summary: "Gives each file a name by a template. Nothing is overwritten.".into(),
            settings: vec![
                Setting::text("name", "Name").default("{exif:date}.{+.}").help(
                    "{/} the name, {/.} without its extension, {+.} the extension, {//} the folder, {#:4} a counter, {exif:date} when it was taken, \
                     {exif:date:%Y-%m} in a form of your own; a / makes folders.",
                ),
                Setting::choice("case", "Letters", &Case::CHOICES),
                Setting::choice("clean", "Characters", &Clean::CHOICES),
                Setting::switch("sidecars", "Rename sidecar files too", true)
                    .help("IMG_1.xmp, IMG_1.JPG.xmp and IMG_1.AAE go with IMG_1.JPG."),
            ],
            output: None,
            output_if: None,
            to_files: "Each file is renamed and keeps its content. Undo restores the old names.".into(),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::TIDIES
    }

    fn renames_files(&self) -> bool {
        true
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
        let RenameSettings { name, case, clean, sidecars } = job.settings(&self.info().settings)?;
        let template = NameTemplate::new(&name).map_err(|error| Unable::Failed(error.to_string()))?;
        Ok(Box::new(RenameWork { library: Arc::clone(job.library), template, case, clean, sidecars }))
    }
}

impl Work for RenameWork {
    fn renames(&self, file: &PlannedFile, number: u32) -> Result<Vec<NewName>, Failure> {
        let to = self.name(file, number)?;
        if to == file.path {
            return Err(Failure::Skipped(SkipReason::Done));
        }
        let mut names = vec![NewName { from: file.path.clone(), to }];
        if self.sidecars {
            names.extend(self.companions(&names[0])?);
        }
        Ok(names)
    }

    fn exchanges_names(&self) -> bool {
        true
    }

    fn run(&self, _: &mut OpenFile, _: &Attempt) -> Result<Success, Failure> {
        Ok(Success { effect: DiskEffect::Changed, result: json!({}) })
    }
}

impl RenameWork {
    /// The sidecars of a file, with their new names.
    fn companions(&self, NewName { from, to }: &NewName) -> Result<Vec<NewName>, Failure> {
        let (from, to) = (from.to_bytes(), to.to_bytes());
        let mut found = Vec::new();
        for extension in SIDECARS {
            for (from, to) in [(stem(&from), stem(&to)), (&from[..], &to[..])] {
                let with = |name: &[u8]| RelPath::from_bytes(&[name, b".", extension.as_bytes()].concat());
                let (Ok(from), Ok(to)) = (with(from), with(to)) else { continue };
                let looking = |error| Failure::of(FailReason::Read, "looking for its sidecar files", &error);
                if from != to
                    && self.library.has_file(&from).map_err(looking)?
                    && self.library.lists(&from).map_err(looking)?
                {
                    found.push(NewName { from, to });
                }
            }
        }
        // A sidecar is not its own sidecar.
        found.retain(|companion| companion.from.to_bytes() != from);
        Ok(found)
    }

    /// The new path of a file.
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
        // The folder of a file in the root expands to a dot.
        let parts = text.split(|byte| *byte == b'/').skip(usize::from(is_from_root)).filter(|part| *part != b".");
        for part in parts {
            let part = self.clean.name(&self.case.name(part));
            if part.len() > LONGEST_NAME {
                return Err(Failure::Skipped(SkipReason::TooLong));
            }
            to = to.join(&part).map_err(|error| fail(format!("its new name does not fit: {error}")))?;
        }
        Ok(to)
    }
}

/// A path without its extension.
fn stem(path: &[u8]) -> &[u8] {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    match path[name..].iter().rposition(|byte| *byte == b'.') {
        None | Some(0) => path,
        Some(dot) => &path[..name + dot],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: RenameSettings = super::super::defaults(&RenameRecipe, json!({}));
        assert_eq!((&*wanted.name, wanted.case, wanted.clean), ("{exif:date}.{+.}", Case::Keep, Clean::Keep));
        let given = |case: &str, clean: &str| {
            super::super::defaults::<RenameSettings>(&RenameRecipe, json!({ "case": case, "clean": clean }))
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
        let wrong = RenameRecipe.settings(name.as_object().expect("an object")).expect_err("it is the same for all");
        assert_eq!(wrong[0].setting, "name");
    }
}
