//! Buttons and fields that only the page itself can hear.

use leptos::prelude::*;

use crate::ui::live::Live;

/// All fields and buttons inside are dead, and look dead, until the page listens: nothing can be pressed or chosen that is not heard.
#[component]
pub(in crate::ui) fn Controls(children: Children) -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <fieldset class="controls" role="presentation" disabled=move || !live.is_ready()>
            {children()}
        </fieldset>
    }
}
