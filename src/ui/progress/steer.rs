//! What is done to a job from this page, and what came of it: a press is answered at once, where it was made.

use leptos::prelude::*;

use super::Newest;
use crate::api;
use crate::ui::live::Live;
use headway_model::{Action, ApiError};

/// One for a page or a dialog. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Steer {
    /// What was read of the job; what a call answers goes there.
    pub(in crate::ui) newest: Newest,
    /// The action that is under way, by its name.
    pub(in crate::ui) under_way: RwSignal<Option<&'static str>>,
    /// The last action that was done, until the next one begins.
    pub(in crate::ui) done: RwSignal<Option<&'static str>>,
    /// Why the last one was not.
    pub(in crate::ui) error: RwSignal<Option<ApiError>>,
}

impl Steer {
    /// Nothing done yet.
    pub(in crate::ui) fn new(newest: Newest) -> Self {
        let error = RwSignal::new(None);
        expect_context::<Live>().heals(error);
        Steer { newest, under_way: RwSignal::new(None), done: RwSignal::new(None), error }
    }

    /// Asks the server for it.
    pub(in crate::ui) fn act(self, action: Action) {
        let name = name(action);
        self.under_way.set(Some(name));
        self.done.set(None);
        leptos::task::spawn_local(async move {
            let answer = self.newest.take(api::steer_job(self.newest.job, action)).await;
            self.done.try_set(answer.is_ok().then_some(name));
            self.error.try_set(answer.err());
            self.under_way.try_set(None);
        });
    }
}

/// What an action is called in the page.
pub(in crate::ui) fn name(action: Action) -> &'static str {
    match action {
        Action::Pause => "pause",
        Action::Resume => "resume",
        Action::LeaveOut => "leave_out",
        Action::Approve => "approve",
        Action::Retry(_) => "retry",
        Action::Change { .. } => "change",
        Action::EmptyTrash => "empty_trash",
    }
}
