//! What a job asks of its files, in the words of the start sheet and of the settings of a job.

use super::format::moment;
use headway_model::Conditions;
use headway_model::conditions::{AgeLimit, ago_text, bytes_text};

/// Such as "at least 10 MB" and "changed within 7d". Dates are in the reader's time zone, or in UTC.
pub(in crate::ui) fn condition_words(conditions: &Conditions, is_local: bool) -> Vec<String> {
    let Conditions { min_size, max_size, newer_than, older_than, types, counted_from: _ } = conditions;
    let newer = |limit: AgeLimit| match limit {
        AgeLimit::AgoMs(ago) => format!("changed within {}", ago_text(ago)),
        AgeLimit::AtMs(at) => format!("changed after {}", day(at, is_local)),
    };
    let older = |limit: AgeLimit| match limit {
        AgeLimit::AgoMs(ago) => format!("not changed for {}", ago_text(ago)),
        AgeLimit::AtMs(at) => format!("last changed before {}", day(at, is_local)),
    };
    let parts = [
        min_size.map(|bytes| format!("at least {}", exact_size(bytes))),
        max_size.map(|bytes| format!("at most {}", exact_size(bytes))),
        newer_than.map(newer),
        older_than.map(older),
    ];
    let kinds = (!types.is_empty()).then(|| types.iter().map(|name| type_label(name)).collect::<Vec<_>>().join(" or "));
    parts.into_iter().flatten().chain(kinds).collect()
}

/// A type as a person reads it: one of the classes, or a media type as it is.
pub(in crate::ui) fn type_label(name: &str) -> &str {
    match name {
        "image" => "images",
        "video" => "videos",
        "document" => "documents",
        "archive" => "archives",
        other => other,
    }
}

/// A moment as it is typed: the day alone, if it is the beginning of one.
pub(in crate::ui) fn day(at: u64, is_local: bool) -> String {
    let text = moment(at, 0, is_local);
    let end = if is_local { " 00:00" } else { " 00:00 UTC" };
    text.strip_suffix(end).map(str::to_owned).unwrap_or(text)
}

/// A size to the byte, since a limit that is rounded is another one.
fn exact_size(bytes: u64) -> String {
    let text = bytes_text(bytes);
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len()));
    format!("{number} {unit}B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_said_to_the_byte_and_to_the_day() {
        let said = condition_words(
            &Conditions {
                min_size: Some(10_000_000),
                max_size: Some(1_500),
                newer_than: Some(AgeLimit::AgoMs(604_800_000)),
                older_than: Some(AgeLimit::AtMs(1_704_067_200_000)),
                types: vec!["image".into(), "text/rtf".into()],
                counted_from: Some(1),
            },
            false,
        );
        let expected = [
            "at least 10 MB",
            "at most 1500 B",
            "changed within 1w",
            "last changed before 2024-01-01",
            "images or text/rtf",
        ];
        assert_eq!(said, expected);
        let later = Conditions { older_than: Some(AgeLimit::AtMs(1_704_070_800_000)), ..Conditions::default() };
        assert_eq!(condition_words(&later, false), ["last changed before 2024-01-01 01:00 UTC"]);
        assert!(condition_words(&Conditions::default(), false).is_empty());
    }
}
