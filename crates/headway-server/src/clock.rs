//! Whether the clock can be trusted when the age of something decides whether it is permanently deleted.
//!
//! A clock that jumped, for example because the machine's battery is flat, must not make originals look a year old.
//! The last known time is stored beside the log. After a jump of more than a day, or a jump ahead of more than two
//! weeks while the server was down, nothing is removed by age until a whole day has passed. The time that the clock
//! skipped never counts as age: see [`Jumps`].

mod jumps;

use std::path::{Path, PathBuf};
use std::time::Duration;

use headway_files::{StateFile, private};
use headway_model::Millis;
pub(crate) use jumps::Jumps;

/// After a larger jump than this, the clock is trusted only once this much time has passed.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a machine can plausibly have been off.
const OFF: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Maximum size of the file in bytes.
const LIMIT_BYTES: u64 = 10_000;

/// What the last look at the clock found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastLook {
    at: Millis,
    /// The uptime of the machine then.
    up: Duration,
    doubt: Duration,
}

impl LastLook {
    /// How much longer the clock is not trusted, if it shows this time now: a jump since the last look counts as well.
    pub(crate) fn doubt(&self, now: Millis) -> Duration {
        self.doubt_at(now, uptime())
    }

    fn doubt_at(&self, now: Millis, up: Option<Duration>) -> Duration {
        let passed = up.unwrap_or(self.up).saturating_sub(self.up);
        let (_, jump) = jump(self.at, now, passed);
        if jump > DAY { DAY } else { self.doubt.saturating_sub(passed) }
    }
}

/// Watches the system clock for jumps.
pub(crate) struct Clock {
    path: PathBuf,
    /// When the clock was last checked: by the clock itself, and by the uptime of the machine.
    last: Option<(Millis, Duration)>,
    /// How much longer the clock is not trusted.
    doubt: Duration,
    jumps: Jumps,
    /// When the clock was opened, as long as the file could not be read since. What is in the file is not replaced until then,
    /// and the clock is not trusted.
    unread: Option<Millis>,
}

impl Clock {
    /// Reads the last known time from the data folder. If it cannot be read, the clock is not trusted until it can, and for
    /// a day after that.
    pub(crate) fn open(data: &Path, now: Millis) -> Self {
        Clock::open_at(data, now, uptime())
    }

    fn open_at(data: &Path, now: Millis, up: Option<Duration>) -> Self {
        let path = data.join("clock");
        // A clock that is set right after the start must not be taken for time that passed.
        let last = Some((now, up.unwrap_or_default()));
        let mut clock = Clock { path, last, doubt: Duration::ZERO, jumps: Jumps::default(), unread: Some(now) };
        clock.take_up();
        clock.keep(now);
        clock
    }

