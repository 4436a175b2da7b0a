//! Which job undoes, or has undone, this one.

use leptos::prelude::*;

use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format;
use crate::ui::progress::Newest;
use headway_model::JobSummary;
use headway_model::summary::JobView;
use headway_model::undo_kind::UndoKind;

/// Whether the job was undone, or is being undone. Tracked.
pub(in crate::ui::progress) fn was_undone(newest: Newest) -> bool {
    newest.with(|view| view.undone.as_ref().is_some_and(is_undone)).unwrap_or_default()
}

/// Whether another undo could do no more: this one runs, or left nothing but what it must leave alone.
fn is_undone(undo: &JobSummary) -> bool {
    !undo.status.is_terminal() || undo.counters.failed + undo.counters.cancelled == 0
}

/// A sentence about what the undo did, by the kind of what it took back.
fn undo_text(undo: &JobSummary, kind: UndoKind) -> String {
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
            let by = match undo.status.is_terminal() {
                false => "Being undone by ",
                true if undo.undid_all() => "Undone by ",
                true => "Partly undone by ",
            };
            let said = undo_text(&undo, kind());
            view! {
                <p class="head-undone" role="status">
                    {by} <a href=to(&format!("/jobs/{}", undo.job))>{undo.title.clone()}</a> {said}
                </p>
            }
        })
    }
}
