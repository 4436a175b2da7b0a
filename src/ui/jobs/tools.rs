//! The search over jobs, and the filter by status. Without JavaScript they are a plain form and plain links.

use leptos::prelude::*;

use super::address::JobsAddress;
use crate::base::to;
use crate::ui::nav::{Go, Nav};
use crate::ui::search::{Search, hidden};
use headway_model::find::JobShow;

#[component]
pub(super) fn Tools(address: Memo<JobsAddress>) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let searched = Memo::new(move |_| address.with(|address| address.find.search.clone()));
    let go = Callback::new(move |(text, go): (String, Go)| {
        nav.go(&address.with_untracked(|address| address.searching(text)), go);
    });
    let show = move |(show, _): (JobShow, &'static str)| {
        let here = move || address.with(|address| address.find.show == show).then_some("true");
        view! { <a href=move || address.with(|address| address.showing(show)) aria-current=here>{text(show)}</a> }
    };
    view! {
        <div class="jobs-tools">
            <Search action=to("/jobs") name="search" label="Search jobs" placeholder="Search jobs by title or recipe" searched go>
                {move || hidden("show", address.with(|address| address.find.show.word().into()))}
                {move || hidden("sort", address.with(|address| address.find.sort.word().into()))}
            </Search>
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
        JobShow::Undone => "Undone",
    }
}
