//! The latest summary of a job, as the page knows it.

use std::sync::Arc;

use leptos::prelude::*;

use crate::live::{JobState, Live};
use headway_model::follow::Phase;
use headway_model::summary::Start;
use headway_model::{JobId, JobStatus, JobSummary, Millis};

/// How long no file of a job must run until the page says so, in milliseconds: between two files nothing runs either.
const STILL: Millis = 1_000;

/// The job's latest summary; `None` if the page knows nothing about the job.
pub(in crate::ui) type Summary = Memo<Option<JobSummary>>;

/// The latest summary of a job: from the stream, or what was `read` if that is newer. Until it is hydrated, a page
/// shows what the server rendered, even if more has arrived in the meantime.
pub(in crate::ui) fn latest_summary(job: JobId, read: Option<JobSummary>) -> Summary {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let mounted = mounted();
    let newer = |one: Option<JobSummary>, other: Option<&JobSummary>| match (one, other) {
        (Some(one), Some(other)) if other.seq > one.seq => Some(other.clone()),
        (one, other) => one.or_else(|| other.cloned()),
    };
    let rendered = match &read {
        None => state.with_untracked(|state| state.as_ref().map(|state| state.summary.clone())),
        Some(_) => {
            let start = use_context::<Start>();
            let start = start.iter().flat_map(|start| &start.live).find(|summary| summary.job == job);
            newer(read.clone(), start)
        }
    };
    Memo::new(move |_| {
        if !mounted.get() {
            return rendered.clone();
        }
        if let Some(moment) = live.past_of(job) {
            return Some(moment.summary().clone());
        }
        // Next to its items, a job is shown as it was read until it is followed; from then on both change together.
        let counts =
            |state: &&Arc<JobState>| read.is_none() || state.proof.seq > 0 || state.phase == Some(Phase::Stopped);
        let heard = state.with(|state| state.as_ref().filter(counts).map(|state| state.summary.clone()));
        newer(heard, read.as_ref())
    })
}

/// Whether the job is over. A job is not over as long as nothing is known of it.
pub(in crate::ui) fn is_over(summary: Summary) -> Memo<bool> {
    Memo::new(move |_| summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status.is_terminal())))
}

/// Whether the job is a plan that waits for a person. Its page has other parts.
fn is_plan(summary: Summary) -> Memo<bool> {
    let is_plan = |summary: &JobSummary| summary.status == JobStatus::Planned;
    Memo::new(move |_| summary.with(|summary| summary.as_ref().is_some_and(is_plan)))
}

/// Whether files of the job can begin and end at any moment, or will be able to, also while they are being listed.
fn holds_places(summary: Summary) -> Memo<bool> {
    let holds = |summary: &JobSummary| summary.status != JobStatus::Planned && !summary.status.is_terminal();
    Memo::new(move |_| summary.with(|summary| summary.as_ref().is_some_and(holds)))
}

/// Whether the page shows a live job, or has shown one before that job ended. From then on, whatever comes and goes with its files, with
/// the link and with its end has a place of its own, so that nothing moves.
pub(in crate::ui) fn keeps_places(summary: Summary) -> Memo<bool> {
    let live = expect_context::<Live>();
    let (holds, is_plan) = (holds_places(summary), is_plan(summary));
    Memo::new(move |before: Option<&bool>| {
        let is_present = || live.past.try_with(Option::is_none).unwrap_or_default();
        !is_plan.get() && (before.is_some_and(|before| *before) || (holds.get() && is_present()))
    })
}

/// Those of these jobs that have run nothing for a while although files wait: for a free worker, for a file that another job holds,
/// or for their next try.
pub(super) fn still(jobs: impl Fn() -> Vec<JobId> + Send + Sync + 'static) -> Memo<Vec<JobId>> {
    let live = expect_context::<Live>();
    let since = Memo::new(move |before: Option<&Vec<(JobId, Millis)>>| {
        let now = live.known.get_untracked();
        let known = |job: JobId| before.into_iter().flatten().find(|(other, _)| *other == job).map(|(_, since)| *since);
        let still = |job: &JobId| live.jobs.with(|jobs| jobs.get(job).is_some_and(|state| is_still(&state.summary)));
        jobs().into_iter().filter(still).map(|job| (job, known(job).unwrap_or(now))).collect::<Vec<_>>()
    });
    Memo::new(move |_| {
        since.with(|since| {
            // Without news it is not known whether nothing runs.
            let now = if since.is_empty() { 0 } else { live.known.get() };
            let still = since.iter().filter(|(_, since)| now.saturating_sub(*since) >= STILL);
            still.map(|(job, _)| *job).collect()
        })
    })
}

fn is_still(job: &JobSummary) -> bool {
    job.status == JobStatus::Processing && job.counters.running == 0 && job.counters.waiting > 0
}

/// Whether the page is hydrated. Until then it must show what the server rendered.
pub(super) fn mounted() -> RwSignal<bool> {
    let mounted = RwSignal::new(false);
    Effect::new(move |_| mounted.set(true));
    mounted
}
