//! Whether the name of a file's output, or a file's new name, is free: on the disk, and in this plan.

use super::super::super::active_job::wish;
use super::super::super::name_availability::{Availability, availability};
use super::super::super::output_name::target;
use super::super::done::for_the_attempt;
use super::Lister;
use headway_files::ListedFile;
use headway_model::{PauseReason, RelPath, SkipReason};
use headway_recipes::{Failure, Rename};

impl Lister<'_> {
    /// Skips a file whose output can have no name, or a name that is taken, on the disk or by an earlier file of this plan.
    pub(super) fn collision(&mut self, found: &mut ListedFile) -> Result<Option<SkipReason>, PauseReason> {
        match wish(self.work, &found.file, self.index + 1) {
            Ok(renames) if !renames.is_empty() => {
                found.file.becomes = renames.first().map(|rename| rename.to.clone());
                return self.taken(&found.file.path, self.work.removes(&found.file), &renames);
            }
            Ok(_) => {}
            Err(Failure::Skipped(reason)) => return Ok(Some(reason)),
            Err(Failure::Environment(reason) | Failure::Call(reason, _)) => return Err(reason),
            // The attempt meets the same failure and reports it. It gives the file no name that the plan does not list.
            Err(_) => return Ok(None),
        }
        let output = self.work.output(&found.file.path, self.active.request.output.as_ref());
        let Some(output) = output.filter(|output| !output.replaces()) else { return Ok(None) };
        let target = match target(&output, &found.file.path, self.index + 1, 0) {
            Ok(target) => target,
            Err(error) => return Ok(Some(error.skip_reason())),
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
            if to.is_reserved() {
                return Ok(Some(SkipReason::Reserved));
            }
            let availability = for_the_attempt(availability(&self.active.library, from, to))?;
            if availability == Some(Availability::Taken) && !gives_up(to) || self.targets.contains(to) {
                return Ok(Some(SkipReason::Collision));
            }
        }
        self.targets.extend(renames.iter().map(|rename| rename.to.clone()));
        let companions = renames.iter().filter(|rename| rename.from != *own);
        self.companions.extend(companions.map(|rename| (rename.from.clone(), rename.to.clone())));
        Ok(None)
    }
}
