//! Steps that were under way when the process crashed, and how often in a row.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::notes::LeftStep;
use super::{Step, Subject};
use headway_files::{StateFile, private};
use headway_model::JobId;

/// Maximum size of the file in bytes; there are only ever a few suspects.
const LIMIT_BYTES: u64 = 1 << 20;

type Crashes = BTreeMap<(Subject, Step), CrashCount>;

/// How often the server crashed in a row while a step was under way.
#[derive(Debug, Clone, Copy, Default)]
struct CrashCount {
    crashes: u32,
    /// Whether it had its last chance at one more crash, which does not count: another step was under way then too.
    beside: bool,
}

/// One more crash makes a job stuck, if the step is the only one under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastChance {
    beside: bool,
}

impl LastChance {
    /// For how long the step waits for the others.
    pub(super) fn patience(self) -> Duration {
        Duration::from_secs(if self.beside { 60 } else { 20 })
    }

    /// For how long the others wait for the step once it is alone.
    pub(super) fn alone(self) -> Duration {
        Duration::from_secs(if self.beside { 60 } else { 5 })
    }
}

pub(super) struct Suspects {
    path: PathBuf,
    /// Whether the file could be read; otherwise it is left as it is, for the next start.
    is_read: bool,
    crashes: Mutex<Crashes>,
    /// Whether there are any suspects.
    any: AtomicBool,
}

impl Suspects {
    /// The suspects in the file, updated after a crash that left these steps under way. A crash counts against every
    /// step that was under way, and against no other. Only a step that passes is no longer suspected: if crashes at two
    /// steps take turns, each of them is still counted. No job is stuck because of a crash beside steps of others, unless
    /// it happens again.
    pub(super) fn after_crash(path: PathBuf, left: &[LeftStep]) -> Self {
        let kept = Suspects::kept(&path);
        let is_read = kept.is_some();
        let before = kept.unwrap_or_default();
        let mut crashes = before.clone();
        // Beside a step that was alone, there are only notes of items that were over.
        let alone = left.iter().find(|left| left.is_alone).map(|left| left.of);
        // Other jobs at work can have done something that is not noted.
        let is_counted = |left: &&LeftStep| alone.is_none_or(|alone| left.of == alone) || left.step == Step::AtWork;
        let left: Vec<_> = left.iter().filter(is_counted).collect();
        for LeftStep { of, step, .. } in &left {
            for step in [Some(*step), step.any()].into_iter().flatten() {
                let count = before.get(&(*of, step)).copied().unwrap_or_default();
                // A job is taken up at a start, where nobody can wait. The placings of a job are recovered side by side,
                // and the first one waits for a scan while the next one is not suspected.
                let is_waited_for = !matches!(step, Step::TakeUp | Step::RecoverPlacing(_) | Step::AtWork);
                let is_last = count.crashes + 1 == step.limit() && is_waited_for;
                let counted = match is_last && alone.is_none() && !count.beside {
                    true => CrashCount { beside: true, ..count },
                    false => CrashCount { crashes: count.crashes + 1, ..count },
                };
                crashes.insert((*of, step), counted);
            }
        }
        // A count for any item is reported for the item that was under way.
        for LeftStep { of, step, .. } in left.iter().filter(|left| left.step != Step::AtWork) {
            let count = |step: Step| crashes.get(&(*of, step)).map_or(0, |count| count.crashes);
            let count = count(*step).max(step.any().map_or(0, count));
            let text = step.text();
            tracing::warn!("the last server was killed or crashed while it {text} ({}){}", of.shown(), in_a_row(count));
        }
        let suspects =
            Suspects { path, is_read, any: AtomicBool::new(!crashes.is_empty()), crashes: Mutex::new(crashes) };
        suspects.keep(&suspects.crashes.lock());
        suspects
    }

    /// The suspects in the file.
    pub(super) fn read(path: PathBuf) -> Self {
        let kept = Suspects::kept(&path);
        let is_read = kept.is_some();
        let crashes = kept.unwrap_or_default();
        Suspects { path, is_read, any: AtomicBool::new(!crashes.is_empty()), crashes: Mutex::new(crashes) }
    }

    /// Everything that is stuck.
    pub(super) fn all_stuck(&self) -> Vec<(Subject, Step)> {
        let crashes = self.crashes.lock();
        crashes.iter().filter(|((_, step), count)| count.crashes >= step.limit()).map(|(key, _)| *key).collect()
    }

