//! What stands in the place of a button that runs files again while another job does so.

use leptos::prelude::*;

use crate::base::to;
use headway_model::summary::LiveRetry;

/// A link to that job.
#[component]
pub(in crate::ui) fn RetriedNow(retry: LiveRetry) -> impl IntoView {
    let there = to(&format!("/jobs/{}", retry.job));
    view! { <span class="ui-hint">"Being retried in " <a href=there>{retry.title}</a></span> }.into_any()
}
