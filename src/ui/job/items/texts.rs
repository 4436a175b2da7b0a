//! The server's texts about the items of a window: read with the page, and again for rows that have changed since.

use std::time::Duration;

use leptos::prelude::*;

use super::window::ShownItem;
use crate::api;
use headway_model::item::ItemLabel;
use headway_model::summary::ItemView;
use headway_model::{ApiError, JobId, SortedMap};

/// Minimum time between two calls for texts.
const MIN_CALL_INTERVAL: Duration = Duration::from_millis(300);

/// The wait after a failed call.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// A state of an item: its status and its last attempt.
type Moment = (Option<ItemLabel>, u32);

/// The texts that have arrived so far.
#[derive(Debug, Default)]
struct KnownTexts {
    /// The text of each item, and the number of the call that brought it.
    texts: SortedMap<u32, (u32, ItemView)>,
    /// How many calls have been made.
    calls: u32,
    /// The state of each item when its text was requested and arrived.
    asked: SortedMap<u32, Moment>,
    /// The texts of calls up to this one are out of date.
    outdated: u32,
}

/// Maximum number of texts that are kept. Further ones replace those that are not shown.
const TEXTS_LIMIT: usize = 3_000;

/// The texts of the rows that are shown. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui::job) struct Texts {
    job: JobId,
    told: RwSignal<KnownTexts>,
    /// Why the last call failed, while there is something to ask for.
    pub(super) wrong: RwSignal<Option<ApiError>>,
}

impl Texts {
    pub(in crate::ui::job) fn new(job: JobId) -> Self {
        Texts { job, told: RwSignal::default(), wrong: RwSignal::new(None) }
    }

    /// The text of an item, once it has arrived.
    pub(in crate::ui::job) fn of(self, item: u32) -> Memo<Option<ItemView>> {
        Memo::new(move |_| self.told.with(|told| told.texts.get(&item).map(|(_, text)| text.clone())))
    }

    /// The number of a call that is about to be made.
    pub(super) fn call(self) -> u32 {
        self.told.try_update_untracked(KnownTexts::call).unwrap_or_default()
    }

    /// Requests the texts again: another job has run some of the files, or the job is over and its report says more of them.
    pub(in crate::ui::job) fn outdate(self) {
        self.told.try_update(KnownTexts::outdate);
    }

    /// Adds texts that were read with a window by this call.
    pub(super) fn take(self, call: u32, items: Vec<ItemView>) {
        self.told.try_update(|told| told.put(call, items));
    }

    /// Requests the texts that rows lack, one call at a time; for rows without a name, at once.
    pub(super) fn follow(self, rows: Memo<Vec<ShownItem>>) {
        let (busy, rests) = (RwSignal::new(false), RwSignal::new(false));
        Effect::new(move |_| {
            let wanted = rows.with(|rows| self.told.with(|told| told.lacks(rows)));
            let is_nameless = self.told.with(|told| wanted.iter().any(|(item, _)| !told.texts.contains_key(item)));
            if wanted.is_empty() {
                // Nothing is requested any longer, even if it never arrived.
                self.wrong.set(None);
                return;
            }
            if busy.get() || (rests.get() && !(is_nameless && self.wrong.with_untracked(Option::is_none))) {
                return;
            }
            busy.set(true);
            rests.set(true);
            let call = self.call();
            leptos::task::spawn_local(async move {
                let pace = match api::items_at(self.job, wanted.iter().map(|(item, _)| *item).collect()).await {
                    Ok(items) => {
                        self.wrong.try_set(None);
                        let shown = rows.try_get_untracked().unwrap_or_default();
                        self.told.try_update(|told| {
                            told.answered(call, wanted, items);
                            told.keep(&shown);
                        });
                        MIN_CALL_INTERVAL
                    }
                    Err(error) => {
                        self.wrong.try_set(Some(error));
                        RETRY_DELAY
                    }
                };
                busy.try_set(false);
                set_timeout(move || _ = rests.try_set(false), pace);
            });
        });
    }
}

impl KnownTexts {
    /// The rows whose text is missing, or belongs to another state if that matters. Each state of a row is requested
    /// only once: the server's text is never older than the page's state, and if it is newer, the page is about to
    /// receive the rest.
    fn lacks(&self, rows: &[ShownItem]) -> Vec<(u32, Moment)> {
        let is_told = |row: &&ShownItem| {
            self.texts
                .get(&row.item)
                .is_some_and(|(call, text)| *call > self.outdated && (!row.has_story() || row.matches_text(text)))
        };
        let moment = |row: &ShownItem| (row.item, (row.status, row.attempt));
        let lacks = rows.iter().filter(|row| !is_told(row)).map(moment);
        lacks.filter(|(item, moment)| self.asked.get(item) != Some(moment)).collect()
    }

    fn answered(&mut self, call: u32, asked: Vec<(u32, Moment)>, items: Vec<ItemView>) {
        for (item, moment) in asked {
            self.asked.insert(item, moment);
        }
        self.put(call, items);
    }

