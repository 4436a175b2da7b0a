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
use super::{Found, Library, OpenFile, mtime_ns, on_disk};
use headway_model::{PlannedFile, RelPath};

/// How many names beside its own an input is offered.
const NAMES_BESIDE: u32 = 100;

impl Workshop<'_> {
    /// Puts the input back under `path`, its name, if the program moved it into this folder, or removed it: while it is open,
    /// its content is there. If another file has its name by now, the input gets a name beside it, such as
    /// `photo.jpg.original`. Returns the name that it has now; `None` if nothing was to be done.
    ///
    /// # Errors
    /// The system's error. Then this folder stays with everything in it.
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
    /// Puts the input of a program back before the folder of its output is removed: an earlier process died after the program had
    /// moved the file there.
    ///
    /// # Errors
    /// The system's error; or another file or none has the input's name, and one of the files in the folder might be the input.
    /// Then the folder must stay.
    pub(super) fn rescue_input(&self, workshop: &RelPath, input: Option<&PlannedFile>) -> io::Result<()> {
        if let Some(input) = input
            && let Some(name) = self.put_back_input(workshop, input)?
        {
            let library = &self.name;
            tracing::warn!(library, %name, "a file was put back that a command had moved into the folder of its output");
        }
        Ok(())
    }

    /// Returns the name of the file that was put back; `None` if nothing was to be done. A file is taken for the input if it has
    /// the size and time with which the input was planned.
    fn put_back_input(&self, workshop: &RelPath, input: &PlannedFile) -> io::Result<Option<RelPath>> {
        let is_input =
            |found: &Metadata| found.is_file() && (found.len(), mtime_ns(found)) == (input.size, input.mtime_ns);
        let at_its_name = self.find(&input.path).known()?;
        if at_its_name.as_ref().is_some_and(is_input) {
            return Ok(None);
        }
        let Some(folder) = Found::of(self.folder(workshop)).known()? else { return Ok(None) };
        if let Some(away) = found_below(&folder, is_input)? {
            return put_back(&away, &input.path, |name| self.at(name)).map(Some);
        }
        match found_below(&folder, |found| found.is_file() && found.len() > 0)? {
            Some(_) => Err(io::Error::other(format!(
                "one of the files in it might be what {} was; move it to where it belongs, and remove the folder",
                input.path.shown()
            ))),
            None => Ok(None),
        }
    }

    /// The path of a file in this library, of which the absolute path is known.
    fn path_below(&self, absolute: &Path) -> io::Result<RelPath> {
        let below = absolute.strip_prefix(&self.path).map_err(io::Error::other)?;
        RelPath::from_bytes(below.as_os_str().as_bytes()).map_err(io::Error::other)
    }
}

