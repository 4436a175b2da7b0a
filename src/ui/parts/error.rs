//! Shows failed calls. A call that can succeed later is repeated automatically.

use std::time::Duration;

use leptos::prelude::*;

use super::format::sentence;
use crate::base::to;
use crate::live::Live;
use crate::ui::nav::Title;
use headway_model::ApiError;
use headway_model::follow::LinkState;

/// How long to wait before an unanswered call is repeated, while the stream is live.
const AGAIN: Duration = Duration::from_secs(2);

/// The same for a call that was refused because something is not there or cannot be read now.
const LATER: Duration = Duration::from_secs(2);

/// After how long a call with this error is repeated; `None` if it would fail again.
fn pause(error: &ApiError) -> Option<Duration> {
    match error {
        ApiError::Unreachable { .. } => Some(AGAIN),
        // A job can be started later under an id that is known before, and a folder can be made.
        ApiError::NotFound { .. } => Some(LATER),
        error => error.may_pass().then_some(LATER),
    }
}

/// A failed call, in the user's terms, inside a page.
#[component]
pub(in crate::ui) fn ErrorView(
    /// The error.
    error: ApiError,
    /// Makes the call again.
    #[prop(optional, into)]
    again: Option<Callback<()>>,
) -> impl IntoView {
    let text = sentence(&error.to_string());
    view! {
        <p class="ui-error" role="alert">{text} <TryAgain error again /></p>
    }
    .into_any()
}

/// A page that has nothing to show: the reason, and where to go.
#[component]
pub(in crate::ui) fn ErrorPage(
    /// The error.
    error: ApiError,
    /// Makes the call again.
    #[prop(optional, into)]
    again: Option<Callback<()>>,
) -> impl IntoView {
    let title = match &error {
        ApiError::NotFound { .. } => "There is nothing here",
        ApiError::Pruned { .. } => "This job was removed",
        ApiError::Denied { .. } => "Headway is not allowed to read this",
        ApiError::Unavailable { .. } => "This cannot be read right now",
        ApiError::Unreachable { .. } => "The server did not answer",
        _ => "This cannot be shown",
    };
    let text = sentence(&error.to_string());
    view! {
        <Title text=title />
        <section class="ui-empty">
            <h1>{title}</h1>
            <p class="ui-error" role="alert">{text}</p>
            <p class="ui-buttons"><a href=to("/jobs")>"See all jobs"</a> <a href=to("/")>"Go to the library"</a> <TryAgain error again /></p>
        </section>
    }
    .into_any()
}

/// A button that repeats the call. The call is also repeated automatically: when the stream is live again and, while it
/// is live, after a while.
#[component]
pub(in crate::ui) fn TryAgain(
    /// Why the call failed.
    error: ApiError,
    /// Makes the call again.
    again: Option<Callback<()>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    again.zip(pause(&error)).map(|(again, pause)| {
        let seen = live.back.get_untracked();
        Effect::new(move |_| {
            if live.back.get() != seen {
                again.run(());
            }
        });
        Effect::new(move |_| {
            let retry = move || {
                if live.link.with_untracked(LinkState::is_heard) {
                    again.run(());
                }
            };
            let timer = set_timeout_with_handle(retry, pause).ok();
            on_cleanup(move || timer.iter().for_each(TimeoutHandle::clear));
        });
        view! { <button on:click=move |_| again.run(())>"Try again"</button> }
    })
}
