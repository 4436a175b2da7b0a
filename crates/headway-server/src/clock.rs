//! Whether the clock can be trusted when the age of something decides whether it is permanently deleted.
//!
//! A clock that jumped, for example because the machine's battery is flat, must not make originals look a year old.
//! The last known time is stored beside the log, with the machine's uptime then. After a jump of more than a day, also
//! across a restart of the server, nothing is removed by age until a whole day has passed. How long a machine was off
//! cannot be known: see [`last_seen`]. The time that the clock skipped never counts as age: see [`Jumps`].

mod jumps;
mod last_seen;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::boot;
use headway_files::{StateFile, private};
use headway_model::Millis;
use headway_model::text::counted;
pub(crate) use jumps::Jumps;
use last_seen::LastSeen;

/// After a larger jump than this, the clock is trusted only once this much time has passed.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
        self.doubt_at(now, boot::uptime())
    }

    fn doubt_at(&self, now: Millis, up: Duration) -> Duration {
        let passed = up.saturating_sub(self.up);
        let (_, jump) = jump(self.at, now, passed);
        if jump > DAY { DAY } else { self.doubt.saturating_sub(passed) }
    }
}

/// Watches the system clock for jumps.
pub(crate) struct Clock {
    path: PathBuf,
    /// The id of this boot of the machine, if it is known.
    boot: Option<String>,
    /// When the clock was last checked: by the clock itself, and by the uptime of the machine.
    last: (Millis, Duration),
    /// How much longer the clock is not trusted.
    doubt: Duration,
    jumps: Jumps,
    /// When the clock was opened, by the clock and by the uptime, as long as the file could not be read since. What is in
    /// the file is not replaced until then, and the clock is not trusted.
    unread: Option<(Millis, Duration)>,
}

impl Clock {
    /// Reads the last known time from the data folder. If it cannot be read, the clock is not trusted until it can, and for
    /// a day after that.
    pub(crate) fn open(data: &Path, now: Millis) -> Self {
        Clock::open_at(data, now, boot::id(), boot::uptime())
    }

    fn open_at(data: &Path, now: Millis, boot: Option<String>, up: Duration) -> Self {
        let path = data.join("clock");
        // A clock that is set right after the start must not be taken for time that passed.
        let last = (now, up);
        let mut clock = Clock { path, boot, last, doubt: Duration::ZERO, jumps: Jumps::default(), unread: Some(last) };
        clock.take_up();
        clock.keep();
        clock
    }

