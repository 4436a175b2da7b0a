//! Looks at paths that a request names one by one, for a plan.

use cap_std::fs::Metadata;

use super::listed::{ListedFile, listed, not_seen};
use super::{Found, Library, environment, kind, mtime_ns};
use headway_model::library::EntryKind;
use headway_model::{PauseReason, PlannedFile, RelPath, SkipReason};

/// What a path in a request turned out to be.
#[derive(Debug)]
pub enum Inspected {
    /// A folder, which stands for everything below it.
    Folder,
    /// Anything else, or nothing.
    Item(ListedFile),
}

/// Looks once at a path in a request; an error if the environment keeps every file from being looked at.
pub fn inspect_named(library: &Library, path: &RelPath) -> Result<Inspected, PauseReason> {
    match library.find(path) {
        Found::There(found) if found.is_dir() => Ok(Inspected::Folder),
        found => as_listed(library, path, found).map(|listed| Inspected::Item(as_named(listed))),
    }
}

/// Looks once at the only path of a request: a link to a folder stands for that folder.
pub fn inspect_alone(library: &Library, path: &RelPath) -> Result<Inspected, PauseReason> {
    match inspect_named(library, path)? {
        Inspected::Item(item) if item.skip == Some(SkipReason::Named) => match library.folder_at(path) {
            Ok(_) => Ok(Inspected::Folder),
            // The plan lists a link to anything else as a link.
            Err(error) => environment(&error).map_or(Ok(Inspected::Item(item)), Err),
        },
        other => Ok(other),
    }
}

/// A request asks for every path that it names, even for one that cannot be processed: a pipe, a device, a symbolic link.
pub fn as_named(listed: ListedFile) -> ListedFile {
    let is_special = matches!(listed.skip, Some(SkipReason::NotAFile | SkipReason::Symlink));
    ListedFile { skip: if is_special { Some(SkipReason::Named) } else { listed.skip }, ..listed }
}

/// Looks once at an item of another job, which a request for items of that job asks for.
pub fn inspect_again(library: &Library, path: &RelPath) -> Result<ListedFile, PauseReason> {
    inspect(library, path).map(as_named)
}

/// How a plan lists the file at this path; an error if the environment keeps every file from being looked at.
pub fn inspect(library: &Library, path: &RelPath) -> Result<ListedFile, PauseReason> {
    as_listed(library, path, library.find(path))
}

/// How a plan lists what was found.
fn as_listed(library: &Library, path: &RelPath, found: Found<Metadata>) -> Result<ListedFile, PauseReason> {
    let parent = path.parent().unwrap_or_default();
    let admitted = if parent.is_root() { Ok(()) } else { library.enter_folder(&parent).map(drop) };
    let found = library.believed(path, Found::of(admitted)).and_then(|()| match library.enter(path) {
        Ok(_) => found,
        Err(error) => Found::Unknown(error),
    });
    let without = |skip| {
        let file = PlannedFile { path: path.clone(), size: 0, mtime_ns: 0, rerun: None, becomes: None };
        ListedFile { file, skip, inode: None }
    };
    match found {
        Found::There(metadata) if kind(&metadata) == EntryKind::Folder => Ok(without(Some(SkipReason::NotAFile))),
        Found::There(metadata) => Ok(listed(path.clone(), kind(&metadata), metadata.len(), mtime_ns(&metadata))),
        Found::Absent => match library.why_absent(path) {
            Ok(reason) => Ok(without(Some(reason))),
            Err(error) => Err(environment(&error).unwrap_or(PauseReason::LibraryGone)),
        },
        Found::Unknown(error) => not_seen(path.clone(), error).map_err(|error| {
            // Any other error would have been listed.
            environment(&error).unwrap_or(PauseReason::LibraryGone)
        }),
    }
}

/// Looks once at a file in a trash, or under another name of Headway's own, which is listed under the path that it had.
pub fn inspect_at(library: &Library, path: &RelPath, at: &RelPath) -> Result<ListedFile, PauseReason> {
    match library.open_trashed(at) {
        Found::There(opened) => Ok(listed(path.clone(), EntryKind::File, opened.size(), opened.mtime_ns())),
        Found::Absent => {
            let file = PlannedFile { path: path.clone(), size: 0, mtime_ns: 0, rerun: None, becomes: None };
            Ok(ListedFile { file, skip: Some(SkipReason::Missing), inode: None })
        }
        Found::Unknown(error) => {
            not_seen(path.clone(), error).map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_and_is_no_regular_file_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("2024")).expect("a folder");
        std::fs::write(folder.path().join("file"), "x").expect("a file");
        for (target, link) in [("2024", "to_folder"), ("file", "to_file"), ("nowhere", "to_nothing"), ("/", "out")] {
            std::os::unix::fs::symlink(target, folder.path().join(link)).expect("a link");
        }
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("a socket");
        let library = Library::open("files", folder.path()).expect("a library");
        let path = |name: &str| name.parse::<RelPath>().expect("a path");
        for name in ["to_folder", "to_file", "to_nothing", "out", "socket"] {
            let Ok(Inspected::Item(listed)) = inspect_named(&library, &path(name)) else { panic!("{name}") };
            assert_eq!(listed.skip, Some(SkipReason::Named), "{name}");
            assert_eq!(inspect_again(&library, &path(name)).map(|listed| listed.skip), Ok(Some(SkipReason::Named)));
        }
        assert!(matches!(inspect_alone(&library, &path("to_folder")), Ok(Inspected::Folder)));
        for name in ["to_file", "to_nothing", "out", "socket"] {
            assert!(matches!(inspect_alone(&library, &path(name)), Ok(Inspected::Item(_))), "{name}");
        }
        // An entry that nobody named has the reason of its own kind.
        assert_eq!(inspect(&library, &path("to_file")).map(|listed| listed.skip), Ok(Some(SkipReason::Symlink)));
        assert!(matches!(inspect_named(&library, &path("2024")), Ok(Inspected::Folder)));
        assert_eq!(inspect_again(&library, &path("file")).map(|listed| listed.skip), Ok(None));
    }
}
