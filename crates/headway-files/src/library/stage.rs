//! An output while it is made: a temporary file in its target's folder, under a name that a durable `started` names.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, File, OpenOptions};
use rustix::fs::{Mode, Timespec, Timestamps, XattrFlags, mkdirat};
use rustix::io::Errno;

use super::{Found, Library, OpenFile, on_disk, readable, sync, sync_folder};
use headway_model::path::RESERVED;
use headway_model::{Digest, JobId, Keep, RelPath};

/// Longer endings are no file types.
const EXTENSION_LIMIT: usize = 16;

const BUFFER: usize = 128 * 1024;

/// An output in the making.
#[derive(Debug)]
pub struct Staged {
    /// The temporary file.
    pub temp: RelPath,
    /// The name it is to get.
    pub target: RelPath,
    /// The temporary file, as programs are told it.
    pub path: PathBuf,
    /// Its folder: as long as it is open, the file can be removed whatever else cannot be opened.
    folder: Dir,
    recorded: AtomicBool,
}

/// An output that is whole and on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The hash of its content.
    pub hash: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// How the temporary files of a job begin: `.headway-JOB-`. Item and attempt follow.
fn prefix(job: JobId) -> Vec<u8> {
    format!("{RESERVED}{job}-").into_bytes()
}

impl Library {
    /// Names the temporary file of an attempt, and makes the target's folder if need be, which gets owner and mode of the folder of
    /// its source. The name ends as the target does, since many programs choose a format by that.
    pub fn stage(&self, source: &RelPath, target: RelPath, job: JobId, item: u32, attempt: u32) -> io::Result<Staged> {
        self.enter(&target)?;
        let folder = target.parent().unwrap_or_default();
        let mut name = prefix(job);
        name.extend_from_slice(format!("{item}-{attempt}").as_bytes());
        let ending = on_disk(&target).extension().map(|ending| ending.as_bytes().to_vec());
        if let Some(ending) = ending.filter(|ending| ending.len() <= EXTENSION_LIMIT) {
            name.push(b'.');
            name.extend_from_slice(&ending);
        }
        let temp = folder.join(&name).map_err(io::Error::other)?;
        let folder = self.make_folder(&folder, Some(&source.parent().unwrap_or_default()))?;
        self.admit(&folder)?;
        let path = self.absolute(&temp);
        Ok(Staged { temp, target, path, folder, recorded: AtomicBool::new(false) })
    }

