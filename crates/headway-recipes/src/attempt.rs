//! An attempt under way: its progress, and whether it should end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Failure, Staged};
use headway_guard::StopSignal;
use headway_model::attempt::AttemptLog;
use headway_model::{FailReason, JobId, RelPath};

/// An attempt under way: its progress, and whether it should end.
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
    /// Its number among the attempts that run at the same time, from 1: the lowest that was free.
    pub slot: u32,
    /// The file.
    pub path: RelPath,
    /// Size of the file in bytes.
    pub total: u64,
    /// The output to be written, if there is one.
    pub output: Option<Staged>,
    begun: OnceLock<Instant>,
    done: AtomicU64,
    /// The progress that a program reports, in percent; or [`COUNTED`], or [`UNSAID`].
    said: AtomicU32,
    /// 0 to go on; otherwise the [`StopReason`].
    stop_reason: AtomicU8,
    /// Whether its stop is forced: nobody waits for its end any more.
    is_forced: AtomicBool,
    /// When it was asked to end.
    stopped: OnceLock<Instant>,
    /// 0 while it works, then [`PLACING`] or [`LOST`], whichever comes first.
    stage: AtomicU8,
    stop_signal: Mutex<Option<Box<dyn StopSignal>>>,
    waits_for: Mutex<Option<JobId>>,
    live_output: Mutex<Option<Box<dyn LiveOutput>>>,
}

/// The output of a program so far.
pub trait LiveOutput: Send + std::fmt::Debug {
    /// The attempt's output up to now.
    fn so_far(&self) -> AttemptLog;
}

/// The work is counted in bytes.
const COUNTED: u32 = u32::MAX;

/// A program works, and has not reported any progress.
const UNSAID: u32 = u32::MAX - 1;

/// The output is about to be placed. From here on, the attempt is always waited for.
const PLACING: u8 = 1;

/// Nobody waits for it any longer.
const LOST: u8 = 2;

