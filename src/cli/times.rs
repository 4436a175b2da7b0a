//! Times on the command line.

use std::time::Duration;

/// Reads `500ms`, `30`, `30s`, `5m`, `2h` or `1d`, for clap, which takes the error's text.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("invalid time {text:?}; write 500ms, 30s, 5m, 2h or 1d");
    let (number, unit) = text.split_at(text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len()));
    let unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * unit;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        let all = ["500ms", "30", "1.5m", "2h", "1d"].map(|text| duration(text).expect(text).as_millis());
        assert_eq!(all, [500, 30_000, 90_000, 7_200_000, 86_400_000]);
        assert!(["", "s", "-1", "1w", "1e99", "nan"].iter().all(|text| duration(text).is_err()));
    }
}
