//! How many files stand where. Each number is a door: it leads to those files.

use leptos::prelude::*;

use super::Summary;
use super::segments::{PARTS, numbers};
use crate::base::to;
use crate::ui::parts::{Icon, format, words};
use headway_model::{Counters, JobId};

/// The order in which they are read: what went wrong comes right after what went well.
const ORDER: [usize; 7] = [0, 1, 6, 3, 4, 5, 2];

/// A number for each way in which a file can stand, and their sum.
#[component]
pub(super) fn Counts(job: JobId, summary: Summary) -> impl IntoView {
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let row = move |at: usize| {
        let word = PARTS[at];
        let number = Memo::new(move |_| counters.with(|counters| numbers(counters)[at]));
        view! {
            <li class="count" data-status=word data-zero=move || (number.get() == 0).then_some("true")>
                <a href=to(&format!("/jobs/{job}?status={word}"))>
                    <Icon of=word />
                    <b class="number">{move || format::count(number.get().into())}</b>
                    " "
                    {words::of(word)}
                </a>
            </li>
        }
    };
    let files = move || counters.with(Counters::files);
    view! {
        <ul class="counts" aria-label="Files by status">
            {ORDER.into_iter().map(row).collect_view()}
            <li class="count" data-status="all">
                <a href=to(&format!("/jobs/{job}"))>
                    "= " <b class="number">{move || format::count(files().into())}</b> " "
                    {move || if files() == 1 { "file" } else { "files" }}
                </a>
            </li>
        </ul>
    }
}
