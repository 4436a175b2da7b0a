//! Where in the library this folder lies.

use leptos::prelude::*;

use super::link;
use crate::model::RelPath;

/// A link to each folder above this one, and its own name as the page's heading.
#[component]
pub(super) fn Trail(library: Memo<String>, folder: Memo<RelPath>) -> impl IntoView {
    view! {
        <h1 class="trail">
            {move || {
                let folder = folder.get();
                let name = library.get();
                let line = folder.ancestors();
                let last = line.len() - 1;
                line.into_iter()
                    .enumerate()
                    .map(|(index, step)| {
                        let text = if step.is_root() { name.clone() } else { step.name().to_owned() };
                        let separator = (index > 0).then_some(" / ");
                        if index == last {
                            view! { {separator} <span aria-current="page">{text}</span> }.into_any()
                        } else {
                            view! { {separator} <a href=link(&name, &step, 0)>{text}</a> }.into_any()
                        }
                    })
                    .collect_view()
            }}
        </h1>
    }
}
