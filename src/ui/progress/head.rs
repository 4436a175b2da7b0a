//! The head of a job: one layout in every state, on the job's own page and in the dialog, from its plan to its proof. What needs
//! attention comes right below the bar, because a phone shows little more.

mod actions;
mod bar;
mod counts;
mod missed;
mod news;
mod offers;
mod outputs;
mod perform;
mod report;
mod retried;
mod running;
mod speed;
mod standing;
mod strip;
mod title;
mod undone;
mod work;

use leptos::prelude::*;

use super::attention::Attention;
use super::failures::Failures;
use super::proof::ProofLine;
use super::status_of_jobs::WAITING;
use super::summary::{Summary, is_over, mounted, still};
use super::{Newest, Steer};
use crate::live::Live;
use crate::ui::parts::{StatusBadge, Zone, format, may_act};
pub(super) use actions::{ActionPlace, Actions, Failed};
use bar::Bar;
pub(in crate::ui) use bar::outcomes;
use counts::Counts;
pub(in crate::ui) use counts::{files_address, is_many};
pub(in crate::ui) use headway_model::bar::number;
use headway_model::{JobId, JobStatus, JobSummary};
use news::News;
pub(super) use offers::next_text;
pub(super) use outputs::Download;
use retried::Earlier;
use standing::standing;
pub(in crate::ui) use standing::took;
pub(in crate::ui) use strip::Strip;
pub(in crate::ui) use title::title;
pub(super) use undone::was_undone;
use work::Work;

/// The head: name, recipe, status, actions, the bar, why files failed, the numbers, running files, outputs, and the proof last.
#[component]
pub(in crate::ui) fn Head(
    /// The job's summary.
    summary: Summary,
    /// The actions on the job.
    steer: Steer,
    /// Why its files failed.
    attention: Attention,
    /// Whether this is the job's own page, whose heading is the job's name, and which has the actions in its head.
    #[prop(optional)]
    is_page: bool,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let newest = steer.newest;
    let job = newest.job;
    let heard = live.job(job);
    let mounted = mounted();
    let state = Memo::new(move |_| if is_page && !mounted.get() { None } else { heard.get() });
    let recipe =
        move || summary.with(|summary| summary.as_ref().map(|summary| summary.recipe_beside_title().to_owned()));
    let status = Signal::derive(move || {
        summary.with(|summary| summary.as_ref().map_or(JobStatus::Planning, |summary| summary.status))
    });
    let still = still_now(live, job);
    let stands = stands(summary, newest, still);
    let actions = is_page.then(|| {
        view! {
            <Actions summary steer attention place=ActionPlace::Page />
            <Failed steer is_page=true />
        }
    });
    view! {
        <header class="head-top">
            {heading(summary, is_page)}
            <span class="head-recipe">{recipe}</span>
            <StatusBadge status word=status_word(summary, still) />
            <span class="ui-hint">{move || newest.with(|view| view.undone.as_ref().map(JobSummary::undoing_word)).flatten()}</span>
            <p class="head-standing">{standing_door(live, summary, stands)}</p>
        </header>
        {actions}
        <Bar summary />
        <Failures attention summary steer mounted is_page />
        <Counts job summary />
        <Work summary job />
        <Earlier newest />
        <News state summary newest status attention mounted is_page />
        <p class="ui-hidden head-told" aria-live="polite">{announcement(summary, stands)}</p>
        <ProofLine state summary />
    }
    .into_any()
}

/// The job's name. On the job's own page it is the heading of the page.
fn heading(summary: Summary, is_page: bool) -> AnyView {
    let title = move || summary.with(|summary| summary.as_ref().map(|summary| summary.title.clone()));
    if is_page {
        view! { <h1 class="head-title" title=title>{title}</h1> }.into_any()
    } else {
        view! { <h2 class="head-title" title=title>{title}</h2> }.into_any()
    }
}

/// The sentence that describes the job's state, as a link to the files of the number in it, if it has one.
fn standing_door(live: Live, summary: Summary, stands: Memo<Option<String>>) -> impl IntoView {
    let there = Memo::new(move |_| {
        summary.with(|summary| {
            let summary = summary.as_ref()?;
            let at = live.past_of(summary.job).map(|moment| moment.seq());
            Some(files_address(summary.job, Some(standing::told_of(summary)?), at))
        })
    });
    // The files are on the job's page, which no dialog must cover.
    view! { <a href=move || there.get() on:click=move |_| live.put_away()>{move || stands.get()}</a> }
}

/// The sentence that describes the job's state; `None` if nothing is known of the job.
fn stands(summary: Summary, newest: Newest, still: Memo<bool>) -> Memo<Option<String>> {
    let live = expect_context::<Live>();
    let (zone, can_act) = (Zone::here(), may_act());
    Memo::new(move |_| {
        let (still, time) = (still.get(), |at| zone.moment(at, live.clock.get_untracked()));
        summary.with(|summary| {
            let summary = summary.as_ref()?;
            // What was read is valid only as long as the job's status has not changed.
            let waits = newest.with(|view| view.waits.clone().filter(|_| view.summary.status == summary.status));
            let waits = waits.flatten();
            Some(match still {
                true => standing::stands_still(waits.as_deref()),
                false => standing(summary, waits.as_deref(), &time, can_act),
            })
        })
    })
}

/// Whether nothing of the job has run for a while, although files wait. A moment of the past stands still anyway.
fn still_now(live: Live, job: JobId) -> Memo<bool> {
    let still = still(move || if live.past_of(job).is_none() { vec![job] } else { Vec::new() });
    Memo::new(move |_| still.with(|still| !still.is_empty()))
}

/// The word for the job's status. A job without any event yet is being planned.
fn status_word(summary: Summary, still: Memo<bool>) -> Signal<String> {
    Signal::derive(move || {
        if still.get() {
            return WAITING.to_owned();
        }
        summary.with(|summary| {
            summary.as_ref().map_or_else(|| JobStatus::Planning.label().into(), JobSummary::status_word)
        })
    })
}

/// What a screen reader announces by itself: each change of the job's status and each tenth of its progress, but not
/// each file.
fn announcement(summary: Summary, stands: Memo<Option<String>>) -> impl Fn() -> String + Send + Sync + 'static {
    let tenths = Memo::new(move |_| {
        let percent = summary.with(|summary| summary.as_ref().and_then(format::percent));
        percent.map(|percent| percent / 10 * 10)
    });
    let is_over = is_over(summary);
    move || {
        let stands = stands.get().unwrap_or_default();
        match tenths.get() {
            Some(tenths) if !is_over.get() => format!("{stands} {tenths} %."),
            _ => stands,
        }
    }
}
