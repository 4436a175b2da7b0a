//! Everything a page says of one job.

use std::sync::Arc;

use leptos::prelude::*;

use super::failures::Failures;
use super::proof::ProofLine;
use crate::model::{JobId, JobStatus, JobSummary};
use crate::ui::live::{JobState, Live};
use crate::ui::parts::{StatusBadge, format};

/// Title, status, bar, counts, what runs, what failed, and the proof.
#[component]
pub(crate) fn Panel(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let summary = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.summary.clone())));
    let title = move || summary.with(|summary| summary.as_ref().map(|summary| summary.title.clone()));
    let recipe = move || summary.with(|summary| summary.as_ref().map(|summary| summary.recipe.clone()));
    let status = Signal::derive(move || {
        summary.with(|summary| summary.as_ref().map_or(JobStatus::Planning, |summary| summary.status))
    });
    view! {
        <header class="panel-head">
            <h2 class="title">{title}</h2>
            <span class="recipe">{recipe}</span>
            <StatusBadge status />
        </header>
        <Bar summary />
        <Counts summary />
        <p class="message">{move || summary.with(|summary| summary.as_ref().and_then(|summary| summary.message.clone()).filter(|text| !text.is_empty()))}</p>
        <RunningFiles state />
        <Failures job summary />
        <Outputs job status />
        <ProofLine state />
    }
}

type Summary = Memo<Option<JobSummary>>;

#[component]
fn Bar(summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let numbers = Memo::new(move |_| {
        summary.with(|summary| {
            summary.as_ref().map_or((0, 0), |summary| (summary.counters.done(), summary.counters.total))
        })
    });
    let percent = move || match numbers.get() {
        (_, 0) => None,
        (done, total) => Some(u64::from(done) * 100 / u64::from(total)),
    };
    let words = move || {
        let (done, total) = numbers.get();
        format!("{} / {} files", format::count(done.into()), format::count(total.into()))
    };
    let pace = move || {
        let clock = live.clock.get();
        summary.with(|summary| summary.as_ref().map(|summary| pace(summary, clock)))
    };
    // Each tenth is told to a screen reader, not each file.
    let told = Memo::new(move |_| {
        let tenths = percent().map(|percent| percent / 10 * 10);
        let status = summary.with(|summary| summary.as_ref().map(|summary| summary.status.text()));
        match (status, tenths) {
            (Some(status), Some(tenths)) => format!("{status}, {tenths} %"),
            (Some(status), None) => status,
            _ => String::new(),
        }
    });
    view! {
        <progress
            class="progress-bar"
            role="progressbar"
            max=move || numbers.get().1.max(1).to_string()
            value=move || numbers.get().0.to_string()
            aria-label="Files done"
            aria-valuemin="0"
            aria-valuemax=move || numbers.get().1.to_string()
            aria-valuenow=move || numbers.get().0.to_string()
            aria-valuetext=words
            data-status=move || summary.with(|summary| summary.as_ref().map(|summary| summary.status.label()))
        ></progress>
        <p class="numbers">
            <strong class="done">{words}</strong>
            <span class="percent">{move || percent().map(|percent| format!("{percent} %"))}</span>
            <span class="grow"></span>
            <span class="pace">{pace}</span>
        </p>
        <p class="told" aria-live="polite">{move || told.get()}</p>
    }
}

/// Rate and time since it began, as of `clock` or its end.
fn pace(summary: &JobSummary, clock: u64) -> String {
    let Some(began) = summary.began else {
        return if summary.status == JobStatus::Queued { "waits for a free place".into() } else { String::new() };
    };
    let elapsed = summary.ended.unwrap_or(clock).saturating_sub(began);
    let ran = u64::from(summary.counters.done() - summary.counters.skipped_in_plan);
    match format::rate(ran, elapsed) {
        Some(rate) => format!("{rate} · {}", format::duration(elapsed)),
        None => format::duration(elapsed),
    }
}

#[component]
fn Counts(summary: Summary) -> impl IntoView {
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let row = move |word: &'static str, number: fn(&crate::model::Counters) -> u32| {
        view! {
            <div class="count" data-status=word data-zero=move || (number(&counters.get()) == 0).then_some("true")>
                <dt>{word}</dt>
                <dd>{move || format::count(number(&counters.get()).into())}</dd>
            </div>
        }
    };
    view! {
        <dl class="counts">
            {row("succeeded", |counters| counters.succeeded)}
            {row("failed", |counters| counters.failed)}
            {row("skipped", |counters| counters.skipped)}
            {row("cancelled", |counters| counters.cancelled)}
            {row("running", |counters| counters.running)}
            {row("waiting", |counters| counters.waiting)}
            {row("interrupted", |counters| counters.interrupted)}
        </dl>
    }
}

#[component]
fn RunningFiles(state: Memo<Option<Arc<JobState>>>) -> impl IntoView {
    let running =
        Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.running.clone()).unwrap_or_default()));
    let at_work =
        Memo::new(move |_| state.with(|state| state.as_ref().is_some_and(|state| state.summary.counters.running > 0)));
    view! {
        <ul class="running" aria-label="Files being worked on" hidden=move || !at_work.get()>
            {move || {
                running
                    .get()
                    .into_iter()
                    .take(4)
                    .map(|item| {
                        let of = match item.total {
                            0 => String::new(),
                            total => format!("{} of {}", format::size(item.done), format::size(total)),
                        };
                        view! {
                            <li>
                                <bdi dir="ltr" class="path">{item.path.shown()}</bdi>
                                <span class="of">{of}</span>
                            </li>
                        }
                    })
                    .collect_view()
            }}
        </ul>
    }
}

/// The files a finished job wrote for its user.
#[component]
fn Outputs(job: JobId, status: Signal<JobStatus>) -> impl IntoView {
    let over = Memo::new(move |_| status.get().is_terminal());
    let outputs = Resource::new(
        move || over.get(),
        move |over| async move {
            if !over {
                return Vec::new();
            }
            crate::api::job(job).await.map(|view| view.outputs).unwrap_or_default()
        },
    );
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let names = outputs.await;
                names
                    .into_iter()
                    .map(|name| {
                        let link = format!("/api/jobs/{job}/outputs/{name}");
                        view! { <p class="output"><a href=link download=name.clone() rel="external">{format!("Download {name}")}</a></p> }
                    })
                    .collect_view()
            })}
        </Transition>
    }
}
