//! What the server says of the items of a window: read with the page, and again for those rows that have moved since.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;

use super::window::{Known, Row};
use crate::api;
use headway_model::summary::ItemView;
use headway_model::{ApiError, JobId};

/// The next call for text comes no sooner.
const PACE: Duration = Duration::from_millis(300);

/// After a call that failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where an item stood: its status and its last attempt.
type Moment = (String, u32);

/// What was told so far.
#[derive(Debug, Default)]
struct Told {
    /// The text of each item, and the number of the call by which it came.
    texts: BTreeMap<u32, (u32, ItemView)>,
    /// How many calls were made.
    calls: u32,
    /// Where each item stood when its text was asked for and came.
    asked: BTreeMap<u32, Moment>,
}

/// The texts of a window. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Texts {
    job: JobId,
    told: RwSignal<Told>,
    /// Why the last call failed, while there is something to ask for.
    pub(super) wrong: RwSignal<Option<ApiError>>,
}

impl Texts {
    pub(super) fn new(job: JobId, items: Vec<ItemView>) -> Self {
        let texts = Texts { job, told: RwSignal::default(), wrong: RwSignal::new(None) };
        texts.take(texts.call(), items);
        texts
    }

    /// The text of an item, once it is there.
    pub(super) fn of(self, item: u32) -> Memo<Option<ItemView>> {
        Memo::new(move |_| self.told.with(|told| told.texts.get(&item).map(|(_, text)| text.clone())))
    }

    /// The number of a call that is about to be made.
    pub(super) fn call(self) -> u32 {
        self.told.try_update_untracked(Told::call).unwrap_or_default()
    }

    /// Adds texts that were read with a window by this call.
    pub(super) fn take(self, call: u32, items: Vec<ItemView>) {
        self.told.try_update(|told| told.put(call, items));
    }

    /// Asks for the texts that a window lacks, one call at a time.
    pub(super) fn follow(self, known: Memo<Known>) {
        let busy = RwSignal::new(false);
        Effect::new(move |_| {
            let wanted = known.with(|known| self.told.with(|told| told.lacks(known.rows())));
            if wanted.is_empty() {
                // Nothing is missing any more, also if it never came.
                self.wrong.set(None);
                return;
            }
            if busy.get() {
                return;
            }
            busy.set(true);
            let call = self.call();
            leptos::task::spawn_local(async move {
                let pace = match api::items_at(self.job, wanted.keys().copied().collect()).await {
                    Ok(items) => {
                        self.wrong.try_set(None);
                        self.told.try_update(|told| told.answered(call, wanted, items));
                        PACE
                    }
                    Err(error) => {
                        self.wrong.try_set(Some(error));
                        PATIENCE
                    }
                };
                set_timeout(move || _ = busy.try_set(false), pace);
            });
        });
    }
}

impl Told {
    /// The rows whose text is missing, or of another moment where that matters. Once for each moment of a row: the server's text is never
    /// older than what a page has heard; if it is newer, the page is about to hear the rest, and until then there is nothing to ask.
    fn lacks(&self, rows: &[Row]) -> BTreeMap<u32, Moment> {
        let is_told =
            |row: &&Row| self.texts.get(&row.item).is_some_and(|(_, text)| !row.has_story() || row.is_told_by(text));
        let moment = |row: &Row| (row.item, (row.status.clone(), row.attempt));
        let lacks = rows.iter().filter(|row| !is_told(row)).map(moment);
        lacks.filter(|(item, moment)| self.asked.get(item) != Some(moment)).collect()
    }

    fn answered(&mut self, call: u32, asked: BTreeMap<u32, Moment>, items: Vec<ItemView>) {
        self.asked.extend(asked);
        self.put(call, items);
    }

    fn call(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    /// Answers come in any order: what an earlier call says never takes the place of what a later one said.
    fn put(&mut self, call: u32, items: Vec<ItemView>) {
        let is_later = |told: &Told, item| told.texts.get(&item).is_some_and(|(known, _)| *known > call);
        for text in items {
            if !is_later(self, text.item) {
                self.texts.insert(text.item, (call, text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(item: u32, status: &str, attempt: u32) -> Row {
        Row { item, status: status.into(), reason: None, attempt }
    }

    fn text(item: u32, status: &str, attempt: u32) -> ItemView {
        ItemView {
            item,
            path: "a".parse().expect("a path"),
            size: 1,
            status: status.into(),
            reason: None,
            message: None,
            attempt,
            result: None,
            rerun: None,
            becomes: None,
        }
    }

    /// These texts, which came with the page.
    fn told(texts: Vec<ItemView>) -> Told {
        let mut told = Told::default();
        let call = told.call();
        told.put(call, texts);
        told
    }

    #[test]
    fn only_rows_that_have_more_to_say_are_asked_for_again() {
        let texts = [
            text(0, "waiting", 0),
            text(1, "waiting", 0),
            text(2, "failed", 1),
            text(3, "failed", 1),
            text(4, "succeeded", 1),
        ];
        let rows = [
            row(0, "running", 1),
            row(1, "succeeded", 1),
            row(2, "failed", 1),
            row(3, "failed", 2),
            row(4, "running", 1),
            row(5, "waiting", 0),
        ];
        let told = told(texts.into());
        assert_eq!(told.lacks(&rows).into_keys().collect::<Vec<_>>(), [1, 3, 5]);
    }

    #[test]
    fn a_text_that_is_newer_than_the_page_is_asked_for_once_in_each_moment_of_its_row() {
        let mut told = told(vec![text(0, "waiting", 0)]);
        let failed = [row(0, "failed", 1)];
        let asked = told.lacks(&failed);
        assert_eq!(asked.len(), 1);
        // Meanwhile it was begun again, of which the page has not heard.
        told.answered(2, asked, vec![text(0, "running", 2)]);
        assert_eq!(told.lacks(&failed), BTreeMap::new());
        assert_eq!(told.lacks(&[row(0, "running", 2)]), BTreeMap::new());
        assert_eq!(told.lacks(&[row(0, "failed", 2)]).len(), 1);
        // A row that the server did not know, too.
        let asked = told.lacks(&[row(1, "waiting", 0)]);
        told.answered(3, asked, Vec::new());
        assert_eq!(told.lacks(&[row(1, "waiting", 0)]), BTreeMap::new());
    }

    #[test]
    fn an_earlier_call_that_is_answered_last_changes_no_later_text() {
        let mut told = Told::default();
        let (earlier, later) = (told.call(), told.call());
        told.put(later, vec![text(0, "succeeded", 1)]);
        told.put(earlier, vec![text(0, "running", 1), text(1, "running", 1)]);
        let status = |item: u32| told.texts[&item].1.status.clone();
        assert_eq!((status(0), status(1)), ("succeeded".into(), "running".into()));
    }
}
