//! What can be done to files. To add a recipe, add one file here and one line in [`all`].

mod archive;
mod attempt;
mod buffer;
mod checksum;
mod comic;
pub mod command;
mod compress;
mod decoder_faults;
mod duplicates;
mod effect;
mod exif_header;
mod hash;
mod health;
mod image;
mod jpeg_variant;
mod kind;
pub mod manifest;
mod metadata;
mod outcome;
mod packed;
mod reading;
mod recipe;
mod record;
mod rename;
mod report;
mod report_head;
mod report_notes;
mod shell_file;
mod source;
#[cfg(test)]
mod testing;
mod tiff_variant;
mod undo;
mod verify;
mod work;

use std::sync::Arc;

pub use attempt::{Attempt, LiveOutput, Progress, StopReason};
pub use effect::Effect;
pub use kind::HEAD;
pub use outcome::{Failure, Success, details_of, output_of};
#[cfg(test)]
use recipe::defaults;
use recipe::read;
pub use recipe::{Binding, Obstacle, Recipe};
pub use report::row as csv_row;
pub use report_head::{ReportHead, ReportTotals};
pub use report_notes::{IndexNotes, MakeNotes, NotesIndex, OpenReport, PlanReport, ReportNotes};
pub use shell_file::ShellFile;
pub use work::{EmptyOutput, ItemResult, ItemResults, Plan, ReadHead, Rename, Work};

// Re-exported for programs that define their own recipes.
pub use headway_files::{Library, OpenFile, Outputs, Staged};
pub use headway_model::{Setting, Settings, Unable, WrongSetting};

/// Every built-in recipe.
pub fn all() -> Vec<Arc<dyn Recipe>> {
    vec![
        Arc::new(checksum::Checksum),
        Arc::new(verify::Verify),
        Arc::new(archive::Archive),
        Arc::new(archive::Repack),
        Arc::new(comic::Comic),
        Arc::new(compress::Compress),
        Arc::new(duplicates::Duplicates),
        Arc::new(duplicates::Deduplicate),
        Arc::new(health::Health),
        Arc::new(image::Image),
        Arc::new(metadata::Metadata),
        Arc::new(rename::RenameRecipe),
        Arc::new(undo::Undo),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::BuiltIn;
    use std::collections::BTreeSet;

    #[test]
    fn the_model_names_exactly_the_recipes_that_come_with_headway() {
        let made: BTreeSet<_> = all().iter().map(|recipe| recipe.info().name).collect();
        // The program that a person types is known to the server only.
        let typed = BuiltIn::Command.name().to_owned();
        let named = BuiltIn::ALL.iter().map(|recipe| recipe.name().to_owned());
        assert_eq!(named.filter(|name| *name != typed).collect::<BTreeSet<_>>(), made);
        assert!(BuiltIn::ALL.iter().all(|recipe| BuiltIn::of(recipe.name()) == Some(*recipe)));
    }
}