/// Gives a file its name back, or one beside it if another file has it; `at` opens a name. Returns that name.
fn put_back(
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

/// The first file found below a folder that is wanted.
fn found_below(folder: &Dir, is_wanted: impl Fn(&Metadata) -> bool) -> io::Result<Option<FolderEntry>> {
    let mut folders = vec![folder.try_clone()?];
    while let Some(folder) = folders.pop() {
        for entry in folder.list()? {
            let name = entry?.file_name();
            let found = folder.look_at(&name)?;
            if found.is_dir() {
                folders.push(folder.enter(&name)?);
            } else if is_wanted(&found) {
                return FolderEntry::new(folder, name).map(Some);
            }
        }
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
    use std::collections::HashSet;
    use std::fs::{create_dir, read, rename, write};
    use std::path::Path;

    use crate::{Library, OpenFile};
    use headway_model::{JobId, PlannedFile, RelPath};

    /// What a program does with the absolute paths of its input and output; the name that the input has afterwards, and whether
    /// the folder of the output is gone.
    fn after(program: impl Fn(&Path, &Path)) -> (Option<String>, Vec<u8>, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let path: RelPath = "a.jpg".parse().expect("a path");
        let original = folder.path().join("a.jpg");
        write(&original, "precious").expect("a file");
        let input: OpenFile = library.open_plain(&path).known().expect("a look").expect("a file");
        let staged = library.stage(&path, path.clone(), JobId::mint(1, [1; 10]), 0, 1).expect("a name");
        let mut workshop = library.workshop(&staged).expect("a folder");
        program(&original, &workshop.output());
        let back = workshop.give_back(&input, &path).expect("a way back");
        drop(workshop);
        library.discard(&staged);
        let named = back.as_ref().map_or(original, |back| folder.path().join(back.shown()));
        let content = read(named).unwrap_or_default();
        let count = std::fs::read_dir(folder.path()).expect("a folder").count();
        (back.map(|back| back.shown()), content, count)
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
        let folder = tempfile::tempdir().expect("a folder");
        create_dir(folder.path().join("sub")).expect("a folder");
        let original = folder.path().join("sub/a.jpg");
        write(&original, "precious").expect("a file");
        let library = Library::open("files", folder.path()).expect("a library");
        let path: RelPath = "sub/a.jpg".parse().expect("a path");
        let input = library.open_plain(&path).known().expect("a look").expect("a file");
        let staged = library.stage(&path, path.clone(), JobId::mint(1, [1; 10]), 0, 1).expect("a name");
        let mut workshop = library.workshop(&staged).expect("a folder");
        rename(&original, workshop.output()).expect("a move");
        rename(folder.path().join("sub"), folder.path().join("renamed")).expect("another name");
        let back = workshop.give_back(&input, &path).expect("a way back");
        assert_eq!(back.map(|back| back.shown()).as_deref(), Some("renamed/a.jpg"));
        drop(workshop);
        assert_eq!(read(folder.path().join("renamed/a.jpg")).expect("the file"), b"precious");
        assert_eq!(std::fs::read_dir(folder.path().join("renamed")).expect("a folder").count(), 1);
    }

    #[test]
    fn an_input_that_was_removed_or_moved_with_its_folder_has_one_again() {
        for is_moved in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            create_dir(folder.path().join("sub")).expect("a folder");
            let original = folder.path().join("sub/a.jpg");
            write(&original, "precious").expect("a file");
            let library = Library::open("files", folder.path()).expect("a library");
            let path: RelPath = "sub/a.jpg".parse().expect("a path");
            let input = library.open_plain(&path).known().expect("a look").expect("a file");
            let target: RelPath = "out/a.jpg".parse().expect("a path");
            let staged = library.stage(&path, target, JobId::mint(1, [1; 10]), 0, 1).expect("a name");
            let mut workshop = library.workshop(&staged).expect("a folder");
            if is_moved {
                rename(&original, workshop.output()).expect("a move");
            }
            std::fs::remove_dir_all(folder.path().join("sub")).expect("a removal");
            let back = workshop.give_back(&input, &path).expect("a way back");
            assert_eq!(back.map(|back| back.shown()).as_deref(), Some("sub/a.jpg"), "{is_moved}");
            assert_eq!(read(&original).expect("the file"), b"precious", "{is_moved}");
            assert_eq!(std::fs::read_dir(folder.path().join("sub")).expect("a folder").count(), 1, "{is_moved}");
        }
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

    /// What is at the names in the top folder after an earlier process left a file of this content in the folder of an output.
    /// The input was planned as eight bytes of `precious`.
    fn after_a_crash(at_its_name: Option<&str>, in_the_folder: &str) -> (bool, Vec<(String, String)>) {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let path: RelPath = "a.jpg".parse().expect("a path");
        let job = JobId::mint(1, [1; 10]);
        let workshop = folder.path().join(format!(".headway-{job}-0-1~"));
        create_dir(&workshop).expect("a folder");
        let moved = workshop.join("a.jpg");
        write(&moved, "precious").expect("a file");
        let planned = library.open_plain(&format!(".headway-{job}-0-1~/a.jpg").parse().expect("a path"));
        let planned = planned.known().expect("a look").expect("a file");
        let input = PlannedFile {
            path: path.clone(),
            size: planned.size(),
            mtime_ns: planned.mtime_ns(),
            rerun: None,
            becomes: None,
        };
        if in_the_folder != "precious" {
            write(&moved, in_the_folder).expect("a file");
        }
        if let Some(content) = at_its_name {
            write(folder.path().join("a.jpg"), content).expect("a file");
        }
        let items = [(RelPath::default(), [0].into())].into();
        let is_clear = library.clear_all_temps(&items, job, &HashSet::new(), &|_| Ok(Some(input.clone())));
        let mut left = Vec::new();
        for entry in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
            let content = read(entry.path()).unwrap_or_default();
            left.push((
                entry.file_name().to_string_lossy().into_owned(),
                String::from_utf8_lossy(&content).into_owned(),
            ));
        }
        left.sort();
        (is_clear, left)
    }

    #[test]
    fn an_input_that_an_earlier_process_left_in_the_folder_of_an_output_is_put_back() {
        let named = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        assert_eq!(after_a_crash(None, "precious"), (true, vec![named("a.jpg", "precious")]));
        let beside = vec![named("a.jpg", "another file"), named("a.jpg.original", "precious")];
        assert_eq!(after_a_crash(Some("another file"), "precious"), (true, beside));
        assert_eq!(after_a_crash(None, ""), (true, vec![]), "the person moved the file");
        for at_its_name in [None, Some("another file")] {
            let (is_clear, left) = after_a_crash(at_its_name, "perhaps the input, changed");
            assert!(!is_clear && left[0].0.ends_with('~'), "it stays: {left:?}");
        }
    }
}
