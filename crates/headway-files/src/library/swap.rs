//! Swaps an output for its original: in one step where the file system can, so that the name is never empty and
//! nobody ever sees a half-written file. If the process dies on the way, `recover_placement.rs` finds out how far it got.

use std::io;

use rustix::io::Errno;

use super::folder_calls::FolderCalls;
use super::placement::Placement;
use super::rename::FolderEntry;
use super::{FileStamp, Found, Library, OpenFile, fails, fault, on_disk};
use headway_model::{RelPath, SkipReason};

/// The three names of a placement, with everything open that its steps need. It is made before the placement is
/// recorded, so that a shortage of descriptors or memory shows while there is nothing to take back.
pub struct OpenPlacement {
    temp: FolderEntry,
    target: FolderEntry,
    trash: Option<FolderEntry>,
}

impl Library {
    /// Whether a file is still at its path and unchanged since it was opened; an error if that is not known.
    pub fn is_still(&self, path: &RelPath, opened: &OpenFile) -> io::Result<bool> {
        let is_unchanged = opened.is_unchanged()?;
        let found = self.find(path).known()?;
        Ok(is_unchanged && found.is_some_and(|found| FileStamp::of(&found).is_unchanged(&opened.stamp)))
    }

    /// Whether a file is still at its path and unchanged, although its other names might change in the meantime. That
    /// changes the ctime of its inode, but not its content.
    pub fn is_still_whatever_its_names(&self, path: &RelPath, opened: &OpenFile) -> io::Result<bool> {
        let found = self.find(path).known()?;
        Ok(found.is_some_and(|found| FileStamp::of(&found).is_same_file(&opened.stamp)))
    }

    /// Opens what a placement needs.
    pub fn open_placement(&self, placement: &Placement) -> io::Result<OpenPlacement> {
        Ok(OpenPlacement {
            temp: self.at(&placement.temp)?,
            target: self.at(&placement.target)?,
            trash: placement.trash.as_ref().map(|trash| self.at(trash)).transpose()?,
        })
    }

    /// Puts the output into place. `original` is the file to be replaced, as it was read. If it returns a reason to
    /// skip, the output is removed and nothing else has changed.
    pub fn place(
        &self,
        placement: &Placement,
        opened: &OpenPlacement,
        original: &OpenFile,
    ) -> io::Result<Result<(), SkipReason>> {
        let OpenPlacement { temp, target, trash } = opened;
        let taken = match trash {
            None => match temp.rename_new(target) {
                Ok(()) => Ok(()),
                Err(Errno::EXIST) => Err(SkipReason::Collision),
                Err(error) => return Err(error.into()),
            },
            Some(trash) => swap(temp, target, trash, original)?,
        };
        if let Err(reason) = taken {
            self.removed(&placement.temp, temp.remove().map_err(io::Error::from));
            return Ok(Err(reason));
        }
        fault("placed");
        for changed in [target].into_iter().chain(trash) {
            changed.sync()?;
        }
        fault("synced");
        Ok(Ok(()))
    }

    /// Moves a file into a trash, to a name that is free there.
    pub fn move_to_trash(&self, path: &RelPath, trash: &RelPath) -> io::Result<()> {
        let (from, to) = (self.at(path)?, self.at(trash)?);
        from.rename_new(&to)?;
        from.sync()?;
        to.sync()
    }

    pub(super) fn at(&self, path: &RelPath) -> io::Result<FolderEntry> {
        let dir = self.folder(&path.parent().unwrap_or_default())?;
        FolderEntry::new(dir, on_disk(path).file_name().unwrap_or_default().to_owned())
    }
}

/// How a swap ended. If there is a reason to skip, nothing has changed.
type Swapped = Result<(), SkipReason>;

/// Gives the output the name of its original, which ends up in the trash. If it returns a reason to skip, nothing has
/// changed.
fn swap(temp: &FolderEntry, target: &FolderEntry, trash: &FolderEntry, original: &OpenFile) -> io::Result<Swapped> {
    for way in [by_exchange, by_second_name] {
        if let Some(swapped) = way(temp, target, trash, original)? {
            return Ok(swapped);
        }
    }
    by_two_moves(temp, target, trash, original)
}

