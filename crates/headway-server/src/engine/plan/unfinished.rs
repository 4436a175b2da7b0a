//! Files that an earlier job left half changed. The file at such a path can be that job's own output, while the original lies
//! under one of Headway's own names. The plan asks about them, and an attempt asks again about jobs that the plan could not
//! know of.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::super::active_job::HalfChanged;
use super::super::past::Past;
use super::super::{ActiveJob, Context};
use crate::placements::Changes;
use headway_files::{Change, ListedFile};
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::{FailReason, ItemStatus, OnDone, Query, RelPath, SkipReason};
use headway_recipes::Unable;

/// How many files are looked up in the log at a time.
const LOOKED_UP_AT_ONCE: usize = 500;

/// Finds the half-changed files among those that a job lists. Most files were never left half changed, so the log is
/// asked once about all files that are looked up together. The events of an earlier job are read only if it has such an
/// item, and once.
pub(in crate::engine) struct Unfinished<'a> {
    context: &'a Context,
    active: &'a ActiveJob,
    past: &'a Past,
    /// The open changes of the jobs that were read, by item and attempt.
    open: HashMap<u64, BTreeMap<(u32, u32), Change>>,
    /// Files whose changes this job itself recovers when it runs.
    left_out: HashSet<RelPath>,
    /// The numbers of the jobs that are asked about; `None` means all jobs.
    only: Option<Arc<BTreeSet<u64>>>,
}

impl<'a> Unfinished<'a> {
    /// For a job that changes files; `None` for one that only reads, and for an undo, which itself puts such files in order.
    pub(in crate::engine) fn of(context: &'a Context, active: &'a ActiveJob, past: &'a Past) -> Option<Self> {
        let which = match &active.request.query {
            Query::Items(ItemsQuery { which, .. }) => Some(which),
            Query::Folder(_) | Query::Paths(_) => None,
        };
        let is_asked = !active.only_reads() && which != Some(&ItemSelection::Placed);
        let (open, left_out) = (HashMap::new(), HashSet::new());
        is_asked.then_some(Unfinished { context, active, past, open, left_out, only: None })
    }

    /// Asks about no other jobs than these.
    pub(in crate::engine) fn only(self, jobs: Arc<BTreeSet<u64>>) -> Self {
        Unfinished { only: Some(jobs), ..self }
    }

    /// Leaves this file as it is: its verdict is given already.
    pub(super) fn leave_out(&mut self, path: &RelPath) {
        self.left_out.insert(path.clone());
    }

    /// Skips each of these files that an earlier job left half changed. Touches nothing. Blocking.
    pub(super) fn mark(&mut self, files: &mut [ListedFile]) -> Result<(), Unable> {
        let is_asked = |found: &ListedFile| found.is_asked_about() && !self.left_out.contains(&found.file.path);
        let asked: Vec<_> = files.iter().filter(|found| is_asked(found)).map(|found| found.file.path.clone()).collect();
        let handle = self.context.handle.clone();
        let mut left = HashMap::new();
        for some in asked.chunks(LOOKED_UP_AT_ONCE) {
            left.extend(handle.block_on(self.left(some))?);
        }
        if left.is_empty() {
            return Ok(());
        }
        for found in files.iter_mut().filter(|found| found.is_asked_about()) {
            let left = left.get(&found.file.path).into_iter().flatten();
            found.skip = self.skip(&found.file.path, left)?.or(found.skip);
        }
        Ok(())
    }

    /// Why a file is skipped, given what earlier jobs left of it. Touches nothing. Blocking.
    fn skip<'l>(
        &self,
        path: &RelPath,
        left: impl IntoIterator<Item = &'l HalfChanged>,
    ) -> Result<Option<SkipReason>, Unable> {
        for left in left {
            let verdict = left.verdict(&self.active.library, path, false).map_err(Unable::Environment)?;
            if let Some(skip) = verdict.skip() {
                return Ok(Some(skip));
            }
        }
        Ok(None)
    }

    /// Why this file is skipped, if an earlier job left it half changed. Touches nothing. Blocking.
    pub(in crate::engine) fn skip_of(&mut self, path: &RelPath) -> Result<Option<SkipReason>, Unable> {
        let handle = self.context.handle.clone();
        let left = handle.block_on(self.left(std::slice::from_ref(path)))?;
        self.skip(path, left.get(path).into_iter().flatten())
    }

    /// What earlier jobs might have left half changed of these files.
    async fn left(&mut self, paths: &[RelPath]) -> Result<HashMap<RelPath, Vec<HalfChanged>>, Unable> {
        let mut ended = self.past.left_open(paths).await?;
        if let Some(only) = &self.only {
            ended.retain(|row| only.contains(&row.job_no));
        }
        let mut left: HashMap<RelPath, Vec<HalfChanged>> = HashMap::new();
        if ended.is_empty() {
            return Ok(left);
        }
        let store = &*self.context.store;
        let jobs: BTreeSet<_> = ended.iter().map(|row| row.job_no).collect();
        for job_no in &jobs {
            if let Entry::Vacant(unread) = self.open.entry(*job_no) {
                unread.insert(Changes::read(store, *job_no).await?.open);
            }
        }
        let jobs: Vec<_> = jobs.into_iter().collect();
        let paths: Vec<_> = ended.iter().map(|row| row.path.clone()).collect();
        let same = self.active.identity.filter(|_| self.active.on_done() != OnDone::Again);
        for row in store.items_for(&jobs, &paths).await? {
            let of_it = ended.iter().find(|ended| ended.job_no == row.job_no && ended.path == row.file.path);
            let Some(of_it) = of_it.filter(|ended| ended.status == row.state.status) else { continue };
            let change = self.open.get(&row.job_no).and_then(|open| open.get(&(row.item, row.state.attempt))).cloned();
            if change.is_some() || row.state.status == ItemStatus::Failed(FailReason::Conflict) {
                let is_same_work = same.is_some() && of_it.work == same;
                left.entry(row.file.path).or_default().push(HalfChanged { change, is_same_work });
            }
        }
        Ok(left)
    }
}
