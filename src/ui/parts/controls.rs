//! Controls that need the page's program.

use leptos::prelude::*;

use crate::live::Live;

/// Disables all fields and buttons inside until the page is hydrated, so that no press or choice goes unheard.
#[component]
pub(in crate::ui) fn Controls(children: Children) -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <fieldset class="ui-controls" role="presentation" disabled=move || !live.is_ready()>
            {children()}
        </fieldset>
    }
}
