//! The dialog that shows the active job.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::Panel;
use crate::model::{ApiError, JobId};
use crate::ui::live::{Live, StartPhase};

/// Shows the active job, while there is one.
#[component]
pub(crate) fn Modal() -> impl IntoView {
    let live = expect_context::<Live>();
    let place = use_location().pathname;
    // A job's own page shows the same; once is enough.
    let shown =
        Memo::new(move |_| live.active.get().filter(|job| place.with(|place| *place != format!("/jobs/{job}"))));
    move || shown.get().map(|job| view! { <ProgressDialog job /> })
}

#[component]
fn ProgressDialog(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let dialog = NodeRef::<html::Dialog>::new();
    // A plain open dialog is what a page without scripts shows; a modal one traps the focus.
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            dialog.close();
            dialog.show_modal().ok();
        }
    });
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            live.put_away();
        }
    };
    let state = live.job(job);
    let known = Memo::new(move |_| state.with(Option::is_some));
    view! {
        <dialog
            class="modal"
            open
            node_ref=dialog
            data-job=job.to_string()
            aria-label="Progress of a job"
            tabindex="-1"
            autofocus
            on:keydown=escape
            on:cancel=move |event: leptos::ev::Event| {
                event.prevent_default();
                live.put_away();
            }
        >
            {move || {
                if known.get() {
                    view! { <Panel job /> }.into_any()
                } else {
                    view! { <StartState job /> }.into_any()
                }
            }}
            <Buttons job />
        </dialog>
    }
}

/// What there is to say of a job whose first event has not come yet.
#[component]
fn StartState(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let phase = Memo::new(move |_| {
        live.starting.with(|starting| {
            starting.as_ref().filter(|starting| starting.job == job).map(|starting| starting.phase.clone())
        })
    });
    let text = move || match phase.get() {
        None => "Waiting for the job's first event.".to_owned(),
        Some(StartPhase::Calling) => "Asking the server to start.".to_owned(),
        Some(StartPhase::Waiting(_)) => "The server has not answered; asking again by itself.".to_owned(),
        Some(StartPhase::Offered) => {
            "The server has not answered for 30 s. Starting again is safe: it is the same job.".to_owned()
        }
        Some(StartPhase::Refused(error)) => refusal(&error),
    };
    let label = move || {
        phase.with(|phase| if matches!(phase, Some(StartPhase::Refused(_))) { "Not started" } else { "Starting" })
    };
    view! {
        <h2 class="title">{label}</h2>
        <p class="start-state" data-start=move || phase.with(start_word) role="status">{text}</p>
        <Show when=move || phase.with(|phase| matches!(phase, Some(StartPhase::Offered)))>
            <button class="primary" on:click=move |_| live.start_again()>"Start again"</button>
        </Show>
    }
}

fn refusal(error: &ApiError) -> String {
    match error {
        ApiError::Invalid { reasons } => format!("This cannot be started: {}.", reasons.join("; ")),
        other => format!("This cannot be started: {other}."),
    }
}

fn start_word(phase: &Option<StartPhase>) -> &'static str {
    match phase {
        None => "answered",
        Some(StartPhase::Calling) => "calling",
        Some(StartPhase::Waiting(_)) => "waiting",
        Some(StartPhase::Offered) => "offered",
        Some(StartPhase::Refused(_)) => "refused",
    }
}

#[component]
fn Buttons(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let over =
        Memo::new(move |_| state.with(|state| state.as_ref().is_some_and(|state| state.summary.status.is_terminal())));
    let refused = Memo::new(move |_| {
        live.starting
            .with(|starting| starting.as_ref().is_some_and(|starting| starting.job == job && !starting.is_unanswered()))
    });
    let cancelling = Memo::new(move |_| {
        let asked = live
            .starting
            .with(|starting| starting.as_ref().is_some_and(|starting| starting.job == job && starting.cancel));
        asked || state.with(|state| state.as_ref().is_some_and(|state| !state.summary.status.can_cancel()))
    });
    let done = Memo::new(move |_| over.get() || refused.get());
    view! {
        <p class="error" role="alert">{move || live.cancel_error.get()}</p>
        <div class="buttons">
            <a class="button quiet" href=format!("/jobs/{job}") on:click=move |_| live.put_away()>"Details"</a>
            <span class="grow"></span>
            <Show
                when=move || done.get()
                fallback=move || {
                    view! {
                        <button class="danger" disabled=move || cancelling.get() on:click=move |_| live.cancel(job)>
                            {move || if cancelling.get() { "Cancelling" } else { "Cancel job" }}
                        </button>
                        <button on:click=move |_| live.put_away()>"Minimise"</button>
                    }
                }
            >
                <button class="primary" on:click=move |_| live.put_away()>"Close"</button>
            </Show>
        </div>
    }
}
