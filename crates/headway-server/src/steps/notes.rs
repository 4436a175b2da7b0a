//! The file of steps under way. Each step has a slot of fixed length, so it costs one or two small writes. The first
//! slot holds the machine's boot id, because a stop of the whole machine is not a crash of the server.
//!
//! Items are many and short, so the note of a finished item stays in the file until another step takes its slot, or
//! until the next look at all slots. A crash in the meantime counts against an item that is never worked on again, so
//! no later crash can add to it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Step, Subject, Ticket};
use headway_files::Found;
use headway_files::private;

/// Size of a slot in bytes. It holds a subject, a word, a number and a line feed, or the boot id.
const SLOT_BYTES: usize = 80;

/// How many slots the file has from the beginning, so that a full disk does no harm.
const READY: usize = 256;

/// Maximum size of the file in bytes. There are about as many slots as workers, so a larger file is not ours.
const LIMIT_BYTES: u64 = 1 << 20;

/// How long a step of the server itself can have the turn.
const LONGEST_TURN: Duration = Duration::from_secs(60);

pub(super) struct Notes {
    /// The file; `None` if it cannot be created.
    file: Option<File>,
    /// The content of the first slot: the id of this boot.
    boot: Vec<u8>,
    /// Whether notes have stopped, because the server was asked to stop.
    closed: AtomicBool,
    free: Mutex<Free>,
}

/// What follows a step in its slot if no step of another was under way.
pub(super) const ALONE: &str = " alone";

/// A step that the last process left under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftStep {
    pub(super) of: Subject,
    pub(super) step: Step,
    /// Whether no step of another was under way.
    pub(super) is_alone: bool,
}

/// The content of a slot.
pub(super) struct Used {
    pub(super) of: Subject,
    pub(super) step: Step,
    /// The turn that the step holds, if it holds one.
    pub(super) turn: Option<Ticket>,
    /// Whether its note says that it is the only step under way.
    is_alone: bool,
    /// When it began; `None` while it waits for the others.
    since: Option<Instant>,
}

impl Used {
    fn is_long(&self) -> bool {
        self.step.probation().is_some_and(|most| self.lasts_longer_than(most))
    }

    fn lasts_longer_than(&self, time: Duration) -> bool {
        self.since.is_some_and(|since| since.elapsed() > time)
    }
}

#[derive(Default)]
struct Free {
    slots: Vec<usize>,
    /// The content of each slot that was ever used.
    used: Vec<Option<Used>>,
    /// For each slot, whether the file still holds the note of a finished step.
    is_stale: Vec<bool>,
}

impl Notes {
    /// Opens the file and empties it. Returns the steps that the last process of this boot left in it.
    pub(super) fn open(path: &Path, boot: &str) -> (Notes, Vec<LeftStep>) {
        let opened =
            Found::of(private::read(path, LIMIT_BYTES)).known().and_then(|left| Ok((left, private::create(path)?)));
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
        (notes, left.chunks(SLOT_BYTES).filter_map(read).collect())
    }

    /// Notes a step. One with a turn begins [later](Notes::begin), as it waits for the others first. If the note fails, the
    /// step is carried out anyway, and a crash during it does not count.
    pub(super) fn write(&self, of: Subject, step: Step, turn: Option<Ticket>) -> Option<usize> {
        let file = self.file.as_ref().filter(|_| !self.closed.load(Ordering::Relaxed))?;
        let at = {
            let mut free = self.free.lock();
            let at = free.slots.pop().unwrap_or(free.used.len());
            if at == free.used.len() {
                free.used.push(None);
                free.is_stale.push(false);
            }
            free.is_stale[at] = false;
            free.used[at] = Some(Used { of, step, turn, is_alone: false, since: turn.is_none().then(Instant::now) });
            at
        };
        match file.write_all_at(&slot(&format!("{of} {step}")), offset(at)) {
            Ok(()) => Some(at),
            Err(error) => {
                tracing::debug!(%error, "a step under way cannot be noted");
                let mut free = self.free.lock();
                free.used[at] = None;
                free.slots.push(at);
                None
            }
        }
    }

    /// The step in this slot has waited for the others, and begins: only from now on does it last.
    pub(super) fn begin(&self, at: usize) {
        self.free.lock().used[at].iter_mut().for_each(|used| used.since = Some(Instant::now()));
    }

    /// Notes whether the step in this slot is the only one under way. Returns whether that could be noted.
    pub(super) fn set_alone(&self, at: usize, is_alone: bool) -> bool {
        let mut free = self.free.lock();
        // A step without the turn is not alone, because others begin beside it and do not look for it. One that has passed
        // is not noted again.
        let can_change = |used: &&mut Used| if is_alone { used.turn.is_some() } else { used.is_alone };
        let used = free.used[at].as_mut().filter(can_change);
        used.is_some_and(|used| self.mark(at, used, is_alone))
    }

