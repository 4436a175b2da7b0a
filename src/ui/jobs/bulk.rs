//! Buttons that act on all running jobs in the list at once.

use leptos::prelude::*;

use super::address::JobsAddress;
use crate::api;
use crate::live::Live;
use crate::ui::parts::{format, may_act};
use headway_model::{Action, ApiError, JobId, JobStatus};

/// An action on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BulkAction {
    Pause,
    Resume,
    Cancel,
}

impl BulkAction {
    /// Whether the action applies to a job with this status.
    fn is_for(self, status: JobStatus) -> bool {
        let is_paused = matches!(status, JobStatus::Paused { .. });
        match self {
            BulkAction::Pause => !is_paused && status.can_cancel() && status != JobStatus::Planned,
            BulkAction::Resume => is_paused,
            BulkAction::Cancel => status.can_cancel(),
        }
    }

    async fn done_to(self, job: JobId) -> Result<(), ApiError> {
        match self {
            BulkAction::Pause => api::steer_job(job, Action::Pause).await.map(drop),
            BulkAction::Resume => api::steer_job(job, Action::Resume).await.map(drop),
            BulkAction::Cancel => api::cancel_job(job).await.map(drop),
        }
    }
}

/// The buttons. Shown if there is more than one job.
#[component]
pub(super) fn Bulk(
    /// What is listed.
    address: Memo<JobsAddress>,
    /// The listed jobs that are not over.
    open: Memo<Vec<JobId>>,
) -> impl IntoView {
    if !may_act() {
        return ().into_any();
    }
    let live = expect_context::<Live>();
    // Those whose cancel waits for a second click. A job that is started meanwhile is none of them.
    let (is_busy, chosen) = (RwSignal::new(false), RwSignal::new(Vec::<JobId>::new()));
    let is_sure = move || chosen.with(|chosen| !chosen.is_empty());
    let wrong = RwSignal::new(None::<String>);
    // Of another list, nobody has chosen anything.
    Effect::new(move |_| address.with(|_| chosen.set(Vec::new())));
    let of = move |all: BulkAction| {
        Memo::new(move |_| {
            let is = |job: &JobId| {
                live.jobs.with(|jobs| jobs.get(job).is_some_and(|state| all.is_for(state.summary.status)))
            };
            open.with(|open| open.iter().copied().filter(is).collect::<Vec<_>>())
        })
    };
    let act = move |all: BulkAction, jobs: Vec<JobId>| {
        is_busy.set(true);
        chosen.set(Vec::new());
        wrong.set(None);
        leptos::task::spawn_local(async move {
            let mut failed = Vec::new();
            for job in jobs {
                failed.extend(all.done_to(job).await.err());
            }
            let number = failed.len() as u64;
            wrong.try_set(failed.first().map(|error| {
                let jobs = format::counted(number, "job was", "jobs were");
                format!("{jobs} left as before. {}", format::sentence(&error.to_string()))
            }));
            is_busy.try_set(false);
        });
    };
    let (pause, resume, cancel) = (of(BulkAction::Pause), of(BulkAction::Resume), of(BulkAction::Cancel));
    let button = move |all: BulkAction, jobs: Memo<Vec<JobId>>, word: &'static str| {
        let press = move |_| {
            if is_busy.get_untracked() {
                return;
            }
            let (now, chosen_before) = (jobs.get_untracked(), chosen.get_untracked());
            match all == BulkAction::Cancel {
                true if chosen_before.is_empty() => chosen.set(now),
                true => act(all, still(&now, &chosen_before)),
                false => act(all, now),
            }
        };
        let left = move || jobs.with(|jobs| chosen.with(|chosen| still(jobs, chosen).len()));
        let text = move || match all == BulkAction::Cancel && is_sure() {
            true => format!("Really cancel all {}", left()),
            false if jobs.with(Vec::len) == 1 => format!("{word} 1"),
            false => format!("{word} all {}", jobs.with(Vec::len)),
        };
        view! {
            <button class:ui-danger=all == BulkAction::Cancel data-all=word hidden=move || jobs.with(Vec::is_empty) aria-disabled=move || is_busy.get().then_some("true") on:click=press>
                {text}
            </button>
        }
    };
    view! {
        <div class="jobs-bulk" hidden=move || { open.with(Vec::len) < 2 }>
            <div class="ui-buttons" role="group" aria-label="All jobs below that are not over">
                {button(BulkAction::Pause, pause, "Pause")} {button(BulkAction::Resume, resume, "Resume")} {button(BulkAction::Cancel, cancel, "Cancel")}
                <button class="ui-quiet" hidden=move || !is_sure() on:click=move |_| chosen.set(Vec::new())>"Keep them"</button>
            </div>
            <p class="ui-error" role="alert">{move || wrong.get()}</p>
        </div>
    }
    .into_any()
}

/// Those jobs that were chosen and are still listed.
fn still(listed: &[JobId], chosen: &[JobId]) -> Vec<JobId> {
    listed.iter().copied().filter(|job| chosen.contains(job)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PauseReason;

    #[test]
    fn each_is_done_only_to_jobs_that_it_changes() {
        let paused = JobStatus::Paused { reason: PauseReason::User };
        for (status, expected) in [
            (JobStatus::Processing, [true, false, true]),
            (JobStatus::Queued, [true, false, true]),
            (paused, [false, true, true]),
            (JobStatus::Planned, [false, false, true]),
            (JobStatus::Cancelling, [false, false, false]),
            (JobStatus::Completed, [false, false, false]),
        ] {
            assert_eq!(
                [BulkAction::Pause, BulkAction::Resume, BulkAction::Cancel].map(|all| all.is_for(status)),
                expected,
                "{status:?}"
            );
        }
    }
}
