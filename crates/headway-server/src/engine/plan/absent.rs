//! A missing disk where a job looks for files: the job waits for it, or for a person.

use std::collections::BTreeSet;
use std::io;

use super::QueryPatterns;
use headway_files::{InnerMounts, Library};
use headway_model::{OutputPlace, Query, RelPath, StartJob};

/// The missing disks that this request needs for its files or its outputs: they were mounted inside the library when an
/// earlier job was planned. Leaves out the `accepted` ones, without which a person wants the job to go on. Blocking,
/// but never waits for storage.
pub(crate) fn absent_disks(
    library: &Library,
    request: &StartJob,
    accepted: &BTreeSet<RelPath>,
) -> io::Result<InnerMounts> {
    let mut absent = missing_disks(library, accepted)?;
    // Files of another job were found before, so each missing one is reported by itself.
    let is_needed = |mount: &RelPath| !matches!(request.query, Query::Items(_)) || is_written_to(request, mount);
    let needed: BTreeSet<_> = disks_of(request, absent.keys().cloned()).filter(is_needed).collect();
    absent.retain(|mount, _| needed.contains(mount));
    Ok(absent)
}

/// What was mounted inside the library and is gone, without what is `accepted`.
pub(crate) fn missing_disks(library: &Library, accepted: &BTreeSet<RelPath>) -> io::Result<InnerMounts> {
    let mut missing = library.missing_mounts()?;
    missing.retain(|mount, _| !accepted.contains(mount));
    Ok(missing)
}

/// The disks among these, by their mount points, on which a request can find files or makes outputs.
pub(crate) fn disks_of(request: &StartJob, mounts: impl Iterator<Item = RelPath>) -> impl Iterator<Item = RelPath> {
    // Invalid patterns leave nothing out here; the plan refuses them.
    let patterns = if let Query::Folder(query) = &request.query { QueryPatterns::new(query).ok() } else { None };
    let leaves_out = move |path: &RelPath| patterns.as_ref().is_some_and(|patterns| patterns.leaves_out(path, true));
    mounts.filter(move |mount| {
        is_written_to(request, mount)
            || match &request.query {
                Query::Folder(query) => is_missed(mount, &query.path, &leaves_out),
                Query::Paths(paths) => paths.iter().any(|asked| is_missed(mount, asked, &|_| false)),
                Query::Items(_) => true,
            }
    })
}

/// Whether the folder of the outputs of a request is on the disk at `mount`.
fn is_written_to(request: &StartJob, mount: &RelPath) -> bool {
    match request.output.as_ref().map(|output| &output.place) {
        Some(OutputPlace::Folder { path, .. }) => path.ancestors().contains(mount),
        _ => false,
    }
}

/// The missing disks that a job waits for. A job about items of another one can wait for any disk of the library,
/// because the files can be on any. So can a job that needs none of them, if nothing else explains why it waits, such
/// as an exchanged disk (`is_explained`).
pub(crate) fn missed_disks(
    library: &Library,
    request: &StartJob,
    accepted: &BTreeSet<RelPath>,
    is_explained: bool,
) -> io::Result<InnerMounts> {
    let asked = absent_disks(library, request, accepted)?;
    let is_on_any = matches!(request.query, Query::Items(_)) || asked.is_empty() && !is_explained;
    match library.reach() {
        Ok(()) if is_on_any => missing_disks(library, accepted),
        _ => Ok(asked),
    }
}

/// Whether a query for everything below `asked` needs the disk at `mount`: the mount point is inside `asked`, or
/// contains it.
pub(crate) fn is_missed(mount: &RelPath, asked: &RelPath, leaves_out: &dyn Fn(&RelPath) -> bool) -> bool {
    match mount.line_below(asked) {
        Some(line) => !line.iter().any(leaves_out),
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