    /// Takes in what the last process knew, if that was not read yet.
    fn take_up(&mut self) {
        let Some(opened) = self.unread else { return };
        match StateFile::read(self.path.clone(), LIMIT_BYTES) {
            Ok(file) => {
                self.unread = None;
                match file.text().map(read) {
                    None => {}
                    Some(Some(last)) => self.follow(last, opened),
                    Some(None) => self.doubt = DAY,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the time that was last known cannot be read, so nothing is removed by age");
                self.doubt = DAY;
            }
        }
    }

    /// Goes on from what the last process knew, for a clock that was opened at this time.
    fn follow(&mut self, last: LastSeen, opened: Millis) {
        let LastSeen { now: then, doubt, jumps } = last;
        let since = std::mem::replace(&mut self.jumps, jumps);
        self.doubt = self.doubt.max(doubt);
        // The machine might have been off for days, so only a longer time counts as a jump.
        if opened < then || opened - then > OFF.as_millis() as Millis {
            self.note_jump(then, opened, if opened < then { Duration::ZERO } else { OFF });
        }
        self.jumps.append(since);
    }

    /// Checks the clock; returns how much longer it is not trusted. Call it about once a minute.
    pub(crate) fn look(&mut self, now: Millis) -> Duration {
        self.look_at(now, uptime())
    }

    /// What the last look found.
    pub(crate) fn last_look(&self) -> Option<LastLook> {
        self.last.map(|(at, up)| LastLook { at, up, doubt: self.doubt })
    }

    /// Where it left time out.
    pub(crate) fn jumps(&self) -> Jumps {
        self.jumps.clone()
    }

    fn look_at(&mut self, now: Millis, up: Option<Duration>) -> Duration {
        // If the system does not tell its uptime, no time is known to have passed.
        let up = up.or(self.last.map(|(_, up)| up)).unwrap_or_default();
        if let Some((then, before)) = self.last {
            let passed = up.saturating_sub(before);
            self.doubt = self.doubt.saturating_sub(passed);
            self.note_jump(then, now, passed);
        }
        if self.unread.is_some() {
            self.take_up();
            self.doubt = DAY;
        }
        self.last = Some((now, up));
        self.keep(now);
        self.doubt
    }

    /// Notes a jump of more than a day: the clock went from `then` to `now` while only this much time really passed.
    fn note_jump(&mut self, then: Millis, now: Millis, passed: Duration) {
        let (expected, jump) = jump(then, now, passed);
        if jump > DAY {
            let direction = if now > expected { "ahead of" } else { "behind" };
            let days = jump.as_secs() / DAY.as_secs();
            tracing::warn!("the clock is {days} days {direction} what was known; nothing is removed by age for a day");
            self.doubt = DAY;
            self.jumps.note(expected, now);
        }
    }

    fn keep(&self, now: Millis) {
        // What could not be read must not be lost.
        if self.unread.is_some() {
            return;
        }
        let text = format!("{now} {}\n{}", self.doubt.as_secs(), self.jumps.lines());
        if let Err(error) = private::replace_unsynced(&self.path, text.as_bytes()) {
            tracing::debug!(%error, "the time cannot be kept");
        }
    }
}

/// What a clock that showed `then` should show after this much time, and by how much it differs from that now.
fn jump(then: Millis, now: Millis, passed: Duration) -> (Millis, Duration) {
    let expected = then + passed.as_millis() as Millis;
    (expected, Duration::from_millis(expected.abs_diff(now)))
}

/// What the last process knew.
struct LastSeen {
    now: Millis,
    doubt: Duration,
    jumps: Jumps,
}

/// A time in milliseconds and a duration in seconds; then the jumps, which earlier versions did not keep.
fn read(text: &[u8]) -> Option<LastSeen> {
    let (first, jumps) = std::str::from_utf8(text).ok()?.split_once('\n')?;
    let (now, doubt) = first.split_once(' ')?;
    let doubt = Duration::from_secs(doubt.parse().ok()?);
    Some(LastSeen { now: now.parse().ok()?, doubt, jumps: Jumps::read(jumps)? })
}

/// How long the machine was up, with the time that it slept: see proc_uptime(5).
fn uptime() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 60 * 60 * 1_000;
    const NOW: Millis = 1_700_000_000_000;

    fn up(hours: Millis) -> Option<Duration> {
        Some(Duration::from_millis(hours * HOUR))
    }

