//! Removes the folders that a job made for new names, once they are empty.

use std::collections::BTreeSet;
use std::io;

use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::calls::unlinkat;
use super::{Found, Library, on_disk, sync};
use headway_model::RelPath;

impl Library {
    /// Removes those of a job's folders that are empty, each after its subfolders. A folder that cannot be removed for lack
    /// of permission stays.
    /// Returns `false` if one of them stays because an attempt is about to make something in it.
    pub fn remove_empty(&self, folders: impl IntoIterator<Item = RelPath>) -> io::Result<bool> {
        let folders: BTreeSet<_> = folders.into_iter().filter(|path| !path.is_root()).collect();
        let mut is_unused = true;
        for path in folders.into_iter().rev() {
            let error = match self.remove_if_empty(&path) {
                Ok(was_unused) => {
                    is_unused &= was_unused;
                    continue;
                }
                Err(error) => error,
            };
            match Errno::from_io_error(&error) {
                // A disk is mounted there, or this user does not have the permission.
                Some(Errno::BUSY | Errno::ACCESS | Errno::PERM) => {
                    tracing::debug!(library = self.name, %path, %error, "a folder that the job made stays");
                }
                _ => return Err(error),
            }
        }
        Ok(is_unused)
    }

    /// Removes a folder if it is empty. Returns `false` if it is in use.
    fn remove_if_empty(&self, path: &RelPath) -> io::Result<bool> {
        let Some(above) = Found::of(self.enter_folder(&path.parent().unwrap_or_default())).known()? else {
            return Ok(true);
        };
        let name = on_disk(path).file_name().unwrap_or_default().to_owned();
        match self.in_use.remove_unless(path, 0, || unlinkat(&above, &name, AtFlags::REMOVEDIR)) {
            None => Ok(false),
            Some(Ok(())) => sync(&above).map(|()| true),
            // It is not empty, it is gone, or something else has its name.
            Some(Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT | Errno::NOTDIR)) => Ok(true),
            Some(Err(error)) => Err(error.into()),
        }
    }
}
