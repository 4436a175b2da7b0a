//! metadata: reports the metadata of pictures, and removes it without touching a pixel. The orientation and the
//! colour profile stay, unless the settings say otherwise.

mod block;
mod exif;
mod jpeg;
mod png;
#[cfg(test)]
mod real_files;
mod strip;
mod webp;

use std::io::{self, Read, Seek};

use serde::Deserialize;
use serde_json::{Value, json};

use super::exif_header::without_exif_header;
use super::kind::{FileKind, FileLook};
use super::recipe::read;
use super::source::Source;
use super::{Attempt, Binding, Effect, Failure, ItemResults, ReadHead, Recipe, Setting, Success, Unable, Work, report};
use block::{Block, BlockKind, Walked};
pub(super) use exif::without_thumbnail;
use headway_files::{LibraryFile, OpenFile, Outputs};
use headway_model::setting::OnlyIf;
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect, FailReason, Keep, Output, OutputPlace, RelPath, SkipReason, StartJob};

pub(super) struct Metadata;

/// Longer Exif data are ignored: what a camera writes fits into 64 KiB.
const EXIF_LIMIT: u64 = 4 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetadataSettings {
    action: MetadataAction,
    orientation: bool,
    colour: bool,
    copyright: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MetadataAction {
    Report,
    /// Removes all metadata except what is to stay.
    Strip,
    /// Removes metadata that can say where a picture was taken.
    Place,
}

/// A supported format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Jpeg,
    Png,
    WebP,
}

impl Recipe for Metadata {
    fn info(&self) -> RecipeInfo {
        let actions =
            [("report", "say what there is"), ("strip", "remove all of it"), ("place", "remove where it was taken")];
        let strip = |name, label, default| Setting::switch(name, label, default).only_if("action", ["strip"]);
        let keep = Keep { times: true, ..Keep::default() };
        RecipeInfo {
            name: BuiltIn::Metadata.name().into(),
            summary: "Reports what JPEG, PNG and WebP pictures reveal beyond the picture itself (place, time, camera), or removes it without touching a pixel.".into(),
            output_if: Some(OnlyIf { setting: "action".into(), is: vec!["strip".into(), "place".into()] }),
            to_files: String::new(),
            settings: vec![
                Setting::choice("action", "Do", &actions)
                    .help("This also removes XMP, IPTC and any bytes after the picture, because each of them can name the place."),
                strip("orientation", "Keep the orientation", true),
                strip("colour", "Keep the colour profile", true),
                strip("copyright", "Keep artist and copyright", false),
            ],
            output: Some(Output { keep, ..Output::to(OutputPlace::Replace) }),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::MAKES
    }

    fn output_for(&self, request: &StartJob, path: &RelPath) -> Option<Output> {
        let settings: MetadataSettings = read(&self.info().settings, &request.settings).ok()?;
        settings.output(path, request.output.as_ref())
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(job.settings::<MetadataSettings>(&self.info().settings)?))
    }
}

impl Work for MetadataSettings {
    fn output(&self, _: &RelPath, default: Option<&Output>) -> Option<Output> {
        default.filter(|_| self.action != MetadataAction::Report).cloned()
    }

    fn is_for(&self, path: &RelPath, head: ReadHead<'_>) -> io::Result<bool> {
        Ok(FileLook::of(path, &head()?).is_among(|kind| Format::of_kind(kind).is_some()))
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        let format = Format::of(&source)?;
        let seen = SeenMetadata::new(&source, format)?;
        if self.action == MetadataAction::Report {
            return source.confirm(Success { effect: DiskEffect::Read, result: seen.report(format) });
        }
        let staged = attempt.staged()?;
        let create = || staged.create().map_err(|error| Failure::of(FailReason::Write, "writing", &error));
        let result = self.strip(&source, format, &seen, create)?;
        source.confirm(Success { effect: DiskEffect::Changed, result })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let fields: &[&str] = match self.action {
            MetadataAction::Report => {
                &["type", "blocks", "bytes", "taken", "camera", "place", "orientation", "artist", "copyright", "notes"]
            }
            MetadataAction::Strip | MetadataAction::Place => &["type", "gone", "kept", "removed"],
        };
        report::write(results, outputs, "METADATA", fields)
    }
}

