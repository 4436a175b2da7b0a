//! A hundred rows of a list. Far from the screen, an empty row of the same height replaces them, so that a list of
//! any length is as fast as a short one.

use leptos::html;
use leptos::prelude::*;

use super::entry::EntryRow;
use super::{ROWS_PER_WINDOW, Selection};
use crate::ui::parts::{Zone, visibility};
use headway_model::SortedMap;
use headway_model::library::{Entry, FolderView};

/// What stays when the list is read again.
#[derive(Clone, Copy)]
pub(super) struct Scrolled {
    /// The row that the keyboard is on.
    pub(super) at: RwSignal<usize>,
    /// The row at which a selection with Shift begins.
    pub(super) anchor: RwSignal<Option<usize>>,
    kept: StoredValue<KeptRows>,
}

#[derive(Default)]
struct KeptRows {
    view: FolderView,
    rows: usize,
    /// The heights of replaced windows.
    away: SortedMap<usize, Height>,
}

/// A height in hundredths of a pixel: browsers lay out in steps that are not much smaller, and the code that writes
/// floating-point numbers is large.
#[derive(Clone, Copy, Default)]
struct Height(u32);

impl Height {
    fn of(pixels: f64) -> Self {
        Height((pixels * 100.0).round() as u32)
    }

    fn in_css(self) -> String {
        format!("{}.{:02}px", self.0 / 100, self.0 % 100)
    }
}

impl Scrolled {
    pub(super) fn new() -> Self {
        Scrolled { at: RwSignal::new(0), anchor: RwSignal::new(None), kept: StoredValue::default() }
    }

    /// How many rows of a view to read: as many as before, if it is the same view.
    pub(super) fn rows(&self, view: &FolderView) -> usize {
        if self.kept.with_value(|kept| kept.view == *view) {
            return self.kept.with_value(|kept| kept.rows).max(ROWS_PER_WINDOW);
        }
        self.kept.set_value(KeptRows { view: view.clone(), ..KeptRows::default() });
        self.at.set(0);
        self.anchor.set(None);
        ROWS_PER_WINDOW
    }

    /// Notes how many rows there are now.
    pub(super) fn grown(&self, rows: usize) {
        self.kept.update_value(|kept| kept.rows = rows);
    }

    fn height(&self, window: usize) -> Option<Height> {
        self.kept.with_value(|kept| kept.away.get(&window).copied())
    }

    fn set_height(&self, window: usize, height: Option<Height>) {
        self.kept.update_value(|kept| match height {
            Some(height) => drop(kept.away.insert(window, height)),
            None => drop(kept.away.remove(&window)),
        });
    }
}

/// One window.
#[component]
pub(super) fn Window(
    /// Its number.
    number: usize,
    /// How many rows come before the first one read.
    first: u64,
    /// All rows read so far.
    entries: RwSignal<Vec<Entry>>,
    /// What the list shows.
    view: FolderView,
    selected: RwSignal<Selection>,
    scrolled: Scrolled,
    zone: Zone,
    /// Selects or deselects a row, or every row from the last one to it.
    toggle: Callback<(usize, bool, bool)>,
) -> impl IntoView {
    let (from, to) = (number * ROWS_PER_WINDOW, (number + 1) * ROWS_PER_WINDOW);
    let body = NodeRef::<html::Tbody>::new();
    let is_near = RwSignal::new(scrolled.height(number).is_none());
    // The row with the keyboard focus must stay in the page.
    let is_shown = Memo::new(move |_| is_near.get() || (from..to).contains(&scrolled.at.get()));
    Effect::new(move |_| {
        let Some(body) = body.get() else { return };
        let measured = body.clone();
        visibility::watch(&body, move |is| {
            let height = (!is).then(|| Height::of(measured.get_bounding_client_rect().height()));
            scrolled.set_height(number, height);
            is_near.set(is);
        });
    });
    let rows = move || {
        if !is_shown.get() {
            let height = scrolled.height(number).unwrap_or_default();
            let height = height.in_css();
            return view! { <tr class="library-room" aria-hidden="true"><td colspan="5" style:height=height></td></tr> }
                .into_any();
        }
        let entries = entries.with_untracked(|all| all.get(from..to.min(all.len())).unwrap_or_default().to_vec());
        let row = |(index, entry)| {
            let (view, at) = (view.clone(), scrolled.at);
            view! { <EntryRow entry index=from + index first view selected zone at toggle /> }
        };
        entries.into_iter().enumerate().map(row).collect_view().into_any()
    };
    view! { <tbody node_ref=body>{rows}</tbody> }
}

#[cfg(test)]
mod tests {
    use super::Height;

    #[test]
    fn a_height_is_written_as_css_reads_it() {
        let said = [0.0, 37.0, 3_300.5, 3_712.046_875].map(|pixels| Height::of(pixels).in_css());
        assert_eq!(said, ["0.00px", "37.00px", "3300.50px", "3712.05px"]);
    }
}
