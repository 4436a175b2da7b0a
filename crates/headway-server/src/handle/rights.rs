//! What the owner of the server can do and its guests cannot: name libraries by their path, and run commands of their own.
//!
//! Whoever may open the server's socket has the same user, and so can do all that anyway.

use std::path::Path;
use std::sync::Arc;

use super::Server;
use crate::engine::ByPath;
use crate::error::internal;
use headway_files::Found;
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

    /// Opens the library that a request names by its path, if the caller can name it: the owner any folder, others the library of an
    /// earlier job.
    pub(super) async fn admit(&self, request: &StartJob) -> Result<(), ApiError> {
        let name = &request.library;
        let of_earlier_job = matches!(request.query, Query::Items(_));
        if !ByPath::is_path(name) || !(self.is_owner || of_earlier_job) {
            return Ok(());
        }
        if self.inner.context.library(name).is_none() {
            let owned = name.clone();
            let looked = tokio::task::spawn_blocking(move || usable(&owned)).await;
            looked.map_err(|error| internal(&error))?.map_err(ApiError::invalid)?;
            self.inner.context.by_path.open(name).await.map_err(|why| ApiError::invalid(why_not(name, why)))?;
        }
        self.spares_data_folder(request).map_err(ApiError::invalid)
    }

    /// The data folder may lie in a folder that is named by its path, such as a home folder; but no job works on it.
    fn spares_data_folder(&self, request: &StartJob) -> Result<(), String> {
        use std::os::unix::ffi::OsStrExt;
        let Ok(within) = self.inner.context.data.root().strip_prefix(&request.library) else { return Ok(()) };
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
        let text = "Headway's own data folder is among these files; name folders beside it, or move it with --data";
        if hit { Err(text.to_owned()) } else { Ok(()) }
    }
}

/// Whether a path is the one name of a folder. Blocking.
fn usable(name: &str) -> Result<(), String> {
    let path = Path::new(name);
    match Found::of(path.canonicalize()) {
        Found::There(real) if real != path => {
            Err(format!("the folder {name} is called {} without links; name it so", real.display()))
        }
        Found::There(real) if !real.is_dir() => Err(format!("{name} is not a folder")),
        Found::There(_) => Ok(()),
        Found::Absent => Err(format!("there is no folder {name}")),
        Found::Unknown(error) => Err(format!("the folder {name} cannot be looked at: {error}")),
    }
}

fn why_not(name: &str, why: Unable) -> String {
    match why {
        Unable::Environment(reason) => format!("the folder {name} cannot be opened: {}", reason.text()),
        Unable::Failed(text) => format!("the folder {name} cannot be opened: {text}"),
    }
}
