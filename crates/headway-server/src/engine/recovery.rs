//! What the last process left of a job: open placements, which attempts do not count as tries, when items are due again.

mod tidy;
mod tries;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::sync::Arc;

use serde_json::Value;

use super::panicked::Panicked;
use super::recover_change::recover_change;
use super::schedule::RecoveredState;
use super::{ActiveJob, Context};
use crate::placements::{Changes, each_event};
use crate::steps::{Step, UnderWay};
use headway_files::{Change, Library, PlacementState, fault_of};
use headway_model::event_kind::EventKind;
use headway_model::item::ItemStatus;
use headway_model::{Fold, JobId, Output, OutputPlace, PauseReason, PlannedFile, RelPath};
use headway_recipes::{Unable, details_of};
use headway_store::Store;
use headway_store::rows::ItemRow;
pub(crate) use tidy::tidy_finished_jobs;
pub(super) use tidy::tidy_if_noted;
use tries::Tries;

/// Reads what the last process left of a live job. Inspects the disk, recovers open placements, and removes temporary files of
/// attempts that are over. No process of that job must be alive any more. If the storage does not answer, the job has to wait.
pub(super) async fn past(
    context: &Context,
    (active, step): (&Arc<ActiveJob>, &Arc<UnderWay>),
    fold: &Fold,
) -> Result<RecoveredState, Unable> {
    let (store, job_no) = (&*context.store, active.job_no);
    let mut past = RecoveredState::default();
    let tried: Vec<_> = fold.items().filter(|item| can_have_left(active, fold, *item)).collect();
    if tried.is_empty() {
        return Ok(past);
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
    (past.uncounted, past.retry_at) = (tries.uncounted, tries.retry_at);
    // The temporary file of a placement that was not recovered might be an original.
    let kept: HashSet<_> = open.values().filter_map(Change::temp).collect();
    let (placing, tried): (Vec<_>, Vec<_>) = tried.into_iter().partition(|(_, status)| *status == ItemStatus::Placing);
    let placing: Vec<_> =
        placing.into_iter().map(|(item, _)| (item, open.remove(&(item, fold.last_attempt(item))))).collect();
    let left = left_by(store, active, tried.into_iter().map(|(item, _)| item)).await?;
    let (job, active, step) = (fold.id, Arc::clone(active), Arc::clone(step));
    let within = context.clone();
    let look = move || {
        let _step = step;
        // A disk can be exchanged while no server runs. Files on the other disk prove nothing about this job.
        if !active.is_same_library() || !active.has_its_disks() {
            // Nobody waits for the files of items that are over.
            return if has_open { Err(PauseReason::LibraryGone) } else { Ok(Default::default()) };
        }
        remove_temps_of(&within, &active, &left, &kept);
        let ended = |(item, change)| (item, recovered(&active.library, change));
        Ok(placing.into_iter().map(ended).collect())
    };
    past.placed = context.recoveries.recover(&context.handle, job, look).await?;
    Ok(past)
}

/// Whether an attempt at this item can have left a temporary file: it did not succeed, and the file could not be
/// removed then. Only a job that writes has such files. The fold does not always know whether a cancelled item was
/// tried.
fn can_have_left(active: &ActiveJob, fold: &Fold, (item, status): (u32, ItemStatus)) -> bool {
    match status {
        ItemStatus::Succeeded(_) => false,
        ItemStatus::Cancelled => !active.only_reads(),
        status => (status.is_open() || !active.only_reads()) && fold.last_attempt(item) > 0,
    }
}

/// Whether events of this kind tell which changes are open. Items that succeeded have none, and there can be a million of them.
fn is_open_change(kind: EventKind) -> bool {
    kind.concerns_change() && kind != EventKind::Succeeded
}

/// How many items are read at once: a job can have been cancelled with a million of them.
const READ_AT_ONCE: usize = 1000;

/// Items by the folder in which their attempts make temporary files.
type ItemsByFolder = BTreeMap<RelPath, BTreeSet<u32>>;

async fn left_by(
    store: &dyn Store,
    active: &ActiveJob,
    items: impl Iterator<Item = u32>,
) -> Result<ItemsByFolder, Unable> {
    let items: Vec<_> = items.collect();
    let mut left = ItemsByFolder::new();
    for some in items.chunks(READ_AT_ONCE) {
        for row in store.items_at(active.job_no, some).await? {
            left.entry(temp_folder(&row.file, active.request.output.as_ref())).or_default().insert(row.item);
        }
    }
    Ok(left)
}

/// Removes the temporary files of these items, and the folders that their attempts did not finish making. Files in `kept` might
/// be originals. Returns whether none is left, as far as can be seen. Blocking.
fn remove_temps_of(context: &Context, active: &ActiveJob, left: &ItemsByFolder, kept: &HashSet<RelPath>) -> bool {
    let file_of = |item| {
        let rows = context.handle.block_on(context.store.items_at(active.job_no, &[item])).map_err(io::Error::other)?;
        Ok(rows.into_iter().next().and_then(input_of))
    };
    let temps = active.library.clear_all_temps(left, active.job, kept, &file_of);
    let folders = active.library.clear_unmade(left.keys());
    temps && folders && !active.library.has_left_of(active.job)
}

/// The file of an item, if a program can have moved it away: after a success, it is where it was, or in the trash.
pub(crate) fn input_of(row: ItemRow) -> Option<PlannedFile> {
    (!matches!(row.state.status, ItemStatus::Succeeded(_))).then_some(row.file)
}

/// Finds out how far the change of an item got that no worker holds any longer. Returns the output's details as JSON
/// if the change is done. If the log cannot be read, the state is "not known".
pub(super) async fn recover_placing(
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
        Err(Unable::Failed(message)) => {
            context.steps.explain(job, &message);
            (PlacementState::NotKnown(PauseReason::Stuck), None)
        }
    }
}

/// Recovers a change; its details as JSON if it is made.
fn recovered(library: &Library, change: Option<Change>) -> (PlacementState, Option<String>) {
    let Some(change) = change else { return (PlacementState::Conflict("the placing is not in the log".into()), None) };
    let state = recover_change(library, &change);
    let details = || Value::from(details_of(library, &change)).to_string();
    let told = matches!(state, PlacementState::Done(_)).then(details);
    (state, told)
}

/// The folder of an item's temporary file.
fn temp_folder(file: &PlannedFile, output: Option<&Output>) -> RelPath {
    let path = file.becomes.as_ref().unwrap_or(&file.path);
    let beside = path.parent().unwrap_or_default();
    match output.map(|output| &output.place) {
        Some(OutputPlace::Folder { path: folder, .. }) if beside.is_root() => folder.clone(),
        Some(OutputPlace::Folder { path: folder, .. }) => folder.join_all(&beside.to_bytes()).unwrap_or(beside),
        _ => beside,
    }
}
