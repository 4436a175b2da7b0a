//! The times of a schedule: a cron expression in a time zone.

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use headway_model::id::Millis;
use headway_model::nearest::nearest;

/// The times of a schedule.
///
/// Where clocks are put back, a time that comes twice counts once. Where they are put forward, a time that is left out
/// comes at the end of the gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    cron: Cron,
    zone: Tz,
}

/// Why there are no such times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidTimes {
    /// The expression is wrong.
    Expression(String),
    /// The time zone is not known.
    Zone(String),
}

impl Times {
    /// The times of an expression with five fields (minute, hour, day of the month, month, day of the week), or of one of
    /// its short forms such as `@daily`. `zone` is a name of the IANA time zone database; by default it is the system's.
    ///
    /// # Errors
    /// The expression or the zone is not valid, or no time follows from it.
    pub fn new(expression: &str, zone: Option<&str>) -> Result<Self, InvalidTimes> {
        let zone = match zone {
            Some(name) => known_zone(name)?,
            None => system_zone(),
        };
        let cron = parser().parse(expression).map_err(|error| InvalidTimes::Expression(error.to_string()))?;
        let times = Times { cron, zone };
        // The year 2000, which has a 29 February, is as good as any.
        match times.after(946_684_800_000) {
            Some(_) => Ok(times),
            None => Err(InvalidTimes::Expression("no time follows from it".into())),
        }
    }

    /// The first time after this one.
    pub fn after(&self, at: Millis) -> Option<Millis> {
        self.cron.find_next_occurrence(&self.local(at)?, false).ok().map(millis)
    }

    /// The last time up to this one.
    pub fn last_until(&self, at: Millis) -> Option<Millis> {
        self.cron.find_previous_occurrence(&self.local(at)?, true).ok().map(millis)
    }

    /// How many times there are after one time and up to another, at most `limit`.
    pub fn count(&self, after: Millis, until: Millis, limit: u32) -> u32 {
        let next = |at: &Millis| self.after(*at).filter(|next| *next <= until);
        let count = std::iter::successors(next(&after), next).take(limit as usize).count();
        u32::try_from(count).unwrap_or(limit)
    }

    /// The name of the time zone.
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// The expression.
    pub fn expression(&self) -> &str {
        self.cron.as_str()
    }

    /// The expression in words.
    pub fn words(&self) -> String {
        let words = self.cron.describe();
        let mut letters = words.trim_end_matches('.').chars();
        letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
    }

    /// A time as a person in the time zone writes it, such as `2026-12-01 02:30 CET`.
    pub fn written(&self, at: Millis) -> String {
        self.local(at).map_or_else(|| at.to_string(), |time| time.format("%Y-%m-%d %H:%M %Z").to_string())
    }

    fn local(&self, at: Millis) -> Option<DateTime<Tz>> {
        Some(Utc.timestamp_millis_opt(i64::try_from(at).ok()?).single()?.with_timezone(&self.zone))
    }
}

fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build()
}

fn millis(time: DateTime<Tz>) -> Millis {
    u64::try_from(time.timestamp_millis()).unwrap_or(0)
}

fn known_zone(name: &str) -> Result<Tz, InvalidTimes> {
    name.parse().map_err(|_| {
        let near = nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        InvalidTimes::Zone(format!("the time zone {name:?} is not known{hint}"))
    })
}

/// The system's time zone; UTC if it has none.
fn system_zone() -> Tz {
    iana_time_zone::get_timezone().ok().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        millis(text.parse::<DateTime<Utc>>().expect("a time").with_timezone(&Tz::UTC))
    }

    fn between(times: &Times, from: &str, until: &str) -> Vec<String> {
        let until = at(until);
        let next = |at: &Millis| times.after(*at).filter(|next| *next <= until);
        let times = std::iter::successors(next(&at(from)), next);
        times
            .map(|time| {
                Utc.timestamp_millis_opt(i64::try_from(time).expect("small")).single().expect("one").to_rfc3339()
            })
            .collect()
    }

    /// As in Vixie cron for a fixed time of day (cron(8), "Daylight Saving Time").
    #[test]
    fn a_time_that_comes_twice_counts_once_and_one_that_is_left_out_comes_after_the_gap() {
        let times = Times::new("30 2 * * *", Some("Europe/Berlin")).expect("times");
        let autumn = between(&times, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(autumn, ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]);
        let spring = between(&times, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(spring, ["2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00"]);
    }

    #[test]
    fn the_last_time_and_the_number_of_times_agree_with_the_times_that_follow() {
        let times = Times::new("*/15 * * * *", Some("UTC")).expect("times");
        let (from, until) = (at("2026-11-30T00:00:00Z"), at("2026-11-30T01:07:00Z"));
        assert_eq!(times.last_until(until), Some(at("2026-11-30T01:00:00Z")));
        assert_eq!(times.last_until(at("2026-11-30T01:00:00Z")), Some(at("2026-11-30T01:00:00Z")));
        assert_eq!(times.count(from, until, 100), 4);
        assert_eq!(times.count(from, until, 3), 3);
    }

    #[test]
    fn an_invalid_time_is_refused_with_the_reason() {
        let zone = Times::new("0 3 * * *", Some("Europe/Berln"));
        assert_eq!(
            zone,
            Err(InvalidTimes::Zone(
                "the time zone \"Europe/Berln\" is not known; did you mean \"Europe/Berlin\"?".into()
            ))
        );
        for expression in ["", "61 * * * *", "* * *", "0 0 30 2 *", "every day"] {
            assert!(matches!(Times::new(expression, Some("UTC")), Err(InvalidTimes::Expression(_))), "{expression:?}");
        }
    }
}
