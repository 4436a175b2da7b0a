//! What only the owner of the server can do: name libraries by their path, and run arbitrary commands.
//!
//! Only the user who runs the server can open its socket, and that user can do all this anyway.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Server;
use crate::engine::ByPath;
use crate::error::{internal, unreadable};
use headway_files::{Found, Unreadable, io_text, is_own_folder};
use headway_model::{ApiError, Query, RelPath, StartJob};
use headway_recipes::Unable;

impl Server {
    /// The same server, for the user who runs it.
    #[must_use]
    pub fn for_owner(&self) -> Server {
        Server { inner: Arc::clone(&self.inner), is_owner: true }
    }

    /// Whether this handle can start this recipe.
    pub(super) fn offers(&self, recipe: &str) -> bool {
        self.is_owner || !self.inner.owner_only.contains(recipe)
    }

    /// Opens the library that a request names by its path, if the caller may name it. The owner may name any folder,
    /// others only the library of an earlier job.
    pub(super) async fn admit(&self, request: &StartJob) -> Result<(), ApiError> {
        let name = &request.library;
        let of_earlier_job = matches!(request.query, Query::Items(_));
        if !ByPath::is_path(name) || !(self.is_owner || of_earlier_job) {
            return Ok(());
        }
        if self.inner.context.library(name).is_none() {
            let owned = name.clone();
            let looked = tokio::task::spawn_blocking(move || usable(&owned)).await;
            looked.map_err(|error| internal(&error))??;
            self.inner.context.by_path.open(name).await.map_err(|why| why_not(name, why))?;
        }
        self.spares_data_folder(request)
    }

    /// Refuses a request that would work on the data folder. The folder can lie inside a library that is named by its
    /// path, such as a home folder.
    fn spares_data_folder(&self, request: &StartJob) -> Result<(), ApiError> {
        use std::os::unix::ffi::OsStrExt;
        let text = "Headway's own data folder is among these files; name folders beside it, or move it with --data";
        let data = self.inner.context.data.root();
        if Path::new(&request.library).starts_with(data) {
            return Err(ApiError::invalid(text));
        }
        let Ok(within) = data.strip_prefix(&request.library) else { return Ok(()) };
        let below = |path: &RelPath, folder: &Path| {
            Path::new(std::ffi::OsStr::from_bytes(&path.to_bytes())).starts_with(folder)
        };
        let hit = match &request.query {
            Query::Folder(query) => {
                let folder = query.path.to_bytes();
                below(&query.path, within) || within.starts_with(std::ffi::OsStr::from_bytes(&folder))
            }
            Query::Paths(paths) => paths.iter().any(|path| below(path, within)),
            Query::Items(_) => false,
        };
        if hit { Err(ApiError::invalid(text)) } else { Ok(()) }
    }
}

/// Refuses a path that is not a folder's canonical path. Blocking.
fn usable(name: &str) -> Result<(), ApiError> {
    let path = Path::new(name);
    let look = || {
        let real = path.canonicalize()?;
        let is_folder = real.metadata()?.is_dir();
        Ok((real, is_folder))
    };
    refusal(name, path, Found::of(look()))
}

/// Judges a look at the path, which found its real path and whether it is a folder.
fn refusal(name: &str, path: &Path, looked: Found<(PathBuf, bool)>) -> Result<(), ApiError> {
    let refuse = |text| Err(ApiError::invalid(text));
    match looked {
        Found::There((real, _)) if real != path => {
            refuse(format!("the folder {name} is called {} without links; name it so", real.display()))
        }
        Found::There((_, false)) => refuse(format!("{name} is not a folder")),
        Found::There((real, true)) if is_own_folder(&real) => {
            refuse(format!("{name} is Headway's own: a trash, or a folder of temporary files; name another folder"))
        }
        Found::There((_, true)) => Ok(()),
        Found::Absent => refuse(format!("there is no folder {name}")),
        Found::Unknown(error) => {
            let text = format!("the folder {name} cannot be looked at: {}", io_text(&error));
            Err(unreadable(Unreadable::of(&error), text))
        }
    }
}

/// The error when the request is not to blame: the storage does not answer, or the thread that opened the folder
/// died.
fn why_not(name: &str, why: Unable) -> ApiError {
    match why {
        Unable::Environment(reason) => {
            ApiError::Unavailable { message: format!("the folder {name} cannot be opened: {}", reason.text()) }
        }
        Unable::Failed(text) => internal(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PauseReason;
    use rustix::io::Errno;

    #[test]
    fn a_folder_that_cannot_be_looked_at_is_no_fault_of_the_request() {
        let path = Path::new("/photos");
        let status = |looked| refusal("/photos", path, looked).expect_err("refused").status();
        let unknown = |errno: Errno| status(Found::Unknown(errno.into()));
        assert_eq!(unknown(Errno::ACCESS), 403);
        assert_eq!(unknown(Errno::IO), 503);
        assert_eq!(unknown(Errno::LOOP), 422, "no file can have this name");
        assert_eq!(status(Found::Absent), 422);
        assert_eq!(why_not("/photos", Unable::Environment(PauseReason::StorageSilent)).status(), 503);
        assert_eq!(why_not("/photos", Unable::Failed("a panic".into())).status(), 500);
    }
}
