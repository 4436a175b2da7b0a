//! What stays when a list is read again: the place that is shown, and the row that the keyboard is on.

use leptos::prelude::*;

use super::ROWS_PER_WINDOW;
use crate::ui::parts::long_list::{RowPositions, Scroll};
use headway_model::library::FolderView;

/// What stays. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Scrolled {
    /// The row that the keyboard is on.
    pub(super) at: RwSignal<u32>,
    /// The row at which a selection with Shift begins.
    pub(super) anchor: RwSignal<Option<u32>>,
    pub(super) scroll: Scroll,
    /// The notice about a selection of rows that are not read yet.
    pub(super) notice: RwSignal<Option<String>>,
    /// Whether any row can be reached by scrolling, which needs the page's program.
    pub(super) is_live: RwSignal<bool>,
    kept: StoredValue<NearRows>,
}

/// The windows near the screen, without the first one.
#[derive(Default)]
struct NearRows {
    view: FolderView,
    from: u32,
    to: u32,
}

impl Scrolled {
    pub(super) fn new() -> Self {
        let is_live = RwSignal::new(false);
        Effect::new(move |_| is_live.set(true));
        Scrolled {
            at: RwSignal::new(0),
            anchor: RwSignal::new(None),
            scroll: Scroll::new(),
            notice: RwSignal::new(None),
            is_live,
            kept: StoredValue::default(),
        }
    }

    /// The rows to read with a view besides the first ones: those near the screen, if it is the same view.
    pub(super) fn near(&self, view: &FolderView) -> (u32, u32) {
        if self.kept.with_value(|kept| kept.view == *view) {
            return self.kept.with_value(|kept| (kept.from, kept.to));
        }
        self.kept.set_value(NearRows { view: view.clone(), from: 0, to: 0 });
        self.at.set(0);
        self.anchor.set(None);
        self.notice.set(None);
        (0, 0)
    }

    /// Notes which rows are near the screen.
    pub(super) fn note(&self, RowPositions { first, rows, .. }: RowPositions) {
        self.kept.update_value(|kept| {
            kept.from = (first / ROWS_PER_WINDOW).max(1) * ROWS_PER_WINDOW;
            kept.to = (first + rows).div_ceil(ROWS_PER_WINDOW) * ROWS_PER_WINDOW;
        });
    }
}
