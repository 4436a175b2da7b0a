//! Numbers, sizes, times and names as people read them. The server and the browser write the same text, with the
//! marks that the page carries.

use super::marks::marks;
use headway_model::id::Millis;
use headway_model::text::grouped;
use headway_model::{Counters, JobSummary};

/// Writes `48213` as `48,213`, or as the reader's language does.
pub(crate) fn count(number: u64) -> String {
    grouped(number, marks().group)
}

/// A JSON value as text; strings without their quotes.
pub(crate) fn value(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Bytes with a decimal unit.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    // Whole numbers only, because the code that formats floating-point numbers would enlarge the client.
    let (mut unit, mut one) = (0, 1_000);
    let rounded = |one: u64| bytes.saturating_add(one / 2) / one;
    while rounded(one) >= 1_000 && unit + 1 < UNITS.len() {
        one *= 1_000;
        unit += 1;
    }
    let tenths = bytes.saturating_add(one / 20) / (one / 10);
    let number = if tenths < 100 { tenth(tenths) } else { rounded(one).to_string() };
    format!("{number} {}", UNITS[unit])
}

/// Tenths as a decimal number.
pub(crate) fn tenth(tenths: u64) -> String {
    format!("{}{}{}", tenths / 10, marks().decimal, tenths % 10)
}

/// A short time to the tenth of a second.
pub(crate) fn seconds(ms: u64) -> String {
    if ms < 50 {
        return "under 0.1 s".into();
    }
    if ms < 10_000 { format!("{} s", tenth(ms.saturating_add(50) / 100)) } else { duration(ms) }
}