/// Whether a file other than the original has this name. Somebody might have put it there since the last look; then
/// it stays.
fn is_theirs(at: &FolderEntry, original: &OpenFile) -> io::Result<bool> {
    Ok(!stamp(at)?.is_same_file(&original.stamp))
}

fn stamp(at: &FolderEntry) -> io::Result<FileStamp> {
    Ok(FileStamp::of(&at.dir.look_at(&at.name)?))
}

/// Swaps by exchanging the two names; `None` if this file system cannot.
fn by_exchange(
    temp: &FolderEntry,
    target: &FolderEntry,
    trash: &FolderEntry,
    original: &OpenFile,
) -> io::Result<Option<Swapped>> {
    let output = stamp(temp)?;
    match unless_missing(target, temp.exchange(target))? {
        None => return Ok(Some(Err(SkipReason::Missing))),
        Some(false) => return Ok(None),
        Some(true) => {}
    }
    fault("exchanged");
    if fails("exchanged") {
        return Err(Errno::IO.into());
    }
    if is_theirs(temp, original)? {
        temp.exchange(target)?;
        // The caller removes what has come back, so it must be the output: somebody might have put another file there
        // between the two exchanges.
        if !stamp(temp)?.is_same_file(&output) {
            return Err(io::Error::other("another program changed it twice in the same moment"));
        }
        return Ok(Some(Err(SkipReason::Changed)));
    }
    taken_back(temp.rename_new(trash), || temp.exchange(target).map(drop))?;
    Ok(Some(Ok(())))
}

/// Takes the first step of a swap back if the second one failed, so that the file is what it was. If that fails too, the
/// disk is looked at later. Either way, the error is that of the second step.
fn taken_back(second: Result<(), Errno>, back: impl FnOnce() -> Result<(), Errno>) -> io::Result<()> {
    second.map_err(|error| {
        if let Err(stays) = back() {
            tracing::debug!(%error, %stays, "a swap that failed could not be taken back");
        }
        error.into()
    })
}

/// Swaps by a second name; `None` if this file system cannot. Another program's file could be lost between the last
/// look and the rename, so nothing slow comes between them.
fn by_second_name(
    temp: &FolderEntry,
    target: &FolderEntry,
    trash: &FolderEntry,
    original: &OpenFile,
) -> io::Result<Option<Swapped>> {
    match unless_missing(target, target.link(trash))? {
        None => return Ok(Some(Err(SkipReason::Missing))),
        Some(false) => return Ok(None),
        Some(true) => {}
    }
    fault("linked");
    trash.sync()?;
    if is_theirs(trash, original)? || is_theirs(target, original)? {
        trash.remove()?;
        return Ok(Some(Err(SkipReason::Changed)));
    }
    taken_back(temp.rename_over(target), || trash.remove())?;
    Ok(Some(Ok(())))
}

/// Swaps by two moves, which every file system can do. For a moment nothing has the name.
fn by_two_moves(
    temp: &FolderEntry,
    target: &FolderEntry,
    trash: &FolderEntry,
    original: &OpenFile,
) -> io::Result<Swapped> {
    // Only this attempt uses the name in the trash.
    let Some(()) = unless_missing(target, target.rename_over(trash))? else { return Ok(Err(SkipReason::Missing)) };
    fault("moved");
    if is_theirs(trash, original)? {
        trash.rename_new(target)?;
        return Ok(Err(SkipReason::Changed));
    }
    trash.sync()?;
    taken_back(temp.rename_new(target), || trash.rename_new(target))?;
    Ok(Ok(()))
}

