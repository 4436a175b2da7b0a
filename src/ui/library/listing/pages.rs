//! The ways to the other pages of a list, for browsers without JavaScript, and which rows are here.

use leptos::prelude::*;

use crate::ui::library::address;
use crate::ui::library::scrolled::Scrolled;
use crate::ui::parts::format::{count, counted};
use headway_model::library::{FolderView, RowKey};

/// Which rows are here, and the ways to the others.
#[component]
pub(super) fn Pages(
    /// What the list shows.
    view: FolderView,
    /// How many rows come before the list.
    first: u64,
    /// How many rows came with the page.
    read: usize,
    total: u64,
    /// What the rows are, after their number.
    rows_are: String,
    previous: Option<RowKey>,
    next: Option<RowKey>,
    scrolled: Scrolled,
) -> impl IntoView {
    // Once the page is alive, all rows from the first one on can be reached by scrolling.
    let is_live = scrolled.is_live;
    let place = move || {
        let last = if is_live.get() { total } else { first + read as u64 };
        format!("{}–{} of {}{rows_are}", count(first + 1), count(last), count(total))
    };
    let previous = previous.map(|key| {
        let to = address(&FolderView { before: Some(key), ..view.from_start() });
        view! { <a href=to rel="prev">"← Previous"</a> }
    });
    let next = next.map(|key| {
        let to = address(&view.behind(key));
        view! { <a href=to rel="next" hidden=move || is_live.get()>"Next →"</a> }
    });
    view! {
        <nav class="ui-pages" aria-label="Pages of this list">
            {previous} <span>{place}</span> {next}
        </nav>
    }
    .into_any()
}

/// What the rows are, if they are not all files: `files` of the `total` are. Folders have rows, and the filters and buttons count the files
/// in them as well: there are `below` files in all.
pub(super) fn rows_are(total: u64, files: u64, below: u64) -> String {
    let others = match total.saturating_sub(files) {
        0 => String::new(),
        others => {
            let others = counted(others, "folder or other entry", "folders and other entries");
            format!(": {}, {others}", counted(files, "file", "files"))
        }
    };
    match below > files {
        true => format!("{others} · {} with those in folders", counted(below, "file", "files")),
        false => others,
    }
}

#[cfg(test)]
mod tests {
    use super::rows_are;

    #[test]
    fn rows_that_are_no_files_are_told_apart_from_files() {
        assert_eq!(rows_are(150, 150, 150), "");
        assert_eq!(rows_are(22, 20, 25), ": 20 files, 2 folders and other entries · 25 files with those in folders");
        assert_eq!(rows_are(2, 1, 1), ": 1 file, 1 folder or other entry", "such as a link");
        assert_eq!(rows_are(3, 3, 0), "", "the disk is still being read");
    }
}
