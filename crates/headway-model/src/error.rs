//! What a person can be told when a call fails.

#[cfg(feature = "server-fn")]
mod server_fn;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::JobId;

/// A failed call, in the user's terms: what is wrong and what to do. `{"error": CODE, "message": TEXT, ...}` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum ApiError {
    /// 400: the call itself cannot be read.
    #[error("{message}")]
    Malformed {
        /// What is wrong and what to do.
        message: String,
    },
    /// 401: no login.
    #[error("{message}")]
    NoLogin {
        /// How to log in.
        message: String,
    },
    /// 403: the call comes from a page that is not Headway's.
    #[error("{message}")]
    Foreign {
        /// What is wrong and what to do.
        message: String,
    },
    /// 404: there is no such job, file, folder or page.
    #[error("{message}")]
    NotFound {
        /// What was looked for.
        message: String,
    },
    /// 408: the call did not arrive in time.
    #[error("{message}")]
    TooSlow {
        /// What was waited for and what to do.
        message: String,
    },
    /// 409: another request has this id, or the job is past this.
    #[error("{message}")]
    Conflict {
        /// What is in the way.
        message: String,
    },
    /// 410: the job was pruned.
    #[error("job {job} was removed by the retention policy; start a new job with a new id")]
    Pruned {
        /// The job.
        job: JobId,
    },
    /// 413: the body is too large.
    #[error("{message}")]
    TooLarge {
        /// The limit and what to do.
        message: String,
    },
    /// 415: the body is not JSON.
    #[error("{message}")]
    NotJson {
        /// What to send.
        message: String,
    },
    /// 422: the request can be read, but not be done.
    #[error("{}", reasons.join("; "))]
    Invalid {
        /// Each thing that is wrong, with what to do.
        reasons: Vec<String>,
        /// Of these, what is wrong with a setting alone, by its name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        settings: BTreeMap<String, String>,
    },
    /// 503: the log cannot be written; final for this process.
    #[error(
        "the log cannot be written, so nothing new is recorded; make room on the data folder's disk, then restart Headway"
    )]
    LogUnavailable,
    /// 500: a fault of Headway's own; the cause is in its log under this number.
    #[error("something went wrong inside Headway; its log says more under {incident}")]
    Internal {
        /// The number to quote.
        incident: String,
    },
    /// The call did not reach the server, or its answer did not come back.
    #[error("{message}")]
    Unreachable {
        /// What was seen.
        message: String,
    },
}

impl ApiError {
    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self {
            ApiError::Malformed { .. } => 400,
            ApiError::NoLogin { .. } => 401,
            ApiError::Foreign { .. } => 403,
            ApiError::NotFound { .. } => 404,
            ApiError::TooSlow { .. } => 408,
            ApiError::Conflict { .. } => 409,
            ApiError::Pruned { .. } => 410,
            ApiError::TooLarge { .. } => 413,
            ApiError::NotJson { .. } => 415,
            ApiError::Invalid { .. } => 422,
            ApiError::Internal { .. } | ApiError::Unreachable { .. } => 500,
            ApiError::LogUnavailable => 503,
        }
    }

    /// Whether the same call may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, ApiError::Internal { .. } | ApiError::Unreachable { .. })
    }

    /// One reason why a request cannot be done.
    pub fn invalid(reason: impl Into<String>) -> Self {
        ApiError::Invalid { reasons: vec![reason.into()], settings: BTreeMap::new() }
    }

    /// The one reason why a request cannot be done, which is about a setting.
    pub fn at_setting(setting: &str, reason: String) -> Self {
        let settings = BTreeMap::from([(setting.to_owned(), reason.clone())]);
        ApiError::Invalid { reasons: vec![reason], settings }
    }

    /// The body of an error answer: this, with its text as `message`.
    pub fn body(&self) -> serde_json::Value {
        let mut body = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("message".into(), self.to_string().into());
        }
        body
    }
}
