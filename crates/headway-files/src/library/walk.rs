//! Listing the files of a library, in byte order of their paths.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;
use rustix::io::Errno;

use super::found::is_absent;
use super::{Found, Library, environment, is_too_long, kind, mtime_ns};
use headway_model::library::EntryKind;
use headway_model::path::is_reserved;
use headway_model::{PauseReason, PlannedFile, RelPath, SkipReason};

/// So many folders on the way down are kept open.
const MOST_OPEN: usize = 32;

/// A file that a plan lists, and why it will not be worked on, if so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub file: PlannedFile,
    /// Why it is left out.
    pub skip: Option<SkipReason>,
    /// Whether it is a folder that could not be listed: what is wanted may lie in it.
    pub is_unlisted: bool,
}

/// Visits every file below `folder` whose path comes after `behind`, until `visit` says stop by `false`. What `leaves_out` says of a
/// path, and whether it is a folder, is not even looked at.
///
/// Nothing is passed over in silence: what cannot be looked at is visited too, and a folder that cannot be listed, or whose path is
/// too long to be opened, as if it were a file. However deep the tree is, neither the stack nor the number of open descriptors grows
/// with it. Fails if the folder itself cannot be listed, or where the environment is to blame.
pub fn walk(
    library: &Library,
    folder: &RelPath,
    behind: Option<&RelPath>,
    leaves_out: &dyn Fn(&RelPath, bool) -> bool,
    visit: &mut dyn FnMut(Listed) -> bool,
) -> io::Result<()> {
    let behind = behind.map(|behind| key_of(library, behind));
    let opened = library.believed(Found::of(library.enter_folder(folder)));
    let dir = opened.known()?.ok_or(io::Error::from(Errno::NOENT))?;
    let mut levels = vec![Level::of(folder.clone(), dir)?];
    while let Some(level) = levels.last_mut() {
        let Some(key) = level.keys.next() else {
            levels.pop();
            continue;
        };
        let (name, is_folder) = key.strip_suffix(b"/").map_or((&*key, false), |name| (name, true));
        let Ok(path) = level.folder.join(name) else { continue };
        if behind.as_ref().is_some_and(|behind| is_listed(&path, is_folder, behind)) || leaves_out(&path, is_folder) {
            continue;
        }
        let listed = match level.look(library, &path, OsStr::from_bytes(name), is_folder) {
            Ok(Looked::At(listed)) => listed,
            // It was never part of the plan.
            Ok(Looked::Gone) => continue,
            Ok(Looked::Inside(inside)) => {
                levels.push(inside);
                // Who comes back to a folder far above opens it again.
                if let Some(above) = levels.len().checked_sub(MOST_OPEN + 1) {
                    levels[above].dir = None;
                }
                continue;
            }
            Err(error) => Listed { is_unlisted: is_folder, ..not_seen(path, error)? },
        };
        if !visit(listed) {
            break;
        }
    }
    Ok(())
}

/// What a plan says of one path that was named; an error if no file can be looked at.
pub fn inspect(library: &Library, path: &RelPath) -> Result<Listed, PauseReason> {
    let parent = path.parent().unwrap_or_default();
    let admitted = if parent.is_root() { Ok(()) } else { library.enter_folder(&parent).map(drop) };
    let found = library.believed(Found::of(admitted)).and_then(|()| library.look(path));
    let without = |skip| {
        let file = PlannedFile { path: path.clone(), size: 0, mtime_ns: 0, rerun: None, becomes: None };
        Listed { file, skip, is_unlisted: false }
    };
    match found {
        Found::There(metadata) if kind(&metadata) == EntryKind::Folder => Ok(without(Some(SkipReason::NotAFile))),
        Found::There(metadata) => Ok(listed(path.clone(), kind(&metadata), metadata.len(), mtime_ns(&metadata))),
        Found::Absent => Ok(without(Some(SkipReason::Missing))),
        Found::Unknown(error) => not_seen(path.clone(), error).map_err(|error| {
            // It is one of the environment's, or it would have been listed.
            environment(&error).unwrap_or(PauseReason::LibraryGone)
        }),
    }
}

/// A file that cannot be looked at, for its attempt to tell; the error if that is the environment's.
fn not_seen(path: RelPath, error: io::Error) -> io::Result<Listed> {
    match environment(&error) {
        Some(_) => Err(error),
        None => Ok(Listed { file: PlannedFile::not_seen(path), skip: None, is_unlisted: false }),
    }
}

/// A folder on the way from the top to where the walk is.
struct Level {
    folder: RelPath,
    /// What of it is to come: names, and of folders with `/` at the end.
    keys: std::vec::IntoIter<Vec<u8>>,
    /// `None` while the walk is far below.
    dir: Option<Dir>,
}

/// What a name turned out to be.
enum Looked {
    At(Listed),
    Inside(Level),
    /// It went away since the names were read, or became something else that is no file.
    Gone,
}

impl Level {
    fn of(folder: RelPath, dir: Dir) -> io::Result<Level> {
        Ok(Level { folder, keys: keys(&dir)?.into_iter(), dir: Some(dir) })
    }