/// The progress of an attempt.
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
    /// The server ends at once, and waits for no program.
    Forced = 3,
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
            stop_reason: AtomicU8::new(0),
            is_forced: AtomicBool::new(false),
            stopped: OnceLock::new(),
            stage: AtomicU8::new(0),
            stop_signal: Mutex::new(None),
            waits_for: Mutex::new(None),
            live_output: Mutex::new(None),
        }
    }

    /// Its unique name: `JOB-ITEM-ATTEMPT`.
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.job, self.item, self.number)
    }

    /// The paths of its file and of its output.
    pub fn paths(&self) -> impl Iterator<Item = &RelPath> {
        std::iter::once(&self.path).chain(self.output.as_ref().map(|staged| &staged.target))
    }

    /// The output to be written, for a recipe that always writes one.
    ///
    /// # Errors
    /// If this attempt has none.
    pub(crate) fn staged(&self) -> Result<&Staged, Failure> {
        let nowhere = || Failure::Failed(FailReason::Write, "it has nowhere to go".into());
        self.output.as_ref().ok_or_else(nowhere)
    }

    /// Notes that its work begins. Time that it waited before does not count.
    pub fn begin(&self) {
        self.begun.get_or_init(Instant::now);
    }

    /// How long it has worked; zero before it [begins](Attempt::begin).
    pub fn elapsed(&self) -> Duration {
        self.begun.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// Adds bytes that are done.
    pub fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that a program does the work from now on. No bytes are counted, and progress is what the program
    /// reports.
    pub fn hand_over(&self) {
        self.said.store(UNSAID, Ordering::Relaxed);
    }

    /// Sets the progress that its program reports, from 0 to 1.
    pub fn reach(&self, part: f64) {
        // Add a little, because 0.29 times 100 is less than 29.
        self.said.store((part.clamp(0.0, 1.0) * 100.0 + 1e-6) as u32, Ordering::Relaxed);
    }

    /// Its progress.
    pub fn progress(&self) -> Progress {
        match self.said.load(Ordering::Relaxed) {
            COUNTED => Progress::Bytes(self.done.load(Ordering::Relaxed)),
            UNSAID => Progress::Said(None),
            percent => Progress::Said(Some(percent)),
        }
    }

    /// Asks it to end. If it was asked before, the first reason stays, and [`StopReason::Forced`] leaves its program hardly any time.
    pub fn stop(&self, reason: StopReason) {
        self.stopped.get_or_init(Instant::now);
        let is_newly_forced = reason == StopReason::Forced && !self.is_forced.swap(true, Ordering::Relaxed);
        let is_first = self.stop_reason.compare_exchange(0, reason as u8, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if (is_first || is_newly_forced)
            && let Some(signal) = &*self.stop_signal.lock()
        {
            self.pass_on(&**signal);
        }
    }

    fn pass_on(&self, signal: &dyn StopSignal) {
        match self.is_forced.load(Ordering::Relaxed) {
            true => signal.force(),
            false => signal.send(),
        }
    }

    /// Whether it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stop_reason.load(Ordering::Relaxed) != 0
    }

    /// How long ago it was first asked to end, if it was.
    pub fn stopped_for(&self) -> Option<Duration> {
        self.stopped.get().map(Instant::elapsed)
    }

    /// Notes that its output is about to be placed. Returns `false` if nobody waits for the attempt any longer; then
    /// nothing must be moved.
    pub fn begin_placing(&self) -> bool {
        self.stage.compare_exchange(0, PLACING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether its output is being placed.
    pub fn is_placing(&self) -> bool {
        self.stage.load(Ordering::Acquire) == PLACING
    }

    /// Resets the progress, because the work is repeated within this attempt.
    pub fn start_over(&self) {
        self.done.store(0, Ordering::Relaxed);
        self.said.store(COUNTED, Ordering::Relaxed);
    }

    /// Notes that nobody waits for it any longer. Returns `false` if its output is being placed, or if it was already
    /// written off.
    pub fn write_off(&self) -> bool {
        self.stage.compare_exchange(0, LOST, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether it took longer than allowed.
    pub fn is_late(&self) -> bool {
        self.stop_reason.load(Ordering::Relaxed) == StopReason::Timeout as u8
    }

    /// Sends a request to end to `signal` from now on; at once if there was one already.
    pub fn on_stop(&self, signal: Option<Box<dyn StopSignal>>) {
        let mut slot = self.stop_signal.lock();
        *slot = signal;
        if self.is_stopped()
            && let Some(signal) = &*slot
        {
            self.pass_on(&**signal);
        }
    }

    /// Sets or removes the source of its program's output so far.
    pub fn on_look(&self, output: Option<Box<dyn LiveOutput>>) {
        *self.live_output.lock() = output;
    }

    /// The output of its program so far; `None` if no program runs.
    pub fn so_far(&self) -> Option<AttemptLog> {
        let ms = u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.live_output.lock().as_ref().map(|output| AttemptLog { ms, ..output.so_far() })
    }

    /// Notes that it waits for a file that this job is working on, or no longer waits.
    pub fn waits_for(&self, job: Option<JobId>) {
        *self.waits_for.lock() = job;
    }

    /// The job that is working on a file it waits for.
    pub fn waiting_for(&self) -> Option<JobId> {
        *self.waits_for.lock()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Which signals were sent.
    #[derive(Debug, Clone, Default)]
    struct SentSignals(Arc<Mutex<Vec<&'static str>>>);

    impl StopSignal for SentSignals {
        fn send(&self) {
            self.0.lock().push("end");
        }

        fn force(&self) {
            self.0.lock().push("at once");
        }
    }

    #[test]
    fn an_attempt_that_was_asked_to_end_is_forced_once_and_keeps_its_reason() {
        let attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, RelPath::default(), 1);
        let (first, later) = (SentSignals::default(), SentSignals::default());
        attempt.on_stop(Some(Box::new(first.clone())));
        for reason in [StopReason::Timeout, StopReason::Asked, StopReason::Forced, StopReason::Forced] {
            attempt.stop(reason);
        }
        assert_eq!(*first.0.lock(), ["end", "at once"]);
        attempt.on_stop(Some(Box::new(later.clone())));
        assert_eq!(*later.0.lock(), ["at once"], "a program that starts now");
        assert!(attempt.is_late(), "it is reported as what it was asked to end for");
    }

    #[test]
    fn progress_in_percent_is_never_converted_into_bytes() {
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
