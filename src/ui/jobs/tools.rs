//! The search over jobs, and the filter by how they stand. Without the page's program both are plain links and a plain form.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::address::Address;
use crate::base::to;
use headway_model::find::JobShow;

#[component]
pub(super) fn Tools(address: Memo<Address>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        let text = field.get_untracked().map(|input| input.value()).unwrap_or_default();
        navigate(&address.with_untracked(|address| address.searching(text)), Default::default());
    };
    let first = address.with_untracked(|address| address.find.search.clone());
    let show = move |(show, _): (JobShow, &'static str)| {
        let here = move || address.with(|address| address.find.show == show).then_some("true");
        view! { <a href=move || address.with(|address| address.showing(show)) aria-current=here>{text(show)}</a> }
    };
    view! {
        <div class="jobs-tools">
            <form role="search" action=to("/jobs") method="get" on:submit=search>
                <input
                    type="search"
                    name="search"
                    class="search"
                    node_ref=field
                    autocomplete="off"
                    aria-label="Search jobs"
                    placeholder="Search jobs by title or recipe"
                    value=first
                />
                <button>"Search"</button>
            </form>
            <nav class="filters" aria-label="Jobs by status">{JobShow::ALL.map(show).collect_view()}</nav>
        </div>
    }
}

fn text(show: JobShow) -> &'static str {
    match show {
        JobShow::All => "All",
        JobShow::Open => "Running or waiting",
        JobShow::Good => "Without failures",
        JobShow::Failures => "With failures",
        JobShow::Cancelled => "Cancelled",
    }
}
