//! comic: sets the title, the series and the name of comics (cbz). Changes `ComicInfo.xml` where necessary, and
//! leaves every page as it is.

mod info;
mod number;
#[cfg(test)]
mod real_files;
mod template;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::archive::{EntryList, NewEntry, UnpackLimits, in_place, list, rewrite, test};
use super::kind::{FileKind, HEAD};
use super::source::Source;
use super::{
    Attempt, Binding, Effect, Failure, ItemResults, Obstacle, Recipe, Rename, Setting, Settings, Success, Unable, Work,
    report,
};
use crate::rename::Clean;
use headway_files::{LONGEST_NAME, Library, OpenFile, Outputs};
use headway_model::summary::RecipeInfo;
use headway_model::{
    BuiltIn, DiskEffect, FailReason, JobId, Output, OutputPlace, PlannedFile, RelPath, SkipReason, StartJob,
    WrongSetting, setting,
};
use info::{ComicField, Info};
use template::{ComicTemplate, ComicWord};

pub(super) struct Comic;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComicSettings {
    title: bool,
    series: bool,
    colon: bool,
    rename: bool,
    name: String,
    add: bool,
}

struct ComicWork {
    library: Arc<Library>,
    wanted: ComicSettings,
    template: ComicTemplate,
}

/// The name of the file at a comic's root that describes the comic. Other spellings do not count.
const COMIC_INFO: &str = "ComicInfo.xml";

/// Maximum size of that file in bytes.
const INFO_LIMIT: usize = 1 << 20;

/// A comic that unpacks to more than this is not rewritten.
const LIMITS: UnpackLimits = UnpackLimits { total: 64 << 30, ratio: 200 };

impl Recipe for Comic {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: BuiltIn::Comic.name().into(),
            summary: "Gives comics (cbz) title, series and name by their chapter and folder. Pages stay as they are.".into(),
            output_if: None,
            to_files: String::new(),
            settings: vec![
                Setting::switch("title", "Title: Chapter and number", true),
                Setting::switch("series", "Series: name of the folder", true),
                Setting::switch("colon", "An underscore in the folder's name is a colon", true)
                    .only_if("series", [true])
                    .help("Windows does not allow a colon in a name."),
                Setting::switch("rename", "Rename", true),
                Setting::text("name", "Name")
                    .default("{series} - Chapter {issue:04}")
                    .only_if("rename", [true])
                    .help("{series}, {issue}, {issue:04} with four digits, {title}, {volume}, {year}, {publisher}; the extension stays."),
                Setting::switch("add", "Add ComicInfo.xml where it is missing", false),
            ],
            output: Some(Output::to(OutputPlace::Replace)),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::TIDIES
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        let settings = setting::check(&self.info().settings, given)?;
        let name = settings.get("name").and_then(Value::as_str);
        match name.map(ComicTemplate::new) {
            Some(Err(reason)) => Err(vec![WrongSetting::new("name", &format!("cannot be used: {reason}"))]),
            _ => Ok(settings),
        }
    }

    fn obstacle(&self, request: &StartJob, _: &Library) -> Option<Obstacle> {
        in_place(request)
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let wanted: ComicSettings = job.settings(&self.info().settings)?;
        let template = ComicTemplate::new(&wanted.name).map_err(Unable::Failed)?;
        Ok(Box::new(ComicWork { library: Arc::clone(job.library), wanted, template }))
    }
}

/// What is to be changed about a comic.
#[derive(Debug)]
struct ComicChanges {
    /// Its new `ComicInfo.xml`, if that is to be changed or added.
    info: Option<String>,
    /// Its new path.
    path: RelPath,
    /// What the report says about it.
    result: Map<String, Value>,
}

impl Work for ComicWork {
    fn renames(&self, file: &PlannedFile, number: u32) -> Result<Vec<Rename>, Failure> {
        let attempt = Attempt::new(JobId::mint(0, [0; 10]), number, 0, file.path.clone(), file.size);
        let input = self.library.open_file(file)?;
        let source = Source::quiet(&input, &attempt)?;
        check_comic(&source)?;
        let ComicChanges { info, path: to, .. } = self.goal(&source, &list(&source)?)?;
        match (to == file.path, info) {
            // It is as it should be.
            (true, None) => Err(Failure::Skipped(SkipReason::Done)),
            (true, Some(_)) => Ok(Vec::new()),
            (false, _) => Ok(vec![Rename { from: file.path.clone(), to }]),
        }
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        check_comic(&source)?;
        let list = list(&source)?;
        let goal = self.goal(&source, &list)?;
        let mut result = Value::Object(goal.result);
        let Some(text) = goal.info else {
            return source.confirm(Success { effect: DiskEffect::Unchanged, result });
        };
        test(&source, LIMITS)?;
        let EntryList { mut entries, comment, .. } = list;
        let is_info = |entry: &NewEntry| entry.name == COMIC_INFO.as_bytes();
        let at = entries.iter().position(is_info);
        let entry = at.map_or_else(|| NewEntry::new(COMIC_INFO), |at| entries[at].clone());
        let entry = entry.with(text.as_bytes()).map_err(|error| Failure::of(FailReason::Write, "packing", &error))?;
        match at {
            Some(at) => entries[at] = entry,
            None => entries.push(entry),
        }
        result["became"] = rewrite(&self.library, (&source, attempt), (&entries, &comment), LIMITS)?.into();
        source.confirm(Success { effect: DiskEffect::Changed, result })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(results, outputs, "COMICS", &["series", "number", "title", "changed", "moved", "notes"])
    }
}

