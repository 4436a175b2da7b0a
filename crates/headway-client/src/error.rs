//! Why a call failed.

use headway_model::{ApiError, JobId};

/// Why a call failed. A failed call says nothing about the job.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused the call, for a reason that it gave.
    #[error("{0}")]
    Refused(#[from] ApiError),
    /// Nobody listens at the address.
    #[error("no server answers at {address}: {why}")]
    NoServer {
        /// The address.
        address: String,
        /// The system's error.
        why: String,
    },
    /// The connection broke before the whole answer had arrived, so it is not known whether the call was carried out.
    #[error("the answer of the server did not arrive: {0}")]
    Broken(String),
    /// The answer did not come from Headway, or came from an incompatible version.
    #[error("what answered is not a Headway server of this version: {0}")]
    Foreign(String),
    /// The job cannot be followed any further.
    #[error("job {job} cannot be followed: {why}")]
    Lost {
        /// The job.
        job: JobId,
        /// Why.
        why: String,
    },
}

impl ClientError {
    /// Whether the same call can succeed later.
    pub fn can_pass(&self) -> bool {
        match self {
            ClientError::Refused(error) => error.may_pass() || matches!(error, ApiError::LogUnavailable),
            ClientError::NoServer { .. } | ClientError::Broken(_) => true,
            ClientError::Foreign(_) | ClientError::Lost { .. } => false,
        }
    }

    /// Whether no server answered: none listens, or the one that did is gone.
    pub fn is_unanswered(&self) -> bool {
        matches!(self, ClientError::NoServer { .. } | ClientError::Broken(_))
    }

    /// This error in the terms of [`headway_model::follow`].
    pub(crate) fn as_api(&self) -> ApiError {
        match self {
            ClientError::Refused(error) => error.clone(),
            other => ApiError::Unreachable { message: other.to_string() },
        }
    }
}