    #[test]
    fn a_clock_that_jumped_is_believed_after_a_day_that_was_seen_to_pass() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(open(folder.path(), NOW, 1).look_at(NOW, up(1)), Duration::ZERO, "nothing was known");
        let week = NOW + 7 * 24 * HOUR;
        assert_eq!(open(folder.path(), week, 1).look_at(week, up(1)), Duration::ZERO, "a machine that was off");
        for jumped in [NOW + 400 * 24 * HOUR, NOW - 400 * 24 * HOUR] {
            let folder = tempfile::tempdir().expect("a folder");
            assert_eq!(open(folder.path(), NOW, 1).look_at(NOW, up(1)), Duration::ZERO);
            let mut clock = open(folder.path(), jumped, 1);
            assert_ne!(clock.look_at(jumped, up(1)), Duration::ZERO);
            assert_ne!(clock.look_at(jumped + 23 * HOUR, up(24)), Duration::ZERO);
            let mut again = open(folder.path(), jumped + 23 * HOUR, 24);
            assert_ne!(again.look_at(jumped + 23 * HOUR, up(24)), Duration::ZERO, "also after a restart");
            assert_eq!(again.look_at(jumped + 25 * HOUR, up(26)), Duration::ZERO);
        }
    }

    fn open(data: &Path, now: Millis, hours: Millis) -> Clock {
        Clock::open_at(data, now, up(hours))
    }

    #[test]
    fn a_clock_that_is_set_in_the_first_minute_after_the_start_jumped() {
        for jumped in [NOW + 400 * 24 * HOUR, NOW - 400 * 24 * HOUR] {
            let folder = tempfile::tempdir().expect("a folder");
            assert_eq!(open(folder.path(), jumped, 1).look_at(NOW, up(1)), DAY);
        }
    }

    #[test]
    fn a_jump_is_told_before_the_next_look_at_the_clock() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut clock = open(folder.path(), NOW, 1);
        let told = |clock: &Clock, now, hours| clock.last_look().expect("it was looked at").doubt_at(now, up(hours));
        assert_eq!(clock.look_at(NOW, up(1)), Duration::ZERO);
        assert_eq!(told(&clock, NOW + HOUR, 2), Duration::ZERO);
        let right = NOW + 40 * 24 * HOUR;
        assert_eq!([right, NOW - 40 * 24 * HOUR].map(|now| told(&clock, now, 1)), [DAY; 2]);
        assert_eq!(clock.look_at(right, up(1)), DAY);
        assert_eq!(told(&clock, right + 5 * HOUR, 6), DAY - Duration::from_millis(5 * HOUR), "and it counts down");
    }

    #[test]
    fn a_jump_while_the_server_runs_counts_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut clock = open(folder.path(), NOW, 1);
        assert_eq!(clock.look_at(NOW, up(1)), Duration::ZERO);
        assert_eq!(clock.look_at(NOW + HOUR, up(2)), Duration::ZERO);
        assert_ne!(clock.look_at(NOW + 30 * HOUR, up(3)), Duration::ZERO);
        assert_eq!(clock.look_at(NOW + 130 * HOUR, up(103)), Duration::ZERO, "a machine that slept did not jump");
        assert_eq!(clock.look_at(NOW + 131 * HOUR, None), Duration::ZERO, "what cannot be asked is no jump");
    }

    #[test]
    fn what_a_clock_left_out_makes_nothing_older_also_once_it_is_believed_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut clock = open(folder.path(), NOW, 1);
        let days = |age: Duration| age.as_secs() / DAY.as_secs();
        assert_eq!(clock.look_at(NOW, up(1)), Duration::ZERO);
        // The job ended under a clock that was 40 days behind; then that was set right.
        let right = NOW + 40 * 24 * HOUR;
        assert_ne!(clock.look_at(right, up(1)), Duration::ZERO);
        assert_eq!(clock.look_at(right + 25 * HOUR, up(26)), Duration::ZERO);
        let mut again = open(folder.path(), right + 25 * HOUR, 26);
        assert_eq!(again.look_at(right + 25 * HOUR, up(26)), Duration::ZERO, "it is believed");
        assert_eq!(days(again.jumps().age(NOW - HOUR, right + 25 * HOUR)), 1, "and a day has passed");
        assert_eq!(days(again.jumps().age(right, right + 25 * HOUR)), 1);
        // While it was down two weeks at most count.
        let later = right + 425 * 24 * HOUR;
        let mut clock = open(folder.path(), later, 1);
        assert_ne!(clock.look_at(later, up(1)), Duration::ZERO);
        assert_eq!(days(clock.jumps().age(right, later)), 15);
    }

    #[test]
    fn what_cannot_be_read_is_no_reason_to_remove_anything() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("clock"), "rubbish").expect("a file");
        assert_ne!(open(folder.path(), NOW, 1).look_at(NOW, up(1)), Duration::ZERO);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("clock")).expect("a folder");
        assert_ne!(open(folder.path(), NOW, 1).look_at(NOW, up(1)), Duration::ZERO);
    }

    #[test]
    fn jumps_that_cannot_be_read_at_the_start_are_not_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let days = |age: Duration| age.as_secs() / DAY.as_secs();
        let right = NOW + 40 * 24 * HOUR;
        let mut clock = open(folder.path(), NOW, 1);
        assert_ne!(clock.look_at(right, up(1)), Duration::ZERO, "it jumped by 40 days");
        assert_eq!(clock.look_at(right + 25 * HOUR, up(26)), Duration::ZERO);
        let (file, aside) = (folder.path().join("clock"), folder.path().join("aside"));
        std::fs::rename(&file, &aside).expect("a rename");
        std::os::unix::fs::symlink("elsewhere", &file).expect("a link in its place");
        let now = right + 26 * HOUR;
        let mut clock = open(folder.path(), now, 27);
        assert_eq!(clock.look_at(now + 30 * HOUR, up(57)), DAY, "it is not believed as long as it cannot be read");
        assert!(file.is_symlink(), "and nothing is written in its place");
        // It jumps again in the meantime.
        let now = now + 130 * 24 * HOUR;
        assert_eq!(clock.look_at(now, up(57)), DAY);
        std::fs::rename(&aside, &file).expect("a rename");
        assert_eq!(clock.look_at(now + 25 * HOUR, up(82)), DAY, "a day after it was read");
        let age = clock.jumps().age(NOW, now + 25 * HOUR);
        assert_eq!(days(age), 3, "neither jump counts: {age:?}");
        let mut again = open(folder.path(), now + 50 * HOUR, 107);
        assert_eq!(again.look_at(now + 50 * HOUR, up(107)), DAY);
        assert_eq!(again.look_at(now + 75 * HOUR, up(132)), Duration::ZERO);
        assert_eq!(days(again.jumps().age(NOW, now + 75 * HOUR)), 5);
    }
}
