//! Which job undoes, or has undone, this one.

use leptos::prelude::*;

use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format;
use crate::ui::progress::Newest;
use headway_model::JobSummary;
use headway_model::summary::JobView;
use headway_model::undo_kind::UndoKind;

/// Whether nothing is left to undo: everything has been put back, or is being put back.
pub(in crate::ui) fn is_undone(undo: &JobSummary) -> bool {
    !undo.status.is_terminal() || left(undo) == 0
}

/// The number of files that an undo left alone although it was to put them back.
fn left(undo: &JobSummary) -> u32 {
    undo.counters.failed + undo.counters.cancelled
}

/// A sentence about what the undo did, by the kind of what it took back.
fn said(undo: &JobSummary, kind: UndoKind) -> String {
    let (done, all) = (undo.counters.succeeded, undo.counters.total);
    let number = format!("{} of {}", format::count(done.into()), format::count(all.into()));
    format!(": {}.", kind.did(&number, all))
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
    let kind = move || {
        let of = |view: &JobView| {
            UndoKind::of(&view.summary.recipe, view.request.as_ref().and_then(|request| request.output.as_ref()))
        };
        newest.with(of).unwrap_or(UndoKind::PutsBack)
    };
    move || {
        undo.get().map(|undo| {
            let by = if undo.status.is_terminal() { "Undone by " } else { "Being undone by " };
            let said = said(&undo, kind());
            view! {
                <p class="head-undone" role="status">
                    {by} <a href=to(&format!("/jobs/{}", undo.job))>{undo.title.clone()}</a> {said}
                </p>
            }
        })
    }
}
