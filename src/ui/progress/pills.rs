//! A pill for running jobs that are not shown.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::status_of_jobs::{short_of_jobs, status_of_jobs, word};
use super::summary::still;
use crate::base::to;
use crate::live::Live;
use crate::ui::later::Later;
use crate::ui::nav::Nav;
use crate::ui::parts::format;
use headway_model::{JobId, JobStatus, JobSummary, PauseReason};

/// A text of at most this many letters fits on a small phone.
const SHORT: usize = 17;

/// One pill for all jobs that are not over and are shown neither in the dialog nor by the page. It leads to the job, or, if there is
/// more than one, to the list of jobs.
#[component]
pub(crate) fn Pills() -> impl IntoView {
    let live = expect_context::<Live>();
    let place = expect_context::<Nav>().path();
    let here = Memo::new(move |_| place.with(|place| place.strip_prefix("/jobs/").and_then(|id| id.parse().ok())));
    let later = expect_context::<Later>();
    // Of the jobs that are not over, those that are shown elsewhere, or the others.
    let open = move |are_shown: bool| {
        // A dialog or a page that could not be loaded shows no job.
        let shown = if later.is_missing() { [None, None] } else { [live.active.get(), here.get()] };
        live.jobs.with(|jobs| {
            let open = jobs.values().filter(|state| !state.summary.status.is_terminal());
            let ids = open.map(|state| state.summary.job);
            ids.filter(|job| shown.contains(&Some(*job)) == are_shown).collect::<Vec<_>>()
        })
    };
    let others = Memo::new(move |_| open(false));
    let is_one_shown = Memo::new(move |_| !open(true).is_empty());
    let is_any = Memo::new(move |_| others.with(|others| !others.is_empty()));
    view! {
        <div class="pills">
            <Show when=move || is_any.get()>
                <Pill others is_one_shown />
            </Show>
        </div>
    }
}

/// A link to the job or to the list of jobs, which works without the page's program; with it, a link to a job opens
/// the dialog. It stays the same element while jobs come and go, so it keeps the focus.
#[component]
fn Pill(
    others: Memo<Vec<JobId>>,
    /// Whether there are more that are not over: the dialog or the page shows them.
    is_one_shown: Memo<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let later = expect_context::<Later>();
    let only = Memo::new(move |_| others.with(|others| if let [job] = others[..] { Some(job) } else { None }));
    let still = still(move || others.get());
    let text = Memo::new(move |_| {
        let still = still.get();
        let is_lost = live.silent.with(Option::is_some);
        let (title, text, short) = live.jobs.with(|jobs| {
            others.with(|others| {
                let mut summaries = others.iter().filter_map(|job| jobs.get(job)).map(|state| &state.summary);
                match only.get() {
                    Some(_) => summaries.next().map_or_else(Default::default, |summary| {
                        (format!("{} · ", summary.title), alone(summary, !still.is_empty()), Some(short(summary)))
                    }),
                    None => {
                        let short = short_of_jobs(summaries.clone());
                        let text = status_of_jobs(summaries, &still, is_one_shown.get());
                        let is_long = text.chars().count() > SHORT;
                        (String::new(), text, is_long.then_some(short))
                    }
                }
            })
        });
        match (is_lost, title.is_empty()) {
            (false, _) => (title, text, short),
            // Before the first word, whichever part has it: a blank at the end of a part is not shown. On a phone the pill has the same
            // words as before, so that nothing moves, and its look says that they are of the past.
            (true, true) => {
                let short = short.unwrap_or_else(|| text.clone());
                (title, format!("Last known: {text}"), Some(short))
            }
            (true, false) => (format!("Last known: {title}"), text, short),
        }
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
            data-short=move || text.with(|(_, _, short)| short.clone())
            data-silent=move || live.silent.with(Option::is_some).then_some("true")
            on:click=show
        >
            <span class="pill-title">{move || text.with(|(title, ..)| title.clone())}</span>
            <span class="pill-text">{move || text.with(|(_, text, _)| text.clone())}</span>
        </a>
    }
}

/// The text of a job for a phone, where a title has no room.
fn short(summary: &JobSummary) -> String {
    let word = format::capital(word(summary.status).unwrap_or_default());
    match format::percent(summary).filter(|_| summary.status != JobStatus::Planned) {
        Some(percent) => format!("{word}, {percent}\u{a0}%"),
        None => word,
    }
}

/// The pill's text if there is only one job: what it waits for, if it does not continue automatically, and its
/// progress.
fn alone(summary: &JobSummary, is_still: bool) -> String {
    let waits = match summary.status {
        JobStatus::Planned if summary.counters.waiting > 0 => {
            return format!("Waits for your approval: {}", format::counted(summary.counters.waiting, "file", "files"));
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
        Some(percent) => format!("{} ({percent}\u{a0}%)", format::files(&summary.counters)),
        None if summary.listing => format!("Listing files: {} so far", format::count(summary.counters.files().into())),
        None => "Nothing to do".into(),
    }
}
