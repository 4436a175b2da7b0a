//! An attempt under way: how far it is, and whether it should end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Staged;
use headway_guard::StopSignal;
use headway_model::attempt::AttemptLog;
use headway_model::{JobId, RelPath};

/// An attempt under way: how far it is, and whether it should end.
#[derive(Debug)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The item, by its index in the plan.
    pub item: u32,
    /// How many items the job has.
    pub items: u32,
    /// The number of the attempt.
    pub number: u32,
    /// Its number among the attempts that are made at the same time, from 1: the lowest that was free.
    pub slot: u32,
    /// The file.
    pub path: RelPath,
    /// Bytes in all.
    pub total: u64,
    /// Where the output is to be written, if there is one.
    pub output: Option<Staged>,
    begun: OnceLock<Instant>,
    done: AtomicU64,
    /// What a program says of how far it is: [`COUNTED`], [`UNSAID`] or percent.
    said: AtomicU32,
    /// 0 go on; otherwise why to end, as a [`StopReason`].
    ending: AtomicU8,
    /// When it was asked to end.
    stopped: OnceLock<Instant>,
    /// 0 while it works, then [`PLACING`] or [`LOST`], whichever comes first.
    stage: AtomicU8,
    stop_signal: Mutex<Option<Box<dyn StopSignal>>>,
    waits_for: Mutex<Option<JobId>>,
    live_output: Mutex<Option<Box<dyn LiveOutput>>>,
}

/// What a program has said so far.
pub trait LiveOutput: Send + std::fmt::Debug {
    /// The attempt, as far as it has got.
    fn so_far(&self) -> AttemptLog;
}

/// The work is counted in bytes.
const COUNTED: u32 = u32::MAX;

/// A program works, and has not said how far it is.
const UNSAID: u32 = u32::MAX - 1;

/// The output is about to be put into place: from here on it is waited for.
const PLACING: u8 = 1;

/// Nobody waits for it any more.
const LOST: u8 = 2;

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// How many bytes of the file are done.
    Bytes(u64),
    /// The percentage that its program reports; `None` if it has reported none.
    Said(Option<u32>),
}

/// Why an attempt is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StopReason {
    /// The job or the server ends.
    Asked = 1,
    /// It took longer than allowed.
    Timeout = 2,
}

impl Attempt {
    /// An attempt that has not begun.
    pub fn new(job: JobId, item: u32, number: u32, path: RelPath, total: u64) -> Self {
        Attempt {
            job,
            item,
            items: 1,
            number,
            slot: 1,
            path,
            total,
            output: None,
            begun: OnceLock::new(),
            done: AtomicU64::new(0),
            said: AtomicU32::new(COUNTED),
            ending: AtomicU8::new(0),
            stopped: OnceLock::new(),
            stage: AtomicU8::new(0),
            stop_signal: Mutex::new(None),
            waits_for: Mutex::new(None),
            live_output: Mutex::new(None),
        }
    }

    /// Its name among all attempts ever made.
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.job, self.item, self.number)
    }

    /// Its work begins: what it waited for before does not count.
    pub fn begin(&self) {
        self.begun.get_or_init(Instant::now);
    }

    /// How long it has worked; nothing before it [begins](Attempt::begin).
    pub fn elapsed(&self) -> Duration {
        self.begun.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// Adds bytes that are done.
    pub fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// From here on a program does the work: no bytes are counted, and only the program knows how far it is.
    pub fn hand_over(&self) {
        self.said.store(UNSAID, Ordering::Relaxed);
    }

    /// This part of it is done, from 0 to 1, as its program says.
    pub fn reach(&self, part: f64) {
        // Slightly more, because 0.29 times 100 is less than 29.
        self.said.store((part.clamp(0.0, 1.0) * 100.0 + 1e-6) as u32, Ordering::Relaxed);
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match self.said.load(Ordering::Relaxed) {
            COUNTED => Progress::Bytes(self.done.load(Ordering::Relaxed)),
            UNSAID => Progress::Said(None),
            percent => Progress::Said(Some(percent)),
        }
    }

    /// Asks it to end. The first reason holds.
    pub fn stop(&self, reason: StopReason) {
        self.stopped.get_or_init(Instant::now);
        if self.ending.compare_exchange(0, reason as u8, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            && let Some(signal) = &*self.stop_signal.lock()
        {
            signal.send();
        }
    }

    /// Whether it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.ending.load(Ordering::Relaxed) != 0
    }

    /// How long ago it was first asked to end, if it was.
    pub fn stopped_for(&self) -> Option<Duration> {
        self.stopped.get().map(Instant::elapsed)
    }

    /// Its output is about to be put into place. `false` if nobody waits for it any more: then nothing may be moved.
    pub fn begin_placing(&self) -> bool {
        self.stage.compare_exchange(0, PLACING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether its output is being put into place.
    pub fn is_placing(&self) -> bool {
        self.stage.load(Ordering::Acquire) == PLACING
    }

    /// The work begins once more within this attempt: nothing of it is done yet.
    pub fn start_over(&self) {
        self.done.store(0, Ordering::Relaxed);
        self.said.store(COUNTED, Ordering::Relaxed);
    }

    /// Nobody waits for it any more. `false` if its output is being put into place, or this was said before.
    pub fn write_off(&self) -> bool {
        self.stage.compare_exchange(0, LOST, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether it took longer than allowed.
    pub fn is_late(&self) -> bool {
        self.ending.load(Ordering::Relaxed) == StopReason::Timeout as u8
    }

    /// From now on a wish to end is sent to `signal`; at once if there was one already.
    pub fn on_stop(&self, signal: Option<Box<dyn StopSignal>>) {
        let mut slot = self.stop_signal.lock();
        *slot = signal;
        if self.is_stopped()
            && let Some(signal) = &*slot
        {
            signal.send();
        }
    }

    /// From now on it can be asked what its program has said so far, or no longer.
    pub fn on_look(&self, output: Option<Box<dyn LiveOutput>>) {
        *self.live_output.lock() = output;
    }

    /// What its program has said so far; `None` if none is under way.
    pub fn so_far(&self) -> Option<AttemptLog> {
        let ms = u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.live_output.lock().as_ref().map(|output| AttemptLog { ms, ..output.so_far() })
    }

    /// It waits for a file that this job holds, or no longer waits.
    pub fn waits_for(&self, job: Option<JobId>) {
        *self.waits_for.lock() = job;
    }

    /// The job that holds a file it waits for.
    pub fn waiting_for(&self) -> Option<JobId> {
        *self.waits_for.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_of_its_progress_is_never_made_into_bytes() {
        let attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, RelPath::default(), 710_000);
        attempt.advance(71_000);
        assert_eq!(attempt.progress(), Progress::Bytes(71_000));
        attempt.hand_over();
        assert_eq!(attempt.progress(), Progress::Said(None));
        for (part, percent) in [(0.1, 10), (0.29, 29), (0.999, 99), (1.0, 100), (7.0, 100), (-1.0, 0)] {
            attempt.reach(part);
            assert_eq!(attempt.progress(), Progress::Said(Some(percent)));
        }
    }
}
