//! The events up to the moment that is shown, the last one first.

use leptos::prelude::*;

use super::Rewind;
use super::words::{EventsShown, event_text};
use crate::ui::job::items::ReadNames;
use crate::ui::parts::format::{count, sentence, time_of_day};
use headway_model::Seq;
use headway_model::history::HistoryEntry;

/// How many events are shown. The slider leads to the others.
const SHOWN: usize = 50;

impl Rewind {
    pub(super) fn events(self) -> impl IntoView {
        let only = RwSignal::new(EventsShown::All);
        let (find, names) = (RwSignal::new(None::<String>), ReadNames::new());
        let state = self.live.present(self.job);
        let files =
            move |_: Option<&u32>| state.with(|state| state.as_ref().map_or(0, |state| state.summary.counters.total));
        names.follow(self.job, Memo::new(move |_| find.get()), Memo::new(files));
        let found = move |event| find.set(Some(event_target_value(&event)).filter(|text| !text.trim().is_empty()));
        let shown = Memo::new(move |_| {
            let heard = self.read.heard.get();
            let (end, only) = (self.at.get().unwrap_or(heard).min(heard), only.get());
            let named = find.get().map(|name| names.of(&name).unwrap_or_default());
            let is_found = |item: Option<u32>| {
                named.as_ref().is_none_or(|named| item.is_some_and(|item| named.items.binary_search(&item).is_ok()))
            };
            self.read.with(|history| {
                let up_to = history.entries().get(..end as usize).unwrap_or_default();
                let entries = up_to
                    .iter()
                    .rev()
                    .zip((1..=end).rev())
                    .filter(|(entry, _)| only.has(entry.kind) && is_found(entry.item));
                entries.map(|(entry, seq)| (*entry, seq)).take(SHOWN).collect::<Vec<(HistoryEntry, Seq)>>()
            })
        });
        // Their names are requested together with those of the files below.
        Effect::new(move |_| {
            let items = shown.with(|shown| shown.iter().filter_map(|(entry, _)| entry.item).collect());
            self.named.set(items);
        });
        let choice = move |(choice, text): (EventsShown, &'static str)| {
            let pressed = move || if only.get() == choice { "true" } else { "false" };
            view! { <button class="ui-quiet" aria-pressed=pressed on:click=move |_| only.set(choice)>{text}</button> }
        };
        let is_asking = move || find.with(|find| find.as_ref().is_some_and(|name| names.of(name).is_none()));
        let is_empty = move || shown.with(Vec::is_empty) && !is_asking();
        view! {
            <div class="ui-buttons history-filter" role="group" aria-label="Events that are shown">
                {EventsShown::ALL.map(choice).into_iter().collect_view()}
                <input type="search" class="ui-search" placeholder="Files with…, or *.jpg" aria-label="Events of files by name" autocomplete="off" on:change=found />
            </div>
            <p class="ui-error" role="alert">{move || names.wrong.get().map(|error| sentence(&error.to_string()))}</p>
            <p class="ui-hint" hidden=move || !is_empty()>"No such event up to this moment."</p>
            <ol class="history-events" reversed aria-label="Events, the last one first">
                <For each=move || shown.get() key=|(_, seq)| *seq children=move |(entry, seq)| self.event(entry, seq) />
            </ol>
        }
        .into_any()
    }

    fn event(self, entry: HistoryEntry, seq: Seq) -> impl IntoView {
        let there = move || self.address.with(|address| address.with_at(self.job, Some(seq)));
        let what = match entry.item {
            None => event_text(entry.kind).into_any(),
            Some(item) => {
                let file = move || self.address.with(|address| address.opening(self.job, item));
                view! { <a href=file data-noscroll=""><bdi dir="ltr">{self.name(item)}</bdi></a> " " {event_text(entry.kind)} }.into_any()
            }
        };
        view! {
            <li data-seq=seq.to_string()>
                <a class="history-number" href=there data-noscroll="" title="Show this moment">{count(seq)}</a>
                " "
                <time>{time_of_day(entry.at)}</time>
                " "
                <span>{what}</span>
            </li>
        }
        .into_any()
    }
}
