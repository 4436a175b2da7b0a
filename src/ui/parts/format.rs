//! Numbers, sizes, times and names as people read them. Pure: the server and the browser write the same text.

use headway_model::Counters;

/// `48213` as `48,213`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value of JSON: a text without its quotes.
pub(crate) fn value(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Bytes with a decimal unit.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    if value < 10.0 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
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

/// Items a second.
pub(crate) fn rate(items: u64, ms: u64) -> Option<String> {
    if items == 0 || ms < 500 {
        return None;
    }
    let rate = items as f64 * 1_000.0 / ms as f64;
    Some(if rate < 10.0 { format!("{rate:.1} files/s") } else { format!("{} files/s", count(rate as u64)) })
}

/// A moment in UTC, to the minute.
pub(crate) fn date(ms: u64) -> String {
    let (year, month, day, hour, minute, _) = civil(ms);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// The time of day where the reader is. In the browser only: the server does not know where that is.
pub(crate) fn time_of_day(ms: u64) -> String {
    let date = js_sys::Date::new(&(ms as f64).into());
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// A moment as HTML's `datetime` has it.
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

/// A text as a sentence: with a capital letter in front and a full stop behind.
pub(crate) fn sentence(text: &str) -> String {
    let mut sentence = capital(text);
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// A text with a capital letter in front.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// How many of a job's files are done, such as "12 / 82 files".
pub(crate) fn files(counters: &Counters) -> String {
    format!("{} / {} files", count(counters.files_done().into()), count(counters.files().into()))
}

/// What a job leaves out because it is no file, such as "1 link left out".
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
    fn a_query_part_survives_the_url() {
        assert_eq!(query("a/b c&d=%FF#é"), "a/b%20c%26d%3D%25FF%23%C3%A9");
    }
}
