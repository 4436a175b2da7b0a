//! The input of a program that moved or removed it, although it was only to be read. What lies in the folder of an output is
//! removed with the attempt, so the input is put back first.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cap_std::fs::{Dir, Metadata};
use rustix::io::Errno;

use super::calls::fstat;
use super::folder_calls::FolderCalls;
use super::open_file::FileStamp;
use super::rename::FolderEntry;
use super::workshop::Workshop;
use super::{Library, OpenFile, on_disk};
use headway_model::RelPath;

/// How many names beside its own an input is offered.
const NAMES_BESIDE: u32 = 100;

impl Workshop<'_> {
    /// Puts the input back under `path`, its name, if the program moved it into this folder, or removed it: while it is open,
    /// its content is there. If another file has its name by now, the input gets a name beside it, such as
    /// `photo.jpg.original`. Returns the name that it has now; `None` if nothing was to be done.
    ///
    /// # Errors
    /// The system's error. Then this folder stays with everything in it: [`Workshop::path`].
    pub fn give_back(&mut self, input: &OpenFile, path: &RelPath) -> io::Result<Option<RelPath>> {
        let given = self.look_and_give_back(input, path);
        if given.is_err() {
            self.keep();
        }
        given
    }

    fn look_and_give_back(&self, input: &OpenFile, path: &RelPath) -> io::Result<Option<RelPath>> {
        let at_its_name = self.library().find(path).known()?.map(|found| identity(&found));
        if at_its_name == Some(input.identity()) {
            return Ok(None);
        }
        match found_below(self.dir(), |found| identity(found) == input.identity())? {
            Some(away) => self.put_back_moved(&away, path).map(Some),
            None if at_its_name.is_none() && fstat(&input.file)?.st_nlink == 0 => {
                let copy = self.library().stage_beside(path, self.staged())?;
                copy.fill_from(input, |_| true)?;
                let at = |name| FolderEntry::new(copy.folder().try_clone()?, name);
                put_back(&at(copy.name())?, path, |name| at(file_name(name))).map(Some)
            }
            // It is elsewhere, where the command wanted it.
            None => Ok(None),
        }
    }

    /// Puts the input back from this folder: where it was, or where its folder is now, or in a new folder of that name.
    fn put_back_moved(&self, away: &FolderEntry, path: &RelPath) -> io::Result<RelPath> {
        let library = self.library();
        let is_gone =
            |given: &io::Result<RelPath>| given.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let mut given = put_back(away, path, |name| library.at(name));
        if is_gone(&given) && self.is_beside(path) {
            let folder = self.staged().folder();
            let beside = |name: &RelPath| FolderEntry::new(folder.try_clone()?, file_name(name));
            given = put_back(away, path, beside)
                .and_then(|name| library.path_below(&folder.present_path()?.join(file_name(&name))));
        }
        if is_gone(&given) {
            library.make_folder(&path.parent().unwrap_or_default(), None)?;
            given = put_back(away, path, |name| library.at(name));
        }
        given
    }

    /// Whether the output goes to the folder of its input.
    fn is_beside(&self, input: &RelPath) -> bool {
        self.staged().target.parent() == input.parent()
    }
}

impl Library {
    /// The path of a file in this library, from its absolute path.
    fn path_below(&self, absolute: &Path) -> io::Result<RelPath> {
        let below = absolute.strip_prefix(&self.path).map_err(io::Error::other)?;
        RelPath::from_bytes(below.as_os_str().as_bytes()).map_err(io::Error::other)
    }
}

