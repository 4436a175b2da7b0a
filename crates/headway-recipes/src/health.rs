//! health: decodes files to their end and reports those that are damaged, cut off, or named for another type. A file
//! that cannot be decoded here is skipped; it is never called healthy.

mod crc;
mod finding;
mod flac;
mod jpeg;
mod mp3;
mod pdf;
mod picture;
mod png;
#[cfg(test)]
mod real_files;
mod tags;
mod window;

use serde::Deserialize;
use serde_json::Value;

use super::archive;
use super::kind::{FileKind, FileLook};
use super::packed::{needs_dictionary, unpack};
use super::reading::{self, Reading};
use super::source::Source;
use super::{Binding, Effect, Failure, Recipe, Setting, Unable, Work};
use finding::HealthFinding;
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, SkipReason};
pub(super) use picture::more_pages;

pub(super) struct Health;

/// Limits for packed files: the unpacked size in bytes, and the window in MiB.
const UNPACKED: (u64, u32) = (64 << 30, 2_048);

/// Limit for the unpacked size of an archive, as a multiple of its size.
const RATIO: u64 = 200;

/// Up to this size in bytes, the streams of a document can unpack to any multiple of its size.
const STREAMS_BYTES: u64 = 4 << 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthSettings {
    #[serde(rename = "ending")]
    extension: NameMismatch,
    memory: u64,
}

/// What to do about a name that does not fit the content.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NameMismatch {
    Failure,
    Note,
}

impl Recipe for Health {
    fn info(&self) -> RecipeInfo {
        let choices = [("failure", "is a failure"), ("note", "is noted")];
        let summary = "Decodes pictures, FLAC, zip archives, gzip and Zstandard files to their end, and follows MP3 and PDF \
            files through all their parts: healthy, damaged, cut off, or of another type than the name says.";
        RecipeInfo::reading(
            BuiltIn::Health,
            summary,
            vec![
                Setting::choice("ending", "A name that does not fit the content", &choices),
                Setting::number("memory", "A picture may take", 1_024, 16..=16_384, "MiB")
                    .help("Memory for the pixels of one picture. One that would take more is not decoded, and fails."),
            ],
        )
    }

    fn effect(&self) -> Effect {
        Effect::READS
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        reading::bind::<HealthSettings>(job, &self.info().settings)
    }
}

impl Reading for HealthSettings {
    const REPORT: &'static str = "HEALTH";
    const COLUMNS: &'static [&'static str] = &["verdict", "type", "notes"];

    fn is_for(&self, FileLook { named, kind }: FileLook) -> bool {
        let is_named = named.is_some_and(is_decoded);
        match kind {
            Some(kind) => is_decoded(kind) || is_named && self.extension == NameMismatch::Failure,
            None => is_named,
        }
    }

    fn inspect(&self, source: &Source<'_>) -> Result<Value, Failure> {
        let FileLook { named, kind } = source.looks()?;
        let kind = match (kind, named) {
            (Some(FileKind::Mp3), _) => tags::kind_behind(source, named)?,
            (Some(kind), _) => kind,
            (None, Some(named)) if source.size() == 0 => {
                return Err(source.failure(&format!("it is empty, and not {}", named.shown())));
            }
            // Other bytes can stand before what these begin with.
            (None, Some(named @ (FileKind::Mp3 | FileKind::Pdf))) => named,
            // The name must be wrong, because every other file of these types begins with a known signature.
            (None, Some(named)) => return Err(source.not_as_named(named)),
            (None, None) => return Err(Failure::Skipped(SkipReason::Recipe)),
        };
        let is_misnamed = named.is_some_and(|named| named != kind);
        if is_misnamed && self.extension == NameMismatch::Failure {
            let says = named.map_or("", FileKind::shown);
            return Err(source.failure(&format!("it is {}, but its name says {says}", kind.shown())));
        }
        let mut result = decode(source, kind, named, self.memory << 20)?;
        if is_misnamed {
            let note = format!("its name does not say that it is {}", kind.shown());
            let earlier = result["notes"].as_str().map(|earlier| format!("{earlier}; {note}"));
            result["notes"] = earlier.unwrap_or(note).into();
        }
        Ok(result)
    }
}

/// Whether files of this type are decoded here.
fn is_decoded(kind: FileKind) -> bool {
    use FileKind::{Bmp, Flac, Gif, Gzip, Jpeg, Mp3, Pdf, Png, Tiff, WebP, Zip, Zstd};
    matches!(kind, Zip | Gzip | Zstd | Png | Jpeg | Gif | WebP | Tiff | Bmp | Flac | Mp3 | Pdf)
}

/// Decodes a file of this type to its end.
fn decode(source: &Source<'_>, kind: FileKind, named: Option<FileKind>, memory: u64) -> Result<Value, Failure> {
    let found = match kind {
        FileKind::Zip => return zip(source),
        FileKind::Zstd if needs_dictionary(source)? => return Err(Failure::Skipped(SkipReason::Unsupported)),
        FileKind::Gzip | FileKind::Zstd => {
            unpack(source, kind, UNPACKED, |_| Ok(()))?;
            HealthFinding::default()
        }
        FileKind::Png => {
            // First the picture, which is refused if it is too large before any of it is unpacked.
            picture::decode(source, kind, memory)?;
            let behind = png::scan(source, memory.saturating_mul(2))?;
            HealthFinding::healthy(behind.into_iter().collect())
        }
        FileKind::Jpeg => {
            jpeg::decode(source, memory)?;
            HealthFinding::default()
        }
        FileKind::Gif | FileKind::WebP | FileKind::Tiff | FileKind::Bmp => {
            HealthFinding::healthy(picture::decode(source, kind, memory)?)
        }
        FileKind::Flac => flac::decode(source, UNPACKED.0)?,
        FileKind::Mp3 => mp3::decode(source, named == Some(FileKind::Mp3))?,
        FileKind::Pdf => {
            let most = source.size().saturating_mul(RATIO).saturating_add(STREAMS_BYTES);
            pdf::decode(source, most.min(UNPACKED.0))?
        }
        _ => return Err(Failure::Skipped(SkipReason::Recipe)),
    };
    Ok(found.result(kind))
}

/// Tests a zip archive.
fn zip(source: &Source<'_>) -> Result<Value, Failure> {
    let limits = archive::UnpackLimits { total: UNPACKED.0, ratio: RATIO };
    let mut result = archive::test(source, limits)?.result();
    result["verdict"] = match result["verdict"].as_str() {
        Some("ok") => "healthy".into(),
        Some("ok as far as checked") => "healthy as far as checked".into(),
        _ => "not checked".into(),
    };
    result["type"] = FileKind::Zip.word().into();
    Ok(result)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: HealthSettings = super::super::defaults(&Health, json!({}));
        assert!(wanted.extension == NameMismatch::Failure && wanted.memory == 1_024);
    }
}
