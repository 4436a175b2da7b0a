//! Lists the files of a library in natural order: page2 before page10, and the files of a folder before those of its
//! subfolders. A page that shows everything below a folder has the same order.

mod level;

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::listed::{ListedFile, not_seen};
use super::{Library, environment};
use headway_model::RelPath;
use level::{Level, Looked};

/// How many nested folders are kept open at once.
const OPEN_LIMIT: usize = 32;

/// Visits every file below `folder`, until `visit` returns `false`. Does not even look at an entry for which
/// `leaves_out`, given its path and whether it is a folder, returns `true`.
///
/// Nothing is skipped silently: an entry that cannot be looked at is visited too, and a folder that cannot be listed,
/// or whose path is too long to be opened, is visited as if it were a file. Neither the stack nor the number of open
/// descriptors grows with the depth of the tree. Fails if `folder` itself cannot be listed, or if the environment is
/// to blame, for example because a disk below the folder is absent.
pub fn walk(
    library: &Library,
    folder: &RelPath,
    leaves_out: &dyn Fn(&RelPath, bool) -> bool,
    visit: &mut dyn FnMut(ListedFile) -> bool,
) -> io::Result<()> {
    let mut levels = vec![Level::of(folder.clone(), library.open_to_list(folder)?)?];
    let mounts = library.inner_mounts();
    let mut passed = Vec::new();
    while let Some(level) = levels.last_mut() {
        let Some((is_folder, name)) = level.names.next() else {
            levels.pop();
            continue;
        };
        let Ok(path) = level.folder.join(&name) else { continue };
        if leaves_out(&path, is_folder) {
            continue;
        }
        if is_folder && mounts.contains_key(&path) {
            library.check_on_disk(&path)?;
            passed.push(path.clone());
        }
        let listed = match level.look(library, &path, OsStr::from_bytes(&name), is_folder) {
            Ok(Looked::At(listed)) => listed,
            // It was removed before the plan could look at it. Nobody knows how many files a folder had.
            Ok(Looked::Gone) if is_folder => ListedFile::gone(path),
            // Who asks for a folder asks for the files that the plan finds in it, and it found none here: programs make
            // and remove files in a folder all the time. Had the folder been listed a moment later, this file would
            // never have been seen. A path that is named is looked up by itself, and a file that cannot be inspected for
            // another reason is an item.
            Ok(Looked::Gone) => continue,
            Ok(Looked::Inside(inside)) => {
                levels.push(inside);
                // When the walk comes back to it, it is opened again.
                if let Some(above) = levels.len().checked_sub(OPEN_LIMIT + 1) {
                    levels[above].dir = None;
                }
                continue;
            }
            Err(error) if is_folder && environment(&error).is_none() => ListedFile::unlisted(path),
            Err(error) => not_seen(path, error)?,
        };
        if !visit(listed) {
            break;
        }
    }
    // A disk that went away during the walk might have been found empty.
    passed.iter().try_for_each(|mount| library.check_on_disk(mount))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::LONGEST_PATH;
    use super::*;
    use crate::data_folder::remove_tree;
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

    /// Creates nested folders, all named `d`, with a file in some of them; removes them when dropped.
    struct Deep<'a>(&'a Path);

    impl<'a> Deep<'a> {
        fn make(root: &'a Path, levels: usize, is_with: impl Fn(usize) -> bool) -> Self {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            let mut dir = openat(CWD, root, flags, Mode::empty()).expect("a folder");
            for level in 0..levels {
                mkdirat(&dir, "d", Mode::RWXU).expect("a folder");
                dir = openat(&dir, "d", flags, Mode::empty()).expect("a folder");
                if is_with(level) {
                    openat(&dir, "f", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).expect("a file");
                }
            }
            Deep(root)
        }
    }

    impl Drop for Deep<'_> {
        fn drop(&mut self) {
            remove_tree(&self.0.join("d")).expect("it can be removed");
        }
    }

    fn paths(library: &Library) -> Vec<String> {
        let mut paths = Vec::new();
        let mut take = |found: ListedFile| {
            paths.push(found.file.path.to_string());
            true
        };
        walk(library, &RelPath::default(), &|_, _| false, &mut take).expect("a folder");
        paths
    }

    fn open_files() -> usize {
        std::fs::read_dir("/proc/self/fd").expect("it lives").count()
    }

    #[test]
    fn however_deep_a_tree_is_the_walk_takes_a_small_stack_and_few_descriptors() {
        let folder = tempfile::tempdir().expect("a folder");
        let _deep = Deep::make(folder.path(), 5_000, |level| level % 1_000 == 0);
        std::fs::write(folder.path().join("a"), "").expect("a file");
        std::fs::write(folder.path().join("z"), "").expect("a file");
        let library = Library::open("files", folder.path()).expect("a library");
        let (before, mut most) = (open_files(), 0);
        let walked = std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(192 * 1024);
            let walk = small.spawn_scoped(scope, || {
                let mut paths = Vec::new();
                let mut take = |found: ListedFile| {
                    most = most.max(open_files());
                    paths.push((found.file.path.as_str().len(), found.file.is_unlisted()));
                    true
                };
                walk(&library, &RelPath::default(), &|_, _| false, &mut take).expect("a folder");
                paths
            });
            walk.expect("a thread").join().expect("no overflow")
        });
        // `a` and `z`, `d/f`, the files 1,000 and 2,000 levels below it, and the first folder that no call can open.
        let deepest = LONGEST_PATH + 2;
        assert_eq!(walked, [(1, false), (1, false), (3, false), (2_003, false), (4_003, false), (deepest, true)]);
        // Other tests open files at the same time.
        assert!(most < before + 500, "{most} open files, {before} before");
    }

    #[test]
    fn files_come_in_natural_order_and_before_the_folders_beside_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let sorted = [
            "e.txt",
            "Page 1",
            "page2",
            "page10",
            "Page11",
            "z",
            "a/b2",
            "a/b10",
            "a/c/1",
            "B/x",
            "Chapter 2/1",
            "chapter 10/1",
        ];
        for name in sorted.iter().rev() {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        assert_eq!(paths(&library), sorted);
    }
}
