//! Removing a folder with all in it, however deep that is.

use std::io;
use std::path::{Path, PathBuf};

/// Removes a folder with all in it. What lies in the folders of it is moved beside it first, so that every path stays short, and
/// neither the stack nor the number of open descriptors grows with the depth. Fails at the first thing that cannot be removed.
pub fn remove_tree(root: &Path) -> io::Result<()> {
    let mut name = root.file_name().unwrap_or_default().to_owned();
    name.push("~");
    let beside = root.with_file_name(name);
    let mut moved = 0_u64;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                std::fs::remove_file(entry.path())?;
                continue;
            }
            if moved == 0 {
                std::fs::create_dir(&beside)?;
            }
            let to: PathBuf = beside.join(moved.to_string());
            std::fs::rename(entry.path(), &to)?;
            moved += 1;
            folders.push(to);
        }
        std::fs::remove_dir(&folder)?;
    }
    if moved > 0 { std::fs::remove_dir(&beside) } else { Ok(()) }
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
}
