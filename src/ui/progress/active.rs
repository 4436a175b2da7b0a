//! The dialog of the job that is active in this tab. The dialog itself is in the second file of the program.

use leptos::prelude::*;

use crate::live::Live;
use crate::ui::later::{Later, Part};
use crate::ui::nav::Nav;

/// Shows the active job, while there is one.
#[component]
pub(crate) fn Modal() -> impl IntoView {
    let live = expect_context::<Live>();
    let later = expect_context::<Later>();
    let place = expect_context::<Nav>().path();
    // A job's own page already shows the same. Before the page is hydrated there is no dialog, as modal.rs says.
    let shown = Memo::new(move |_| {
        let active = live.active.get().filter(|_| live.is_ready());
        active.filter(|job| place.with(|place| *place != format!("/jobs/{job}")))
    });
    move || shown.get().map(|job| later.view(Part::Dialog(job)))
}
