//! The map for people who cannot see it: the statuses of each tenth of the job's files, or of each group, with links.

use leptos::prelude::*;

use super::Map;
use super::grid::{Band, Grid};
use crate::live::Live;
use crate::ui::parts::{Disclosure, format, words};
use crate::ui::progress::number;
use headway_model::bar::READ;
use headway_model::item::StatusFilter;
use headway_model::{Counters, Fold};

impl Map {
    /// The table. It is computed only while it is open.
    pub(super) fn table(self) -> impl IntoView {
        let live = expect_context::<Live>();
        let state = live.job(self.job);
        let panel = Disclosure::new();
        let rows = move || {
            if !panel.is_open.get() {
                return None;
            }
            let _ = state.get();
            let row = |MapRow { name, span, counters }: MapRow| {
                let cell = |of: StatusFilter| view! { <td class="map-number">{format::count(number(&counters, of).into())}</td> };
                view! {
                    <tr>
                        <th scope="row">{self.named(name, span)}</th>
                        {READ.map(cell).into_iter().collect_view()}
                    </tr>
                }
            };
            let rows = self.grid.with(|grid| {
                live.with_fold(self.job, |fold| if grid.order.is_grouped() { groups(fold, grid) } else { tenths(fold) })
            });
            Some(rows?.into_iter().map(row).collect_view())
        };
        let head = |of: StatusFilter| view! { <th scope="col" class="map-number">{words::of(of)}</th> };
        view! {
            <details class="map-table" node_ref=panel.details on:toggle=move |_| panel.toggled()>
                <summary>"As a table"</summary>
                <div class="map-rows" tabindex="0" role="region" aria-label="The map as a table">
                    <table class="ui-listing">
                        <thead>
                            <tr><th scope="col">"Files"</th>{READ.map(head).into_iter().collect_view()}</tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        }
        .into_any()
    }
}

/// A row: some files of the job, as a range if they are one.
struct MapRow {
    name: String,
    span: Option<(u32, u32)>,
    counters: Counters,
}

/// Each tenth of a job.
fn tenths(fold: &Fold) -> Vec<MapRow> {
    let files = fold.counters.total;
    let each = files.div_ceil(10).max(1);
    let mut tenths: Vec<MapRow> = Vec::new();
    for (item, status) in fold.items() {
        if item.is_multiple_of(each) {
            let last = item.saturating_add(each).min(files) - 1;
            let name = format!("{} to {}", format::count(u64::from(item) + 1), format::count(u64::from(last) + 1));
            tenths.push(MapRow { name, span: Some((item, last)), counters: Counters::default() });
        }
        tenths.last_mut().iter_mut().for_each(|tenth| tenth.counters.add(status));
    }
    tenths
}

/// Each group of the map.
fn groups(fold: &Fold, grid: &Grid) -> Vec<MapRow> {
    let row = |band: &Band| {
        let mut counters = Counters::default();
        let places = band.group.first..band.group.first + band.group.files;
        places.filter_map(|place| fold.item(grid.order.file_at(place))).for_each(|status| counters.add(status));
        MapRow { name: band.group.name.clone(), span: band.span(&grid.order), counters }
    };
    grid.bands().iter().map(row).collect()
}
