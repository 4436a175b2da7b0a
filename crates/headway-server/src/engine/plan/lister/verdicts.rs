//! Gives each file that was found its verdict: whether the job asks for it, and whether it is skipped or runs again. Each
//! becomes an item.

use std::collections::HashSet;

use super::super::super::active_job::wish;
use super::super::super::name_availability::{Availability, availability};
use super::super::done::for_the_attempt;
use super::super::file_types::{is_for, leave_out};
use super::super::names;
use super::Lister;
use headway_files::ListedFile;
use headway_model::library::OutcomeFilter;
use headway_model::{PauseReason, RelPath, SkipReason};
use headway_recipes::{Failure, Plan, Rename, Unable};

/// The name that a file will have when files can take names from each other.
enum ResolvedName {
    /// It gets this name, unless it is skipped for this reason.
    New(RelPath, Option<SkipReason>),
    /// It could not be found out. The file keeps its name, so that it is not free for others, and its attempt reports why.
    Unknown,
}

impl Lister<'_> {
    /// Looks up the waiting files and adds those that the job asks for to the plan; returns whether to go on.
    pub(super) fn pass_on(&mut self) -> bool {
        // Perhaps nobody waits for this listing any longer, and another one is under way.
        if self.is_stopped() {
            return false;
        }
        let mut files = match self.looked_up() {
            Ok(files) => files,
            Err(why) => return self.fail(why),
        };
        // The look at the files ends early when it is stopped.
        if self.is_stopped() {
            return false;
        }
        // Before names are resolved: a file that does not run gives up none, and takes no number.
        if let Some(sample) = &mut self.sample {
            files.retain(|found| found.skip.is_some() || sample.keeps_next());
        }
        let mut resolved = match self.resolved_names(&files) {
            Ok(resolved) => resolved.into_iter(),
            Err(reason) => return self.fail(Unable::Environment(reason)),
        };
        for mut found in files {
            if self.is_enough() {
                return false;
            }
            let (name, can_run) = (resolved.next().flatten(), found.skip.is_none());
            if found.is_asked_about() {
                found.skip = match self.verdict(&mut found, name) {
                    Ok(skip) => skip,
                    Err(reason) => return self.fail(Unable::Environment(reason)),
                };
                if found.skip.is_none() {
                    self.work.plan(Plan::File(&found.file));
                }
            }
            if can_run && let Some(sample) = &mut self.sample {
                sample.settle(found.skip.is_none());
            }
            self.batch.push(self.index, found);
            self.index += 1;
            if self.batch.is_full() && self.batches.blocking_send(std::mem::take(&mut self.batch)).is_err() {
                return false;
            }
        }
        !self.is_stopped() && !self.is_enough()
    }

    /// Why a file is skipped; `None` if it will run. `name` is the name that was resolved for it together with other files.
    fn verdict(
        &mut self,
        found: &mut ListedFile,
        name: Option<ResolvedName>,
    ) -> Result<Option<SkipReason>, PauseReason> {
        let skip = match name {
            Some(ResolvedName::New(becomes, skip)) => {
                found.file.becomes = Some(becomes);
                skip
            }
            Some(ResolvedName::Unknown) => None,
            None => self.collision(found)?,
        };
        // A file that the recipe is not for is not missed because its output's name is taken.
        if skip == Some(SkipReason::Collision)
            && !self.is_waited_for()
            && !is_for(&self.active.library, self.work, found)?
        {
            return Ok(Some(SkipReason::Recipe));
        }
        Ok(skip)
    }

    /// If files can take names from each other: the name of each file that wants a new one; `None` for a file that gets its
    /// verdict by itself. Nothing is resolved as long as the environment keeps a file from being asked about: others might wait for
    /// its name.
    fn resolved_names(&self, files: &[ListedFile]) -> Result<Vec<Option<ResolvedName>>, PauseReason> {
        if !self.work.exchanges_names() {
            return Ok(Vec::new());
        }
        let (mut wishes, mut unknown) = (Vec::with_capacity(files.len()), HashSet::new());
        for (number, found) in (self.index + 1..).zip(files) {
            if self.is_stopped() {
                break;
            }
            // Without new names, the file gets its verdict by itself, which asks the recipe again and reports why.
            let wished = match found.is_asked_about() {
                true => wish(self.work, &found.file, number),
                false => Ok(Vec::new()),
            };
            let renames = match wished {
                Ok(renames) => renames,
                Err(Failure::Environment(reason) | Failure::Call(reason, _)) => return Err(reason),
                Err(failure) => {
                    if !matches!(failure, Failure::Skipped(_)) {
                        unknown.insert(wishes.len());
                    }
                    Vec::new()
                }
            };
            wishes.push(renames);
        }
        let is_taken = |from: &RelPath, to: &RelPath| {
            Ok(for_the_attempt(availability(&self.active.library, from, to))? == Some(Availability::Taken))
        };
        let verdicts = names::resolve(&wishes, is_taken)?;
        let resolved = wishes.into_iter().zip(verdicts).enumerate();
        let name = |(at, (wish, skip)): (usize, (Vec<Rename>, Option<SkipReason>))| match unknown.contains(&at) {
            true => Some(ResolvedName::Unknown),
            false => Some(ResolvedName::New(wish.into_iter().next()?.to, skip)),
        };
        Ok(resolved.map(name).collect())
    }

    fn looked_up(&mut self) -> Result<Vec<ListedFile>, Unable> {
        let mut files = std::mem::take(&mut self.waiting);
        if files.is_empty() {
            return Ok(files);
        }
        self.keep_shown(self.show, &mut files)?;
        self.leave_out_unmet(&mut files);
        if let Some(done) = &self.done {
            done.mark(&mut files)?;
        }
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.mark(&mut files)?;
        }
        self.leave_out_other_types(&mut files).map_err(Unable::Environment)?;
        if self.is_waited_for() {
            let left_out = leave_out((&self.active.library, self.work), self.stop, &mut files);
            left_out.map_err(Unable::Environment)?;
        }
        Ok(files)
    }

    /// Keeps those files whose last outcome is asked for, and every folder that cannot be listed, because it might
    /// contain such files.
    pub(super) fn keep_shown(&self, show: OutcomeFilter, files: &mut Vec<ListedFile>) -> Result<(), Unable> {
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
}
