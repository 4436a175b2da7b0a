//! The choice between the order of the job and groups by folder or by size, and the names of the groups on the map.

use leptos::prelude::*;

use super::Map;
use super::order::MapOrder;
use crate::api;
use crate::live::Live;
use crate::ui::parts::{ErrorView, format};
use headway_model::groups::GroupBy;
use headway_model::{ApiError, JobId};

/// What each choice groups by, in the order in which they are offered.
const CHOICES: [Option<GroupBy>; 3] = [None, Some(GroupBy::Folder), Some(GroupBy::Size)];

/// What the files are grouped by. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Groups {
    job: JobId,
    /// The index of the choice. Signals of a type that nothing else uses are much code to download.
    choice: RwSignal<u32>,
    /// The order of the files; ungrouped until the groups have arrived.
    read: RwSignal<Result<MapOrder, ApiError>>,
    asked: RwSignal<u32>,
}

impl Groups {
    /// Not grouped.
    pub(super) fn new(job: JobId) -> Self {
        Groups { job, choice: RwSignal::new(0), read: RwSignal::new(Ok(MapOrder::default())), asked: RwSignal::new(0) }
    }

    /// The order of the files on the map: the order of the job until the groups have arrived.
    pub(super) fn order(self) -> MapOrder {
        self.read.with(|read| read.as_ref().ok().cloned()).unwrap_or_default()
    }

    /// Asks for the groups of each choice, once all `files` are listed.
    pub(super) fn follow(self, files: Memo<u32>, is_listed: Memo<bool>) {
        Effect::new(move |_| {
            let (choice, is_listed) = (self.choice.get(), is_listed.get());
            let _ = (files.get(), self.asked.get());
            let Some(by) = CHOICES.get(choice as usize).copied().flatten().filter(|_| is_listed) else {
                return self.read.set(Ok(MapOrder::default()));
            };
            // Disposed of with this choice, so that a late answer is dropped.
            let is_newest = RwSignal::new(0_u32);
            leptos::task::spawn_local(async move {
                let read = api::groups(self.job, by).await.map(MapOrder::by);
                if !is_newest.is_disposed() {
                    self.read.try_set(read);
                }
            });
        });
    }

    /// The choice.
    pub(super) fn choice(self) -> impl IntoView {
        let live = expect_context::<Live>();
        let change = move |event| self.choice.set(event_target_value(&event).parse().unwrap_or_default());
        view! {
            <label>
                <span class="ui-hidden">"Order of the map"</span>
                <select name="map" autocomplete="off" disabled=move || !live.is_ready() on:change=change>
                    <option value="0">"in the order of the job"</option>
                    <option value="1">"by folder"</option>
                    <option value="2">"by size"</option>
                </select>
            </label>
        }
        .into_any()
    }

    /// Why the groups could not be read.
    pub(super) fn failed(self) -> impl IntoView {
        move || {
            let error = self.read.with(|read| read.as_ref().err().cloned());
            error.map(|error| view! { <ErrorView error again=move |()| self.asked.update(|asked| *asked += 1) /> })
        }
    }
}

impl Map {
    /// The name of some files, which leads to a list of them if they follow each other in the job.
    pub(super) fn named(self, name: String, span: Option<(u32, u32)>) -> impl IntoView {
        let there = span.map(|span| self.address.with(|address| address.with_span(self.job, Some(span))));
        view! { <a href=there data-noscroll="">{name}</a> }
    }

    /// The names of the groups, each above its cells. If its files follow each other in the job, the name leads to a list of them.
    pub(super) fn headings(self) -> impl IntoView {
        move || {
            self.grid.with(|grid| {
                if !grid.order.is_grouped() {
                    return None;
                }
                let heading = |band: &super::grid::Band| {
                    let name = band.group.name.clone();
                    let files = format!(" {}", format::counted(band.group.files, "file", "files"));
                    let top = format!("{}px", band.line());
                    view! { <p class="map-group" style:top=top>{self.named(name, band.span(&grid.order))} <span>{files}</span></p> }
                };
                Some(grid.bands().iter().map(heading).collect_view())
            })
        }
    }
}
