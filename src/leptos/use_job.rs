//! One job, as signals.

use leptos::prelude::*;

use super::failures::{self, FailureCauses};
use super::provide::HeadwayContext;
use headway_model::follow::{LinkState, Phase, Proof};
use headway_model::message::RunningItem;
use headway_model::{ApiError, Counters, JobId, JobStatus, JobSummary};

/// A job, as signals that change with its events. Copy it freely.
///
/// A fact that is not known is `None`: on a server, and in a browser until the first message about the job has arrived.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct UseJob {
    /// The job.
    pub id: JobId,
    /// Its state at its last event.
    pub summary: Signal<Option<JobSummary>>,
    /// Its status.
    pub status: Signal<Option<JobStatus>>,
    /// Its files, by status.
    pub counters: Signal<Option<Counters>>,
    /// The attempts under way.
    pub running: Signal<Vec<RunningItem>>,
    /// How far the page is with following it; `None` if only its state is known.
    pub phase: Signal<Option<Phase>>,
    /// What the page can prove: from which event on it has seen the job, up to which, and whether the server has confirmed the
    /// whole (`closed`).
    pub proof: Signal<Proof>,
    /// The link to the server, which all jobs share.
    pub link: Signal<LinkState>,
    /// Whether the server is silent although it should not be, so that all of this is as of then.
    pub is_silent: Signal<bool>,
    /// Whether the page runs in a browser and listens, so that clicks take effect.
    pub is_ready: Signal<bool>,
    /// Why the last cancel of this job did not reach the server, or was refused.
    pub cancel_error: Signal<Option<ApiError>>,
    context: HeadwayContext,
}

/// Follows a job for as long as the component lives, from its first event if the page was there in time, and otherwise from its
/// present state. The job need not exist yet, and can be over.
///
/// # Panics
///
/// Panics if [`provide_headway`](super::provide_headway) was not called further up.
pub fn use_job(id: JobId) -> UseJob {
    let context = HeadwayContext::here();
    let live = context.live;
    context.follow(id);
    let state = live.present(id);
    let summary = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.summary.clone())));
    let status = Memo::new(move |_| summary.with(|summary| summary.as_ref().map(|summary| summary.status)));
    let counters = Memo::new(move |_| summary.with(|summary| summary.as_ref().map(|summary| summary.counters)));
    let running =
        Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.running.clone()).unwrap_or_default()));
    let phase = Memo::new(move |_| state.with(|state| state.as_ref().and_then(|state| state.phase)));
    let proof = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.proof).unwrap_or_default()));
    let is_silent = Memo::new(move |_| live.silent.with(Option::is_some));
    let cancel_error = Memo::new(move |_| {
        let is_own = context.cancelled.get() == Some(id);
        live.cancel_error.get().filter(|_| is_own)
    });
    UseJob {
        id,
        summary: summary.into(),
        status: status.into(),
        counters: counters.into(),
        running: running.into(),
        phase: phase.into(),
        proof: proof.into(),
        link: live.link.into(),
        is_silent: is_silent.into(),
        is_ready: Signal::derive(move || live.is_ready()),
        cancel_error: cancel_error.into(),
        context,
    }
}

impl UseJob {
    /// Cancels the job. If its start has not been answered yet, the cancel goes out as soon as it has.
    pub fn cancel(self) {
        self.context.live.cancel_error.set(None);
        self.context.cancelled.set(Some(self.id));
        self.context.live.cancel(self.id);
    }

    /// Why files failed, most frequent cause first. Read from the server when the first file has failed, and again as their number
    /// grows. Call it where the component is made.
    pub fn failures(self) -> Signal<FailureCauses> {
        failures::of(self.id, self.counters, self.context.live)
    }
}