    fn mark(&self, at: usize, used: &mut Used, is_alone: bool) -> bool {
        let Some(file) = &self.file else { return false };
        used.is_alone = is_alone;
        let mark = if is_alone { ALONE } else { "" };
        let noted = file.write_all_at(&slot(&format!("{} {}{mark}", used.of, used.step)), offset(at));
        noted.map_err(|error| tracing::debug!(%error, "a step under way cannot be noted")).is_ok()
    }

    /// Takes its turn from a step: it is no longer noted as the only one, because nobody waits for it any more.
    fn take_turn(&self, at: usize, used: &mut Used) -> Option<Ticket> {
        if used.is_alone {
            self.mark(at, used, false);
        }
        used.turn.take()
    }

    /// Whether steps of others are under way.
    pub(super) fn has_others(&self, of: Subject) -> bool {
        self.free.lock().used.iter().flatten().any(|used| used.of != of && used.step != Step::AtWork)
    }

    /// Whether a step is part of another one that is under way.
    pub(super) fn is_part(&self, of: Subject, step: Step) -> bool {
        let is_whole = |used: &Used| {
            used.of == of && used.step != Step::AtWork && (step.item().is_none() || used.step.item() == step.item())
        };
        self.free.lock().used.iter().flatten().any(is_whole)
    }

    /// Notes that the step in this slot has passed. It is still under way, because its attempt goes on.
    pub(super) fn pass(&self, at: usize) {
        let mut free = self.free.lock();
        let is_kept = free.used[at].as_ref().is_some_and(|used| used.step.is_short() && !used.is_alone);
        if let Some(used) = &mut free.used[at] {
            (used.turn, used.is_alone) = (None, false);
        }
        free.is_stale[at] = is_kept;
        if !is_kept {
            self.blank(at);
        }
    }

    /// Ends the step in this slot.
    pub(super) fn erase(&self, at: usize) {
        let mut free = self.free.lock();
        let used = free.used[at].take();
        free.is_stale[at] = used.is_some_and(|used| used.step.is_short() && !used.is_alone);
        if !free.is_stale[at] {
            self.blank(at);
        }
        free.slots.push(at);
    }

    /// Removes and returns the steps that have lasted longer than their probation. Also clears the notes of finished
    /// steps from the file.
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

    /// Removes and returns the turns that steps of the server itself, or looks at storage that does not answer, have held
    /// for long, so that suspected steps of jobs do not wait for a scan of hours. The notes of these steps stay.
    pub(super) fn long_turns(&self) -> Vec<Ticket> {
        let mut free = self.free.lock();
        let is_patient = |step: Step| step.is_own() || step == Step::TakeUp;
        let used = free.used.iter_mut().enumerate().filter_map(|(at, used)| Some((at, used.as_mut()?)));
        let long = used.filter(|(_, used)| is_patient(used.step) && used.lasts_longer_than(LONGEST_TURN));
        long.filter_map(|(at, used)| self.take_turn(at, used)).collect()
    }

    #[cfg(test)]
    pub(super) fn turns(&self) -> usize {
        self.free.lock().used.iter().flatten().filter(|used| used.turn.is_some()).count()
    }

    #[cfg(test)]
    pub(super) fn backdate(&self, by: std::time::Duration) {
        self.free
            .lock()
            .used
            .iter_mut()
            .flatten()
            .filter_map(|used| used.since.as_mut())
            .for_each(|since| *since -= by);
    }

    fn blank(&self, at: usize) {
        let Some(file) = &self.file else { return };
        if let Err(error) = file.write_all_at(b" ", offset(at)) {
            tracing::debug!(%error, "a step that is over is still noted");
        }
    }

    /// Whether notes have stopped, because the server was asked to stop.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Clears all slots, and stops noting.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.clear();
    }

    fn clear(&self) {
        let mut empty = self.boot.clone();
        empty.resize(READY * SLOT_BYTES, b' ');
        let Some(file) = &self.file else { return };
        if let Err(error) = file.set_len(0).and_then(|()| file.write_all_at(&empty, 0)) {
            tracing::debug!(%error, "steps under way cannot be noted");
        }
    }
}

/// A slot with this text.
fn slot(text: &str) -> Vec<u8> {
    format!("{text:<width$.width$}\n", width = SLOT_BYTES - 1).into_bytes()
}

/// The offset of a slot in the file. The slot of the boot id comes first.
fn offset(at: usize) -> u64 {
    ((at + 1) * SLOT_BYTES) as u64
}

/// The step in a slot, if there is one.
fn read(slot: &[u8]) -> Option<LeftStep> {
    let (of, step) = std::str::from_utf8(slot).ok()?.trim_end().split_once(' ')?;
    let alone = step.strip_suffix(ALONE);
    Some(LeftStep { of: of.parse().ok()?, step: alone.unwrap_or(step).parse().ok()?, is_alone: alone.is_some() })
}
