//! The jobs that made a file which a setting of another job can name, such as the manifests of checksum jobs.

use std::collections::HashSet;

use super::super::Server;
use super::PAGE_LIMIT;
use crate::error::internal;
use headway_files::KnownAs;
use headway_model::{ApiError, JobId, JobSummary};
use headway_store::JobFilter;

/// How many of them are offered.
const OFFERED: usize = 50;

impl Server {
    /// The newest jobs of this recipe over this library, whatever they called it, that ended and wrote a file for their user.
    /// Newest first.
    pub async fn makers(&self, library: &str, recipe: &str) -> Result<Vec<JobSummary>, ApiError> {
        let library = self.library(library)?;
        let names = self.read_data(move |data| data.known_as(&library)).await?.map_err(|error| internal(&error))?;
        let names = names.into_iter().filter(KnownAs::is_same);
        let names: HashSet<_> = names.map(|name| name.library).collect();
        let (mut makers, mut before) = (Vec::new(), None);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), PAGE_LIMIT).await?;
            let Some(last) = rows.last() else { return Ok(makers) };
            before = Some(last.summary.job);
            let is_one = |summary: &JobSummary| summary.recipe == recipe && summary.status.is_terminal();
            let rows = rows.into_iter().filter(|row| is_one(&row.summary) && names.contains(&row.library));
            for summary in rows.map(|row| row.summary) {
                if self.has_written(summary.job).await? {
                    makers.push(summary);
                }
                if makers.len() == OFFERED {
                    return Ok(makers);
                }
            }
        }
    }

    async fn has_written(&self, job: JobId) -> Result<bool, ApiError> {
        let names = self.read_data(move |data| data.outputs(&job).names()).await?.map_err(|error| internal(&error))?;
        // What a halted job wrote is not whole.
        Ok(names.iter().any(|name| !name.ends_with(".incomplete")))
    }
}
