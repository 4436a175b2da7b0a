//! Performs actions on a job from this page, and shows the result at once where the button was clicked.

use leptos::prelude::*;

use super::Newest;
use crate::api;
use crate::live::Live;
use headway_model::{Action, ApiError};

/// The actions of a page or a dialog. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Steer {
    /// The newest answer about the job; the answers of actions go there too.
    pub(in crate::ui) newest: Newest,
    /// The action that is under way, by its name.
    pub(in crate::ui) under_way: RwSignal<Option<&'static str>>,
    /// The last action that succeeded, until the next one begins.
    pub(in crate::ui) done: RwSignal<Option<&'static str>>,
    /// Why the last action failed.
    pub(in crate::ui) error: RwSignal<Option<ApiError>>,
}

impl Steer {
    /// No action yet.
    pub(in crate::ui) fn new(newest: Newest) -> Self {
        let error = RwSignal::new(None);
        expect_context::<Live>().heals(error);
        Steer { newest, under_way: RwSignal::new(None), done: RwSignal::new(None), error }
    }

    /// Performs an action.
    pub(in crate::ui) fn act(self, action: Action) {
        // Its buttons are not `disabled` meanwhile, which would take the focus from the one that was clicked.
        if self.under_way.with_untracked(Option::is_some) {
            return;
        }
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

/// The name of an action on the page.
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