    fn dir(&mut self, library: &Library) -> io::Result<&Dir> {
        match &mut self.dir {
            Some(dir) => Ok(dir),
            none => Ok(none.insert(library.enter_folder(&self.folder)?)),
        }
    }

    fn look(&mut self, library: &Library, path: &RelPath, name: &OsStr, is_folder: bool) -> io::Result<Looked> {
        let dir = match Found::of(self.dir(library)) {
            Found::There(dir) => dir,
            Found::Absent => return Ok(Looked::Gone),
            Found::Unknown(error) => return Err(error),
        };
        if is_folder {
            if is_too_long(path) {
                return Err(Errno::NAMETOOLONG.into());
            }
            match dir.open_dir_nofollow(name).and_then(|inside| Level::of(path.clone(), inside)) {
                Ok(inside) => return Ok(Looked::Inside(inside)),
                // Gone, or no folder any more: the look below tells.
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        match Found::of(dir.symlink_metadata(name)) {
            Found::Absent => Ok(Looked::Gone),
            Found::There(found) if found.is_dir() && is_folder => Ok(Looked::Gone),
            Found::There(found) => Ok(Looked::At(listed(path.clone(), kind(&found), found.len(), mtime_ns(&found)))),
            Found::Unknown(error) => Err(error),
        }
    }
}

/// What is in a folder, as bytes of whole paths sort: `a.txt` before `a/b`, since `.` comes before `/`.
fn keys(dir: &Dir) -> io::Result<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if is_reserved(name.as_bytes()) {
            continue;
        }
        let is_folder = match Found::of(entry.file_type()) {
            Found::There(kind) => kind.is_dir(),
            Found::Absent => continue,
            Found::Unknown(error) if environment(&error).is_some() => return Err(error),
            // It is looked at again, and that tells.
            Found::Unknown(_) => false,
        };
        let mut key = name.as_bytes().to_vec();
        key.extend(is_folder.then_some(b'/'));
        keys.push(key);
    }
    keys.sort_unstable();
    Ok(keys)
}

/// A path as it stands in the order of the walk. (A folder is the last that was listed only if it could not be looked into.)
fn key_of(library: &Library, path: &RelPath) -> Vec<u8> {
    let is_folder = match library.find(path) {
        Found::There(found) => found.is_dir(),
        Found::Absent | Found::Unknown(_) => is_too_long(path),
    };
    let mut key = path.to_bytes();
    key.extend(is_folder.then_some(b'/'));
    key
}

/// Whether this, and for a folder all that is in it, was listed before, when `behind` was the last.
fn is_listed(path: &RelPath, is_folder: bool, behind: &[u8]) -> bool {
    let mut key = path.to_bytes();
    key.extend(is_folder.then_some(b'/'));
    key.as_slice() == behind || key.as_slice() < behind && !(is_folder && behind.starts_with(&key))
}

fn listed(path: RelPath, kind: EntryKind, size: u64, mtime_ns: i64) -> Listed {
    let skip = match kind {
        EntryKind::File | EntryKind::Folder => None,
        EntryKind::Symlink => Some(SkipReason::Symlink),
        EntryKind::Other => Some(SkipReason::NotAFile),
    };
    Listed { file: PlannedFile { path, size, mtime_ns, rerun: None, becomes: None }, skip, is_unlisted: false }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::LONGEST_PATH;
    use super::*;
    use crate::data_folder::remove_tree;
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

    /// Makes `levels` folders `d`, each in the last, with a file of this name in some of them; removes them in the end.
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

    fn paths(library: &Library, behind: Option<&RelPath>) -> Vec<RelPath> {
        let mut paths = Vec::new();
        let mut take = |found: Listed| {
            paths.push(found.file.path);
            true
        };
        walk(library, &RelPath::default(), behind, &|_, _| false, &mut take).expect("a folder");
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
                let mut take = |found: Listed| {
                    most = most.max(open_files());
                    paths.push((found.file.path.as_str().len(), found.is_unlisted));
                    true
                };
                walk(&library, &RelPath::default(), None, &|_, _| false, &mut take).expect("a folder");
                paths
            });
            walk.expect("a thread").join().expect("no overflow")
        });
        // `d/f`, those 1,000 and 2,000 below it, and the first folder that no call can open.
        let deepest = LONGEST_PATH + 2;
        assert_eq!(walked, [(1, false), (deepest, true), (4_003, false), (2_003, false), (3, false), (1, false)]);
        // Other tests open files at the same time.
        assert!(most < before + 500, "{most} open files, {before} before");
    }

    #[test]
    fn a_walk_goes_on_behind_any_path_that_was_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let _deep = Deep::make(folder.path(), 2_100, |level| level % 400 == 0);
        for name in ["d-x", "d.x", "d0", "e/f", "e-/f", "e/g/h", "e.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let all = paths(&library, None);
        assert_eq!(all.len(), 7 + 6 + 1, "{all:?}");
        for (at, behind) in all.iter().enumerate() {
            assert_eq!(paths(&library, Some(behind)), all[at + 1..], "behind {}", behind.as_str().len());
        }
    }
}
