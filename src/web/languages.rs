//! The languages that a browser asks for, and how each writes numbers.

use crate::ui::Marks;

const POINT: Marks = Marks::new(',', '.');
const COMMA: Marks = Marks::new('.', ',');
const SPACE: Marks = Marks::new('\u{a0}', ',');
const NARROW: Marks = Marks::new('\u{202f}', ',');
const SWISS: Marks = Marks::new('’', '.');

/// Languages, each with its marks. A language of a region counts before the language itself.
const LANGUAGES: [(&[&str], Marks); 5] = [
    (&["de-ch", "de-li", "it-ch"], SWISS),
    (&["de-at", "en-za", "pt-pt"], SPACE),
    (
        &[
            "en", "zh", "ja", "ko", "he", "th", "hi", "es-mx", "es-us", "es-419", "es-pe", "es-gt", "es-hn", "es-ni",
            "es-pa", "es-pr", "es-sv", "es-do", "es-cu",
        ],
        POINT,
    ),
    (&["fr"], NARROW),
    (&["de", "nl", "es", "it", "pt", "id", "tr", "da", "el", "ro", "vi", "hr", "sl", "sr", "ca", "gl", "is"], COMMA),
];

/// These write numbers with spaces and a comma.
const SPACED: [&str; 16] =
    ["ru", "uk", "be", "pl", "cs", "sk", "fi", "sv", "nb", "nn", "no", "hu", "bg", "lt", "lv", "et"];

/// The marks of the language that the reader likes best, of those that are known, by the header `Accept-Language`.
pub(super) fn marks(accepted: &str) -> Marks {
    let mut wishes: Vec<(u32, &str)> = accepted.split(',').map(wish).filter(|(weight, _)| *weight > 0).collect();
    // Languages of equal weight stay in their order.
    wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wishes.into_iter().find_map(|(_, language)| marks_of(&language.to_lowercase())).unwrap_or_default()
}

/// A language, and its weight in thousandths.
fn wish(text: &str) -> (u32, &str) {
    let mut parts = text.split(';').map(str::trim);
    let language = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse::<f64>().ok());
    let weight = weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or_default();
    ((weight * 1_000.0) as u32, language)
}

fn marks_of(language: &str) -> Option<Marks> {
    let listed = |wanted: &str| LANGUAGES.iter().find(|(names, _)| names.contains(&wanted)).map(|(_, marks)| *marks);
    let plain = language.split('-').next().unwrap_or_default();
    listed(language).or_else(|| listed(plain)).or_else(|| SPACED.contains(&plain).then_some(SPACE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_liked_best_decides_and_an_unknown_one_leaves_it_to_the_next() {
        for (accepted, marks) in [
            ("", POINT),
            ("en-GB,en;q=0.9", POINT),
            ("de-DE,de;q=0.9,en;q=0.8", COMMA),
            ("de-CH", SWISS),
            ("tlh, fr;q=0.7, en;q=0.3", NARROW),
            ("en;q=0.5, sv;q=0.9", SPACE),
            ("es-MX", POINT),
            ("de;q=0, en", POINT),
            ("de;q=nonsense", POINT),
            ("*", POINT),
        ] {
            assert_eq!(super::marks(accepted), marks, "{accepted:?}");
        }
    }
}
