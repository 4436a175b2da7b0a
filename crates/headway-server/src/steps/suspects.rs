//! Steps that were under way when the process crashed, and how often in a row.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::Step;
use headway_files::Found;
use headway_files::private;
use headway_model::JobId;

/// Maximum size of the file in bytes; there are only ever a few suspects.
const MOST_BYTES: u64 = 1 << 20;

type Crashes = BTreeMap<(JobId, Step), u32>;

pub(super) struct Suspects {
    path: PathBuf,
    crashes: Mutex<Crashes>,
    /// Whether there are any suspects.
    any: AtomicBool,
}

impl Suspects {
    /// The suspects in the file, updated after a crash that left these steps under way. A step that was not under way
    /// this time is no longer suspected, except that a step at its limit stays, because it was not tried.
    pub(super) fn after_crash(path: PathBuf, left: &[(JobId, Step)]) -> Self {
        let text = Found::of(private::read(&path, MOST_BYTES)).known().unwrap_or_else(|error| {
            tracing::warn!(file = %path.display(), %error, "earlier crashes cannot be read, so they do not count");
            None
        });
        let text = text.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
        let before: Crashes = text.lines().filter_map(read).collect();
        let mut crashes: Crashes = before
            .iter()
            .filter(|((_, step), count)| **count >= step.limit())
            .map(|(key, count)| (*key, *count))
            .collect();
        for (job, step) in left {
            for step in [Some(*step), step.any()].into_iter().flatten() {
                let key = (*job, step);
                crashes.insert(key, before.get(&key).copied().unwrap_or(0) + 1);
            }
        }
        // A count for any item is reported for the item that was under way.
        for (job, step) in left {
            let of = |step: Step| crashes.get(&(*job, step)).copied().unwrap_or_default();
            let count = of(*step).max(step.any().map_or(0, of));
            let text = step.text();
            tracing::warn!(job.id = %job, "the last server was killed or crashed while it {text}{}", in_a_row(count));
        }
        let suspects = Suspects { path, any: AtomicBool::new(!crashes.is_empty()), crashes: Mutex::new(crashes) };
        suspects.keep(&suspects.crashes.lock());
        suspects
    }

    fn has(&self, job: JobId, step: Step) -> bool {
        self.any.load(Ordering::Relaxed) && self.crashes.lock().contains_key(&(job, step))
    }

    /// Whether one more crash at this step makes the job stuck.
    pub(super) fn has_one_chance(&self, job: JobId, step: Step) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let crashes = self.crashes.lock();
        let is_last = |step: Step| crashes.get(&(job, step)).is_some_and(|count| count + 1 >= step.limit());
        is_last(step) || step.any().is_some_and(is_last)
    }

    pub(super) fn stuck(&self, job: JobId) -> Option<Step> {
        let crashes = self.crashes.lock();
        let stuck = crashes.iter().find(|((of, step), count)| *of == job && **count >= step.limit());
        stuck.map(|((_, step), _)| *step)
    }

    pub(super) fn is_stuck_at(&self, job: JobId, step: Step) -> bool {
        self.crashes.lock().get(&(job, step)).is_some_and(|count| *count >= step.limit())
    }

    pub(super) fn forgive(&self, job: JobId) {
        self.change(|crashes| {
            let of = crashes.iter_mut().filter(|((of, _), _)| *of == job);
            of.for_each(|((_, step), count)| *count = (*count).min(step.limit() - 1));
        });
    }

    pub(super) fn forget(&self, job: JobId) {
        self.change(|crashes| crashes.retain(|(of, _), _| *of != job));
    }

    /// Notes that the step ended without a crash.
    pub(super) fn passed(&self, job: JobId, step: Step) {
        let any = step.any().filter(|any| self.has(job, *any));
        if any.is_some() || self.has(job, step) {
            self.change(|crashes| crashes.retain(|(of, at), _| *of != job || (*at != step && Some(*at) != any)));
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
        let lines: String = crashes.iter().map(|((job, step), count)| format!("{count} {job} {step}\n")).collect();
        let part = self.path.with_extension("part");
        let written = private::create(&part).and_then(|mut file| file.write_all(lines.as_bytes()));
        if let Err(error) = written.and_then(|()| std::fs::rename(&part, &self.path)) {
            tracing::warn!(%error, "what was under way at a crash cannot be kept");
        }
    }
}

fn read(line: &str) -> Option<((JobId, Step), u32)> {
    let (count, rest) = line.split_once(' ')?;
    let (job, step) = rest.split_once(' ')?;
    Some(((job.parse().ok()?, step.parse().ok()?), count.parse().ok()?))
}

/// How often that has happened now, unless it is the first time.
fn in_a_row(count: u32) -> String {
    if count > 1 { format!(", {count} times in a row") } else { String::new() }
}
