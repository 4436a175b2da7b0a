//! Finding files: the search and the filters.

use leptos::prelude::*;

use super::address;
use crate::base::to;
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::format::count;
use crate::ui::search::{Search, hidden};
use headway_model::library::{FolderView, OutcomeFilter as Filter, Under};

/// The search and the filters. Without JavaScript they are a form and links.
#[component]
pub(super) fn Tools(
    view: Memo<FolderView>,
    /// How many files each filter would show, if that is known.
    numbers: Memo<Option<Under>>,
) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let searched = Memo::new(move |_| view.with(|view| view.search.clone()));
    let go = Callback::new(move |(search, go): (String, Go)| {
        let start = view.with_untracked(FolderView::from_start);
        nav.go(&address(&FolderView { search, ..start }), go);
    });
    let filters = move || {
        let view = view.get();
        Filter::ALL
            .iter()
            .map(|show| {
                let here = view.show == *show;
                let to = FolderView { show: *show, ..view.from_start() };
                let number = move || numbers.with(|numbers| numbers.as_ref().map(|numbers| count(numbers.shown(*show))));
                view! { <a href=address(&to) aria-current=here.then_some("true")>{filter_text(*show)} " " <span class="ui-filters-number">{number}</span></a> }
            })
            .collect_view()
    };
    view! {
        <div class="library-tools">
            <Search
                action=to("/")
                name="search"
                label="Search this folder and below"
                placeholder="Search this folder and below, e.g. IMG or *.jpg"
                searched
                go
            >
                {move || hidden("library", view.with(|view| view.library.clone()))}
                {move || hidden("folder", view.with(|view| view.folder.to_string()))}
                {move || hidden("show", view.with(|view| view.show.query_value().into()))}
                {move || hidden("sort", view.with(|view| view.sort.query_value().into()))}
                {move || hidden("descending", view.with(|view| if view.descending { "true".into() } else { String::new() }))}
            </Search>
            <nav class="ui-filters" aria-label="Filter by last outcome" title="How many files there are here and in the folders below">
                {filters}
            </nav>
        </div>
    }
}

fn filter_text(show: Filter) -> &'static str {
    match show {
        Filter::All => "All",
        Filter::Unprocessed => "Not processed",
        Filter::Processed => "Processed",
        Filter::Failed => "Failed",
    }
}
