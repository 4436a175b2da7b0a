//! The files that are being worked on.

use std::sync::Arc;

use leptos::prelude::*;

use super::Summary;
use crate::live::JobState;
use crate::ui::parts::format;
use headway_model::JobStatus;
use headway_model::message::RunningItem;

/// Maximum number of files shown.
const SHOWN: usize = 4;

/// Each running file with its progress, if that is known. The list keeps its room while the job is under way, even if nothing runs
/// for a moment: what stands below must not move with each file.
#[component]
pub(super) fn RunningFiles(state: Memo<Option<Arc<JobState>>>, summary: Summary) -> impl IntoView {
    let running =
        Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.running.clone()).unwrap_or_default()));
    let is_under_way = Memo::new(move |_| {
        summary.with(|summary| {
            summary
                .as_ref()
                .is_some_and(|summary| summary.status == JobStatus::Processing || summary.counters.running > 0)
        })
    });
    // As many lines as there were at most.
    let lines = Memo::new(move |before: Option<&usize>| {
        let now = running.with(Vec::len).min(SHOWN);
        before.map_or(now, |before| now.max(*before))
    });
    let row = |item: RunningItem| {
        let far = far(&item);
        view! {
            <li>
                <bdi dir="ltr" class="head-running-path" title=item.path.shown()>{item.path.shown()}</bdi>
                <span class="head-running-far">{far}</span>
            </li>
        }
    };
    view! {
        <ul class="head-running" aria-label="Files being worked on" data-lines=move || lines.get() hidden=move || !is_under_way.get()>
            {move || running.get().into_iter().take(SHOWN).map(row).collect_view()}
        </ul>
    }
}

/// The progress of a file as it was counted or reported; empty if nothing is known.
fn far(item: &RunningItem) -> String {
    match (item.percent, item.total) {
        (Some(percent), _) => format!("{percent} %"),
        (None, 0) => String::new(),
        (None, total) => format!("{} of {}", format::size(item.done), format::size(total)),
    }
}
