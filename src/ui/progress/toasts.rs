//! Toasts for jobs that ended unseen.

use leptos::prelude::*;

use super::head::{Download, next_text};
use crate::api;
use crate::base::to;
use crate::live::Live;
use crate::ui::nav::Nav;
use crate::ui::parts::may_act;
use headway_model::{JobId, StartJob};

/// Toasts about jobs that ended, each with a link to the job. The job's own page says the same.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let live = expect_context::<Live>();
    let place = expect_context::<Nav>().path();
    let here =
        Memo::new(move |_| place.with(|place| place.strip_prefix("/jobs/").and_then(|id| id.parse::<JobId>().ok())));
    view! {
        <div class="toasts" role="status">
            <For each=move || live.toasts.get() key=|toast| (toast.job, toast.text.clone()) let:toast>
                <p
                    class="toast"
                    data-status=toast.status.clone()
                    data-job=toast.job.to_string()
                    hidden={
                        let job = toast.job;
                        move || here.get() == Some(job)
                    }
                >
                    <a href=to(&format!("/jobs/{}", toast.job))>{toast.text.clone()}</a>
                    <Written job=toast.job />
                    <button
                        class="ui-quiet"
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

/// Links to the job's outputs, and to what can be done with them, because no dialog has offered them.
#[component]
fn Written(job: JobId) -> impl IntoView {
    let (names, next) = (RwSignal::new(Vec::new()), RwSignal::new(None));
    let (live, can_act) = (expect_context::<Live>(), may_act());
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            if let Ok(view) = api::job(job).await {
                next.try_set(view.next.filter(|_| can_act));
                names.try_set(view.outputs);
            }
        });
    });
    let offer = move || {
        let request: StartJob = next.get()?;
        let text = next_text(&request);
        let start = move |_| _ = live.start(request.clone());
        Some(view! { <p class="head-output"><button on:click=start>{text}</button></p> })
    };
    view! {
        {move || names.get().into_iter().map(|name| view! { <Download job name /> }).collect_view()}
        {offer}
    }
}
