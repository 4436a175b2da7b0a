//! Lists the files that a job asks for, in order, each with the reason if it is skipped or runs again, and hands them on in
//! batches.

mod conditions;
mod expected;
mod find;
mod free_names;
mod litter;
mod sample;
mod verdicts;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::super::ActiveJob;
use super::batch::PlanBatch;
use super::choice::QueryPatterns;
use super::done::AlreadyDone;
use super::named::AskedItems;
use super::unfinished::Unfinished;
use headway_files::ListedFile;
use headway_model::library::OutcomeFilter;
use headway_model::{Conditions, PauseReason, Query, RelPath};
use headway_recipes::{Plan, Unable, Work};
use sample::SampleSoFar;

/// How many files are looked up in the log at a time.
const LOOKED_UP_AT_ONCE: usize = 500;

/// Looks up in the log how a library lists these files; those that no job included are omitted.
pub(super) type OutcomeLookup<'a> = dyn Fn(&[RelPath]) -> Result<HashMap<RelPath, OutcomeFilter>, Unable> + 'a;

/// The lister of a job. Blocking.
pub(super) struct Lister<'a> {
    active: &'a ActiveJob,
    work: &'a dyn Work,
    stop: &'a AtomicBool,
    batches: &'a mpsc::Sender<PlanBatch>,
    outcomes: &'a OutcomeLookup<'a>,
    done: Option<AlreadyDone<'a>>,
    unfinished: Option<Unfinished<'a>>,
    show: OutcomeFilter,
    /// What the files must be like.
    conditions: Conditions,
    /// Files that met them when an earlier job planned them.
    met: HashSet<RelPath>,
    /// Files found and not yet looked up.
    waiting: Vec<ListedFile>,
    batch: PlanBatch,
    /// The index of the next item.
    index: u32,
    /// The paths that outputs of this plan will have.
    targets: HashSet<RelPath>,
    /// Sidecar files of files in this plan, and the names that they will have.
    companions: HashMap<RelPath, RelPath>,
    /// Files that the work expects in the folder of the job and that were not found yet.
    expected: BTreeSet<RelPath>,
    /// The patterns that tell which of them are asked for.
    expects: Option<QueryPatterns>,
    /// Which of the files are to run, if only a sample is wanted.
    sample: Option<SampleSoFar>,
    failed: Option<Unable>,
}

impl<'a> Lister<'a> {
    /// A lister whose next item has this index; `taken` of those before it are to run.
    pub(super) fn new(
        (active, work): (&'a ActiveJob, &'a dyn Work),
        (stop, batches): (&'a AtomicBool, &'a mpsc::Sender<PlanBatch>),
        (outcomes, done, unfinished): (&'a OutcomeLookup<'a>, Option<AlreadyDone<'a>>, Option<Unfinished<'a>>),
        (index, taken): (u32, u32),
    ) -> Self {
        let show = match &active.request.query {
            Query::Folder(query) => query.show,
            Query::Paths(_) | Query::Items(_) => OutcomeFilter::All,
        };
        let (waiting, batch, targets, companions) = (Vec::new(), PlanBatch::default(), HashSet::new(), HashMap::new());
        let sample = active.request.sample.map(|sample| SampleSoFar::going_on(sample, taken));
        Lister {
            active,
            work,
            stop,
            batches,
            outcomes,
            done,
            unfinished,
            show,
            conditions: active.request.conditions.clone(),
            met: HashSet::new(),
            waiting,
            batch,
            index,
            targets,
            companions,
            expected: BTreeSet::new(),
            expects: None,
            sample,
            failed: None,
        }
    }

    /// Lists the files that were not `listed` before, and sends them in batches.
    pub(super) fn list(mut self, named: Option<AskedItems>, listed: &HashSet<RelPath>) -> Result<(), Unable> {
        let active = self.active;
        let is_absent = active.lacks_disk();
        if is_absent.map_err(|error| headway_files::unable("what is mounted cannot be seen", &error))? {
            return Err(Unable::Environment(PauseReason::LibraryGone));
        }
        if self.index == 0 {
            self.work.plan(Plan::Begins);
        }
        match (&active.request.query, named) {
            (_, Some(AskedItems::Undone(paths))) => {
                let first = self.index as usize;
                paths.iter().skip(first).all(|path| self.inspect(path));
            }
            (_, Some(AskedItems::Items(retried))) => {
                self.met = retried.met;
                // Conditions of its own hold for all of its files.
                if self.conditions.is_empty() {
                    self.conditions = retried.conditions;
                } else {
                    self.met.clear();
                }
                self.items(&retried.items, listed)?;
            }
            (Query::Paths(paths), None) => self.paths(paths, listed)?,
            (Query::Folder(query), None) => {
                self.expect(query, listed)?;
                self.walk(query, listed)?;
                self.list_absent()?;
            }
            (Query::Items(_), None) => return Err("the items of the other job were not read".to_owned().into()),
        }
        let is_going_on = self.pass_on();
        let is_whole = (is_going_on || self.is_enough()) && self.failed.is_none();
        if is_whole {
            self.work.plan(Plan::Ends);
        }
        if is_whole && !self.batch.files.is_empty() {
            self.batches.blocking_send(self.batch).ok();
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Ends the listing with this reason. Returns whether to go on: `false`.
    fn fail(&mut self, why: Unable) -> bool {
        self.failed.get_or_insert(why);
        false
    }

    /// Takes in one more file; returns whether to go on.
    fn take(&mut self, found: ListedFile) -> bool {
        self.active.plan_pulse.beat();
        self.expected.remove(&found.file.path);
        self.waiting.push(found);
        let is_plain = self.show == OutcomeFilter::All && self.conditions.types.is_empty();
        let at_once = match is_plain && self.done.is_none() && self.unfinished.is_none() {
            // Which names become free is known only once all files are.
            _ if self.work.exchanges_names() => usize::MAX,
            true if !self.is_waited_for() => 1,
            true => LOOKED_UP_AT_ONCE,
            false => LOOKED_UP_AT_ONCE,
        };
        if self.waiting.len() >= at_once { self.pass_on() } else { !self.is_stopped() }
    }

    /// Whether the sample is complete.
    fn is_enough(&self) -> bool {
        self.sample.as_ref().is_some_and(SampleSoFar::is_complete)
    }

    /// Whether somebody waits for the plan, or a sample is taken of what runs. Otherwise the attempts look at the files,
    /// so that nothing waits until all have been looked at.
    fn is_waited_for(&self) -> bool {
        self.active.request.approval || self.active.request.sample.is_some()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
