//! Jobs that this tab starts and cancels.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Shell;
use crate::calls;
use crate::live::task::Task;
use crate::live::{StartPhase, Starting, browser, mint};
use headway_model::read::read;
use headway_model::{ApiError, JobId, StartJob};

const STARTING: &str = "headway.starting";

impl Shell {
    pub(in crate::live) fn start(&self, request: StartJob) -> JobId {
        let live = self.0.live;
        if let Some(starting) = live.starting.get_untracked() {
            self.set_shown(Some(starting.job));
            self.start_again();
            return starting.job;
        }
        let job = mint();
        // This order avoids the race: first this page knows which job is its own, then the server gets the call.
        self.set_shown(Some(job));
        live.cancel_error.set(None);
        live.refused.set(None);
        self.keep_starting(Some(Starting::new(job, request, browser::now())));
        self.follow(job);
        self.call();
        job
    }

    pub(in crate::live) fn start_again(&self) {
        let Some(mut starting) = self.0.live.starting.get_untracked() else { return };
        if starting.phase == StartPhase::Calling {
            return;
        }
        starting.again(browser::now());
        self.keep_starting(Some(starting));
        self.call();
    }

    /// Takes up a start that was not answered before the page was reloaded.
    pub(super) fn take_up_start(&self) {
        let kept = browser::kept(STARTING).and_then(|text| read::<Starting>(&text).ok());
        let Some(mut starting) = kept else { return };
        starting.again(browser::now());
        let job = starting.job;
        self.0.live.starting.set(Some(starting));
        self.set_shown(Some(job));
        self.follow(job);
        self.call();
    }

    /// Repeats the call of an unanswered start when it is due.
    pub(super) fn repeat_start(&self, now: f64) {
        let Some(mut starting) = self.0.live.starting.get_untracked() else { return };
        let before = starting.phase.clone();
        let due = starting.due(now);
        if starting.phase != before {
            self.keep_starting(Some(starting));
        }
        if due {
            self.call();
        }
    }

    /// Makes the call of the unanswered start. Aborts an earlier call that is still under way.
    fn call(&self) {
        let Some(starting) = self.0.live.starting.get_untracked() else { return };
        let shell = self.clone();
        let call = Task::spawn(async move {
            let answer = calls::start_job(starting.job, starting.request).await.map(drop);
            shell.answered(starting.job, answer);
        });
        self.0.start_call.replace(Some(call));
    }

    fn answered(&self, job: JobId, answer: Result<(), ApiError>) {
        let live = self.0.live;
        let Some(mut starting) = live.starting.get_untracked().filter(|starting| starting.job == job) else { return };
        match answer {
            Ok(()) => {
                self.keep_starting(None);
                if starting.cancel {
                    self.cancel(job);
                }
            }
            Err(error) if starting.failed(browser::now(), &error) => self.keep_starting(Some(starting)),
            // The job was refused and will never exist; the form shows why.
            Err(error) => {
                live.refused.set(Some(error));
                self.keep_starting(None);
                self.unfollow(job);
                if live.active.get_untracked() == Some(job) {
                    self.set_shown(None);
                }
            }
        }
    }

    fn keep_starting(&self, starting: Option<Starting>) {
        let text = starting.as_ref().and_then(|starting| serde_json::to_string(starting).ok());
        browser::keep(STARTING, text.as_deref());
        self.0.live.starting.set(starting);
    }

    pub(in crate::live) fn cancel(&self, job: JobId) {
        let live = self.0.live;
        let known = self.0.tab.borrow().follow().job(&job).is_some_and(|tracked| tracked.fold().is_some());
        match live.starting.get_untracked().filter(|starting| starting.job == job && !known) {
            Some(mut starting) => {
                starting.cancel = true;
                self.keep_starting(Some(starting));
            }
            None => spawn_local(async move {
                let error = calls::cancel_job(job).await.err();
                live.cancel_error.set(error);
            }),
        }
    }

    /// Sends a cancel that was requested before the start was answered, when the job's first event arrives.
    pub(super) fn cancel_seen(&self) {
        let Some(mut starting) = self.0.live.starting.get_untracked().filter(|starting| starting.cancel) else {
            return;
        };
        let seen = self.0.tab.borrow().follow().job(&starting.job).is_some_and(|tracked| tracked.fold().is_some());
        if seen {
            let job = starting.job;
            starting.cancel = false;
            self.keep_starting(Some(starting));
            self.cancel(job);
        }
    }
}