/// A number of things, such as "1 file" or "2,000 files".
pub(crate) fn counted(number: impl Into<u64>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{} {}", count(number), if number == 1 { one } else { many })
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

/// A range of times as people say it, such as "3–5 min", "about 20 s" or "1–2 h". It is only as exact as an estimate
/// can be.
pub(crate) fn about(low: u64, high: u64) -> String {
    let (unit, one) = match high {
        0..90_000 => ("s", 1_000),
        90_000..5_400_000 => ("min", 60_000),
        5_400_000..172_800_000 => ("h", 3_600_000),
        _ => ("days", 86_400_000),
    };
    // Round larger numbers to tens.
    let round = |ms: u64, up: bool| {
        let number = if up { ms.div_ceil(one) } else { ms / one };
        match number {
            0 => 0,
            number if number > 20 && up => number.div_ceil(5) * 5,
            number if number > 20 => number / 5 * 5,
            number => number,
        }
    };
    match (round(low, false), round(high, true)) {
        (_, 0 | 1) => format!("about 1 {unit}"),
        (0, high) => format!("up to {high} {unit}"),
        (low, high) if low + 1 >= high => format!("about {high} {unit}"),
        (low, high) => format!("{low}–{high} {unit}"),
    }
}

/// Items a second.
pub(crate) fn rate(items: u64, ms: u64) -> Option<String> {
    if items == 0 || ms < 500 {
        return None;
    }
    let tenths = items.saturating_mul(10_000) / ms;
    let rate = if tenths < 100 && !tenths.is_multiple_of(10) { tenth(tenths) } else { count(tenths / 10) };
    Some(format!("{rate} files/s"))
}

/// A moment in UTC, to the minute.
pub(crate) fn date(ms: u64) -> String {
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

/// A text as a sentence: with a capital letter at the beginning and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let mut sentence = capital(text);
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// A text with a capital letter at the beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// How much of a job's work is done, such as "12 / 82 files". Files that the plan skipped do not count.
pub(crate) fn files(counters: &Counters) -> String {
    let (done, all) = counters.work();
    format!("{} / {} files", count(done.into()), count(all.into()))
}

/// How much of a job is done, in whole percent; every page uses this. `None` while its files are being listed,
/// because the total is unknown, and if there is nothing to do.
pub(crate) fn percent(summary: &JobSummary) -> Option<u32> {
    summary.counters.percent().filter(|_| !summary.listing || summary.status.is_terminal())
}

/// What a job leaves out because it is not a file, such as "1 link left out".
pub(crate) fn left_out(counters: &Counters) -> Option<String> {
    let some = |number: u32, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{} {many}", count(number.into()))),
    };
    let parts = [some(counters.links, "link", "links"), some(counters.others, "special file", "special files")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("{} left out", parts.join(" and ")))
}

/// A text as a part of a query string.
pub(crate) fn query(text: &str) -> String {
    let mut coded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => coded.push(char::from(byte)),
            byte => coded.push_str(&format!("%{byte:02X}")),
        }
    }
    coded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([count(7), count(1_000), count(48_213), count(1_234_567)], ["7", "1,000", "48,213", "1,234,567"]);
        assert_eq!([size(999), size(1_000), size(20_480), size(999_600)], ["999 B", "1.0 kB", "20 kB", "1.0 MB"]);
        assert_eq!([duration(900), duration(61_000), duration(7_500_000)], ["0 s", "1 min 1 s", "2 h 5 min"]);
        assert_eq!(rate(30, 2_000).as_deref(), Some("15 files/s"));
        assert_eq!([rate(9, 1_000), rate(12, 10_000)].map(Option::unwrap_or_default), ["9 files/s", "1.2 files/s"]);
        assert_eq!([seconds(40), seconds(1_144), seconds(61_000)], ["under 0.1 s", "1.1 s", "1 min 1 s"]);
        assert_eq!([size(9_949), size(9_950), size(999_499), size(999_500)], ["9.9 kB", "10 kB", "999 kB", "1.0 MB"]);
        assert_eq!([size(u64::MAX), size(1_500_000)], ["18 EB", "1.5 MB"]);
    }

    #[test]
    fn a_message_becomes_a_sentence() {
        assert_eq!(sentence("the server did not answer"), "The server did not answer.");
        assert_eq!([sentence("Gone."), sentence("über…")], ["Gone.", "Über…"]);
    }

    #[test]
    fn what_is_no_file_is_said_apart() {
        let said = |links, others| left_out(&Counters { links, others, ..Counters::default() });
        assert_eq!(said(0, 0), None);
        assert_eq!(said(1, 0).as_deref(), Some("1 link left out"));
        assert_eq!(said(3_950, 1).as_deref(), Some("3,950 links and 1 special file left out"));
        let counters =
            Counters { total: 83, skipped: 1, skipped_in_plan: 1, links: 1, waiting: 82, ..Counters::default() };
        assert_eq!(files(&counters), "0 / 82 files");
    }

    #[test]
    fn dates_are_right_on_the_days_that_are_easy_to_get_wrong() {
        assert_eq!(date(0), "1970-01-01 00:00");
        assert_eq!(date_iso(951_827_696_000), "2000-02-29T12:34:56Z");
        assert_eq!(date(1_709_164_800_000), "2024-02-29 00:00");
        assert_eq!(date(1_798_761_599_000), "2026-12-31 23:59");
    }

    #[test]
    fn a_guess_is_said_as_one() {
        assert_eq!(
            [about(180_000, 290_000), about(100, 900), about(200, 8_000)],
            ["3–5 min", "about 1 s", "up to 8 s"]
        );
        assert_eq!([about(19_500, 20_000), about(31_000, 88_000)], ["about 20 s", "30–90 s"]);
        assert_eq!([about(3_700_000, 7_300_000), about(200_000_000, 400_000_000)], ["1–3 h", "2–5 days"]);
    }

    #[test]
    fn a_moment_of_today_has_no_date() {
        let noon = 1_709_208_000_000;
        assert_eq!(moment(noon, noon + 60_000, false), "12:00 UTC");
        assert_eq!(moment(noon, noon + 86_400_000, false), "2024-02-29 12:00 UTC");
    }

    #[test]
    fn a_query_part_survives_the_url() {
        assert_eq!(query("a/b c&d=%FF#é"), "a/b%20c%26d%3D%25FF%23%C3%A9");
    }
}