/// Returns `None` if the original is missing. A call with two names does not say which of them is missing, so this
/// looks at the original.
fn unless_missing<T>(target: &FolderEntry, done: Result<T, Errno>) -> io::Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(Errno::NOENT) => match Found::of(target.dir.look_at(&target.name)).known()? {
            None => Ok(None),
            Some(_) => Err(Errno::NOENT.into()),
        },
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::fault::MEANWHILE;
    use headway_model::PlannedFile;

    /// An original, its output, and a name in the trash.
    fn three(library: &Library) -> (OpenFile, [FolderEntry; 3]) {
        for (name, content) in [("file", "original"), ("temp", "output")] {
            std::fs::write(library.path.join(name), content).expect("a file");
        }
        std::fs::create_dir(library.path.join("trash")).expect("a folder");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let (size, mtime_ns) = library.size_and_time(&path("file")).known().expect("known").expect("there");
        let planned = PlannedFile { path: path("file"), size, mtime_ns, rerun: None, becomes: None };
        let original = library.open_file(&planned).unwrap_or_else(|_| panic!("it can be opened"));
        (original, ["temp", "file", "trash/file"].map(|name| library.at(&path(name)).expect("a folder")))
    }

    /// Another program's file takes the name at this point.
    fn meanwhile(library: &Library, point: &'static str) {
        let (theirs, target) = (library.path.join("theirs"), library.path.join("file"));
        MEANWHILE.set(Some(Box::new(move |at| {
            if at == point {
                std::fs::write(&theirs, "theirs").and_then(|()| std::fs::rename(&theirs, &target)).expect("a file");
            }
        })));
    }

    fn library() -> (tempfile::TempDir, Library) {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        (folder, library)
    }

    #[test]
    fn a_file_that_comes_between_two_exchanges_is_never_taken_for_the_output() {
        let (_folder, library) = library();
        let (original, [temp, target, trash]) = three(&library);
        let first = library.path.join("first");
        std::fs::write(&first, "first")
            .and_then(|()| std::fs::rename(&first, library.path.join("file")))
            .expect("a file");
        meanwhile(&library, "exchanged");
        let swapped = by_exchange(&temp, &target, &trash, &original);
        MEANWHILE.set(None);
        assert!(swapped.is_err(), "the caller would remove what lies under the temporary name");
        let content = |name: &str| std::fs::read_to_string(library.path.join(name)).expect("a file");
        assert_eq!((content("file"), content("temp")), ("first".into(), "theirs".into()));
    }

    type SwapMethod = fn(&FolderEntry, &FolderEntry, &FolderEntry, &OpenFile) -> io::Result<Option<Swapped>>;

    #[test]
    fn an_original_is_missing_only_if_it_is_not_there_and_a_swap_that_fails_is_taken_back() {
        let ways: [SwapMethod; 3] = [by_exchange, by_second_name, |temp, target, trash, original| {
            by_two_moves(temp, target, trash, original).map(Some)
        }];
        for (way, swap) in ways.into_iter().enumerate() {
            for gone in ["file", "temp", "trash"] {
                let (folder, library) = library();
                let (original, [temp, target, trash]) = three(&library);
                let path = folder.path().join(gone);
                std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir(&path)).expect("it goes");
                match swap(&temp, &target, &trash, &original) {
                    Ok(swapped) => assert_eq!((swapped, gone), (Some(Err(SkipReason::Missing)), "file"), "{way}"),
                    Err(error) => {
                        assert_eq!((error.kind(), gone == "file"), (io::ErrorKind::NotFound, false), "{way}: {gone}");
                        assert_eq!(std::fs::read(folder.path().join("file")).expect("the original"), b"original");
                    }
                }
            }
        }
    }

    #[test]
    fn a_file_that_comes_after_the_second_name_is_not_overwritten() {
        let (_folder, library) = library();
        let (original, [temp, target, trash]) = three(&library);
        meanwhile(&library, "linked");
        let swapped = by_second_name(&temp, &target, &trash, &original).expect("it can be looked at");
        MEANWHILE.set(None);
        assert_eq!(swapped, Some(Err(SkipReason::Changed)));
        assert_eq!(std::fs::read_to_string(library.path.join("file")).expect("a file"), "theirs");
        assert!(!library.path.join("trash/file").try_exists().expect("known"));
    }
}
