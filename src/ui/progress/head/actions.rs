//! The buttons of a job: those that make sense in its status, with the next step first.

use leptos::prelude::*;

use super::offers::{ButtonAction, OfferedAction, UndoStanding, offers};
use super::perform::perform;
use super::undone::was_undone;
use super::{Attention, Summary};
use crate::live::Live;
use crate::ui::parts::{format, may_act};
use crate::ui::progress::{Newest, Steer};
use headway_model::item::{DiskEffect as Did, ItemStatus};
use headway_model::request::ItemSelection;
use headway_model::summary::JobView;
use headway_model::{Action, Fold, JobId, JobStatus, JobSummary};

/// Where buttons of a job stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::ui::progress) enum ActionPlace {
    /// In the dialog: all of them.
    #[default]
    Dialog,
    /// At the top of the job's own page: all but the one beside the failures.
    Page,
    /// Beside the failures, on that page: the retry of a live job. It comes with the first failure, and must not move the buttons at
    /// the top.
    Failures,
}

impl ActionPlace {
    /// Whether the button of this action stands here.
    fn has(self, act: &ButtonAction) -> bool {
        let is_beside_failures = matches!(act, ButtonAction::Steer(Action::Retry(_)));
        match self {
            ActionPlace::Dialog => true,
            ActionPlace::Page => !is_beside_failures,
            ActionPlace::Failures => is_beside_failures,
        }
    }
}

/// What can be done to the job.
#[component]
pub(in crate::ui::progress) fn Actions(
    /// The job's summary.
    summary: Summary,
    /// Performs the action.
    steer: Steer,
    /// Why files failed, where that stands beside the buttons.
    #[prop(optional)]
    attention: Option<Attention>,
    /// Where these buttons stand.
    #[prop(optional)]
    place: ActionPlace,
    /// Whether the next step is the main button of the screen, as it is unless there are more jobs on it.
    #[prop(optional)]
    has_main: Option<Signal<bool>>,
) -> impl IntoView {
    if !may_act() {
        return ().into_any();
    }
    let is_look = Memo::new(move |_| attention.is_some_and(Attention::is_to_be_seen));
    let offers = offered(summary, steer.newest, wrote(steer.newest.job, summary), is_look);
    let names = Memo::new(move |_| {
        let is_here = |offer: &&OfferedAction| offer.act != ButtonAction::Cancel && place.has(&offer.act);
        offers.with(|offers| offers.iter().filter(is_here).map(|offer| offer.name).collect::<Vec<_>>())
    });
    let can_cancel = Memo::new(move |_| {
        // A job without any event yet can only be cancelled.
        let is_offered = || offers.with(|offers| offers.iter().any(|offer| offer.act == ButtonAction::Cancel));
        place.has(&ButtonAction::Cancel) && (summary.with(Option::is_none) || is_offered())
    });
    let has_main = Signal::derive(move || has_main.is_none_or(|has_main| has_main.get()));
    let button = move |name: &'static str| view! { <OfferedButton name offers steer has_main /> };
    view! {
        <div class="ui-buttons head-actions">
            <For each=move || names.get() key=|name| *name children=button />
            <Show when=move || can_cancel.get()>
                <CancelButton summary job=steer.newest.job />
            </Show>
        </div>
    }
    .into_any()
}

/// The button of an action that is offered.
#[component]
fn OfferedButton(
    name: &'static str,
    offers: Memo<Vec<OfferedAction>>,
    steer: Steer,
    /// Whether the next step is the main button of the screen.
    has_main: Signal<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let here = move |offers: &Vec<OfferedAction>| offers.iter().find(|offer| offer.name == name).cloned();
    let text = move || match steer.under_way.get() {
        Some(under_way) if under_way == name => doing(name).to_owned(),
        _ => offers.with(here).map(|offer| offer.text).unwrap_or_default(),
    };
    let is_next = move || has_main.get() && offers.with(here).is_some_and(|offer| offer.is_next);
    let press = move |_| {
        if let Some(offer) = offers.with_untracked(here) {
            perform(live, steer, offer.act);
        }
    };
    // Not `disabled`, which would take the focus from the button that was just clicked.
    let is_busy = move || steer.under_way.with(Option::is_some).then_some("true");
    view! { <button class:ui-primary=is_next data-action=name aria-disabled=is_busy on:click=press>{text}</button> }
}

/// The button that cancels the job, or discards its plan.
#[component]
fn CancelButton(summary: Summary, job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let is_cancelled = Memo::new(move |_| {
        let asked = |starting: &crate::live::Starting| starting.job == job && starting.cancel;
        let is_asked = live.starting.with(|starting| starting.as_ref().is_some_and(asked));
        is_asked || summary.with(|summary| summary.as_ref().is_some_and(|summary| !summary.status.can_cancel()))
    });
    let is_plan =
        move || summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status == JobStatus::Planned));
    let text = move || match (is_cancelled.get(), is_plan()) {
        (true, _) => "Cancelling",
        (false, true) => "Discard",
        (false, false) => "Cancel job",
    };
    let cancel = move |_| {
        if !is_cancelled.get_untracked() {
            live.cancel(job);
        }
    };
    view! {
        <button class="ui-danger" data-action="cancel" aria-disabled=move || is_cancelled.get().then_some("true") on:click=cancel>
            {text}
        </button>
    }
}

