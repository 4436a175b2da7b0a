//! The time that a clock skipped when it was set forward. Skipped time makes nothing older.

use std::time::Duration;

use headway_model::Millis;

/// The number of jumps that are kept. If there are more, the earliest two are joined into one.
const JUMPS_LIMIT: usize = 32;

/// The jumps of a clock, in the order in which they happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Jumps(Vec<Jump>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Jump {
    /// What the clock showed before the jump. A file with a later date is newer than the jump, or its date is wrong.
    at: Millis,
    /// How much time the jump skipped, in milliseconds.
    by: Millis,
}

impl Jumps {
    /// Records that a clock shows `now` when it should have shown `expected`. A clock that was set back first takes
    /// back the time that it skipped before.
    pub(super) fn note(&mut self, expected: Millis, now: Millis) {
        if now > expected {
            self.0.push(Jump { at: expected, by: now - expected });
            self.join();
            return;
        }
        let mut back = expected - now;
        while back > 0
            && let Some(last) = self.0.last_mut()
        {
            let given = last.by.min(back);
            (last.by, back) = (last.by - given, back - given);
            if last.by == 0 {
                self.0.pop();
            }
        }
    }

    /// Adds the jumps that happened after these.
    pub(super) fn append(&mut self, later: Jumps) {
        for jump in later.0 {
            self.0.push(jump);
            self.join();
        }
    }

    /// The least age of something with the date `then`.
    pub(crate) fn age(&self, then: Millis, now: Millis) -> Duration {
        let left_out =
            self.0.iter().filter(|jump| jump.at >= then).fold(0, |all: Millis, jump| all.saturating_add(jump.by));
        Duration::from_millis(now.saturating_sub(then).saturating_sub(left_out))
    }

    /// The jumps as text, one per line.
    pub(super) fn lines(&self) -> String {
        self.0.iter().map(|Jump { at, by }| format!("{at} {by}\n")).collect()
    }

    /// Parses the text of [`Self::lines`]; `None` if it is not such a text.
    pub(super) fn read(text: &str) -> Option<Self> {
        let jump = |line: &str| {
            let (at, by) = line.split_once(' ')?;
            Some(Jump { at: at.parse().ok()?, by: by.parse().ok()? })
        };
        text.lines().map(jump).collect::<Option<Vec<_>>>().map(Jumps)
    }

    fn join(&mut self) {
        if self.0.len() > JUMPS_LIMIT {
            let first = self.0.remove(0);
            let second = &mut self.0[0];
            // Something dated between the two then counts as younger than it is, and is kept longer.
            *second = Jump { at: second.at.max(first.at), by: second.by.saturating_add(first.by) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(jumps: &Jumps, then: Millis, now: Millis) -> Millis {
        jumps.age(then, now).as_millis() as Millis
    }

    #[test]
    fn what_was_there_before_a_jump_is_younger_by_it_and_what_came_later_is_not() {
        let mut jumps = Jumps::default();
        jumps.note(1_000, 5_000);
        assert_eq!([900, 1_000, 5_000].map(|then| age(&jumps, then, 6_000)), [1_100, 1_000, 1_000]);
        assert_eq!(age(&jumps, 7_000, 6_000), 0, "a date to come");
        jumps.note(6_000, 8_000);
        assert_eq!([900, 5_000, 8_000].map(|then| age(&jumps, then, 9_000)), [2_100, 2_000, 1_000]);
        assert_eq!(Jumps::read(&jumps.lines()), Some(jumps));
        assert_eq!(Jumps::read("1 2\n3"), None);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_back_what_it_left_out() {
        let mut jumps = Jumps::default();
        jumps.note(1_000, 5_000);
        jumps.note(6_000, 3_000);
        assert_eq!(age(&jumps, 900, 4_000), 2_100);
        jumps.note(4_000, 0);
        assert_eq!(jumps, Jumps::default());
        for at in 0..1_000 {
            jumps.note(at * 10, at * 10 + 5);
        }
        assert_eq!((jumps.0.len(), age(&jumps, 0, 100_000)), (JUMPS_LIMIT, 95_000));
    }
}
