//! Makes a finished output durable, or finds out what is there instead of one.

use std::io;

use super::copy_metadata::take_over;
use super::folder_calls::FolderCalls;
use super::{Found, Library, OpenFile, Staged, kind};
use headway_model::library::EntryKind;
use headway_model::{Digest, Keep};

/// An output that is whole and durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The hash of its content.
    pub hash: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What is there instead of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOutput {
    /// Nothing.
    Nothing,
    /// A file that has other names too.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A folder.
    Folder,
    /// A pipe, a socket or a device.
    Special,
    /// The output, in a folder that has another name by now.
    FolderMoved,
}

impl NoOutput {
    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            NoOutput::Nothing => "there is no output",
            NoOutput::HardLink => "the output is a hard link to another file; it must be a file of its own",
            NoOutput::Symlink => "the output is a symbolic link; it must be a file of its own",
            NoOutput::Folder => "the output is a folder; it must be a file",
            NoOutput::Special => "the output is a pipe, a socket or a device; it must be a file",
            NoOutput::FolderMoved => "the folder of the output was moved or renamed while the output was made",
        }
    }
}

impl Library {
    /// Hashes an output and syncs it, or says what is there instead of one.
    pub fn seal(&self, staged: &Staged, keep: Keep, original: &OpenFile) -> io::Result<Result<Sealed, NoOutput>> {
        let Some(found) = self.find(&staged.temp).known()? else {
            let elsewhere = Found::of(staged.folder().look_at(staged.name())).known()?;
            return Ok(Err(elsewhere.map_or(NoOutput::Nothing, |_| NoOutput::FolderMoved)));
        };
        match kind(&found) {
            EntryKind::File => {}
            EntryKind::Symlink => return Ok(Err(NoOutput::Symlink)),
            EntryKind::Folder => return Ok(Err(NoOutput::Folder)),
            EntryKind::Other => return Ok(Err(NoOutput::Special)),
        }
        let Some(output) = self.open_plain(&staged.temp).known()? else { return Ok(Err(NoOutput::Nothing)) };
        if output.has_other_names() {
            return Ok(Err(NoOutput::HardLink));
        }
        let sealed = Sealed { hash: output.hash()?, size: output.size() };
        take_over(&output.file, original, keep)?;
        output.file.sync_all()?;
        Ok(Ok(sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::{JobId, PlannedFile, RelPath};

    #[test]
    fn whatever_stands_in_place_of_an_output_is_reported_as_what_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "content").expect("a file");
        let library = Library::open("files", folder.path()).expect("a library");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let original = library.open_file(&PlannedFile::not_seen(path("file"))).expect("a file");
        let staged = library.stage(&path("file"), path("new"), JobId::mint(1, [0; 10]), 0, 1).expect("a name");
        let at = &staged.path;
        let seal = || library.seal(&staged, Keep::NONE, &original).expect("it is looked at");
        let none = |what: NoOutput| assert_eq!(seal(), Err(what));
        none(NoOutput::Nothing);
        std::fs::hard_link(folder.path().join("file"), at).expect("a link");
        none(NoOutput::HardLink);
        std::fs::remove_file(at).expect("removed");
        std::os::unix::fs::symlink("file", at).expect("a link");
        none(NoOutput::Symlink);
        std::fs::remove_file(at).expect("removed");
        std::fs::create_dir(at).expect("a folder");
        none(NoOutput::Folder);
        std::fs::remove_dir(at).expect("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, at, rustix::fs::Mode::RWXU).expect("a pipe");
        none(NoOutput::Special);
        std::fs::remove_file(at).expect("removed");
        std::fs::write(at, "output").expect("an output");
        assert_eq!(seal().map(|sealed| sealed.size), Ok(6));
        let below = library.stage(&path("file"), path("sub/new"), JobId::mint(1, [0; 10]), 0, 1).expect("a name");
        std::fs::write(&below.path, "output").expect("an output");
        std::fs::rename(folder.path().join("sub"), folder.path().join("renamed")).expect("a new name");
        assert_eq!(library.seal(&below, Keep::NONE, &original).expect("it is looked at"), Err(NoOutput::FolderMoved));
        library.discard(&below);
        assert_eq!(std::fs::read_dir(folder.path().join("renamed")).expect("a folder").count(), 0);
    }
}
