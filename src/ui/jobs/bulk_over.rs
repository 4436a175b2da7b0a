//! Buttons that act on all jobs of the list that are over, on every page of it: they retry what failed, and empty the trashes.

use leptos::prelude::*;

use super::address::JobsAddress;
use super::over_action::OverAction;
use crate::api;
use crate::ui::parts::{format, may_act};
use headway_model::JobId;
use headway_model::summary::JobsWithFiles;

/// What the buttons wait for. It outlives the list that is read again. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct BulkOver {
    address: Memo<JobsAddress>,
    /// What waits for a second click, and the jobs that it is for. A job that ends meanwhile is none of them.
    asked: RwSignal<Option<(OverAction, JobsWithFiles)>>,
    is_busy: RwSignal<bool>,
    /// What was found or done last.
    said: RwSignal<String>,
    /// Why jobs were left as before.
    wrong: RwSignal<Option<String>>,
    /// How often a trash was emptied.
    pub(super) emptied: RwSignal<u32>,
}

impl BulkOver {
    pub(super) fn new(address: Memo<JobsAddress>) -> Self {
        let over = BulkOver {
            address,
            asked: RwSignal::new(None),
            is_busy: RwSignal::new(false),
            said: RwSignal::new(String::new()),
            wrong: RwSignal::new(None),
            emptied: RwSignal::new(0),
        };
        // Of another list, nobody has asked anything.
        Effect::new(move |before: Option<()>| {
            address.track();
            if before.is_some() {
                over.forget();
            }
        });
        over
    }

    fn forget(self) {
        self.asked.set(None);
        self.said.set(String::new());
        self.wrong.set(None);
    }

    /// Answers a click on the button of an action: the first one asks what it is for.
    fn press(self, action: OverAction) {
        if self.is_busy.get_untracked() {
            return;
        }
        match self.asked.get_untracked().filter(|(asked, _)| *asked == action) {
            Some((_, of)) => self.act(action, of.jobs),
            None => self.ask(action),
        }
    }

    fn ask(self, action: OverAction) {
        self.forget();
        self.is_busy.set(true);
        self.said.set("Looking at the jobs…".to_owned());
        let address = self.address.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = api::over_jobs(address.find.clone()).await;
            self.is_busy.try_set(false);
            // Another list can be shown by now.
            if self.address.try_get_untracked().is_none_or(|now| now.find != address.find) {
                return;
            }
            match answer {
                Ok(jobs) => {
                    let (unknown, of) = (jobs.unknown, action.of(jobs));
                    self.said.try_set(action.question(&of, unknown));
                    self.asked.try_set((!of.jobs.is_empty()).then_some((action, of)));
                }
                Err(error) => {
                    self.said.try_set(String::new());
                    self.wrong.try_set(Some(format::sentence(&error.to_string())));
                }
            }
        });
    }

    /// Does it to these jobs, one after the other.
    fn act(self, action: OverAction, jobs: Vec<JobId>) {
        self.forget();
        self.is_busy.set(true);
        leptos::task::spawn_local(async move {
            let (mut done, mut failed) = (0, Vec::new());
            for job in jobs {
                match action.done_to(job).await {
                    Ok(()) => done += 1,
                    Err(error) => failed.push(error),
                }
            }
            self.said.try_set(action.done(done));
            self.wrong.try_set(failed.first().map(|error| {
                let jobs = format::counted(failed.len() as u64, "job was", "jobs were");
                format!("{jobs} left as before. {}", format::sentence(&error.to_string()))
            }));
            self.is_busy.try_set(false);
            self.emptied.try_update(|emptied| *emptied += u32::from(action == OverAction::EmptyTrash));
        });
    }
}

/// The buttons. Shown if a job of the list is over.
#[component]
pub(super) fn BulkOverButtons(over: BulkOver, is_any: bool) -> impl IntoView {
    if !may_act() {
        return ().into_any();
    }
    let is_none = !is_any;
    let is_asked = move || over.asked.with(Option::is_some);
    let button = move |action: OverAction, name: &'static str| {
        let of = move || over.asked.get().filter(|(asked, _)| *asked == action).map(|(_, of)| of);
        let is_danger = move || action == OverAction::EmptyTrash && of().is_some();
        view! {
            <button class:ui-danger=is_danger data-over=name aria-disabled=move || over.is_busy.get().then_some("true") on:click=move |_| over.press(action)>
                {move || action.label(of().as_ref())}
            </button>
        }
    };
    view! {
        <div class="jobs-bulk" hidden=is_none>
            <div class="ui-buttons" role="group" aria-label="All jobs of this list that are over">
                {button(OverAction::Retry, "retry")}
                {button(OverAction::EmptyTrash, "empty_trash")}
                <button class="ui-quiet" hidden=move || !is_asked() on:click=move |_| over.forget()>"Leave them"</button>
            </div>
            <p class="ui-hint" role="status">{move || over.said.get()}</p>
            <p class="ui-error" role="alert">{move || over.wrong.get()}</p>
        </div>
    }
    .into_any()
}
