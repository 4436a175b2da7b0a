//! Lists the files that a job asks for, in order, each with the reason if it is skipped or runs again.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::super::ActiveJob;
use super::super::output_name::{OutputNameError, target};
use super::super::standing::{Standing, standing};
use super::absent::absent_mount;
use super::asked_paths::AskedPaths;
use super::batch::PlanBatch;
use super::choice::QueryPatterns;
use super::done::{AlreadyDone, for_the_attempt};
use super::file_types::{is_for, leave_out};
use super::named::{AskedItem, AskedItems};
use super::names;
use headway_files::{
    Inspected, ListedFile, as_named, environment, inspect_again, inspect_alone, inspect_at, inspect_named, walk,
};
use headway_model::library::{OutcomeFilter, in_order};
use headway_model::request::FolderQuery;
use headway_model::{PauseReason, Query, RelPath, SkipReason};
use headway_recipes::{Failure, Plan, Rename, Unable, Work};

/// How many files are looked up in the log at a time.
const LOOKED_UP_AT_ONCE: usize = 500;

/// Looks up in the log how a library lists these files; those that no job included are omitted.
pub(super) type OutcomeLookup<'a> = dyn Fn(&[RelPath]) -> Result<HashMap<RelPath, OutcomeFilter>, Unable> + 'a;

/// The new name of a file, and why the file is skipped, if it is.
type PlannedName = (RelPath, Option<SkipReason>);

/// The lister of a job. Blocking.
pub(super) struct Lister<'a> {
    active: &'a ActiveJob,
    work: &'a dyn Work,
    stop: &'a AtomicBool,
    batches: &'a mpsc::Sender<PlanBatch>,
    outcomes: &'a OutcomeLookup<'a>,
    done: Option<AlreadyDone<'a>>,
    show: OutcomeFilter,
    /// Files found and not yet looked up.
    waiting: Vec<ListedFile>,
    batch: PlanBatch,
    /// The index of the next item.
    index: u32,
    /// The paths that outputs of this plan will have.
    targets: HashSet<RelPath>,
    /// Sidecar files of files in this plan, and the names that they will have.
    companions: HashMap<RelPath, RelPath>,
    /// How many more files are to run, if only a sample is wanted.
    wanted: Option<u32>,
    failed: Option<Unable>,
}

impl<'a> Lister<'a> {
    /// A lister whose next item has this index; `taken` of those before it are to run.
    pub(super) fn new(
        (active, work): (&'a ActiveJob, &'a dyn Work),
        (stop, batches): (&'a AtomicBool, &'a mpsc::Sender<PlanBatch>),
        outcomes: &'a OutcomeLookup<'a>,
        done: Option<AlreadyDone<'a>>,
        (index, taken): (u32, u32),
    ) -> Self {
        let show = match &active.request.query {
            Query::Folder(query) => query.show,
            Query::Paths(_) | Query::Items(_) => OutcomeFilter::All,
        };
        let (waiting, batch, targets, companions) = (Vec::new(), PlanBatch::default(), HashSet::new(), HashMap::new());
        let wanted = active.request.sample.map(|sample| sample.saturating_sub(taken));
        Lister {
            active,
            work,
            stop,
            batches,
            outcomes,
            done,
            show,
            waiting,
            batch,
            index,
            targets,
            companions,
            wanted,
            failed: None,
        }
    }

