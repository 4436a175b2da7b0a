//! A list of jobs for programs, which can ask a server that does not work on all of them.

use serde::{Deserialize, Serialize};

use super::JobPage;
use crate::id::JobId;

/// A page of jobs, and on which of them no server works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedJobs {
    /// The page.
    #[serde(flatten)]
    pub page: JobPage,
    /// The jobs of this page that are not over and on which no server works: the process that did has ended, and this server
    /// takes up no job unasked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_server: Vec<JobId>,
}
