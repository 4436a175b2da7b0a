//! The button that lets the browser show a notification when a job ends.

use leptos::prelude::*;

use crate::live::notification;

/// For a job that is not over. Shows nothing if the browser has no notifications, or if the permission was already
/// refused or granted.
#[component]
pub(super) fn NotifyButton(is_over: Signal<bool>) -> impl IntoView {
    let (at_first, now) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    Effect::new(move |_| {
        at_first.set(notification::permission());
        now.set(notification::permission());
    });
    let ask = move |_| {
        leptos::task::spawn_local(async move {
            now.try_set(notification::ask().await);
        });
    };
    let is_open = move || !is_over.get() && at_first.with(|at_first| at_first.as_deref() == Some("default"));
    let answer = move || {
        now.with(|now| match now.as_deref() {
            Some("granted") => "Your browser will tell you when it ends, if you look at something else.",
            Some("denied") => "Your browser does not allow this.",
            _ => "",
        })
    };
    let is_unasked = Memo::new(move |_| now.with(|now| now.as_deref() == Some("default")));
    view! {
        <Show when=is_open>
            <span class="proof-tell">
                <Show when=move || is_unasked.get()>
                    <button class="ui-quiet" data-action="tell" on:click=ask>"Tell me when it ends"</button>
                </Show>
                <span role="status">{answer}</span>
            </span>
        </Show>
    }
    .into_any()
}
