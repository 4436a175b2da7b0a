//! The dialog that shows the job that was started, or opened, in this tab. It exists only in the browser. The server
//! renders none, so that a page without its program is never covered by a dialog, and so that during hydration
//! nothing but the page itself creates resources, which server and browser must create in the same order.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::attention::Attention;
use super::head::{Actions, Failed, Head};
use super::{Newest, Steer, Summary, latest_summary};
use crate::base::to;
use crate::live::{Live, StartPhase};
use crate::ui::plan::Plan;
use headway_model::{JobId, JobSummary};

/// The dialog.
#[component]
pub(crate) fn ProgressDialog(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            dialog.show_modal().ok();
        }
    });
    let pressed = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            live.put_away();
        }
    };
    let summary = latest_summary(job, None);
    let newest = Newest::new(job, None);
    newest.follow(summary);
    let steer = Steer::new(newest);
    let attention = Attention::new(job, summary, None);
    let is_heard = Memo::new(move |_| summary.with(Option::is_some));
    view! {
        <dialog
            class="modal"
            node_ref=dialog
            data-job=job.to_string()
            data-silent=move || live.silent.with(Option::is_some).then_some("true")
            aria-label="Progress of a job"
            on:keydown=pressed
            on:cancel=move |event: leptos::ev::Event| {
                event.prevent_default();
                live.put_away();
            }
        >
            {move || {
                if is_heard.get() {
                    view! { <Head summary steer attention /> }.into_any()
                } else {
                    view! { <StartState job /> }.into_any()
                }
            }}
            <Plan summary steer />
            <Failed steer is_page=false />
            <Buttons summary steer attention />
        </dialog>
    }
}

/// What is known about a job whose first event has not arrived yet.
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
        <h2 class="head-title">"Starting"</h2>
        <p class="modal-start" data-start=move || phase.with(start_word) role="status">{text}</p>
        <Show when=move || phase.with(|phase| matches!(phase, Some(StartPhase::Offered)))>
            <button class="ui-primary" on:click=move |_| live.start_again()>"Start again"</button>
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
    /// The job's summary. The job has a page only once it has a summary.
    summary: Summary,
    steer: Steer,
    attention: Attention,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = steer.newest.job;
    let is_heard = Memo::new(move |_| summary.with(Option::is_some));
    let over = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status.is_terminal()))
    });
    // If nothing is left to do, closing the dialog is the next step.
    let has_next = move || steer.newest.with(|view| view.next.is_some()).unwrap_or_default();
    let is_next = move || !has_next() && summary.with(|summary| summary.as_ref().is_some_and(is_done));
    view! {
        <div class="ui-buttons">
            <Show when=move || is_heard.get()>
                <a class="ui-button ui-quiet" href=to(&format!("/jobs/{job}")) on:click=move |_| live.put_away()>"Details"</a>
            </Show>
            <span class="ui-grow"></span>
            <Actions summary steer attention />
            <button class:ui-primary=is_next autofocus on:click=move |_| live.put_away()>
                {move || if over.get() { "Close" } else { "Minimise" }}
            </button>
        </div>
    }
}

/// Whether the job is over and no file of it can be run again.
fn is_done(summary: &JobSummary) -> bool {
    summary.status.is_terminal() && !summary.counters.has_errors() && summary.counters.cancelled == 0
}
