//! Numbers, sizes, times and names as people read them. The server and the browser write the same text, with the
//! marks that the page carries.

mod time;

use super::marks::marks;
use headway_model::bar::outcome_text;
use headway_model::text::{self, grouped};
use headway_model::{Counters, JobStatus, JobSummary};
use serde_json::Value;
pub(crate) use time::{about, date_iso, days, duration, moment, seconds, time_of_day};

/// Writes `48213` as `48,213`, or as the reader's language does.
pub(crate) fn count(number: u64) -> String {
    grouped(number, marks().group)
}

/// A JSON value as people read it: without quotes, brackets and braces.
pub(crate) fn value(value: &Value) -> String {
    let part = |(name, part): (Option<&String>, &Value)| match name {
        Some(name) => format!("{name} {}", self::value(part)),
        None => self::value(part),
    };
    let parts: Vec<_> = match value {
        Value::String(text) => return text.clone(),
        Value::Array(all) => all.iter().map(|one| (None, one)).map(part).collect(),
        Value::Object(all) => all.iter().map(|(name, one)| (Some(name), one)).map(part).collect(),
        plain => return plain.to_string(),
    };
    parts.join(", ")
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

/// A number of things, such as "1 file" or "2,000 files".
pub(crate) fn counted(number: impl Into<u64>, one: &str, many: &str) -> String {
    text::counted(number.into(), marks().group, one, many)
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

/// A text as a sentence: with a capital letter at the beginning and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let mut sentence = capital(text);
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// A text with a capital letter at the beginning, if it begins with a letter of ASCII. The server makes titles in the same
/// way, and the page does without the table of all other capital letters.
pub(crate) fn capital(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// How much of a job's work is done, such as "12 / 82 files". Files that the plan skipped do not count.
pub(crate) fn files(counters: &Counters) -> String {
    let (done, all) = counters.work();
    format!("{} / {}", count(done.into()), counted(all, "file", "files"))
}

/// What a plan would do, such as "34 files planned": for a plan that waits or was never run. `None` for any other job.
pub(crate) fn planned(summary: &JobSummary) -> Option<String> {
    let is_plan = summary.status == JobStatus::Planned || summary.is_planned_only();
    is_plan.then(|| format!("{} planned", counted(summary.counters.to_run(), "file", "files")))
}

/// How much of a job is done, in whole percent; every page uses this. `None` while its files are being listed,
/// because the total is unknown, and if there is nothing to do.
pub(crate) fn percent(summary: &JobSummary) -> Option<u32> {
    summary.counters.percent().filter(|_| !summary.listing || summary.status.is_terminal())
}

/// What became of the items of a job, such as "2 of 5 files done, 1 failed".
pub(crate) fn outcome(counters: &Counters) -> String {
    outcome_text(counters, marks().group)
}

/// What the items of a job are called beside their number: a link or a folder is no file.
pub(crate) fn entries(counters: &Counters) -> &'static str {
    match (counters.files() == counters.total, counters.total) {
        (true, 1) => "file",
        (true, _) => "files",
        (false, 1) => "entry",
        (false, _) => "entries",
    }
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
    fn a_sentence_begins_with_a_capital_letter_and_ends_with_a_full_stop() {
        assert_eq!(["no news", "Done!", "été", ""].map(sentence), ["No news.", "Done!", "été.", "."]);
    }

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
    fn a_value_is_read_without_the_marks_of_json() {
        let json = serde_json::json!({ "blocks": ["Exif", "XMP"], "place": { "lat": 52.5 } });
        assert_eq!(value(&json), "blocks Exif, XMP, place lat 52.5");
    }

    #[test]
    fn a_message_becomes_a_sentence() {
        assert_eq!(sentence("the server did not answer"), "The server did not answer.");
        assert_eq!([sentence("Gone."), sentence("über…")], ["Gone.", "über…"]);
    }

    #[test]
    fn what_was_left_out_and_what_was_missed_are_two_numbers() {
        let apart = |counters: &Counters| (counters.missed, counters.left_out());
        let counters =
            Counters { total: 83, skipped: 1, skipped_in_plan: 1, links: 1, waiting: 82, ..Counters::default() };
        assert_eq!((files(&counters), entries(&counters)), ("0 / 82 files".into(), "entries"));
        assert_eq!(apart(&counters), (0, 1));
        // The number of files beside the bar, and those left out, add up to the entries of the job.
        let some =
            Counters { total: 102, succeeded: 36, skipped: 66, skipped_in_plan: 66, links: 1, ..Counters::default() };
        assert_eq!((files(&some), some.total), ("36 / 36 files".into(), 102));
        assert_eq!(apart(&some), (0, 66));
        let missing = Counters { missed: 1, missed_in_plan: 1, ..some };
        assert_eq!(files(&missing), "36 / 37 files", "what is missed is counted, and not as left out");
        assert_eq!(apart(&missing), (1, 65));
        assert_eq!(files(&Counters { total: 1, succeeded: 1, ..Counters::default() }), "1 / 1 file");
    }

    #[test]
    fn a_query_part_survives_the_url() {
        assert_eq!(query("a/b c&d=%FF#é"), "a/b%20c%26d%3D%25FF%23%C3%A9");
    }
}
