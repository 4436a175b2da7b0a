//! Leaves out the files that do not meet the conditions of the request. Size and age are those that the listing found, so no file
//! is looked at a second time. The type is told by the beginning of the content, which is read only of files that nothing else
//! leaves out.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::file_types::{head, in_parts};
use super::Lister;
use headway_files::{ContentType, Library, ListedFile, TYPE_HEAD, environment, inspect_again, is_absent, now};
use headway_model::{PauseReason, RelPath, SkipReason};

impl Lister<'_> {
    /// Skips each of these files that is not of the size or age asked for. Of a file that could not be looked at, neither is known.
    pub(super) fn leave_out_unmet(&self, files: &mut [ListedFile]) {
        if self.conditions.is_empty() {
            return;
        }
        let now = now();
        for found in files.iter_mut().filter(|found| is_judged(found, &self.met)) {
            found.skip = match found.file.was_seen() {
                true => self.conditions.leaves_out(found.file.size, found.file.mtime_ns, now),
                false => Some(SkipReason::Unread),
            };
        }
    }

    /// Skips each of these files whose content is not of a type asked for, or cannot be read.
    pub(super) fn leave_out_other_types(&self, files: &mut [ListedFile]) -> Result<(), PauseReason> {
        let (library, types) = (&*self.active.library, self.conditions.types.as_slice());
        let (stop, met): (&AtomicBool, &HashSet<RelPath>) = (self.stop, &self.met);
        if types.is_empty() {
            return Ok(());
        }
        in_parts(files, |part| {
            for found in part.iter_mut().filter(|found| is_judged(found, met)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                found.skip = other_type(library, types, &found.file.path)?;
            }
            Ok(())
        })
    }
}

/// Whether it remains to be found out whether a file meets the conditions.
fn is_judged(found: &ListedFile, met: &HashSet<RelPath>) -> bool {
    found.is_asked_about() && !met.contains(&found.file.path)
}

/// Why a file is left out, if its type is none of these or cannot be found out.
fn other_type(library: &Library, types: &[String], path: &RelPath) -> Result<Option<SkipReason>, PauseReason> {
    let error = match head(library, path, TYPE_HEAD) {
        Ok(head) => {
            let is_called = |content: ContentType| types.iter().any(|name| content.is_called(name));
            return Ok((!ContentType::of(&head).is_some_and(is_called)).then_some(SkipReason::OtherType));
        }
        Err(error) => error,
    };
    if let Some(reason) = environment(&error) {
        return Err(reason);
    }
    tracing::debug!(library = library.name, file = %path, %error, "the type of a file cannot be found out");
    if is_absent(&error) {
        // Since it was listed it has gone, or is something else.
        let again = inspect_again(library, path)?;
        return Ok(Some(again.skip.unwrap_or(SkipReason::Unread)));
    }
    let is_refused = error.kind() == ErrorKind::PermissionDenied;
    Ok(Some(if is_refused { SkipReason::NotPermitted } else { SkipReason::Unread }))
}
