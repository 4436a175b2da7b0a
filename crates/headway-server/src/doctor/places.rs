//! Checks that outputs and originals are where the log says.

use std::fmt;

use super::job_files::{JobFiles, LibraryNow};
use super::{Finding, Remedy};
use crate::placements::{Changes, ReadError, UnclearItem, unclear};
use headway_files::{Change, Library, Moved, OpenFile, Placement};
use headway_model::text::counted;
use headway_model::{JobId, JobKind, RelPath};
use headway_store::{OverPages, Store, StoreError};

/// Jobs read at a time.
const JOBS_PER_READ: u32 = 200;

/// Counts the outputs and originals of a library's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlacedFiles {
    /// Outputs and renamed files that are where they were put, unchanged.
    pub outputs: u64,
    /// Outputs that were changed or moved since. That is allowed.
    pub changed: u64,
    /// Files that are again as they were before, because of an undo or a person.
    pub put_back: u64,
    /// Originals in a trash, unchanged, that an undo could put back.
    pub originals: u64,
    /// Copies in a trash of originals that are in their place again.
    pub copies: u64,
    /// Files that an undo replaced, in its trash.
    pub taken_out: u64,
    /// Originals that are no longer in a trash, because it was emptied.
    pub emptied: u64,
    /// Files in whose place another folder or another disk is now, so that nothing is known about them.
    pub elsewhere: u64,
    /// Files that could not be read, so that nothing is known about them.
    pub unseen: u64,
}

impl fmt::Display for PlacedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PlacedFiles { outputs, changed, put_back, originals, copies, taken_out, emptied, elsewhere, unseen } =
            *self;
        let parts = [
            (outputs, "output is as it was put into place", "outputs are as they were put into place"),
            (changed, "was changed since", "were changed since"),
            (put_back, "is as it was before", "are as they were before"),
            (originals, "original is in a trash", "originals are in a trash"),
            (emptied, "original is no longer in a trash", "originals are no longer in a trash"),
            (
                copies,
                "copy in a trash is of what is in its place again",
                "copies in a trash are of what is in its place again",
            ),
            (taken_out, "file that an undo replaced is in a trash", "files that an undo replaced are in a trash"),
            (
                elsewhere,
                "file was not looked at, because another folder or disk is in its place",
                "files were not looked at, because another folder or disk is in their place",
            ),
            (unseen, "file could not be read", "files could not be read"),
        ];
        let counts = parts.into_iter().filter(|(number, ..)| *number > 0);
        let counts: Vec<_> = counts.map(|(number, one, many)| counted(number, ',', one, many)).collect();
        match counts.is_empty() {
            true => f.write_str("no job has put a file into place"),
            false => f.write_str(&counts.join(", ")),
        }
    }
}

/// Checks by hash every placement of terminal jobs, where the folders and the disks of those jobs are there. The one finding is an
/// original in a trash that has changed.
pub(crate) async fn look_at_places(
    store: &dyn Store,
    here: &LibraryNow<'_>,
) -> Result<(PlacedFiles, Vec<Finding>), StoreError> {
    let (library, mut places, mut findings) = (here.library, PlacedFiles::default(), Vec::new());
    let mut pages = OverPages::new(store, JOBS_PER_READ);
    loop {
        let jobs = match pages.next().await {
            Ok(None) => break,
            Ok(Some(jobs)) => jobs,
            Err(error) if error.is_damaged_row() => {
                let what = format!("what later jobs put into place was not checked: {error}");
                findings.push(Finding { what, remedy: Remedy::Rebuild });
                break;
            }
            Err(error) => return Err(error),
        };
        for row in jobs.iter().filter(|row| here.has_name(&row.library) && !row.summary.pruned) {
            let files = match here.files_of(&row.summary.job, &row.library) {
                Ok(Some(files)) => files,
                Ok(None) => continue,
                Err(error) => {
                    let what = format!("job {}: what it put into place was not checked: {error}", row.summary.job);
                    findings.push(Finding { what, remedy: Remedy::PutRight });
                    continue;
                }
            };
            match Changes::read(store, row.job_no).await {
                Ok(mut changes) => {
                    changes.made.retain(|_, change| places.is_here(&files, change));
                    if JobKind::of(&row.summary.recipe) == JobKind::Undo {
                        changes.made.values().for_each(|change| places.look_at_undone(library, change));
                        continue;
                    }
                    // Where it cannot be seen what is mounted, the look itself tells.
                    changes.open.retain(|_, change| !matches!(files.is_elsewhere(&change.path()), Ok(true)));
                    findings.extend(changes.made.values().filter_map(|change| places.look_at(library, change)));
                    let unclear = unclear(store, row.job_no, &mut changes.open).await?;
                    findings.extend(unclear.iter().filter_map(|left| look_at_unclear(library, row.summary.job, left)));
                }
                Err(ReadError::Store(error)) => return Err(error),
                Err(error) => {
                    let what = format!("job {}: what it put into place was not checked: {error}", row.summary.job);
                    findings.push(Finding { what, remedy: Remedy::Restore });
                }
            }
        }
    }
    Ok((places, findings))
}

/// A finding if nobody knows what became of an item, and its original is not in its place.
fn look_at_unclear(library: &Library, job: JobId, left: &UnclearItem) -> Option<Finding> {
    let change = left.change.as_ref().filter(|change| might_be_the_only_copy(library, change))?;
    let (was, becomes) = (left.path.shown(), change.path().shown());
    let what = format!(
        "job {job}: it is not known how far {was} became {becomes}, and its original might be in the trash alone"
    );
    Some(Finding { what, remedy: Remedy::Undo })
}

