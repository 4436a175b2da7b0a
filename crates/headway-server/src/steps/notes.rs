//! The file of steps under way: a slot of fixed length for each, so that a step costs one small write or two. The first slot names the
//! machine's boot: what was under way when the machine itself stopped is no crash of the server.
//!
//! Items are many and short. What the file says of an item that is over is left there until another step takes the slot, or until the
//! next look at all of them: a crash meanwhile counts for an item that is never worked on again, which no later crash can repeat.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use super::{Step, Ticket};
use headway_files::Found;
use headway_files::private;
use headway_model::JobId;

/// The bytes of a slot: an id, a word, a number, and a line's end; or the name of a boot.
const SLOT: usize = 64;

/// How many slots the file has from the beginning, so that a full disk does not matter.
const READY: usize = 256;

/// The most bytes that are read of the file. There are as many slots as workers, so more than this is none of ours.
const MOST: u64 = 1 << 20;

pub(super) struct Notes {
    /// `None` if there can be no such file.
    file: Option<File>,
    /// The name of this boot, as it stands in the first slot.
    boot: Vec<u8>,
    /// Whether nothing more is noted, as the server is asked to stop.
    closed: AtomicBool,
    free: Mutex<Free>,
}

/// What stands in a slot.
pub(super) struct Used {
    pub(super) job: JobId,
    pub(super) step: Step,
    /// The turn that it has, if it has one.
    pub(super) turn: Option<Ticket>,
    since: Instant,
}

impl Used {
    fn is_long(&self) -> bool {
        self.step.probation().is_some_and(|most| self.since.elapsed() > most)
    }
}

#[derive(Default)]
struct Free {
    slots: Vec<usize>,
    /// What stands in each slot that was ever used.
    used: Vec<Option<Used>>,
    /// Of each of them, whether the file still says what is over.
    is_stale: Vec<bool>,
}

impl Notes {
    /// What the last process of this boot left in the file, which is empty from now on.
    pub(super) fn open(path: &Path, boot: &str) -> (Notes, Vec<(JobId, Step)>) {
        let opened = Found::of(private::read(path, MOST)).known().and_then(|left| Ok((left, private::create(path)?)));
        let (left, file) = match opened {
            Ok((left, file)) => (left, Some(file)),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "steps under way cannot be noted, so no crash counts");
                (None, None)
            }
        };
        let notes = Notes { file, boot: slot(boot), closed: AtomicBool::new(false), free: Mutex::default() };
        notes.clear();
        let left = left.as_deref().and_then(|left| left.strip_prefix(&*notes.boot)).unwrap_or_default();
        (notes, left.chunks(SLOT).filter_map(read).collect())
    }

    /// Notes a step. If that cannot be done, the step is done all the same, and does not count.
    pub(super) fn write(&self, job: JobId, step: Step, turn: Option<Ticket>) -> Option<usize> {
        let file = self.file.as_ref().filter(|_| !self.closed.load(Ordering::Relaxed))?;
        let at = {
            let mut free = self.free.lock();
            let at = free.slots.pop().unwrap_or(free.used.len());
            if at == free.used.len() {
                free.used.push(None);
                free.is_stale.push(false);
            }
            free.is_stale[at] = false;
            free.used[at] = Some(Used { job, step, turn, since: Instant::now() });
            at
        };
        match file.write_all_at(&slot(&format!("{job} {step}")), offset(at)) {
            Ok(()) => Some(at),
            Err(error) => {
                tracing::debug!(%error, "a step under way cannot be noted");
                self.free.lock().slots.push(at);
                None
            }
        }
    }

    /// The step in this slot is over.
    pub(super) fn erase(&self, at: usize) {
        let mut free = self.free.lock();
        let used = free.used[at].take();
        free.is_stale[at] = used.is_some_and(|used| used.step.is_short());
        if !free.is_stale[at] {
            self.blank(at);
        }
        free.slots.push(at);
    }

    /// Takes back what has lasted longer than its probation, and tells it. What is over is in the file no more.
    pub(super) fn erase_long(&self) -> Vec<Used> {
        let mut free = self.free.lock();
        let stale =
            free.is_stale.iter_mut().enumerate().filter_map(|(at, is_stale)| std::mem::take(is_stale).then_some(at));
        stale.for_each(|at| self.blank(at));
        let long = free.used.iter_mut().enumerate().filter_map(|(at, used)| {
            let long = used.take_if(|used| used.is_long())?;
            self.blank(at);
            Some(long)
        });
        long.collect()
    }

    #[cfg(test)]
    pub(super) fn backdate(&self, by: std::time::Duration) {
        self.free.lock().used.iter_mut().flatten().for_each(|used| used.since -= by);
    }

    fn blank(&self, at: usize) {
        let Some(file) = &self.file else { return };
        if let Err(error) = file.write_all_at(b" ", offset(at)) {
            tracing::debug!(%error, "a step that is over is still noted");
        }
    }

    /// Forgets all, and notes nothing more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.clear();
    }

    fn clear(&self) {
        let mut empty = self.boot.clone();
        empty.resize(READY * SLOT, b' ');
        let Some(file) = &self.file else { return };
        if let Err(error) = file.set_len(0).and_then(|()| file.write_all_at(&empty, 0)) {
            tracing::debug!(%error, "steps under way cannot be noted");
        }
    }
}

/// The slot that says this.
fn slot(text: &str) -> Vec<u8> {
    format!("{text:<width$.width$}\n", width = SLOT - 1).into_bytes()
}

/// Where a slot is, behind that of the boot.
fn offset(at: usize) -> u64 {
    ((at + 1) * SLOT) as u64
}

/// What a slot says, if anything.
fn read(slot: &[u8]) -> Option<(JobId, Step)> {
    let (job, step) = std::str::from_utf8(slot).ok()?.trim_end().split_once(' ')?;
    Some((job.parse().ok()?, step.parse().ok()?))
}
