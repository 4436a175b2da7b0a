//! A missing disk where a job looks for files: the job waits for it, or for a person.

use std::io;

use super::QueryPatterns;
use headway_files::Library;
use headway_model::{Output, OutputPlace, Query, RelPath, StartJob};

/// A disk that was mounted inside the library when an earlier job was planned, is needed by this request for its files or
/// its outputs, and is gone: its path and device. Blocking, but never waits for storage.
pub(crate) fn absent_mount(library: &Library, request: &StartJob) -> io::Result<Option<(RelPath, String)>> {
    let absent = library.absent_mounts()?;
    if let Some(Output { place: OutputPlace::Folder { path: folder, .. }, .. }) = &request.output
        && let Some(written) = absent.iter().find(|(path, _)| folder.ancestors().contains(path))
    {
        return Ok(Some((written.0.clone(), written.1.clone())));
    }
    let mut absent = absent.into_iter();
    Ok(match &request.query {
        Query::Folder(query) => {
            // Invalid patterns leave nothing out here; the plan refuses them.
            let patterns = QueryPatterns::new(query);
            let leaves_out = |path: &RelPath| patterns.as_ref().is_ok_and(|patterns| patterns.leaves_out(path, true));
            absent.find(|(path, _)| is_missed(path, &query.path, &leaves_out))
        }
        Query::Paths(paths) => absent.find(|(path, _)| paths.iter().any(|asked| is_missed(path, asked, &|_| false))),
        // These files were found before, so each missing one is reported by itself.
        Query::Items(_) => None,
    })
}

/// The same for a job that is waiting. Its files, such as those of an undo, might be on any disk of the library.
pub(crate) fn missed_disk(library: &Library, request: &StartJob) -> io::Result<Option<(RelPath, String)>> {
    let asked = absent_mount(library, request)?;
    match library.reach() {
        Ok(()) if asked.is_none() => Ok(library.absent_mounts()?.into_iter().next()),
        _ => Ok(asked),
    }
}

/// Whether a query for everything below `asked` needs the disk at `mount`: the mount point is inside `asked`, or
/// contains it.
fn is_missed(mount: &RelPath, asked: &RelPath, leaves_out: &dyn Fn(&RelPath) -> bool) -> bool {
    let line = mount.ancestors();
    match line.iter().position(|above| above == asked) {
        Some(at) => !line[at + 1..].iter().any(leaves_out),
        None => asked.ancestors().contains(mount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn a_disk_is_missed_where_its_files_are_asked_for() {
        let misses = |asked: &str, left_out: &str| {
            is_missed(&path("photos/usb"), &path(asked), &|path: &RelPath| path.as_str() == left_out)
        };
        for asked in ["", "photos", "photos/usb", "photos/usb/2024"] {
            assert!(misses(asked, "-"), "{asked}");
        }
        assert!(!misses("music", "-") && !misses("photos/usb2", "-"), "elsewhere");
        assert!(!misses("", "photos") && !misses("photos", "photos/usb"), "left out");
    }
}
