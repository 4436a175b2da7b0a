//! Controls that need the page's program.

use leptos::prelude::*;

use crate::live::Live;

/// Disables all fields and buttons inside until the page is hydrated, so that no click or choice is lost.
#[component]
pub(in crate::ui) fn Controls(children: Children) -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <fieldset class="ui-controls" role="presentation" disabled=move || !live.is_ready()>
            {children()}
        </fieldset>
    }
}
