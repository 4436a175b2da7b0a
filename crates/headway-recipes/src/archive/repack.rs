//! repack: rewrites zip archives as cbz or zip, in natural order, without files that systems left in them. Every
//! entry is copied without being recompressed.

#[cfg(test)]
mod real_files;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::super::source::Source;
use super::super::{
    Attempt, Binding, Effect, Failure, ItemResults, Obstacle, Recipe, Rename, Setting, Success, Unable, Work, report,
};
use super::check_archive;
use super::list::{EntryList, list};
use super::order::natural;
use super::rewrite::rewrite;
use super::test::{UnpackLimits, test};
use super::write::NewEntry;
use headway_files::{Library, OpenFile, Outputs, is_litter};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect, Keep, Output, OutputPlace, PlannedFile, RelPath, SkipReason, StartJob};

pub(crate) struct Repack;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepackSettings {
    #[serde(rename = "ending")]
    extension: NewExtension,
    junk: bool,
    order: bool,
    total: u64,
    ratio: u64,
}

/// The extension of the new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NewExtension {
    Keep,
    Cbz,
    Zip,
}

struct RepackWork {
    library: Arc<Library>,
    wanted: RepackSettings,
}

/// Only files with these extensions are rewritten. Other formats based on zip can depend on an order or a signature.
const EXTENSIONS: [&str; 3] = ["cbz", "zip", "epub"];

/// The first entry of an epub.
const MIMETYPE: &[u8] = b"mimetype";

/// Maximum size of that entry, which holds only the name of a type.
const MIMETYPE_LIMIT: usize = 1_024;

