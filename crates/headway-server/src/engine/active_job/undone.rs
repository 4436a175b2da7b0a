//! What an undo takes back: the changes that another job made. If a change was left unclear, because the storage
//! reported an error or a crash came in between, the change is recovered again, as far as the disk tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Context;
use super::super::recover_change::{predict_change, recover_change};
use super::super::stop::{StepFailure, StepStop};
use super::ActiveJob;
use super::earlier::EarlierChanges;
use crate::placements::{Changes, UnclearItem, put_back, unclear};
use headway_files::{Change, Library, PlacementState, Prediction};
use headway_model::{DiskEffect, JobId, RelPath};
use headway_recipes::Unable;
use headway_store::Store;

/// The changes of a job that another one undoes.
#[derive(Default)]
pub(in crate::engine) struct Undone {
    /// Those that were made, in the order of the job's items.
    pub(in crate::engine) made: Arc<[Change]>,
    /// The files whose change might be half made: the disk does not show it.
    pub(in crate::engine) unclear: Vec<RelPath>,
    /// The folders that the job made for new names, including those for files that another undo has put back.
    pub(in crate::engine) folders: Arc<[RelPath]>,
}

impl Undone {
    /// Reads what a job changed, and recovers what was left unclear, as far as the disk tells.
    pub(super) async fn read(
        context: &Context,
        by: &Arc<ActiveJob>,
        job: JobId,
        stop: &StepStop,
    ) -> Result<Self, StepFailure> {
        let find_state: FindState = |earlier, change| earlier.alone(change, |library| recover_change(library, change));
        Undone::find(context, by, job, stop, find_state).await
    }

    /// The same, but what was left unclear is only predicted, and nothing is touched.
    pub(super) async fn predict(
        context: &Context,
        by: &Arc<ActiveJob>,
        job: JobId,
        stop: &StepStop,
    ) -> Result<Self, StepFailure> {
        let find_state: FindState = |earlier, change| earlier.look(|library| predicted_state(library, change));
        Undone::find(context, by, job, stop, find_state).await
    }

    async fn find(
        context: &Context,
        by: &Arc<ActiveJob>,
        job: JobId,
        stop: &StepStop,
        find_state: FindState,
    ) -> Result<Self, StepFailure> {
        let LoggedChanges { made, unclear, folders: mut made_folders } = logged(&*context.store, by.job, job).await?;
        if unclear.is_empty() {
            let (made, folders) = (made.into_values().collect(), made_folders.into_iter().collect());
            return Ok(Undone { made, unclear: Vec::new(), folders });
        }
        let look = move |earlier: &EarlierChanges| add_made(made, unclear, |change| find_state(earlier, change));
        let found = EarlierChanges::run(context, by, stop, look).await?;
        made_folders.extend(folders(&*found.made));
        Ok(Undone { folders: made_folders.into_iter().collect(), ..found })
    }
}

/// Finds out how far a change got.
type FindState = fn(&EarlierChanges, &Change) -> Result<PlacementState, StepFailure>;

/// What the log tells of the changes of a job that were not put back.
struct LoggedChanges {
    made: BTreeMap<u32, Change>,
    unclear: Vec<UnclearItem>,
    folders: BTreeSet<RelPath>,
}

/// Reads what the log tells of the changes of `job` that no undo but `by` has put back.
async fn logged(store: &dyn Store, by: JobId, job: JobId) -> Result<LoggedChanges, Unable> {
    let row = store.job(job).await?;
    let job_no = row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?.job_no;
    let Changes { mut made, mut open, .. } = Changes::read(store, job_no).await?;
    let folders = folders(made.values()).collect();
    let put_back = put_back(store, job, Some(by)).await?;
    let is_back = |change: &Change| put_back.contains(&change.path());
    made.retain(|_, change| !is_back(change));
    let mut unclear = unclear(store, job_no, &mut open).await?;
    unclear.retain(|left| !left.change.as_ref().is_some_and(is_back));
    Ok(LoggedChanges { made, unclear, folders })
}

/// What recovering a change would come to, while nothing is touched.
fn predicted_state(library: &Library, change: &Change) -> PlacementState {
    match predict_change(library, change, &change.path()) {
        Ok(Prediction::Done { .. }) => PlacementState::Done(DiskEffect::Changed),
        Ok(Prediction::TakenBack { .. }) => PlacementState::TakenBack,
        Ok(Prediction::Conflict { .. }) => PlacementState::Conflict("the files there match neither state".into()),
        Err(reason) => PlacementState::NotKnown(reason),
    }
}

/// The folders that were made for new names.
fn folders<'a>(changes: impl IntoIterator<Item = &'a Change>) -> impl Iterator<Item = RelPath> {
    let made = changes.into_iter().filter_map(|change| match change {
        Change::Names(moves) => Some(moves.folders()),
        Change::Output(_) => None,
    });
    made.flatten().cloned()
}

/// Adds the changes that are made after all. Those that were taken back leave nothing to undo.
fn add_made(
    mut made: BTreeMap<u32, Change>,
    unclear: Vec<UnclearItem>,
    find_state: impl Fn(&Change) -> Result<PlacementState, StepFailure>,
) -> Result<Undone, StepFailure> {
    let mut still = Vec::new();
    for UnclearItem { item, path, change } in unclear {
        let Some(change) = change else {
            still.push(path);
            continue;
        };
        match find_state(&change)? {
            PlacementState::Done(_) => drop(made.insert(item, change)),
            PlacementState::TakenBack => {}
            PlacementState::Conflict(_) | PlacementState::NotKnown(_) => still.push(path),
        }
    }
    Ok(Undone { made: made.into_values().collect(), unclear: still, ..Undone::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::Placement;
    use headway_model::{Digest, PauseReason};

    #[test]
    fn an_unclear_change_is_inspected_again_at_each_undo() {
        let change = |target: &str| {
            let (temp, target) = ("t".parse().expect("a path"), target.parse().expect("a path"));
            Change::Output(Placement { temp, target, trash: None, old: None, new: Digest([1; 16]) })
        };
        let unclear = |item: u32| UnclearItem {
            item,
            path: format!("file {item}").parse().expect("a path"),
            change: (item < 4).then(|| change(&item.to_string())),
        };
        let made = BTreeMap::from([(0, change("made")), (4, change("made later"))]);
        let find_state = |change: &Change| {
            Ok(match change.path().shown().as_str() {
                "1" => PlacementState::Done(DiskEffect::Changed),
                "2" => PlacementState::TakenBack,
                _ => PlacementState::NotKnown(PauseReason::StorageErrors),
            })
        };
        let undone = add_made(made, (1..6).map(unclear).collect(), find_state).expect("it was not stopped");
        let made: Vec<_> = undone.made.iter().map(|change| change.path().shown()).collect();
        assert_eq!(made, ["made", "1", "made later"]);
        let unclear: Vec<_> = undone.unclear.iter().map(RelPath::shown).collect();
        assert_eq!(unclear, ["file 3", "file 4", "file 5"], "a change that is not in the log is unclear, too");
    }
}
