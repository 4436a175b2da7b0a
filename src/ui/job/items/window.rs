//! The rows of a window, and what is known of it.

use headway_model::summary::{ItemPage, ItemView};
use headway_model::{ApiError, window};

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) item: u32,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) attempt: u32,
}

/// Rows in order, and where the next window begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Window {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<u32>,
    /// Whether it is of the fold, not as the server read it.
    pub(super) is_folded: bool,
}

/// What is known of the window at the page's address. No rows but its own ever stand under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// The server has been asked.
    Reading,
    /// It could not be read, and why.
    Failed(ApiError),
    /// These are its rows.
    Rows(Window),
}

impl Known {
    pub(super) fn window(&self) -> Option<&Window> {
        match self {
            Known::Rows(window) => Some(window),
            Known::Reading | Known::Failed(_) => None,
        }
    }

    pub(super) fn rows(&self) -> &[Row] {
        self.window().map_or(&[], |window| &window.rows)
    }
}

impl Row {
    /// A row that is just being taken away.
    pub(super) fn gone(item: u32) -> Self {
        Row { item, status: String::new(), reason: None, attempt: 0 }
    }

    /// Whether a text is of this very moment of the item: of another one only its name holds.
    pub(super) fn is_told_by(&self, text: &ItemView) -> bool {
        text.status == self.status && text.attempt == self.attempt
    }

    /// Whether there is more to say of it than its name.
    pub(super) fn has_story(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "skipped")
    }
}

impl From<window::Window> for Window {
    fn from(window: window::Window) -> Self {
        let row = |row: window::Row| Row {
            item: row.item,
            status: row.status.label().into(),
            reason: row.status.reason().map(Into::into),
            attempt: row.attempt,
        };
        Window { rows: window.rows.into_iter().map(row).collect(), next: window.next, is_folded: true }
    }
}

impl From<&ItemPage> for Window {
    fn from(page: &ItemPage) -> Self {
        let row = |text: &ItemView| Row {
            item: text.item,
            status: text.status.clone(),
            reason: text.reason.clone(),
            attempt: text.attempt,
        };
        Window { rows: page.items.iter().map(row).collect(), next: page.next, is_folded: false }
    }
}