    /// Lists the files that were not `listed` before, and sends them in batches.
    pub(super) fn list(mut self, named: Option<AskedItems>, listed: &HashSet<RelPath>) -> Result<(), Unable> {
        let active = self.active;
        let absent = absent_mount(&active.library, &active.request);
        if absent.map_err(|error| headway_files::unable("what is mounted cannot be seen", &error))?.is_some() {
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
            (_, Some(AskedItems::Items(items))) => self.items(&items, listed)?,
            (Query::Paths(paths), None) => self.paths(paths, listed)?,
            (Query::Folder(query), None) => self.walk(query, listed)?,
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

    /// Lists a file of another job; returns whether to go on.
    fn inspect(&mut self, path: &RelPath) -> bool {
        let library = &self.active.library;
        let inspected = match self.work.lies_at(path) {
            Some(at) => inspect_at(library, path, &at),
            None => inspect_again(library, path),
        };
        match inspected {
            Ok(listed) => self.take(listed),
            Err(reason) => self.fail(Unable::Environment(reason)),
        }
    }

    /// Lists these items of another job, except what was `listed` before. For a folder that the other job could not
    /// list, lists what that job asked for below it.
    fn items(&mut self, items: &[AskedItem], listed: &HashSet<RelPath>) -> Result<(), Unable> {
        for item in items.iter().filter(|item| !listed.contains(item.path())) {
            let is_going_on = match item {
                AskedItem::File(path) => self.inspect(path),
                AskedItem::NotSeen(path, below) => match inspect_named(&self.active.library, path) {
                    Ok(Inspected::Folder) => self.list_again(path, below.as_ref(), listed)?,
                    Ok(Inspected::Item(found)) => self.take(found),
                    Err(reason) => self.fail(Unable::Environment(reason)),
                },
            };
            if !is_going_on {
                break;
            }
        }
        Ok(())
    }

    /// Lists what is asked for below a folder that an earlier job could not list. If it still cannot be listed, it is
    /// one item again. Returns whether to go on.
    fn list_again(
        &mut self,
        folder: &RelPath,
        below: Option<&FolderQuery>,
        listed: &HashSet<RelPath>,
    ) -> Result<bool, Unable> {
        let Some(below) = below else {
            return Err(Unable::Failed(format!(
                "which files of the folder {} are wanted is not known: the job that asked for them is no longer in the log",
                folder.shown()
            )));
        };
        match self.visit(below, listed, &AskedPaths::default())? {
            Err(error) if environment(&error).is_none() => Ok(self.take(ListedFile::unlisted(folder.clone()))),
            Err(error) => Err(self.unlistable(folder, &error)),
            Ok(()) => Ok(self.failed.is_none() && !self.is_enough() && !self.is_stopped()),
        }
    }

    /// Lists these files and, for folders among them, everything below, except what was `listed` before. A link to a folder
    /// that is named alone stands for that folder. If one of several folders cannot be listed, it is one item.
    fn paths(&mut self, paths: &[RelPath], listed: &HashSet<RelPath>) -> Result<(), Unable> {
        let library = Arc::clone(&self.active.library);
        let inspect = if paths.len() == 1 { inspect_alone } else { inspect_named };
        let asked = AskedPaths::of(&library, paths).map_err(Unable::Environment)?;
        let mut wanted: Vec<_> = asked.paths.difference(listed).collect();
        wanted.sort_by_cached_key(|path| in_order(path));
        for path in wanted {
            if asked.has_met(path) {
                continue;
            }
            match inspect(&library, path) {
                Ok(Inspected::Folder) => {
                    let query = FolderQuery { path: path.clone(), ..FolderQuery::default() };
                    match self.visit(&query, listed, &asked)? {
                        Err(error) if paths.len() > 1 && environment(&error).is_none() => {
                            _ = self.take(ListedFile::unlisted(path.clone()));
                        }
                        Err(error) => return Err(self.unlistable(path, &error)),
                        Ok(()) => {}
                    }
                }
                Ok(Inspected::Item(found)) => _ = self.take(found),
                Err(reason) => _ = self.fail(Unable::Environment(reason)),
            }
            if self.failed.is_some() || self.is_enough() || self.is_stopped() {
                break;
            }
        }
        Ok(())
    }

    /// Ends the listing with this reason. Returns whether to go on: `false`.
    fn fail(&mut self, why: Unable) -> bool {
        self.failed.get_or_insert(why);
        false
    }

    fn walk(&mut self, query: &FolderQuery, listed: &HashSet<RelPath>) -> Result<(), Unable> {
        self.visit(query, listed, &AskedPaths::default())?.map_err(|error| self.unlistable(&query.path, &error))
    }

    fn unlistable(&self, folder: &RelPath, error: &io::Error) -> Unable {
        let text = format!("the folder {:?} of {} cannot be listed", folder.shown(), self.active.library.name);
        headway_files::unable(&text, error)
    }

    /// Takes in every file that a query asks for; the error if its folder cannot be listed.
    fn visit(
        &mut self,
        query: &FolderQuery,
        listed: &HashSet<RelPath>,
        asked: &AskedPaths,
    ) -> Result<io::Result<()>, Unable> {
        let library = Arc::clone(&self.active.library);
        let choice = QueryPatterns::new(query).map_err(|error| Unable::Failed(error.to_string()))?;
        let folder = match library.folder_at(&query.path) {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        let choice = choice.for_folder(&query.path, &folder);
        let active = self.active;
        let leaves_out = |path: &RelPath, is_folder| {
            active.plan_pulse.beat();
            let is_left_out = listed.contains(path) || choice.leaves_out(path, is_folder);
            if is_folder && !is_left_out {
                asked.meet(path);
            }
            is_left_out
        };
        let mut visit = |found: ListedFile| {
            let found = if asked.meet(&found.file.path) { as_named(found) } else { found };
            if !choice.wants(&found) {
                return !self.is_stopped();
            }
            // Files of the job's own query are looked up together, later.
            if query.show == self.show {
                return self.take(found);
            }
            let mut found = vec![found];
            match self.keep_shown(query.show, &mut found) {
                Ok(()) => found.into_iter().all(|found| self.take(found)) && !self.is_stopped(),
                Err(why) => self.fail(why),
            }
        };
        Ok(walk(&library, &folder, &leaves_out, &mut visit))
    }

    /// Keeps those files whose last outcome is asked for, and every folder that cannot be listed, because it might
    /// contain such files.
    fn keep_shown(&self, show: OutcomeFilter, files: &mut Vec<ListedFile>) -> Result<(), Unable> {
        if show == OutcomeFilter::All {
            return Ok(());
        }
        let asked = files.iter().filter(|found| !found.file.is_unlisted());
        let paths: Vec<_> = asked.map(|found| found.file.path.clone()).collect();
        let known = (self.outcomes)(&paths)?;
        let outcome = |found: &ListedFile| known.get(&found.file.path).copied().unwrap_or(OutcomeFilter::Unprocessed);
        files.retain(|found| found.file.is_unlisted() || outcome(found) == show);
        Ok(())
    }

    /// Takes in one more file; returns whether to go on.
    fn take(&mut self, found: ListedFile) -> bool {
        self.active.plan_pulse.beat();
        self.waiting.push(found);
        let at_once = match self.show == OutcomeFilter::All && self.done.is_none() {
            // Which names become free is known only once all files are.
            _ if self.work.exchanges_names() => usize::MAX,
            true if !self.is_waited_for() => 1,
            true => LOOKED_UP_AT_ONCE,
            false => LOOKED_UP_AT_ONCE,
        };
        if self.waiting.len() >= at_once { self.pass_on() } else { !self.is_stopped() }
    }

    /// Looks up the waiting files and adds those that the job asks for to the plan; returns whether to go on.
    fn pass_on(&mut self) -> bool {
        // Perhaps nobody waits for this listing any longer, and another one is under way.
        if self.is_stopped() {
            return false;
        }
        let files = match self.looked_up() {
            Ok(files) => files,
            Err(why) => return self.fail(why),
        };
        // The look at the files ends early when it is stopped.
        if self.is_stopped() {
            return false;
        }
        let mut settled = match self.settled_names(&files) {
            Ok(settled) => settled.into_iter(),
            Err(reason) => return self.fail(Unable::Environment(reason)),
        };
        for mut found in files {
            if self.is_enough() {
                return false;
            }
            let names = settled.next().flatten();
            if found.is_asked_about() {
                let judged = match names {
                    Some((becomes, skip)) => {
                        found.file.becomes = Some(becomes);
                        Ok(skip)
                    }
                    None => self.collision(&mut found),
                };
                // A file that the recipe is not for is not missed because its output's name is taken.
                let judged = match judged {
                    Ok(Some(SkipReason::Collision)) if !self.is_waited_for() => {
                        let is_for = is_for(&self.active.library, self.work, &found);
                        is_for.map(|is_for| Some(if is_for { SkipReason::Collision } else { SkipReason::Recipe }))
                    }
                    judged => judged,
                };
                match judged {
                    Ok(skip) => {
                        found.skip = skip;
                        if skip.is_none() {
                            self.work.plan(Plan::File(&found.file));
                        }
                    }
                    Err(reason) => return self.fail(Unable::Environment(reason)),
                }
            }
            if found.skip.is_none() {
                self.wanted = self.wanted.map(|wanted| wanted.saturating_sub(1));
            }
            self.batch.push(self.index, found);
            self.index += 1;
            if self.batch.is_full() && self.batches.blocking_send(std::mem::take(&mut self.batch)).is_err() {
                return false;
            }
        }
        !self.is_stopped() && !self.is_enough()
    }

    /// If files can take names from each other: the new name of each file that gets one, with the reason if it is
    /// skipped; `None` for a file that is judged by itself.
    fn settled_names(&self, files: &[ListedFile]) -> Result<Vec<Option<PlannedName>>, PauseReason> {
        if !self.work.exchanges_names() {
            return Ok(Vec::new());
        }
        let mut wishes = Vec::with_capacity(files.len());
        for (number, found) in (self.index + 1..).zip(files) {
            if self.is_stopped() {
                break;
            }
            // Without new names, the file is judged by itself, which asks the recipe again and reports why.
            wishes.push(match found.is_asked_about().then(|| self.work.renames(&found.file, number)) {
                Some(Ok(renames)) => renames,
                Some(Err(_)) | None => Vec::new(),
            });
        }
        let is_taken = |from: &RelPath, to: &RelPath| {
            Ok(for_the_attempt(standing(&self.active.library, from, to))? == Some(Standing::Taken))
        };
        let verdicts = names::settle(&wishes, is_taken)?;
        let settled = wishes.into_iter().zip(verdicts);
        Ok(settled.map(|(wish, skip)| Some((wish.into_iter().next()?.to, skip))).collect())
    }

    /// Whether the sample is complete.
    fn is_enough(&self) -> bool {
        self.wanted == Some(0)
    }

    /// Whether somebody waits for the plan, or a sample is taken of what runs. Otherwise the attempts look at the files,
    /// so that nothing waits until all have been looked at.
    fn is_waited_for(&self) -> bool {
        self.active.request.approval || self.active.request.sample.is_some()
    }

    fn looked_up(&mut self) -> Result<Vec<ListedFile>, Unable> {
        let mut files = std::mem::take(&mut self.waiting);
        if files.is_empty() {
            return Ok(files);
        }
        self.keep_shown(self.show, &mut files)?;
        if let Some(done) = &self.done {
            done.judge(&mut files)?;
        }
        if self.is_waited_for() {
            let left_out = leave_out((&self.active.library, self.work), self.stop, &mut files);
            left_out.map_err(Unable::Environment)?;
        }
        Ok(files)
    }

    /// Skips a file whose output can have no name, or a name that is taken, on the disk or by an earlier file of this plan.
    fn collision(&mut self, found: &mut ListedFile) -> Result<Option<SkipReason>, PauseReason> {
        match self.work.renames(&found.file, self.index + 1) {
            Ok(renames) if !renames.is_empty() => {
                found.file.becomes = renames.first().map(|rename| rename.to.clone());
                return self.taken(&found.file.path, self.work.removes(&found.file), &renames);
            }
            Ok(_) => {}
            Err(Failure::Skipped(reason)) => return Ok(Some(reason)),
            Err(Failure::Environment(reason)) => return Err(reason),
            // Any other failure is reported by the attempt.
            Err(_) => return Ok(None),
        }
        let output = self.work.output(&found.file.path, self.active.request.output.as_ref());
        let Some(output) = output.filter(|output| !output.replaces()) else { return Ok(None) };
        let target = match target(&output, &found.file.path, self.index + 1, 0) {
            Ok(target) => target,
            Err(OutputNameError::TooLong(_)) => return Ok(Some(SkipReason::TooLong)),
            Err(OutputNameError::NoName { .. } | OutputNameError::Folder(_)) => return Ok(Some(SkipReason::NoName)),
        };
        let taken = for_the_attempt(self.active.library.has(&target))?.unwrap_or(false) || !self.targets.insert(target);
        Ok(taken.then_some(SkipReason::Collision))
    }

    /// Skips a file if its new name, or that of one of its sidecar files, is taken, on the disk or by an earlier file
    /// of this plan. A name that one of its own files gives up at the same time counts as free.
    fn taken(
        &mut self,
        own: &RelPath,
        is_removed: bool,
        renames: &[Rename],
    ) -> Result<Option<SkipReason>, PauseReason> {
        let gives_up = |name: &RelPath| is_removed && name == own || renames.iter().any(|rename| rename.from == *name);

        // Two files can share a sidecar: it is renamed with the one that runs first, to the same name.
        let renames: Vec<_> =
            renames.iter().filter(|Rename { from, to }| self.companions.get(from) != Some(to)).collect();
        for Rename { from, to } in renames.iter().copied() {
            let standing = for_the_attempt(standing(&self.active.library, from, to))?;
            if standing == Some(Standing::Taken) && !gives_up(to) || self.targets.contains(to) {
                return Ok(Some(SkipReason::Collision));
            }
        }
        self.targets.extend(renames.iter().map(|rename| rename.to.clone()));
        let companions = renames.iter().filter(|rename| rename.from != *own);
        self.companions.extend(companions.map(|rename| (rename.from.clone(), rename.to.clone())));
        Ok(None)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
