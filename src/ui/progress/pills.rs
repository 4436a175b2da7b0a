//! Jobs that live but are not shown, as pills; jobs that ended unseen, in the corner.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::head::Download;
use crate::api;
use crate::base::to;
use crate::ui::live::Live;
use crate::ui::parts::format;
use headway_model::JobId;

/// A pill for each live job that is shown neither in the dialog nor by the page. A click shows it.
#[component]
pub(crate) fn Pills() -> impl IntoView {
    let live = expect_context::<Live>();
    let place = use_location().pathname;
    let jobs = to("/jobs/");
    let here = Memo::new(move |_| place.with(|place| place.strip_prefix(&jobs).and_then(|id| id.parse().ok())));
    let others = Memo::new(move |_| {
        let shown = [live.active.get(), here.get()];
        live.jobs.with(|jobs| {
            let open = jobs.values().filter(|state| !state.summary.status.is_terminal());
            open.map(|state| state.summary.job).filter(|job| !shown.contains(&Some(*job))).collect::<Vec<_>>()
        })
    });
    view! {
        <div class="pills">
            <For each=move || others.get() key=|job| *job let:job>
                <Pill job />
            </For>
        </div>
    }
}

/// A link to the job, which the page's program turns into the dialog: so it also works without one.
#[component]
fn Pill(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let text = move || {
        state.with(|state| {
            let summary = &state.as_ref()?.summary;
            Some(match format::percent(summary) {
                Some(percent) => format!("{} ({percent} %)", format::files(&summary.counters)),
                None if summary.listing => {
                    format!("Listing files: {} so far", format::count(summary.counters.files().into()))
                }
                None => "Nothing to do".into(),
            })
        })
    };
    let title = move || state.with(|state| state.as_ref().map(|state| state.summary.title.clone()));
    let status = move || state.with(|state| state.as_ref().map(|state| state.summary.status.label()));
    let show = move |event: MouseEvent| {
        // Another tab or window for it is the browser's to open.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key()) {
            event.prevent_default();
            live.show(job);
        }
    };
    view! {
        <a class="pill" href=to(&format!("/jobs/{job}")) data-job=job.to_string() data-status=status title=title on:click=show>
            {text}
        </a>
    }
}

/// Lines about jobs that ended, each with a way to the job.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <div class="toasts" role="status">
            <For each=move || live.toasts.get() key=|toast| (toast.job, toast.text.clone()) let:toast>
                <p class="toast" data-status=toast.status.clone() data-job=toast.job.to_string()>
                    <a href=to(&format!("/jobs/{}", toast.job))>{toast.text.clone()}</a>
                    <Written job=toast.job />
                    <button
                        class="quiet"
                        aria-label="Dismiss"
                        on:click={
                            let job = toast.job;
                            move |_| live.toasts.update(|toasts| toasts.retain(|toast| toast.job != job))
                        }
                    >
                        "×"
                    </button>
                </p>
            </For>
        </div>
    }
}

/// What the job wrote for its user: the dialog in which it was offered may have just closed.
#[component]
fn Written(job: JobId) -> impl IntoView {
    let names = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            if let Ok(view) = api::job(job).await {
                names.try_set(view.outputs);
            }
        });
    });
    move || names.get().into_iter().map(|name| view! { <Download job name /> }).collect_view()
}