impl ComicWork {
    /// Decides what to change about a comic, from its `ComicInfo.xml` and its path.
    fn goal(&self, source: &Source<'_>, list: &EntryList) -> Result<ComicChanges, Failure> {
        let fail = |text: String| source.failure(&text);
        let path = &source.attempt().path;
        let found = list.entries.iter().find(|entry| entry.name == COMIC_INFO.as_bytes());
        let content = found.map(|entry| entry.content(source, INFO_LIMIT)).transpose()?;
        let info = content.as_deref().map(Info::read).transpose().map_err(fail)?;
        let get = |field| info.as_ref().and_then(|info| info.get(field)).map(str::to_owned);
        let name = path.to_bytes();
        let name = String::from_utf8_lossy(name.rsplit(|byte| *byte == b'/').next().unwrap_or_default()).into_owned();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, "cbz"));
        let number = get(ComicField::Number).or_else(|| number::of_name(stem));
        let series = if self.wanted.series { self.series(path)? } else { None };
        let series = series.or_else(|| get(ComicField::Series));
        let title = match (self.wanted.title, &number) {
            (true, Some(number)) => Some(format!("Chapter {}", number::shown(number))),
            (true, None) => return Err(fail("neither its ComicInfo.xml nor its name gives a number".into())),
            (false, _) => get(ComicField::Title),
        };
        let wants = [
            (ComicField::Title, &title, self.wanted.title),
            (ComicField::Series, &series, self.wanted.series),
            (ComicField::Number, &number, self.wanted.title),
        ];
        let is_change = |(field, value, is_wanted): &(_, &Option<String>, bool)| *is_wanted && get(*field) != **value;
        let changes: Vec<_> =
            wants.into_iter().filter(is_change).filter_map(|(field, value, _)| Some((field, value.clone()?))).collect();
        let text = match &info {
            _ if changes.is_empty() => None,
            Some(info) => Some(info.with(&changes)),
            None if self.wanted.add => Some(info::new(&changes)),
            None => None,
        };
        let value = |word| match word {
            ComicWord::Series => series.clone(),
            ComicWord::Issue => number.clone(),
            ComicWord::Title => title.clone(),
            ComicWord::Volume => get(ComicField::Volume),
            ComicWord::Year => get(ComicField::Year),
            ComicWord::Publisher => get(ComicField::Publisher),
        };
        let to = self.new_path(path, extension, value)?;
        // Only what its ComicInfo.xml says, or will say.
        let written = |field: ComicField| {
            let change = changes.iter().find(|(changed, _)| *changed == field).filter(|_| text.is_some());
            change.map(|(_, value)| value.clone()).or_else(|| get(field))
        };
        let mut result = described(written);
        if text.is_some() {
            let changed: Vec<_> = changes.iter().map(|(field, _)| format!("{field:?}")).collect();
            result.insert("changed".into(), changed.join(", ").into());
        }
        let lacks = info.is_none().then_some(if text.is_some() { "had" } else { "has" });
        result.extend(note(list, lacks).map(|note| ("notes".to_owned(), note.into())));
        Ok(ComicChanges { info: text, path: to, result })
    }

    /// The new path of a comic, from the template's words with these values.
    fn new_path(
        &self,
        path: &RelPath,
        extension: &str,
        value: impl Fn(ComicWord) -> Option<String>,
    ) -> Result<RelPath, Failure> {
        if !self.wanted.rename {
            return Ok(path.clone());
        }
        // The plan shows this reason, and the file is left alone.
        let name = self.template.expand(value).map_err(|_| Failure::Skipped(SkipReason::Lacking))?;
        named(path, &name, extension)
    }

    /// The series, from the name of the comic's folder; `None` in the library's root.
    fn series(&self, path: &RelPath) -> Result<Option<String>, Failure> {
        let Some(folder) = path.parent().filter(|folder| !folder.is_root()) else { return Ok(None) };
        let bytes = folder.to_bytes();
        let name = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let Ok(name) = std::str::from_utf8(name) else {
            let text = "the name of its folder is not text, so it gives no series";
            return Err(Failure::Failed(FailReason::Recipe, text.into()));
        };
        let name = if self.wanted.colon { name.replace('_', ":") } else { name.to_owned() };
        // XML cannot hold control characters. If the name kept them, it would differ from the file's at every run.
        let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    }
}

