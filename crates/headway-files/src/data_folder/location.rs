//! Where a data folder can be: on a local disk, and apart from every library.

use std::path::{Path, PathBuf};

use super::DataFolder;
use crate::ask_all::ask_all;
use crate::error::FolderError;
use crate::library::{Found, uninterrupted};
use crate::paths;

/// Network file systems, by their magic numbers in statfs(2). Locks and write-ahead logs are not safe on them.
const NETWORK: [(u64, &str); 6] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x0102_1997, "9P"),
    (0x0bd0_0bd0, "Lustre"),
];

impl DataFolder {
    /// Whether a folder can be the data folder of a server with these libraries: none of them contains it or lies
    /// inside it, and it is on a local disk. A folder that is not there yet can be made. Blocking.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(root: &Path, libraries: &[(String, PathBuf)]) -> Result<(), FolderError> {
        let fail = |error: &dyn std::fmt::Display| {
            FolderError(format!("cannot look at the data folder {}: {error}", root.display()))
        };
        let found = Found::of(paths::without_links(root)).known().map_err(|error| fail(&error))?;
        let Some(root) = found else {
            return lies_apart(&std::path::absolute(root).map_err(|error| fail(&error))?, libraries);
        };
        lies_apart(&root, libraries)?;
        let kind = uninterrupted(|| Ok(rustix::fs::statfs(&root)?)).map_err(|error| fail(&error))?.f_type as u64;
        match NETWORK.iter().find(|(number, _)| *number == kind & 0xffff_ffff) {
            None => Ok(()),
            Some((_, name)) => Err(FolderError(format!(
                "the data folder {} is on a network file system ({name}), where the log is not safe; choose a local one with --data",
                root.display()
            ))),
        }
    }
}

/// Refuses libraries that contain the data folder with this root, or lie inside it. Blocking.
fn lies_apart(root: &Path, libraries: &[(String, PathBuf)]) -> Result<(), FolderError> {
    let paths = libraries.iter().map(|(_, library)| library.clone()).collect();
    let found = ask_all(paths, |library: PathBuf| Found::of(paths::without_links(&library)).known().ok().flatten());
    for ((name, library), found) in libraries.iter().zip(found) {
        // A library that is missing contains no data folder. If its storage does not answer, its path decides.
        let library = found.unwrap_or_else(|| Some(library.clone()));
        let Some(library) = library else { continue };
        let lies = match (root.starts_with(&library), library.starts_with(root)) {
            (true, _) => "lies inside",
            (_, true) => "holds",
            (false, false) => continue,
        };
        return Err(FolderError(format!(
            "the data folder {} {lies} the library {name:?}; choose another with --data",
            root.display()
        )));
    }
    Ok(())
}
