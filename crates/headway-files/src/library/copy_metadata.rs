//! Copies metadata from an original to its output: owner, mode, times and extended attributes, as far as this user
//! and file system can.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::File;
use rustix::fs::{Mode, Timespec, Timestamps, XattrFlags};
use rustix::io::Errno;

use super::OpenFile;
use super::calls::{again, fstat};
use headway_model::Keep;

/// Gives an output the metadata that it is to keep.
pub(super) fn take_over(file: &File, original: &OpenFile, keep: Keep) -> io::Result<()> {
    let stat = fstat(&original.file)?;
    // The owner comes before the attributes, because a change of the owner removes the capabilities of a program, which are
    // one. The mode comes after them, because a file without permission to write accepts no attribute.
    if keep.permissions {
        belong_as(file, &stat)?;
    }
    if keep.xattrs {
        take_over_xattrs(file, &original.file)?;
    }
    if keep.permissions {
        allow_as(file, &stat)?;
    }
    if keep.times {
        let time = |seconds: i64, nanos: u64| Timespec { tv_sec: seconds, tv_nsec: nanos as _ };
        let times = Timestamps {
            last_access: time(stat.st_atime, stat.st_atime_nsec),
            last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
        };
        again(|| rustix::fs::futimens(file, &times))?;
    }
    Ok(())
}

/// Gives a new file or folder the owner and the mode of another one, as far as that is possible.
pub(super) fn own_as(new: impl AsFd, model: &rustix::fs::Stat) -> io::Result<()> {
    belong_as(&new, model)?;
    allow_as(&new, model)
}

fn belong_as(new: impl AsFd, model: &rustix::fs::Stat) -> io::Result<()> {
    // Only root may give files away; anybody else stays the owner.
    let (owner, group) = (rustix::fs::Uid::from_raw(model.st_uid), rustix::fs::Gid::from_raw(model.st_gid));
    if !was_allowed(again(|| rustix::fs::fchown(&new, Some(owner), Some(group))))? {
        was_allowed(again(|| rustix::fs::fchown(&new, None, Some(group))))?;
    }
    Ok(())
}

fn allow_as(new: impl AsFd, model: &rustix::fs::Stat) -> io::Result<()> {
    match again(|| rustix::fs::fchmod(&new, Mode::from_raw_mode(model.st_mode))) {
        // FAT and exFAT have no modes, and some FUSE file systems and network shares cannot change them.
        Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether it was done: `false` if this user or this file system cannot change owners.
fn was_allowed(done: Result<(), Errno>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn take_over_xattrs(file: &File, original: &File) -> io::Result<()> {
    let mut names = vec![0_u8; 64 * 1024];
    let length = match again(|| rustix::fs::flistxattr(original, &mut names[..])) {
        Ok(length) => length,
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = std::ffi::OsStr::from_bytes(name);
        let mut value = vec![0_u8; 64 * 1024];
        let length = again(|| rustix::fs::fgetxattr(original, name, &mut value[..]))?;
        match again(|| rustix::fs::fsetxattr(file, name, &value[..length], XattrFlags::empty())) {
            // Not every user can set attributes in the system's namespaces.
            Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::Library;
    use headway_model::{PlannedFile, RelPath};

    /// `cap_net_raw+ep`, as setcap(8) writes it.
    const CAPABILITY: [u8; 20] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn attributes_stay_with_an_output_whose_owner_and_mode_are_set_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        for (name, value) in [("user.note", &b"kept"[..]), ("security.capability", &CAPABILITY[..])] {
            std::fs::write(&old, "a program").expect("a file");
            match rustix::fs::setxattr(&old, name, value, XattrFlags::empty()) {
                Err(Errno::PERM | Errno::OPNOTSUPP) => {
                    println!("not run: {name} cannot be set here");
                    continue;
                }
                set => set.expect("an attribute"),
            }
            std::fs::set_permissions(&old, Permissions::from_mode(0o444)).expect("its mode");
            let path: RelPath = "old".parse().expect("a path");
            let original = library.open_file(&PlannedFile::not_seen(path)).expect("a file");
            let made = File::from_std(std::fs::File::create(&new).expect("a file"));
            take_over(&made, &original, Keep::ALL).expect("taken over");
            let read = |path: &std::path::Path| {
                let mut value = vec![0_u8; 100];
                let length = rustix::fs::getxattr(path, name, &mut value[..]).expect("an attribute");
                value.truncate(length);
                value
            };
            assert_eq!(read(&new), read(&old), "{name}");
            assert_eq!(new.metadata().expect("a file").permissions().mode() & 0o777, 0o444);
            [&old, &new].into_iter().for_each(|path| std::fs::remove_file(path).expect("removed"));
        }
    }
}
