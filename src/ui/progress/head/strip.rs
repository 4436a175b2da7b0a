//! A job in a few lines, for a list: its name, its status, its bar, and its actions.

use leptos::prelude::*;

use super::actions::{Actions, Failed};
use super::bar::{Outcomes, words};
use super::counts::door;
use super::{Summary, standing, status_word, still_now};
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{StatusBadge, Zone, format, may_act};
use crate::ui::progress::Steer;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::{JobStatus, JobSummary};

/// The head of a job, shortened.
#[component]
pub(in crate::ui) fn Strip(
    summary: Summary,
    steer: Steer,
    /// Whether its next step is that of the whole list: one button of a screen is the main one.
    #[prop(into)]
    is_first: Signal<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = steer.newest.job;
    let (zone, can_act) = (Zone::here(), may_act());
    let of = move |tell: &dyn Fn(&JobSummary) -> String| summary.with(|summary| summary.as_ref().map(tell));
    let counters = Signal::derive(move || {
        summary
            .with(|summary| summary.as_ref().filter(|summary| !summary.listing).map(|summary| summary.counters))
            .unwrap_or_default()
    });
    let status = Signal::derive(move || {
        summary.with(|summary| summary.as_ref().map_or(JobStatus::Planning, |summary| summary.status))
    });
    let still = still_now(live, job);
    let stands = move || {
        if still.get() {
            return Some(standing::stands_still(None));
        }
        let time = |at| zone.moment(at, live.clock.get_untracked());
        of(&|summary| standing::standing(summary, None, &time, can_act))
    };
    // A plan has done nothing yet, so it has no bar; what it leaves out stands beside what it would do, as on its page.
    let is_plan = Memo::new(move |_| status.get() == JobStatus::Planned);
    let percent = move || {
        let part = |summary: &JobSummary| match summary.status {
            JobStatus::Planned => format::numbers(&summary.counters, &[StatusFilter::Missed, StatusFilter::LeftOut]),
            _ => format::percent(summary).map(|percent| format!("{percent} %")),
        };
        summary.with(|summary| summary.as_ref().and_then(part)).map(|part| format!(" · {part}"))
    };
    let failed = Memo::new(move |_| counters.with(|counters| counters.failed));
    let is_any_failed = Memo::new(move |_| failed.get() > 0);
    view! {
        <header class="head-top">
            <a class="head-title" href=to(&format!("/jobs/{job}"))>{move || of(&|summary| summary.title.clone())}</a>
            <span class="head-recipe">{move || of(&|summary| summary.recipe.clone())}</span>
            <StatusBadge status word=status_word(summary, still) />
            <p class="head-standing">{stands}</p>
        </header>
        <Actions summary steer has_main=is_first />
        <Failed steer is_page=false />
        <Show when=move || !is_plan.get()>
            <Outcomes counters />
        </Show>
        <p class="head-numbers">
            <span class="head-done">{move || of(&words)}</span>
            <span class="head-percent">{percent}</span>
            <Show when=move || is_any_failed.get()>
                <a class="head-failed" href=door(job, Some(ItemLabel::Failed.into()), None)>{move || format!("{} failed", format::count(failed.get().into()))}</a>
            </Show>
        </p>
    }
    .into_any()
}
