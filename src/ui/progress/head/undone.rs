//! Which job undoes, or has undone, this one.

use leptos::prelude::*;

use crate::base::to;
use crate::ui::live::Live;
use crate::ui::parts::format;
use crate::ui::progress::Newest;
use headway_model::{JobSummary, Output};

/// Whether nothing is left to undo: everything has been put back, or is being put back.
pub(in crate::ui) fn is_undone(undo: &JobSummary) -> bool {
    !undo.status.is_terminal() || left(undo) == 0
}

/// The number of files that an undo left alone although it was to put them back.
fn left(undo: &JobSummary) -> u32 {
    undo.counters.failed + undo.counters.cancelled
}

/// A sentence about what the undo did: replaced files are put back, new ones are removed.
fn said(undo: &JobSummary, has_replaced: bool) -> String {
    let number =
        format!("{} of {}", format::count(undo.counters.succeeded.into()), format::count(undo.counters.total.into()));
    match has_replaced {
        true => format!(": {number} files put back."),
        false => format!(": {number} new files removed."),
    }
}

/// A line about the undo, with a link to its job.
#[component]
pub(super) fn Undone(newest: Newest) -> impl IntoView {
    let live = expect_context::<Live>();
    // Newer information from the stream takes precedence.
    let undo = Memo::new(move |_| {
        let read = newest.with(|view| view.undone.clone()).flatten()?;
        let heard = live.jobs.with(|jobs| jobs.get(&read.job).map(|state| state.summary.clone()));
        Some(heard.filter(|heard| heard.seq >= read.seq).unwrap_or(read))
    });
    let has_replaced = move || {
        let replaces = newest.with(|view| view.request.as_ref()?.output.as_ref().map(Output::replaces));
        replaces.flatten().unwrap_or_default()
    };
    move || {
        undo.get().map(|undo| {
            let by = if undo.status.is_terminal() { "Undone by " } else { "Being undone by " };
            let said = said(&undo, has_replaced());
            view! {
                <p class="head-undone" role="status">
                    {by} <a href=to(&format!("/jobs/{}", undo.job))>{undo.title.clone()}</a> {said}
                </p>
            }
        })
    }
}
