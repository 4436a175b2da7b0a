//! archive: reads every entry of zip archives (zip, cbz, epub, jar and every other format based on zip) to its end,
//! and reports what is wrong and what could not be checked. Nothing is ever unpacked to the disk.

mod directory;
mod entry;
mod faults;
mod list;
mod name;
mod order;
#[cfg(test)]
mod real_files;
mod repack;
mod rewrite;
mod test;
mod write;

use serde::Deserialize;
use serde_json::Value;

use super::kind::{FileKind, FileLook};
use super::reading::{self, Reading};
use super::source::Source;
use super::{Binding, Effect, Failure, Recipe, Setting, Unable, Work};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, FailReason, SkipReason};

pub(crate) use list::{EntryList, list};
pub(crate) use repack::{Repack, in_place};
pub(crate) use rewrite::rewrite;
pub(crate) use test::{UnpackLimits, test};
pub(crate) use write::NewEntry;

pub(super) struct Archive;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArchiveSettings {
    unchecked: Unchecked,
    total: u64,
    ratio: u64,
}

/// What to do about an entry that cannot be checked.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unchecked {
    Note,
    Failure,
}

impl Recipe for Archive {
    fn info(&self) -> RecipeInfo {
        let unchecked = [("note", "is noted"), ("failure", "is a failure")];
        let summary = "Tests zip archives, also as cbz, epub, jar or docx: every entry is read and compared with its \
            checksum.";
        RecipeInfo::reading(
            BuiltIn::Archive,
            summary,
            vec![
                Setting::choice("unchecked", "What cannot be checked", &unchecked)
                    .help("Entries that are encrypted, or compressed by a method that is not supported."),
                Setting::number("total", "Unpacks to at most", 64, 1..=65_536, "GiB")
                    .help("An archive that would unpack to more is not read further, and fails."),
                Setting::number("ratio", "Unpacks to at most", 200, 2..=10_000, "times its size")
                    .help("Applies from 100 MiB; a higher ratio suggests a zip bomb."),
            ],
        )
    }

    fn effect(&self) -> Effect {
        Effect::READS
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        reading::bind::<ArchiveSettings>(job, &self.info().settings)
    }
}

impl Reading for ArchiveSettings {
    const REPORT: &'static str = "ARCHIVES";
    const COLUMNS: &'static [&'static str] = &["verdict", "entries", "unpacked", "unchecked", "notes"];

    fn is_for(&self, looks: FileLook) -> bool {
        resembles_archive(looks)
    }

    fn inspect(&self, source: &Source<'_>) -> Result<Value, Failure> {
        check_archive(source)?;
        let limits = UnpackLimits { total: self.total << 30, ratio: self.ratio };
        let tested = test(source, limits)?;
        if self.unchecked == Unchecked::Failure && !tested.unchecked.is_empty() {
            return Err(Failure::Failed(
                FailReason::Recipe,
                format!("not all of it can be checked: {}", tested.not_checked()),
            ));
        }
        Ok(tested.result())
    }
}

/// Whether the content or the name of a file is that of a zip archive.
fn resembles_archive(looks: FileLook) -> bool {
    looks.kind == Some(FileKind::Zip) || looks.named == Some(FileKind::Zip)
}

/// Checks that the file is a zip archive, judging by its content. If only its name says so, it is damaged or
/// something else.
fn check_archive(source: &Source<'_>) -> Result<(), Failure> {
    let looks = source.looks()?;
    match looks.kind {
        _ if !resembles_archive(looks) => Err(Failure::Skipped(SkipReason::Recipe)),
        // A program can precede an archive, and a damaged archive can begin with anything.
        Some(FileKind::Zip) | None => Ok(()),
        Some(other) => Err(source.failure(&format!("it is {}, though its name says zip", other.shown()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: ArchiveSettings = super::super::defaults(&Archive, serde_json::json!({}));
        assert!(wanted.unchecked == Unchecked::Note && (wanted.total, wanted.ratio) == (64, 200));
    }
}
