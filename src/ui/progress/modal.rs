//! The dialog that shows the job which was started, or asked for, in this tab. It is made in the browser only: what the server
//! renders has none, so that a page without its program never lies under a dialog, and so that nothing beside the page itself reads
//! from the server while both must make the same things in the same order.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::Panel;
use crate::base::to;
use crate::ui::live::{Live, StartPhase};
use crate::ui::parts::format::sentence;
use headway_model::JobId;

/// Shows the active job, while there is one.
#[component]
pub(crate) fn Modal() -> impl IntoView {
    let live = expect_context::<Live>();
    let place = use_location().pathname;
    // A job's own page shows the same; once is enough. Not before the page listens: see above.
    let shown = Memo::new(move |_| {
        let active = live.active.get().filter(|_| live.is_ready());
        active.filter(|job| place.with(|place| *place != to(&format!("/jobs/{job}"))))
    });
    move || shown.get().map(|job| view! { <ProgressDialog job /> })
}

#[component]
fn ProgressDialog(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            dialog.show_modal().ok();
        }
    });
    let used = RwSignal::new(false);
    let pressed = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            return live.put_away();
        }
        // A key that is still held down from before the dialog opened was not meant for it.
        if !event.repeat() {
            used.set(true);
        }
    };
    let state = live.job(job);
    let known = Memo::new(move |_| state.with(Option::is_some));
    view! {
        <dialog
            class="modal"
            node_ref=dialog
            data-job=job.to_string()
            data-used=move || used.get().then_some("true")
            data-silent=move || live.silent.with(Option::is_some).then_some("true")
            aria-label="Progress of a job"
            on:keydown=pressed
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
            <Buttons job known />
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
        None => "Waiting for the job's first event.",
        Some(StartPhase::Calling) => "Asking the server to start.",
        Some(StartPhase::Waiting(_)) => "The server has not answered; asking again by itself.",
        Some(StartPhase::Offered) => {
            "The server has not answered for 30 s. Starting again is safe: it is the same job."
        }
    };
    view! {
        <h2 class="title">"Starting"</h2>
        <p class="start-state" data-start=move || phase.with(start_word) role="status">{text}</p>
        <Show when=move || phase.with(|phase| matches!(phase, Some(StartPhase::Offered)))>
            <button class="primary" on:click=move |_| live.start_again()>"Start again"</button>
        </Show>
    }
}

fn start_word(phase: &Option<StartPhase>) -> &'static str {
    match phase {
        None => "answered",
        Some(StartPhase::Calling) => "calling",
        Some(StartPhase::Waiting(_)) => "waiting",
        Some(StartPhase::Offered) => "offered",
    }
}

#[component]
fn Buttons(
    job: JobId,
    /// Whether the job has said anything yet: only then is there a page of it.
    known: Memo<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let over =
        Memo::new(move |_| state.with(|state| state.as_ref().is_some_and(|state| state.summary.status.is_terminal())));
    let cancelling = Memo::new(move |_| {
        let asked = live
            .starting
            .with(|starting| starting.as_ref().is_some_and(|starting| starting.job == job && starting.cancel));
        asked || state.with(|state| state.as_ref().is_some_and(|state| !state.summary.status.can_cancel()))
    });
    let cancel = move |_| {
        if !cancelling.get_untracked() {
            live.cancel(job);
        }
    };
    view! {
        <p class="error" role="alert">{move || live.cancel_error.with(|error| error.as_ref().map(|error| sentence(&error.to_string())))}</p>
        <div class="buttons">
            <Show when=move || known.get()>
                <a class="button quiet" href=to(&format!("/jobs/{job}")) on:click=move |_| live.put_away()>"Details"</a>
            </Show>
            <span class="grow"></span>
            <Show when=move || !over.get()>
                // Not `disabled`, which would drop the focus of whoever has just pressed it.
                <button class="danger" aria-disabled=move || cancelling.get().then_some("true") on:click=cancel>
                    {move || if cancelling.get() { "Cancelling" } else { "Cancel job" }}
                </button>
            </Show>
            <button class:primary=move || over.get() autofocus on:click=move |_| live.put_away()>
                {move || if over.get() { "Close" } else { "Minimise" }}
            </button>
        </div>
    }
}
