//! The door to the system calls of `rustix` on the names and folders of a library. The door of the data folder uses it
//! too. The one to the calls of `cap_std` is [`super::folder_calls`]. A call that a signal interrupts is made again, and so
//! is, once, one that meets an error of the storage. If it changes names, the first call might have taken effect, as on a
//! network share. So this looks first, and never takes the effect of the first call for that of the second.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, Stat, StatxFlags};
use rustix::io::Errno;
use rustix::path::Arg;

use super::environment::{is_storage_error, retried, uninterrupted};

/// Opens a file or a folder.
pub(crate) fn openat<P: Arg + Copy>(dir: impl AsFd, path: P, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    again(|| rustix::fs::openat(&dir, path, flags, mode))
}

/// Looks at a name.
pub(crate) fn statat<P: Arg + Copy>(dir: impl AsFd, path: P, flags: AtFlags) -> Result<Stat, Errno> {
    again(|| rustix::fs::statat(&dir, path, flags))
}

/// Looks at an open file or folder.
pub(crate) fn fstat(file: impl AsFd) -> Result<Stat, Errno> {
    again(|| rustix::fs::fstat(&file))
}

/// Makes a file system that caches ask its storage about an open file. For about a second, FUSE and network shares
/// otherwise answer with what was true before a file was renamed.
pub(super) fn refresh(file: impl AsFd) -> Result<(), Errno> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_FORCE_SYNC;
    match again(|| rustix::fs::statx(&file, c"", flags, StatxFlags::BASIC_STATS)) {
        // Old systems, and some containers, do not have the call.
        Ok(_) | Err(Errno::NOSYS | Errno::PERM) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Waits until what was written is on the disk. After an error of the storage it is not made again: the second call could
/// succeed although what was written is lost.
pub(crate) fn fsync(file: impl AsFd) -> Result<(), Errno> {
    uninterrupted(|| rustix::fs::fsync(&file).map_err(io::Error::from)).map_err(errno_of)
}

/// Renames, as the flags say.
pub(crate) fn renameat_with<P: Arg + Copy, Q: Arg + Copy>(
    dir: impl AsFd,
    name: P,
    new_dir: impl AsFd,
    new_name: Q,
    flags: RenameFlags,
) -> Result<(), Errno> {
    let call = || rustix::fs::renameat_with(&dir, name, &new_dir, new_name, flags);
    renamed_once(call, || FileInode::at(&dir, name), || FileInode::at(&new_dir, new_name))
}

/// Renames, over whatever has the new name.
pub(crate) fn renameat<P: Arg + Copy, Q: Arg + Copy>(
    dir: impl AsFd,
    name: P,
    new_dir: impl AsFd,
    new_name: Q,
) -> Result<(), Errno> {
    let call = || rustix::fs::renameat(&dir, name, &new_dir, new_name);
    renamed_once(call, || FileInode::at(&dir, name), || FileInode::at(&new_dir, new_name))
}

/// Gives a file a second name.
pub(crate) fn linkat<P: Arg + Copy, Q: Arg + Copy>(
    dir: impl AsFd,
    name: P,
    new_dir: impl AsFd,
    new_name: Q,
) -> Result<(), Errno> {
    let had = FileInode::at(&dir, name);
    let call = || rustix::fs::linkat(&dir, name, &new_dir, new_name, AtFlags::empty());
    once(call, || had.is_some() && had == FileInode::at(&new_dir, new_name))
}

/// Removes a name.
pub(crate) fn unlinkat<P: Arg + Copy>(dir: impl AsFd, name: P, flags: AtFlags) -> Result<(), Errno> {
    let look = || rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW);
    once(|| rustix::fs::unlinkat(&dir, name, flags), || look().err() == Some(Errno::NOENT))
}

/// Makes a folder.
pub(crate) fn mkdirat<P: Arg + Copy>(dir: impl AsFd, name: P, mode: Mode) -> Result<(), Errno> {
    once(|| rustix::fs::mkdirat(&dir, name, mode), || FileInode::at(&dir, name).is_some())
}

/// Makes a call again that was interrupted and changes no name, and once more after an error of the storage.
pub(crate) fn again<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    retried(|| call().map_err(io::Error::from)).map_err(errno_of)
}

fn errno_of(error: io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// Makes a call again that was interrupted or met an error of the storage, unless it was made.
fn once(mut call: impl FnMut() -> Result<(), Errno>, is_made: impl Fn() -> bool) -> Result<(), Errno> {
    again(|| match call() {
        Err(error) if (error == Errno::INTR || is_storage_error(&error.into())) && is_made() => Ok(()),
        answer => answer,
    })
}

/// Makes a call again that renames and did not come to its end, unless the file has gone from its old name to its new one.
fn renamed_once(
    call: impl FnMut() -> Result<(), Errno>,
    at_old_name: impl Fn() -> Option<FileInode>,
    at_new_name: impl Fn() -> Option<FileInode>,
) -> Result<(), Errno> {
    let had = at_old_name();
    once(call, || had.is_some() && had == at_new_name() && had != at_old_name())
}

/// Which file has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileInode {
    device: u64,
    inode: u64,
}

impl FileInode {
    /// `None` if nothing has the name, or that is not known.
    fn at(dir: impl AsFd, name: impl Arg + Copy) -> Option<FileInode> {
        let found = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(FileInode { device: found.st_dev, inode: found.st_ino })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_change_is_made_once_whether_it_was_made_or_not() {
        for made_at in [0, 1, 3] {
            let (calls, made) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
            let call = || {
                calls.set(calls.get() + 1);
                if calls.get() == made_at || calls.get() == 5 {
                    made.set(made.get() + 1);
                }
                if calls.get() < 5 { Err(Errno::INTR) } else { Ok(()) }
            };
            assert_eq!(once(call, || made.get() > 0), Ok(()), "{made_at}");
            assert_eq!(made.get(), 1, "{made_at}");
        }
        assert_eq!(once(|| Err(Errno::INTR), || false), Err(Errno::INTR), "not forever");
    }

    #[test]
    fn a_change_that_meets_an_input_output_error_is_made_once_more_unless_it_was_made() {
        for (made_at, expected) in [(1, (Ok(()), 1)), (2, (Ok(()), 2)), (3, (Err(Errno::IO), 2))] {
            let calls = std::cell::Cell::new(0);
            let call = || {
                calls.set(calls.get() + 1);
                Err(Errno::IO)
            };
            let done = once(call, || calls.get() >= made_at);
            assert_eq!((done, calls.get()), expected, "{made_at}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let dir = std::fs::File::open(folder.path()).expect("a folder");
        let at = |name: &str| FileInode::at(&dir, name);
        std::fs::write(folder.path().join("old"), "").expect("a file");
        // The call takes effect, and the storage reports an error all the same.
        let call = || renameat(&dir, "old", &dir, "new").and(Err(Errno::IO));
        assert_eq!(renamed_once(call, || at("old"), || at("new")), Ok(()));
    }
}
