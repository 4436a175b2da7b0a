//! The log of a job: what happened when, how fast it went, and the way back to any moment. The page folds the events itself, with the same
//! code that it follows the job with.

mod chart;
mod events;
mod read;
mod words;

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::items::{ItemsAddress, Texts};
use crate::ui::live::{Live, PastMoment};
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::format;
use crate::ui::parts::format::{count, counted, time_of_day};
use headway_model::history::HISTORY_LIMIT;
use headway_model::{JobId, Seq};
use read::ReadHistory;

/// What it is made of. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Rewind {
    job: JobId,
    address: Memo<ItemsAddress>,
    texts: Texts,
    /// Files that are named in what is shown of the log.
    named: RwSignal<Vec<u32>>,
    is_open: RwSignal<bool>,
    /// The event that the slider is at while it is moved.
    dragged: RwSignal<Option<Seq>>,
    /// The last event of the job as it is now.
    last: Memo<Seq>,
    read: ReadHistory,
    live: Live,
    nav: Nav,
}

impl Rewind {
    /// The log of a job that had so many events when the page was made.
    pub(super) fn new(
        job: JobId,
        seq: Seq,
        address: Memo<ItemsAddress>,
        texts: Texts,
        named: RwSignal<Vec<u32>>,
    ) -> Self {
        let (live, nav) = (expect_context::<Live>(), expect_context::<Nav>());
        let (is_open, dragged) = (RwSignal::new(false), RwSignal::new(None));
        let present = live.present(job);
        let last =
            Memo::new(move |_| present.with(|state| state.as_ref().map_or(seq, |state| state.summary.seq.max(seq))));
        let read = ReadHistory::new(job);
        let rewind = Rewind { job, address, texts, named, is_open, dragged, last, read, live, nav };
        read.follow(Memo::new(move |_| if is_open.get() { last.get() } else { rewind.at().unwrap_or(0) }));
        rewind.shows();
        rewind
    }

    /// The event at which the job is to be shown; `None` for now.
    fn at(self) -> Option<Seq> {
        let at = self.dragged.get().or_else(|| self.address.with(|address| address.at))?;
        Some(at.clamp(1, self.last.get().max(1)))
    }

    /// Puts the past in the place of the present, once its events are here.
    fn shows(self) {
        Effect::new(move |_| {
            let heard = self.read.heard.get();
            let Some(at) = self.at() else { return self.live.past.set(None) };
            let is_shown = untrack(|| self.live.past_of(self.job)).is_some_and(|moment| moment.seq() == at);
            if heard >= at && !is_shown {
                self.live.past.set(self.read.moment(at).map(|(fold, at)| Arc::new(PastMoment::new(fold, at))));
            }
        });
    }

    /// Says what moment is shown, above all that shows it, with the way back.
    pub(super) fn banner(self) -> impl IntoView {
        let is_past = Memo::new(move |_| self.at().is_some());
        let text = move || {
            let at = self.at()?;
            if let Some(wrong) = self.read.wrong.get() {
                return Some(format!("Event {} cannot be shown. {wrong}", count(at)));
            }
            let Some(moment) = self.live.past_of(self.job).filter(|moment| moment.seq() == at) else {
                let heard = self.read.heard.get();
                return Some(format!("Reading the events up to {}: {} so far…", count(at), count(heard)));
            };
            let time = time_of_day(moment.at);
            Some(format!(
                "The past: the job as it stood at {time}, after event {} of {}.",
                count(at),
                count(self.last.get())
            ))
        };
        let now = move || self.address.with(|address| address.with_at(self.job, None));
        // What moment is shown is told once the slider rests.
        let live = move || if self.dragged.with(Option::is_some) { "off" } else { "polite" };
        view! {
            <Show when=move || is_past.get()>
                <p class="history-past" aria-live=live>
                    <span>{text}</span>
                    " "
                    <a class="button primary" href=now data-noscroll="">"Back to now"</a>
                </p>
            </Show>
        }
        .into_any()
    }

    pub(super) fn view(self) -> impl IntoView {
        let details = NodeRef::<html::Details>::new();
        let toggled =
            move |_| self.is_open.set(details.get_untracked().is_some_and(|details| details.has_attribute("open")));
        view! {
            <details class="history" node_ref=details on:toggle=toggled>
                <summary>"Log and throughput"</summary>
                <Show when=move || self.is_open.get()>
                    <p class="error" role="alert">{move || self.read.wrong.get()}</p>
                    <p class="hint" role="status">{move || self.reading()}</p>
                    {self.chart()}
                    {self.slider()}
                    {self.events()}
                </Show>
            </details>
        }
        .into_any()
    }

    /// How far the log is read.
    fn reading(self) -> Option<String> {
        let (heard, last) = (self.read.heard.get(), self.last.get());
        if heard >= HISTORY_LIMIT {
            let rest = counted(last.saturating_sub(heard), "event is", "events are");
            return Some(format!("The first {} events can be shown here; {rest} in the download alone.", count(heard)));
        }
        // What comes while one looks is no news of its own.
        let is_far = last.saturating_sub(heard) > u64::from(headway_model::history::HISTORY_PAGE);
        is_far.then(|| format!("Reading the log: {} of {}…", count(heard), counted(last, "event", "events")))
    }

    fn slider(self) -> impl IntoView {
        let field = NodeRef::<html::Input>::new();
        let value = move || field.get_untracked().and_then(|field| field.value().parse::<Seq>().ok());
        let most = move || self.last.get().min(self.read.heard.get()).max(1);
        let moved = move |_| self.dragged.set(value());
        let rested = move |_| {
            let at = value().filter(|at| *at < self.last.get_untracked());
            self.dragged.set(None);
            self.go(at);
        };
        // The field keeps what was done to it: it follows what is shown, but not under someone's fingers.
        Effect::new(move |_| {
            let (at, most) = (self.at(), most());
            if let Some(field) = field.get().filter(|_| self.dragged.with(Option::is_none)) {
                field.set_max(&most.to_string());
                field.set_value(&at.unwrap_or(most).to_string());
            }
        });
        let said = move || match self.live.past_of(self.job) {
            Some(moment) => format!("Event {}, {}", count(moment.seq()), time_of_day(moment.at)),
            None => "Now".into(),
        };
        view! {
            <div class="history-rewind">
                <label>
                    "Rewind "
                    <input type="range" min="1" node_ref=field autocomplete="off" on:input=moved on:change=rested aria-valuetext=said />
                </label>
                <output>{said}</output>
            </div>
        }
        .into_any()
    }

    /// To a moment, or to now.
    fn go(self, at: Option<Seq>) {
        let (there, was_past) =
            self.address.with_untracked(|address| (address.with_at(self.job, at), address.at.is_some()));
        // The first is a step that *Back* takes back; the others change it.
        self.nav.go(&there, if was_past { Go::Instead } else { Go::Here });
    }

    /// The name of a file, as far as it is known.
    fn name(self, item: u32) -> impl Fn() -> String {
        let text = self.texts.of(item);
        move || {
            let name = text.with(|text| text.as_ref().map(|text| text.path.shown().to_string()));
            name.unwrap_or_else(|| format!("File {}", format::count(u64::from(item) + 1)))
        }
    }
}
