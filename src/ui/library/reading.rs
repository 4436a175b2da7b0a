//! Reads a list, and the rows of it that come near the screen or are selected.

use leptos::prelude::*;

use super::offer::ListRead;
use super::read_rows::ReadRows;
use crate::api;
use crate::ui::parts::long_list::RowPositions;
use headway_model::ApiError;
use headway_model::library::FolderView;

/// Reads what a view asks for and, of the same list, the rows from `from` until `to`.
pub(super) async fn list(view: FolderView, refresh: bool, (from, to): (u32, u32)) -> ListRead {
    let page = api::folder(view.clone(), refresh).await;
    let mut read = ListRead { view, page, near: Vec::new(), near_at: from };
    if from < to
        && let Ok(page) = &mut read.page
    {
        match api::folder(part(&read.view, page.first, from, to), false).await {
            Ok(near) => (page.total, read.near) = (near.total, near.entries),
            Err(error) => read.page = Err(error),
        }
    }
    read
}

/// The view of some rows of a list that begins after the first `first` rows.
fn part(view: &FolderView, first: u64, from: u32, to: u32) -> FolderView {
    let skip = u32::try_from(first).unwrap_or(u32::MAX).saturating_add(from);
    view.part(skip, to - from)
}

/// How many rows a list has that begins after the first `first` rows.
pub(super) fn rows_of(total: u64, first: u64) -> u32 {
    u32::try_from(total.saturating_sub(first)).unwrap_or(u32::MAX)
}

/// Reads the rows of a list that are missing. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct RowReader {
    pub(super) view: StoredValue<FolderView>,
    /// How many rows come before the list.
    pub(super) first: u64,
    pub(super) rows: RwSignal<ReadRows>,
    /// Reads the list again.
    pub(super) again: Callback<()>,
}

impl RowReader {
    /// Reads until no row from `from` until `to` is missing. Returns false if the list has changed meanwhile, and is read
    /// again, or if another list is shown by now.
    pub(super) async fn read(self, from: u32, to: u32) -> Result<bool, ApiError> {
        loop {
            let Some(missing) = self.rows.try_with_untracked(|rows| rows.missing(from, to)) else { return Ok(false) };
            let Some(span) = missing else { return Ok(true) };
            let view = self.view.try_with_value(|view| part(view, self.first, span.0, span.1));
            let Some(view) = view else { return Ok(false) };
            let page = api::folder(view, false).await?;
            let total = rows_of(page.total, self.first);
            let is_added = self.rows.try_update(|rows| rows.add(span, total, page.entries));
            if is_added == Some(false) {
                self.again.run(());
            }
            if is_added != Some(true) {
                return Ok(false);
            }
        }
    }

    /// Reads what is missing near the screen, whenever that changes.
    pub(super) fn follow(self, place: Memo<RowPositions>, reading: RwSignal<bool>, wrong: RwSignal<Option<ApiError>>) {
        Effect::new(move |_| {
            let RowPositions { first, rows, .. } = place.get();
            let is_missing = self.rows.with(|all| all.missing(first, first + rows).is_some());
            if !is_missing || reading.get() || wrong.with(Option::is_some) {
                return;
            }
            reading.set(true);
            leptos::task::spawn_local(async move {
                match self.read(first, first + rows).await {
                    Ok(true) => {}
                    // The list is read again.
                    Ok(false) => return,
                    Err(error) => drop(wrong.try_set(Some(error))),
                }
                reading.try_set(false);
            });
        });
    }
}