/// Whether the job is over and wrote anything that can be undone. This is known once the page has the fold: a command that
/// wrote nothing cannot be undone.
fn wrote(job: JobId, summary: Summary) -> Memo<bool> {
    let live = expect_context::<Live>();
    let state = live.job(job);
    Memo::new(move |_| {
        let _ = state.get();
        let is_over = summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status.is_terminal()));
        is_over && live.with_fold(job, has_written).unwrap_or_default()
    })
}

/// The buttons that make sense now.
fn offered(summary: Summary, newest: Newest, has_written: Memo<bool>, is_look: Memo<bool>) -> Memo<Vec<OfferedAction>> {
    let live = expect_context::<Live>();
    Memo::new(move |_| {
        let undo = match has_written.get() && makes_output(newest) {
            _ if was_undone(newest) => UndoStanding::Undone,
            true => UndoStanding::Possible,
            false => UndoStanding::Nothing,
        };
        // What later jobs have done of the files that failed or were missed.
        let done_since = newest.with(|view| view.done_since.len()).unwrap_or_default();
        let next = newest.with(|view| view.next.clone()).flatten();
        let of = |summary: &JobSummary| {
            let mut offers = offers(summary, undo, next, done_since);
            // The line about that job leads to it.
            offers.retain(|offer| !is_under_way(live, &offer.act, newest, summary));
            // The cause of the failures has the button for the next step.
            offers
                .iter_mut()
                .filter(|offer| offer.name == "retry" && is_look.get())
                .for_each(|offer| offer.is_next = false);
            offers
        };
        summary.with(|summary| summary.as_ref().map(of)).unwrap_or_default()
    })
}

/// Whether another job that is not over does this already.
fn is_under_way(live: Live, act: &ButtonAction, newest: Newest, summary: &JobSummary) -> bool {
    let ButtonAction::Again(asked) = act else { return false };
    let does = |view: &JobView, which: &ItemSelection| match which {
        which if which == asked => true,
        _ if *asked != ItemSelection::Errors => false,
        ItemSelection::Failed => summary.counters.missed == 0,
        which => live.with_fold(newest.job, |fold| has_all(fold, &view.done_since, which)).unwrap_or_default(),
    };
    newest.with(|view| view.retrying.iter().any(|retry| does(view, &retry.which))).unwrap_or_default()
}

/// Whether these are all errors of a job but those that later jobs have done.
fn has_all(fold: &Fold, done: &[u32], which: &ItemSelection) -> bool {
    let is_left = |item: u32, status: ItemStatus| status.is_error() && done.binary_search(&item).is_err();
    fold.items().all(|(item, status)| !is_left(item, status) || which.takes(item, status))
}

/// Why the requested action was not performed.
#[component]
pub(in crate::ui::progress) fn Failed(
    steer: Steer,
    /// Whether to show also why a start was refused. On a job's own page, such a start can only have come from here.
    is_page: bool,
) -> impl IntoView {
    let live = expect_context::<Live>();
    if is_page {
        // The refusal of a start elsewhere is shown there.
        Effect::new(move |_| live.refused.set(None));
    }
    let failed = move || {
        let refused = || is_page.then(|| live.refused.get()).flatten();
        let failed = steer.error.get().or_else(|| live.cancel_error.get()).or_else(refused);
        failed.map(|error| format::sentence(&error.to_string()))
    };
    view! { <p class="ui-error" role="alert">{failed}</p> }.into_any()
}

/// Whether anything that the job did can be undone: a file that it replaced or made.
fn has_written(fold: &Fold) -> bool {
    let wrote = |status| matches!(status, ItemStatus::Succeeded(Did::Changed | Did::Created));
    fold.items().any(|(_, status)| wrote(status))
}

/// Whether the request has a place for outputs. An undo has none, and cannot be undone itself.
fn makes_output(newest: Newest) -> bool {
    newest.with(|view| view.can_undo).unwrap_or_default()
}

/// The label of a button while its call is under way.
fn doing(name: &str) -> &'static str {
    match name {
        "pause" => "Pausing…",
        "resume" | "approve" => "Starting…",
        "retry" => "Retrying…",
        _ => "Asking…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retry_of_a_live_job_stands_beside_its_failures_and_every_other_button_at_the_top() {
        let retry = ButtonAction::Steer(Action::Retry(None));
        let others = [
            ButtonAction::Steer(Action::Pause),
            ButtonAction::Cancel,
            ButtonAction::Undo,
            ButtonAction::Again(ItemSelection::Errors),
        ];
        let has = |place: ActionPlace| (place.has(&retry), others.each_ref().map(|act| place.has(act)));
        assert_eq!(has(ActionPlace::Dialog), (true, [true; 4]));
        assert_eq!(has(ActionPlace::Page), (false, [true; 4]));
        assert_eq!(has(ActionPlace::Failures), (true, [false; 4]));
    }
}
