//! The files that are being worked on.

use std::sync::Arc;

use leptos::prelude::*;

use crate::ui::live::JobState;
use crate::ui::parts::format;
use headway_model::message::RunningItem;

/// The most that are shown.
const SHOWN: usize = 4;

/// Each file with how far it is, as far as that is known.
#[component]
pub(super) fn RunningFiles(state: Memo<Option<Arc<JobState>>>) -> impl IntoView {
    let running =
        Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.running.clone()).unwrap_or_default()));
    let at_work =
        Memo::new(move |_| state.with(|state| state.as_ref().is_some_and(|state| state.summary.counters.running > 0)));
    let row = |item: RunningItem| {
        let far = far(&item);
        view! {
            <li>
                <bdi dir="ltr" class="head-running-path">{item.path.shown()}</bdi>
                <span class="head-running-far">{far}</span>
            </li>
        }
    };
    view! {
        <ul class="head-running" aria-label="Files being worked on" hidden=move || !at_work.get()>
            {move || running.get().into_iter().take(SHOWN).map(row).collect_view()}
        </ul>
    }
}

/// How far it is, as counted or reported: a percentage stays one, and where nothing is known nothing is shown.
fn far(item: &RunningItem) -> String {
    match (item.percent, item.total) {
        (Some(percent), _) => format!("{percent} %"),
        (None, 0) => String::new(),
        (None, total) => format!("{} of {}", format::size(item.done), format::size(total)),
    }
}
