//! What an undo takes back: the changes that another job made. Of a change that was left unclear, because the storage
//! reported an error or a crash came in between, the disk tells again how far it got.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Context;
use super::super::died::Died;
use super::super::place::judged;
use super::ActiveJob;
use crate::placements::Changes;
use crate::steps::Step;
use headway_files::{Change, Verdict};
use headway_model::item::ItemLabel;
use headway_model::{FailReason, ItemStatus, JobId, PauseReason, RelPath};
use headway_recipes::Unable;
use headway_store::{ItemPages, Store};

/// Items read at a time.
const ITEMS_AT_ONCE: u32 = 1_000;

/// The changes of a job that another one undoes.
#[derive(Default)]
pub(in crate::engine) struct Undone {
    /// Those that were made, in the order of the job's items.
    pub(in crate::engine) made: Arc<[Change]>,
    /// The files of which it is still not known how far their change got.
    pub(in crate::engine) unclear: Vec<RelPath>,
}

/// An item whose change was left unclear, and its file.
struct Unclear {
    item: u32,
    attempt: u32,
    path: RelPath,
}

impl Undone {
    /// Reads what a job changed, and examines the disk for what was left unclear.
    pub(super) async fn read(context: &Context, by: &ActiveJob, job: JobId) -> Result<Self, Unable> {
        let store = &*context.store;
        let row = store.job(job).await?;
        let job_no = row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?.job_no;
        let Changes { made, open, .. } = Changes::read(store, job_no).await?;
        let unclear = conflicts(store, job_no).await?;
        if unclear.is_empty() {
            return Ok(Undone { made: made.into_values().collect(), unclear: Vec::new() });
        }
        if !by.is_same_library() {
            return Err(Unable::Environment(PauseReason::LibraryGone));
        }
        let (library, steps, job) = (Arc::clone(&by.library), context.steps.clone(), by.job);
        let examined = tokio::task::spawn_blocking(move || {
            let _step = steps.begin(job, Step::Prepare, || false);
            examine(made, open, unclear, |change| judged(&library, change))
        });
        Ok(examined.await.map_err(Died::from)?)
    }
}

/// Adds the changes that are made after all. Those that were taken back leave nothing to undo.
fn examine(
    mut made: BTreeMap<u32, Change>,
    mut open: BTreeMap<(u32, u32), Change>,
    unclear: Vec<Unclear>,
    judge: impl Fn(&Change) -> Verdict,
) -> Undone {
    let mut still = Vec::new();
    for Unclear { item, attempt, path } in unclear {
        let change = open.remove(&(item, attempt));
        match change.map(|change| (judge(&change), change)) {
            Some((Verdict::Done(_), change)) => drop(made.insert(item, change)),
            Some((Verdict::TakenBack, _)) => {}
            Some((Verdict::Conflict(_) | Verdict::NotKnown(_), _)) | None => still.push(path),
        }
    }
    Undone { made: made.into_values().collect(), unclear: still }
}

/// The items of a job that it might have left half-changed.
async fn conflicts(store: &dyn Store, job_no: u64) -> Result<Vec<Unclear>, Unable> {
    let mut unclear = Vec::new();
    let mut pages = ItemPages::new(store, job_no, ITEMS_AT_ONCE).with_status(Some(ItemLabel::Failed));
    while let Some(rows) = pages.next().await? {
        let conflict = ItemStatus::Failed(FailReason::Conflict);
        let rows = rows.into_iter().filter(|row| row.state.status == conflict);
        unclear.extend(rows.map(|row| Unclear { item: row.item, attempt: row.state.attempt, path: row.file.path }));
    }
    Ok(unclear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::Placement;
    use headway_model::{Digest, DiskEffect};

    #[test]
    fn a_change_that_was_left_unclear_is_judged_again_whenever_it_is_to_be_undone() {
        let change = |target: &str| {
            let (temp, target) = ("t".parse().expect("a path"), target.parse().expect("a path"));
            Change::Output(Placement { temp, target, trash: None, old: None, new: Digest([1; 16]) })
        };
        let unclear = |item| Unclear { item, attempt: 1, path: format!("file {item}").parse().expect("a path") };
        let made = BTreeMap::from([(0, change("made")), (4, change("made later"))]);
        let open = (1..4).map(|item| ((item, 1), change(&item.to_string()))).collect();
        let undone =
            examine(made, open, (1..6).map(unclear).collect(), |change| match change.path().shown().as_str() {
                "1" => Verdict::Done(DiskEffect::Changed),
                "2" => Verdict::TakenBack,
                _ => Verdict::NotKnown(PauseReason::StorageErrors),
            });
        let made: Vec<_> = undone.made.iter().map(|change| change.path().shown()).collect();
        assert_eq!(made, ["made", "1", "made later"]);
        let unclear: Vec<_> = undone.unclear.iter().map(RelPath::shown).collect();
        assert_eq!(unclear, ["file 3", "file 4", "file 5"], "a change that is not in the log is unclear, too");
    }
}
