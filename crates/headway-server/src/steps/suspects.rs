//! Steps that were under way when the process crashed, and how often in a row.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::{Step, Subject};
use headway_files::Found;
use headway_files::private;
use headway_model::JobId;

/// Maximum size of the file in bytes; there are only ever a few suspects.
const MOST_BYTES: u64 = 1 << 20;

type Crashes = BTreeMap<(Subject, Step), u32>;

pub(super) struct Suspects {
    path: PathBuf,
    crashes: Mutex<Crashes>,
    /// Whether there are any suspects.
    any: AtomicBool,
}

impl Suspects {
    /// The suspects in the file, updated after a crash that left these steps under way. A crash counts against every
    /// step that was under way, and against no other. Only a step that passes is no longer suspected: if crashes at two
    /// steps take turns, each of them is still counted.
    pub(super) fn after_crash(path: PathBuf, left: &[(Subject, Step)]) -> Self {
        let before = Suspects::kept(&path);
        let mut crashes = before.clone();
        for (of, step) in left {
            for step in [Some(*step), step.any()].into_iter().flatten() {
                let key = (*of, step);
                crashes.insert(key, before.get(&key).copied().unwrap_or(0) + 1);
            }
        }
        // A count for any item is reported for the item that was under way.
        for (of, step) in left {
            let count = |step: Step| crashes.get(&(*of, step)).copied().unwrap_or_default();
            let count = count(*step).max(step.any().map_or(0, count));
            let text = step.text();
            tracing::warn!(subject = %of, "the last server was killed or crashed while it {text}{}", in_a_row(count));
        }
        let suspects = Suspects { path, any: AtomicBool::new(!crashes.is_empty()), crashes: Mutex::new(crashes) };
        suspects.keep(&suspects.crashes.lock());
        suspects
    }

    /// The suspects in the file.
    pub(super) fn read(path: PathBuf) -> Self {
        let crashes = Suspects::kept(&path);
        Suspects { path, any: AtomicBool::new(!crashes.is_empty()), crashes: Mutex::new(crashes) }
    }

    /// Everything that is stuck.
    pub(super) fn all_stuck(&self) -> Vec<(Subject, Step)> {
        let crashes = self.crashes.lock();
        crashes.iter().filter(|((_, step), count)| **count >= step.limit()).map(|(key, _)| *key).collect()
    }

    pub(super) fn forgive_all(&self) {
        self.change(|crashes| {
            crashes.iter_mut().for_each(|((_, step), count)| *count = (*count).min(step.limit() - 1))
        });
    }

    /// The crashes in the file.
    fn kept(path: &Path) -> Crashes {
        let text = Found::of(private::read(path, MOST_BYTES)).known().unwrap_or_else(|error| {
            tracing::warn!(file = %path.display(), %error, "earlier crashes cannot be read, so they do not count");
            None
        });
        let text = text.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
        text.lines().filter_map(read).collect()
    }

    fn has(&self, of: Subject, step: Step) -> bool {
        self.any.load(Ordering::Relaxed) && self.crashes.lock().contains_key(&(of, step))
    }

    /// Whether one more crash at this step makes the job stuck.
    pub(super) fn has_one_chance(&self, of: Subject, step: Step) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let crashes = self.crashes.lock();
        let is_last = |step: Step| crashes.get(&(of, step)).is_some_and(|count| count + 1 >= step.limit());
        is_last(step) || step.any().is_some_and(is_last)
    }

    /// The step of a job's own work at which it is stuck. The server goes on with a job of which it leaves out only what
    /// it does by itself.
    pub(super) fn stuck(&self, job: JobId) -> Option<Step> {
        let is_of = |(of, step): &(Subject, Step)| *of == Subject::Job(job) && !step.is_own();
        let crashes = self.crashes.lock();
        let stuck = crashes.iter().find(|(key, count)| is_of(key) && **count >= key.1.limit());
        stuck.map(|((_, step), _)| *step)
    }

    pub(super) fn is_stuck_at(&self, of: Subject, step: Step) -> bool {
        self.crashes.lock().get(&(of, step)).is_some_and(|count| *count >= step.limit())
    }

    pub(super) fn forgive(&self, subject: Subject) {
        self.change(|crashes| {
            let its = crashes.iter_mut().filter(|((of, _), _)| *of == subject);
            its.for_each(|((_, step), count)| *count = (*count).min(step.limit() - 1));
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

    /// Writes the file, whole or not at all. If that fails, no job is stuck at the next start.
    fn keep(&self, crashes: &Crashes) {
        let lines: String = crashes.iter().map(|((of, step), count)| format!("{count} {of} {step}\n")).collect();
        let part = self.path.with_extension("part");
        let written = private::create(&part).and_then(|mut file| file.write_all(lines.as_bytes()));
        if let Err(error) = written.and_then(|()| std::fs::rename(&part, &self.path)) {
            tracing::warn!(%error, "what was under way at a crash cannot be kept");
        }
    }
}

fn read(line: &str) -> Option<((Subject, Step), u32)> {
    let (count, rest) = line.split_once(' ')?;
    let (of, step) = rest.split_once(' ')?;
    Some(((of.parse().ok()?, step.parse().ok()?), count.parse().ok()?))
}

/// How often that has happened now, unless it is the first time.
fn in_a_row(count: u32) -> String {
    if count > 1 { format!(", {count} times in a row") } else { String::new() }
}
