//! Finds Headway's own names in a library, to detect those that nothing owns any more.

use std::io;
use std::os::unix::ffi::OsStrExt;

use super::folder_calls::FolderCalls;
use super::found::is_absent;
use super::kind_of_entry::is_folder;
use super::mirror_folder::UNMADE;
use super::temporary::item_number;
use super::trash::TRASH;
use super::{Library, probe::PROBE};
use headway_model::path::{RESERVED, is_reserved};
use headway_model::{JobId, PlannedFile, RelPath};

/// Length of a job id in characters.
const ID: usize = 36;

/// One of Headway's own names that can be left over. A trash is not one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnName {
    /// Its path.
    pub path: RelPath,
    /// What created it.
    pub maker: Maker,
}

/// What created one of Headway's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// An attempt of a job: a temporary file, or the folder in which a program made an output.
    Attempt {
        /// The job.
        job: JobId,
        /// The number of its item.
        item: u32,
    },
    /// A process that emptied the trash of this job: what is left of the trash.
    Emptying(JobId),
    /// A server that probed what the file system can do.
    Probe,
    /// An attempt that was making a folder; this is empty.
    Folder,
    /// Nothing that this version knows.
    Unknown,
}

impl Library {
    /// All of Headway's own names outside the trashes, what is left of trashes that were being emptied, and the folders
    /// that could not be read. The folders `apart` are left out, with all below them. `progress` is called with the number of
    /// folders. Blocking.
    ///
    /// # Errors
    /// If the root cannot be read.
    pub fn own_names(
        &self,
        apart: &[RelPath],
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<(Vec<OwnName>, Vec<RelPath>)> {
        let (mut found, mut unread, mut count) = (Vec::new(), Vec::new(), 0);
        if apart.iter().any(RelPath::is_root) {
            return Ok((found, unread));
        }
        let mut folders = vec![RelPath::default()];
        while let Some(folder) = folders.pop() {
            count += 1;
            progress(count);
            match self.own_names_in(&folder, &mut found) {
                Ok(below) => folders.extend(below.into_iter().filter(|below| !apart.contains(below))),
                Err(error) if folder.is_root() => return Err(error),
                // It went away while the others were read.
                Err(error) if is_absent(&error) && self.reach().is_ok() => {}
                Err(_) => unread.push(folder),
            }
        }
        match self.emptying() {
            Ok(left) => found.extend(left.into_iter().map(|(path, job)| OwnName { path, maker: Maker::Emptying(job) })),
            Err(_) => unread.extend(TRASH.parse()),
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        unread.sort();
        Ok((found, unread))
    }

    /// Headway's own names in this folder, not below it; none if it is not there. Blocking.
    ///
    /// # Errors
    /// The system's error: then they are not known.
    pub fn own_names_at(&self, folder: &RelPath) -> io::Result<Vec<OwnName>> {
        let mut found = Vec::new();
        match self.own_names_in(folder, &mut found) {
            Err(error) if is_absent(&error) && self.reach().is_ok() => Ok(Vec::new()),
            looked => looked.map(|_| found),
        }
    }

    /// Looks in one folder; returns its subfolders.
    fn own_names_in(&self, folder: &RelPath, found: &mut Vec<OwnName>) -> io::Result<Vec<RelPath>> {
        let mut below = Vec::new();
        let dir = self.folder(folder)?;
        for entry in dir.list()? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.as_bytes();
            let Ok(path) = folder.join(name) else { continue };
            if is_reserved(name) {
                if !name.eq_ignore_ascii_case(TRASH.as_bytes()) {
                    found.push(OwnName { path, maker: maker(name) });
                }
            } else if is_folder(&dir, &entry).known()?.unwrap_or(false) {
                below.push(path);
            }
        }
        Ok(below)
    }

    /// Removes one of these. If an attempt made it, `input` is the file of its item, which is put back if the attempt's program
    /// moved it there. Blocking.
    ///
    /// # Errors
    /// Errors of the file system; [`io::ErrorKind::InvalidInput`] if it is not one of Headway's own names. If `input` is gone and
    /// might be there, nothing is removed.
    pub fn remove_own(&self, own: &OwnName, input: Option<&PlannedFile>) -> io::Result<()> {
        match own.maker {
            Maker::Attempt { .. } => {
                if self.find(&own.path).known()?.is_some_and(|found| found.is_dir()) {
                    self.rescue_input(&own.path, input)?;
                }
                self.remove_temp(&own.path)
            }
            Maker::Probe => self.remove_temp(&own.path),
            Maker::Folder => self.remove_unmade(&own.path),
            Maker::Emptying(_) => self.remove_emptying(&own.path),
            Maker::Unknown => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not known what made it")),
        }
    }
}

fn maker(name: &[u8]) -> Maker {
    if name.starts_with(PROBE.as_bytes()) {
        return Maker::Probe;
    }
    if name.starts_with(UNMADE.as_bytes()) {
        return Maker::Folder;
    }
    // `.headway-JOB-ITEM-ATTEMPT`, with an extension or without.
    let rest = name.strip_prefix(RESERVED.as_bytes()).and_then(|rest| rest.split_at_checked(ID));
    let Some((id, rest)) = rest else { return Maker::Unknown };
    let job = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
    let item = rest.strip_prefix(b"-").and_then(item_number);
    job.zip(item).map_or(Maker::Unknown, |(job, item)| Maker::Attempt { job, item })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_recognised_by_their_maker_and_a_trash_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = JobId::mint(1, [1; 10]);
        let temp = format!("sub/.headway-{job}-3-1.jpg");
        let workshop = format!("sub/.headway-{job}-4-1~");
        let emptying = format!(".headway-trash/emptying-{job}");
        for made in [&workshop, ".headway-trash/x", &emptying, ".headway-folder-1", "plain"] {
            std::fs::create_dir_all(folder.path().join(made)).expect("a folder");
        }
        for made in [
            &temp,
            &format!("{workshop}/.headway-inside"),
            ".headway-probe-7-1",
            ".headway-notes",
            "sub/file",
            &format!("{emptying}/0-1"),
        ] {
            std::fs::write(folder.path().join(made), "x").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let (found, unread) = library.own_names(&[], &mut |_| {}).expect("a folder");
        let told: Vec<_> = found.iter().map(|own| (own.path.as_str(), own.maker)).collect();
        assert_eq!(
            told,
            [
                (".headway-folder-1", Maker::Folder),
                (".headway-notes", Maker::Unknown),
                (".headway-probe-7-1", Maker::Probe),
                (emptying.as_str(), Maker::Emptying(job)),
                (temp.as_str(), Maker::Attempt { job, item: 3 }),
                (workshop.as_str(), Maker::Attempt { job, item: 4 }),
            ]
        );
        assert!(unread.is_empty());
        let removed: Vec<_> = found.iter().map(|own| library.remove_own(own, None).is_ok()).collect();
        assert_eq!(removed, [true, false, true, true, true, true]);
        assert!(folder.path().join(".headway-trash/x").is_dir());
        assert_eq!(library.own_names(&[], &mut |_| {}).expect("a folder").0.len(), 1);
    }

    #[test]
    fn a_folder_apart_is_left_out_and_every_other_one_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        for made in ["a/b", "c"] {
            std::fs::create_dir_all(folder.path().join(made)).expect("a folder");
        }
        for made in [".headway-one", "a/.headway-two", "a/b/.headway-three"] {
            std::fs::write(folder.path().join(made), "x").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let looked = |apart: &[&str]| {
            let apart: Vec<RelPath> = apart.iter().map(|path| path.parse().expect("a path")).collect();
            let mut last = 0;
            let found = library.own_names(&apart, &mut |count| last = count).expect("a folder").0;
            (found.len(), last)
        };
        assert_eq!(looked(&[]), (3, 4));
        assert_eq!(looked(&["a/b"]), (2, 3));
        assert_eq!(looked(&["a", "nowhere"]), (1, 2));
        assert_eq!(looked(&[""]), (0, 0));
    }
}
