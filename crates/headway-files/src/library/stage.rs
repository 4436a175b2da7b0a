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
use super::environment::retried;
use super::folder_calls::FolderCalls;
use super::folders_in_use::FolderInUse;
use super::hash::hash;
use super::root::disk_of;
use super::temporary::prefix;
use super::{Found, Library, LibraryFile, OpenFile, on_disk};
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
    /// What identifies the disk of the folder; 0 if nothing does.
    disk: u64,
    /// Until the output is there, the folder might be empty.
    _in_use: FolderInUse,
    recorded: AtomicBool,
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
        let (path, disk) = (self.absolute(&temp), disk_of(&folder)?);
        Ok(Staged { temp, target, path, folder, disk, _in_use: in_use, recorded: AtomicBool::new(false) })
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
        let (target, disk) = (input.clone(), disk_of(&folder)?);
        Ok(Staged { temp, target, path, folder, disk, _in_use: in_use, recorded: AtomicBool::new(false) })
    }

    /// Opens an output that is being made.
    pub fn open_staged(&self, staged: &Staged) -> Found<OpenFile> {
        self.open_plain(&staged.temp)
    }

    /// Removes an unwanted output. Nothing else can have its name.
    pub fn discard(&self, staged: &Staged) {
        self.removed_from(staged.disk, &staged.temp, staged.folder.remove_name(staged.name()));
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
        retried(|| self.folder.open_with(self.name(), &options)).map(LibraryFile::new)
    }

    pub(super) fn disk(&self) -> u64 {
        self.disk
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
