//! A pill for running jobs that are not shown.

use std::time::Duration;

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::status_of_jobs::status_of_jobs;
use crate::base::to;
use crate::live::Live;
use crate::ui::later::Later;
use crate::ui::nav::Nav;
use crate::ui::parts::format;
use headway_model::{JobId, JobStatus, JobSummary, PauseReason};

/// How long no file of a job must run until the pill shows that.
const STILL: Duration = Duration::from_secs(1);

/// One pill for all jobs that are not over and are shown neither in the dialog nor by the page. It leads to the job, or, if there is
/// more than one, to the list of jobs.
#[component]
pub(crate) fn Pills() -> impl IntoView {
    let live = expect_context::<Live>();
    let place = expect_context::<Nav>().path();
    let here = Memo::new(move |_| place.with(|place| place.strip_prefix("/jobs/").and_then(|id| id.parse().ok())));
    let later = expect_context::<Later>();
    let others = Memo::new(move |_| {
        // A dialog or a page that could not be loaded shows no job.
        let shown = if later.is_missing() { [None, None] } else { [live.active.get(), here.get()] };
        live.jobs.with(|jobs| {
            let open = jobs.values().filter(|state| !state.summary.status.is_terminal());
            open.map(|state| state.summary.job).filter(|job| !shown.contains(&Some(*job))).collect::<Vec<_>>()
        })
    });
    let is_any = Memo::new(move |_| others.with(|others| !others.is_empty()));
    view! {
        <div class="pills">
            <Show when=move || is_any.get()>
                <Pill others />
            </Show>
        </div>
    }
}

/// A link to the job or to the list of jobs, which works without the page's program; with it, a link to a job opens
/// the dialog. It stays the same element while jobs come and go, so it keeps the focus.
#[component]
fn Pill(others: Memo<Vec<JobId>>) -> impl IntoView {
    let live = expect_context::<Live>();
    let later = expect_context::<Later>();
    let only = Memo::new(move |_| others.with(|others| if let [job] = others[..] { Some(job) } else { None }));
    let is_still = Memo::new(move |_| {
        let is_still = |job: &JobSummary| {
            job.status == JobStatus::Processing && job.counters.running == 0 && job.counters.waiting > 0
        };
        let only = only.get();
        live.jobs.with(|jobs| only.and_then(|job| jobs.get(&job)).is_some_and(|state| is_still(&state.summary)))
    });
    // Between two files nothing runs either, but only for a moment.
    let waits = RwSignal::new(false);
    Effect::new(move |_| {
        waits.set(false);
        if is_still.get() {
            let timer = set_timeout_with_handle(move || _ = waits.try_set(true), STILL).ok();
            on_cleanup(move || timer.iter().for_each(TimeoutHandle::clear));
        }
    });
    let text = Memo::new(move |_| {
        let waits = waits.get();
        let is_lost = live.silent.with(Option::is_some);
        let text = live.jobs.with(|jobs| {
            others.with(|others| {
                let mut summaries = others.iter().filter_map(|job| jobs.get(job)).map(|state| &state.summary);
                match only.get() {
                    Some(_) => summaries.next().map(|summary| format!("{} · {}", summary.title, alone(summary, waits))),
                    None => Some(status_of_jobs(summaries)),
                }
            })
        });
        if is_lost { text.map(|text| format!("Last known: {text}")) } else { text }
    });
    let of_only = move |said: fn(&JobSummary) -> String| {
        live.jobs.with(|jobs| jobs.get(&only.get()?).map(|state| said(&state.summary)))
    };
    let status = Memo::new(move |_| of_only(|summary| summary.status.label().into()));
    let href = move || match only.get() {
        Some(job) => to(&format!("/jobs/{job}")),
        None => to("/jobs"),
    };
    let show = move |event: MouseEvent| {
        // Let the browser open another tab or window.
        if event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() {
            return;
        }
        if let Some(job) = only.get_untracked() {
            event.prevent_default();
            if untrack(|| later.is_missing()) {
                later.fetch();
            }
            live.show(job);
        }
    };
    view! {
        <a
            class="pill"
            href=href
            data-job=move || only.get().map(|job| job.to_string())
            data-status=move || status.get()
            on:click=show
        >
            {move || text.get()}
        </a>
    }
}

/// The pill's text if there is only one job: what it waits for, if it does not continue automatically, and its
/// progress.
fn alone(summary: &JobSummary, is_still: bool) -> String {
    let waits = match summary.status {
        JobStatus::Planned if summary.counters.work().1 > 0 => {
            return format!("Waits for your approval: {}", format::counted(summary.counters.work().1, "file", "files"));
        }
        JobStatus::Paused { reason: PauseReason::User } => "Paused by you: ".to_owned(),
        JobStatus::Paused { reason: PauseReason::Interrupted } => "Waits for your decision: ".to_owned(),
        JobStatus::Paused { reason } => format!("Paused, {}: ", reason.text()),
        JobStatus::Queued => "Queued: ".to_owned(),
        JobStatus::Processing if is_still => "Nothing is running now: ".to_owned(),
        _ => String::new(),
    };
    waits + &far(summary)
}

/// The progress of a job.
fn far(summary: &JobSummary) -> String {
    match format::percent(summary) {
        Some(percent) => format!("{} ({percent} %)", format::files(&summary.counters)),
        None if summary.listing => format!("Listing files: {} so far", format::count(summary.counters.files().into())),
        None => "Nothing to do".into(),
    }
}
