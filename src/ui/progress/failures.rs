//! What failed and why, live: the last ones first seen, by window from the server.

use leptos::prelude::*;

use crate::api;
use crate::model::{JobId, JobSummary};
use crate::ui::live::Live;
use crate::ui::parts::{ErrorView, format};

const SHOWN: u32 = 50;

/// The failed items of a job. Read again at most once a second while more fail.
#[component]
pub(super) fn Failures(job: JobId, summary: Memo<Option<JobSummary>>) -> impl IntoView {
    let live = expect_context::<Live>();
    let failed = move |summary: &Option<JobSummary>| summary.as_ref().map_or(0, |summary| summary.counters.failed);
    // Looks at the count when the clock's second changes, not at each event.
    let second = Memo::new(move |_| live.clock.get() / 1_000);
    let seen = Memo::new(move |_| {
        second.get();
        summary.with_untracked(failed)
    });
    let some = Memo::new(move |_| summary.with(failed) > 0);
    let items = Resource::new(
        move || seen.get(),
        move |count| async move {
            if count == 0 {
                return Ok(None);
            }
            api::items(job, None, SHOWN, Some("failed".into())).await.map(Some)
        },
    );
    view! {
        <Transition>
            <div class="failures" hidden=move || !some.get()>
                <h3>"Failed"</h3>
                {move || Suspend::new(async move {
                    match items.await {
                        Err(error) => view! { <ErrorView error again=move |()| items.refetch() /> }.into_any(),
                        Ok(None) => ().into_any(),
                        Ok(Some(page)) => {
                            let rows = page
                                .items
                                .into_iter()
                                .map(|item| {
                                    let why = match (item.reason, item.message) {
                                        (Some(reason), Some(message)) if !message.is_empty() => format!("{reason}: {message}"),
                                        (reason, _) => reason.unwrap_or_default(),
                                    };
                                    view! {
                                        <li>
                                            <bdi dir="ltr" class="path">{item.path.shown()}</bdi>
                                            <span class="why">{why}</span>
                                        </li>
                                    }
                                })
                                .collect_view();
                            view! { <ul>{rows}</ul> }.into_any()
                        }
                    }
                })}
                <p class="more">
                    {move || {
                        let count = seen.get();
                        (count > SHOWN).then(|| {
                            let more = format!("and {} more", format::count(u64::from(count - SHOWN)));
                            view! { <a href=format!("/jobs/{job}?status=failed")>{more}</a> }
                        })
                    }}
                </p>
            </div>
        </Transition>
    }
}
