//! A job in a few lines, for a list: its name, its status, its bar, and its actions.

use leptos::prelude::*;

use super::actions::{Actions, Failed};
use super::bar::{self, Outcomes};
use super::{Summary, files_address, number, standing, status_word, still_now};
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{StatusBadge, Zone, format, may_act, words};
use crate::ui::progress::Steer;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::{Counters, JobId, JobStatus, JobSummary};

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
        let percent = summary.with(|summary| summary.as_ref().and_then(format::percent));
        percent.filter(|_| !is_plan.get()).map(|percent| format!(" · {percent} %"))
    };
    let doors = move || {
        let of = if is_plan.get() { StatusFilter::LeftOut } else { StatusFilter::Label(ItemLabel::Failed) };
        [of, StatusFilter::Missed].map(|of| view! { <NumberDoor job of counters /> }).into_iter().collect_view()
    };
    view! {
        <header class="head-top">
            <a class="head-title" href=to(&format!("/jobs/{job}"))>{move || of(&|summary| summary.title.clone())}</a>
            <span class="head-recipe">{move || of(&|summary| summary.recipe_beside_title().to_owned())}</span>
            <StatusBadge status word=status_word(summary, still) />
            <p class="head-standing">{stands}</p>
        </header>
        <Actions summary steer has_main=is_first />
        <Failed steer is_page=false />
        <Show when=move || !is_plan.get()>
            <Outcomes counters />
        </Show>
        <p class="head-numbers">
            <a class="head-done" href=files_address(job, None, None)>{move || of(&bar::words)}</a>
            <span class="head-percent">{percent} {doors}</span>
        </p>
    }
    .into_any()
}

/// A number of files with its word, as a link to those files; nothing if there are none.
#[component]
fn NumberDoor(job: JobId, of: StatusFilter, counters: Signal<Counters>) -> impl IntoView {
    let number = Memo::new(move |_| counters.with(|counters| number(counters, of)));
    view! {
        <Show when=move || { number.get() > 0 }>
            " · "
            <a href=files_address(job, Some(of), None)>{move || format::count(number.get().into())} " " {words::of(of)}</a>
        </Show>
    }
}
