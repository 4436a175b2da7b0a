//! The body of a call, read from its JSON.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use headway_model::ApiError;

/// The body of a call.
///
/// # Errors
/// The body is not sent as JSON, is not JSON, or is not what the call takes.
pub(super) fn request<T: DeserializeOwned + JsonSchema>(headers: &HeaderMap, body: &Bytes) -> Result<T, ApiError> {
    require_json(headers)?;
    let malformed = |error| ApiError::Malformed { message: format!("the request is not JSON: {error}") };
    let value: Value = serde_json::from_slice(body).map_err(malformed)?;
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    has_the_shape(schema.as_value(), schema.as_value(), &value, "").map_err(ApiError::invalid)?;
    // Not from the value: what comes twice is refused, and a value has only the last.
    serde_json::from_slice(body).map_err(|error| ApiError::invalid(error.to_string()))
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

/// Refuses a list where the schema has an object alone: Serde reads a list as an object's fields in the order of their declaration,
/// which would make that order a part of the API. Refuses also an object that has to name one of several alternatives, and does
/// not: Serde would call that a mistake in the JSON.
fn has_the_shape(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = resolved(root, schema);
    match value {
        Value::Array(_) if !takes_list(root, schema) => {
            let at = if at.is_empty() { "the request" } else { at };
            Err(format!("{at} is a list; an object is needed, with the names of its fields"))
        }
        Value::Array(members) => {
            let branches = branches(root, schema);
            members.iter().try_for_each(|member| {
                let schemas = branches.iter().filter_map(|branch| branch.get("items"));
                within_one(root, schemas, member, at)
            })
        }
        Value::Object(fields) => {
            let branches = branches(root, schema);
            let tags = tags(&branches);
            if !tags.is_empty() && (fields.len() != 1 || !fields.keys().all(|name| tags.contains(&name.as_str()))) {
                return Err(format!("{at} takes exactly one of {}", tags.join(", ")));
            }
            fields.iter().try_for_each(|(name, field)| {
                let schemas = branches.iter().filter_map(|branch| branch.get("properties")?.get(name));
                within_one(root, schemas, field, &format!("{at}/{name}"))
            })
        }
        _ => Ok(()),
    }
}

/// Fails if there are schemas for the value, and it fails by each of them.
fn within_one<'a>(
    root: &Value,
    schemas: impl Iterator<Item = &'a Value>,
    value: &Value,
    at: &str,
) -> Result<(), String> {
    let mut refused = None;
    for schema in schemas {
        match has_the_shape(root, schema, value, at) {
            Ok(()) => return Ok(()),
            Err(why) => refused = Some(why),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// The schema, or what it refers to.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    reference.and_then(|path| root.pointer(path)).unwrap_or(schema)
}

/// A schema's own alternatives, and theirs; or itself.
fn branches<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(root, schema);
    let alternatives = ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let mut all: Vec<_> = alternatives.flat_map(|branch| branches(root, branch)).collect();
    all.push(schema);
    all
}

/// The alternative names, exactly one of which an object must have, if the branches of its schema are such alternatives.
fn tags<'a>(branches: &[&'a Value]) -> Vec<&'a str> {
    let objects: Vec<_> = branches.iter().filter_map(|branch| branch.get("properties")?.as_object()).collect();
    let names = objects.iter().filter(|fields| objects.len() > 1 && fields.len() == 1).flat_map(|fields| fields.keys());
    let names: Vec<_> = names.map(String::as_str).collect();
    if names.len() == objects.len() { names } else { Vec::new() }
}

/// Whether a list can be right. A schema without a type takes anything.
fn takes_list(root: &Value, schema: &Value) -> bool {
    let branches = branches(root, schema);
    let types: Vec<_> = branches.iter().filter_map(|branch| branch.get("type")).collect();
    types.is_empty()
        || types.iter().any(|kind| match kind {
            Value::Array(kinds) => kinds.iter().any(|kind| kind == "array"),
            kind => *kind == "array",
        })
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
    fn a_field_that_comes_twice_is_refused() {
        assert!(matches!(read(r#"{"library": "a", "library": "b"}"#), Err(ApiError::Invalid { .. })));
    }
}
