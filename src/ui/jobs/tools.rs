//! The search over jobs, and the filter by status. Without JavaScript they are a plain form and plain links.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::address::JobsAddress;
use crate::base::to;
use crate::ui::nav::{Go, Nav};
use headway_model::find::JobShow;

#[component]
pub(super) fn Tools(address: Memo<JobsAddress>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let nav = expect_context::<Nav>();
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        let text = field.get_untracked().map(|input| input.value()).unwrap_or_default();
        nav.go(&address.with_untracked(|address| address.searching(text)), Go::There);
    };
    let first = address.with_untracked(|address| address.find.search.clone());
    let applied = move || address.with(|address| address.find.search.clone());
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
                    class="ui-search"
                    node_ref=field
                    autocomplete="off"
                    aria-label="Search jobs"
                    placeholder="Search jobs by title or recipe"
                    value=first
                    prop:value=applied
                />
                <button>"Search"</button>
            </form>
            <nav class="ui-filters" aria-label="Jobs by status">{JobShow::ALL.map(show).collect_view()}</nav>
        </div>
    }
}

fn text(show: JobShow) -> &'static str {
    match show {
        JobShow::All => "All",
        JobShow::Open => "Running or waiting",
        JobShow::Good => "Without failures",
        JobShow::Failures => "With failures",
        JobShow::Cancelled => "Cancelled or planned only",
    }
}
