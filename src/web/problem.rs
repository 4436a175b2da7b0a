//! Refusals of the API as problem details: <https://www.rfc-editor.org/rfc/rfc9457>. Outermost, so that what is refused before a
//! call is reached has this form too.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

use headway_model::ApiError;

/// The part of the API that answers so.
const BELOW: &str = "/api/v1/";

/// Gives each refusal below `/api/v1` its form.
pub(super) async fn details(request: Request, next: Next) -> Response {
    let path = request.uri().path().starts_with(BELOW).then(|| request.uri().path().to_owned());
    let response = next.run(request).await;
    let (Some(path), Some(error)) = (path, response.extensions().get::<ApiError>()) else { return response };
    let body = problem(error, response.status().as_u16(), &path);
    let (mut head, _) = response.into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(head, Body::from(body.to_string()))
}

fn problem(error: &ApiError, status: u16, path: &str) -> Value {
    let told = error.body();
    let code = told["error"].as_str().unwrap_or("internal");
    let mut problem = json!({
        "type": format!("urn:headway:{code}"),
        "title": title(error),
        "status": status,
        "detail": error.to_string(),
        "instance": path,
        "code": code,
        "retry": error.may_pass(),
    });
    match error {
        ApiError::Invalid { reasons, settings } => {
            let pointer = |name: &str| format!("/settings/{}", name.replace('~', "~0").replace('/', "~1"));
            let at = settings.iter().map(|(name, why)| json!({ "pointer": pointer(name), "detail": why }));
            let rest = reasons.iter().filter(|reason| !settings.values().any(|why| why == *reason));
            problem["errors"] = at.chain(rest.map(|reason| json!({ "detail": reason }))).collect();
        }
        ApiError::Internal { incident } => problem["incident"] = incident.as_str().into(),
        _ => {}
    }
    problem
}

fn title(error: &ApiError) -> &'static str {
    match error {
        ApiError::Malformed { .. } => "The call cannot be parsed",
        ApiError::NoLogin { .. } => "The caller is not logged in",
        ApiError::Foreign { .. } => "The call comes from a foreign page",
        ApiError::Denied { .. } => "Headway cannot read this",
        ApiError::NotFound { .. } => "Nothing has this name",
        ApiError::TooSlow { .. } => "The call did not arrive in time",
        ApiError::Conflict { .. } => "The call conflicts with the present state",
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

    #[test]
    fn every_wrong_setting_is_pointed_at_and_every_other_reason_is_told() {
        let settings = [("a/b".to_owned(), "setting \"a/b\" is wrong".to_owned())].into();
        let reasons = vec!["setting \"a/b\" is wrong".into(), "the title is empty".into()];
        let problem = problem(&ApiError::Invalid { reasons, settings }, 422, "/api/v1/jobs/x");
        assert_eq!((&problem["type"], &problem["status"]), (&json!("urn:headway:invalid"), &json!(422)));
        let expected = json!([
            { "pointer": "/settings/a~1b", "detail": "setting \"a/b\" is wrong" },
            { "detail": "the title is empty" },
        ]);
        assert_eq!(problem["errors"], expected);
    }
}