/// Gives a file its name back, or one beside it if another file has it; `at` opens a name. Returns that name.
pub(super) fn put_back(
    away: &FolderEntry,
    path: &RelPath,
    at: impl Fn(&RelPath) -> io::Result<FolderEntry>,
) -> io::Result<RelPath> {
    for number in 0..NAMES_BESIDE {
        let name = name_beside(path, number)?;
        let to = at(&name)?;
        match away.rename_new(&to) {
            Ok(()) => {
                to.sync()?;
                return Ok(name);
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::from(Errno::EXIST))
}

fn identity(found: &Metadata) -> (u64, u64) {
    let FileStamp { device, inode, .. } = FileStamp::of(found);
    (device, inode)
}

/// The first file found below a folder that is wanted. However many folders there are, few are open at the same time.
pub(super) fn found_below(folder: &Dir, is_wanted: impl Fn(&Metadata) -> bool) -> io::Result<Option<FolderEntry>> {
    let (mut waiting, mut next) = (Vec::new(), Some(folder.try_clone()?));
    while let Some(folder) = next {
        let mut below = Vec::new();
        for entry in folder.list()? {
            let name = entry?.file_name();
            let found = folder.look_at(&name)?;
            if found.is_dir() {
                below.push(name);
            } else if is_wanted(&found) {
                return FolderEntry::new(folder, name).map(Some);
            }
        }
        waiting.push((folder, below));
        next = next_folder(&mut waiting)?;
    }
    Ok(None)
}

/// Opens the next of the folders that wait by name, and closes the folders in which no other waits.
fn next_folder(waiting: &mut Vec<(Dir, Vec<OsString>)>) -> io::Result<Option<Dir>> {
    while let Some((folder, mut names)) = waiting.pop() {
        let Some(name) = names.pop() else { continue };
        let next = folder.enter(&name)?;
        if !names.is_empty() {
            waiting.push((folder, names));
        }
        return Ok(Some(next));
    }
    Ok(None)
}

fn file_name(path: &RelPath) -> OsString {
    on_disk(path).file_name().unwrap_or_default().to_owned()
}

/// The path itself for 0, and then names beside it.
fn name_beside(path: &RelPath, number: u32) -> io::Result<RelPath> {
    let mut name = file_name(path);
    match number {
        0 => return Ok(path.clone()),
        1 => name.push(".original"),
        _ => name.push(format!(".original-{number}")),
    }
    path.parent().unwrap_or_default().join(name.as_bytes()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, create_dir_all, read, read_dir, remove_dir_all, rename, write};
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::{NAMES_BESIDE, name_beside};
    use crate::{Library, OpenFile, Staged};
    use headway_model::{JobId, RelPath};

    /// A library with one file, which is open and is to be the input of a program.
    struct Opened {
        folder: TempDir,
        library: Library,
        path: RelPath,
        input: OpenFile,
    }

    impl Opened {
        fn new(path: &str) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let original = folder.path().join(path);
            create_dir_all(original.parent().expect("a file is in a folder")).expect("a folder");
            write(original, "precious").expect("a file");
            let library = Library::open("files", folder.path()).expect("a library");
            let path: RelPath = path.parse().expect("a path");
            let input = library.open_plain(&path).known().expect("a look").expect("a file");
            Opened { folder, library, path, input }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        fn original(&self) -> PathBuf {
            self.at(&self.path.shown())
        }

        fn staged(&self, target: &str) -> Staged {
            let target = target.parse().expect("a path");
            self.library.stage(&self.path, target, JobId::mint(1, [1; 10]), 0, 1).expect("a name")
        }

        /// How many names a folder has.
        fn count(&self, folder: &str) -> usize {
            read_dir(self.at(folder)).expect("a folder").count()
        }
    }

    /// What a program does with the absolute paths of its input and output; the name that the input has afterwards, and whether
    /// the folder of the output is gone.
    fn after(program: impl Fn(&Path, &Path)) -> (Option<String>, Vec<u8>, usize) {
        let opened = Opened::new("a.jpg");
        let staged = opened.staged("a.jpg");
        let mut workshop = opened.library.workshop(&staged).expect("a folder");
        program(&opened.original(), &workshop.output());
        let back = workshop.give_back(&opened.input, &opened.path).expect("a way back");
        drop(workshop);
        opened.library.discard(&staged);
        let back = back.map(|back| back.shown());
        let named = back.as_ref().map_or(opened.original(), |back| opened.at(back));
        let content = read(named).unwrap_or_default();
        (back, content, opened.count(""))
    }

    #[test]
    fn an_input_that_a_program_moved_or_removed_is_put_back() {
        let its_name = Some("a.jpg".to_owned());
        let moved = after(|input, output| rename(input, output).expect("a move"));
        assert_eq!(moved, (its_name.clone(), b"precious".to_vec(), 1));
        let below = after(|input, output| {
            create_dir(output).expect("a folder");
            rename(input, output.join("work")).expect("a move");
        });
        assert_eq!(below, (its_name.clone(), b"precious".to_vec(), 1));
        let removed = after(|input, _| std::fs::remove_file(input).expect("a removal"));
        assert_eq!(removed, (its_name, b"precious".to_vec(), 1));
        let replaced = after(|input, output| {
            rename(input, output).expect("a move");
            write(input, "another").expect("a file");
        });
        assert_eq!(replaced, (Some("a.jpg.original".into()), b"precious".to_vec(), 2));
    }

    #[test]
    fn an_input_is_put_back_into_its_folder_though_that_has_another_name_by_now() {
        let opened = Opened::new("sub/a.jpg");
        let staged = opened.staged("sub/a.jpg");
        let mut workshop = opened.library.workshop(&staged).expect("a folder");
        rename(opened.original(), workshop.output()).expect("a move");
        rename(opened.at("sub"), opened.at("renamed")).expect("another name");
        let back = workshop.give_back(&opened.input, &opened.path).expect("a way back");
        assert_eq!(back.map(|back| back.shown()).as_deref(), Some("renamed/a.jpg"));
        drop(workshop);
        assert_eq!(read(opened.at("renamed/a.jpg")).expect("the file"), b"precious");
        assert_eq!(opened.count("renamed"), 1);
    }

    #[test]
    fn an_input_that_was_removed_or_moved_with_its_folder_has_one_again() {
        for is_moved in [false, true] {
            let opened = Opened::new("sub/a.jpg");
            let staged = opened.staged("out/a.jpg");
            let mut workshop = opened.library.workshop(&staged).expect("a folder");
            if is_moved {
                rename(opened.original(), workshop.output()).expect("a move");
            }
            remove_dir_all(opened.at("sub")).expect("a removal");
            let back = workshop.give_back(&opened.input, &opened.path).expect("a way back");
            assert_eq!(back.map(|back| back.shown()).as_deref(), Some("sub/a.jpg"), "{is_moved}");
            assert_eq!(read(opened.original()).expect("the file"), b"precious", "{is_moved}");
            assert_eq!(opened.count("sub"), 1, "{is_moved}");
        }
    }

    #[test]
    fn a_folder_stays_if_its_input_cannot_be_put_back_and_its_item_knows_of_it() {
        let opened = Opened::new("a.jpg");
        let staged = opened.staged("a.jpg");
        let mut workshop = opened.library.workshop(&staged).expect("a folder");
        rename(opened.original(), workshop.output()).expect("a move");
        for number in 0..NAMES_BESIDE {
            let taken = name_beside(&opened.path, number).expect("a name");
            write(opened.at(&taken.shown()), "another").expect("a file");
        }
        assert!(workshop.give_back(&opened.input, &opened.path).is_err());
        let folder = workshop.path().clone();
        drop(workshop);
        assert_eq!(read(opened.at(&folder.shown()).join("a.jpg")).expect("the file"), b"precious");
        let kept = opened.library.kept_folder(JobId::mint(1, [1; 10]), 0).expect("a look");
        assert_eq!(kept, Some(folder));
    }

    #[test]
    fn an_input_that_is_where_it_was_or_where_the_command_wanted_it_is_left_alone() {
        let read_only = after(|input, output| assert_eq!(std::fs::copy(input, output).expect("a copy"), 8));
        assert_eq!(read_only, (None, b"precious".to_vec(), 1));
        let linked = after(|input, output| std::fs::hard_link(input, output).expect("a link"));
        assert_eq!(linked, (None, b"precious".to_vec(), 1));
        let (back, _, count) = after(|input, _| rename(input, input.with_extension("done")).expect("a move"));
        assert_eq!((back, count), (None, 1));
    }
}