    /// Takes in what the last process knew, if that was not read yet.
    fn take_up(&mut self) {
        let Some(opened) = self.unread else { return };
        match StateFile::read(self.path.clone(), LIMIT_BYTES) {
            Ok(file) => {
                self.unread = None;
                match file.text().map(LastSeen::read) {
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
    fn follow(&mut self, last: LastSeen, (opened, up): (Millis, Duration)) {
        let passed = last.passed(opened, self.boot.as_deref(), up);
        let since = std::mem::replace(&mut self.jumps, last.jumps);
        self.doubt = self.doubt.max(last.doubt);
        self.note_jump(last.now, opened, passed);
        self.jumps.append(since);
    }

    /// Checks the clock; returns how much longer it is not trusted. Call it about once a minute.
    pub(crate) fn look(&mut self, now: Millis) -> Duration {
        self.look_at(now, boot::uptime())
    }

    /// What the last look found.
    pub(crate) fn last_look(&self) -> LastLook {
        let (at, up) = self.last;
        LastLook { at, up, doubt: self.doubt }
    }

    /// Where it left time out.
    pub(crate) fn jumps(&self) -> Jumps {
        self.jumps.clone()
    }

    fn look_at(&mut self, now: Millis, up: Duration) -> Duration {
        let (then, before) = self.last;
        let passed = up.saturating_sub(before);
        self.doubt = self.doubt.saturating_sub(passed);
        self.note_jump(then, now, passed);
        if self.unread.is_some() {
            self.take_up();
            self.doubt = DAY;
        }
        self.last = (now, up);
        self.keep();
        self.doubt
    }

    /// Notes a jump of more than a day: the clock went from `then` to `now` while only this much time really passed.
    fn note_jump(&mut self, then: Millis, now: Millis, passed: Duration) {
        let (expected, jump) = jump(then, now, passed);
        if jump > DAY {
            let direction = if now > expected { "ahead of" } else { "behind" };
            let days = counted(jump.as_secs() / DAY.as_secs(), ',', "day", "days");
            tracing::warn!("the clock is {days} {direction} what was known; nothing is removed by age for a day");
            self.doubt = DAY;
            self.jumps.note(expected, now);
        }
    }

    fn keep(&self) {
        // What could not be read must not be lost.
        if self.unread.is_some() {
            return;
        }
        let (now, up) = self.last;
        let (doubt, jumps, boot) = (self.doubt, self.jumps.clone(), self.boot.clone());
        let known = LastSeen { now, doubt, boot: boot.map(|boot| (boot, up)), jumps };
        if let Err(error) = private::replace_unsynced(&self.path, known.text().as_bytes()) {
            tracing::debug!(%error, "the time cannot be kept");
        }
    }
}

/// What a clock that showed `then` should show after this much time, and by how much it differs from that now.
fn jump(then: Millis, now: Millis, passed: Duration) -> (Millis, Duration) {
    let expected = then + passed.as_millis() as Millis;
    (expected, Duration::from_millis(expected.abs_diff(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 60 * 60 * 1_000;
    const NOW: Millis = 1_700_000_000_000;

    fn up(hours: Millis) -> Duration {
        Duration::from_millis(hours * HOUR)
    }

    #[test]
    fn a_clock_that_jumped_is_believed_after_a_day_that_was_seen_to_pass() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(open(folder.path(), NOW, 1).look_at(NOW, up(1)), Duration::ZERO, "nothing was known");
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

    /// The clock of a server in one boot of the machine.
    fn open(data: &Path, now: Millis, hours: Millis) -> Clock {
        open_in("one", data, now, hours)
    }

    fn open_in(boot: &str, data: &Path, now: Millis, hours: Millis) -> Clock {
        Clock::open_at(data, now, Some(boot.into()), up(hours))
    }

    #[test]
    fn a_clock_that_jumped_by_days_across_a_restart_of_the_server_is_not_believed() {
        let (day, week) = (24 * HOUR, 7 * 24 * HOUR);
        let later = |boot: &str, passed: Millis, hours: Millis| {
            let folder = tempfile::tempdir().expect("a folder");
            assert_eq!(open(folder.path(), NOW, 1).look_at(NOW, up(1)), Duration::ZERO);
            let mut clock = open_in(boot, folder.path(), NOW + passed, hours);
            let doubt = clock.look_at(NOW + passed, up(hours));
            (doubt, clock.jumps().age(NOW, NOW + passed))
        };
        let hour = |passed: Millis| Duration::from_millis(passed * HOUR);
        assert_eq!(later("one", week, 2), (DAY, hour(1)), "the machine was on, and an hour passed");
        assert_eq!(later("one", 2 * day, 2), (DAY, hour(1)));
        assert_eq!(later("one", week, 1 + 7 * 24), (Duration::ZERO, hour(7 * 24)), "the server was down for a week");
        assert_eq!(later("one", day, 2).0, Duration::ZERO, "a day at most is no jump");
        assert_eq!(later("another", week, 2), (Duration::ZERO, hour(7 * 24)), "the machine was off");
        assert_eq!(later("another", 15 * day, 2), (Duration::ZERO, hour(15 * 24)), "for two weeks");
        assert_eq!(later("another", 40 * day, 2), (DAY, hour(14 * 24 + 2)), "not for longer");
        assert_eq!(later("another", 40 * day, 30 * 24).0, Duration::ZERO, "and has been on for a month since");
        assert_eq!(later("another", day, 3 * 24).0, DAY, "it has been on for longer than its clock tells");
    }

    #[test]
    fn where_the_boot_is_not_known_more_than_a_day_is_a_jump() {
        let day = 24 * HOUR;
        for (boot, passed, doubt) in [(None, day, Duration::ZERO), (None, 2 * day, DAY), (Some("one"), 2 * day, DAY)] {
            let folder = tempfile::tempdir().expect("a folder");
            let open = |now, boot: Option<&str>| Clock::open_at(folder.path(), now, boot.map(str::to_owned), up(1));
            assert_eq!(open(NOW, None).look_at(NOW, up(1)), Duration::ZERO);
            assert_eq!(open(NOW + passed, boot).look_at(NOW + passed, up(1)), doubt, "{boot:?} {passed}");
        }
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
        let told = |clock: &Clock, now, hours| clock.last_look().doubt_at(now, up(hours));
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
        // While the machine was off two weeks at most count.
        let later = right + 425 * 24 * HOUR;
        let mut clock = open_in("another", folder.path(), later, 1);
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
