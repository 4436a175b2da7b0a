//! A placement: which output gets which name, and where the old file goes. A placement is durable in the log before
//! the first rename.

use headway_model::path::InvalidPath;
use headway_model::{Digest, DiskEffect, JobEvent, RelPath};

/// The content of a `placing` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The temporary file.
    pub temp: RelPath,
    /// The output's final name.
    pub target: RelPath,
    /// Where the old file goes, if there is one.
    pub trash: Option<RelPath>,
    /// Hash of the old content, if there is one.
    pub old: Option<Digest>,
    /// Hash of the new content.
    pub new: Digest,
}

impl Placement {
    /// The placement as a `placing` event.
    pub fn event(&self, item: u32, attempt: u32) -> JobEvent {
        JobEvent::Placing {
            item,
            attempt,
            temp: self.temp.to_string(),
            target: self.target.to_string(),
            trash: self.trash.as_ref().map(ToString::to_string),
            old: self.old,
            new: self.new,
        }
    }

    /// The placement in a `placing` event; `None` for any other event. A path in it can be invalid.
    pub(super) fn of(event: &JobEvent) -> Option<Result<Placement, InvalidPath>> {
        let JobEvent::Placing { temp, target, trash, old, new, .. } = event else { return None };
        let read = || {
            let trash = trash.as_ref().map(|trash| trash.parse()).transpose()?;
            Ok(Placement { temp: temp.parse()?, target: target.parse()?, trash, old: *old, new: *new })
        };
        Some(read())
    }

    /// What it does to the disk.
    pub fn effect(&self) -> DiskEffect {
        if self.trash.is_some() { DiskEffect::Changed } else { DiskEffect::Created }
    }
}
