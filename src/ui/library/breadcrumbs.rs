//! The breadcrumbs: where in the library this folder is.

use leptos::prelude::*;

use super::address;
use headway_model::library::FolderView;

/// A link to each parent folder, and the folder's own name as the page's heading.
#[component]
pub(super) fn Breadcrumbs(view: Memo<FolderView>) -> impl IntoView {
    let place = Memo::new(move |_| view.with(|view| (view.library.clone(), view.folder.clone())));
    view! {
        <h1 class="breadcrumbs">
            {move || {
                let (library, folder) = place.get();
                let line = folder.ancestors();
                let last = line.len() - 1;
                line.into_iter()
                    .enumerate()
                    .map(|(index, step)| {
                        let text = if step.is_root() {
                            library.clone()
                        } else {
                            step.shown_name()
                        };
                        let separator = (index > 0).then_some(" / ");
                        if index == last {
                            view! { {separator} <bdi dir="ltr" aria-current="page">{text}</bdi> }.into_any()
                        } else {
                            let view = FolderView { library: library.clone(), folder: step, ..FolderView::default() };
                            view! { {separator} <a href=address(&view)><bdi dir="ltr">{text}</bdi></a> }.into_any()
                        }
                    })
                    .collect_view()
            }}
        </h1>
    }
}
