//! Lists the files that a job asks for, in order, each with the reason if it is skipped or runs again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::super::Order;
use super::super::change::{Standing, standing};
use super::super::place::target;
use super::batch::Batch;
use super::choice::Choice;
use super::done::{Done, for_the_attempt};
use headway_files::{Listed, inspect, walk};
use headway_model::library::Show;
use headway_model::request::FolderQuery;
use headway_model::{ItemStatus, PauseReason, Query, RelPath, SkipReason};
use headway_recipes::{Failure, Rename, Unable, Work};

/// How many files are looked up in the log at a time.
const LOOKED_UP_AT_ONCE: usize = 500;

/// Looks up in the log how these files last ended in a job.
pub(super) type Outcomes<'a> = dyn Fn(&[RelPath]) -> Result<Vec<(RelPath, ItemStatus)>, Unable> + 'a;

/// The lister of a job. Blocking.
pub(super) struct Lister<'a> {
    order: &'a Order,
    work: &'a dyn Work,
    stop: &'a AtomicBool,
    batches: &'a mpsc::Sender<Batch>,
    outcomes: &'a Outcomes<'a>,
    done: Option<Done<'a>>,
    show: Show,
    /// Files found and not yet looked up.
    waiting: Vec<Listed>,
    batch: Batch,
    /// The index of the next item.
    index: u32,
    /// The paths that outputs of this plan will have.
    targets: HashSet<RelPath>,
    failed: Option<Unable>,
}

impl<'a> Lister<'a> {
    /// A lister whose next item has this index.
    pub(super) fn new(
        (order, work): (&'a Order, &'a dyn Work),
        (stop, batches): (&'a AtomicBool, &'a mpsc::Sender<Batch>),
        outcomes: &'a Outcomes<'a>,
        done: Option<Done<'a>>,
        index: u32,
    ) -> Self {
        let show = match &order.request.query {
            Query::Folder(query) => query.show,
            Query::Paths(_) | Query::Items(_) => Show::All,
        };
        let (waiting, batch, targets) = (Vec::new(), Batch::default(), HashSet::new());
        Lister { order, work, stop, batches, outcomes, done, show, waiting, batch, index, targets, failed: None }
    }

    /// Lists the files after `behind`, the last one that was listed before, and sends them in batches.
    pub(super) fn list(mut self, named: Option<Vec<RelPath>>, behind: Option<&RelPath>) -> Result<(), Unable> {
        let order = self.order;
        match (&order.request.query, named) {
            (_, Some(paths)) => {
                let first = self.index as usize;
                self.inspect(paths.iter().skip(first));
            }
            (Query::Paths(paths), None) => {
                self.inspect(paths.iter().skip_while(|path| behind.is_some_and(|behind| *path <= behind)));
            }
            (Query::Folder(query), None) => self.walk(query, behind)?,
            (Query::Items(_), None) => return Err("the items of the other job were not read".to_owned().into()),
        }
        if self.pass_on() && !self.batch.files.is_empty() {
            self.batches.blocking_send(self.batch).ok();
        }
        self.failed.map_or(Ok(()), Err)
    }