    /// Forgets texts that are not shown, once there are too many.
    fn keep(&mut self, shown: &[ShownItem]) {
        if self.texts.len() > TEXTS_LIMIT {
            let is_shown = |item: &u32| shown.iter().any(|row| row.item == *item);
            self.texts.retain(|item, _| is_shown(item));
            self.asked.retain(|item, _| is_shown(item));
        }
    }

    fn outdate(&mut self) {
        self.outdated = self.calls;
        self.asked = SortedMap::new();
    }

    fn call(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    /// Stores texts. Answers can arrive in any order, so the text of an earlier call never replaces that of a later
    /// one.
    fn put(&mut self, call: u32, items: Vec<ItemView>) {
        let is_later = |told: &KnownTexts, item: u32| told.texts.get(&item).is_some_and(|(known, _)| *known > call);
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
    use headway_model::item::ItemLabel::{Failed, Running, Succeeded, Waiting};

    fn row(item: u32, status: ItemLabel, attempt: u32) -> ShownItem {
        ShownItem { item, status: Some(status), is_missed: false, reason: None, attempt }
    }

    fn text(item: u32, status: ItemLabel, attempt: u32) -> ItemView {
        ItemView {
            item,
            path: "a".parse().expect("a path"),
            size: 1,
            status,
            reason: None,
            message: None,
            missed: false,
            attempt,
            result: None,
            rerun: None,
            becomes: None,
            output: None,
            will: None,
            retried: None,
        }
    }

    /// Texts that came with the page.
    fn told(texts: Vec<ItemView>) -> KnownTexts {
        let mut told = KnownTexts::default();
        let call = told.call();
        told.put(call, texts);
        told
    }

    #[test]
    fn only_rows_with_further_text_are_requested_again() {
        let texts =
            [text(0, Waiting, 0), text(1, Waiting, 0), text(2, Failed, 1), text(3, Failed, 1), text(4, Succeeded, 1)];
        let rows = [
            row(0, Running, 1),
            row(1, Succeeded, 1),
            row(2, Failed, 1),
            row(3, Failed, 2),
            row(4, Running, 1),
            row(5, Waiting, 0),
        ];
        let told = told(texts.into());
        assert_eq!(told.lacks(&rows).into_iter().map(|(item, _)| item).collect::<Vec<_>>(), [1, 3, 5]);
    }

    #[test]
    fn a_text_that_is_newer_than_the_page_is_asked_for_once_in_each_moment_of_its_row() {
        let mut told = told(vec![text(0, Waiting, 0)]);
        let failed = [row(0, Failed, 1)];
        let asked = told.lacks(&failed);
        assert_eq!(asked.len(), 1);
        // In the meantime the item was started again, and the page does not know it yet.
        told.answered(2, asked, vec![text(0, Running, 2)]);
        assert_eq!(told.lacks(&failed), Vec::new());
        assert_eq!(told.lacks(&[row(0, Running, 2)]), Vec::new());
        assert_eq!(told.lacks(&[row(0, Failed, 2)]).len(), 1);
        // The same for a row that the server did not know.
        let asked = told.lacks(&[row(1, Waiting, 0)]);
        told.answered(3, asked, Vec::new());
        assert_eq!(told.lacks(&[row(1, Waiting, 0)]), Vec::new());
    }

    #[test]
    fn texts_are_requested_again_once_others_can_be_there() {
        let mut told = told(vec![text(0, Failed, 1), text(1, Succeeded, 1)]);
        let rows = [row(0, Failed, 1), row(1, Succeeded, 1)];
        assert_eq!(told.lacks(&rows), Vec::new());
        told.outdate();
        let asked = told.lacks(&rows);
        assert_eq!(asked.iter().map(|(item, _)| *item).collect::<Vec<_>>(), [0, 1]);
        let call = told.call();
        told.answered(call, asked, vec![text(0, Failed, 1), text(1, Succeeded, 1)]);
        assert_eq!(told.lacks(&rows), Vec::new());
    }

    #[test]
    fn a_long_list_keeps_the_texts_of_the_rows_that_are_shown() {
        let mut told = told((0..=TEXTS_LIMIT as u32).map(|item| text(item, Waiting, 0)).collect());
        told.keep(&[row(7, Waiting, 0), row(9_999, Waiting, 0)]);
        assert!(told.texts.keys().eq(&[7_u32]));
        assert_eq!(
            told.lacks(&[row(7, Waiting, 0), row(8, Waiting, 0)]).into_iter().map(|(item, _)| item).collect::<Vec<_>>(),
            [8]
        );
    }

    #[test]
    fn an_earlier_call_that_is_answered_last_changes_no_later_text() {
        let mut told = KnownTexts::default();
        let (earlier, later) = (told.call(), told.call());
        told.put(later, vec![text(0, Succeeded, 1)]);
        told.put(earlier, vec![text(0, Running, 1), text(1, Running, 1)]);
        let status = |item: u32| told.texts.get(&item).expect("a text").1.status;
        assert_eq!((status(0), status(1)), (Succeeded, Running));
    }
}
