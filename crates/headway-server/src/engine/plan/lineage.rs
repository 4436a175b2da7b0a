//! The requests of the jobs whose items a job retries.

use super::super::Context;
use headway_model::request::{FolderQuery, ItemsQuery};
use headway_model::{JobId, Query, StartJob};
use headway_recipes::Unable;

/// The request of the job with this number; `None` if it is no longer in the log.
pub(super) async fn request_of(context: &Context, job_no: u64) -> Result<Option<StartJob>, Unable> {
    let Some(request) = context.store.request(job_no).await? else { return Ok(None) };
    serde_json::from_str(&request).map(Some).map_err(|error| Unable::Failed(error.to_string()))
}

/// What the first job in a row of retries asked for: which files of a folder are wanted.
pub(super) async fn asked_for(context: &Context, mut job: JobId) -> Result<Option<FolderQuery>, Unable> {
    loop {
        let Some(row) = context.store.job(job).await? else { return Ok(None) };
        let Some(request) = request_of(context, row.job_no).await? else { return Ok(None) };
        match request.query {
            Query::Folder(query) => return Ok(Some(query)),
            Query::Paths(_) => return Ok(Some(FolderQuery::default())),
            // A job can only name one that was there before it.
            Query::Items(ItemsQuery { job: earlier, .. }) => job = earlier,
        }
    }
}
