//! The body of a call, read from its JSON.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::place::RequestPlace;
use super::validate::{SchemaValidator, SchemaViolation, TOLD, refused};
use headway_model::ApiError;

/// The body of a call.
///
/// # Errors
/// The content type is not JSON, the body is not JSON, or it does not match the call's schema. The last one tells everything that is
/// wrong.
pub(super) fn request<T: DeserializeOwned + JsonSchema>(headers: &HeaderMap, body: &Bytes) -> Result<T, ApiError> {
    require_json(headers)?;
    let malformed = |error| ApiError::Malformed { message: format!("the request is not JSON: {error}") };
    let value: Value = serde_json::from_slice(body).map_err(malformed)?;
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    let wrong = SchemaValidator::of(schema.as_value()).check(&value, &RequestPlace::default());
    if !wrong.is_empty() {
        return Err(refused(wrong));
    }
    // Reads the text and not the parsed value, which has only the last of two fields of one name: such a field is
    // refused.
    let mut text = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut text).map_err(|error| refused(refusals::<T>(value, refusal(&error))))
}

/// Everything in a body that does not follow its own syntax, of which the first is known: each that is found is taken out, and the
/// rest is read again.
fn refusals<T: DeserializeOwned>(mut value: Value, first: SchemaViolation) -> Vec<SchemaViolation> {
    let mut wrong = vec![first];
    while wrong.len() < TOLD
        && let Some(last) = wrong.last()
        && take_out(&mut value, &last.at)
    {
        match serde_path_to_error::deserialize::<_, T>(value.clone()) {
            Ok(_) => break,
            // It is there in the body, so this field was taken out.
            Err(error) if error.inner().to_string().starts_with("missing field") => break,
            Err(error) => wrong.push(refusal(&error)),
        }
    }
    wrong
}

/// Takes the value at this place out of its object; of a list, also what follows it, because the others keep their places. Returns
/// whether anything was taken out.
fn take_out(value: &mut Value, at: &RequestPlace) -> bool {
    let place = at.to_string();
    let Some((parent, name)) = place.rsplit_once('/') else { return false };
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.remove(&name.replace("~1", "/").replace("~0", "~")).is_some(),
        Some(Value::Array(members)) => {
            let before = members.len();
            members.truncate(name.parse().unwrap_or(before));
            members.len() < before
        }
        _ => false,
    }
}

/// Why a body that matches the schema is refused: a field does not follow its own syntax, or comes twice.
fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> SchemaViolation {
    let (at, why) = (RequestPlace::of(error.path()), sentence(&error.inner().to_string()));
    if at.is_whole() { SchemaViolation { at, why } } else { SchemaViolation::new(&at, &format!(": {why}")) }
}

/// The error of a value's own parser, without the text that serde adds to it.
pub(super) fn sentence(why: &str) -> String {
    // The place in the text is less helpful than the name of the field.
    let why = why.rfind(" at line ").map_or(why, |end| &why[..end]);
    match why.strip_prefix("duplicate field `").and_then(|field| field.strip_suffix('`')) {
        Some(field) => format!("the field {field} comes twice"),
        None => why.to_owned(),
    }
}

