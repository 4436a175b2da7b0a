//! The start of a job with a part of the files only, spread over all of them.

use leptos::prelude::*;

use super::JobOptions;
use super::job_options::StartMode;
use crate::ui::library::Selection;
use headway_model::Sample;

/// How large that part is.
const PART: Sample = Sample::Percent(1);

/// The button beside the choice of files. The first files are tried from the bar.
#[component]
pub(super) fn Samples(chosen: JobOptions) -> impl IntoView {
    let JobOptions { selected, offer, .. } = chosen;
    let has_none = move || selected.with(Selection::is_empty) && offer.with(|offer| offer.view().is_none());
    let is_dead = move || has_none() || selected.with(|selected| selected.obstacle().is_some());
    view! {
        <p>
            <button data-start="sample-percent" disabled=is_dead on:click=move |_| chosen.start(StartMode::Sample(PART))>"Try 1 %"</button>
            " "
            <span class="ui-hint">"One file in a hundred, spread over all, and at least one."</span>
        </p>
    }
    .into_any()
}
