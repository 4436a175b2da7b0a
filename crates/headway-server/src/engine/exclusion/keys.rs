//! What stands for a file that is held. Two paths of one file have a key in common.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use headway_files::{FileId, FileIds, Library};
use headway_model::RelPath;

/// One of the things that stand for a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum HoldKey {
    /// Its absolute path, because libraries can be nested.
    Path(PathBuf),
    /// Its folder, which can be mounted at a second path, and its name there.
    Name(FileId, Vec<u8>),
    /// The file, which can have several names.
    File(FileId),
}

/// Files to hold, each under all of its keys, with whether to write it.
pub(in crate::engine) struct WantedFiles(Vec<(HoldKey, bool)>);

impl WantedFiles {
    /// These files of a library, as they are now. Blocking.
    pub(in crate::engine) fn of(library: &Library, files: &[(RelPath, bool)]) -> Self {
        WantedFiles::below(&library.path, files, |name| {
            library.ids(name).unwrap_or_else(|error| {
                tracing::debug!(library = library.name, %name, %error, "a file is held by its path alone");
                FileIds::default()
            })
        })
    }

    /// These files below a root, with what identifies each beside its path.
    pub(in crate::engine) fn below(root: &Path, files: &[(RelPath, bool)], ids: impl Fn(&RelPath) -> FileIds) -> Self {
        let keys = |(name, write): &(RelPath, bool)| {
            let write = *write;
            keys(root, name, ids(name)).map(move |key| (key, write))
        };
        WantedFiles(files.iter().flat_map(keys).collect())
    }

    pub(super) fn keys(&self) -> &[(HoldKey, bool)] {
        &self.0
    }
}

impl HoldKey {
    /// The key of a path below a library's root.
    pub(super) fn path(root: &Path, name: &RelPath) -> Self {
        HoldKey::Path(root.join(OsStr::from_bytes(&name.to_bytes())))
    }
}

fn keys(root: &Path, name: &RelPath, ids: FileIds) -> impl Iterator<Item = HoldKey> + use<> {
    let in_folder = ids.folder.map(|folder| HoldKey::Name(folder, last_part(name)));
    [Some(HoldKey::path(root, name)), in_folder, ids.file.map(HoldKey::File)].into_iter().flatten()
}

/// The last part of a path, as it is on disk.
fn last_part(name: &RelPath) -> Vec<u8> {
    name.to_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec()
}
