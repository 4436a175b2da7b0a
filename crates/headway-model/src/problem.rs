//! A refusal as problem details, by <https://www.rfc-editor.org/rfc/rfc9457>: what the API below `/api/v1` answers with, and what a
//! client reads back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::ApiError;
use super::id::JobId;
use crate::sorted::SortedMap;

/// Where a setting stands in the body of a request, as a JSON pointer without the setting's name.
const SETTINGS: &str = "/settings/";

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// `urn:headway:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of refusal, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, and what to do.
    pub detail: String,
    /// The path that was called, unless the call was refused unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The kind of refusal, for programs.
    pub code: String,
    /// Whether the same call can succeed later.
    pub retry: bool,
    /// The id of the request, as in `x-request-id`: the lines of Headway's log about it have it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The number under which Headway's log has the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// The job whose history was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Everything that is wrong with the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// Where in the body, as a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What is wrong there.
    pub detail: String,
}

impl Problem {
    /// The problem of a call to a path that was refused with this error. `status` is the answer's: that of a wrong method is not
    /// the error's own.
    pub fn new(error: &ApiError, status: u16, path: &str) -> Self {
        let body = error.body();
        let code = body["error"].as_str().unwrap_or("internal");
        let mut problem = Problem {
            kind: format!("urn:headway:{code}"),
            title: title(error).to_owned(),
            status,
            detail: error.to_string(),
            instance: Some(path.to_owned()),
            code: code.to_owned(),
            retry: error.may_pass(),
            request_id: None,
            incident: None,
            job: None,
            errors: Vec::new(),
        };
        match error {
            ApiError::Invalid { reasons, settings, places } => problem.errors = faults(reasons, settings, places),
            ApiError::Internal { incident } => problem.incident = Some(incident.clone()),
            ApiError::Pruned { job } => problem.job = Some(*job),
            _ => {}
        }
        problem
    }

    /// The error that this problem was made of. `None` if its code is unknown here.
    pub fn error(self) -> Option<ApiError> {
        let settings: SortedMap<_, _> = self.errors.iter().filter_map(Fault::setting).collect();
        let elsewhere = self.errors.iter().filter(|fault| fault.setting().is_none());
        let elsewhere: SortedMap<_, _> =
            elsewhere.filter_map(|fault| Some((fault.detail.clone(), fault.pointer.clone()?))).collect();
        let mut reasons: Vec<_> = self.errors.into_iter().map(|fault| fault.detail).collect();
        if reasons.is_empty() {
            reasons.push(self.detail.clone());
        }
        let mut error = json!({ "error": self.code, "message": self.detail, "reasons": reasons, "settings": settings });
        if let Some(incident) = self.incident {
            error["incident"] = incident.into();
        }
        if let Some(job) = self.job {
            error["job"] = Value::String(job.to_string());
        }
        let mut error: ApiError = serde_json::from_value(error).ok()?;
        if let ApiError::Invalid { places, .. } = &mut error {
            *places = elsewhere;
        }
        Some(error)
    }
}

fn faults(reasons: &[String], settings: &SortedMap<String, String>, places: &SortedMap<String, String>) -> Vec<Fault> {
    let fault = |reason: &String| {
        let setting = settings.iter().find(|(_, why)| *why == reason).map(|(name, _)| pointer(name));
        Fault { pointer: setting.or_else(|| places.get(reason).cloned()), detail: reason.clone() }
    };
    let others = settings.iter().filter(|(_, why)| !reasons.contains(why));
    let others = others.map(|(name, why)| Fault { pointer: Some(pointer(name)), detail: why.clone() });
    reasons.iter().map(fault).chain(others).collect()
}

/// Where a setting stands in a request, escaped by <https://www.rfc-editor.org/rfc/rfc6901>.
fn pointer(setting: &str) -> String {
    format!("{SETTINGS}{}", setting.replace('~', "~0").replace('/', "~1"))
}

