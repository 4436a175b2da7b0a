//! What only the owner of the server can do: name libraries by their path, and run arbitrary commands.
//!
//! Only the user who runs the server can open its socket, and that user can do all this anyway.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Server;
use crate::engine::ByPath;
use crate::error::{internal, unreadable};
use headway_files::{Found, Library, Unreadable, io_text, is_own_folder};
use headway_model::nearest::nearest;
use headway_model::request::ItemsQuery;
use headway_model::{ApiError, JobId, JobKind, OutputPlace, Policy, Query, RelPath, StartJob};
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

    /// Whether this handle can start this request. What only the owner can start, anybody can retry: the same recipe with
    /// the same settings and policy, on files of the earlier job, with its outputs at the same place.
    ///
    /// # Errors
    /// If it is such a retry but for its policy or a sample, or the earlier job cannot be read.
    pub(super) async fn may_start(&self, request: &StartJob) -> Result<bool, ApiError> {
        if self.offers(&request.recipe) {
            return Ok(true);
        }
        let Query::Items(query) = &request.query else { return Ok(false) };
        let request = self.without_defaults(request).await?;
        match self.repeated(&request, query).await? {
            Some(earlier) if earlier.output == request.output => {
                must_be_exact(&request, &earlier, query.job)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Why this handle cannot start this recipe, and what to do.
    pub(super) fn no_recipe(&self, recipe: &str) -> String {
        let recipes = &self.inner.context.recipes;
        if !self.offers(recipe) {
            return format!(
                "{recipe} is only for the owner of this server: run it in a terminal, or set allow_commands = true in \
                 headway.toml"
            );
        }
        let names: Vec<_> = recipes.iter().map(|recipe| recipe.info().name).filter(|name| self.offers(name)).collect();
        match nearest(recipe, names.iter().map(String::as_str)) {
            Some(near) => format!("there is no recipe {recipe:?}; did you mean {near:?}?"),
            None => format!("there is no recipe {recipe:?}; headway recipes lists them"),
        }
    }

    /// The request with the name that its library has here, which is opened if necessary. The owner may name any folder by
    /// its path, others only the library of an earlier job. A folder that is configured has its configured name, so that
    /// it is one library however it is named.
    pub(super) async fn admit(&self, request: &StartJob) -> Result<StartJob, ApiError> {
        let (name, context) = (&request.library, &self.inner.context);
        // The library of an earlier job keeps the name that the job gave it.
        if let Query::Items(query) = &request.query {
            // Before anything is opened: the job must be there, and of this library.
            self.items_of(request, query).await?;
            if !self.is_owner && context.configured(name).is_none() {
                self.must_be_retry(request, query).await?;
            }
            context.library_of_job(name).await.map_err(|why| why_not(name, why))?;
            return Ok(request.clone());
        }
        if !ByPath::is_path(name) || !self.is_owner {
            return Ok(request.clone());
        }
        let configured = |library: &&Arc<Library>| library.path == Path::new(name);
        let libraries = context.libraries.now();
        if let Some(library) = libraries.iter().find(configured) {
            return Ok(StartJob { library: library.name.clone(), ..request.clone() });
        }
        if context.library(name).is_none() {
            let owned = name.clone();
            let looked = tokio::task::spawn_blocking(move || usable(&owned)).await;
            looked.map_err(|error| internal(&error))??;
        }
        let library = context.by_path.open(name).await.map_err(|why| why_not(name, why))?;
        self.spares_data_folder(request)?;
        // The same folder can have several paths, for example because a disk is mounted twice.
        let same = libraries.iter().find(|configured| configured.is_same_folder(&library));
        Ok(StartJob { library: same.unwrap_or(&library).name.clone(), ..request.clone() })
    }

    /// Refuses anything but the same work again, or its undo, in a folder that only the owner may name.
    async fn must_be_retry(&self, request: &StartJob, query: &ItemsQuery) -> Result<(), ApiError> {
        if JobKind::of(&request.recipe) == JobKind::Undo {
            return Ok(());
        }
        let request = self.without_defaults(request).await?;
        let earlier = self.repeated(&request, query).await?;
        if let Some(earlier) = earlier.filter(|earlier| request.output.is_none() || earlier.output == request.output) {
            return must_be_exact(&request, &earlier, query.job);
        }
        let text = format!(
            "{} is not served here: what job {} did there can be retried and undone, and nothing else",
            request.library, query.job
        );
        Err(ApiError::at_place("/library", text))
    }

    /// The request of the job whose items this one names, without its defaults, if that had the same recipe and the same settings.
    async fn repeated(&self, request: &StartJob, query: &ItemsQuery) -> Result<Option<StartJob>, ApiError> {
        let Some(earlier) = self.request_of(&self.row(query.job).await?).await? else { return Ok(None) };
        let earlier = Some(self.without_defaults(&earlier).await?);
        Ok(earlier.filter(|earlier| earlier.recipe == request.recipe && earlier.settings == request.settings))
    }

    /// Refuses a library that the caller may not name.
    pub(super) fn may_name_library(&self, request: &StartJob) -> Result<(), ApiError> {
        let of_earlier_job = matches!(request.query, Query::Items(_));
        match of_earlier_job && self.inner.context.library(&request.library).is_some() {
            true => Ok(()),
            false => self.library(&request.library).map(drop),
        }
    }

    /// What identifies a library whatever its name: its root, as far as that is known.
    pub(super) async fn folder_of(&self, name: &str) -> Result<String, ApiError> {
        let (asked, libraries) = (name.to_owned(), self.inner.context.libraries.now());
        let root = self.read_data(move |data| data.root_among(&asked, &libraries)).await?;
        let unread = |error: std::io::Error| ApiError::Unavailable {
            message: format!("what is known of the libraries cannot be read: {}", io_text(&error)),
        };
        let root = root.map_err(unread)?.and_then(|root| root.to_str().map(str::to_owned));
        Ok(root.unwrap_or_else(|| name.to_owned()))
    }

    /// Refuses a request that would work on the data folder. The folder can lie inside a library that is named by its
    /// path, such as a home folder.
    fn spares_data_folder(&self, request: &StartJob) -> Result<(), ApiError> {
        use std::os::unix::ffi::OsStrExt;
        let text = "Headway's own data folder is among these files; name folders beside it, or move it with --data";
        let data = self.inner.context.data.root();
        if Path::new(&request.library).starts_with(data) {
            return Err(ApiError::at_place("/library", text));
        }
        let Ok(within) = data.strip_prefix(&request.library) else { return Ok(()) };
        let below = |path: &RelPath, folder: &Path| {
            Path::new(std::ffi::OsStr::from_bytes(&path.to_bytes())).starts_with(folder)
        };
        if let Some(OutputPlace::Folder { path, .. }) = request.output.as_ref().map(|output| &output.place)
            && below(path, within)
        {
            let text = "the outputs would go into Headway's own data folder; name another folder";
            return Err(ApiError::at_place("/output/place/folder/path", text));
        }
        let hit = match &request.query {
            Query::Folder(query) => {
                let folder = query.path.to_bytes();
                below(&query.path, within) || within.starts_with(std::ffi::OsStr::from_bytes(&folder))
            }
            Query::Paths(paths) => paths.iter().any(|path| below(path, within)),
            Query::Items(_) => false,
        };
        if hit { Err(ApiError::at_place("/query", text)) } else { Ok(()) }
    }
}

/// Refuses a retry that would treat the files in another way than the job did: how often they are tried, for how long, and
/// what happens if the server dies in between was the owner's choice. Whether files that are done run again is not compared,
/// because the caller names the files.
fn must_be_exact(request: &StartJob, earlier: &StartJob, job: JobId) -> Result<(), ApiError> {
    let compared = |request: &StartJob| Policy { on_done: None, ..request.policy.clone() };
    if compared(request) != compared(earlier) {
        let text = format!(
            "only the owner of this server can retry job {job} with another policy; send the policy of its request (only on_done can \
             differ)"
        );
        return Err(ApiError::at_place("/policy", text));
    }
    if request.sample.is_some() {
        let text = format!("a retry of job {job} takes no sample; name its items instead");
        return Err(ApiError::at_place("/sample", text));
    }
    Ok(())
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

/// Whether a look at the path refuses it: the look found the real path, and whether it is a folder.
fn refusal(name: &str, path: &Path, looked: Found<(PathBuf, bool)>) -> Result<(), ApiError> {
    let refuse = |text: String| Err(ApiError::at_place("/library", text));
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
        Unable::Call(_, text) => {
            ApiError::Unavailable { message: format!("the folder {name} cannot be opened: {text}") }
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
    fn a_folder_that_cannot_be_inspected_is_not_blamed_on_the_request() {
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
