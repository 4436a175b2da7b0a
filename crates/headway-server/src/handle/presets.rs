//! Presets: requests, with their files and settings, that are stored under a name for later use.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use super::{Server, checks};
use crate::error::internal;
use headway_files::DataFolder;
use headway_model::text::invalid_name;
use headway_model::{ApiError, Query, StartJob};

/// Requests by their names.
type NamedRequests = BTreeMap<String, StartJob>;

impl Server {
    /// Every preset.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn presets(&self) -> Result<NamedRequests, ApiError> {
        self.with_presets(|presets| Ok((presets, false))).await
    }

    /// Stores a request under a name, replacing any earlier one. Its library and recipe must exist; everything else
    /// is checked when a job is started from it.
    ///
    /// # Errors
    /// If the name or the request is not valid for a preset, or it cannot be stored.
    pub async fn keep_preset(&self, name: String, request: StartJob) -> Result<NamedRequests, ApiError> {
        self.check_preset(&name, &request)?;
        let request = for_any_time(request);
        self.with_presets(|mut presets| {
            presets.insert(name, request);
            Ok((presets, true))
        })
        .await
    }

    /// Stores a request under a name that no other preset has, so that nothing is replaced without a question. If the
    /// same request is there already, a call whose answer was lost is repeated, and nothing changes.
    ///
    /// # Errors
    /// As for [`Server::keep_preset`], and [`ApiError::Conflict`] if another request has the name.
    pub async fn add_preset(&self, name: String, request: StartJob) -> Result<NamedRequests, ApiError> {
        self.check_preset(&name, &request)?;
        let request = for_any_time(request);
        self.with_presets(move |mut presets| match presets.get(&name).map(|kept| *kept == request) {
            Some(true) => Ok((presets, false)),
            Some(false) => Err(ApiError::Conflict { message: format!("there is already a preset {name:?}") }),
            None => {
                presets.insert(name, request);
                Ok((presets, true))
            }
        })
        .await
    }

    /// Refuses what cannot be a preset of this caller.
    fn check_preset(&self, name: &str, request: &StartJob) -> Result<(), ApiError> {
        if let Some(reason) = invalid_name(name) {
            return Err(ApiError::invalid(reason));
        }
        if matches!(request.query, Query::Items(_)) {
            let text = "the files of another job cannot be stored in a preset; name a folder or files";
            return Err(ApiError::at_place("/query/items", text));
        }
        if let Some(reason) = checks::undone(request) {
            return Err(ApiError::at_place("/query", reason));
        }
        let context = &self.inner.context;
        // What this caller could not start must not be stored either, because a schedule starts it for the owner.
        let has_library = context.library(&request.library).is_some()
            && (self.is_owner || context.configured(&request.library).is_some());
        if !has_library {
            return Err(ApiError::at_place("/library", format!("there is no library {:?} here", request.library)));
        }
        if !self.offers(&request.recipe) || context.recipe(&request.recipe).is_none() {
            return Err(ApiError::at_place("/recipe", self.no_recipe(&request.recipe)));
        }
        Ok(())
    }

    /// Removes a preset.
    ///
    /// # Errors
    /// If there is no preset of that name, or the file cannot be written.
    pub async fn remove_preset(&self, name: String) -> Result<NamedRequests, ApiError> {
        self.with_presets(move |mut presets| match presets.remove(&name) {
            Some(_) => Ok((presets, true)),
            None => Err(ApiError::NotFound { message: format!("there is no preset {name:?}") }),
        })
        .await
    }

    /// Reads the presets, lets `change` modify them, and stores them if it returns `true`. One call at a time.
    async fn with_presets(
        &self,
        change: impl FnOnce(NamedRequests) -> Result<(NamedRequests, bool), ApiError> + Send + 'static,
    ) -> Result<NamedRequests, ApiError> {
        let inner = Arc::clone(&self.inner);
        let changed = tokio::task::spawn_blocking(move || {
            let data = &inner.context.data;
            let _one_at_a_time = inner.presets.lock();
            let (presets, is_new) = change(read(data)?)?;
            if is_new {
                let text = serde_json::to_vec_pretty(&presets).map_err(|error| internal(&error))?;
                data.keep_presets(&text).map_err(|error| match error.kind() {
                    ErrorKind::FileTooLarge => {
                        ApiError::invalid("the presets are too large together; remove some first")
                    }
                    _ => internal(&error),
                })?;
            }
            Ok(presets)
        });
        changed.await.map_err(|error| internal(&error))?
    }
}

/// A request whose ages count from whenever a job is started from it, although it can be that of a job.
fn for_any_time(request: StartJob) -> StartJob {
    StartJob { conditions: request.conditions.uncounted(), ..request }
}

/// Why there are no presets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PresetsError {
    /// The file cannot be read.
    #[error("the file presets.json in the data folder cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// Its content is damaged.
    #[error(
        "the file presets.json in the data folder is damaged: {0}; put it right, or remove it to begin without presets"
    )]
    Damaged(serde_json::Error),
}

impl From<PresetsError> for ApiError {
    fn from(error: PresetsError) -> Self {
        let message = error.to_string();
        match error {
            // The storage can answer the same call later.
            PresetsError::Unreadable(_) => ApiError::Unavailable { message },
            // Only a person changes that.
            PresetsError::Damaged(_) => ApiError::Conflict { message },
        }
    }
}

/// The presets of a data folder.
pub(crate) fn read(data: &DataFolder) -> Result<NamedRequests, PresetsError> {
    let text = data.presets().map_err(PresetsError::Unreadable)?;
    let parse = |text: Vec<u8>| serde_json::from_slice(&text).map_err(PresetsError::Damaged);
    text.map_or_else(|| Ok(NamedRequests::new()), parse)
}
