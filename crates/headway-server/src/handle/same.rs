//! Compares two requests: they are the same if they are equal without the fields that hold their default.
//!
//! A request is recorded and hashed as it was sent, so this rule also covers jobs of earlier versions.

use super::Server;
use super::start::title_of;
use crate::error::internal;
use headway_model::policy::{BACKOFF_MS, TRIES};
use headway_model::{ApiError, OutputPlace, Policy, StartJob};
use headway_store::rows::JobRow;

impl Server {
    /// Whether a job was started with a request that means the same as this one. Both have been checked.
    pub(super) async fn means(&self, row: &JobRow, request: &StartJob) -> Result<bool, ApiError> {
        let recorded = self.store().request(row.job_no).await?;
        let Some(recorded) = recorded else { return Ok(false) };
        let mut recorded: StartJob = serde_json::from_str(&recorded).map_err(|error| internal(&error))?;
        // Its start set the moment from which ages count.
        if request.conditions.counted_from.is_none() {
            recorded.conditions = recorded.conditions.uncounted();
        }
        // A folder can have several names, and a server without configured libraries does not use theirs.
        if self.inner.context.recipe(&request.recipe).is_none() {
            return Ok(false);
        }
        let (recorded, request) = (self.without_defaults(&recorded).await?, self.without_defaults(request).await?);
        let folders = (self.folder_of(&recorded.library).await?, self.folder_of(&request.library).await?);
        Ok(folders.0 == folders.1 && StartJob { library: request.library.clone(), ..recorded } == request)
    }

    /// A request without the fields that hold their default: one that spells them out is equal to one that does not.
    pub(super) async fn without_defaults(&self, request: &StartJob) -> Result<StartJob, ApiError> {
        let mut request = request.clone();
        let Some(recipe) = self.inner.context.recipe(&request.recipe) else { return Ok(request) };
        let Policy { tries, backoff_ms, timeout: _, halt: _, on_interrupt, on_done } = &mut request.policy;
        forget(tries, &TRIES);
        forget(backoff_ms, &BACKOFF_MS);
        forget(on_interrupt, &recipe.effect().on_interrupt);
        forget(on_done, &recipe.effect().on_done);
        if let Some(OutputPlace::Folder { name, .. }) = request.output.as_mut().map(|output| &mut output.place) {
            forget(name, &"{/}".to_owned());
        }
        if let Some(title) = &request.title
            && title_of(title) == self.default_title(&request).await?
        {
            request.title = None;
        }
        Ok(request)
    }
}

fn forget<T: PartialEq>(said: &mut Option<T>, default: &T) {
    if said.as_ref() == Some(default) {
        *said = None;
    }
}