impl Fault {
    /// The setting's name and the reason, if this is about a setting.
    fn setting(&self) -> Option<(String, String)> {
        let name = self.pointer.as_deref()?.strip_prefix(SETTINGS)?;
        Some((name.replace("~1", "/").replace("~0", "~"), self.detail.clone()))
    }
}

fn title(error: &ApiError) -> &'static str {
    match error {
        ApiError::Malformed { .. } => "The call cannot be parsed",
        ApiError::NoLogin { .. } => "The caller is not logged in",
        ApiError::Foreign { .. } => "The call comes from a foreign page",
        ApiError::Denied { .. } => "Headway cannot read this",
        ApiError::ReadOnly { .. } => "The caller has read-only access",
        ApiError::NotFound { .. } => "Nothing has this name",
        ApiError::TooSlow { .. } => "The call did not arrive in time",
        ApiError::Conflict { .. } => "The call conflicts with the present state",
        ApiError::NoRecipe { .. } => "The server has no such recipe",
        ApiError::Pruned { .. } => "The job's history was removed",
        ApiError::TooLarge { .. } => "The call is too large",
        ApiError::NotJson { .. } => "The body is not JSON",
        ApiError::Invalid { .. } => "The request cannot be carried out",
        ApiError::LogUnavailable => "The log cannot be written",
        ApiError::Unavailable { .. } => "The storage cannot be read at present",
        ApiError::Internal { .. } => "An internal error occurred",
        ApiError::Unreachable { .. } => "No response came back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_error() -> Vec<ApiError> {
        let message = || "what is wrong".to_owned();
        let settings = [("a/b~".to_owned(), "setting \"a/b~\" is wrong".to_owned())].into();
        let places = [("the title is empty".to_owned(), "/title".to_owned())].into();
        let reasons = vec!["the title is empty".into(), "setting \"a/b~\" is wrong".into()];
        vec![
            ApiError::Malformed { message: message() },
            ApiError::NoLogin { message: message() },
            ApiError::Foreign { message: message() },
            ApiError::Denied { message: message() },
            ApiError::NotFound { message: message() },
            ApiError::ReadOnly { message: message() },
            ApiError::TooSlow { message: message() },
            ApiError::Conflict { message: message() },
            ApiError::NoRecipe { message: message() },
            ApiError::Pruned { job: JobId::mint(7, [0; 10]) },
            ApiError::TooLarge { message: message() },
            ApiError::NotJson { message: message() },
            ApiError::Invalid { reasons, settings, places },
            ApiError::invalid("one reason"),
            ApiError::at_place("/query/paths/1", "/query/paths/1 must be a text"),
            ApiError::LogUnavailable,
            ApiError::Unavailable { message: message() },
            ApiError::Internal { incident: "0123abcd".into() },
            ApiError::Unreachable { message: message() },
        ]
    }

    #[test]
    fn every_error_comes_back_from_its_problem_as_it_was() {
        for error in every_error() {
            let problem = Problem::new(&error, error.status(), "/api/v1/jobs");
            let sent = serde_json::to_vec(&problem).expect("JSON");
            let read: Problem = serde_json::from_slice(&sent).expect("a problem");
            assert_eq!(read.error(), Some(error));
        }
    }

    #[test]
    fn every_wrong_setting_and_every_other_wrong_place_is_pointed_at() {
        let has_settings =
            |error: &ApiError| matches!(error, ApiError::Invalid { settings, .. } if !settings.is_empty());
        let wrong = every_error().into_iter().find(has_settings).expect("one with settings");
        let problem = serde_json::to_value(Problem::new(&wrong, 422, "/api/v1/jobs/x")).expect("JSON");
        assert_eq!((&problem["type"], &problem["status"]), (&json!("urn:headway:invalid"), &json!(422)));
        let expected = json!([
            { "pointer": "/title", "detail": "the title is empty" },
            { "pointer": "/settings/a~1b~0", "detail": "setting \"a/b~\" is wrong" },
        ]);
        assert_eq!(problem["errors"], expected);
    }
}
