//! Recovers a job from its last process: its open placements, which attempts do not count as tries, when items are due again.

mod placing;
mod temps;
mod tidy;
mod tries;

use std::collections::HashSet;
use std::sync::Arc;

use super::schedule::RecoveredState;
use super::{ActiveJob, Context};
use crate::placements::{Changes, each_event};
use crate::steps::UnderWay;
use headway_files::Change;
use headway_model::event_kind::EventKind;
use headway_model::item::ItemStatus;
use headway_model::{Fold, PauseReason};
use headway_recipes::Unable;
pub(super) use placing::recover_placing;
use placing::recovered;
use temps::{can_have_left, left_by, remove_temps_of};
pub(crate) use temps::{input_of, temp_folder};
pub(crate) use tidy::tidy_finished_jobs;
pub(super) use tidy::tidy_if_noted;
use tries::Tries;

/// Recovers a live job from its last process: recovers open placements, removes temporary files of attempts that are over, and
/// reads what else that process left. No process of that job must be alive any more. If the storage does not answer, the job
/// has to wait.
pub(super) async fn recover_job(
    context: &Context,
    (active, step): (&Arc<ActiveJob>, &Arc<UnderWay>),
    fold: &Fold,
) -> Result<RecoveredState, Unable> {
    let (store, job_no) = (&*context.store, active.job_no);
    let mut state = RecoveredState::default();
    let tried: Vec<_> = fold.items().filter(|item| can_have_left(active, fold, *item)).collect();
    if tried.is_empty() {
        return Ok(state);
    }
    let has_open = tried.iter().any(|(_, status)| status.is_open());
    let (mut changes, mut tries) = (Changes::default(), Tries::default());
    let concerns = |kind| is_open_change(kind) || Tries::concerns(kind);
    each_event(store, job_no, concerns, |event| {
        tries.follow(&event);
        changes.follow(&event)
    })
    .await?;
    let mut open = changes.open;
    (state.uncounted, state.retry_at) = (tries.uncounted, tries.retry_at);
    // The temporary file of a placement that was not recovered might be an original.
    let kept: HashSet<_> = open.values().filter_map(Change::temp).collect();
    let (placing, tried): (Vec<_>, Vec<_>) = tried.into_iter().partition(|(_, status)| *status == ItemStatus::Placing);
    let placing: Vec<_> =
        placing.into_iter().map(|(item, _)| (item, open.remove(&(item, fold.last_attempt(item))))).collect();
    let left = left_by(store, active, tried.into_iter().map(|(item, _)| item)).await?;
    let (job, active, step) = (fold.id, Arc::clone(active), Arc::clone(step));
    let within = context.clone();
    let recover = move || {
        let _step = step;
        // A disk can be exchanged while no server runs. Files on the other disk prove nothing about this job.
        if !active.is_same_library() || !active.has_its_disks() {
            if has_open {
                return Err(PauseReason::LibraryGone);
            }
            // The job does not wait for the files of items that are over.
            within.untidy_jobs.note(job);
            return Ok(Default::default());
        }
        if !remove_temps_of(&within, &active, &left, &kept) {
            within.untidy_jobs.note(job);
        }
        let ended = |(item, change)| (item, recovered(&active.library, change));
        Ok(placing.into_iter().map(ended).collect())
    };
    state.placed = context.recoveries.recover(&context.handle, job, recover).await?;
    Ok(state)
}

/// Whether events of this kind tell which changes are open. Items that succeeded have none, and there can be a million of them.
fn is_open_change(kind: EventKind) -> bool {
    kind.concerns_change() && kind != EventKind::Succeeded
}
