//! health: decodes files to their end and reports those that are damaged, cut off, or named for another type. A file
//! that cannot be decoded here is skipped; it is never called healthy.

mod jpeg;
mod picture;
mod png;
#[cfg(test)]
mod real_files;

use serde::Deserialize;
use serde_json::{Value, json};

use super::archive;
use super::kind::{FileKind, FileLook};
use super::packed::{needs_dictionary, unpack};
use super::reading::{self, Reading};
use super::source::Source;
use super::{Binding, Effect, Failure, Recipe, Setting, Unable, Work};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, SkipReason};
pub(super) use picture::more_pages;

pub(super) struct Health;

/// Limits for packed files: the unpacked size in bytes, and the window in MiB.
const UNPACKED: (u64, u32) = (64 << 30, 2_048);

/// Limit for the unpacked size of an archive, as a multiple of its size.
const RATIO: u64 = 200;

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
        let summary = "Decodes pictures, zip archives, gzip and Zstandard files to their end: healthy, damaged, cut \
            off, or of another type than the name says.";
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
        let Some(kind) = kind else {
            // The name must be wrong, because every file of these types begins with a known signature.
            return match named {
                Some(kind) if source.size() == 0 => {
                    Err(source.failure(&format!("it is empty, and not {}", kind.shown())))
                }
                Some(kind) => Err(source.not_as_named(kind)),
                None => Err(Failure::Skipped(SkipReason::Recipe)),
            };
        };
        let is_misnamed = named.is_some_and(|named| named != kind);
        if is_misnamed && self.extension == NameMismatch::Failure {
            let says = named.map_or("", FileKind::shown);
            return Err(source.failure(&format!("it is {}, but its name says {says}", kind.shown())));
        }
        let mut result = decode(source, kind, self.memory << 20)?;
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
    use FileKind::{Bmp, Gif, Gzip, Jpeg, Png, Tiff, WebP, Zip, Zstd};
    matches!(kind, Zip | Gzip | Zstd | Png | Jpeg | Gif | WebP | Tiff | Bmp)
}

/// Decodes a file to its end.
fn decode(source: &Source<'_>, kind: FileKind, memory: u64) -> Result<Value, Failure> {
    let healthy = |notes: Vec<String>| {
        let mut result = json!({ "verdict": "healthy", "type": kind.word() });
        if !notes.is_empty() {
            result["notes"] = notes.join("; ").into();
        }
        result
    };
    match kind {
        FileKind::Zip => {
            let limits = archive::UnpackLimits { total: UNPACKED.0, ratio: RATIO };
            let mut result = archive::test(source, limits)?.result();
            result["verdict"] = match result["verdict"].as_str() {
                Some("ok") => "healthy".into(),
                Some("ok as far as checked") => "healthy as far as checked".into(),
                _ => "not checked".into(),
            };
            result["type"] = kind.word().into();
            Ok(result)
        }
        FileKind::Zstd if needs_dictionary(source)? => Err(Failure::Skipped(SkipReason::Unsupported)),
        FileKind::Gzip | FileKind::Zstd => unpack(source, kind, UNPACKED, |_| Ok(())).map(|_| healthy(Vec::new())),
        FileKind::Png => {
            // First the picture, which is refused if it is too large before any of it is unpacked.
            picture::decode(source, kind, memory)?;
            let behind = png::scan(source, memory.saturating_mul(2))?;
            Ok(healthy(behind.into_iter().collect()))
        }
        FileKind::Jpeg => {
            jpeg::decode(source, memory)?;
            Ok(healthy(Vec::new()))
        }
        FileKind::Gif | FileKind::WebP | FileKind::Tiff | FileKind::Bmp => {
            picture::decode(source, kind, memory).map(healthy)
        }
        _ => Err(Failure::Skipped(SkipReason::Recipe)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: HealthSettings = super::super::defaults(&Health, json!({}));
        assert!(wanted.extension == NameMismatch::Failure && wanted.memory == 1_024);
    }
}
