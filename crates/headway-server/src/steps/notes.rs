//! The file of steps under way: a slot of fixed length for each, so that a step costs two small writes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Step;
use headway_files::Found;
use headway_files::private;
use headway_model::JobId;

/// The bytes of a slot: an id, a word, a number, and a line's end.
const SLOT: usize = 64;

/// So many slots are there from the beginning, so that a full disk is not in the way.
const READY: usize = 256;

pub(super) struct Notes {
    /// `None` if there can be no such file.
    file: Option<File>,
    free: Mutex<Free>,
}

#[derive(Default)]
struct Free {
    slots: Vec<usize>,
    /// The first slot that was never used.
    unused: usize,
}

impl Notes {
    /// What the last process left in the file, which is empty from now on.
    pub(super) fn open(path: &Path) -> (Notes, Vec<(JobId, Step)>) {
        let opened = Found::of(std::fs::read(path)).known().and_then(|left| Ok((left, private::create(path)?)));
        let (left, file) = match opened {
            Ok((left, file)) => (left, Some(file)),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "steps under way cannot be noted, so no crash counts");
                (None, None)
            }
        };
        let notes = Notes { file, free: Mutex::default() };
        notes.clear();
        (notes, left.iter().flat_map(|left| left.chunks(SLOT)).filter_map(read).collect())
    }

    /// Notes a step. If that cannot be done, the step is done all the same, and does not count.
    pub(super) fn write(&self, job: JobId, step: Step) -> Option<usize> {
        let file = self.file.as_ref()?;
        let slot = {
            let mut free = self.free();
            free.slots.pop().unwrap_or_else(|| {
                free.unused += 1;
                free.unused - 1
            })
        };
        let line = format!("{:<width$}\n", format!("{job} {step}"), width = SLOT - 1);
        match file.write_all_at(line.as_bytes(), (slot * SLOT) as u64) {
            Ok(()) => Some(slot),
            Err(error) => {
                tracing::debug!(%error, "a step under way cannot be noted");
                self.free().slots.push(slot);
                None
            }
        }
    }

    pub(super) fn erase(&self, slot: usize) {
        let Some(file) = &self.file else { return };
        if let Err(error) = file.write_all_at(b" ", (slot * SLOT) as u64) {
            tracing::debug!(%error, "a step that is over is still noted");
        }
        self.free().slots.push(slot);
    }

    pub(super) fn clear(&self) {
        let empty = vec![b' '; READY * SLOT];
        let Some(file) = &self.file else { return };
        if let Err(error) = file.set_len(0).and_then(|()| file.write_all_at(&empty, 0)) {
            tracing::debug!(%error, "steps under way cannot be noted");
        }
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a slot says, if anything.
fn read(slot: &[u8]) -> Option<(JobId, Step)> {
    let (job, step) = std::str::from_utf8(slot).ok()?.trim_end().split_once(' ')?;
    Some((job.parse().ok()?, step.parse().ok()?))
}
