//! Temporary files: how they are named after their attempt, and how those of finished attempts are removed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::folder_calls::FolderCalls;
use super::root::disk_of;
use super::{Found, Library};
use headway_model::path::RESERVED;
use headway_model::{JobId, PlannedFile, RelPath};

/// The prefix of a job's temporary files: `.headway-JOB-`. Item and attempt follow.
pub(super) fn prefix(job: JobId) -> Vec<u8> {
    format!("{RESERVED}{job}-").into_bytes()
}

/// The number of the item in what follows the [prefix] of a temporary file's name.
pub(super) fn item_number(rest: &[u8]) -> Option<u32> {
    std::str::from_utf8(rest.split(|byte| *byte == b'-').next()?).ok()?.parse().ok()
}

/// Looks up the file of an item; `None` if there is no such item.
pub(super) type FileOfItem<'a> = &'a dyn Fn(u32) -> io::Result<Option<PlannedFile>>;

impl Library {
    /// Removes the temporary files that attempts of these items of a job left; `items` is by folder. Files in `kept`
    /// might be originals, and stay. A program can have moved its input into the folder of its output, so the input is put back
    /// before that folder is removed; `file_of` looks up the file of an item. Returns whether all is known to be removed.
    pub fn clear_all_temps(
        &self,
        items: &BTreeMap<RelPath, BTreeSet<u32>>,
        job: JobId,
        kept: &HashSet<RelPath>,
        file_of: FileOfItem<'_>,
    ) -> bool {
        let mut is_known = true;
        for (folder, items) in items {
            if let Err(error) = self.clear_temps((folder, items), job, kept, file_of) {
                tracing::warn!(%folder, %error, "temporary files cannot be removed");
                is_known = false;
            }
        }
        is_known
    }

    fn clear_temps(
        &self,
        (folder, items): (&RelPath, &BTreeSet<u32>),
        job: JobId,
        kept: &HashSet<RelPath>,
        file_of: FileOfItem<'_>,
    ) -> io::Result<()> {
        let Some(dir) = Found::of(self.folder(folder)).known()? else { return Ok(()) };
        let (prefix, disk) = (prefix(job), disk_of(&dir)?);
        let mut kept_folder = Ok(());
        for entry in dir.list()? {
            let name = entry?.file_name();
            let Some(rest) = name.as_bytes().strip_prefix(&prefix[..]) else { continue };
            let Some(item) = item_number(rest) else { continue };
            let path = folder.join(name.as_bytes()).map_err(io::Error::other)?;
            if !items.contains(&item) || kept.contains(&path) {
                continue;
            }
            match dir.remove_name(&name) {
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                    match file_of(item).and_then(|input| self.rescue_input(&path, input.as_ref())) {
                        Ok(()) => self.removed_from(disk, &path, self.remove_temp(&path)),
                        // The others are removed all the same.
                        Err(error) => {
                            self.keeps(path);
                            kept_folder = Err(error);
                        }
                    }
                }
                answer => self.removed_from(disk, &path, answer),
            }
        }
        kept_folder
    }
}
