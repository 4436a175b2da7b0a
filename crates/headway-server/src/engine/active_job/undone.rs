//! What an undo takes back: the changes that another job made. If a change was left unclear, because the storage
//! reported an error or a crash came in between, the disk is examined again to find out how far it got.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Context;
use super::super::panicked::Panicked;
use super::super::place::{foreseen, judged};
use super::ActiveJob;
use crate::placements::{Changes, UnclearItem, put_back, unclear};
use crate::steps::Step;
use headway_files::{Change, Foreseen, Library, PlacementState};
use headway_model::{DiskEffect, JobId, PauseReason, RelPath};
use headway_recipes::Unable;

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
    /// Reads what a job changed, and concludes what was left unclear, as far as the disk tells.
    pub(super) async fn read(context: &Context, by: &ActiveJob, job: JobId) -> Result<Self, Unable> {
        Undone::asked(context, by, job, judged).await
    }

    /// The same, but what was left unclear is only foreseen, and nothing is touched.
    pub(super) async fn foresee(context: &Context, by: &ActiveJob, job: JobId) -> Result<Self, Unable> {
        Undone::asked(context, by, job, would_be).await
    }

    async fn asked(
        context: &Context,
        by: &ActiveJob,
        job: JobId,
        judge: fn(&Library, &Change) -> PlacementState,
    ) -> Result<Self, Unable> {
        let store = &*context.store;
        let row = store.job(job).await?;
        let job_no = row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?.job_no;
        let Changes { mut made, mut open, .. } = Changes::read(store, job_no).await?;
        let mut made_folders: BTreeSet<_> = folders(made.values()).collect();
        let put_back = put_back(store, job, Some(by.job)).await?;
        made.retain(|_, change| !put_back.contains(&change.path()));
        let mut unclear = unclear(store, job_no, &mut open).await?;
        let is_back = |change: &Change| put_back.contains(&change.path());
        unclear.retain(|left| !left.change.as_ref().is_some_and(is_back));
        if unclear.is_empty() {
            let (made, folders) = (made.into_values().collect(), made_folders.into_iter().collect());
            return Ok(Undone { made, unclear: Vec::new(), folders });
        }
        if !by.is_same_library() {
            return Err(Unable::Environment(PauseReason::LibraryGone));
        }
        let (library, steps, job) = (Arc::clone(&by.library), context.steps.clone(), by.job);
        let examined = tokio::task::spawn_blocking(move || {
            let _step = steps.begin(job, Step::Prepare, || false);
            examine(made, unclear, |change| judge(&library, change))
        });
        let examined = examined.await.map_err(Panicked::from)?;
        made_folders.extend(folders(&*examined.made));
        Ok(Undone { folders: made_folders.into_iter().collect(), ..examined })
    }
}

/// What concluding a change would come to, while nothing is touched.
fn would_be(library: &Library, change: &Change) -> PlacementState {
    match foreseen(library, change, &change.path()) {
        Ok(Foreseen::Done { .. }) => PlacementState::Done(DiskEffect::Changed),
        Ok(Foreseen::TakenBack { .. }) => PlacementState::TakenBack,
        Ok(Foreseen::Conflict { .. }) => PlacementState::Conflict("the files there match neither state".into()),
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
fn examine(
    mut made: BTreeMap<u32, Change>,
    unclear: Vec<UnclearItem>,
    judge: impl Fn(&Change) -> PlacementState,
) -> Undone {
    let mut still = Vec::new();
    for UnclearItem { item, path, change } in unclear {
        match change.map(|change| (judge(&change), change)) {
            Some((PlacementState::Done(_), change)) => drop(made.insert(item, change)),
            Some((PlacementState::TakenBack, _)) => {}
            Some((PlacementState::Conflict(_) | PlacementState::NotKnown(_), _)) | None => still.push(path),
        }
    }
    Undone { made: made.into_values().collect(), unclear: still, ..Undone::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::Placement;
    use headway_model::Digest;

    #[test]
    fn an_unclear_change_is_examined_again_at_each_undo() {
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
        let undone = examine(made, (1..6).map(unclear).collect(), |change| match change.path().shown().as_str() {
            "1" => PlacementState::Done(DiskEffect::Changed),
            "2" => PlacementState::TakenBack,
            _ => PlacementState::NotKnown(PauseReason::StorageErrors),
        });
        let made: Vec<_> = undone.made.iter().map(|change| change.path().shown()).collect();
        assert_eq!(made, ["made", "1", "made later"]);
        let unclear: Vec<_> = undone.unclear.iter().map(RelPath::shown).collect();
        assert_eq!(unclear, ["file 3", "file 4", "file 5"], "a change that is not in the log is unclear, too");
    }
}
