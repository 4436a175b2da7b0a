//! Jobs that live but are not shown, as pills; jobs that ended unseen, in the corner.

use leptos::prelude::*;

use crate::model::JobId;
use crate::ui::live::Live;
use crate::ui::parts::format::count;

/// A pill for each live job that is not the active one. A click shows it.
#[component]
pub(crate) fn Pills() -> impl IntoView {
    let live = expect_context::<Live>();
    let others = Memo::new(move |_| {
        let active = live.active.get();
        let lives = |job: &JobId| Some(*job) != active;
        live.jobs.with(|jobs| {
            let open = jobs.values().filter(|state| !state.summary.status.is_terminal());
            open.map(|state| state.summary.job).filter(lives).collect::<Vec<_>>()
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

#[component]
fn Pill(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let text = move || {
        state.with(|state| {
            let summary = &state.as_ref()?.summary;
            let counters = &summary.counters;
            let percent = u64::from(counters.done()) * 100 / u64::from(counters.total.max(1));
            Some(format!("{} / {} files ({percent} %)", count(counters.done().into()), count(counters.total.into())))
        })
    };
    let title = move || state.with(|state| state.as_ref().map(|state| state.summary.title.clone()));
    let status = move || state.with(|state| state.as_ref().map(|state| state.summary.status.label()));
    view! {
        <button class="pill" data-job=job.to_string() data-status=status title=title on:click=move |_| live.show(job)>
            {text}
        </button>
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
                    <a href=format!("/jobs/{}", toast.job)>{toast.text.clone()}</a>
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
