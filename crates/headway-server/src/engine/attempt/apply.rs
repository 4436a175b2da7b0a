//! Puts what an attempt made in its place: an output, new names, or nothing if the work only read the file.

use super::super::change::change;
use super::super::place::place;
use super::super::wanted_moves::WantedChange;
use super::super::{ActiveJob, Context};
use crate::steps::UnderWay;
use headway_files::OpenFile;
use headway_model::{DiskEffect, FailReason, RelPath};
use headway_recipes::{Attempt, Failure, Success, Work, output_of};

/// Puts it in its place. The file is at the path `at`.
pub(super) fn apply(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    (input, attempt, at): (&OpenFile, &Attempt, &RelPath),
    wanted: &WantedChange<'_>,
    (mut success, step): (Success, UnderWay),
) -> Result<Success, Failure> {
    let WantedChange { renames, output, removes, shares } = *wanted;
    match output {
        Some((output, _)) if !renames.is_empty() && !output.replaces() => {
            let message = "the recipe wants to write an output beside a file and to rename it at the same time";
            Err(Failure::Failed(FailReason::Unable, message.into()))
        }
        Some((output, staged)) if renames.is_empty() && !shares => {
            place(context, active, work, (input, attempt), (output, staged), (success, step))
        }
        _ if !renames.is_empty() || removes || output.is_some() => {
            change(context, active, work, (input, attempt, at), wanted, (success, step))
        }
        _ => {
            // What was removed has no place among the files any more.
            if success.effect == DiskEffect::Changed && success.result.get("removed").is_none() {
                success.note(output_of(&active.library, &attempt.path, None));
            }
            Ok(success)
        }
    }
}
