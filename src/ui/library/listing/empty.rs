//! Why there are no rows, and what is not among them.

use leptos::prelude::*;

use crate::ui::parts::format::counted;
use crate::ui::parts::may_act;
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

/// How files get into an empty folder. Where a library is on the disk is told to the owner of the server alone, so it has its name.
fn how_to_fill(view: &FolderView, may_act: bool) -> String {
    let folder = match view.folder.is_root() {
        true => format!("the folder that is served as {:?}", view.library),
        false => "it".to_owned(),
    };
    match may_act {
        true => format!("Put files into {folder}, then press Refresh."),
        false => format!("What is put into {folder} is listed once the page is loaded again."),
    }
}

/// Why there are no rows.
#[component]
pub(super) fn Nothing(view: FolderView, is_reading: bool) -> impl IntoView {
    let (title, text) = if is_reading {
        ("Nothing found so far", "The disk is still being read; what is found appears here by itself.".to_owned())
    } else if !view.search.trim().is_empty() {
        let text = "The search looks at names, here and below; * stands for anything, ? for one character.";
        ("No file matches", text.to_owned())
    } else {
        match view.show {
            Filter::All => ("This folder is empty", how_to_fill(&view, may_act())),
            Filter::Unprocessed => {
                ("Nothing is left to do", "Every file here and below has been processed.".to_owned())
            }
            Filter::Processed => {
                let text = "No job has processed a file here or below, or all that did have failed.";
                ("Nothing is processed yet", text.to_owned())
            }
            Filter::Failed => {
                let text = "No file here or below failed when a recipe last tried it. A failure is shown until the same recipe succeeds with the file.";
                ("Nothing failed", text.to_owned())
            }
        }
    };
    view! {
        <section class="ui-empty">
            <h2>{title}</h2>
            <p>{text}</p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_library_says_into_which_folder_files_go() {
        let root = FolderView { library: "photos".into(), ..FolderView::default() };
        assert_eq!(
            how_to_fill(&root, true),
            r#"Put files into the folder that is served as "photos", then press Refresh."#
        );
        let below = FolderView { folder: "a".parse().expect("a path"), ..root };
        assert_eq!(how_to_fill(&below, true), "Put files into it, then press Refresh.");
        assert!(!how_to_fill(&below, false).contains("Refresh"), "whoever only reads has no such button");
    }
}
