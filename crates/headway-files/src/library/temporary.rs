//! Temporary files: how they are named after their attempt, and how those of finished attempts are removed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::folder_calls::FolderCalls;
use super::{Found, Library};
use headway_model::path::RESERVED;
use headway_model::{JobId, RelPath};

/// The prefix of a job's temporary files: `.headway-JOB-`. Item and attempt follow.
pub(super) fn prefix(job: JobId) -> Vec<u8> {
    format!("{RESERVED}{job}-").into_bytes()
}

impl Library {
    /// Removes the temporary files that attempts of these items of a job left; `items` is by folder. Files in `kept`
    /// might be originals, and stay. Returns whether it is known of each folder which such files it has.
    pub fn clear_all_temps(
        &self,
        items: &BTreeMap<RelPath, BTreeSet<u32>>,
        job: JobId,
        kept: &HashSet<RelPath>,
    ) -> bool {
        let mut is_known = true;
        for (folder, items) in items {
            if let Err(error) = self.clear_temps(folder, job, items, kept) {
                tracing::warn!(%folder, %error, "temporary files cannot be removed");
                is_known = false;
            }
        }
        is_known
    }

    fn clear_temps(
        &self,
        folder: &RelPath,
        job: JobId,
        items: &BTreeSet<u32>,
        kept: &HashSet<RelPath>,
    ) -> io::Result<()> {
        let Some(dir) = Found::of(self.folder(folder)).known()? else { return Ok(()) };
        let prefix = prefix(job);
        for entry in dir.list()? {
            let name = entry?.file_name();
            let Some(rest) = name.as_bytes().strip_prefix(&prefix[..]) else { continue };
            let item = rest.split(|byte| *byte == b'-').next().and_then(|item| std::str::from_utf8(item).ok());
            let Some(item) = item.and_then(|item| item.parse().ok()) else { continue };
            let path = folder.join(name.as_bytes()).map_err(io::Error::other)?;
            if items.contains(&item) && !kept.contains(&path) {
                self.removed(&path, self.or_as_folder(&path, dir.remove_name(&name)));
            }
        }
        Ok(())
    }
}
