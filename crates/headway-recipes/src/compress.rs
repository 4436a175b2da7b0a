//! compress: packs files with Zstandard or gzip beside the originals, and unpacks them. A packed file is unpacked
//! again and compared with the original before it gets its name.

mod names;
mod pack;
#[cfg(test)]
mod real_files;

use std::io::{self, Write};

use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::{FileKind, FileLook};
use super::packed::unpack;
use super::recipe::read;
use super::source::Source;
use super::{
    Attempt, Binding, Effect, EmptyOutput, Failure, ItemResults, Obstacle, ReadHead, Recipe, Setting, Success, Unable,
    Work, report,
};
use headway_files::{Library, OpenFile, Outputs};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect, FailReason, Keep, Output, OutputPlace, RelPath, SkipReason, StartJob};

pub(super) struct Compress;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompressSettings {
    action: CompressAction,
    level: i32,
    gzip_level: u32,
    packed: bool,
    total: u64,
    window: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CompressAction {
    Zstd,
    Gzip,
    Unpack,
}

impl Recipe for Compress {
    fn info(&self) -> RecipeInfo {
        let actions = [("zstd", "pack with Zstandard"), ("gzip", "pack with gzip"), ("unpack", "unpack .zst and .gz")];
        let keep = Keep { times: true, ..Keep::default() };
        RecipeInfo {
            name: BuiltIn::Compress.name().into(),
            summary:
                "Packs files with Zstandard or gzip, or unpacks them; what was packed is unpacked and compared first."
                    .into(),
            settings: vec![
                Setting::choice("action", "Do", &actions),
                Setting::number("level", "Level", 9, 1..=19, "")
                    .only_if("action", ["zstd"])
                    .help("Higher is smaller and slower."),
                Setting::number("gzip_level", "Level", 6, 1..=9, "")
                    .only_if("action", ["gzip"])
                    .help("Higher is smaller and slower."),
                Setting::switch("packed", "Pack also what is packed already", false)
                    .only_if("action", ["zstd", "gzip"]),
                Setting::number("total", "Unpacks to at most", 64, 1..=65_536, "GiB").only_if("action", ["unpack"]),
                Setting::number("window", "Window of at most", 128, 8..=2_048, "MiB")
                    .only_if("action", ["unpack"])
                    .help("Memory that a Zstandard file may ask for. Files packed with --long can need more."),
            ],
            output: Some(Output { keep, ..Output::to(OutputPlace::Beside { name: "{/}".into() }) }),
            output_if: None,
            to_files: String::new(),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::MAKES
    }

    fn obstacle(&self, request: &StartJob, _: &Library) -> Option<Obstacle> {
        let text =
            "its output has another name than the original, so it cannot take its place; choose beside it, or a folder";
        let replaces = request.output.as_ref().is_some_and(Output::replaces);
        replaces.then(|| Obstacle { setting: None, text: text.into() })
    }

    fn output_for(&self, request: &StartJob, path: &RelPath) -> Option<Output> {
        let settings: CompressSettings = read(&self.info().settings, &request.settings).ok()?;
        settings.output(path, request.output.as_ref())
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(job.settings::<CompressSettings>(&self.info().settings)?))
    }
}

impl Work for CompressSettings {
    fn output(&self, path: &RelPath, default: Option<&Output>) -> Option<Output> {
        let output = default?.clone();
        let place = names::place(self.action, path, output.place);
        Some(Output { place, keep: Keep { times: true, permissions: true, ..output.keep }, ..output })
    }

    fn empty_output(&self) -> EmptyOutput {
        // The packed file can have been empty.
        EmptyOutput::Result
    }

    fn is_for(&self, path: &RelPath, head: ReadHead<'_>) -> io::Result<bool> {
        Ok(self.is_for_looks(FileLook::of(path, &head()?)))
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        let looks = source.looks()?;
        if !self.is_for_looks(looks) {
            return Err(Failure::Skipped(SkipReason::Recipe));
        }
        let staged = attempt.staged()?;
        let create = || staged.create().map_err(|error| writing(&error));
        let (was, size) = match (self.action, looks.kind) {
            (CompressAction::Unpack, Some(kind @ (FileKind::Gzip | FileKind::Zstd))) => {
                let mut file = create()?;
                let limits = (self.total << 30, self.window);
                let size =
                    unpack(&source, kind, limits, |bytes| file.write_all(bytes).map_err(|error| writing(&error)))?;
                (source.size(), size)
            }
            (CompressAction::Unpack, _) => {
                return Err(source.failure("its name says that it is packed, but its content does not"));
            }
            (CompressAction::Zstd | CompressAction::Gzip, _) => pack::pack(&source, create()?, self)?,
        };
        source.confirm(Success { effect: DiskEffect::Created, result: result(was, size) })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(results, outputs, "COMPRESSED", &["was", "became", "percent"])
    }
}

impl CompressSettings {
    /// Whether a file that looks like this is packed or unpacked.
    fn is_for_looks(&self, looks: FileLook) -> bool {
        let can_unpack = |kind| matches!(kind, Some(FileKind::Gzip | FileKind::Zstd));
        match self.action {
            CompressAction::Unpack => can_unpack(looks.kind) || can_unpack(looks.named),
            CompressAction::Zstd | CompressAction::Gzip => self.packed || !looks.kind.is_some_and(names::is_packed),
        }
    }
}

/// The result: sizes before and after in bytes, and their ratio.
fn result(was: u64, became: u64) -> Value {
    let mut result = json!({ "was": was, "became": became });
    if was > 0 {
        result["percent"] = (u128::from(became) * 100 / u128::from(was)).min(u128::from(u64::MAX)).to_string().into();
    }
    result
}

fn writing(error: &std::io::Error) -> Failure {
    Failure::of(FailReason::Write, "writing", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: CompressSettings = super::super::defaults(&Compress, json!({}));
        assert_eq!((wanted.action, wanted.level, wanted.window), (CompressAction::Zstd, 9, 128));
    }
}
