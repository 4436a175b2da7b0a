//! Empties the trash of a job. It begins by renaming its folder in one step, so that no file can be taken back from a trash
//! that is being emptied.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;

use super::calls::renameat;
use super::folder_calls::FolderCalls;
use super::trash::{TRASH, Trashed};
use super::{Found, Library, sync};
use headway_model::{JobId, RelPath};

/// The prefix of the folder of a trash that is being emptied.
const EMPTYING: &str = "emptying-";

impl Library {
    /// How much is left of the trash of a job that a process began to empty; an error if it cannot be read.
    pub fn half_emptied(&self, job: JobId) -> io::Result<Trashed> {
        self.held_in(&format!("{EMPTYING}{job}"))
    }

    /// The folders of trashes that a process began to empty, with their jobs: they hold nothing that an undo could put back.
    pub(super) fn emptying(&self) -> io::Result<Vec<(RelPath, JobId)>> {
        let mut found = Vec::new();
        for top in self.tops()? {
            let trash = top.join(TRASH.as_bytes()).map_err(io::Error::other)?;
            for entry in Found::of(self.folder(&trash).and_then(|dir| dir.list())).known()?.into_iter().flatten() {
                let name = entry?.file_name();
                if let Some(job) = name.to_str().and_then(being_emptied) {
                    found.push((trash.join(name.as_bytes()).map_err(io::Error::other)?, job));
                }
            }
        }
        Ok(found)
    }

    /// Removes what is left of such a folder.
    pub(super) fn remove_emptying(&self, path: &RelPath) -> io::Result<()> {
        let trash = self.folder(&path.parent().unwrap_or_default())?;
        remove_leaving(&trash, path.name(), &mut Trashed::default())
    }

    /// Permanently deletes the trash of a job; returns how much was in it. On an absent disk the trash stays.
    pub fn empty_trash(&self, job: JobId) -> io::Result<Trashed> {
        let mut gone = Trashed::default();
        for folder in self.trash_folders_that_are_there()? {
            let leaving = format!("{EMPTYING}{job}");
            // What a process that died left of it would be in the way.
            remove_leaving(&folder, &leaving, &mut gone)?;
            if Found::of(renameat(&folder, &*job.to_string(), &folder, &*leaving).map_err(Into::into))
                .known()?
                .is_some()
            {
                sync(&folder)?;
            }
            remove_leaving(&folder, &leaving, &mut gone)?;
        }
        Ok(gone)
    }

    /// The jobs whose trash a process that died was emptying.
    pub fn half_emptied_jobs(&self) -> io::Result<BTreeSet<JobId>> {
        let mut found = BTreeSet::new();
        for folder in self.trash_folders_that_are_there()? {
            for entry in folder.list()? {
                found.extend(entry?.file_name().to_str().and_then(being_emptied));
            }
        }
        Ok(found)
    }

    /// Ends what a process that died was emptying of the trash of a job.
    pub fn end_emptying(&self, job: JobId) -> io::Result<Trashed> {
        let mut gone = Trashed::default();
        for folder in self.trash_folders_that_are_there()? {
            remove_leaving(&folder, &format!("{EMPTYING}{job}"), &mut gone)?;
        }
        Ok(gone)
    }
}

/// Removes what is left of a trash that is being emptied. Two threads can do so at the same time.
fn remove_leaving(folder: &Dir, leaving: &str, gone: &mut Trashed) -> io::Result<()> {
    let Some(inside) = Found::of(folder.enter(leaving)).known()? else { return Ok(()) };
    for file in Found::of(inside.list()).known()?.into_iter().flatten() {
        let file = file?;
        gone.add(&file)?;
        Found::of(inside.remove_name(file.file_name())).known()?;
    }
    Found::of(folder.remove_folder(leaving)).known()?;
    sync(folder)
}

/// The job whose half-emptied trash has this name.
fn being_emptied(name: &str) -> Option<JobId> {
    name.strip_prefix(EMPTYING)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_half_emptied_trash_of_a_dead_process_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let [half, whole] = [1, 2].map(|number| JobId::mint(number, [1; 10]));
        for name in [format!("{EMPTYING}{half}/0-1"), format!("{whole}/0-1"), "emptying-notes/mine".to_owned()] {
            let path = folder.path().join(TRASH).join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "original").expect("a file");
        }
        let held = |job| [library.trashed(job), library.half_emptied(job)].map(|held| held.expect("a folder").files);
        assert_eq!((held(half), held(whole)), ([0, 1], [1, 0]));
        assert_eq!(library.emptying().expect("a folder").iter().map(|(_, job)| *job).collect::<Vec<_>>(), [half]);
        assert_eq!(library.half_emptied_jobs().expect("a folder").into_iter().collect::<Vec<_>>(), [half]);
        assert_eq!(library.end_emptying(half).expect("a folder"), Trashed { files: 1, bytes: 8 });
        assert_eq!(held(half), [0, 0]);
        let mut left: Vec<_> = std::fs::read_dir(folder.path().join(TRASH))
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        left.sort();
        assert_eq!(left, [whole.to_string(), "emptying-notes".to_owned()].map(std::ffi::OsString::from));
        assert_eq!(library.end_emptying(half).expect("a folder"), Trashed::default());
        assert!(library.half_emptied_jobs().expect("a folder").is_empty());
    }
}
