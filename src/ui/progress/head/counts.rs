//! How many files have which status. Each number is a link to those files.

use leptos::prelude::*;

use super::Summary;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{Icon, format, words};
use headway_model::bar::{READ, number};
use headway_model::item::ItemLabel;
use headway_model::{Counters, JobId, Seq};

/// A number for each status of a file, and their sum.
#[component]
pub(super) fn Counts(job: JobId, summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let row = move |label: ItemLabel| {
        let number = Memo::new(move |_| counters.with(|counters| number(counters, label)));
        view! {
            <li class="head-count" data-status=label.name() data-zero=move || (number.get() == 0).then_some("true")>
                <a href=move || door(job, Some(label), live.past_of(job).map(|moment| moment.seq())) on:click=move |_| live.put_away()>
                    <Icon of=label />
                    <b class="head-number">{move || format::count(number.get().into())}</b>
                    " "
                    {words::of(label)}
                </a>
            </li>
        }
    };
    let files = move || counters.with(Counters::files);
    view! {
        <ul class="head-counts" aria-label="Files by status">
            {READ.into_iter().map(row).collect_view()}
            <li class="head-count" data-status="all">
                <a href=move || door(job, None, live.past_of(job).map(|moment| moment.seq())) on:click=move |_| live.put_away()>
                    "= " <b class="head-number">{move || format::count(files().into())}</b> " "
                    {move || if files() == 1 { "file" } else { "files" }}
                </a>
            </li>
        </ul>
    }
}

/// A link to the files with a status, at the moment that is shown.
fn door(job: JobId, status: Option<ItemLabel>, at: Option<Seq>) -> String {
    let parts = [status.map(|status| format!("status={status}")), at.map(|at| format!("at={at}"))];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let mark = if parts.is_empty() { "" } else { "?" };
    to(&format!("/jobs/{job}{mark}{}#job-files", parts.join("&")))
}