    /// Makes a folder and all above it that are missing, durably, and opens it. Each new one has owner and mode of the folder that it
    /// mirrors: the one at the same place above `source`, or the root.
    pub(super) fn make_folder(&self, folder: &RelPath, source: Option<&RelPath>) -> io::Result<Dir> {
        let mut above = self.root()?.try_clone()?;
        for part in folder.ancestors().into_iter().filter(|part| !part.is_root()) {
            let name = on_disk(&part);
            let name = name.file_name().unwrap_or_default().to_owned();
            // Held until it is synced: whoever finds a folder there may rely on it.
            let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
            // A trash is for the owner of its files alone.
            let mode = if part.is_reserved() { Mode::RWXU } else { Mode::RWXU | Mode::RWXG | Mode::RWXO };
            match mkdirat(&above, &name, mode).map_err(io::Error::from) {
                Ok(()) => {
                    if let Some(source) = source.filter(|_| !part.is_reserved()) {
                        self.liken(&above.open_dir(&name)?, &mirrored(&part, folder, source))?;
                    }
                    sync(&above)?;
                }
                // Perhaps by a process that did not live to sync it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !durable.contains(&part) => sync(&above)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            durable.insert(part);
            above = above.open_dir(&name)?;
        }
        Ok(above)
    }

    /// Gives a new folder the owner and the mode of another one, as far as this user and this file system can.
    fn liken(&self, new: &Dir, model: &RelPath) -> io::Result<()> {
        let model = rustix::fs::fstat(&self.folder(model)?)?;
        let new = readable(new)?;
        own_as(&new, &model)?;
        sync_folder(&new)
    }

    /// Hashes an output and brings it to the disk; `None` if there is no regular file of that name, or one with other names.
    pub fn seal(&self, staged: &Staged, keep: Keep, original: &OpenFile) -> io::Result<Option<Sealed>> {
        match self.find(&staged.temp).known()? {
            Some(found) if found.is_file() => {}
            _ => return Ok(None),
        }
        let Some(output) = self.open_plain(&staged.temp).known()? else { return Ok(None) };
        if output.has_other_names() {
            return Ok(None);
        }
        let sealed = Sealed { hash: output.hash()?, size: output.size() };
        take_over(&output.file, original, keep)?;
        output.file.sync_all()?;
        Ok(Some(sealed))
    }

    /// Removes an output that is not wanted. Nothing else can have its name.
    pub fn discard(&self, staged: &Staged) {
        self.removed(&staged.temp, staged.folder.remove_file(staged.name()));
    }

    /// As [`Library::discard`] after a failure: what a recorded placement left there may be the original, and is kept.
    pub fn discard_unplaced(&self, staged: &Staged) {
        if !staged.is_recorded() {
            self.discard(staged);
        }
    }

    /// Removes what attempts of these items of a job left, by folder. What is to be `kept` may be an original.
    pub fn clear_all_temps(&self, items: &BTreeMap<RelPath, BTreeSet<u32>>, job: JobId, kept: &HashSet<RelPath>) {
        for (folder, items) in items {
            if let Err(error) = self.clear_temps(folder, job, items, kept) {
                tracing::warn!(%folder, %error, "temporary files cannot be removed");
            }
        }
    }

    fn clear_temps(
        &self,
        folder: &RelPath,
        job: JobId,
        items: &BTreeSet<u32>,
        kept: &HashSet<RelPath>,
    ) -> io::Result<()> {
        let Some(dir) = Found::of(self.folder(folder)).known()? else { return Ok(()) };
        let prefix = prefix(job);
        for entry in dir.entries()? {
            let name = entry?.file_name();
            let Some(rest) = name.as_bytes().strip_prefix(&prefix[..]) else { continue };
            let item = rest.split(|byte| *byte == b'-').next().and_then(|item| std::str::from_utf8(item).ok());
            let Some(item) = item.and_then(|item| item.parse().ok()) else { continue };
            let path = folder.join(name.as_bytes()).map_err(io::Error::other)?;
            if items.contains(&item) && !kept.contains(&path) {
                self.removed(&path, self.or_as_folder(&path, dir.remove_file(&name)));
            }
        }
        Ok(())
    }
}

impl Staged {
    /// Its placement is in the log: from now on what lies under its name is judged by its hash.
    pub fn recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Makes the temporary file, for recipes that write it themselves.
    pub fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).follow(FollowSymlinks::No);
        self.folder.open_with(self.name(), &options)
    }

    pub(super) fn folder(&self) -> &Dir {
        &self.folder
    }

    pub(super) fn name(&self) -> OsString {
        on_disk(&self.temp).file_name().unwrap_or_default().to_owned()
    }

    /// Fills it with the content of a file, and all that is kept beside that; shares the blocks where the file system can. The
    /// hash of what was written; `None` if `advance`, which is told of bytes done, said stop by `false`.
    pub fn fill_from(&self, original: &OpenFile, advance: impl Fn(u64) -> bool) -> io::Result<Option<Digest>> {
        let mut copy = self.create()?;
        // Whyever the blocks cannot be shared, the bytes can be copied.
        if rustix::fs::ioctl_ficlone(&copy, &original.file).is_err() {
            let mut from = original.file.try_clone()?;
            from.seek(SeekFrom::Start(0))?;
            let mut buffer = vec![0; BUFFER];
            loop {
                let count = from.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                copy.write_all(&buffer[..count])?;
                if !advance(count as u64) {
                    return Ok(None);
                }
            }
        }
        take_over(&copy, original, Keep::ALL)?;
        hash(&copy).map(Some)
    }
}

impl OpenFile {
    /// The hash of its content, from its beginning.
    pub fn hash(&self) -> io::Result<Digest> {
        hash(&self.file)
    }
}

/// The hash of a file's whole content, wherever it was read to before.
pub(super) fn hash(file: &File) -> io::Result<Digest> {
    let mut reader = file.try_clone()?;
    reader.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => drop(hasher.update(&buffer[..count])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Digest::from_hasher(&hasher))
}

