//! What the server says of the items of a window: read with the page, and again for those rows that have moved since.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;

use super::PAGE;
use crate::api;
use crate::model::follow::Phase;
use crate::model::summary::{ItemPage, ItemView};
use crate::model::{ApiError, JobId, window};
use crate::ui::live::Live;

/// The next call for text comes no sooner.
const PACE: Duration = Duration::from_millis(300);

/// After a call that failed, or where the job cannot be followed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) item: u32,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) attempt: u32,
}

/// Rows in order, and where the next window begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Window {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<u32>,
    /// Whether it is of the fold, not as the server read it.
    pub(super) is_folded: bool,
}

impl Row {
    /// A row that is just being taken away.
    pub(super) fn gone(item: u32) -> Self {
        Row { item, status: String::new(), reason: None, attempt: 0 }
    }

    /// Whether a text is of this very moment of the item: of another one only its name holds.
    pub(super) fn is_told_by(&self, text: &ItemView) -> bool {
        text.status == self.status && text.attempt == self.attempt
    }

    /// Whether there is more to say of it than its name.
    fn has_story(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "skipped")
    }
}

impl From<window::Window> for Window {
    fn from(window: window::Window) -> Self {
        let row = |row: window::Row| Row {
            item: row.item,
            status: row.status.label().into(),
            reason: row.status.reason().map(Into::into),
            attempt: row.attempt,
        };
        Window { rows: window.rows.into_iter().map(row).collect(), next: window.next, is_folded: true }
    }
}

impl From<&ItemPage> for Window {
    fn from(page: &ItemPage) -> Self {
        let row = |text: &ItemView| Row {
            item: text.item,
            status: text.status.clone(),
            reason: text.reason.clone(),
            attempt: text.attempt,
        };
        Window { rows: page.items.iter().map(row).collect(), next: page.next, is_folded: false }
    }
}

/// The texts of a window. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Texts {
    job: JobId,
    /// The window as it was read.
    read: RwSignal<Window>,
    texts: RwSignal<BTreeMap<u32, ItemView>>,
    /// Why the last call failed.
    pub(super) wrong: RwSignal<Option<String>>,
}

impl Texts {
    pub(super) fn new(job: JobId, page: Result<ItemPage, ApiError>) -> Self {
        // What could not be read is asked for again as soon as the job is followed.
        let (page, wrong) = match page {
            Ok(page) => (page, None),
            Err(error) => (ItemPage { items: Vec::new(), next: None, seq: 0 }, Some(error.to_string())),
        };
        let read = RwSignal::new(Window::from(&page));
        let texts = page.items.into_iter().map(|text| (text.item, text)).collect();
        Texts { job, read, texts: RwSignal::new(texts), wrong: RwSignal::new(wrong) }
    }

    /// The window as it was read, for as long as the job is not followed.
    pub(super) fn as_read(self) -> Window {
        self.read.get()
    }

    /// The text of an item, once it is there.
    pub(super) fn of(self, item: u32) -> Memo<Option<ItemView>> {
        Memo::new(move |_| self.texts.with(|texts| texts.get(&item).cloned()))
    }

    /// Asks for the texts that a window lacks, one call at a time.
    pub(super) fn follow(self, window: Memo<Window>) {
        let busy = RwSignal::new(false);
        Effect::new(move |_| {
            let wanted = window.with(|window| self.texts.with(|texts| wanted(window, texts)));
            if busy.get() || wanted.is_empty() {
                return;
            }
            busy.set(true);
            leptos::task::spawn_local(async move {
                let pace = match api::items_at(self.job, wanted).await {
                    Ok(items) => {
                        self.take(items);
                        PACE
                    }
                    Err(error) => {
                        self.wrong.try_set(Some(error.to_string()));
                        PATIENCE
                    }
                };
                set_timeout(move || _ = busy.try_set(false), pace);
            });
        });
    }

    /// Where following has come to an end, the whole window is asked for: old, but never mixed with newer counts.
    pub(super) fn read_again_unfollowed(self, live: Live, status: Memo<Option<String>>, after: Memo<Option<u32>>) {
        let state = live.job(self.job);
        let stopped = Memo::new(move |_| {
            let is = |state: &crate::ui::live::JobState| state.phase == Some(Phase::Stopped);
            state.with(|state| state.as_ref().filter(|state| is(state)).map(|state| state.summary.seq))
        });
        let busy = RwSignal::new(false);
        Effect::new(move |_| {
            if stopped.get().is_none() || busy.get() {
                return;
            }
            busy.set(true);
            let (status, after) = (status.get(), after.get());
            leptos::task::spawn_local(async move {
                match api::items(self.job, after, PAGE, status).await {
                    Ok(page) => {
                        self.read.try_set(Window::from(&page));
                        self.take(page.items);
                    }
                    Err(error) => drop(self.wrong.try_set(Some(error.to_string()))),
                }
                set_timeout(move || _ = busy.try_set(false), PATIENCE);
            });
        });
    }

    fn take(self, items: Vec<ItemView>) {
        self.wrong.try_set(None);
        self.texts.try_update(|texts| texts.extend(items.into_iter().map(|text| (text.item, text))));
    }
}

/// The rows whose text is missing, or of another moment where that matters. The server's is never older than what a page has heard; if it
/// is newer, the page is about to hear the rest.
fn wanted(window: &Window, texts: &BTreeMap<u32, ItemView>) -> Vec<u32> {
    let lacks = |row: &&Row| match texts.get(&row.item) {
        None => true,
        Some(text) => row.has_story() && !row.is_told_by(text),
    };
    window.rows.iter().filter(lacks).map(|row| row.item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(item: u32, status: &str, attempt: u32) -> Row {
        Row { item, status: status.into(), reason: None, attempt }
    }

    fn text(item: u32, status: &str, attempt: u32) -> (u32, ItemView) {
        let view = ItemView {
            item,
            path: "a".parse().expect("a path"),
            size: 1,
            status: status.into(),
            reason: None,
            message: None,
            attempt,
            result: None,
            rerun: None,
        };
        (item, view)
    }

    #[test]
    fn only_rows_that_have_more_to_say_are_asked_for_again() {
        let texts = BTreeMap::from([
            text(0, "waiting", 0),
            text(1, "waiting", 0),
            text(2, "failed", 1),
            text(3, "failed", 1),
            text(4, "succeeded", 1),
        ]);
        let rows = vec![
            row(0, "running", 1),
            row(1, "succeeded", 1),
            row(2, "failed", 1),
            row(3, "failed", 2),
            row(4, "running", 1),
            row(5, "waiting", 0),
        ];
        assert_eq!(wanted(&Window { rows, ..Window::default() }, &texts), [1, 3, 5]);
    }
}