/// Whether the only copy of a file that this change was to replace, rename or remove might be in the trash, or under a
/// temporary name from which it goes there. Blocking.
pub(crate) fn might_be_the_only_copy(library: &Library, change: &Change) -> bool {
    if change.temp().is_some_and(|temp| !matches!(library.content(&temp), Ok(None))) {
        return true;
    }
    let mut places = PlacedFiles::default();
    let finding = places.look_at(library, change);
    finding.is_some() || places.originals + places.unseen > 0
}

impl PlacedFiles {
    /// Whether the folder and the disk of a change are there; otherwise counts its files.
    fn is_here(&mut self, files: &JobFiles<'_>, change: &Change) -> bool {
        let path = change.path();
        match files.is_elsewhere(&path) {
            Ok(false) => return true,
            Ok(true) => {
                self.elsewhere += match change {
                    Change::Output(_) => 1,
                    Change::Names(moves) => moves.files().len() as u64,
                };
            }
            Err(error) => self.unseen(&path, &error),
        }
        false
    }

    fn look(&mut self, library: &Library, placement: &Placement) -> Option<Finding> {
        let mut is_back = false;
        match library.content(&placement.target) {
            Ok(found) if found == Some(placement.new) => self.outputs += 1,
            // A file that did not exist before does not exist again.
            Ok(found) if found == placement.old => {
                self.put_back += 1;
                is_back = true;
            }
            Ok(_) => self.changed += 1,
            Err(error) => self.unseen(&placement.target, &error),
        }
        let trash = placement.trash.as_ref()?;
        match library.content(trash) {
            Err(error) => self.unseen(trash, &error),
            Ok(None) if is_back => {}
            Ok(None) => self.emptied += 1,
            Ok(found) if found == placement.old && is_back => self.copies += 1,
            Ok(found) if found == placement.old => self.originals += 1,
            Ok(Some(_)) => {
                let what = format!(
                    "{}: this file in the trash is not the original of {}",
                    trash.shown(),
                    placement.target.shown()
                );
                return Some(Finding { what, remedy: Remedy::Restore });
            }
        }
        None
    }

    /// Looks at what an undo did: it moved an output to its own trash. The file that it put back counts for the other job.
    fn look_at_undone(&mut self, library: &Library, change: &Change) {
        let Change::Output(Placement { trash: Some(trash), .. }) = change else { return };
        match library.content(trash) {
            Ok(found) => self.taken_out += u64::from(found.is_some()),
            Err(error) => self.unseen(trash, &error),
        }
    }

    fn look_at(&mut self, library: &Library, change: &Change) -> Option<Finding> {
        match change {
            Change::Output(placement) => self.look(library, placement),
            Change::Names(moves) => {
                moves.files().iter().for_each(|moved| self.look_for(library, moved));
                None
            }
        }
    }

    /// Looks whether a file is where it was moved to: to another name, or into the trash.
    fn look_for(&mut self, library: &Library, moved: &Moved) {
        let seen = |opened: OpenFile| (opened.size(), opened.mtime_ns());
        let found = match moved.is_removed() {
            true => library.open_trashed(&moved.to).map(seen),
            false => library.size_and_time(&moved.to),
        };
        let is_same = |found: (u64, i64)| found == (moved.file.size, moved.file.mtime_ns);
        let is_back = || match moved.is_output() {
            true => Ok(false),
            false => library.size_and_time(&moved.from).known().map(|found| found.is_some_and(is_same)),
        };
        match (found.known(), moved.is_removed()) {
            (Ok(Some(found)), true) if is_same(found) => self.originals += 1,
            (Ok(Some(found)), false) if is_same(found) => self.outputs += 1,
            (Ok(_), is_removed) => match is_back() {
                Ok(true) => self.put_back += 1,
                Ok(false) if is_removed => self.emptied += 1,
                Ok(false) => self.changed += 1,
                Err(error) => self.unseen(&moved.from, &error),
            },
            (Err(error), _) => self.unseen(&moved.to, &error),
        }
    }

    fn unseen(&mut self, path: &RelPath, error: &std::io::Error) {
        self.unseen += 1;
        tracing::warn!(path = path.shown(), %error, "a file cannot be read");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Digest;

    #[test]
    fn only_what_there_is_is_told_with_one_and_with_many() {
        let places = PlacedFiles { outputs: 1, originals: 2, unseen: 1, ..PlacedFiles::default() };
        let told = "1 output is as it was put into place, 2 originals are in a trash, 1 file could not be read";
        assert_eq!(places.to_string(), told);
        assert_eq!(PlacedFiles::default().to_string(), "no job has put a file into place");
    }

    #[test]
    fn a_trash_might_have_the_only_copy_while_the_original_is_not_in_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        let content = |name: &str| library.content(&path(name)).expect("it can be read").expect("a file");
        let (was, becomes): (Digest, Digest) = ["was", "becomes"]
            .map(|text| {
                write(text, text);
                content(text)
            })
            .into();
        let change = Change::Output(Placement {
            temp: path("temp"),
            target: path("target"),
            trash: Some(path("trash")),
            old: Some(was),
            new: becomes,
        });
        write("target", "becomes");
        write("temp", "was");
        assert!(might_be_the_only_copy(&library, &change), "it is under its temporary name");
        std::fs::remove_file(folder.path().join("temp")).expect("a file");
        assert!(!might_be_the_only_copy(&library, &change), "nothing is in the trash");
        write("trash", "was");
        assert!(might_be_the_only_copy(&library, &change));
        write("target", "was");
        assert!(!might_be_the_only_copy(&library, &change), "it is in its place again");
        write("trash", "another");
        assert!(might_be_the_only_copy(&library, &change), "nobody knows what that is");
    }
}
