//! The parameters in the query of a call. They are checked by their schema, as a body is, so that each refusal names the
//! parameter and says what it takes.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::body::sentence;
use super::place::RequestPlace;
use super::validate::SchemaValidator;
use crate::web::error::ErrorResponse;
use headway_model::ApiError;

/// The parameters of a call.
pub(super) struct Parameters<T>(pub(super) T);

/// Reads a parameter with a syntax of its own. `takes` describes the syntax, in words that follow "must be".
pub(super) fn of_text<T: std::str::FromStr>(name: &str, text: &str, takes: &str) -> Result<T, ApiError> {
    let message = || format!("{} must be {takes}, not {text:?}", RequestPlace::parameter(name));
    text.parse().map_err(|_| ApiError::Malformed { message: message() })
}

impl<T: DeserializeOwned + JsonSchema, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ErrorResponse> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|error| error.body_text());
        let read = pairs.and_then(|Query(pairs)| read(pairs));
        Ok(Parameters(read.map_err(|message| ApiError::Malformed { message })?))
    }
}

fn read<T: DeserializeOwned + JsonSchema>(pairs: Vec<(String, String)>) -> Result<T, String> {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    let none = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let mut given = Map::new();
    for (name, text) in pairs {
        let Some(of) = known.get(&name) else {
            let names: Vec<_> = known.keys().map(String::as_str).collect();
            let takes = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(format!("{name:?} is not a parameter of this call; it takes {takes}"));
        };
        let (validator, at) = (SchemaValidator::within(schema.as_value(), of), RequestPlace::parameter(&name));
        let value = validator.of_text(text);
        if let Some(violation) = validator.check(&value, &at).into_iter().next() {
            return Err(violation.why);
        }
        if given.insert(name, value).is_some() {
            return Err(format!("{at} comes twice"));
        }
    }
    let needed = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    if let Some(lacking) = needed.into_iter().find(|name| !given.contains_key(*name)) {
        return Err(format!("{} is missing", RequestPlace::parameter(lacking)));
    }
    serde_path_to_error::deserialize(Value::Object(given)).map_err(|error| {
        let name = error.path().iter().next().map(ToString::to_string).unwrap_or_default();
        format!("{}: {}", RequestPlace::parameter(&name), sentence(&error.inner().to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::FilesQuery;
    use super::super::items::ItemsParameters;
    use super::*;

    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct NoParameters {}

    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct NeededParameter {
        #[serde(rename = "item")]
        _item: u32,
    }

    #[test]
    fn a_parameter_that_is_missing_or_too_many_is_named() {
        assert_eq!(said::<NeededParameter>(&[]).as_deref(), Some("the parameter item is missing"));
        let none = said::<NoParameters>(&[("nix", "1")]);
        assert_eq!(none.as_deref(), Some(r#""nix" is not a parameter of this call; it takes none"#));
        let wrong = of_text::<headway_model::JobId>("before", "x", "the id of a job").expect_err("no id");
        assert_eq!(wrong.to_string(), r#"the parameter before must be the id of a job, not "x""#);
    }

    fn said<T: DeserializeOwned + JsonSchema>(pairs: &[(&str, &str)]) -> Option<String> {
        read::<T>(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()).err()
    }

    #[test]
    fn a_parameter_that_is_refused_is_named_with_what_it_takes() {
        for right in [&[("limit", "7"), ("descending", "true"), ("search", "7"), ("folder", "2024")][..], &[]] {
            assert_eq!(said::<FilesQuery>(right), None, "{right:?}");
        }
        for (pairs, expected) in [
            (&[("limit", "many")][..], "the parameter limit must be a whole number from 0 to 4294967295"),
            (&[("limit", "-1")], "the parameter limit must be a whole number from 0"),
            (&[("limit", "")], "the parameter limit must be a whole number from 0"),
            (&[("limit", "1"), ("limit", "2")], "the parameter limit comes twice"),
            (&[("descending", "yes")], "the parameter descending must be true or false"),
            (&[("sort", "nix")], r#"the parameter sort must be ""#),
            (&[("folder", "a/../b")], "the parameter folder: "),
            (&[("after", "nix")], "the parameter after: "),
            (&[("nix", "1")], r#""nix" is not a parameter of this call; it takes after, before, descending, folder"#),
        ] {
            let said = said::<FilesQuery>(pairs).unwrap_or_default();
            assert!(said.starts_with(expected), "{pairs:?}: {said}");
            for serde in ["Failed to", "invalid type", "unknown variant", "unknown field", "expected "] {
                assert!(!said.contains(serde), "{pairs:?}: {said}");
            }
        }
        assert_eq!(said::<FilesQuery>(&[("limit", "007")]), None, "as a number on a command line");
        let items = said::<ItemsParameters>(&[("first", "1.5")]).unwrap_or_default();
        assert!(items.starts_with("the parameter first must be a whole number"), "{items}");
    }
}