fn take_over(file: &File, original: &OpenFile, keep: Keep) -> io::Result<()> {
    let stat = rustix::fs::fstat(&original.file)?;
    if keep.xattrs {
        take_over_xattrs(file, &original.file)?;
    }
    if keep.permissions {
        own_as(file, &stat)?;
    }
    if keep.times {
        let time = |seconds: i64, nanos: u64| Timespec { tv_sec: seconds, tv_nsec: nanos as _ };
        let times = Timestamps {
            last_access: time(stat.st_atime, stat.st_atime_nsec as u64),
            last_modification: time(stat.st_mtime, stat.st_mtime_nsec as u64),
        };
        rustix::fs::futimens(file, &times)?;
    }
    Ok(())
}

/// Gives a new file or folder the owner and the mode of another one, as far as that is possible.
fn own_as(new: impl AsFd, model: &rustix::fs::Stat) -> io::Result<()> {
    // Only root may give files away; a program of anybody else keeps them its own.
    let (owner, group) = (rustix::fs::Uid::from_raw(model.st_uid), rustix::fs::Gid::from_raw(model.st_gid));
    if !may(rustix::fs::fchown(&new, Some(owner), Some(group)))? {
        may(rustix::fs::fchown(&new, None, Some(group)))?;
    }
    match rustix::fs::fchmod(&new, Mode::from_raw_mode(model.st_mode)) {
        // FAT and exFAT have none.
        Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The folder that `part`, which is `folder` or lies above it, mirrors: `out/a/b` mirrors `a/b`, `out` the root. A folder that mirrors
/// none is like the root.
fn mirrored(part: &RelPath, folder: &RelPath, source: &RelPath) -> RelPath {
    let (parts, sources) = (folder.ancestors(), source.ancestors());
    let mirrors = source.is_root() || folder.to_bytes().ends_with(&[b"/", &*source.to_bytes()].concat());
    let above = parts.len().saturating_sub(sources.len());
    let depth = part.ancestors().len().checked_sub(above).filter(|_| mirrors);
    depth.and_then(|depth| sources.into_iter().find(|source| source.ancestors().len() == depth)).unwrap_or_default()
}

/// Whether it was done: `false` if this user, or this file system, may not give files away.
fn may(done: Result<(), Errno>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn take_over_xattrs(file: &File, original: &File) -> io::Result<()> {
    let mut names = vec![0_u8; 64 * 1024];
    let length = match rustix::fs::flistxattr(original, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = std::ffi::OsStr::from_bytes(name);
        let mut value = vec![0_u8; 64 * 1024];
        let length = rustix::fs::fgetxattr(original, name, &mut value[..])?;
        match rustix::fs::fsetxattr(file, name, &value[..length], XattrFlags::empty()) {
            // Names of the system's own are not for everyone to set.
            Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_new_folder_mirrors_the_one_at_the_same_place_above_its_source() {
        for (part, folder, source, expected) in [
            ("out/a/b", "out/a/b", "a/b", "a/b"),
            ("out/a", "out/a/b", "a/b", "a"),
            ("out", "out/a/b", "a/b", ""),
            ("x/out", "x/out/a", "a", ""),
            ("x", "x/out/a", "a", ""),
            ("out", "out", "", ""),
            ("elsewhere", "elsewhere/b", "a/b", ""),
        ] {
            let source = if source.is_empty() { RelPath::default() } else { path(source) };
            assert_eq!(mirrored(&path(part), &path(folder), &source).as_str(), expected, "{part} of {folder}");
        }
    }

    #[test]
    fn a_new_folder_has_the_owner_and_the_mode_of_the_folder_of_its_source() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(below("a/b")).expect("folders");
        let is_root = rustix::process::geteuid().is_root();
        for (name, mode, owner) in [("", 0o751, 0), ("a", 0o2770, 1_000), ("a/b", 0o700, 1_001)] {
            if is_root {
                std::os::unix::fs::chown(below(name), Some(owner), Some(owner)).expect("root may");
            }
            std::fs::set_permissions(below(name), std::fs::Permissions::from_mode(mode)).expect("a mode");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        library.stage(&path("a/b/x"), path("out/a/b/x"), JobId::mint(1, [1; 10]), 0, 1).expect("a name");
        for (new, model) in [("out", ""), ("out/a", "a"), ("out/a/b", "a/b")] {
            let of = |name: &str| {
                let found = below(name).metadata().expect("a folder");
                (found.mode(), found.uid(), found.gid())
            };
            assert_eq!(of(new), of(model), "{new}");
        }
    }
}
