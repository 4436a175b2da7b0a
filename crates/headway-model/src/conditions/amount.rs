//! Sizes, ages and dates as people type them, in a terminal and on the page: `10M`, `7d`, `2024-01-01`.

use super::super::id::Millis;

/// Tells a person whose size was not understood how to write one.
pub const SIZE_FORM: &str =
    "write a whole number of bytes, with a unit if you like: 500k, 10M, 2GB, or 10Mi for 1,024 × 1,024 × 10";

/// Tells a person whose age was not understood how to write one.
pub const AGE_FORM: &str = "write an age such as 90s, 30min, 12h, 7d or 2w, or a date such as 2024-01-01";

/// Units of sizes, the larger ones first. Those of 1,000 are the ones in which Headway shows sizes.
const SIZES: [(&str, u64); 8] = [
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
];

/// Units of ages in milliseconds, the larger ones first.
const AGES: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("m", 60_000), ("s", 1_000)];

/// Reads a size in bytes. `k`, `M`, `G` and `T` are powers of 1,000 and `Ki`, `Mi`, `Gi` and `Ti` powers of 1,024, in any case and
/// with or without a `B`. `None` if it is no size.
pub fn bytes_of(text: &str) -> Option<u64> {
    let (number, unit) = parts(text)?;
    let unit = unit.strip_suffix(['b', 'B']).unwrap_or(unit);
    if unit.is_empty() { Some(number) } else { number.checked_mul(of(&SIZES, unit)?) }
}

/// Reads an age in milliseconds. It has a unit, since a number alone is minutes to one program and days to another. `None` if it
/// is no age.
pub fn ago_of(text: &str) -> Option<Millis> {
    let (number, unit) = parts(text)?;
    number.checked_mul(of(&AGES, unit)?)
}

/// Reads a date, `2024-01-01`: year, month and day. Whether the month has that day, and when the day begins, is up to the zone of
/// the reader. `None` if it is no date.
pub fn date_of(text: &str) -> Option<(u32, u32, u32)> {
    let number = |text: &str, length: usize| {
        let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<u32>().ok() } else { None }
    };
    let (year, rest) = text.trim().split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let date = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    (date.0 >= 1970 && (1..=12).contains(&date.1) && (1..=31).contains(&date.2)).then_some(date)
}

/// A size, exact to the byte, as a person would type it.
pub fn bytes_text(bytes: u64) -> String {
    typed(&SIZES, bytes)
}

/// An age, exact to the second, as a person would type it.
pub fn ago_text(ms: Millis) -> String {
    if ms < 1_000 { "0s".to_owned() } else { typed(&AGES, ms - ms % 1_000) }
}

/// The number and the unit of a text.
fn parts(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

fn of(units: &[(&str, u64)], unit: &str) -> Option<u64> {
    units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, one)| *one)
}

/// An amount in the largest unit of which it is a whole number.
fn typed(units: &[(&str, u64)], amount: u64) -> String {
    let unit = units.iter().find(|(_, one)| amount > 0 && amount.is_multiple_of(*one));
    unit.map_or_else(|| amount.to_string(), |(name, one)| format!("{}{name}", amount / one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_unless_their_unit_says_otherwise() {
        for (text, bytes) in [
            ("0", 0),
            ("1500", 1_500),
            ("7B", 7),
            ("10k", 10_000),
            ("10M", 10_000_000),
            ("10 MB", 10_000_000),
            ("10m", 10_000_000),
            ("10Mi", 10 << 20),
            ("10MiB", 10 << 20),
            ("2G", 2_000_000_000),
            (" 3Ti ", 3 << 40),
        ] {
            assert_eq!(bytes_of(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "-1", "+1", "1.5G", "1,5G", "10 X", "10MM", "99999999999T", "ten"] {
            assert_eq!(bytes_of(text), None, "{text}");
        }
    }

    #[test]
    fn ages_have_a_unit_and_dates_have_digits() {
        let day = 86_400_000;
        for (text, ms) in [
            ("90s", 90_000),
            ("30min", 1_800_000),
            ("5m", 300_000),
            ("12h", day / 2),
            ("7d", 7 * day),
            ("2w", 14 * day),
        ] {
            assert_eq!(ago_of(text), Some(ms), "{text}");
        }
        assert!(["", "7", "d", "-7d", "7y", "1M2d"].iter().all(|text| ago_of(text).is_none()));
        assert_eq!(date_of("2024-02-29"), Some((2024, 2, 29)));
        for text in
            ["2024", "2024-1-1", "24-01-01", "2024-13-01", "2024-01-32", "1969-12-31", "2024-01-01T00", "é024-01-01"]
        {
            assert_eq!(date_of(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for bytes in [0, 1, 999, 1_000, 1_024, 1_048_576, 10_000_000, 1_500_000_000, u64::MAX] {
            assert_eq!(bytes_of(&bytes_text(bytes)), Some(bytes));
        }
        for ms in [0, 1_000, 60_000, 5_400_000, 604_800_000, 86_400_000] {
            assert_eq!(ago_of(&ago_text(ms)), Some(ms));
        }
        assert_eq!([bytes_text(10_000_000), bytes_text(1 << 20), ago_text(90_500)], ["10M", "1Mi", "90s"]);
    }
}
