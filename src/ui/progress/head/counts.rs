//! How many files have which status. Each number is a link to those files.

use leptos::prelude::*;

use super::Summary;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format::{count, counted, entries};
use crate::ui::parts::{Icon, words};
use headway_model::bar::{READ, number};
use headway_model::item::StatusFilter;
use headway_model::{Counters, JobId, Seq};

/// A number for each status of a file, and their sum.
#[component]
pub(super) fn Counts(job: JobId, summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let row = move |of: StatusFilter| {
        let number = Memo::new(move |_| counters.with(|counters| number(counters, of)));
        view! {
            <li class="head-count" data-status=of.name() data-zero=move || (number.get() == 0).then_some("true")>
                <a href=move || files_address(job, Some(of), live.past_of(job).map(|moment| moment.seq())) on:click=move |_| live.put_away()>
                    <Icon of />
                    <b class="head-number">{move || count(number.get().into())}</b>
                    " "
                    {words::of(of)}
                </a>
            </li>
        }
    };
    let total = move || count(counters.with(|counters| counters.total).into());
    view! {
        <ul class="head-counts" aria-label="Files by status" data-many=move || counters.with(is_many).then_some("true")>
            {READ.into_iter().map(row).collect_view()}
            <li class="head-count" data-status="all">
                <a href=move || files_address(job, None, live.past_of(job).map(|moment| moment.seq())) on:click=move |_| live.put_away()>
                    "= " <b class="head-number">{total}</b> " " {move || counters.with(what)}
                </a>
            </li>
        </ul>
    }
}

/// Whether the numbers have more than four digits, so that each needs more room.
pub(in crate::ui) fn is_many(counters: &Counters) -> bool {
    counters.total >= 10_000
}

/// What the items are, after their number: "files", or "entries: 82 files" if there are others, such as links. Only files are counted
/// where a job is started.
fn what(counters: &Counters) -> String {
    let (word, files) = (entries(counters), counters.files());
    if files == counters.total { word.to_owned() } else { format!("{word}: {}", counted(files, "file", "files")) }
}

/// The address of the files with a status, or of all, at the moment that is shown.
pub(in crate::ui) fn files_address(job: JobId, status: Option<StatusFilter>, at: Option<Seq>) -> String {
    let parts = [status.map(|status| format!("status={status}")), at.map(|at| format!("at={at}"))];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let mark = if parts.is_empty() { "" } else { "?" };
    to(&format!("/jobs/{job}{mark}{}#job-files", parts.join("&")))
}
