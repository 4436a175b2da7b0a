//! What the receiver asks its driver to do.

use crate::id::JobId;

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowEffect {
    /// Open a stream with this query string, and report its messages with this generation.
    Open {
        /// Identifies this source in reports.
        generation: u64,
        /// The query string of `/api/v1/events`.
        query: String,
    },
    /// Make one call with this query string, which includes how long to wait, and report its response with this
    /// generation. Used where streams do not get through.
    Ask {
        /// Identifies this source in reports.
        generation: u64,
        /// The query string of `/api/v1/events`.
        query: String,
    },
    /// Close the open stream, or abort the pending call.
    Close,
    /// Fetch the same URL once with `wait=0` and report the response: the source was refused, and only the response
    /// says why.
    Probe {
        /// The query string of `/api/v1/events`.
        query: String,
    },
    /// A line for the console.
    Log(String),
    /// A job reached a terminal status. Emitted once for each followed job.
    Finished(JobId),
}
