//! Reads a job's log from its first event on, page by page, as far as it is wanted.

use std::time::Duration;

use leptos::prelude::*;

use crate::api;
use crate::ui::parts::format::sentence;
use headway_model::history::{HISTORY_LIMIT, HistoryPage, JobHistory};
use headway_model::{ApiError, Fold, JobId, Millis, Position, Seq};

/// Of a job that goes on the newest events are read again no sooner.
const PACE: Duration = Duration::from_secs(1);

/// After a call that failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was read so far. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct ReadHistory {
    job: JobId,
    history: StoredValue<(JobHistory, Option<Position>)>,
    /// How many events were read.
    pub(super) heard: RwSignal<Seq>,
    /// Why no more are read.
    pub(super) wrong: RwSignal<Option<String>>,
}

impl ReadHistory {
    pub(super) fn new(job: JobId) -> Self {
        let history = StoredValue::new((JobHistory::default(), None));
        ReadHistory { job, history, heard: RwSignal::new(0), wrong: RwSignal::new(None) }
    }

    /// Looks at what was read.
    pub(super) fn with<T>(self, look: impl FnOnce(&JobHistory) -> T) -> T {
        self.history.with_value(|(history, _)| look(history))
    }

    /// The job after an event, and when that was.
    pub(super) fn moment(self, seq: Seq) -> Option<(Fold, Millis)> {
        self.with(|history| {
            let at = history.entries().get(usize::try_from(seq).ok()?.checked_sub(1)?)?.at;
            Some((history.at(seq)?, at))
        })
    }

    /// Reads until so many are there.
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

    /// Adds a page. When the next one is to be read; `None` if never.
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
        (!is_wrong).then_some(if page.is_full { Duration::ZERO } else { PACE })
    }

    fn failed(self, error: &ApiError) -> Option<Duration> {
        self.wrong.try_set(Some(sentence(&error.to_string())));
        error.may_pass().then_some(PATIENCE)
    }
}
