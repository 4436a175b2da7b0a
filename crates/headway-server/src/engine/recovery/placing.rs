//! Recovers the placing of one item that no worker holds any longer.

use std::sync::Arc;

use serde_json::Value;

use super::super::panicked::Panicked;
use super::super::recover_change::recover_change;
use super::super::{ActiveJob, Context};
use crate::placements::each_event;
use crate::steps::Step;
use headway_files::{Change, Library, PlacementState, fault_of};
use headway_model::event_kind::EventKind;
use headway_model::{JobId, PauseReason};
use headway_recipes::{Unable, details_of};

/// Recovers the change of an item that no worker holds any longer. Returns the output's details as JSON if the change is
/// done. If the log cannot be read, the state is "not known".
pub(in crate::engine) async fn recover_placing(
    context: &Context,
    job: JobId,
    active: Result<Arc<ActiveJob>, Unable>,
    item: u32,
) -> (PlacementState, Option<String>) {
    // The server crashed here before, and a job that ends must not try again.
    if context.steps.is_stuck_at(job, Step::RecoverPlacing(item)) {
        return (PlacementState::NotKnown(PauseReason::Stuck), None);
    }
    let read = async {
        let active = active?;
        if !active.is_same_library() {
            return Err(Unable::Environment(PauseReason::LibraryGone));
        }
        let mut open = None;
        each_event(&*context.store, active.job_no, EventKind::announces_change, |event| {
            if event.item().is_some_and(|(changing, _)| changing == item) {
                open = Change::of(&event)?.map(|(_, _, change)| change);
            }
            Ok(())
        })
        .await?;
        let steps = context.steps.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let _step = steps.begin(job, Step::RecoverPlacing(item), || false);
            fault_of("recovering", active.request.title.as_deref().unwrap_or_default());
            if !active.has_its_disks() {
                return (PlacementState::NotKnown(PauseReason::LibraryGone), None);
            }
            let ended = recovered(&active.library, open);
            if ended.0 == PlacementState::NotKnown(PauseReason::LibraryGone) {
                active.note_missed_disk();
            }
            ended
        });
        looked.await.map_err(|error| Panicked::from(error).into())
    };
    match read.await {
        Ok((PlacementState::NotKnown(reason), _)) => {
            let why = reason.text();
            tracing::warn!(job.id = %job, item, why, "it cannot be found out now how far the output of an item got");
            (PlacementState::NotKnown(reason), None)
        }
        Ok(looked) => looked,
        Err(Unable::Environment(reason)) => (PlacementState::NotKnown(reason), None),
        Err(Unable::Call(reason, message)) => {
            context.pause_notes.note(job, reason, message);
            (PlacementState::NotKnown(reason), None)
        }
        Err(Unable::Failed(message)) => {
            context.steps.explain(job, &message);
            (PlacementState::NotKnown(PauseReason::Stuck), None)
        }
    }
}

/// Recovers a change; its details as JSON if it is made.
pub(super) fn recovered(library: &Library, change: Option<Change>) -> (PlacementState, Option<String>) {
    let Some(change) = change else { return (PlacementState::Conflict("the placing is not in the log".into()), None) };
    let state = recover_change(library, &change);
    let details = || Value::from(details_of(library, &change)).to_string();
    let told = matches!(state, PlacementState::Done(_)).then(details);
    (state, told)
}