/// The columns of the report that say what a comic is.
fn described(value: impl Fn(ComicField) -> Option<String>) -> Map<String, Value> {
    let columns = [("series", ComicField::Series), ("number", ComicField::Number), ("title", ComicField::Title)];
    let known = columns.into_iter().filter_map(|(name, field)| Some((name.to_owned(), Value::from(value(field)?))));
    known.collect()
}

/// The path of a comic under a new name that is valid on every system.
fn named(path: &RelPath, stem: &str, extension: &str) -> Result<RelPath, Failure> {
    let name = Clean::Windows.name(format!("{stem}.{extension}").as_bytes());
    if name.len() > LONGEST_NAME {
        return Err(Failure::Skipped(SkipReason::TooLong));
    }
    let to = path.parent().unwrap_or_default().join(&name);
    to.map_err(|error| Failure::Failed(FailReason::Recipe, format!("its new name does not fit: {error}")))
}

/// What the report says beside the fields: entries that resemble `ComicInfo.xml` but are not it, or that there is none.
/// `lacks` is whether it had none, or has none still.
fn note(list: &EntryList, lacks: Option<&str>) -> Option<String> {
    match list.entries.iter().filter(|entry| is_other(&entry.name)).count() {
        0 => lacks.map(|lacks| format!("it {lacks} no {COMIC_INFO}")),
        others => Some(format!("{others} more files are called {COMIC_INFO} in it, and do not count")),
    }
}

/// Whether an entry resembles `ComicInfo.xml` without being it, such as one in another case.
fn is_other(name: &[u8]) -> bool {
    let last = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    name != COMIC_INFO.as_bytes() && last.eq_ignore_ascii_case(COMIC_INFO.as_bytes())
}

/// Checks that the file is a comic: a zip archive whose name ends in cbz. For a comic in another format, the message
/// says what can be done.
fn check_comic(source: &Source<'_>) -> Result<(), Failure> {
    let extension = source.attempt().path.name().rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let kind = FileKind::of(&source.head(HEAD)?);
    match (extension.as_deref(), kind) {
        (Some("cbz"), Some(FileKind::Zip) | None) => Ok(()),
        (Some("cbz" | "cbr" | "cb7"), Some(kind @ (FileKind::Rar | FileKind::SevenZip))) => {
            let text = format!("it is {}, which is not written here; make it a cbz by a command first", kind.shown());
            Err(source.failure(&text))
        }
        (Some("cbr" | "cb7"), Some(FileKind::Zip)) => {
            Err(source.failure("it is a zip archive, though its name says otherwise; call it cbz first"))
        }
        (Some("cbz"), Some(kind)) => Err(source.failure(&format!("it is {}, though its name says cbz", kind.shown()))),
        _ => Err(Failure::Skipped(SkipReason::Recipe)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: ComicSettings = super::super::defaults(&Comic, serde_json::json!({}));
        assert!(wanted.title && wanted.series && wanted.colon && wanted.rename && !wanted.add);
        let wrong = serde_json::json!({ "name": "{series}" });
        let wrong = Comic.settings(wrong.as_object().expect("an object")).expect_err("one name for all");
        assert_eq!(wrong[0].setting, "name");
    }

    #[test]
    fn a_comic_that_cannot_be_opened_is_skipped_or_fails_with_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Arc::new(Library::open("files", folder.path()).expect("a library"));
        let wanted: ComicSettings = super::super::defaults(&Comic, serde_json::json!({}));
        let template = ComicTemplate::new(&wanted.name).expect("a template");
        let work = ComicWork { library, wanted, template };
        let renames = |path: &str| work.renames(&PlannedFile::not_seen(path.parse().expect("a path")), 1);
        assert_eq!(renames("1.cbz"), Err(Failure::Skipped(SkipReason::Missing)));
        let long = renames(&format!("{}.cbz", "x".repeat(300)));
        assert!(
            matches!(&long, Err(Failure::Failed(FailReason::Read, why)) if why == "File name too long"),
            "{long:?}"
        );
    }
}
