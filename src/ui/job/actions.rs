//! The buttons of a job: those that make sense as it stands.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::newest::Newest;
use super::undone::is_undone;
use crate::api;
use crate::ui::live::Live;
use crate::ui::parts::format;
use headway_model::request::Which;
use headway_model::status::PauseReason;
use headway_model::{Action, ApiError, JobStatus, JobSummary, StartJob};

/// What may be done to the job, and why not if that failed.
#[component]
pub(super) fn Actions(
    /// What was read; what a call answers goes here.
    newest: Newest,
    /// The job as it stands.
    summary: Memo<Option<JobSummary>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let view = newest.view();
    let (job, title) = view.with_untracked(|view| (view.summary.job, StoredValue::new(view.summary.title.clone())));
    let now = Memo::new(move |_| {
        let heard = summary.with(|summary| summary.as_ref().map(|summary| (summary.status, summary.counters)));
        heard.unwrap_or_else(|| view.with(|view| (view.summary.status, view.summary.counters)))
    });
    let error = RwSignal::new(None::<ApiError>);
    live.heals(error);
    // A start from here may be refused; what was refused elsewhere is not said here.
    Effect::new(move |_| live.refused.set(None));
    let failed = move || {
        let failed = error.get().or_else(|| live.cancel_error.get()).or_else(|| live.refused.get());
        failed.map(|error| format::sentence(&error.to_string()))
    };
    let trash = Memo::new(move |_| view.with(|view| view.trash));
    let undone = Memo::new(move |_| view.with(|view| view.undone.as_ref().is_some_and(is_undone)));
    let busy = RwSignal::new(false);
    let steer = move |action: Action| {
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = newest.take(api::steer_job(job, action)).await;
            error.try_set(answer.err());
            busy.try_set(false);
        });
    };
    let made =
        Memo::new(move |_| view.with(|view| view.request.as_ref().is_some_and(|request| request.output.is_some())));
    let with_request = move |make: &dyn Fn(&StartJob) -> StartJob| {
        if let Some(request) = view.with_untracked(|view| view.request.as_ref().map(make)) {
            live.start(request);
        }
    };
    let again = move |which: Which| with_request(&|request| request.again(job, which.clone()));
    let undo = move || with_request(&|request| StartJob::undo(&request.library, job, &title.get_value()));
    let button = move |action: Action, text: &'static str, kind: &'static str| {
        view! {
            <button class=kind data-action=name(action) disabled=move || busy.get() on:click=move |_| steer(action)>
                {text}
            </button>
        }
    };
    let buttons = move || {
        let (status, counters) = now.get();
        let waits = matches!(status, JobStatus::Paused { reason: PauseReason::Interrupted });
        let pausable =
            matches!(status, JobStatus::Planning | JobStatus::Queued | JobStatus::Processing | JobStatus::Finishing);
        let held = matches!(status, JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. });
        let over = status.is_terminal();
        view! {
            {(status == JobStatus::Planned).then(|| button(Action::Approve, "Run this plan", "primary"))}
            {waits.then(|| button(Action::Resume, "Run interrupted again", "primary"))}
            {waits.then(|| button(Action::LeaveOut, "Leave interrupted out", ""))}
            {(!waits && matches!(status, JobStatus::Paused { .. })).then(|| button(Action::Resume, "Resume", "primary"))}
            {pausable.then(|| button(Action::Pause, "Pause", ""))}
            {(held && counters.failed > 0).then(|| button(Action::Retry(None), "Retry failed", ""))}
            {(over && counters.failed > 0)
                .then(|| {
                    let text = format!("Retry failed ({})", format::count(counters.failed.into()));
                    view! { <button data-action="retry" on:click=move |_| again(Which::Failed)>{text}</button> }
                })}
            {(over && counters.cancelled > 0)
                .then(|| {
                    let text = format!("Run the rest ({})", format::count(counters.cancelled.into()));
                    view! { <button data-action="rest" on:click=move |_| again(Which::Cancelled)>{text}</button> }
                })}
            {(over && made.get() && counters.succeeded > 0 && !undone.get())
                .then(|| view! { <button data-action="undo" on:click=move |_| undo()>"Undo"</button> })}
            {(status.can_cancel())
                .then(|| {
                    view! { <button class="danger" data-action="cancel" on:click=move |_| live.cancel(job)>"Cancel job"</button> }
                })}
        }
    };
    view! {
        <div class="buttons actions">{buttons}</div>
        <p class="error" role="alert">{failed}</p>
        <Show when=move || !now.with(|(status, _)| status.is_terminal())>
            <Pace steer busy />
        </Show>
        <Show when=move || { now.with(|(status, _)| status.is_terminal()) && trash.get().0 > 0 }>
            <p class="trash">
                {move || {
                    let (files, bytes) = trash.get();
                    let are = match (undone.get(), files == 1) {
                        (false, true) => "original is",
                        (false, false) => "originals are",
                        (true, true) => "original is back; a copy of it is",
                        (true, false) => "originals are back; copies of them are",
                    };
                    format!("{} {are} in the trash, {}. ", format::count(files), format::size(bytes))
                }}
                <EmptyTrash steer busy />
            </p>
        </Show>
    }
    .into_any()
}

/// Emptying is for good, so it is asked twice.
#[component]
fn EmptyTrash(steer: impl Fn(Action) + Copy + Send + Sync + 'static, busy: RwSignal<bool>) -> impl IntoView {
    let sure = RwSignal::new(false);
    view! {
        <Show
            when=move || sure.get()
            fallback=move || view! { <button class="quiet" data-action="empty" on:click=move |_| sure.set(true)>"Empty the trash"</button> }
        >
            <button
                class="danger"
                data-action="empty_trash"
                disabled=move || busy.get()
                on:click=move |_| {
                    sure.set(false);
                    steer(Action::EmptyTrash);
                }
            >
                "Remove the originals for good"
            </button>
            <button class="quiet" on:click=move |_| sure.set(false)>"Keep them"</button>
        </Show>
    }
    .into_any()
}

/// How many items run at once, and which job goes first.
#[component]
fn Pace(steer: impl Fn(Action) + Copy + Send + Sync + 'static, busy: RwSignal<bool>) -> impl IntoView {
    let (at_once, priority) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        let number = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value()).unwrap_or_default();
        let concurrency = number(at_once).trim().parse().ok();
        let priority = number(priority).trim().parse().ok();
        if concurrency.is_some() || priority.is_some() {
            steer(Action::Change { priority, concurrency });
        }
    };
    view! {
        <form class="pace-form" on:submit=change>
            <label>"Files at once " <input type="number" min="0" max="1024" class="text" node_ref=at_once placeholder="as the server" name="concurrency" /></label>
            <label>"Priority " <input type="number" min="-1000" max="1000" class="text" node_ref=priority placeholder="0" name="priority" /></label>
            <button data-action="change" disabled=move || busy.get()>"Change"</button>
        </form>
    }
    .into_any()
}

fn name(action: Action) -> &'static str {
    match action {
        Action::Pause => "pause",
        Action::Resume => "resume",
        Action::LeaveOut => "leave_out",
        Action::Approve => "approve",
        Action::Retry(_) => "retry",
        Action::Change { .. } => "change",
        Action::EmptyTrash => "empty_trash",
    }
}
