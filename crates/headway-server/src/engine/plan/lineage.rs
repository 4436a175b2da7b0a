//! What the jobs whose items a job retries were asked for.

use super::super::Context;
use headway_model::request::{FolderQuery, ItemsQuery};
use headway_model::{Conditions, JobId, Query};
use headway_recipes::Unable;

/// What the first job in a row of retries asked for.
pub(super) struct AskedFor {
    /// Which files of a folder are wanted.
    pub(super) query: FolderQuery,
    /// What they must be like.
    pub(super) conditions: Conditions,
}

/// What the first job in a row of retries asked for; `None` if it is no longer in the log. A retry with conditions of its own is
/// the last that had a say in them.
pub(super) async fn asked_for(context: &Context, mut job: JobId) -> Result<Option<AskedFor>, Unable> {
    let mut conditions = Conditions::default();
    loop {
        let Some(row) = context.store.job(job).await? else { return Ok(None) };
        let Some(request) = context.request(row.job_no).await? else { return Ok(None) };
        if conditions.is_empty() {
            conditions = request.conditions;
        }
        match request.query {
            Query::Folder(query) => return Ok(Some(AskedFor { query, conditions })),
            Query::Paths(_) => return Ok(Some(AskedFor { query: FolderQuery::default(), conditions })),
            // A job can only name one that was there before it.
            Query::Items(ItemsQuery { job: earlier, .. }) => job = earlier,
        }
    }
}
