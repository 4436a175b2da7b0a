//! A link to this job, or to the moment of it that is shown, for people with read-only access.

use leptos::prelude::*;

use crate::api;
use crate::live::Live;
use crate::ui::nav::Nav;
use crate::ui::parts::{copy, format, rights};
use headway_model::ApiError;
use headway_model::summary::PageRights;

/// A button that makes the link, and then the link. Nothing where the server has no read-only token.
#[component]
pub(super) fn Share() -> impl IntoView {
    if rights() != PageRights::Sharing {
        return ().into_any();
    }
    let (nav, live) = (expect_context::<Nav>(), expect_context::<Live>());
    // The link, and the address that it leads to: a link to another moment than the one that is shown would mislead.
    let (link, there) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let error = RwSignal::new(None::<ApiError>);
    live.heals(error);
    let query = nav.query();
    let shown = move || {
        query.track();
        link.get().filter(|_| there.get() == Some(nav.here()))
    };
    let make = move |_| {
        let here = nav.here();
        there.set(Some(here.clone()));
        leptos::task::spawn_local(async move {
            let made = api::reading_link(here).await;
            error.try_set(made.as_ref().err().cloned());
            let origin = window().location().origin().unwrap_or_default();
            link.try_set(made.ok().map(|path| format!("{origin}{path}")));
        });
    };
    let take = move |_| untrack(shown).iter().for_each(|link| copy::text(link));
    view! {
        <div class="job-share">
            <button class="ui-quiet" data-action="share" on:click=make>"Make a read-only link"</button>
            <span hidden=move || shown().is_none()>
                <input readonly class="ui-field" aria-label="Read-only link" autocomplete="off" prop:value=move || shown().unwrap_or_default() />
                " " <button class="ui-quiet" on:click=take>"Copy"</button>
                " " <span class="ui-hint">"Its holder can look at every job and library here, and change nothing."</span>
            </span>
            <span class="ui-error" role="alert">{move || error.with(|error| error.as_ref().map(|error| format::sentence(&error.to_string())))}</span>
        </div>
    }
    .into_any()
}
