//! What the jobs whose items a job retries were asked for.

use super::super::Context;
use headway_model::request::{FolderQuery, ItemsQuery};
use headway_model::{JobId, Query};
use headway_recipes::Unable;

/// What the first job in a row of retries asked for: which files of a folder are wanted.
pub(super) async fn asked_for(context: &Context, mut job: JobId) -> Result<Option<FolderQuery>, Unable> {
    loop {
        let Some(row) = context.store.job(job).await? else { return Ok(None) };
        let Some(request) = context.request(row.job_no).await? else { return Ok(None) };
        match request.query {
            Query::Folder(query) => return Ok(Some(query)),
            Query::Paths(_) => return Ok(Some(FolderQuery::default())),
            // A job can only name one that was there before it.
            Query::Items(ItemsQuery { job: earlier, .. }) => job = earlier,
        }
    }
}
