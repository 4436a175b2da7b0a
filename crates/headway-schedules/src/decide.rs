//! What a schedule does now. Pure: the time is given.

use std::time::Duration;

use headway_model::id::Millis;

use crate::config::{Missed, PresetSchedule};

/// How late a start can be and still be on time.
const ON_TIME: Duration = Duration::from_secs(60);

/// Up to how many missed times are counted.
pub(crate) const COUNTED: u32 = 1_000;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduledAction {
    /// Nothing until the next time; never if there is none.
    Wait(Option<Millis>),
    /// Start the job of this time. So many earlier times were missed.
    Start {
        /// The time whose job is started.
        time: Millis,
        /// How many earlier times were missed, at most [`COUNTED`].
        missed: u32,
    },
    /// Start nothing: all times up to this one were missed.
    Miss {
        /// The last of them.
        time: Millis,
        /// How many they are, at most [`COUNTED`].
        missed: u32,
    },
}

/// What a schedule does at `now`, if everything up to `decided` is decided.
pub(crate) fn decide(schedule: &PresetSchedule, decided: Millis, now: Millis) -> ScheduledAction {
    let Some(time) = schedule.times.last_until(now).filter(|last| *last > decided) else {
        // Never before a time that is already decided, even if the clock was set back.
        return ScheduledAction::Wait(schedule.times.after(now.max(decided)));
    };
    let limit = match schedule.missed {
        Missed::Once => schedule.catch_up.max(ON_TIME),
        Missed::Skip => ON_TIME,
    };
    let missed = schedule.times.count(decided, time, COUNTED);
    if Duration::from_millis(now - time) <= limit {
        ScheduledAction::Start { time, missed: missed.saturating_sub(1) }
    } else {
        ScheduledAction::Miss { time, missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overlap;
    use crate::times::Times;

    const MINUTE: Millis = 60_000;
    const HOUR: Millis = 60 * MINUTE;
    /// A full hour, at midnight UTC.
    const MIDNIGHT: Millis = 1_764_460_800_000;

    fn hourly(missed: Missed) -> PresetSchedule {
        PresetSchedule {
            name: "nightly".into(),
            preset: "nightly".into(),
            times: Times::new("0 * * * *", Some("UTC")).expect("times"),
            overlap: Overlap::Skip,
            missed,
            catch_up: Duration::from_secs(12 * 60 * 60),
        }
    }

    #[test]
    fn each_time_is_started_once() {
        let schedule = hourly(Missed::Once);
        assert_eq!(decide(&schedule, MIDNIGHT, MIDNIGHT), ScheduledAction::Wait(Some(MIDNIGHT + HOUR)));
        assert_eq!(decide(&schedule, MIDNIGHT, MIDNIGHT + HOUR - 1), ScheduledAction::Wait(Some(MIDNIGHT + HOUR)));
        let start = ScheduledAction::Start { time: MIDNIGHT + HOUR, missed: 0 };
        assert_eq!(decide(&schedule, MIDNIGHT, MIDNIGHT + HOUR), start);
        assert_eq!(decide(&schedule, MIDNIGHT, MIDNIGHT + HOUR + 5), start);
        let decided = MIDNIGHT + HOUR;
        assert_eq!(decide(&schedule, decided, decided + 5), ScheduledAction::Wait(Some(MIDNIGHT + 2 * HOUR)));
    }

    #[test]
    fn the_last_of_several_missed_times_is_started_if_it_is_recent_enough() {
        let now = MIDNIGHT + 5 * HOUR + 30 * MINUTE;
        let last = MIDNIGHT + 5 * HOUR;
        assert_eq!(decide(&hourly(Missed::Once), MIDNIGHT, now), ScheduledAction::Start { time: last, missed: 4 });
        assert_eq!(decide(&hourly(Missed::Skip), MIDNIGHT, now), ScheduledAction::Miss { time: last, missed: 5 });
        assert_eq!(
            decide(&hourly(Missed::Skip), MIDNIGHT, last + 100),
            ScheduledAction::Start { time: last, missed: 4 }
        );
        let mut daily = hourly(Missed::Once);
        daily.times = Times::new("0 0 * * *", Some("UTC")).expect("times");
        let missed = ScheduledAction::Miss { time: MIDNIGHT, missed: 1 };
        assert_eq!(decide(&daily, MIDNIGHT - 1, MIDNIGHT + 13 * HOUR), missed);
    }

    #[test]
    fn a_clock_that_is_set_back_starts_nothing_again() {
        let schedule = hourly(Missed::Once);
        let decided = MIDNIGHT + 10 * HOUR;
        assert_eq!(decide(&schedule, decided, MIDNIGHT + 30 * MINUTE), ScheduledAction::Wait(Some(decided + HOUR)));
    }

    #[test]
    fn years_of_missed_times_are_counted_to_a_limit() {
        let now = MIDNIGHT + 100_000 * HOUR;
        assert_eq!(
            decide(&hourly(Missed::Once), MIDNIGHT, now),
            ScheduledAction::Start { time: now, missed: COUNTED - 1 }
        );
    }
}
