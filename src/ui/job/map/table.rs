//! The map for people who cannot see it: the statuses of each tenth of the job's files, with links.

use leptos::html;
use leptos::prelude::*;

use super::Map;
use super::cells::KINDS;
use crate::ui::live::Live;
use crate::ui::parts::{format, words};
use crate::ui::progress::number;
use headway_model::{Counters, Fold};

impl Map {
    /// The table. It is computed only while it is open.
    pub(super) fn table(self) -> impl IntoView {
        let live = expect_context::<Live>();
        let state = live.job(self.job);
        let details = NodeRef::<html::Details>::new();
        let is_open = RwSignal::new(false);
        let toggled =
            move |_| is_open.set(details.get_untracked().is_some_and(|details| details.has_attribute("open")));
        let rows = move || {
            if !is_open.get() {
                return None;
            }
            let _ = state.get();
            let row = |(first, last, counters): (u32, u32, Counters)| {
                let name = format!("{} to {}", format::count(u64::from(first) + 1), format::count(u64::from(last) + 1));
                let there = self.address.with(|address| address.with_span(self.job, Some((first, last))));
                let cell = |kind| view! { <td class="map-number">{format::count(number(&counters, kind).into())}</td> };
                view! {
                    <tr>
                        <th scope="row"><a href=there data-noscroll="">{name}</a></th>
                        {KINDS.map(cell).into_iter().collect_view()}
                    </tr>
                }
            };
            Some(live.with_fold(self.job, tenths)?.into_iter().map(row).collect_view())
        };
        let head = |kind| view! { <th scope="col" class="map-number">{words::of(kind)}</th> };
        view! {
            <details class="map-table" node_ref=details on:toggle=toggled>
                <summary>"As a table"</summary>
                <div class="map-rows" tabindex="0" role="region" aria-label="The map as a table">
                    <table class="listing">
                        <thead>
                            <tr><th scope="col">"Files"</th>{KINDS.map(head).into_iter().collect_view()}</tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        }
        .into_any()
    }
}

/// Each tenth of a job: its first and last file, and its counts by status.
fn tenths(fold: &Fold) -> Vec<(u32, u32, Counters)> {
    let files = fold.counters.total;
    let each = files.div_ceil(10).max(1);
    let mut tenths: Vec<(u32, u32, Counters)> = Vec::new();
    for (item, status) in fold.items() {
        if item.is_multiple_of(each) {
            tenths.push((item, item.saturating_add(each).min(files) - 1, Counters::default()));
        }
        tenths.last_mut().iter_mut().for_each(|tenth| tenth.2.add(status));
    }
    tenths
}
