//! Why there are no rows, and what is not among them.

use leptos::prelude::*;

use crate::ui::parts::format::counted;
use headway_model::library::{FolderView, OutcomeFilter as Filter};

/// The number of entries that are not listed.
#[component]
pub(super) fn NotListed(left_out: u64) -> impl IntoView {
    let what = counted(left_out, "entry", "entries");
    let text = format!(
        "{what} of the system, such as .DS_Store or @eaDir, not listed; a job takes such files only if asked to."
    );
    (left_out > 0).then(|| view! { <p class="ui-hint library-left-out">{text}</p> })
}

/// Why there are no rows.
#[component]
pub(super) fn Nothing(view: FolderView, is_reading: bool) -> impl IntoView {
    let (title, text) = if is_reading {
        ("Nothing found so far", "The disk is still being read; what is found appears here by itself.")
    } else if !view.search.trim().is_empty() {
        ("No file matches", "The search looks at names, here and below; * stands for anything, ? for one character.")
    } else {
        match view.show {
            Filter::All => ("This folder is empty", "Put files into it, then reload this page."),
            Filter::Unprocessed => ("Nothing is left to do", "Every file here and below has been processed."),
            Filter::Processed => {
                ("Nothing is processed yet", "No job has processed a file here or below, or all that did have failed.")
            }
            Filter::Failed => (
                "Nothing failed",
                "No file here or below failed when a recipe last tried it. A failure is shown until the same recipe succeeds with the file.",
            ),
        }
    };
    view! {
        <section class="ui-empty">
            <h2>{title}</h2>
            <p>{text}</p>
        </section>
    }
}
