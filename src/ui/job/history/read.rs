//! Reads a job's log from its first event on, page by page, as far as it is needed.

use std::time::Duration;

use leptos::prelude::*;

use crate::api;
use crate::ui::parts::format::sentence;
use headway_model::history::{HISTORY_LIMIT, HistoryPage, JobHistory};
use headway_model::{ApiError, Fold, JobId, Millis, Position, Seq};

/// Minimum time between two reads of the newest events of a running job.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);

/// The wait after a failed call.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// The events read so far. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct ReadHistory {
    job: JobId,
    history: StoredValue<(JobHistory, Option<Position>)>,
    /// How many events have been read.
    pub(super) heard: RwSignal<Seq>,
    /// Why no more events are read.
    pub(super) wrong: RwSignal<Option<String>>,
}

impl ReadHistory {
    pub(super) fn new(job: JobId) -> Self {
        let history = StoredValue::new((JobHistory::default(), None));
        ReadHistory { job, history, heard: RwSignal::new(0), wrong: RwSignal::new(None) }
    }

    /// Looks at the events read so far.
    pub(super) fn with<T>(self, look: impl FnOnce(&JobHistory) -> T) -> T {
        self.history.with_value(|(history, _)| look(history))
    }

    /// The job after an event, and the time of the event.
    pub(super) fn moment(self, seq: Seq) -> Option<(Fold, Millis)> {
        self.with(|history| {
            let at = history.entries().get(usize::try_from(seq).ok()?.checked_sub(1)?)?.at;
            Some((history.at(seq)?, at))
        })
    }

    /// Reads until this many events are there.
    pub(super) fn follow(self, wanted: Memo<Seq>) {
        let busy = RwSignal::new(false);
        Effect::new(move |_| {
            let (heard, is_busy) = (self.heard.get(), busy.get());
            if is_busy || heard >= wanted.get() || heard >= HISTORY_LIMIT {
                return;
            }
            busy.set(true);
            let after = self.history.with_value(|(_, next)| *next);
            leptos::task::spawn_local(async move {
                let read = api::history(self.job, after).await;
                let again = match read {
                    Ok(page) => self.take(page),
                    Err(error) => self.failed(&error),
                };
                match again {
                    Some(Duration::ZERO) => _ = busy.try_set(false),
                    Some(later) => set_timeout(move || _ = busy.try_set(false), later),
                    None => {}
                }
            });
        });
    }

    /// Adds a page. Returns when the next one is to be read; `None` if never.
    fn take(self, page: HistoryPage) -> Option<Duration> {
        let mut wrong = None;
        let heard = self.history.try_update_value(|(history, next)| {
            for payload in page.events {
                if let Err(error) = history.push(payload) {
                    wrong = Some(sentence(&error.to_string()));
                    break;
                }
            }
            *next = page.next;
            history.len() as Seq
        })?;
        let is_wrong = wrong.is_some();
        self.wrong.try_set(wrong);
        self.heard.try_set(heard);
        (!is_wrong).then_some(if page.is_full { Duration::ZERO } else { MIN_READ_INTERVAL })
    }

    fn failed(self, error: &ApiError) -> Option<Duration> {
        self.wrong.try_set(Some(sentence(&error.to_string())));
        error.may_pass().then_some(RETRY_DELAY)
    }
}
