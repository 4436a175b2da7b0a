//! The folder in which a program makes an output. Anything else that the program writes there is removed with the
//! attempt and never lands among the user's files.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Mode};

use super::calls::{mkdirat, renameat, statat};
use super::fault::fault;
use super::folder_calls::FolderCalls;
use super::{Found, Library, Staged, on_disk};
use crate::data_folder::remove_tree;
use headway_model::RelPath;

/// A private folder of one attempt, on the file system of its output. When dropped, it is removed with everything in
/// it.
pub struct Workshop<'a> {
    library: &'a Library,
    /// The folder.
    path: RelPath,
    staged: &'a Staged,
    dir: Dir,
    /// The output's final name, which it also has in this folder, because many programs choose a format by the name.
    name: OsString,
    /// Whether the folder stays, because an input lies in it that cannot be put back.
    is_kept: bool,
}

impl Library {
    /// Creates the folder for an output.
    ///
    /// # Errors
    /// The system's error.
    pub fn workshop<'a>(&'a self, staged: &'a Staged) -> io::Result<Workshop<'a>> {
        let name = staged.workshop_name();
        let path = staged.temp.parent().unwrap_or_default().join(name.as_bytes()).map_err(io::Error::other)?;
        mkdirat(staged.folder(), &name, Mode::RWXU)?;
        fault("made a folder for an output");
        let opened = staged.folder().enter(&name);
        // A folder that was created and cannot be used is removed now, or as soon as possible.
        let dir = opened.inspect_err(|_| self.removed_from(staged.disk(), &path, self.remove_temp(&path)))?;
        let name = on_disk(&staged.target).file_name().unwrap_or_default().to_owned();
        Ok(Workshop { library: self, path, staged, dir, name, is_kept: false })
    }
}

impl Workshop<'_> {
    /// The path to which the program is to write the output.
    pub fn output(&self) -> PathBuf {
        self.library.absolute(&self.path).join(&self.name)
    }

    /// The path of the folder in its library.
    pub fn path(&self) -> &RelPath {
        &self.path
    }

    pub(super) fn library(&self) -> &Library {
        self.library
    }

    pub(super) fn staged(&self) -> &Staged {
        self.staged
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Leaves the folder where it is when this is dropped.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
        self.library.keeps(self.path.clone());
    }

    /// Moves the output to where it is [staged](Staged::path). Anything but a regular file stays, and is removed with
    /// the folder.
    ///
    /// # Errors
    /// Errors of the file system. A missing output is not an error.
    pub fn hand_over(&self) -> io::Result<()> {
        let found = statat(&self.dir, &self.name, AtFlags::SYMLINK_NOFOLLOW).map_err(Into::into);
        match Found::of(found).known()? {
            Some(found) if FileType::from_raw_mode(found.st_mode) == FileType::RegularFile => {
                Ok(renameat(&self.dir, &self.name, self.staged.folder(), &self.staged.name())?)
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Workshop<'_> {
    fn drop(&mut self) {
        // After a panic nobody has looked whether the program's input lies here. `doctor` finds the folder.
        if !self.is_kept && !std::thread::panicking() {
            self.library.removed_from(self.staged.disk(), &self.path, self.staged.remove_workshop());
        }
    }
}

impl Staged {
    fn workshop_name(&self) -> OsString {
        let mut name = self.name();
        name.push("~");
        name
    }

    /// Removes the folder in which a program makes this output, also if the folder above it has another name by now, or its disk is
    /// no longer mounted there. The program might have put something else in its place.
    fn remove_workshop(&self) -> io::Result<()> {
        let (above, name) = (self.folder(), self.workshop_name());
        match Found::of(above.look_at(&name)).known()? {
            None => Ok(()),
            Some(found) if found.is_dir() => remove_tree(&above.lasting_path()?.join(name)),
            Some(_) => above.remove_name(&name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::MEANWHILE;
    use crate::Library;
    use headway_model::{JobId, RelPath};

    #[test]
    fn only_the_output_comes_out_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let target = RelPath::from_bytes(b"photo.jpg").expect("a path");
        for is_made in [true, false] {
            let staged = library.stage(&target, target.clone(), JobId::mint(1, [1; 10]), 0, 1).expect("a name");
            let workshop = library.workshop(&staged).expect("a folder");
            let output = workshop.output();
            assert_eq!(output.file_name().and_then(|name| name.to_str()), Some("photo.jpg"));
            std::fs::create_dir(output.with_extension("d")).expect("a folder");
            std::fs::write(output.with_extension("log"), "more").expect("a file");
            if is_made {
                std::fs::write(&output, "the output").expect("a file");
            }
            workshop.hand_over().expect("a move");
            drop(workshop);
            let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
            assert_eq!(left.len(), usize::from(is_made), "{left:?}");
            assert_eq!(staged.path.exists(), is_made);
            library.discard(&staged);
        }
    }

    #[test]
    fn a_folder_that_was_made_and_cannot_be_opened_does_not_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let target = RelPath::from_bytes(b"photo.jpg").expect("a path");
        let staged = library.stage(&target, target.clone(), JobId::mint(1, [1; 10]), 0, 1).expect("a name");
        let place = folder.path().to_owned();
        let replace = move |_: &str| {
            let made = std::fs::read_dir(&place).expect("a folder").flatten().next().expect("a folder in it").path();
            std::fs::remove_dir(&made).expect("an empty folder");
            std::fs::write(&made, "no folder").expect("a file");
        };
        MEANWHILE.set(Some(Box::new(replace)));
        assert!(library.workshop(&staged).is_err());
        MEANWHILE.set(None);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn it_is_removed_whatever_a_program_put_in_its_place_and_whatever_its_folder_is_called_now() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("files");
        std::fs::create_dir(&root).expect("a folder");
        let library = Library::open("files", &root).expect("a library");
        let target = RelPath::from_bytes(b"photo.jpg").expect("a path");
        let job = JobId::mint(1, [1; 10]);
        let is_empty = || std::fs::read_dir(&root).expect("a folder").next().is_none();
        let place = |workshop: &super::Workshop<'_>| workshop.output().parent().expect("a folder").to_owned();

        let staged = library.stage(&target, target.clone(), job, 0, 1).expect("a name");
        let workshop = library.workshop(&staged).expect("a folder");
        let replaced = place(&workshop);
        std::fs::remove_dir(&replaced).expect("a folder");
        std::os::unix::fs::symlink("elsewhere", &replaced).expect("a link");
        drop(workshop);
        assert!(is_empty(), "a link in its place");

        let staged = library.stage(&target, target.clone(), job, 0, 2).expect("a name");
        let workshop = library.workshop(&staged).expect("a folder");
        let blocked = place(&workshop);
        // A removal that was cut short.
        let mut beside = blocked.file_name().expect("a name").to_owned();
        beside.push("~");
        std::fs::create_dir_all(root.join(beside).join("0/inside")).expect("folders");
        std::fs::create_dir_all(blocked.join("more/below")).expect("folders");
        drop(workshop);
        assert!(is_empty(), "what an earlier removal left beside it");

        let staged = library.stage(&target, target.clone(), job, 0, 3).expect("a name");
        let workshop = library.workshop(&staged).expect("a folder");
        std::fs::write(workshop.output(), "half").expect("a file");
        let away = folder.path().join("away");
        std::fs::rename(&root, &away).expect("a rename");
        drop(workshop);
        assert!(std::fs::read_dir(&away).expect("a folder").next().is_none(), "the folder above it has another name");
    }
}
