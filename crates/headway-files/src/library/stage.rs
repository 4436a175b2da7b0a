//! An output while it is being made: a temporary file in its target's folder. Its name is made from the attempt,
//! whose `started` event is already durable.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};

use super::calls::{again, linkat};
use super::copy_content::copy_content;
use super::copy_metadata::take_over;
use super::environment::uninterrupted;
use super::folder_calls::FolderCalls;
use super::folders_in_use::FolderInUse;
use super::hash::hash;
use super::temporary::prefix;
use super::{Found, Library, LibraryFile, OpenFile, kind, on_disk};
use headway_model::library::EntryKind;
use headway_model::{Digest, JobId, Keep, RelPath};

/// Longer extensions are not file types.
const EXTENSION_LIMIT: usize = 16;

/// An output that is being made.
#[derive(Debug)]
pub struct Staged {
    /// The temporary file.
    pub temp: RelPath,
    /// The name that the output will get.
    pub target: RelPath,
    /// The absolute path of the temporary file, for programs.
    pub path: PathBuf,
    /// Its folder, kept open so that the file can be removed even if nothing else can be opened.
    folder: Dir,
    /// Until the output is there, the folder might be empty.
    _in_use: FolderInUse,
    recorded: AtomicBool,
}

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
    /// Names the temporary file of an attempt, and creates the target's folder if necessary, with the owner and mode
    /// of the source's folder. The name has the target's extension, because many programs choose a format by it.
    pub fn stage(&self, source: &RelPath, target: RelPath, job: JobId, item: u32, attempt: u32) -> io::Result<Staged> {
        self.enter(&target)?;
        let folder = target.parent().unwrap_or_default();
        let mut name = prefix(job);
        name.extend_from_slice(format!("{item}-{attempt}").as_bytes());
        let extension = on_disk(&target).extension().map(|extension| extension.as_bytes().to_vec());
        if let Some(extension) = extension.filter(|extension| extension.len() <= EXTENSION_LIMIT) {
            name.push(b'.');
            name.extend_from_slice(&extension);
        }
        let temp = folder.join(&name).map_err(io::Error::other)?;
        let in_use = self.in_use.begin(folder.clone());
        let folder = self.make_folder(&folder, Some(&source.parent().unwrap_or_default()))?;
        self.admit(&folder)?;
        let path = self.absolute(&temp);
        Ok(Staged { temp, target, path, folder, _in_use: in_use, recorded: AtomicBool::new(false) })
    }

    /// A temporary file for a copy of an attempt's input, in the input's folder, which is made again if it is gone.
    pub(super) fn stage_beside(&self, input: &RelPath, output: &Staged) -> io::Result<Staged> {
        let folder = input.parent().unwrap_or_default();
        let mut name = output.name();
        name.push("-input");
        let temp = folder.join(name.as_bytes()).map_err(io::Error::other)?;
        let in_use = self.in_use.begin(folder.clone());
        let path = self.absolute(&temp);
        let folder = self.make_folder(&folder, None)?;
        Ok(Staged { temp, target: input.clone(), path, folder, _in_use: in_use, recorded: AtomicBool::new(false) })
    }

    /// Hashes an output and syncs it, or says what is there instead of one.
    pub fn seal(&self, staged: &Staged, keep: Keep, original: &OpenFile) -> io::Result<Result<Sealed, NoOutput>> {
        let Some(found) = self.find(&staged.temp).known()? else {
            let elsewhere = Found::of(staged.folder.look_at(staged.name())).known()?;
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

    /// Removes an unwanted output. Nothing else can have its name.
    pub fn discard(&self, staged: &Staged) {
        self.removed(&staged.temp, staged.folder.remove_name(staged.name()));
    }

    /// Like [`Library::discard`], after a failure: if the placement was recorded, the file might be the original, so
    /// it is kept.
    pub fn discard_unplaced(&self, staged: &Staged) {
        if !staged.is_recorded() {
            self.discard(staged);
        }
    }
}

impl Staged {
    /// Marks its placement as recorded in the log: from now on, the file under its name is recognised by its hash.
    pub fn recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Creates the temporary file, for recipes that write it themselves.
    pub fn create(&self) -> io::Result<LibraryFile> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).follow(FollowSymlinks::No);
        uninterrupted(|| self.folder.open_with(self.name(), &options)).map(LibraryFile::new)
    }

    pub(super) fn folder(&self) -> &Dir {
        &self.folder
    }

    pub(super) fn name(&self) -> OsString {
        on_disk(&self.temp).file_name().unwrap_or_default().to_owned()
    }

    /// Makes the temporary file a hard link to `of`.
    pub fn link(&self, library: &Library, of: &RelPath) -> io::Result<()> {
        let original = library.at(of)?;
        let (from, to) = (&original.name, self.name());
        Ok(linkat(&original.dir, from, &self.folder, &to)?)
    }

    /// Makes the temporary file a clone of `of` that shares its blocks, with all metadata of `original`, and syncs
    /// it.
    pub fn share_blocks(&self, of: &OpenFile, original: &OpenFile) -> io::Result<()> {
        let copy = self.create()?;
        again(|| rustix::fs::ioctl_ficlone(&copy, &of.file))?;
        take_over(&copy, original, Keep::ALL)?;
        copy.sync_all()
    }

    /// Fills the temporary file with the content and metadata of another file, sharing blocks where the file system
    /// can, and keeping holes where it cannot. Calls `advance` with the number of bytes of each part. Returns the hash of
    /// the copy, or `None` if `advance` returned `false`.
    pub fn fill_from(&self, original: &OpenFile, advance: impl Fn(u64) -> bool) -> io::Result<Option<Digest>> {
        let mut copy = self.create()?;
        // Whatever keeps the blocks from being shared, the bytes can be copied.
        if again(|| rustix::fs::ioctl_ficlone(&copy, &original.file)).is_err()
            && !copy_content(&original.file, &mut copy, advance)?
        {
            return Ok(None);
        }
        take_over(&copy, original, Keep::ALL)?;
        hash(&copy).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PlannedFile;

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
