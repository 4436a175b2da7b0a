//! The log of a job: what happened when, how fast the job went, and a slider to any moment of its past. The page
//! folds the events itself, with the same code with which it follows the job.

mod chart;
mod events;
mod read;
mod words;

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::items::{ItemsAddress, Texts};
use crate::live::{Live, PastMoment};
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::format::{count, counted, time_of_day};
use crate::ui::parts::{Disclosure, format};
use headway_model::history::HISTORY_LIMIT;
use headway_model::{JobId, Seq};
use read::ReadHistory;

/// The state of the log's panel. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Rewind {
    job: JobId,
    address: Memo<ItemsAddress>,
    texts: Texts,
    /// The files that the shown part of the log names.
    named: RwSignal<Vec<u32>>,
    panel: Disclosure,
    /// The event at which the slider is while it is being dragged.
    dragged: RwSignal<Option<Seq>>,
    /// The event after which the job is to be shown; `None` for the present.
    at: Memo<Option<Seq>>,
    /// Whether the page was opened at a moment of the past that is not yet shown.
    is_unread: RwSignal<bool>,
    /// The last event of the job now.
    last: Memo<Seq>,
    read: ReadHistory,
    live: Live,
    nav: Nav,
}

impl Rewind {
    /// The log of a job that had this many events when the page was rendered.
    pub(super) fn new(
        job: JobId,
        seq: Seq,
        address: Memo<ItemsAddress>,
        texts: Texts,
        named: RwSignal<Vec<u32>>,
    ) -> Self {
        let (live, nav) = (expect_context::<Live>(), expect_context::<Nav>());
        let (panel, dragged) = (Disclosure::new(), RwSignal::new(None));
        let present = live.present(job);
        let last =
            Memo::new(move |_| present.with(|state| state.as_ref().map_or(seq, |state| state.summary.seq.max(seq))));
        let read = ReadHistory::new(job);
        // New events of a running job do not move the shown moment, not even one beyond its last event.
        let at = Memo::new(move |_| {
            let at = dragged.get().or_else(|| address.with(|address| address.at))?;
            Some(at.clamp(1, last.get_untracked().max(1)))
        });
        let is_unread = RwSignal::new(at.get_untracked().is_some());
        let rewind = Rewind { job, address, texts, named, panel, dragged, at, is_unread, last, read, live, nav };
        read.follow(Memo::new(move |_| if panel.is_open.get() { last.get() } else { at.get().unwrap_or(0) }));
        rewind.shows();
        rewind
    }

    /// Shows the past instead of the present, once its events have been read.
    fn shows(self) {
        Effect::new(move |_| {
            let heard = self.read.heard.get();
            let Some(at) = self.at.get() else {
                self.is_unread.set(false);
                return self.live.past.set(None);
            };
            let is_shown = untrack(|| self.live.past_of(self.job)).is_some_and(|moment| moment.seq() == at);
            if heard >= at && !is_shown {
                self.live.past.set(self.read.moment(at).map(|(fold, at)| Arc::new(PastMoment::new(fold, at))));
                self.is_unread.set(false);
            }
        });
    }

    /// The banner above everything that shows the past: which moment it is, and a button back to the present.
    pub(super) fn banner(self) -> impl IntoView {
        let is_past = Memo::new(move |_| self.at.get().is_some());
        let text = move || {
            let at = self.at.get()?;
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
        // Before the moment is read, the page would show the present under the address of the past.
        let is_unread = move || self.is_unread.get().then_some("");
        let now = move || self.address.with(|address| address.with_at(self.job, None));
        // The moment is announced once the slider rests.
        let live = move || if self.dragged.with(Option::is_some) { "off" } else { "polite" };
        view! {
            <Show when=move || is_past.get()>
                <p class="history-past" aria-live=live data-unread=is_unread>
                    <span>{text}</span>
                    " "
                    <a class="ui-button ui-primary" href=now data-noscroll="">"Back to now"</a>
                </p>
            </Show>
        }
        .into_any()
    }

    pub(super) fn view(self) -> impl IntoView {
        let panel = self.panel;
        view! {
            <details class="history" node_ref=panel.details on:toggle=move |_| panel.toggled()>
                <summary>"Log and throughput"</summary>
                <Show when=move || panel.is_open.get()>
                    <div class="history-reading">
                        <p class="ui-error" role="alert">{move || self.read.wrong.get()}</p>
                        <p class="ui-hint" role="status">{move || self.reading()}</p>
                    </div>
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
        // A few events that arrive in the meantime are not worth mentioning.
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
        // The slider follows the shown moment, except while someone drags it.
        Effect::new(move |_| {
            let (at, most) = (self.at.get(), most());
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

    /// Goes to a moment, or to the present.
    fn go(self, at: Option<Seq>) {
        let (there, was_past) =
            self.address.with_untracked(|address| (address.with_at(self.job, at), address.at.is_some()));
        // The first change is a step that *Back* undoes; later ones replace it.
        self.nav.go(&there, if was_past { Go::Instead } else { Go::Here });
    }

    /// The name of a file, if it is known.
    fn name(self, item: u32) -> impl Fn() -> String {
        let text = self.texts.of(item);
        move || {
            let name = text.with(|text| text.as_ref().map(|text| text.path.shown().to_string()));
            name.unwrap_or_else(|| format!("File {}", format::count(u64::from(item) + 1)))
        }
    }
}
