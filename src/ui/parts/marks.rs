//! How the reader's language writes numbers. The server chooses by the languages that the browser asks for, and the page
//! carries the choice, so that the server and the browser write the same text.

use std::sync::OnceLock;

use leptos::prelude::use_context;

/// The marks in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Between groups of three digits.
    pub(super) group: char,
    /// Before the tenths.
    pub(super) decimal: char,
}

/// The marks of the page that this program runs in; never set on a server, which has readers of every language.
static PAGE: OnceLock<Marks> = OnceLock::new();

const POINT: Marks = Marks { group: ',', decimal: '.' };

impl Default for Marks {
    fn default() -> Self {
        POINT
    }
}

impl Marks {
    /// The marks as the page carries them; `None` for those that need not be carried.
    pub(in crate::ui) fn carried(self) -> Option<String> {
        (self != POINT).then(|| [self.group, self.decimal].into_iter().collect())
    }

    /// Declares that this program runs in a page with these marks.
    pub(in crate::ui) fn of_page(text: &str) {
        let mut marks = text.chars();
        if let (Some(group), Some(decimal)) = (marks.next(), marks.next()) {
            PAGE.set(Marks { group, decimal }).ok();
        }
    }
}

/// The marks of the page that is rendered, or that this program runs in.
pub(in crate::ui) fn marks() -> Marks {
    let here = if cfg!(feature = "ssr") { use_context() } else { PAGE.get().copied() };
    here.unwrap_or_default()
}

#[cfg(feature = "ssr")]
mod languages {
    use super::{Marks, POINT};

    const COMMA: Marks = Marks { group: '.', decimal: ',' };
    const SPACE: Marks = Marks { group: '\u{a0}', decimal: ',' };
    const NARROW: Marks = Marks { group: '\u{202f}', decimal: ',' };
    const SWISS: Marks = Marks { group: '’', decimal: '.' };

    /// Languages, each with its marks. A language of a region counts before the language itself.
    const LANGUAGES: [(&[&str], Marks); 5] = [
        (&["de-ch", "de-li", "it-ch"], SWISS),
        (&["de-at", "en-za", "pt-pt"], SPACE),
        (&["en", "zh", "ja", "ko", "he", "th", "hi", "es-mx", "es-us", "es-419"], POINT),
        (&["fr"], NARROW),
        (
            &["de", "nl", "es", "it", "pt", "id", "tr", "da", "el", "ro", "vi", "hr", "sl", "sr", "ca", "gl", "is"],
            COMMA,
        ),
    ];

    /// These write numbers with spaces and a comma.
    const SPACED: [&str; 16] =
        ["ru", "uk", "be", "pl", "cs", "sk", "fi", "sv", "nb", "nn", "no", "hu", "bg", "lt", "lv", "et"];

    impl Marks {
        /// The marks of the language that the reader likes best, of those that are known, by the header `Accept-Language`.
        pub fn of(accepted: &str) -> Self {
            let mut wishes: Vec<(u32, &str)> =
                accepted.split(',').map(wish).filter(|(weight, _)| *weight > 0).collect();
            // Equal wishes stay in their order.
            wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
            wishes.into_iter().find_map(|(_, language)| known(&language.to_lowercase())).unwrap_or_default()
        }
    }

    /// A language, and its weight in thousandths.
    fn wish(text: &str) -> (u32, &str) {
        let mut parts = text.split(';').map(str::trim);
        let language = parts.next().unwrap_or_default();
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse::<f64>().ok());
        let weight = weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or_default();
        ((weight * 1_000.0) as u32, language)
    }

    fn known(language: &str) -> Option<Marks> {
        let listed =
            |wanted: &str| LANGUAGES.iter().find(|(names, _)| names.contains(&wanted)).map(|(_, marks)| *marks);
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
                assert_eq!(Marks::of(accepted), marks, "{accepted:?}");
            }
        }
    }
}
