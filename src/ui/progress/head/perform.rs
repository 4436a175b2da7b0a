//! Carries out what a button of a job offers.

use leptos::prelude::*;

use super::offers::ButtonAction;
use crate::live::Live;
use crate::ui::progress::{Newest, Steer};
use headway_model::request::ItemSelection;
use headway_model::{Fold, StartJob};

/// Carries out the action, unless another one is under way.
pub(super) fn perform(live: Live, steer: Steer, act: ButtonAction) {
    if steer.under_way.with_untracked(Option::is_some) {
        return;
    }
    let job = steer.newest.job;
    let start = |make: &dyn Fn(&StartJob, &str) -> StartJob| {
        let made =
            steer.newest.with_untracked(|view| view.request.as_ref().map(|request| make(request, &view.summary.title)));
        made.flatten().into_iter().for_each(|request| _ = live.start(request));
    };
    match act {
        ButtonAction::Steer(action) => steer.act(action),
        ButtonAction::Again(which) => {
            let which = still_failing(live, steer.newest, &which).unwrap_or(which);
            start(&|request, _| request.again(job, which.clone()));
        }
        ButtonAction::Undo => {
            start(&|request, title| StartJob::undo(&request.library, job, (request.recipe.as_str(), title)))
        }
        ButtonAction::Cancel => live.cancel(job),
        ButtonAction::Start(request) => _ = live.start(*request),
    }
}

/// The errors of a job that no later job has resolved; `None` if later jobs have resolved none.
fn still_failing(live: Live, newest: Newest, which: &ItemSelection) -> Option<ItemSelection> {
    let done = newest.with_untracked(|view| view.done_since.clone())?;
    let still = |fold: &Fold| {
        let errors = fold.items().filter(|(item, status)| status.is_error() && done.binary_search(item).is_err());
        errors.map(|(item, _)| item).collect()
    };
    if done.is_empty() || *which != ItemSelection::Errors {
        return None;
    }
    live.with_fold(newest.job, still).map(ItemSelection::These)
}