impl Recipe for Repack {
    fn info(&self) -> RecipeInfo {
        let extensions = [("keep", "stays as it is"), ("cbz", "cbz, for comics"), ("zip", "zip")];
        RecipeInfo {
            name: BuiltIn::Repack.name().into(),
            summary: "Writes zip, cbz and epub archives again without what systems left in them, pages in order; every entry is compared first."
                .into(),
            output_if: None,
            to_files: String::new(),
            settings: vec![
                Setting::choice("ending", "Extension of the name", &extensions).help("An epub keeps its own."),
                Setting::switch("junk", "Leave out what systems leave behind", true)
                    .help("__MACOSX, ._ files, .DS_Store, Thumbs.db, desktop.ini and the like."),
                Setting::switch("order", "Put pages in order", true)
                    .help("page2 before page10. Of an epub only mimetype goes to the beginning."),
                Setting::number("total", "Unpacks to at most", 64, 1..=65_536, "GiB")
                    .help("An archive that would unpack to more fails."),
                Setting::number("ratio", "Unpacks to at most", 200, 2..=10_000, "times its size")
                    .help("Applies from 100 MiB; a higher ratio suggests a zip bomb."),
            ],
            output: Some(Output { keep: Keep { times: true, ..Keep::default() }, ..Output::to(OutputPlace::Replace) }),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::TIDIES
    }

    fn obstacle(&self, request: &StartJob, _: &Library) -> Option<Obstacle> {
        in_place(request)
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let wanted = job.settings(&self.info().settings)?;
        Ok(Box::new(RepackWork { library: Arc::clone(job.library), wanted }))
    }
}

/// Refuses an output elsewhere, for recipes that change files in place.
pub(crate) fn in_place(request: &StartJob) -> Option<Obstacle> {
    let text = "it changes files where they are, and the originals go to the trash; choose to replace them";
    let is_elsewhere = request.output.as_ref().is_none_or(|output| !output.replaces());
    is_elsewhere.then(|| Obstacle { setting: None, text: text.into() })
}

impl Work for RepackWork {
    fn renames(&self, file: &PlannedFile, _: u32) -> Result<Vec<Rename>, Failure> {
        let Some(extension) = extension(&file.path) else { return Err(Failure::Skipped(SkipReason::Recipe)) };
        let wanted = match self.wanted.extension {
            NewExtension::Cbz if extension != "epub" => "cbz",
            NewExtension::Zip if extension != "epub" => "zip",
            _ => return Ok(Vec::new()),
        };
        if extension == wanted {
            return Ok(Vec::new());
        }
        let path = file.path.to_bytes();
        let to = [&path[..path.len() - extension.len()], wanted.as_bytes()].concat();
        let to = RelPath::from_bytes(&to);
        let to = to.map_err(|error| Failure::Failed(headway_model::FailReason::Recipe, error.to_string()))?;
        Ok(vec![Rename { from: file.path.clone(), to }])
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        check_archive(&source)?;
        let limits = UnpackLimits { total: self.wanted.total << 30, ratio: self.wanted.ratio };
        test(&source, limits)?;
        let list = list(&source)?;
        let (was, around) = (list.entries.len(), list.around);
        let is_epub = extension(&attempt.path).as_deref() == Some("epub");
        let before = list.entries.clone();
        let EntryList { comment, .. } = list;
        let entries = self.wanted.arranged(&source, list.entries, is_epub)?;
        if entries.is_empty() && was > 0 {
            return Err(source.failure("there is nothing in it but what systems leave behind"));
        }
        let mut result = json!({ "entries": entries.len(), "left_out": was - entries.len(), "was": source.size() });
        if entries == before && around == (0, 0) {
            result["became"] = source.size().into();
            return source.confirm(Success { effect: DiskEffect::Unchanged, result });
        }
        if around != (0, 0) {
            result["notes"] = format!("{} bytes before it and {} after it are gone", around.0, around.1).into();
        }
        result["became"] = rewrite(&self.library, (&source, attempt), (&entries, &comment), limits)?.into();
        source.confirm(Success { effect: DiskEffect::Changed, result })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(results, outputs, "REPACKED", &["entries", "left_out", "was", "became", "moved", "notes"])
    }
}

impl RepackSettings {
    /// The entries that stay, in their new order.
    fn arranged(&self, source: &Source<'_>, all: Vec<NewEntry>, is_epub: bool) -> Result<Vec<NewEntry>, Failure> {
        let mut entries = all;
        entries.retain(|entry| !self.junk || !is_junk(&entry.name));
        if is_epub {
            let at = entries.iter().position(|entry| entry.name == MIMETYPE);
            let Some(at) = at else { return Err(source.failure("it has no entry mimetype, as an epub must")) };
            let first = entries.remove(at);
            let content = first.content(source, MIMETYPE_LIMIT)?;
            let first = if first.method == 0 { first } else { first.stored(content) };
            entries.insert(0, NewEntry { own_extra: Vec::new(), extra: Vec::new(), ..first });
        } else if self.order {
            entries.sort_by(|one, other| natural(&one.name, &other.name));
        }
        Ok(entries)
    }
}

/// Whether an entry with this name is litter.
pub(crate) fn is_junk(name: &[u8]) -> bool {
    let is_folder = name.ends_with(b"/");
    let parts: Vec<_> = name.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
    let last = parts.len().saturating_sub(1);
    parts.iter().enumerate().any(|(at, part)| {
        let is_folder = is_folder || at < last;
        is_litter(part, is_folder) || (is_folder && *part == b"__MACOSX") || (!is_folder && part.starts_with(b"._"))
    })
}

/// The extension of a name in lower case, if it is one of the [`EXTENSIONS`].
fn extension(path: &RelPath) -> Option<String> {
    let extension = path.name().rsplit_once('.')?.1.to_ascii_lowercase();
    EXTENSIONS.contains(&&*extension).then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: RepackSettings = super::super::super::defaults(&Repack, json!({}));
        assert!(
            wanted.junk
                && wanted.order
                && wanted.extension == NewExtension::Keep
                && (wanted.total, wanted.ratio) == (64, 200)
        );
    }

    #[test]
    fn litter_is_recognised_by_its_whole_name() {
        let junk =
            ["__MACOSX/", "__MACOSX/a/._1.jpg", "a/._1.jpg", "a/Thumbs.db", ".DS_Store", "@eaDir/x", "a/DESKTOP.INI"];
        junk.iter().for_each(|name| assert!(is_junk(name.as_bytes()), "{name}"));
        let pages = ["a/1.jpg", "__MACOSX", "_.jpg", "a._b/1.jpg", "Thumbs.db.jpg", "a/"];
        pages.iter().for_each(|name| assert!(!is_junk(name.as_bytes()), "{name}"));
    }
}
