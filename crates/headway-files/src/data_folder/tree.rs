//! Removes a folder and everything in it, however deeply nested.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::paths;

/// The mode bits that let the owner of a folder empty it.
const OWNER: u32 = 0o700;

/// Removes a folder and everything in it. Subfolders are first moved beside it, so that every path stays short, and
/// neither the stack nor the number of open descriptors grows with the depth. Fails at the first entry that cannot be
/// removed.
pub fn remove_tree(root: &Path) -> io::Result<()> {
    let mut name = root.file_name().unwrap_or_default().to_owned();
    name.push("~");
    let beside = root.with_file_name(name);
    // An interrupted removal left it.
    let mut folders = left_beside(&beside)?;
    let mut moved = folders
        .iter()
        .filter_map(|folder| folder.file_name()?.to_str()?.parse().ok())
        .max()
        .map_or(0, |last: u64| last + 1);
    folders.push(root.to_owned());
    while let Some(folder) = folders.pop() {
        open_to_owner(&folder)?;
        for entry in paths::list(&folder)? {
            let kind = paths::kind_of(&entry)?;
            if !kind.is_dir() {
                paths::remove_file(&entry.path())?;
                continue;
            }
            if moved == 0 {
                match paths::make_folder(&beside, OWNER) {
                    // An earlier removal left it, empty.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    made => made?,
                }
            }
            let to: PathBuf = beside.join(moved.to_string());
            // Moving a folder to another parent writes to the folder itself: its `..` entry changes.
            open_to_owner(&entry.path())?;
            paths::rename(&entry.path(), &to)?;
            moved += 1;
            folders.push(to);
        }
        paths::remove_folder(&folder)?;
    }
    match paths::remove_folder(&beside) {
        Err(error) if moved == 0 && error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The folders that an earlier removal moved aside.
fn left_beside(beside: &Path) -> io::Result<Vec<PathBuf>> {
    match paths::look_at(beside) {
        Ok(found) if found.is_dir() => {
            open_to_owner(beside)?;
            Ok(paths::list(beside)?.into_iter().map(|entry| entry.path()).collect())
        }
        // Nothing else can have this name.
        Ok(_) => paths::remove_file(beside).map(|()| Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Makes a folder writable for its owner, because a command might have made it read-only.
fn open_to_owner(folder: &Path) -> io::Result<()> {
    let mode = paths::look_at(folder)?.permissions().mode();
    if mode & OWNER != OWNER { std::fs::set_permissions(folder, Permissions::from_mode(mode | OWNER)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

    #[test]
    fn a_tree_of_any_depth_goes_on_a_small_stack() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        std::fs::create_dir(&root).expect("a folder");
        std::fs::write(root.join("file"), "x").expect("a file");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut dir = openat(CWD, &root, flags, Mode::empty()).expect("a folder");
        for _ in 0..5_000 {
            mkdirat(&dir, "d", Mode::RWXU).expect("a folder");
            mkdirat(&dir, "e", Mode::RWXU).expect("a folder");
            dir = openat(&dir, "d", flags, Mode::empty()).expect("a folder");
        }
        let gone = std::thread::Builder::new().stack_size(128 * 1024);
        let gone = gone.spawn(move || remove_tree(&root)).expect("a thread").join().expect("no overflow");
        gone.expect("it can be removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn read_only_folders_of_a_command_are_removed_too() {
        use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).expect("folders");
        std::fs::write(root.join("a/b/file"), "x").expect("a file");
        for closed in ["a/b", "a", ""] {
            std::fs::set_permissions(root.join(closed), Permissions::from_mode(0o555)).expect("a mode");
        }
        // On a thread without privileges, because root can remove anything.
        let remove = move || {
            let mut may = capabilities(None).expect("capabilities");
            may.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
            set_capabilities(None, may).expect("fewer capabilities");
            assert!(std::fs::remove_dir_all(&root).is_err(), "the system would stop here");
            remove_tree(&root)
        };
        std::thread::spawn(remove).join().expect("no panic").expect("it can be removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
