//! What failed and why: the first ones, by window from the server.

use std::time::Duration;

use leptos::prelude::*;

use super::panel::Summary;
use crate::api;
use crate::base::to;
use crate::ui::parts::{ErrorView, format, why};
use headway_model::summary::ItemView;
use headway_model::{ApiError, JobId};

/// So many are shown.
const SHOWN: u32 = 50;

/// While more fail they are read again so often.
const PACE: Duration = Duration::from_secs(1);

/// What was read: the first that failed.
type Read = Result<Vec<ItemView>, ApiError>;

/// The failed items of a job. No resource: a panel is in a page and in a dialog, which are made in another order in the browser than on
/// the server.
#[component]
pub(super) fn Failures(job: JobId, summary: Summary, is_page: bool) -> impl IntoView {
    let failed =
        Memo::new(move |_| summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.failed)));
    let read = RwSignal::new(None::<Read>);
    follow(job, failed, read);
    let rows = move || match read.get() {
        None => ().into_any(),
        Some(Err(error)) => view! { <ErrorView error /> }.into_any(),
        Some(Ok(items)) => {
            let rows = items.into_iter().map(|item| view! { <Failure item /> }).collect_view();
            view! {
                <div class="scroll" tabindex="0" role="region" aria-label="Files that failed">
                    <ul>{rows}</ul>
                </div>
            }
            .into_any()
        }
    };
    let more = move || {
        let count = failed.get();
        (count > SHOWN).then(|| {
            let more = format!("and {} more", format::count(u64::from(count - SHOWN)));
            view! { <a href=to(&format!("/jobs/{job}?status=failed"))>{more}</a> }
        })
    };
    let heading = if is_page { view! { <h2>"Failed"</h2> }.into_any() } else { view! { <h3>"Failed"</h3> }.into_any() };
    view! {
        <div class="failures" hidden=move || failed.get() == 0>
            {heading} {rows} <p class="more">{more}</p>
        </div>
    }
}

/// Reads them whenever their number has changed, one call at a time.
fn follow(job: JobId, failed: Memo<u32>, read: RwSignal<Option<Read>>) {
    let (busy, seen) = (RwSignal::new(false), StoredValue::new(0));
    Effect::new(move |_| {
        let count = failed.get();
        if busy.get() || seen.get_value() == count {
            return;
        }
        seen.set_value(count);
        if count == 0 {
            return read.set(None);
        }
        busy.set(true);
        leptos::task::spawn_local(async move {
            let items = api::items(job, None, SHOWN, Some("failed".into())).await.map(|page| page.items);
            if items.is_err() {
                seen.try_set_value(0);
            }
            read.try_set(Some(items));
            set_timeout(move || _ = busy.try_set(false), PACE);
        });
    });
}

#[component]
fn Failure(item: ItemView) -> impl IntoView {
    view! {
        <li>
            <bdi dir="ltr" class="path">{item.path.shown()}</bdi>
            <span class="why">{why(item.reason, item.message)}</span>
        </li>
    }
}