/// The metadata of a file.
struct SeenMetadata {
    blocks: Vec<Block>,
    /// Why the blocks end early, if they do.
    fault: Option<String>,
    /// The first Exif data, which count.
    raw: Vec<u8>,
    exif: Option<::exif::Exif>,
}

impl SeenMetadata {
    fn new(source: &Source<'_>, format: Format) -> Result<Self, Failure> {
        let (blocks, fault) = format.walk(source.reader(), source.size());
        // A storage error takes precedence over a fault of the file.
        let mut raw = Vec::new();
        if let Some(block) = blocks.iter().find(|block| block.kind == BlockKind::Exif) {
            let (begin, end) = (block.content.start, block.content.end.saturating_sub(format.tail()));
            if end.saturating_sub(begin) > EXIF_LIMIT {
                return Err(source.failure(&format!("its Exif data are longer than {} MiB", EXIF_LIMIT >> 20)));
            }
            raw = without_exif_header(strip::read(source, begin..end.max(begin))?);
        }
        let exif = exif::read(&raw);
        Ok(SeenMetadata { blocks, fault, raw, exif })
    }

    fn report(&self, format: Format) -> Value {
        let mut result = self.exif.as_ref().map(exif::facts).unwrap_or_default();
        let metadata = || self.blocks.iter().filter_map(|block| block.kind.shown().map(|word| (word, &block.whole)));
        let mut words: Vec<&str> = Vec::new();
        words.extend(metadata().map(|(word, _)| word));
        words.sort_unstable();
        words.dedup();
        result.insert("type".into(), format.word().into());
        result.insert("blocks".into(), json!(words));
        result.insert("bytes".into(), metadata().map(|(_, whole)| whole.end - whole.start).sum::<u64>().into());
        let unreadable =
            (self.exif.is_none() && !self.raw.is_empty()).then(|| "its Exif data cannot be read".to_owned());
        let notes: Vec<_> = self.fault.iter().cloned().chain(unreadable).collect();
        if !notes.is_empty() {
            result.insert("notes".into(), notes.join("; ").into());
        }
        result.into()
    }
}

impl MetadataSettings {
    /// Removes the requested metadata; returns what was removed and what stayed.
    fn strip(
        &self,
        source: &Source<'_>,
        format: Format,
        seen: &SeenMetadata,
        create: impl FnOnce() -> Result<LibraryFile, Failure>,
    ) -> Result<Value, Failure> {
        // The part that cannot be read might contain anything.
        if let Some(fault) = &seen.fault {
            return Err(source.failure(fault));
        }
        let stripped = strip::plan(source, (format, self), &seen.blocks, (&seen.raw, seen.exif.as_ref()))?;
        let size = strip::write(source, (format, self), (&seen.blocks, &stripped), create()?)?;
        Ok(json!({
            "type": format.word(),
            "gone": stripped.gone,
            "kept": stripped.kept,
            "removed": source.size().saturating_sub(size),
        }))
    }
}

impl Format {
    /// The format of a file, by its content. If only its name says that it has one of these formats, it is damaged or
    /// something else.
    fn of(source: &Source<'_>) -> Result<Self, Failure> {
        let kind = source.kind_among(|kind| Format::of_kind(kind).is_some())?;
        Format::of_kind(kind).ok_or(Failure::Skipped(SkipReason::Recipe))
    }

    /// The format of files of this type, if it is one of these formats.
    fn of_kind(kind: FileKind) -> Option<Self> {
        match kind {
            FileKind::Jpeg => Some(Format::Jpeg),
            FileKind::Png => Some(Format::Png),
            FileKind::WebP => Some(Format::WebP),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::WebP => "webp",
        }
    }

    fn walk(self, reader: impl Read + Seek, size: u64) -> Walked {
        match self {
            Format::Jpeg => jpeg::walk(reader, size),
            Format::Png => png::walk(reader, size),
            Format::WebP => webp::walk(reader, size),
        }
    }

    /// How many bytes at the end of a block are not content.
    fn tail(self) -> u64 {
        if self == Format::Png { png::CHECKSUM } else { 0 }
    }

    /// Makes a block of these Exif data; `None` if they are too long.
    fn exif(self, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Format::Jpeg => jpeg::exif(data),
            Format::Png => png::exif(data),
            Format::WebP => webp::exif(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: MetadataSettings = super::super::defaults(&Metadata, json!({}));
        assert!(wanted.action == MetadataAction::Report && wanted.orientation && wanted.colour && !wanted.copyright);
    }
}
