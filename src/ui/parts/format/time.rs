//! How long something takes, and when it was.

use super::{counted, tenth};
use headway_model::id::Millis;

/// A short time to the tenth of a second.
pub(crate) fn seconds(ms: u64) -> String {
    if ms < 50 {
        return "under 0.1 s".into();
    }
    if ms < 10_000 { format!("{} s", tenth(ms.saturating_add(50) / 100)) } else { duration(ms) }
}

/// A duration in its two largest units.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A long time in whole days, or in its two largest units if it is less than one.
pub(crate) fn days(ms: u64) -> String {
    match ms / 86_400_000 {
        0 => duration(ms),
        days => counted(days, "day", "days"),
    }
}

/// A range of times as people say it, such as "3–5 min", "about 20 s" or "20 s–15 min". It is only as exact as an estimate
/// can be.
pub(crate) fn about(low: u64, high: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("days", 86_400_000)];
    let at = match high {
        0..90_000 => 0,
        90_000..5_400_000 => 1,
        5_400_000..172_800_000 => 2,
        _ => 3,
    };
    // Round larger numbers to fives.
    let round = |ms: u64, (_, one): (&str, u64), up: bool| {
        let number = if up { ms.div_ceil(one) } else { ms / one };
        match number {
            number if number > 20 && up => number.div_ceil(5) * 5,
            number if number > 20 => number / 5 * 5,
            number => number,
        }
    };
    let (unit, _) = UNITS[at];
    let finer = UNITS[at.saturating_sub(1)];
    match (round(low, UNITS[at], false), round(high, UNITS[at], true)) {
        (_, 0 | 1) => format!("about 1 {unit}"),
        (0, high) => match round(low, finer, false) {
            0 => format!("less than {high} {unit}"),
            low => format!("{low} {}–{high} {unit}", finer.0),
        },
        (low, high) if low + 1 >= high => format!("about {high} {unit}"),
        (low, high) => format!("{low}–{high} {unit}"),
    }
}

/// A moment in UTC, to the minute.
fn date(ms: u64) -> String {
    let (year, month, day, hour, minute, _) = civil(ms);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// The time of day in the reader's time zone. In the browser only, because the server does not know the zone.
pub(crate) fn time_of_day(ms: u64) -> String {
    let date = js_sys::Date::new(&(ms as f64).into());
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// A time for the reader: only the time of day if it is on the same day as `now`, otherwise with the date; in the
/// reader's time zone, or in UTC.
pub(crate) fn moment(at: Millis, now: Millis, is_local: bool) -> String {
    let text = if is_local { local(at) } else { date(at) };
    let today = if is_local { local(now) } else { date(now) };
    let (day, time) = text.split_at(text.len().min("2026-11-27 ".len()));
    let text = if today.starts_with(day) { time } else { &text };
    if is_local { text.to_owned() } else { format!("{text} UTC") }
}

/// A time in the reader's time zone, to the minute. In the browser only.
fn local(ms: Millis) -> String {
    let date = js_sys::Date::new(&(ms as f64).into());
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// A time in the format of HTML's `datetime` attribute.
pub(crate) fn date_iso(ms: u64) -> String {
    let (year, month, day, hour, minute, second) = civil(ms);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month, day, hour, minute, second in UTC (days to civil date: Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
fn civil(ms: u64) -> (u64, u64, u64, u64, u64, u64) {
    let seconds = ms / 1_000;
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_on_the_days_that_are_easy_to_get_wrong() {
        assert_eq!(date(0), "1970-01-01 00:00");
        assert_eq!(date_iso(951_827_696_000), "2000-02-29T12:34:56Z");
        assert_eq!(date(1_709_164_800_000), "2024-02-29 00:00");
        assert_eq!(date(1_798_761_599_000), "2026-12-31 23:59");
    }

    #[test]
    fn a_guess_is_reported_as_a_guess() {
        assert_eq!(
            [about(180_000, 290_000), about(100, 900), about(200, 8_000)],
            ["3–5 min", "about 1 s", "less than 8 s"]
        );
        assert_eq!([about(2_000, 1_000_000), about(0, 2_400_000)], ["2 s–17 min", "less than 40 min"]);
        assert_eq!([about(19_500, 20_000), about(31_000, 88_000)], ["about 20 s", "30–90 s"]);
        assert_eq!([about(3_700_000, 7_300_000), about(200_000_000, 400_000_000)], ["1–3 h", "2–5 days"]);
    }

    #[test]
    fn a_moment_of_today_has_no_date() {
        let noon = 1_709_208_000_000;
        assert_eq!(moment(noon, noon + 60_000, false), "12:00 UTC");
        assert_eq!(moment(noon, noon + 86_400_000, false), "2024-02-29 12:00 UTC");
    }
}
