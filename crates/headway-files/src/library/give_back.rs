//! The input of a program that moved or removed it, although it was only to be read. What lies in the folder of an output is
//! removed with the attempt, so the input is put back first.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::{Dir, Metadata};
use rustix::io::Errno;

use super::calls::fstat;
use super::folder_calls::FolderCalls;
use super::open_file::FileStamp;
use super::rename::FolderEntry;
use super::workshop::Workshop;
use super::{OpenFile, on_disk};
use headway_model::RelPath;

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
        let away = match found_in(self.dir(), input.identity())? {
            Some((folder, name)) => FolderEntry::new(folder, name)?,
            None if at_its_name.is_none() && fstat(&input.file)?.st_nlink == 0 => {
                self.staged().fill_from(input, |_| true)?;
                FolderEntry::new(self.staged().folder().try_clone()?, self.staged().name())?
            }
            // It is elsewhere, where the command wanted it.
            None => return Ok(None),
        };
        for number in 0..NAMES_BESIDE {
            let name = name_beside(path, number)?;
            let to = self.library().at(&name)?;
            match away.rename_new(&to) {
                Ok(()) => {
                    to.sync()?;
                    return Ok(Some(name));
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(Errno::EXIST))
    }
}

fn identity(found: &Metadata) -> (u64, u64) {
    let FileStamp { device, inode, .. } = FileStamp::of(found);
    (device, inode)
}

/// The folder and name that a file has below a folder.
fn found_in(folder: &Dir, wanted: (u64, u64)) -> io::Result<Option<(Dir, OsString)>> {
    let mut folders = vec![folder.try_clone()?];
    while let Some(folder) = folders.pop() {
        for entry in folder.list()? {
            let name = entry?.file_name();
            let found = folder.look_at(&name)?;
            if found.is_dir() {
                folders.push(folder.enter(&name)?);
            } else if identity(&found) == wanted {
                return Ok(Some((folder, name)));
            }
        }
    }
    Ok(None)
}

/// The path itself for 0, and then names beside it.
fn name_beside(path: &RelPath, number: u32) -> io::Result<RelPath> {
    let mut name = on_disk(path).file_name().unwrap_or_default().to_owned();
    match number {
        0 => return Ok(path.clone()),
        1 => name.push(".original"),
        _ => name.push(format!(".original-{number}")),
    }
    path.parent().unwrap_or_default().join(name.as_bytes()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, read, rename, write};
    use std::path::Path;

    use crate::{Library, OpenFile};
    use headway_model::{JobId, RelPath};

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
    fn an_input_that_is_where_it_was_or_where_the_command_wanted_it_is_left_alone() {
        let read_only = after(|input, output| assert_eq!(std::fs::copy(input, output).expect("a copy"), 8));
        assert_eq!(read_only, (None, b"precious".to_vec(), 1));
        let linked = after(|input, output| std::fs::hard_link(input, output).expect("a link"));
        assert_eq!(linked, (None, b"precious".to_vec(), 1));
        let (back, _, count) = after(|input, _| rename(input, input.with_extension("done")).expect("a move"));
        assert_eq!((back, count), (None, 1));
    }
}
