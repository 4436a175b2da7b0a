//! The rows that are shown, and what is known about them.

use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::summary::{ItemPage, ItemView};
use headway_model::window::ItemsPart;
use headway_model::{ApiError, window};

/// An item and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui::job) struct ShownItem {
    pub(in crate::ui::job) item: u32,
    /// `None` if the row is being removed.
    pub(in crate::ui::job) status: Option<ItemLabel>,
    pub(in crate::ui::job) is_missed: bool,
    pub(in crate::ui::job) reason: Option<String>,
    pub(in crate::ui::job) attempt: u32,
}

/// Rows in order: a part of a list, or a page of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ItemsWindow {
    pub(super) rows: Vec<ShownItem>,
    /// Where the next page begins, if this is a page.
    pub(super) next: Option<u32>,
    /// How many rows of the list come before it, if this is a part.
    pub(super) first: u32,
    /// How many rows the list has, if this is a part.
    pub(super) total: Option<u32>,
    /// Whether it comes from the fold rather than from the server.
    pub(super) is_folded: bool,
}

/// What is known about the items at the page's address. Rows of another address are never shown under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// The server has been asked.
    Reading,
    /// It could not be read, and why.
    Failed(ApiError),
    /// These are its rows.
    Rows(ItemsWindow),
}

impl ItemsWindow {
    /// A part of a list, beginning with row `first`.
    pub(super) fn part(listed: ItemsPart, first: u32) -> Self {
        let rows = listed.rows.into_iter().map(ShownItem::from).collect();
        ItemsWindow { rows, next: None, first, total: Some(listed.total), is_folded: true }
    }
}

impl Known {
    pub(super) fn window(&self) -> Option<&ItemsWindow> {
        match self {
            Known::Rows(window) => Some(window),
            Known::Reading | Known::Failed(_) => None,
        }
    }

    pub(super) fn rows(&self) -> &[ShownItem] {
        self.window().map_or(&[], |window| &window.rows)
    }

    /// How many rows of the list come before these.
    pub(super) fn first(&self) -> u32 {
        self.window().map_or(0, |window| window.first)
    }

    /// How many rows the user can navigate to.
    pub(super) fn whole(&self) -> u32 {
        self.window().map_or(0, |window| window.total.unwrap_or(window.rows.len() as u32))
    }
}

impl ShownItem {
    /// A row that is being removed.
    pub(super) fn gone(item: u32) -> Self {
        ShownItem { item, status: None, is_missed: false, reason: None, attempt: 0 }
    }

    /// The one of the job's numbers that counts it.
    pub(in crate::ui::job) fn counted(&self) -> Option<StatusFilter> {
        self.status.map(|label| StatusFilter::counting(label, self.is_missed))
    }

    /// Whether a text belongs to this state of the item. If it does not, only its name is used.
    pub(in crate::ui::job) fn matches_text(&self, text: &ItemView) -> bool {
        Some(text.status) == self.status && text.attempt == self.attempt
    }

    /// Whether the server can have more text about it than its name.
    pub(super) fn has_story(&self) -> bool {
        matches!(self.status, Some(ItemLabel::Succeeded | ItemLabel::Failed | ItemLabel::Skipped))
    }
}

impl From<window::Row> for ShownItem {
    fn from(row: window::Row) -> Self {
        ShownItem {
            item: row.item,
            status: Some(row.status.label()),
            is_missed: row.status.is_missed(),
            reason: row.status.reason().map(Into::into),
            attempt: row.attempt,
        }
    }
}

impl From<&ItemView> for ShownItem {
    fn from(text: &ItemView) -> Self {
        ShownItem {
            item: text.item,
            status: Some(text.status),
            is_missed: text.missed,
            reason: text.reason.clone(),
            attempt: text.attempt,
        }
    }
}

impl From<window::Window> for ItemsWindow {
    fn from(window: window::Window) -> Self {
        let rows = window.rows.into_iter().map(ShownItem::from).collect();
        ItemsWindow { rows, next: window.next, is_folded: true, ..ItemsWindow::default() }
    }
}

impl From<&ItemPage> for ItemsWindow {
    fn from(page: &ItemPage) -> Self {
        ItemsWindow {
            rows: page.items.iter().map(ShownItem::from).collect(),
            next: page.next,
            ..ItemsWindow::default()
        }
    }
}
