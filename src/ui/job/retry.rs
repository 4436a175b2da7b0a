//! Retries one failed item, unless another job is about to.

use leptos::prelude::*;

use crate::api;
use crate::live::Live;
use crate::ui::parts::may_act;
use crate::ui::progress::{Newest, RetriedNow};
use headway_model::request::ItemSelection;
use headway_model::{Action, ApiError, JobId, StartJob};

/// A button that runs the item again: in its own job while that is under way, in a new job afterwards.
#[component]
pub(super) fn RetryItem(
    /// The job.
    job: JobId,
    /// Its failed item.
    item: u32,
    /// The job's request.
    request: StoredValue<Option<StartJob>>,
) -> impl IntoView {
    if !may_act() {
        return ().into_any();
    }
    let live = expect_context::<Live>();
    let newest = use_context::<Newest>();
    let retried = Memo::new(move |_| newest.and_then(|newest| newest.retried_in(&[item], true)));
    let error = RwSignal::new(None::<ApiError>);
    live.heals(error);
    let retry = move |_| {
        let over =
            live.jobs.with_untracked(|jobs| jobs.get(&job).is_none_or(|state| state.summary.status.is_terminal()));
        if over {
            let again = request.with_value(|request| {
                request.as_ref().map(|request| request.again(job, ItemSelection::These(vec![item])))
            });
            if let Some(request) = again {
                live.start(request);
            }
            return;
        }
        leptos::task::spawn_local(async move {
            match api::steer_job(job, Action::Retry(Some(item))).await {
                Ok(_) => error.set(None),
                Err(failed) => error.set(Some(failed)),
            }
        });
    };
    view! {
        {move || retried.get().map(|retry| view! { <RetriedNow retry /> })}
        <Show when=move || retried.with(Option::is_none)>
            <button class="ui-quiet" data-action="retry-item" on:click=retry>"Retry"</button>
        </Show>
        <span class="ui-error" role="alert">{move || error.with(|error| error.as_ref().map(ToString::to_string))}</span>
    }
    .into_any()
}
