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

    /// What was done to this number of jobs.
    fn done(self, jobs: u64) -> String {
        let what = match self {
            BulkAction::Pause => "paused",
            BulkAction::Resume => "resumed",
            BulkAction::Cancel => "cancelled",
        };
        format!("{} {what}.", format::counted(jobs, "job was", "jobs were"))
    }

    async fn done_to(self, job: JobId) -> Result<(), ApiError> {
        match self {
            BulkAction::Pause => api::steer_job(job, Action::Pause).await.map(drop),
            BulkAction::Resume => api::steer_job(job, Action::Resume).await.map(drop),
            BulkAction::Cancel => api::cancel_job(job).await.map(drop),
        }
    }
}

/// What the buttons do, and wait for. Copy it freely.
#[derive(Clone, Copy)]
struct BulkState {
    /// The listed jobs that are not over.
    open: Memo<Vec<JobId>>,
    is_busy: RwSignal<bool>,
    /// Those whose cancel waits for a second click. A job that is started meanwhile is none of them.
    chosen: RwSignal<Vec<JobId>>,
    /// What was asked or done last, with the number of jobs, for who cannot see it.
    said: RwSignal<String>,
    /// Why jobs were left as before.
    wrong: RwSignal<Option<String>>,
}

impl BulkState {
    fn new(open: Memo<Vec<JobId>>) -> Self {
        let (chosen, said) = (RwSignal::new(Vec::new()), RwSignal::new(String::new()));
        BulkState { open, is_busy: RwSignal::new(false), chosen, said, wrong: RwSignal::new(None) }
    }

    /// Whether a cancel waits for a second click.
    fn is_sure(self) -> bool {
        self.chosen.with(|chosen| !chosen.is_empty())
    }

    /// The jobs to which an action applies.
    fn jobs_for(self, all: BulkAction) -> Memo<Vec<JobId>> {
        let live = expect_context::<Live>();
        Memo::new(move |_| {
            let is = |job: &JobId| {
                live.jobs.with(|jobs| jobs.get(job).is_some_and(|state| all.is_for(state.summary.status)))
            };
            self.open.with(|open| open.iter().copied().filter(is).collect::<Vec<_>>())
        })
    }

    /// Does it to these jobs, one after the other.
    fn act(self, all: BulkAction, jobs: Vec<JobId>) {
        self.is_busy.set(true);
        self.chosen.set(Vec::new());
        self.wrong.set(None);
        leptos::task::spawn_local(async move {
            let (asked, mut failed) = (jobs.len() as u64, Vec::new());
            for job in jobs {
                failed.extend(all.done_to(job).await.err());
            }
            let number = failed.len() as u64;
            self.said.try_set(all.done(asked - number));
            self.wrong.try_set(failed.first().map(|error| {
                let jobs = format::counted(number, "job was", "jobs were");
                format!("{jobs} left as before. {}", format::sentence(&error.to_string()))
            }));
            self.is_busy.try_set(false);
        });
    }

    /// Answers a click on the button of an action, which is for these jobs.
    fn press(self, all: BulkAction, jobs: Memo<Vec<JobId>>) {
        if self.is_busy.get_untracked() {
            return;
        }
        let (now, chosen_before) = (jobs.get_untracked(), self.chosen.get_untracked());
        match all == BulkAction::Cancel {
            true if chosen_before.is_empty() => {
                let jobs = format::counted(now.len() as u64, "job is", "jobs are");
                self.said.set(format!("{jobs} cancelled if you press again."));
                self.chosen.set(now);
            }
            true => self.act(all, still(&now, &chosen_before)),
            false => self.act(all, now),
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
    let state = BulkState::new(open);
    // Of another list, nobody has chosen anything.
    Effect::new(move |_| address.with(|_| state.chosen.set(Vec::new())));
    view! {
        // It stays when the buttons go.
        <p class="ui-hidden" role="status">{move || state.said.get()}</p>
        <div class="jobs-bulk" hidden=move || { open.with(Vec::len) < 2 }>
            <div class="ui-buttons" role="group" aria-label="All jobs below that are not over">
                <BulkButton state all=BulkAction::Pause word="Pause" />
                <BulkButton state all=BulkAction::Resume word="Resume" />
                <BulkButton state all=BulkAction::Cancel word="Cancel" />
                <button class="ui-quiet" hidden=move || !state.is_sure() on:click=move |_| state.chosen.set(Vec::new())>"Keep them"</button>
            </div>
            <p class="ui-error" role="alert">{move || state.wrong.get()}</p>
        </div>
    }
    .into_any()
}

/// The button of an action, with the number of jobs that it is for.
#[component]
fn BulkButton(state: BulkState, all: BulkAction, word: &'static str) -> impl IntoView {
    let jobs = state.jobs_for(all);
    let left = move || jobs.with(|jobs| state.chosen.with(|chosen| still(jobs, chosen).len()));
    let text = move || match all == BulkAction::Cancel && state.is_sure() {
        true => format!("Really cancel all {}", left()),
        false if jobs.with(Vec::len) == 1 => format!("{word} 1"),
        false => format!("{word} all {}", jobs.with(Vec::len)),
    };
    view! {
        <button class:ui-danger=all == BulkAction::Cancel data-all=word hidden=move || jobs.with(Vec::is_empty) aria-disabled=move || state.is_busy.get().then_some("true") on:click=move |_| state.press(all, jobs)>
            {text}
        </button>
    }
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
