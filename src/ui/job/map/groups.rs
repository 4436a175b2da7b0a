//! The choice between the order of the job and groups by folder or by size, and the names of the groups on the map.

use leptos::prelude::*;

use super::Map;
use super::order::MapOrder;
use crate::api;
use crate::ui::live::Live;
use crate::ui::parts::{ErrorView, format};
use headway_model::groups::GroupBy;
use headway_model::{ApiError, JobId};

/// The choices: their values and labels.
const CHOICES: [(Option<GroupBy>, &str, &str); 3] = [
    (None, "", "in the order of the job"),
    (Some(GroupBy::Folder), "folder", "by folder"),
    (Some(GroupBy::Size), "size", "by size"),
];

/// What the files are grouped by. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Groups {
    job: JobId,
    by: RwSignal<Option<GroupBy>>,
    read: RwSignal<Option<Result<MapOrder, ApiError>>>,
    asked: RwSignal<u32>,
}

impl Groups {
    /// Not grouped.
    pub(super) fn new(job: JobId) -> Self {
        Groups { job, by: RwSignal::new(None), read: RwSignal::new(None), asked: RwSignal::new(0) }
    }

    /// The order of the files on the map: the order of the job until the groups have arrived.
    pub(super) fn order(self) -> MapOrder {
        self.read.with(|read| read.as_ref().and_then(|read| read.as_ref().ok()).cloned()).unwrap_or_default()
    }

    /// Asks for the groups of each choice, once all `files` are listed.
    pub(super) fn follow(self, files: Memo<u32>, is_listed: Memo<bool>) {
        Effect::new(move |_| {
            let (by, is_listed) = (self.by.get(), is_listed.get());
            let _ = (files.get(), self.asked.get());
            let Some(by) = by.filter(|_| is_listed) else { return self.read.set(None) };
            // Disposed of with this choice, so that a late answer is dropped.
            let is_newest = RwSignal::new(());
            leptos::task::spawn_local(async move {
                let read = api::groups(self.job, by).await.map(MapOrder::by);
                if !is_newest.is_disposed() {
                    self.read.try_set(Some(read));
                }
            });
        });
    }

    /// The choice.
    pub(super) fn choice(self) -> impl IntoView {
        let live = expect_context::<Live>();
        let change = move |event| {
            let value = event_target_value(&event);
            self.by.set(CHOICES.iter().find(|(_, word, _)| *word == value).and_then(|(by, ..)| *by));
        };
        let option = |(_, word, label): (Option<GroupBy>, &'static str, &'static str)| view! { <option value=word>{label}</option> };
        view! {
            <label class="map-by">
                <span class="visually-hidden">"Order of the map"</span>
                <select name="map" autocomplete="off" disabled=move || !live.is_ready() on:change=change>{CHOICES.map(option).into_iter().collect_view()}</select>
            </label>
        }
        .into_any()
    }

    /// Why the groups could not be read.
    pub(super) fn failed(self) -> impl IntoView {
        move || {
            let error = self.read.with(|read| read.as_ref().and_then(|read| read.as_ref().err().cloned()));
            error.map(|error| view! { <ErrorView error again=move |()| self.asked.update(|asked| *asked += 1) /> })
        }
    }
}

impl Map {
    /// The names of the groups, each above its cells. If its files follow each other in the job, the name leads to a list of them.
    pub(super) fn headings(self) -> impl IntoView {
        move || {
            self.grid.with(|grid| {
                if !grid.order.is_grouped() {
                    return None;
                }
                let heading = |band: &super::cells::Band| {
                    let name = band.group.name.clone();
                    let files = format!(" {}", format::counted(band.group.files, "file", "files"));
                    let shown = match band.span(&grid.order) {
                        None => view! { <b>{name}</b> }.into_any(),
                        Some(span) => {
                            let there = self.address.with(|address| address.with_span(self.job, Some(span)));
                            view! { <a href=there data-noscroll="">{name}</a> }.into_any()
                        }
                    };
                    let top = format!("{}px", band.line());
                    view! { <p class="map-group" style:top=top>{shown} <span>{files}</span></p> }
                };
                Some(grid.bands().iter().map(heading).collect_view())
            })
        }
    }
}
