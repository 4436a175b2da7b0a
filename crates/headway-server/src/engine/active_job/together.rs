//! The files of a job that are renamed together because their names depend on each other.

use std::collections::HashMap;

use headway_model::item::ItemLabel;
use headway_model::{ItemStatus, PlannedFile, RelPath, SkipReason};
use headway_recipes::{Failure, Rename, Unable, Work};
use headway_store::{ItemPages, Store};

/// How many items are read at a time.
const ITEMS_AT_ONCE: u32 = 1_000;

/// A file with its new names and those of its sidecar files, or why they are not known.
pub(in crate::engine) type FileTogether = (PlannedFile, Result<Vec<Rename>, Failure>);

/// These files, indexed by their names and the names of their sidecar files.
#[derive(Default)]
pub(in crate::engine) struct RenamedTogether {
    files: Vec<FileTogether>,
    /// Indices into the files, by present and by future names.
    by_name: HashMap<RelPath, Vec<usize>>,
}

impl RenamedTogether {
    /// Reads the files from the plan, and asks the recipe for their new names. Blocking.
    pub(super) async fn read(store: &dyn Store, job_no: u64, work: &dyn Work) -> Result<Self, Unable> {
        let mut found = RenamedTogether::default();
        let mut pages = ItemPages::new(store, job_no, ITEMS_AT_ONCE).with_status(Some(ItemLabel::Skipped));
        while let Some(rows) = pages.next().await? {
            for row in rows {
                let with = ItemStatus::Skipped { reason: SkipReason::With, planned: true };
                if row.state.status == with {
                    match wish(work, &row.file, row.item + 1) {
                        Err(Failure::Environment(reason)) => return Err(Unable::Environment(reason)),
                        Err(Failure::Call(reason, why)) => {
                            return Err(Unable::Call(reason, format!("{}: {why}", row.file.path.shown())));
                        }
                        // It keeps its name, so the name that others want is not free, and their attempts report that.
                        Err(Failure::Skipped(_)) => {}
                        wished => found.add(row.file, wished),
                    }
                }
            }
        }
        Ok(found)
    }

    fn add(&mut self, file: PlannedFile, wished: Result<Vec<Rename>, Failure>) {
        let number = self.files.len();
        let names: Vec<_> = match &wished {
            Ok(renames) => renames.iter().flat_map(|rename| [&rename.from, &rename.to]).collect(),
            Err(_) => [&file.path].into_iter().chain(&file.becomes).collect(),
        };
        for name in names {
            self.by_name.entry(name.clone()).or_default().push(number);
        }
        self.files.push((file, wished));
    }

    /// The files that have this name, or are to have it.
    pub(in crate::engine) fn meeting(&self, name: &RelPath) -> impl Iterator<Item = &FileTogether> {
        self.by_name.get(name).into_iter().flatten().filter_map(|number| self.files.get(*number))
    }
}

/// The new names of a file and of its sidecar files. A call that the storage does not answer is made once more, as in
/// an attempt. Blocking.
pub(in crate::engine) fn wish(work: &dyn Work, file: &PlannedFile, number: u32) -> Result<Vec<Rename>, Failure> {
    match work.renames(file, number) {
        Err(Failure::Storage(..)) => work.renames(file, number),
        wished => wished,
    }
}
