//! The errors that a caller sees.

#[cfg(feature = "server-fn")]
mod server_fn;
#[cfg(feature = "server-fn")]
pub use server_fn::{JsonAnswers, JsonArguments, JsonCalls, JsonText};

use serde::{Deserialize, Serialize};

use super::id::JobId;
use crate::read::FromJson;
use crate::sorted::SortedMap;

/// A failed call in the user's terms: what is wrong and what to do. In JSON: `{"error": CODE, "message": TEXT, ...}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum ApiError {
    /// 400: the call cannot be parsed.
    #[error("{message}")]
    Malformed {
        /// What is wrong and what to do.
        message: String,
    },
    /// 401: the caller is not logged in.
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
    /// 403: the system does not let Headway read this, or it is Headway's own.
    #[error("{message}")]
    Denied {
        /// What cannot be read, and why.
        message: String,
    },
    /// 403: the caller has read-only access, and the call would change something.
    #[error("{message}")]
    ReadOnly {
        /// Who can do it.
        message: String,
    },
    /// 404: there is no such job, file, folder or page.
    #[error("{message}")]
    NotFound {
        /// What was not found.
        message: String,
    },
    /// 408: the call did not arrive in time.
    #[error("{message}")]
    TooSlow {
        /// What did not arrive and what to do.
        message: String,
    },
    /// 409: another request has this id, or the job's status does not allow the call.
    #[error("{message}")]
    Conflict {
        /// What the call conflicts with.
        message: String,
    },
    /// 409: the server has no such recipe, so it does not work on the job.
    #[error("{message}")]
    NoRecipe {
        /// Which recipe, and what to do.
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
    /// 422: the request is well formed but cannot be carried out.
    #[error("{}", reasons.join("; "))]
    Invalid {
        /// Everything that is wrong, and what to do about it.
        reasons: Vec<String>,
        /// The reasons that concern a single setting, by the setting's name.
        #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
        settings: SortedMap<String, String>,
        /// For a reason about a part of the request's body, a JSON pointer to that part. Only [problem
        /// details](super::problem) contain it.
        #[serde(skip)]
        places: SortedMap<String, String>,
    },
    /// 503: the log cannot be written until the process is restarted.
    #[error(
        "the log cannot be written, so nothing new is recorded; Headway's own log says why. If a disk is full, make room; then restart Headway"
    )]
    LogUnavailable,
    /// 503: the storage reports an error or is missing, so nothing is known about what was asked for. The same call
    /// can succeed later.
    #[error("{message}")]
    Unavailable {
        /// What cannot be read, and why.
        message: String,
    },
    /// 500: an internal error; Headway's log has the cause under this number.
    #[error("an internal error occurred; Headway's log has the cause under {incident}")]
    Internal {
        /// The number to quote.
        incident: String,
    },
    /// The call did not reach the server, or no response came back.
    #[error("{message}")]
    Unreachable {
        /// What the client observed.
        message: String,
    },
}

impl ApiError {
    /// The HTTP status of this error.
    pub fn status(&self) -> u16 {
        match self {
            ApiError::Malformed { .. } => 400,
            ApiError::NoLogin { .. } => 401,
            ApiError::Foreign { .. } | ApiError::Denied { .. } | ApiError::ReadOnly { .. } => 403,
            ApiError::NotFound { .. } => 404,
            ApiError::TooSlow { .. } => 408,
            ApiError::Conflict { .. } | ApiError::NoRecipe { .. } => 409,
            ApiError::Pruned { .. } => 410,
            ApiError::TooLarge { .. } => 413,
            ApiError::NotJson { .. } => 415,
            ApiError::Invalid { .. } => 422,
            ApiError::Internal { .. } | ApiError::Unreachable { .. } => 500,
            ApiError::LogUnavailable | ApiError::Unavailable { .. } => 503,
        }
    }

    /// Whether the same call can succeed later.
    pub fn may_pass(&self) -> bool {
        use ApiError::{Internal, TooSlow, Unavailable, Unreachable};
        matches!(self, TooSlow { .. } | Internal { .. } | Unavailable { .. } | Unreachable { .. })
    }

    /// An [`ApiError::Invalid`] with one reason.
    pub fn invalid(reason: impl Into<String>) -> Self {
        ApiError::Invalid { reasons: vec![reason.into()], settings: SortedMap::new(), places: SortedMap::new() }
    }

    /// An [`ApiError::Invalid`] with one reason, which concerns this place in the body of the request, a JSON pointer.
    pub fn at_place(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let places = SortedMap::from([(reason.clone(), pointer.into())]);
        ApiError::Invalid { reasons: vec![reason], settings: SortedMap::new(), places }
    }

    /// An [`ApiError::Invalid`] with one reason, which concerns a setting.
    pub fn at_setting(setting: &str, reason: String) -> Self {
        let settings = SortedMap::from([(setting.to_owned(), reason.clone())]);
        ApiError::Invalid { reasons: vec![reason], settings, places: SortedMap::new() }
    }

    /// The body of an error response: this error, with its text as `message`.
    pub fn body(&self) -> serde_json::Value {
        let mut body = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("message".into(), self.to_string().into());
        }
        body
    }
}
