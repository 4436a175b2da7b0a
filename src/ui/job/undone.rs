//! Which job puts back, or has put back, what this one did.

use leptos::prelude::*;

use crate::base::to;
use crate::ui::live::Live;
use crate::ui::parts::format;
use headway_model::JobSummary;
use headway_model::summary::JobView;

/// Whether nothing of it is left to be undone: all is back, or is being put back.
pub(super) fn is_undone(undo: &JobSummary) -> bool {
    !undo.status.is_terminal() || left(undo) == 0
}

/// The files that an undo did not put back, though it might have.
fn left(undo: &JobSummary) -> u32 {
    undo.counters.failed + undo.counters.cancelled
}

/// The line that says so, with the way to that job.
#[component]
pub(super) fn Undone(view: Signal<JobView>) -> impl IntoView {
    let live = expect_context::<Live>();
    // What was heard of it since wins.
    let undo = Memo::new(move |_| {
        let read = view.with(|view| view.undone.clone())?;
        let heard = live.jobs.with(|jobs| jobs.get(&read.job).map(|state| state.summary.clone()));
        Some(heard.filter(|heard| heard.seq >= read.seq).unwrap_or(read))
    });
    move || {
        undo.get().map(|undo| {
            let said = if undo.status.is_terminal() { "Undone by " } else { "Being undone by " };
            let back = format!(
                ": {} of {} files put back.",
                format::count(undo.counters.succeeded.into()),
                format::count(undo.counters.total.into())
            );
            view! {
                <p class="undone" role="status">
                    {said} <a href=to(&format!("/jobs/{}", undo.job))>{undo.title.clone()}</a> {back}
                </p>
            }
        })
    }
}
