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

/// The marks of the page that this program runs in; always set in a browser, and never on a server, which has readers of every
/// language.
static MARKS_OF_PAGE: OnceLock<Marks> = OnceLock::new();

impl Default for Marks {
    fn default() -> Self {
        Marks::new(',', '.')
    }
}

impl Marks {
    /// Marks between groups of three digits, and before the tenths.
    pub const fn new(group: char, decimal: char) -> Self {
        Marks { group, decimal }
    }

    /// The marks as the page carries them; `None` for those that need not be carried.
    pub(in crate::ui) fn carried(self) -> Option<String> {
        (self != Marks::default()).then(|| [self.group, self.decimal].into_iter().collect())
    }

    /// Declares that this program runs in a page that carries this.
    pub(in crate::ui) fn of_page(carried: &str) {
        let mut marks = carried.chars();
        let marks = marks.next().zip(marks.next()).map(|(group, decimal)| Marks { group, decimal });
        MARKS_OF_PAGE.set(marks.unwrap_or_default()).ok();
    }
}

/// The marks of the page that is rendered, or that this program runs in.
pub(in crate::ui) fn marks() -> Marks {
    MARKS_OF_PAGE.get().copied().or_else(use_context).unwrap_or_default()
}
