//! Finds the files that a query names: those of another job, those that are named one by one, or those below a folder.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::sync::Arc;

use super::super::super::active_job::{HalfChanged, Verdict};
use super::super::asked_paths::AskedPaths;
use super::super::choice::QueryPatterns;
use super::super::named::{AskedItem, no_longer_known};
use super::Lister;
use super::litter::LitterRule;
use headway_files::{
    Inspected, ListedFile, as_named, environment, inspect_again, inspect_alone, inspect_at, inspect_named, walk,
};
use headway_model::RelPath;
use headway_model::library::{OutcomeFilter, in_order};
use headway_model::request::FolderQuery;
use headway_recipes::Unable;

impl Lister<'_> {
    /// Lists a file of another job; returns whether to go on.
    pub(super) fn inspect(&mut self, path: &RelPath) -> bool {
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

    /// Lists a file that an earlier job might have left half changed: the disk tells how far that change got. It is recovered
    /// when the job runs. Returns whether to go on.
    fn take_half_changed(&mut self, path: &RelPath, left: &HalfChanged) -> bool {
        let library = &self.active.library;
        let listed = left.verdict(library, path, true).and_then(|verdict| {
            Ok(match verdict {
                Verdict::Skipped(skip) => ListedFile { skip: Some(skip), ..inspect_again(library, path)? },
                Verdict::Runs(at) if at == *path => inspect_again(library, path)?,
                Verdict::Runs(at) => inspect_at(library, path, &at)?,
            })
        });
        match listed {
            Ok(listed) => {
                if let Some(unfinished) = &mut self.unfinished {
                    unfinished.leave_out(path);
                }
                self.take(listed)
            }
            Err(reason) => self.fail(Unable::Environment(reason)),
        }
    }

    /// Lists these items of another job, except what was `listed` before. For a folder that the other job could not
    /// list, lists what that job asked for below it.
    pub(super) fn items(&mut self, items: &[AskedItem], listed: &HashSet<RelPath>) -> Result<(), Unable> {
        for item in items.iter().filter(|item| !listed.contains(item.path())) {
            let is_going_on = match item {
                AskedItem::File(path) => self.inspect(path),
                AskedItem::HalfChanged(path, change) => self.take_half_changed(path, change),
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
            return Err(no_longer_known("which files of the folder", folder, "are"));
        };
        match self.visit(below, listed, &AskedPaths::default())? {
            Err(error) if environment(&error).is_none() => Ok(self.take(ListedFile::unlisted(folder.clone()))),
            Err(error) => Err(self.unlistable(folder, &error)),
            Ok(()) => Ok(self.failed.is_none() && !self.is_enough() && !self.is_stopped()),
        }
    }

    /// Lists these files and, for folders among them, everything below, except what was `listed` before. A link to a folder
    /// that is named alone stands for that folder. If one of several folders cannot be listed, it is one item.
    pub(super) fn paths(&mut self, paths: &[RelPath], listed: &HashSet<RelPath>) -> Result<(), Unable> {
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

    pub(super) fn walk(&mut self, query: &FolderQuery, listed: &HashSet<RelPath>) -> Result<(), Unable> {
        self.visit(query, listed, &AskedPaths::default())?.map_err(|error| self.unlistable(&query.path, &error))
    }

    fn unlistable(&self, folder: &RelPath, error: &io::Error) -> Unable {
        let text = format!("the folder {:?} of {} cannot be listed", folder.shown(), self.active.library.name);
        headway_files::unable(&text, error)
    }

    /// Takes in every file that a query asks for, and each missing disk there that a person has let the job go on
    /// without. Returns the error if the folder of the query cannot be listed.
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
        let missing = match library.gone_without() {
            Ok(missing) => missing,
            Err(error) => return Ok(Err(error)),
        };
        let active = self.active;
        let litter = LitterRule::new(&choice, self.work);
        let leaves_out = |path: &RelPath, is_folder| {
            active.plan_pulse.beat();
            let is_excluded = listed.contains(path) || choice.excludes(path, is_folder);
            let is_left_out = is_excluded || litter.leaves_out(path, is_folder);
            if is_folder && !is_left_out {
                asked.meet(path);
            }
            is_left_out
        };
        let mut visit = |found: ListedFile| {
            // It is listed below, as the disk that is missing there.
            if missing.contains(&found.file.path) {
                return !self.is_stopped();
            }
            let found = if asked.meet(&found.file.path) { as_named(found) } else { found };
            if !choice.wants(&found) {
                return !self.is_stopped();
            }
            self.take_shown(found, query.show)
        };
        if let Err(error) = walk(&library, &folder, &leaves_out, &mut visit) {
            return Ok(Err(error));
        }
        self.take_unseen(unseen(&missing, &folder, &leaves_out), listed);
        Ok(Ok(()))
    }

    /// Takes in a file if its last outcome is the one that is asked for; returns whether to go on. Files of the job's own query are
    /// looked up together, later.
    fn take_shown(&mut self, found: ListedFile, show: OutcomeFilter) -> bool {
        if show == self.show {
            return self.take(found);
        }
        let mut found = vec![found];
        match self.keep_shown(show, &mut found) {
            Ok(()) => found.into_iter().all(|found| self.take(found)) && !self.is_stopped(),
            Err(why) => self.fail(why),
        }
    }

    /// Takes in what a walk could not see because its disk is missing, except what was `listed` before.
    fn take_unseen(&mut self, unseen: BTreeSet<RelPath>, listed: &HashSet<RelPath>) {
        for path in unseen {
            if self.failed.is_some() || self.is_enough() || self.is_stopped() {
                break;
            }
            if !listed.contains(&path) {
                self.take(ListedFile::on_missing_disk(path));
            }
        }
    }
}

/// What a walk of `folder` could not see of it because these disks are missing: the mount points below it that are not left
/// out, or the folder itself if it is on such a disk.
fn unseen(
    missing: &BTreeSet<RelPath>,
    folder: &RelPath,
    leaves_out: &dyn Fn(&RelPath, bool) -> bool,
) -> BTreeSet<RelPath> {
    let unseen = missing.iter().filter_map(|mount| match mount.line_below(folder) {
        Some(line) => (!line.iter().any(|above| leaves_out(above, true))).then(|| mount.clone()),
        None => folder.ancestors().contains(mount).then(|| folder.clone()),
    });
    unseen.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_disk_is_unseen_where_its_files_are_asked_for() {
        let path = |text: &str| RelPath::from_bytes(text.as_bytes()).unwrap_or_default();
        let missing = BTreeSet::from(["photos/usb", "card"].map(path));
        let unseen = |folder: &str, left_out: &str| -> Vec<String> {
            let unseen = unseen(&missing, &path(folder), &|path: &RelPath, _| path.as_str() == left_out);
            unseen.iter().map(ToString::to_string).collect()
        };
        assert_eq!(unseen("", "-"), ["card", "photos/usb"]);
        assert_eq!(unseen("photos", "-"), ["photos/usb"]);
        assert_eq!(unseen("photos/usb", "-"), ["photos/usb"]);
        assert_eq!(unseen("photos/usb/2024", "-"), ["photos/usb/2024"]);
        assert_eq!((unseen("", "photos"), unseen("photos", "photos/usb")), (vec!["card".to_owned()], Vec::new()));
        assert_eq!(unseen("music", "-"), Vec::<String>::new());
    }
}