    pub(super) fn forgive_all(&self) {
        self.change(|crashes| {
            crashes.iter_mut().for_each(|((_, step), count)| count.crashes = count.crashes.min(step.limit() - 1))
        });
    }

    /// The crashes in the file; `None` if it cannot be read.
    fn kept(path: &Path) -> Option<Crashes> {
        match StateFile::read(path.to_owned(), LIMIT_BYTES) {
            Ok(file) => {
                let text = file.text().map(String::from_utf8_lossy).unwrap_or_default();
                Some(text.lines().filter_map(read).collect())
            }
            Err(error) => {
                let file = path.display();
                tracing::warn!(%file, %error, "earlier crashes cannot be read, so they do not count until the next start");
                None
            }
        }
    }

    fn has(&self, of: Subject, step: Step) -> bool {
        self.any.load(Ordering::Relaxed) && self.crashes.lock().contains_key(&(of, step))
    }

    /// The chance of this step, if one more crash makes the job stuck.
    pub(super) fn last_chance(&self, of: Subject, step: Step) -> Option<LastChance> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let crashes = self.crashes.lock();
        let steps = [Some(step), step.any()].into_iter().flatten();
        let counts = steps.filter_map(|step| crashes.get(&(of, step)).map(|count| (count, step.limit())));
        let last = counts.filter(|(count, limit)| count.crashes + 1 >= *limit);
        last.map(|(count, _)| LastChance { beside: count.beside }).max_by_key(|chance| chance.beside)
    }

    /// The step of a job's own work at which it is stuck. If the server has given up only work of its own for a job, it goes
    /// on with that job.
    pub(super) fn stuck(&self, job: JobId) -> Option<Step> {
        let is_of = |(of, step): &(Subject, Step)| *of == Subject::Job(job) && !step.is_own();
        let crashes = self.crashes.lock();
        let stuck = crashes.iter().find(|(key, count)| is_of(key) && count.crashes >= key.1.limit());
        stuck.map(|((_, step), _)| *step)
    }

    pub(super) fn is_stuck_at(&self, of: Subject, step: Step) -> bool {
        self.crashes.lock().get(&(of, step)).is_some_and(|count| count.crashes >= step.limit())
    }

    pub(super) fn forgive(&self, subject: Subject) {
        self.change(|crashes| {
            let its = crashes.iter_mut().filter(|((of, _), _)| *of == subject);
            its.for_each(|((_, step), count)| count.crashes = count.crashes.min(step.limit() - 1));
        });
    }

    pub(super) fn forget(&self, job: JobId) {
        self.change(|crashes| crashes.retain(|(of, step), _| *of != Subject::Job(job) || step.is_own()));
    }

    /// Notes that the step ended without a crash.
    pub(super) fn passed(&self, of: Subject, step: Step) {
        let any = step.any().filter(|any| self.has(of, *any));
        if any.is_some() || self.has(of, step) {
            self.change(|crashes| crashes.retain(|(other, at), _| *other != of || (*at != step && Some(*at) != any)));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Crashes)) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut crashes = self.crashes.lock();
        change(&mut crashes);
        self.any.store(!crashes.is_empty(), Ordering::Relaxed);
        self.keep(&crashes);
    }

    /// Writes the file, whole or not at all. If that fails, no job is stuck at the next start. What could not be read is not
    /// replaced.
    fn keep(&self, crashes: &Crashes) {
        if !self.is_read {
            return;
        }
        let line = |((of, step), count): (&(Subject, Step), &CrashCount)| {
            let beside = if count.beside { "+" } else { "" };
            format!("{}{beside} {of} {step}\n", count.crashes)
        };
        let lines: String = crashes.iter().map(line).collect();
        if let Err(error) = private::replace_unsynced(&self.path, lines.as_bytes()) {
            tracing::warn!(%error, "what was under way at a crash cannot be kept");
        }
    }
}

fn read(line: &str) -> Option<((Subject, Step), CrashCount)> {
    let (count, rest) = line.split_once(' ')?;
    let (of, step) = rest.split_once(' ')?;
    let beside = count.strip_suffix('+');
    let count = CrashCount { crashes: beside.unwrap_or(count).parse().ok()?, beside: beside.is_some() };
    Some(((of.parse().ok()?, step.parse().ok()?), count))
}

/// How often that has happened now, unless it is the first time.
fn in_a_row(count: u32) -> String {
    if count > 1 { format!(", {count} times in a row") } else { String::new() }
}
