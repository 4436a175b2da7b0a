//! Whether the clock can be trusted when the age of something decides whether it is permanently deleted. A clock that
//! jumped, for example because the machine's battery is flat, must not make originals look a year old. The last known
//! time is stored beside the log. After a jump of more than a day, or a jump ahead of more than two weeks while the
//! server was down, nothing is removed by age until the server itself has seen a whole day pass.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use headway_files::{Found, private};
use headway_model::Millis;

/// After a larger jump than this, the clock is trusted only once this much time has passed.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a machine can plausibly have been off.
const OFF: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Maximum size of the file in bytes.
const MOST: u64 = 1_000;

/// Watches the system clock for jumps.
pub(crate) struct Clock {
    path: PathBuf,
    /// When the clock was last checked: by the clock itself, and on the monotonic timer.
    last: Option<(Millis, Instant)>,
    /// For how much longer the clock is not trusted.
    doubt: Duration,
}

impl Clock {
    /// Reads the last known time from the data folder. If it cannot be read, the clock is not trusted for a day.
    pub(crate) fn open(data: &Path, now: Millis) -> Self {
        let path = data.join("clock");
        let text = Found::of(private::read(&path, MOST)).known();
        let known = text.map(|text| text.map(|text| read(&text)));
        let mut clock = Clock { path, last: None, doubt: Duration::ZERO };
        match known {
            Ok(None) => {}
            Ok(Some(Some((then, doubt)))) => {
                clock.doubt = doubt;
                // The machine might have been off for days, so only a longer time counts as a jump.
                if now < then || now - then > OFF.as_millis() as Millis {
                    clock.judge(then, now, Duration::ZERO);
                }
            }
            Ok(Some(None)) => clock.doubt = DAY,
            Err(error) => {
                tracing::warn!(%error, "the time that was last known cannot be read, so nothing is removed by age for a day");
                clock.doubt = DAY;
            }
        }
        clock.keep(now);
        clock
    }

    /// Checks the clock; returns whether it can be trusted. Call it about once a minute.
    pub(crate) fn look(&mut self, now: Millis) -> bool {
        self.look_at(now, Instant::now())
    }

    fn look_at(&mut self, now: Millis, instant: Instant) -> bool {
        if let Some((then, since)) = self.last {
            let passed = instant.saturating_duration_since(since);
            self.doubt = self.doubt.saturating_sub(passed);
            self.judge(then, now, passed);
        }
        self.last = Some((now, instant));
        self.keep(now);
        self.doubt.is_zero()
    }

    /// Takes in that the clock went from `then` to `now` while this much time really passed; `None` if that is
    /// unknown.
    fn judge(&mut self, then: Millis, now: Millis, passed: Duration) {
        let expected = then + passed.as_millis() as Millis;
        let jump = Duration::from_millis(expected.abs_diff(now));
        if jump > DAY {
            let direction = if now > expected { "ahead of" } else { "behind" };
            let days = jump.as_secs() / DAY.as_secs();
            tracing::warn!("the clock is {days} days {direction} what was known; nothing is removed by age for a day");
            self.doubt = DAY;
        }
    }

    fn keep(&self, now: Millis) {
        let written = private::create(&self.path).and_then(|mut file| writeln!(file, "{now} {}", self.doubt.as_secs()));
        if let Err(error) = written {
            tracing::debug!(%error, "the time cannot be kept");
        }
    }
}

/// Parses the file: a time in milliseconds and a duration in seconds.
fn read(text: &[u8]) -> Option<(Millis, Duration)> {
    let (then, doubt) = std::str::from_utf8(text).ok()?.trim().split_once(' ')?;
    Some((then.parse().ok()?, Duration::from_secs(doubt.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 60 * 60 * 1_000;
    const NOW: Millis = 1_700_000_000_000;

    #[test]
    fn a_clock_that_jumped_is_believed_after_a_day_that_was_seen_to_pass() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Clock::open(folder.path(), NOW).look(NOW), "nothing was known");
        let week = NOW + 7 * 24 * HOUR;
        assert!(Clock::open(folder.path(), week).look(week), "a machine that was off");
        for jumped in [NOW + 400 * 24 * HOUR, NOW - 400 * 24 * HOUR] {
            let folder = tempfile::tempdir().expect("a folder");
            assert!(Clock::open(folder.path(), NOW).look(NOW));
            let begun = Instant::now();
            let mut clock = Clock::open(folder.path(), jumped);
            assert!(!clock.look_at(jumped, begun));
            let hours = |hours: Millis| (jumped + hours * HOUR, begun + Duration::from_millis(hours * HOUR));
            let (now, instant) = hours(23);
            assert!(!clock.look_at(now, instant));
            let mut again = Clock::open(folder.path(), now);
            assert!(!again.look_at(now, instant), "also after a restart");
            let (now, instant) = hours(25);
            assert!(again.look_at(now, instant));
        }
    }

    #[test]
    fn a_jump_while_the_server_runs_counts_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut clock = Clock::open(folder.path(), NOW);
        let begun = Instant::now();
        assert!(clock.look_at(NOW, begun));
        assert!(clock.look_at(NOW + HOUR, begun + Duration::from_millis(HOUR)));
        assert!(!clock.look_at(NOW + 30 * HOUR, begun + Duration::from_millis(2 * HOUR)));
    }

    #[test]
    fn what_cannot_be_read_is_no_reason_to_remove_anything() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("clock"), "rubbish").expect("a file");
        assert!(!Clock::open(folder.path(), NOW).look(NOW));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("clock")).expect("a folder");
        assert!(!Clock::open(folder.path(), NOW).look(NOW));
    }
}