    fn inspect<'p>(&mut self, mut paths: impl Iterator<Item = &'p RelPath>) {
        let library = Arc::clone(&self.order.library);
        paths.all(|path| match inspect(&library, path) {
            Ok(listed) => self.take(listed),
            Err(reason) => self.fail(Unable::Environment(reason)),
        });
    }

    /// Ends the listing with this reason. Returns whether to go on: `false`.
    fn fail(&mut self, why: Unable) -> bool {
        self.failed.get_or_insert(why);
        false
    }

    fn walk(&mut self, query: &FolderQuery, behind: Option<&RelPath>) -> Result<(), Unable> {
        let library = Arc::clone(&self.order.library);
        let choice = Choice::new(query)?;
        let leaves_out = |path: &RelPath, is_folder| choice.leaves_out(path, is_folder);
        let walked = walk(&library, &query.path, behind, &leaves_out, &mut |found| {
            if choice.wants(&found) { self.take(found) } else { !self.is_stopped() }
        });
        walked.map_err(|error| {
            headway_files::unable(
                &format!("the folder {:?} of {} cannot be listed", query.path.shown(), library.name),
                &error,
            )
        })
    }

    /// Takes one more file; whether to go on.
    fn take(&mut self, found: Listed) -> bool {
        self.waiting.push(found);
        let at_once = if self.show == Show::All && self.done.is_none() { 1 } else { LOOKED_UP_AT_ONCE };
        if self.waiting.len() >= at_once { self.pass_on() } else { !self.is_stopped() }
    }

    /// Looks up the waiting files and puts those that the job asks for into the plan; whether to go on.
    fn pass_on(&mut self) -> bool {
        let files = match self.looked_up() {
            Ok(files) => files,
            Err(why) => return self.fail(why),
        };
        for mut found in files {
            if found.skip.is_none() {
                match self.collision(&mut found) {
                    Ok(skip) => found.skip = skip,
                    Err(reason) => return self.fail(Unable::Environment(reason)),
                }
            }
            self.batch.push(self.index, found);
            self.index += 1;
            if self.batch.is_full() && self.batches.blocking_send(std::mem::take(&mut self.batch)).is_err() {
                return false;
            }
        }
        !self.is_stopped()
    }

    fn looked_up(&mut self) -> Result<Vec<Listed>, Unable> {
        let mut files = std::mem::take(&mut self.waiting);
        if files.is_empty() {
            return Ok(files);
        }
        if self.show != Show::All {
            let paths: Vec<_> = files.iter().map(|found| found.file.path.clone()).collect();
            let known: HashMap<_, _> = (self.outcomes)(&paths)?.into_iter().collect();
            let shown =
                |found: &Listed| known.get(&found.file.path).map_or(Show::Unprocessed, |known| known.shown_as());
            files.retain(|found| shown(found) == self.show);
        }
        if let Some(done) = &self.done {
            done.judge(&mut files)?;
        }
        Ok(files)
    }

    /// Skips a file whose output name is taken, on the disk or by an earlier file of this plan.
    fn collision(&mut self, found: &mut Listed) -> Result<Option<SkipReason>, PauseReason> {
        match self.work.renames(&found.file, self.index + 1) {
            Ok(renames) if !renames.is_empty() => {
                found.file.becomes = renames.first().map(|rename| rename.to.clone());
                return self.taken(&renames);
            }
            Ok(_) => {}
            Err(Failure::Skipped(reason)) => return Ok(Some(reason)),
            Err(Failure::Environment(reason)) => return Err(reason),
            // Any other failure is reported by the attempt.
            Err(_) => return Ok(None),
        }
        let output = self.work.output(&found.file.path, self.order.request.output.as_ref());
        let Some(output) = output.filter(|output| !output.replaces()) else { return Ok(None) };
        // An impossible name is reported by the attempt.
        let Ok(target) = target(&output, &found.file.path, self.index + 1, 0) else { return Ok(None) };
        let taken = for_the_attempt(self.order.library.has(&target))?.unwrap_or(false) || !self.targets.insert(target);
        Ok(taken.then_some(SkipReason::Collision))
    }

    /// Skips a file if a name that it, or a file that belongs to it, is to have is taken, on the disk or by an earlier file of this plan.
    fn taken(&mut self, renames: &[Rename]) -> Result<Option<SkipReason>, PauseReason> {
        for Rename { from, to } in renames {
            let standing = for_the_attempt(standing(&self.order.library, from, to))?;
            if standing == Some(Standing::Taken) || self.targets.contains(to) {
                return Ok(Some(SkipReason::Collision));
            }
        }
        self.targets.extend(renames.iter().map(|rename| rename.to.clone()));
        Ok(None)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