/// Whether the content type is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Refuses a call whose content type is not JSON.
pub(in crate::web) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    if is_json(headers) {
        return Ok(());
    }
    let message = "send the request as JSON, with the header Content-Type: application/json".into();
    Err(ApiError::NotJson { message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use headway_model::StartJob;

    fn read(body: &str) -> Result<StartJob, ApiError> {
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
        request(&headers, &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn a_list_is_not_an_object_at_any_depth() {
        let with = |query: &str, more: &str| {
            read(&format!(r#"{{"library": "a", "recipe": "checksum", "query": {query}{more}}}"#))
        };
        for right in [with(r#"{"folder": {"path": "", "include": ["*.jpg"]}}"#, ""), with(r#"{"paths": ["a"]}"#, "")] {
            assert!(right.is_ok(), "{right:?}");
        }
        for wrong in [
            read(r#"["a", "checksum", {"folder": {}}]"#),
            with(r#"{"folder": []}"#, ""),
            with(r#"{"folder": ["a", []]}"#, ""),
            with(r#"{"folder": {}}"#, r#", "policy": []"#),
            with(r#"{"folder": {}}"#, r#", "settings": []"#),
        ] {
            let Err(ApiError::Invalid { .. }) = wrong else { panic!("{wrong:?}") };
        }
    }

    #[test]
    fn an_object_names_exactly_one_of_its_alternatives() {
        let with = |query: &str| read(&format!(r#"{{"library": "a", "recipe": "checksum", "query": {query}}}"#));
        for wrong in ["{}", r#"{"folder": {}, "paths": ["a"]}"#, r#"{"folder": {}, "nix": 1}"#, r#"{"nix": {}}"#] {
            let Err(ApiError::Invalid { reasons, .. }) = with(wrong) else { panic!("{wrong}") };
            assert!(reasons[0].contains("/query takes exactly one of") && reasons[0].contains("paths"), "{reasons:?}");
        }
        for wrong in ["null", "7", r#""folder""#] {
            assert!(matches!(with(wrong), Err(ApiError::Invalid { .. })), "{wrong}");
        }
    }

    #[test]
    fn every_refusal_names_the_field_and_says_what_is_expected_in_our_words() {
        let with =
            |query: &str, more: &str| format!(r#"{{"library": "a", "recipe": "checksum", "query": {query}{more}}}"#);
        let all = |more: &str| with(r#"{"folder": {}}"#, more);
        let of = |which: &str| {
            with(&format!(r#"{{"items": {{"job": "019a0000-0000-7000-8000-000000000000", "which": {which}}}}}"#), "")
        };
        assert!(read(&of(r#"{"these": [1]}"#)).is_ok() && read(&of(r#""failed""#)).is_ok());
        for (body, said) in [
            (with("null", ""), "/query must be an object with exactly one of folder, paths, items"),
            (with("7", ""), "/query must be an object with exactly one of"),
            (
                of(r#""broken""#),
                r#"/query/items/which must be "failed" or "errors" or "cancelled" or "placed" or an object with the field these"#,
            ),
            (of("null"), r#"/query/items/which must be "failed" or"#),
            (of(r#"{"these": ["a"]}"#), "/query/items/which/these/0 must be a whole number from 0 to 4294967295"),
            (of(r#"{"these": [-1]}"#), "/query/items/which/these/0 must be a whole number from 0"),
            (
                all(r#", "policy": {"on_done": "never"}"#),
                r#"/policy/on_done must be "skip" or "skip_moved" or "again""#,
            ),
            (all(r#", "policy": {"on_done": 7}"#), r#"/policy/on_done must be "skip" or "skip_moved" or "again""#),
            (all(r#", "policy": {"on_dome": "skip"}"#), "/policy has no field on_dome; its fields are "),
            (all(r#", "policy": {"timeout": "soon"}"#), "/policy/timeout: "),
            (all(r#", "policy": {"tries": 0}"#), "/policy/tries must be a whole number from 1 to 100"),
            (all(r#", "policy": {"tries": -1}"#), "/policy/tries must be a whole number from 1 to 100"),
            (all(r#", "policy": {"backoff_ms": -1}"#), "/policy/backoff_ms must be a whole number from 0 to 3600000"),
            (all(r#", "sample": 0"#), r#"/sample must be a whole number from 1 to 10000 or a text such as "1%""#),
            (all(r#", "sample": "100%""#), r#"/sample: "100%" is not a sample"#),
            (with(r#"{"paths": ["a", 7]}"#, ""), "/query/paths/1 must be a text"),
            (with(r#"{"paths": ["a", "../b"]}"#, ""), "/query/paths/1: "),
            (all(r#", "concurrency": 4294967296"#), "/concurrency must be a whole number from 0 to 4294967295"),
            (all(r#", "concurrency": 1.5"#), "/concurrency must be a whole number from 0"),
            (all(r#", "approval": "yes""#), "/approval must be true or false"),
            (all(r#", "title": 7"#), "/title must be a text"),
            (r#"{"library": "a", "recipe": "checksum"}"#.to_owned(), "the request lacks the field query"),
            ("7".to_owned(), "the request must be an object"),
            (
                r#"{"library": "a", "library": "b", "recipe": "c", "query": {"folder": {}}}"#.to_owned(),
                "the field library comes twice",
            ),
        ] {
            let Err(ApiError::Invalid { reasons, places, .. }) = read(&body) else {
                panic!("{body}: {:?}", read(&body))
            };
            assert!(reasons[0].contains(said), "{body}: {reasons:?}");
            if said.starts_with('/') {
                let place = said.split([' ', ':']).next();
                assert_eq!(places.get(&reasons[0]).map(String::as_str), place, "{body}");
            }
            for serde in ["invalid type", "unknown variant", "expected ", "missing field", "unknown field", " at line "]
            {
                assert!(!reasons[0].contains(serde), "{body}: {reasons:?}");
            }
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_body_is_told_at_once() {
        let told = |body: &str| {
            let Err(ApiError::Invalid { reasons, places, .. }) = read(body) else { panic!("{body}") };
            let place = |reason| places.get(reason).cloned().unwrap_or_default();
            reasons.iter().map(place).collect::<Vec<_>>()
        };
        let shape = r#"{"library": 7, "query": {"paths": ["a", 7, 8]}, "sample": 0, "colour": 1, "size": 2}"#;
        let mut places = told(shape);
        places.sort();
        assert_eq!(places, ["", "", "", "/library", "/query/paths/1", "/query/paths/2", "/sample"]);
        let syntax = r#"{"library": "a", "recipe": "checksum", "query": {"paths": ["a", "../b", "/c"]},
            "policy": {"timeout": "soon", "halt": "never"}}"#;
        let mut places = told(syntax);
        places.sort();
        assert_eq!(places, ["/policy/halt", "/policy/timeout", "/query/paths/1"]);
        let job = r#"{"library": "a", "recipe": "checksum", "query": {"items": {"job": "x", "which": "failed"}}}"#;
        assert_eq!(told(job), ["/query/items/job"], "what was taken out is not missing");
    }
}
